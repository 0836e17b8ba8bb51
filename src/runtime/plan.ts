import { BoundedRegExp } from '../core/boundedRegExp.ts';
import type { Diagnostics, Span } from '../core/diagnostics.ts';
import { showSpan } from '../core/diagnostics.ts';
import { replaceWith } from '../dsl/fixes.ts';
import type { DataFormatModel, DocumentModel, ElementModel, EndpointModel, ModelValue, RouteScopedName, StepModel } from '../dsl/model.ts';
import { routeScoped } from '../dsl/model.ts';
import { hashOf } from './compiler.ts';

/** What applies to a route besides its own steps: written in its file, or in route configurations that it uses. */
export interface RouteScope {
  /** By the place where they are written; those of the first are preferred. */
  readonly onException: readonly ExceptionClauses[];
  readonly onCompletion: readonly ElementModel[];
  readonly intercept: readonly ElementModel[];
  readonly interceptFrom: readonly ElementModel[];
  readonly interceptSendToEndpoint: readonly ElementModel[];
  /** Those that other routes have brought, before this one and after it: as in Camel, an endpoint that is intercepted is so for all who get it from then on. */
  readonly foreignSends: { readonly earlier: readonly ElementModel[]; readonly later: readonly ElementModel[] };
  readonly errorHandler: ElementModel | null;
}

export interface ExceptionClauses {
  readonly elements: readonly ElementModel[];
  /** From a route configuration: preferred over those of the file. */
  readonly isRouteScoped: boolean;
  /** From a route configuration without a name, which kamelets have as well. */
  readonly isForAll: boolean;
}

/** A route as it is to be run: everything that its graph is compiled from. */
export interface RoutePlan {
  /** Null until the runtime gives it an automatic one. */
  readonly id: string | null;
  /** Numbers of automatic ids that are passed over before its own. */
  readonly unusedIds?: number;
  readonly file: string;
  readonly at: Span;
  readonly element: ElementModel;
  readonly from: EndpointModel;
  readonly fromElement: ElementModel;
  readonly steps: readonly StepModel[];
  readonly scope: RouteScope;
  /** By their id, those that any route may refer to. */
  readonly dataFormats: ReadonlyMap<string, DataFormatModel>;
  /** Equal for routes that would be compiled to the same graph. */
  readonly hash: string;
  readonly startupOrder: number;
  readonly autoStartup: boolean;
  /** Of several processes only the first runs it, for this reason. */
  readonly alone?: string;
  /** Another process runs it; here are no steps. */
  readonly isElsewhere?: true;
  /** What the steps that another process has serve over HTTP: who asks for it here is handed on. */
  readonly handsOn?: readonly EndpointModel[];
}

const text = (element: ElementModel, name: string): string | null => {
  const value = element.fields[name];
  return typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
};

const flag = (element: ElementModel, name: string, otherwise: boolean): boolean => {
  const value = element.fields[name];
  return value === undefined ? otherwise : value === true || (typeof value === 'string' && value.toLowerCase() === 'true');
};

const isElement = (value: ModelValue | undefined): value is ElementModel =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && (value as { type?: string }).type === 'element';

/** Elements of a list field whose items may be wrapped in their own name (`onException: [ { onException: {...} } ]`). */
export function elementsOf(value: ModelValue | undefined, name: string): ElementModel[] {
  const list = Array.isArray(value) ? (value as readonly ModelValue[]) : value === undefined ? [] : [value];
  return list.filter(isElement).map((item) => {
    const inner = item.fields[name];
    return isElement(inner) ? inner : item;
  });
}

const empty: RouteScope = { onException: [], onCompletion: [], intercept: [], interceptFrom: [], interceptSendToEndpoint: [], foreignSends: { earlier: [], later: [] }, errorHandler: null };

/** Name against Camel's patterns: exact, `prefix*`, or a regular expression. */
export function matchesPattern(name: string, pattern: string): boolean {
  if (name === pattern) return true;
  if (pattern.endsWith('*') && name.startsWith(pattern.slice(0, -1))) return true;
  return expressionOf(pattern)?.test(name) === true;
}

function expressionOf(pattern: string): RegExp | null {
  try {
    return new BoundedRegExp(`^(?:${pattern})$`);
  } catch {
    return null;
  }
}

