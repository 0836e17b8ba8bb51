import { connectors } from '../connectors/index.ts';
import { dataformats } from '../dataformats/index.ts';
import type { Parts } from '../dsl/read.ts';
import { eips } from '../eip/index.ts';
import { languages } from '../languages/index.ts';

const byScheme = (): Parts['connectors'] => {
  const all: Record<string, Parts['connectors'][string]> = {};
  for (const definition of Object.values(connectors)) {
    all[definition.scheme] = definition;
    for (const alias of definition.aliases ?? []) all[alias] = definition;
  }
  return all;
};

/** The parts that come with the runtime. */
export const standardParts: Parts = { eips, languages, dataformats, connectors: byScheme() };
