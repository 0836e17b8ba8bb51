import { jsonSchema } from '../dsl/schema.ts';
import { standardParts } from '../runtime/standard.ts';
import type { Terminal } from './main.ts';

export function schema(terminal: Terminal): number {
  terminal.out.write(`${JSON.stringify(jsonSchema(standardParts), null, 2)}\n`);
  return 0;
}