/** Puts the documents of one generation together into routes. */
export function planRoutes(documents: readonly DocumentModel[], salt: unknown, problems: Diagnostics, isWanted: (route: ElementModel) => boolean): RoutePlan[] {
  const configurations = documents.flatMap(({ elements }) => elements.filter((element) => element.name === 'routeConfiguration' && isWanted(element)));
  const plans: RoutePlan[] = [];
  const dataFormats = namedFormats(documents);
  const saltFingerprint = hashOf([salt, [...dataFormats.values()]]);
  const ids = new Map<string, Span>();
  const orders = new Map<number, Span>();
  for (const { elements, file } of documents) {
    const inFile = fileScope(elements);
    // As in Camel, of what stands in its file a route from a template has the error handler only.
    const forTemplated: RouteScope = { ...empty, errorHandler: inFile.errorHandler };
    for (const element of elements) {
      if (element.name !== 'route') continue;
      const id = text(element, 'id');
      if (id !== null) {
        const before = ids.get(id);
        if (before !== undefined) {
          problems.report('M0601', `duplicate route id \`${id}\``, element.fieldsAt['id'] ?? element.at, { label: 'this id is taken', help: `give it another id, such as \`${freeId(id, ids)}\`: \`${id}\` stands at ${showSpan(before)} already`, fix: element.fieldsAt['id'] === undefined ? null : replaceWith(element.fieldsAt['id'], freeId(id, ids), false) });
        }
        ids.set(id, element.fieldsAt['id'] ?? element.at);
      }
      const fromElement = element.fields['from'];
      if (!isElement(fromElement)) continue;
      const from = fromElement.fields['uri'];
      if (from === undefined || (from as EndpointModel).type !== 'endpoint') continue;
      if (!isWanted(element)) continue;
      const startupOrder = Number(text(element, 'startupOrder') ?? 0);
      if (startupOrder > 0) {
        const at = element.fieldsAt['startupOrder'] ?? element.at;
        const before = orders.get(startupOrder);
        if (before !== undefined) problems.report('M0603', `two routes have \`startupOrder: ${startupOrder}\``, at, { label: 'this place is taken', help: `give it another number: ${showSpan(before)} has this one` });
        orders.set(startupOrder, at);
      }
      const own = element.isTemplated === true ? forTemplated : inFile;
      const written = (fromElement.fields['steps'] ?? element.fields['steps'] ?? []) as readonly StepModel[];
      const steps = written.filter(({ definition }) => definition !== routeScoped);
      const scope = steps.length === written.length ? routeScope(element, own, configurations) : withOwn(routeScope(element, own, configurations), written);
      plans.push({
        id,
        file,
        at: element.at,
        element,
        from: from as EndpointModel,
        fromElement,
        steps,
        scope,
        dataFormats,
        hash: '',
        startupOrder,
        autoStartup: flag(element, 'autoStartup', true),
      });
    }
  }
  return shareSends(templatedLast(plans)).map((plan) => ({ ...plan, hash: hashOf([fingerprint(plan.element), scopeFingerprint(plan.scope), saltFingerprint]) }));
}

function shareSends(plans: readonly RoutePlan[]): readonly RoutePlan[] {
  const declared = [...new Set(plans.flatMap(({ scope }) => scope.interceptSendToEndpoint))];
  if (declared.length === 0) return plans;
  let count = 0;
  return plans.map((plan) => {
    // As in Camel, kamelets get their endpoints when all else is there.
    if (plan.element.isOfKamelet === true) return { ...plan, scope: { ...plan.scope, interceptSendToEndpoint: [], foreignSends: { earlier: declared, later: [] } } };
    const earlier = declared.slice(0, count);
    const own = plan.scope.interceptSendToEndpoint.filter((element) => !earlier.includes(element));
    count += own.length;
    return { ...plan, scope: { ...plan.scope, interceptSendToEndpoint: own, foreignSends: { earlier, later: declared.slice(count) } } };
  });
}

/** As in Camel, routes from templates come after all others, and each that has no id uses up a number before the first one gets its own. */
function templatedLast(plans: readonly RoutePlan[]): RoutePlan[] {
  const [others, templated] = [plans.filter(({ element }) => element.isTemplated !== true), plans.filter(({ element }) => element.isTemplated === true)];
  const nameless = templated.filter(({ id }) => id === null);
  return [...others, ...templated.map((plan) => (plan === nameless[0] ? { ...plan, unusedIds: nameless.length } : plan))];
}

const fingerprints = new WeakMap<object, string>();

/** The hash of a model, which never changes: files that are not read again keep their models through a reload. */
function fingerprint(model: object): string {
  let found = fingerprints.get(model);
  if (found === undefined) fingerprints.set(model, (found = hashOf(model)));
  return found;
}

const scopeFingerprint = ({ onException, onCompletion, intercept, interceptFrom, interceptSendToEndpoint, foreignSends, errorHandler }: RouteScope): unknown => [
  onException.map(({ elements, isRouteScoped }) => [elements.map(fingerprint), isRouteScoped]),
  ...[onCompletion, intercept, interceptFrom, interceptSendToEndpoint, foreignSends.earlier, foreignSends.later].map((elements) => elements.map(fingerprint)),
  errorHandler === null ? null : fingerprint(errorHandler),
];

function freeId(id: string, taken: ReadonlyMap<string, Span>): string {
  for (let n = 2; ; n++) if (!taken.has(`${id}-${n}`)) return `${id}-${n}`;
}

