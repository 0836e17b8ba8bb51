import type { Diagnostics } from '../core/diagnostics.ts';
import { nearest } from '../core/diagnostics.ts';
import { insteadOfConnector } from './camelConnectors.ts';
import { camelComponentOptions } from './camelNames.ts';
import type { Connectors } from './componentProperties.ts';
import { prefix, targetOf, textOf, valueOf } from './componentProperties.ts';
import type { PropertyLookup } from './placeholders.ts';
import { isInPath, plain } from './uri.ts';

/** Says which properties of components mean nothing, or have a value that their option does not take. */
export function checkComponentProperties(connectors: Connectors, lookup: PropertyLookup, problems: Diagnostics): void {
  for (const key of new Set(lookup.names())) {
    if (!key.startsWith(prefix)) continue;
    const at = lookup.placeOf?.(key) ?? null;
    const dot = key.indexOf('.', prefix.length);
    const scheme = key.slice(prefix.length, dot < 0 ? undefined : dot);
    const written = dot < 0 ? '' : key.slice(dot + 1);
    if (!Object.hasOwn(connectors, scheme)) {
      const isCamels = insteadOfConnector(scheme) !== null;
      const meant = isCamels ? null : nearest(scheme, Object.keys(connectors));
      problems.report('M0411', `\`${key}\` sets an option of \`${scheme}\`, ${isCamels ? 'a connector that is not supported yet' : 'and there is no such connector'}`, at, {
        severity: isCamels ? 'warning' : 'error',
        label: isCamels ? 'has no effect' : 'no such connector',
        help: meant === null ? (isCamels ? 'it may stay: nothing reads it' : 'take it out') : `did you mean \`${prefix}${meant}.${written}\`?`,
      });
      continue;
    }
    const definition = connectors[scheme]!;
    const docs = `docs/connectors/${definition.scheme}.md`;
    const target = targetOf(definition, written);
    if (target === null) {
      const option = written.replace(/^configuration\./, '').replace(/[.[].*$/, '');
      const isCamels = camelComponentOptions.has(plain(option));
      const names = [...Object.keys(definition.options).filter((name) => !isInPath(definition, name)), ...Object.keys(definition.componentOptions ?? {})];
      const meant = isCamels ? null : nearest(option, names);
      problems.report('M0411', isCamels ? `\`${key}\` has no effect: \`${option}\` is something of Camel's component that this runtime has no use for` : `unknown option \`${option}\` in \`${key}\``, at, {
        severity: isCamels ? 'warning' : 'error',
        label: isCamels ? 'has no effect' : 'no such option',
        help: isCamels ? 'it may stay: nothing reads it' : meant === null ? null : `did you mean \`${prefix}${scheme}.${meant}\`?`,
        docs,
      });
      continue;
    }
    const text = textOf(key, lookup);
    if (text === null || text === undefined) continue;
    const value = valueOf(definition, target, text);
    if ('value' in value) continue;
    problems.report('M0407', `\`${key}\` must be ${value.wrong.wanted}`, at, { label: value.wrong.label, help: value.wrong.help, docs });
  }
}
