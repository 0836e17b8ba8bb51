/** What the commands know besides running and testing routes: `import { schema } from 'mecha-runtime/tools'`. */
import type { CatalogEntry } from './dsl/catalog.ts';
import { catalog as entriesOf } from './dsl/catalog.ts';
import type { CamelCatalog } from './dsl/camelCatalog.ts';
import { camelCatalog as camelFormOf } from './dsl/camelCatalog.ts';
import type { JsonSchema } from './dsl/schema.ts';
import { jsonSchema } from './dsl/schema.ts';
import type { Mecha } from './runtime/mecha.ts';
import { standardParts } from './runtime/standard.ts';
import type { TraceEntry, TraceOptions } from './runtime/trace.ts';
import { traceRuntime } from './runtime/trace.ts';
import { testFileSchema } from './testing/format.ts';

export type { CamelCatalog } from './dsl/camelCatalog.ts';
export type { CatalogEntry, CatalogOption } from './dsl/catalog.ts';
export type { CodeEntry } from './dsl/codes.ts';
export { codes } from './dsl/codes.ts';
export type { JsonReport } from './dsl/diagnose.ts';
export { printDiagnostics, toJson } from './dsl/diagnose.ts';
export { applyFixes } from './dsl/fixes.ts';
export type { JsonSchema } from './dsl/schema.ts';
export { mermaid } from './observe/mermaid.ts';
export type { Snippet } from './runtime/snippets.ts';
export { snippetOf } from './runtime/snippets.ts';
export type { TraceEntry, TraceOptions } from './runtime/trace.ts';

/** JSON Schema (2020-12) of routes, or of test files: as `mecha schema`. */
export const schema = ({ tests = false }: { readonly tests?: boolean } = {}): JsonSchema => jsonSchema(standardParts, tests ? testFileSchema : null);

/** All steps, connectors, languages, data formats and elements with their options: as `mecha catalog`. */
export const catalog = (): CatalogEntry[] => entriesOf(standardParts);

/** The same in the form of Apache Camel's catalogue. */
export const camelCatalog = (): CamelCatalog => camelFormOf(standardParts);

/** Tells of each exchange step by step, as `mecha trace`; ends when what it gives is called. */
export const trace = ({ runtime }: Mecha, options: TraceOptions, listener: (entry: TraceEntry) => void): (() => void) => traceRuntime(runtime, options, listener);