function namedFormats(documents: readonly DocumentModel[]): Map<string, DataFormatModel> {
  const named = new Map<string, DataFormatModel>();
  for (const { name, fields } of documents.flatMap(({ elements }) => elements)) {
    if (name !== 'dataFormats') continue;
    for (const format of (fields['dataFormats'] ?? []) as readonly DataFormatModel[]) if (format.id !== null) named.set(format.id, format);
  }
  return named;
}

const clausesOf = (elements: readonly ElementModel[], isRouteScoped: boolean, isForAll = false): readonly ExceptionClauses[] => (elements.length === 0 ? [] : [{ elements, isRouteScoped, isForAll }]);

/** With what stands among the steps of the route itself. */
function withOwn(scope: RouteScope, steps: readonly StepModel[]): RouteScope {
  const own = (name: RouteScopedName): ElementModel[] => steps.filter(({ definition, kind }) => definition === routeScoped && kind === name).map(({ element }) => element);
  const completions = own('onCompletion');
  return {
    onException: [...clausesOf(own('onException'), true), ...scope.onException],
    // As in Camel, a route with completions of its own has no others.
    onCompletion: completions.length > 0 ? completions : scope.onCompletion,
    intercept: [...scope.intercept, ...own('intercept')],
    interceptFrom: [...scope.interceptFrom, ...own('interceptFrom')],
    interceptSendToEndpoint: [...scope.interceptSendToEndpoint, ...own('interceptSendToEndpoint')],
    foreignSends: scope.foreignSends,
    errorHandler: scope.errorHandler,
  };
}

function fileScope(elements: readonly ElementModel[]): RouteScope {
  const named = (name: string): ElementModel[] => elements.filter((element) => element.name === name);
  return {
    onException: clausesOf(named('onException'), false),
    onCompletion: named('onCompletion'),
    intercept: named('intercept'),
    interceptFrom: named('interceptFrom'),
    interceptSendToEndpoint: named('interceptSendToEndpoint'),
    foreignSends: empty.foreignSends,
    errorHandler: named('errorHandler').at(-1) ?? null,
  };
}

/** The error handler that a route of a file has, from wherever: its own, that of a configuration that it uses, or that of the file. */
export const handlerOf = (route: ElementModel, file: readonly ElementModel[], configurations: readonly ElementModel[]): ElementModel | null => routeScope(route, fileScope(file), configurations).errorHandler;

function routeScope(route: ElementModel, file: RouteScope, configurations: readonly ElementModel[]): RouteScope {
  const wanted = text(route, 'routeConfigurationId');
  const used = new Set(
    wanted === null
      ? configurations.filter((configuration) => text(configuration, 'id') === null)
      : // In the order of the patterns.
        wanted.split(',').flatMap((pattern) =>
          configurations.filter((configuration) => {
            const id = text(configuration, 'id');
            return id !== null && matchesPattern(id, pattern.trim());
          }),
        ),
  );
  let scope = file;
  for (const { fields } of used) {
    scope = {
      onException: [...clausesOf(elementsOf(fields['onException'], 'onException'), true, wanted === null), ...scope.onException],
      onCompletion: [...scope.onCompletion, ...elementsOf(fields['onCompletion'], 'onCompletion')],
      intercept: [...scope.intercept, ...elementsOf(fields['intercept'], 'intercept')],
      interceptFrom: [...scope.interceptFrom, ...elementsOf(fields['interceptFrom'], 'interceptFrom')],
      interceptSendToEndpoint: [...scope.interceptSendToEndpoint, ...elementsOf(fields['interceptSendToEndpoint'], 'interceptSendToEndpoint')],
      foreignSends: scope.foreignSends,
      errorHandler: isElement(fields['errorHandler']) ? fields['errorHandler'] : scope.errorHandler,
    };
  }
  const ownHandler = route.fields['errorHandler'];
  if (isElement(ownHandler)) return { ...scope, errorHandler: ownHandler };
  const reference = text(route, 'errorHandlerRef');
  if (reference === null) return scope;
  const at = route.fieldsAt['errorHandlerRef'] ?? route.at;
  const named: ElementModel = { type: 'element', name: 'refErrorHandler', fields: { ref: reference }, at, fieldsAt: { ref: at } };
  return { ...scope, errorHandler: { type: 'element', name: 'errorHandler', fields: { refErrorHandler: named }, at, fieldsAt: {} } };
}

export const emptyScope = empty;

export { flag as booleanField, isElement, text as textField };

/** A route that begins with `rest-openapi:`: its operations are routes. */
export function isFromContract({ name, fields: { from } }: ElementModel): boolean {
  return name === 'route' && isElement(from) && /^\s*rest-openapi(?::|$)/.test((from.fields['uri'] as EndpointModel | undefined)?.uri ?? '');
}
