import type { Span } from '../core/diagnostics.ts';
import type { DocumentModel } from '../dsl/model.ts';

/** Every `#module:...` that a document names, with where it stands. */
export function* moduleReferences(documents: readonly DocumentModel[]): Iterable<readonly [string, Span | null]> {
  const pending: { value: unknown; at: Span | null }[] = documents.flatMap(({ elements }) => elements.map((element) => ({ value: element, at: element.at })));
  while (pending.length > 0) {
    const { value, at } = pending.pop()!;
    if (typeof value === 'string') {
      const match = /#?module:([^?&\s"'})]+)/.exec(value);
      if (match !== null && (value.startsWith('#module:') || value.startsWith('bean:module:'))) yield [match[1]!, at];
      continue;
    }
    if (typeof value !== 'object' || value === null) continue;
    const model = value as { at?: Span; fields?: object; fieldsAt?: Record<string, Span> };
    // The fields of an element have places of their own.
    for (const [key, item] of Object.entries(model.fieldsAt === undefined ? value : (model.fields ?? value))) {
      if (key === 'at' || key === 'fieldsAt' || key === 'entriesAt' || key === 'parametersAt' || key === 'sourceAt' || key === 'optionsAt' || key === 'definition') continue;
      pending.push({ value: item, at: model.fieldsAt?.[key] ?? model.at ?? at });
    }
  }
}
