import type { Diagnostics, Source, Span } from '../core/diagnostics.ts';
import { nearest } from '../core/diagnostics.ts';
import { looksSecret } from '../dsl/uri.ts';
import { replaceWith } from '../dsl/fixes.ts';
import type { DocumentModel, ElementModel, EndpointModel, ExpressionModel, MapModel, ModelValue, StepModel } from '../dsl/model.ts';
import { routeScoped } from '../dsl/model.ts';
import type { Parts } from '../dsl/parts.ts';
import type { RoutePlan } from './plan.ts';
import { matchesAddress } from './scopes.ts';

export interface Linted {
  readonly sources: readonly Source[];
  /** With what templates, kamelets and `rest` make. */
  readonly documents: readonly DocumentModel[];
  /** As they stand in the files. */
  readonly written: readonly DocumentModel[];
  readonly plans: readonly RoutePlan[];
  readonly parts: Parts;
}

/** What is found on one walk through all documents. */
interface Found {
  /** Endpoints that something sends to or polls from, with the element that names them. */
  readonly endpoints: EndpointModel[];
  readonly intercepted: string[];
  /** Where some step sends is known at run time only. */
  readonly isAnywhere: boolean;
  readonly isContinued: boolean;
}

type Any = ModelValue | StepModel | undefined;

/** Reports what runs, but is hardly meant, as warnings. The sources must be without errors. */
export function lint({ sources, documents, written, plans, parts }: Linted, problems: Diagnostics): void {
  const found: { -readonly [K in keyof Found]: Found[K] } = { endpoints: [], intercepted: [], isAnywhere: false, isContinued: false };
  const lists: (readonly StepModel[])[] = [];
  const schemes = Object.keys(parts.connectors);
  const sourcesOfRoutes = new Set<EndpointModel>(plans.map(({ from }) => from));
  const visit = (value: Any): void => {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      const items = value as readonly Any[];
      if (items.length > 0 && isType<StepModel>(items[0], 'step')) lists.push(items as readonly StepModel[]);
      for (const item of items) visit(item);
      return;
    }
    if (isType<EndpointModel>(value, 'endpoint')) {
      secretsOfEndpoint(value, parts, problems);
      saidOfParameters(value, parts, problems);
      if (!sourcesOfRoutes.has(value)) found.endpoints.push(value);
    } else if (isType<StepModel>(value, 'step')) {
      if (value.isDisabled) return;
      if (value.definition === routeScoped) return visit(value.element);
      secretsOfElement(value.element, value.definition.options, problems);
      if (value.definition.sends === true && sendsAnywhere(value.element, schemes)) found.isAnywhere = true;
      for (const [name, field] of Object.entries(value.element.fields)) {
        // Steps that are branches are no list of which one comes behind the other.
        if (value.definition.options[name]?.shape.isFork === true && Array.isArray(field)) for (const item of field as readonly Any[]) visit(item);
        else visit(field);
      }
    } else if (isType<ElementModel>(value, 'element')) {
      if (value.name === 'interceptSendToEndpoint') found.intercepted.push(...patternsOf(value));
      if ('continued' in value.fields) found.isContinued = true;
      secretsOfElement(value, {}, problems);
      for (const field of Object.values(value.fields)) visit(field);
    } else if (isType<MapModel>(value, 'map')) {
      for (const [name, entry] of Object.entries(value.entries)) {
        const text = isType<{ type: 'any'; value: unknown }>(entry, 'any') ? entry.value : entry;
        if (looksSecret(name) && typeof text === 'string' && value.entriesAt[name] !== undefined) secret(name, text, value.entriesAt[name], problems);
        visit(entry);
      }
    }
  };
  for (const { elements } of documents) for (const element of elements) visit(element);
  unreachable(lists, found.isContinued, problems);
  const texts = sources.map(({ text }) => text);
  dead(found, plans, parts, problems);
  if (!found.isAnywhere) unused(plans, written, texts, parts, problems);
  oldKinds(sources, problems);
}

const isType = <M extends { type: string }>(value: unknown, type: M['type']): value is M => typeof value === 'object' && value !== null && (value as { type?: unknown }).type === type;

