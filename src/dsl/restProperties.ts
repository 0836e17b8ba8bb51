import type { Diagnostics, Span } from '../core/diagnostics.ts';
import { nearest, Source } from '../core/diagnostics.ts';
import type { Fields } from '../core/field.ts';
import { dashed, textOf } from './componentProperties.ts';
import { restConfiguration } from './elements/restConfiguration.ts';
import type { DocumentModel, ElementModel, ModelValue } from './model.ts';
import type { PropertyLookup } from './placeholders.ts';
import { parseScalar } from './scalars.ts';
import { plain } from './uri.ts';

const prefix = 'camel.rest.';
const options: Fields = restConfiguration.options;

/** Names of options, and of maps in the plural as Camel's properties have them, without regard to dashes and case. */
const byPlain = new Map(
  Object.entries(options).flatMap(([name, { shape }]) => {
    const plural = shape.kind === 'list' ? (name.endsWith('Property') ? `${name.slice(0, -1)}ies` : name) : name;
    return [name, plural].map((written): [string, string] => [plain(written), name]);
  }),
);

/** What properties `camel.rest.OPTION` say, as the `restConfiguration` that those of the files come after; null when they say nothing. */
export function restDefaults(lookup: PropertyLookup, at: Span, problems: Diagnostics): ElementModel | null {
  const fields: Record<string, ModelValue> = {};
  const fieldsAt: Record<string, Span> = {};
  const take = (name: string, entry: string | null, key: string): void => {
    const text = textOf(key, lookup);
    if (text === null || text === undefined) return;
    const place = lookup.placeOf?.(key) ?? null;
    fieldsAt[name] = place ?? at;
    if (entry !== null) {
      const texts = { key: entry, value: text };
      ((fields[name] ??= []) as ModelValue[]).push({ type: 'element', name, fields: texts, at: place ?? at, fieldsAt: {} });
      return;
    }
    const value = parseScalar(options[name]!.shape, text);
    if ('value' in value) fields[name] = value.value as ModelValue;
    else problems.report('M0407', `\`${key}\` must be ${value.wrong.wanted}`, place, { label: value.wrong.label, help: value.wrong.help, docs: 'docs/route/restConfiguration.md' });
  };
  for (const key of new Set(lookup.names())) {
    if (!key.startsWith(prefix)) continue;
    const [, written, entry, dotted] = /^([\w-]+)(?:\[(.+)\]|\.(.+))?$/.exec(key.slice(prefix.length)) ?? [];
    const name = written === undefined ? undefined : byPlain.get(plain(written));
    const isMap = name !== undefined && options[name]!.shape.kind === 'list';
    if (name !== undefined && dotted === undefined && isMap === (entry !== undefined)) {
      take(name, entry ?? null, key);
      continue;
    }
    const meant = name ?? nearest(written ?? '', Object.keys(options));
    problems.report('M0411', isMap ? `\`${key}\` names no entry of \`${name!}\`` : `unknown option \`${key.slice(prefix.length)}\` in \`${key}\``, lookup.placeOf?.(key) ?? null, {
      // Camel goes on without it.
      severity: isMap && dotted !== undefined ? 'warning' : 'error',
      label: isMap ? 'has no effect' : 'no such option',
      help: isMap ? `write \`${key.slice(0, prefix.length + written!.length)}[${dotted ?? 'NAME'}]\`` : meant === null ? 'it takes the options of `restConfiguration`' : `did you mean \`${prefix}${meant}\`?`,
      docs: 'docs/route/restConfiguration.md',
    });
  }
  // Variables of the environment have no names that could be read back.
  for (const name of Object.keys(options)) if (fieldsAt[name] === undefined && options[name]!.shape.kind !== 'list') take(name, null, prefix + dashed(name));
  return Object.keys(fields).length === 0 ? null : { type: 'element', name: 'restConfiguration', fields, at, fieldsAt };
}

/** The `restConfiguration` of the files, behind what properties `camel.rest.OPTION` say: the files win. */
export function restConfigurations(documents: readonly DocumentModel[], properties: PropertyLookup, problems: Diagnostics): readonly ElementModel[] {
  const written = documents.flatMap(({ elements }) => elements.filter(({ name }) => name === 'restConfiguration'));
  const [first] = [...written, ...documents.flatMap(({ elements }) => elements)];
  const defaults = restDefaults(properties, first?.at ?? { source: new Source('application.properties', ''), start: 0, end: 0 }, problems);
  return defaults === null ? written : [defaults, ...written];
}
