import { jsonSchema } from '../dsl/schema.ts';
import { standardParts } from '../runtime/standard.ts';
import { testFileSchema } from '../testing/format.ts';
import type { Terminal } from './terminal.ts';

export function schema(options: Readonly<Record<string, unknown>>, terminal: Terminal): number {
  terminal.out.write(`${JSON.stringify(jsonSchema(standardParts, options['tests'] === true ? testFileSchema : null), null, 2)}\n`);
  return 0;
}