/** The endpoint is what an expression gives, and the expression does not even name a scheme. */
function sendsAnywhere({ fields }: ElementModel, schemes: readonly string[]): boolean {
  const { expression } = fields;
  if (isType<ExpressionModel>(expression, 'expression')) return !schemes.some((scheme) => new RegExp(`(?:^|[^\\w.-])${scheme}:`).test(expression.source));
  return Object.values(fields).some((value) => isType<EndpointModel>(value, 'endpoint') && /^\s*[$]\{/.test(value.uri));
}

const patternsOf = ({ fields }: ElementModel): string[] => {
  const uri = fields['uri'];
  return typeof uri === 'string' ? [uri] : isType<EndpointModel>(uri, 'endpoint') ? [uri.uri] : [];
};

/** Scheme and path of a URI that is known before it runs; null for others. */
function addressOf(uri: string, parts: Parts): { scheme: string; name: string } | null {
  const match = /^([\w.+-]+):(?:\/\/)?([^?]*)/.exec(uri.trim());
  if (match === null || /\$\{|\{\{/.test(match[2]!)) return null;
  const scheme = parts.connectors[match[1]!]?.scheme;
  return scheme === undefined || match[2] === '' ? null : { scheme, name: match[2]! };
}

const keyOf = ({ scheme, name }: { scheme: string; name: string }): string => `${scheme}:${name}`;

function dead({ endpoints, intercepted }: Found, plans: readonly RoutePlan[], parts: Parts, problems: Diagnostics): void {
  const targets = new Set(plans.flatMap(({ from }) => addressOf(from.uri, parts) ?? []).map(keyOf));
  // A route whose address is made of a template's parameters may be any.
  if (plans.some(({ from }) => parts.connectors[/^[\w.+-]+/.exec(from.uri)?.[0] ?? '']?.needsRoute === true && addressOf(from.uri, parts) === null && !('name' in from.parameters))) return;
  for (const { from } of plans) if (typeof from.parameters['name'] === 'string') targets.add(`${/^[\w.+-]+/.exec(from.uri)?.[0]}:${from.parameters['name']}`);
  for (const endpoint of endpoints) {
    const address = addressOf(endpoint.uri, parts);
    if (address === null || parts.connectors[address.scheme]?.needsRoute !== true || targets.has(keyOf(address))) continue;
    if (/[?&]failIfNoConsumers=false/i.test(endpoint.uri) || /^false$/i.test(String(endpoint.parameters['failIfNoConsumers'] ?? ''))) continue;
    if (intercepted.some((pattern) => matchesAddress(keyOf(address), pattern) || matchesAddress(`${address.scheme}://${address.name}`, pattern))) continue;
    const names = [...targets].filter((target) => target.startsWith(`${address.scheme}:`));
    const meant = nearest(keyOf(address), names);
    problems.report('M0902', `no route starts from \`${keyOf(address)}\``, endpoint.at, {
      severity: 'warning',
      label: 'nobody takes what is sent here',
      help: meant !== null ? `did you mean \`${meant}\`?` : `add a route: \`- from: { uri: "${keyOf(address)}", steps: [...] }\``,
      fix: meant !== null && endpoint.at.source.text.slice(endpoint.at.start, endpoint.at.end) === endpoint.uri && !endpoint.uri.includes('?') ? replaceWith(endpoint.at, meant, false) : null,
      docs: `docs/connectors/${address.scheme}.md`,
    });
  }
}

/**
 * Only where the files have a source of their own, and where such a route is the exception: files of many such routes are fed by somebody else,
 * a program around the runtime or a test.
 */
function unused(plans: readonly RoutePlan[], written: readonly DocumentModel[], texts: readonly string[], parts: Parts, problems: Diagnostics): void {
  const definitionOf = (uri: string) => parts.connectors[/^[\w.+-]+/.exec(uri.trim())?.[0] ?? ''];
  const hasSource = written.some(({ elements }) =>
    elements.some(({ name, fields }) => {
      if (name === 'rest') return true;
      const from = name === 'route' && isType<ElementModel>(fields['from'], 'element') ? fields['from'].fields['uri'] : undefined;
      const definition = isType<EndpointModel>(from, 'endpoint') ? definitionOf(from.uri) : undefined;
      return definition !== undefined && definition.isInternal !== true;
    }),
  );
  if (!hasSource) return;
  const lonely: { from: EndpointModel; address: { scheme: string; name: string } }[] = [];
  const mentions = mentionsIn(texts, Object.values(parts.connectors).filter(({ needsRoute }) => needsRoute === true).map(({ scheme }) => scheme));
  if (mentions === null) return;
  const own = new Map<string, number>();
  for (const { from } of plans) {
    const address = addressOf(from.uri, parts);
    if (address !== null) own.set(keyOf(address), (own.get(keyOf(address)) ?? 0) + 1);
  }
  let fed = 0;
  for (const { from, autoStartup } of plans) {
    const address = addressOf(from.uri, parts);
    if (!autoStartup || address === null || definitionOf(from.uri)?.needsRoute !== true) continue;
    const key = keyOf(address);
    if ((mentions.counts.get(key) ?? 0) > own.get(key)! || mentions.begun.some((begin) => key.startsWith(begin))) fed++;
    else lonely.push({ from, address });
  }
  if (lonely.length > Math.max(1, fed)) return;
  for (const { from, address } of lonely) {
    problems.report('M0901', `nothing sends to \`${keyOf(address)}\`: the route never runs`, from.at, {
      severity: 'warning',
      label: 'no other route names it',
      help: `send to it: \`- to: ${keyOf(address)}\`, or take the route out`,
      docs: `docs/connectors/${address.scheme}.md`,
    });
  }
}

/**
 * How often each address is named, in whatever form: in a URI, in an expression, in a bean's property; and what addresses begin with that are put
 * together at run time. Null: any may be meant.
 */
function mentionsIn(texts: readonly string[], schemes: readonly string[]): { readonly counts: ReadonlyMap<string, number>; readonly begun: readonly string[] } | null {
  const counts = new Map<string, number>();
  const begun: string[] = [];
  const pattern = new RegExp(`\\b(${schemes.join('|')}):(?://)?([^\\s"'?,;(){}\\[\\]$&|]*)([^]?)`, 'g');
  for (const text of texts) {
    for (const [, scheme, name, next] of text.matchAll(pattern)) {
      const isBegun = next !== '' && /[${&"']/.test(next!);
      if (isBegun && name === '') return null;
      if (isBegun && !/["']/.test(next!)) begun.push(`${scheme}:${name!}`);
      const key = `${scheme}:${name!.replace(/[.:]+$/, '')}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return { counts, begun };
}

function unreachable(lists: readonly (readonly StepModel[])[], isContinued: boolean, problems: Diagnostics): void {
  for (const list of lists) {
    const steps = list.filter(({ isDisabled }) => !isDisabled);
    const end = steps.findIndex(({ definition }) => definition.ends === 'always' || (definition.ends === 'failing' && !isContinued));
    const next = end < 0 ? undefined : steps[end + 1];
    if (next === undefined || next.isImplied === true) continue;
    const { kind, at, definition } = steps[end]!;
    problems.report('M0903', `\`${next.kind}\` is never reached`, next.at, {
      severity: 'warning',
      label: `\`${kind}\` in line ${at.source.position(at.start).line} ${definition.ends === 'always' ? 'ends the route' : 'fails every message'}`,
      help: `take it out, or put \`${kind}\` behind it or into a \`choice\``,
      docs: `docs/eip/${kind}.md`,
    });
  }
}

/** Steps that could be done with a placeholder, and are not. */
const isPlaceholder = (written: string): boolean => /\{\{|\$\{|#/.test(written);

/** Values that are obviously none: what examples have. */
const isStandIn = (value: string): boolean => value === '' || /^(x+|\*+|\.+|<.*>|null|true|false|none|changeit)$/i.test(value);

function secret(name: string, value: string, at: Span, problems: Diagnostics): void {
  const written = at.source.text.slice(at.start, at.end);
  if (isPlaceholder(written) || isPlaceholder(value) || isStandIn(value)) return;
  const variable = name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replace(/\W+/g, '_').toUpperCase();
  const isExact = written.replace(/^["']|["']$/g, '') === value;
  problems.report('M0904', `\`${name}\` stands in clear text`, at, {
    severity: 'warning',
    label: 'everybody who reads the file knows it',
    values: { isSecret: true },
    help: `write a placeholder, such as \`"{{env:${variable}}}"\`, and set the variable where Mecha runs`,
    fix: isExact ? replaceWith(at, `"{{env:${variable}}}"`, false) : null,
  });
}

function secretsOfEndpoint({ uri, parameters, parametersAt, at }: EndpointModel, parts: Parts, problems: Diagnostics): void {
  const scheme = /^[\w.+-]+/.exec(uri.trim())?.[0] ?? '';
  const options = parts.connectors[scheme]?.options ?? {};
  const isSecret = (name: string): boolean => (options[name] === undefined ? looksSecret(name) : options[name].shape.isSecret && looksSecret(name));
  // A secret option that is a whole configuration: what of it is a password.
  const inside = (name: string, value: string): boolean => options[name]?.shape.isSecret === true && /\bpassword\s*=\s*["'][^"'{$]+["']/.test(value);
  for (const [name, value] of Object.entries(parameters)) if (inside(name, String(value)) && parametersAt[name] !== undefined) secret(name, String(value), parametersAt[name], problems);
  for (const [name, value] of Object.entries(parameters)) if (isSecret(name) && parametersAt[name] !== undefined) secret(name, String(value).replace(/^RAW[({](.*)[)}]$/s, '$1'), parametersAt[name], problems);
  const written = at.source.text.slice(at.start, at.end);
  const query = written.indexOf('?');
  if (query >= 0) {
    for (const match of written.slice(query + 1).matchAll(/(?:^|&)([\w.-]+)=(RAW\([^)]*\)|RAW\{[^}]*\}|[^&"'\s]*)/g)) {
      const [whole, name, value] = match as unknown as [string, string, string];
      if (!isSecret(name)) continue;
      const start = at.start + query + 1 + match.index + whole.length - value.length;
      secretInUri(name, value, { source: at.source, start, end: start + value.length }, problems);
    }
  }
  const password = /^[\w.+-]+:(?:[\w.+-]+:)?\/\/[^/@:?\s]+:([^@/?\s]+)@/.exec(written.replace(/^["']/, ''));
  if (password !== null) {
    const start = at.start + written.indexOf(`:${password[1]!}@`) + 1;
    secretInUri('password', password[1]!, { source: at.source, start, end: start + password[1]!.length }, problems);
  }
}

/** Without the quotes that a value of its own needs around a placeholder. */
function secretInUri(name: string, value: string, at: Span, problems: Diagnostics): void {
  const before = problems.list.length;
  secret(name, value.replace(/^RAW[({](.*)[)}]$/s, '$1'), at, problems);
  const reported = problems.list[before];
  if (reported === undefined) return;
  const variable = /\{\{env:\w+\}\}/.exec(reported.help ?? '')![0];
  problems.list[before] = { ...reported, help: `write a placeholder, such as \`RAW(${variable})\`, and set the variable where Mecha runs`, fix: replaceWith(at, `RAW(${variable})`, false) };
}

/** Options whose definition says that they are secret, and a header that logs somebody in. */
function secretsOfElement({ fields, fieldsAt }: ElementModel, options: Parts['eips'][string]['options'], problems: Diagnostics): void {
  for (const [key, { shape }] of Object.entries(options)) {
    const value = fields[key];
    if (shape.isSecret && typeof value === 'string' && fieldsAt[key] !== undefined) secret(key, value, fieldsAt[key], problems);
  }
  const { expression } = fields;
  if (!isType<ExpressionModel>(expression, 'expression') || expression.sourceAt === null) return;
  const header = String(fields['name']);
  const source = expression.source.trim();
  const isLogin = /^(?:proxy-)?authorization$/i.test(header) && /^(?:basic|bearer)\s+[\w+/=.-]{8,}$/i.test(source);
  const isKey = /^x-.*(?:api-?key|token|secret)$|^(?:api-?key|subscription-key)$/i.test(header) && /^[\w+/=.-]{8,}$/.test(source);
  if (isLogin || isKey) secret(header, expression.source, expression.sourceAt, problems);
}

function saidOfParameters({ uri, parameters, parameterNamesAt, at }: EndpointModel, parts: Parts, problems: Diagnostics): void {
  const scheme = /^[\w.+-]+/.exec(uri.trim())?.[0] ?? '';
  const options = parts.connectors[scheme]?.options ?? {};
  const names = [...Object.keys(parameters), ...[...uri.slice(uri.indexOf('?') + 1).matchAll(/(?:^|&)([\w.-]+)=/g)].map(([, name]) => name!)];
  for (const name of names) {
    if (!Object.hasOwn(options, name)) continue;
    const { deprecated, noEffect } = options[name]!.shape;
    const more = { severity: 'warning', docs: `docs/connectors/${scheme}.md` } as const;
    if (deprecated !== null) problems.report('M0905', `\`${name}\` of \`${scheme}\` is deprecated`, parameterNamesAt?.[name] ?? at, { ...more, help: deprecated });
    else if (noEffect !== null) problems.report('M0906', `\`${name}\` of \`${scheme}\` has no effect here`, parameterNamesAt?.[name] ?? at, { ...more, label: 'can be taken out', help: noEffect });
  }
}

/** Resources that have a new name. */
function oldKinds(sources: readonly Source[], problems: Diagnostics): void {
  for (const source of sources) {
    const match = /^kind:[ \t]*(KameletBinding)[ \t]*$/m.exec(source.text);
    if (match === null) continue;
    const start = match.index + match[0].indexOf(match[1]!);
    const at = { source, start, end: start + match[1]!.length };
    problems.report('M0905', '`kind: KameletBinding` is the old name of a Pipe', at, { severity: 'warning', label: 'the old name', help: 'write `Pipe`', fix: replaceWith(at, 'Pipe') });
  }
}
