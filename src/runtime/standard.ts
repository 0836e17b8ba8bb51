import { connectors } from '../connectors/index.ts';
import { dataformats } from '../dataformats/index.ts';
import type { Parts } from '../dsl/read.ts';
import { eips } from '../eip/index.ts';
import { languages } from '../languages/index.ts';

/** The parts that come with the runtime. In the command each is made when it is first asked for: enumerate names, not definitions, on the way to the start. */
export const standardParts: Parts = { eips, languages, dataformats, connectors };

/** Those, and an embedder's own, which win. */
export const partsWith = (own: Partial<Parts>): Parts => ({
  eips: joined(eips, own.eips),
  languages: joined(languages, own.languages),
  dataformats: joined(dataformats, own.dataformats),
  connectors: joined(connectors, own.connectors === undefined ? undefined : byScheme(own.connectors)),
});

/** An embedder's connectors by scheme and alias, whatever keys they came with. */
function byScheme(own: Parts['connectors']): Parts['connectors'] {
  const all: Record<string, Parts['connectors'][string]> = {};
  for (const [name, definition] of Object.entries(own)) for (const key of [...(definition.aliases ?? []), name, definition.scheme]) all[key] = definition;
  return all;
}

function joined<T>(standard: Readonly<Record<string, T>>, own: Readonly<Record<string, T>> | undefined): Readonly<Record<string, T>> {
  return own === undefined ? standard : Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(standard), ...Object.getOwnPropertyDescriptors(own) }) as Readonly<Record<string, T>>;
}
