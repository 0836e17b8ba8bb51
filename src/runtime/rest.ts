import { createHash } from 'node:crypto';
import { dirname, isAbsolute, join } from 'node:path';
import type { Diagnostics, Span } from '../core/diagnostics.ts';
import { showSpan } from '../core/diagnostics.ts';
import type { EipDefinition } from '../core/definition.ts';
import type { ApiDocument, ApiOperation } from '../core/http/openapi.ts';
import { readOpenApi } from '../core/http/openapi.ts';
import type { BindingMode, ContractOperation, RestOperation, StandIn } from '../core/http/rest-operation.ts';
import { asLines, joinPaths } from '../core/http/rest-operation.ts';
import type { DocumentModel, ElementModel, EndpointModel, ModelValue, StepModel } from '../dsl/model.ts';
import { to } from '../eip/to.ts';
import type { ApiDescription, RestEntry } from './openapi.ts';
import { commaList, openApiDocument, pairsOf } from './openapi.ts';
import { elementsOf, isElement, isFromContract, textField } from './plan.ts';

const verbs = ['get', 'post', 'put', 'patch', 'delete', 'head'] as const;

/** CORS headers as Camel sends them, unless `corsHeaders` says otherwise. */
const corsDefaults: Readonly<Record<string, string>> = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, DELETE, TRACE, OPTIONS, CONNECT, PATCH',
  'Access-Control-Allow-Headers': 'Origin, Accept, X-Requested-With, Content-Type, Access-Control-Request-Method, Access-Control-Request-Headers',
  'Access-Control-Max-Age': '3600',
};

/** What calls by `rest:` take where their endpoints do not say it: what `restConfiguration`s say. */
export function callSettings(configurations: readonly ElementModel[]): ReadonlyMap<string, string> {
  const { element } = settingsOf(configurations);
  const settings = new Map<string, string>();
  const host = textOf(element, 'host');
  if (host !== null) settings.set('rest.host', `${textOf(element, 'scheme') ?? 'http'}://${host}${textOf(element, 'port') === null || host.includes(':') ? '' : `:${textOf(element, 'port')!}`}`);
  const component = textOf(element, 'producerComponent');
  if (component !== null) settings.set('rest.producerComponent', component);
  const mode = textOf(element, 'bindingMode');
  if (mode !== null) settings.set('rest.bindingMode', mode);
  return settings;
}

/** What an endpoint says, and what of it are no options. */
interface Resolved {
  readonly options: Readonly<Record<string, unknown>>;
  readonly rest: Readonly<Record<string, string>>;
}

interface RestSettings {
  readonly element: ElementModel | null;
  readonly contextPath: string;
  readonly inlinesRoutes: boolean;
}

/**
 * Puts a route in the place of every verb of every `rest` element, and one that serves the OpenAPI document where one is asked for. A
 * `direct:` route that a verb goes to becomes the verb's own: nobody else can call it then, unless `inlineRoutes` is off.
 */
export function expandRest(
  given: readonly DocumentModel[],
  configurations: readonly ElementModel[],
  problems: Diagnostics,
  resource: (uri: string) => string,
  resolve: (endpoint: EndpointModel) => Resolved | null,
): readonly DocumentModel[] {
  const written = new Map<ElementModel, ElementModel>();
  const documents = given.map((document) => (document.elements.some(isFromContract) ? { ...document, elements: document.elements.map((element) => (isFromContract(element) ? serviceOf(element, resolve, problems, written) : element)) } : document));
  const services = documents.flatMap(({ elements }) => elements.filter(({ name, fields }) => name === 'rest' && fields['disabled'] !== true));
  if (services.length === 0) return documents;
  const settings = settingsOf(configurations);
  checkFormatProperties(settings.element, problems);
  const directRoutes = new Map<string, ElementModel>();
  for (const { elements } of documents) {
    for (const element of elements) {
      const name = element.name === 'route' ? directName(endpointOf(element)) : null;
      if (name !== null) directRoutes.set(name, element);
    }
  }
  const entries: RestEntry[] = [];
  const taken = new Map<string, EndpointModel>();
  const inlined = new Set<ElementModel>();
  const ids = new Set<string>();
  const paths = new Map<string, Span>();
  const routes = new Map<ElementModel, ElementModel[]>();
  for (const service of services) {
    const documentRoutes: ElementModel[] = [];
    const verbs = verbsOf(service, problems, { resource, contextPath: settings.contextPath, documented: (route) => documentRoutes.push(route), isThere: (id) => directRoutes.has(id), ids });
    routes.set(
      service,
      verbs.flatMap((verb) => {
        const target = verb.fields['to'] as EndpointModel | undefined;
        if (target === undefined && verb.fields['standIn'] === undefined) return [];
        const entry = entryOf(service, verb, settings);
        // Those of a contract are called: others may call them, too.
        const name = settings.inlinesRoutes && !entry.operation.isOfContract ? directName(target) : null;
        const earlier = name === null ? undefined : taken.get(name);
        if (earlier !== undefined) {
          problems.report('M0620', `duplicate target \`direct:${name!}\` of two \`rest\` verbs`, target!.at, {
            label: 'another verb goes there already',
            help: `a verb makes the \`direct:\` route its own, and ${showSpan(earlier.at)} has it: give each verb a route, or set \`inlineRoutes: false\` in \`restConfiguration\``,
          });
          return [];
        }
        const served = `${entry.operation.method} ${entry.path}${entry.slash}`;
        const other = paths.get(served);
        if (other !== undefined) {
          problems.report('M0623', `\`${served}\` is served twice`, verb.fieldsAt['path'] ?? verb.at, { label: 'another verb serves it', help: `${showSpan(other)} serves it already: give this one another path` });
          return [];
        }
        paths.set(served, verb.fieldsAt['path'] ?? verb.at);
        if (entry.operation.bindingMode === 'xml' && !entry.operation.bindsXml) {
          problems.report('M0621', 'XML bodies can not be bound', verb.fieldsAt['bindingMode'] ?? verb.at, { label: 'there are no classes to bind to', help: 'set `xmlDataFormat: jacksonXml` in `restConfiguration` to get maps and lists, or use `bindingMode: off` and unmarshal in the route' });
          return [];
        }
        entries.push(entry);
        if (name !== null) taken.set(name, target!);
        const direct = name === null ? undefined : directRoutes.get(name);
        if (direct !== undefined) inlined.add(direct);
        return [routeOf(entry, target, direct, settings, written.get(service))];
      }).concat(documentRoutes),
    );
  }
  const api = apiRoute(entries, settings);
  const place = documents.find(({ elements }) => elements.some((element) => routes.has(element)));
  return documents.map((document) => ({
    ...document,
    elements: [
      ...document.elements.filter((element) => !inlined.has(element) && !routes.has(element)),
      // As in Camel, the routes of services come behind those that are written.
      ...(api !== null && document === place ? [api] : []),
      ...document.elements.flatMap((element) => routes.get(element) ?? []),
    ],
  }));
}

/** A route from `rest-openapi:` as a service with that contract; `written` keeps the route. */
function serviceOf(route: ElementModel, resolve: (endpoint: EndpointModel) => Resolved | null, problems: Diagnostics, written: Map<ElementModel, ElementModel>): ElementModel {
  const from = endpointOf(route)!;
  const { at } = from;
  const { options, rest } = resolve(from) ?? { options: {}, rest: {} };
  for (const name of Object.keys(rest)) problems.report('M0409', `unknown option \`${name}\` for \`rest-openapi\``, from.parametersAt[name] ?? at, { label: 'no such option', help: 'docs/connectors/rest-openapi.md has them all' });
  const element = (name: string, fields: Readonly<Record<string, unknown>>): ElementModel => ({ type: 'element', name, fields: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as ElementModel['fields'], at, fieldsAt: {} });
  const { specification, missingOperation, mockIncludePattern, apiContextPath, basePath, clientRequestValidation, clientResponseValidation, consumes, produces } = options;
  const id = textField(route, 'id') ?? undefined;
  const isDisabled = route.fields['disabled'] === true || specification === undefined;
  const openApi = element('openApi', { specification: typeof specification === 'string' ? specification.replace(/#[^#/]*$/, '') : '', missingOperation, mockIncludePattern, apiContextPath, basePath, routeId: id, disabled: isDisabled });
  const service = element('rest', { openApi, clientRequestValidation: clientRequestValidation || undefined, clientResponseValidation: clientResponseValidation || undefined, consumes, produces });
  written.set(service, route);
  return service;
}

function settingsOf(configurations: readonly ElementModel[]): RestSettings {
  if (configurations.length === 0) return { element: null, contextPath: '/', inlinesRoutes: true };
  const first = configurations[0]!;
  const element: ElementModel = {
    ...first,
    fields: Object.assign({}, ...configurations.map(({ fields }) => fields)) as ElementModel['fields'],
    fieldsAt: Object.assign({}, ...configurations.map(({ fieldsAt }) => fieldsAt)) as ElementModel['fieldsAt'],
  };
  return { element, contextPath: joinPaths(textField(element, 'contextPath')), inlinesRoutes: element.fields['inlineRoutes'] !== false };
}

const endpointOf = (route: ElementModel): EndpointModel | undefined => {
  const { from } = route.fields;
  return isElement(from) ? (from.fields['uri'] as EndpointModel | undefined) : undefined;
};

/** `x` of `direct:x?options`, or of `direct` with the parameter `name`; null for other endpoints. */
function directName(endpoint: EndpointModel | undefined): string | null {
  const match = /^direct(?:$|:(?:\/\/)?([^?]*))/.exec(endpoint?.uri.trim() ?? '');
  if (match === null) return null;
  const name = match[1] === undefined || match[1] === '' ? endpoint!.parameters['name'] : match[1];
  return typeof name === 'string' || typeof name === 'number' ? String(name) : null;
}

/** What contract-first services need. */
interface Contracts {
  resource(uri: string): string;
  /** Before all paths. */
  readonly contextPath: string;
  /** Takes a route that serves a document. */
  documented(route: ElementModel): void;
  /** Whether a route begins with `direct:ID`. */
  isThere(id: string): boolean;
  /** Ids of the routes of all contracts. */
  readonly ids: Set<string>;
}

/** A resource's text, and the name by which it is found wherever it is asked for. */
interface Found {
  readonly name: string;
  readonly text: string;
}

/** Relative names are looked for beside the file that has them, then where all resources are. */
function besideOf({ source }: Span, resource: (uri: string) => string): (uri: string) => Found {
  return (uri) => {
    const path = uri.replace(/^resource:/, '').replace(/^(?:file|classpath):(?:\/\/)?/, '');
    const folder = dirname(source.file);
    if (folder !== '.' && !isAbsolute(path) && !/^[a-z]+:/i.test(path)) {
      const name = join(folder, path);
      try {
        return { name, text: resource(name) };
      } catch {
        // It is not there.
      }
    }
    return { name: uri, text: resource(uri) };
  };
}

const refuse = (problems: Diagnostics, message: string, at: Span, help: string): void => void problems.report('M0622', message, at, { label: 'can not be served', help });

/** What answers the operations that no route does. Files of mocks are named below a folder, beside the file that has the contract or where resources are. */
function standInOf({ method, examples }: ApiOperation, under: string, pattern: string | null, { source }: Span): StandIn {
  if (pattern === null) return { files: [], under, examples: null };
  const folders = commaList(pattern).map((one) => one.replace(/\*.*$/s, ''));
  const beside = dirname(source.file);
  const isRelative = (name: string): boolean => !isAbsolute(name) && !name.includes(':');
  const relative = folders.map((name) => name.replace(/^(?:file|classpath):(?:\/\/)?/, '')).filter(isRelative);
  return { files: [...(beside === '.' ? [] : relative.map((name) => `${join(beside, name)}${name.endsWith('/') ? '' : '/'}`)), ...folders], under, examples: ['GET', 'HEAD', 'OPTIONS', 'TRACE'].includes(method) ? examples : null };
}

const valueText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** The operations of an OpenAPI document as verbs: each goes to the `direct:` route that has its id. */
function contractVerbs(contract: ElementModel, problems: Diagnostics, { documented, isThere, ids, ...contracts }: Contracts): ElementModel[] {
  if (contract.fields['disabled'] === true) return [];
  const at = contract.fieldsAt['specification'] ?? contract.at;
  const resource = besideOf(at, (name) => contracts.resource(name));
  const uri = textField(contract, 'specification') ?? '';
  let document: ApiDocument;
  let found: Found;
  try {
    found = resource(uri);
    document = readOpenApi(found.text);
  } catch (thrown) {
    refuse(problems, `the document \`${uri}\` can't be read: ${(thrown as Error).message}`, at, 'name an OpenAPI document (2.0, 3.0 or 3.1), in YAML or JSON');
    return [];
  }
  const missing = textField(contract, 'missingOperation') ?? 'fail';
  // As in Camel, a `contextPath` takes the place of the path in the document.
  const basePath = contracts.contextPath === '/' ? (textField(contract, 'basePath') ?? document.basePath) : '';
  const prefix = textField(contract, 'routeId') ?? 'openApi';
  const idOf = (name: string): string => {
    let routeId = `${prefix}:${name}`;
    for (let i = 2; ids.has(routeId); i++) routeId = `${prefix}:${name}:${i}`;
    ids.add(routeId);
    return routeId;
  };
  const unanswered: string[] = [];
  const hash = createHash('sha256').update(found.text).digest('hex');
  const made = document.operations.flatMap((operation): ElementModel[] => {
    const { id, method, consumes, produces, parameters } = operation;
    const name = method.toLowerCase();
    const shown = `${method} ${operation.path}`;
    const hasRoute = id !== null && isThere(id);
    if (!hasRoute && missing === 'fail') {
      unanswered.push(id === null ? `${shown} (it has no operationId)` : `${id} (${shown})`);
      return [];
    }
    const element = (kind: string, fields: ElementModel['fields']): ElementModel => ({ type: 'element', name: kind, fields, at, fieldsAt: {} });
    const to: EndpointModel = { type: 'endpoint', uri: `direct:${id!}`, parameters: {}, at, parametersAt: {} };
    const standIn = hasRoute ? null : standInOf(operation, joinPaths(contracts.contextPath, basePath), missing === 'mock' ? (textField(contract, 'mockIncludePattern') ?? 'classpath:camel-mock/**') : null, at);
    const required = [
      ...(operation.requiresBody ? [element('param', { name: 'body', type: 'body', required: true })] : []),
      ...parameters.filter(({ in: place, isRequired }) => isRequired && (place === 'query' || place === 'header')).map((parameter) => element('param', { name: parameter.name, type: parameter.in, required: true })),
    ];
    // As in Camel, those of headers are but described.
    const optional = parameters.flatMap(({ name: parameter, in: place, isRequired, schema }) => (place === 'query' && !isRequired && schema['default'] !== undefined ? [element('param', { name: parameter, type: place, required: false, defaultValue: valueText(schema['default']) })] : []));
    const params = [...required, ...optional];
    const replies = Object.entries(operation.replies).map(([code, { types, requiredHeaders }]) => element('responseMessage', { code, contentType: types, requiredHeaders: requiredHeaders.join(',') }));
    const itself: ContractOperation = { document: found.name, hash, method, path: operation.path };
    return [
      element(name, {
        ...(id === null ? {} : { id }),
        routeId: idOf(id ?? `${method} ${joinPaths(basePath, operation.path)}`),
        contract: JSON.stringify(itself),
        path: joinPaths(basePath, operation.path),
        ...(standIn === null ? { to } : { standIn: JSON.stringify(standIn) }),
        ...(consumes.length === 0 ? {} : { consumes: consumes.join(',') }),
        ...(produces.length === 0 ? {} : { produces: produces.join(',') }),
        ...(params.length === 0 ? {} : { param: params }),
        ...(replies.length === 0 ? {} : { responseMessage: replies }),
      }),
    ];
  });
  const documentPath = textField(contract, 'apiContextPath');
  if (documentPath !== null) documented(documentRoute(joinPaths(contracts.contextPath, basePath, documentPath), { text: asLines(found.text), ...(/json$/.test(uri) ? { contentType: 'application/json' } : /ya?ml$/.test(uri) ? { contentType: 'text/yaml' } : {}) }, null, contract.fieldsAt['apiContextPath'] ?? at));
  if (unanswered.length > 0 && missing === 'fail') refuse(problems, `no route answers ${unanswered.map((one) => `\`${one}\``).join(', ')}`, at, 'write a route from `direct:` with the id of the operation, or set `missingOperation: ignore`');
  return made;
}

/** The verbs of a service in the order in which they are written. */
function verbsOf(service: ElementModel, problems: Diagnostics, contracts: Contracts): ElementModel[] {
  const contract = service.fields['openApi'];
  if (isElement(contract)) return contractVerbs(contract, problems, contracts);
  return Object.keys(service.fields)
    .filter((name): name is (typeof verbs)[number] => (verbs as readonly string[]).includes(name))
    .flatMap((name) => elementsOf(service.fields[name], name).map((verb) => ({ ...verb, name })))
    .filter((verb) => verb.fields['disabled'] !== true);
}

function entryOf(service: ElementModel, verb: ElementModel, settings: RestSettings): RestEntry {
  return {
    verb,
    service,
    // As in Camel, the path of a service is none of a contract's.
    path: joinPaths(verb.fields['contract'] === undefined ? textField(service, 'path') : null, textField(verb, 'path')),
    // As in Camel, a verb with the path `/` is below its service's, one without is at it.
    slash: verb.fields['contract'] === undefined && /^\s*\/?\s*$/.test(textField(verb, 'path') ?? 'none') ? '/' : '',
    operation: operationOf(service, verb, settings),
    routeId: textField(verb, 'routeId') ?? textField(verb, 'id'),
  };
}

function operationOf(service: ElementModel, verb: ElementModel, { element: configuration }: RestSettings): RestOperation {
  const places = [verb, service, ...(configuration === null ? [] : [configuration])];
  const flag = (name: string, otherwise: boolean): boolean => {
    const value = places.find(({ fields }) => fields[name] !== undefined)?.fields[name];
    return value === undefined ? otherwise : value === true || value === 'true';
  };
  const text = (name: string): string | null => {
    for (const place of places) {
      const value = textField(place, name);
      if (value !== null) return value;
    }
    return null;
  };
  const parameters = elementsOf(verb.fields['param'], 'param').map((parameter) => ({ parameter, name: textField(parameter, 'name') ?? '', location: textField(parameter, 'type') ?? 'path' }));
  const required = (location: string): string[] => parameters.filter((entry) => entry.location === location && entry.parameter.fields['required'] !== false).map(({ name }) => name);
  const named = parameters.filter(({ location }) => location === 'query' || location === 'header');
  const defaults: Record<string, string> = {};
  const allowed: Record<string, string[]> = {};
  for (const { parameter, name } of named) {
    const value = textField(parameter, 'defaultValue');
    if (value !== null && value.trim() !== '') defaults[name] = value;
    const values = elementsOf(parameter.fields['allowableValues'], 'value').flatMap((item) => textField(item, 'value') ?? []);
    if (values.length > 0) allowed[name] = values;
  }
  const [standIn, contract] = [textField(verb, 'standIn'), textField(verb, 'contract')];
  const [clientRequestValidation, clientResponseValidation] = [flag('clientRequestValidation', false), flag('clientResponseValidation', false)];
  const replies = elementsOf(verb.fields['responseMessage'], 'responseMessage');
  return {
    method: verb.name.toUpperCase(),
    consumes: text('consumes'),
    produces: text('produces'),
    bindingMode: (text('bindingMode') ?? 'off') as BindingMode,
    // Whatever its documentation says, Camel leaves error replies alone unless told to bind them.
    skipBindingOnErrorCode: flag('skipBindingOnErrorCode', true),
    enableNoContentResponse: flag('enableNoContentResponse', false),
    clientRequestValidation,
    clientResponseValidation,
    ...stylesOf(configuration),
    ...jsonOptions(configuration, textField(verb, 'type')),
    bindsXml: textOf(configuration, 'xmlDataFormat')?.toLowerCase() === 'jacksonxml',
    // As in Camel, a service or verb that says it for itself adds headers to replies and answers no preflight requests.
    answersOptions: contract !== null || configuration?.fields['enableCORS'] === true,
    corsHeaders: flag('enableCORS', false) ? corsHeaders(configuration) : null,
    defaults,
    requiredQuery: required('query'),
    requiredHeaders: required('header'),
    requiresBody: required('body').length > 0,
    allowed,
    lists: named.filter(({ parameter }) => textField(parameter, 'dataType') === 'array').map(({ name }) => name),
    replyTypes: Object.fromEntries(replies.map((reply) => [textField(reply, 'code') ?? '200', textField(reply, 'contentType') ?? ''])),
    headersOfReplies: Object.fromEntries(replies.flatMap((reply) => (reply.fields['requiredHeaders'] === undefined ? [] : [[textField(reply, 'code') ?? '200', commaList(textField(reply, 'requiredHeaders'))]]))),
    isOfContract: contract !== null,
    contract: contract !== null && (clientRequestValidation || clientResponseValidation) ? (JSON.parse(contract) as ContractOperation) : null,
    standIn: standIn === null ? null : (JSON.parse(standIn) as StandIn),
    replyHeaders: replies.flatMap((reply) => elementsOf(reply.fields['header'], 'header').map((header) => textField(header, 'name') ?? '')),
  };
}

const textOf = (element: ElementModel | null, name: string): string | null => (element === null ? null : textField(element, name));

/** Options of the data format `json` that change what is read, and what is written. Others of Jackson mean nothing to plain objects. */
const reading = ['unmarshalType', 'useList', 'maxStringLength', 'enableFeatures', 'disableFeatures'];
const writing = ['enableFeatures', 'disableFeatures', 'dateFormatPattern', 'timezone'];
const withoutMeaning = /^(?:moduleClassNames|moduleRefs|objectMapper|useDefaultObjectMapper|autoDiscoverObjectMapper|contentTypeHeader|allowUnmarshallType|xmlMapper)$/;

/** What the formats of JSON bodies are told. What is said for all wins over a verb's own `type`, as in Camel. */
function jsonOptions(configuration: ElementModel | null, type: string | null): Pick<RestOperation, 'jsonIn' | 'jsonOut'> {
  const properties = pairsOf(configuration?.fields['dataFormatProperty']);
  const of = (way: 'in' | 'out', names: readonly string[]): Record<string, string> =>
    Object.fromEntries(names.flatMap((name) => [properties.get(`json.${way}.${name}`) ?? properties.get(name)].flatMap((value) => (value === undefined ? [] : [[name, value]]))));
  const jsonIn: Record<string, string> = { ...(type === null ? {} : { unmarshalType: type }), ...of('in', reading) };
  // Those of reading change nothing alone.
  const hasReading = ['unmarshalType', 'useList', 'maxStringLength'].some((name) => jsonIn[name] !== undefined);
  const jsonOut = of('out', writing);
  if (Object.keys(jsonOut).length > 0) for (const name of ['prettyPrint', 'include']) Object.assign(jsonOut, of('out', [name]));
  return { jsonIn: hasReading ? jsonIn : {}, jsonOut };
}

/** How bodies are written: `prettyPrint` and `include`, for all or with `json.out.` or `xml.out.` before them. */
function stylesOf(configuration: ElementModel | null): Pick<RestOperation, 'jsonStyle' | 'isXmlPretty'> {
  const properties = pairsOf(configuration?.fields['dataFormatProperty']);
  const of = (format: string, name: string): string | undefined => properties.get(`${format}.out.${name}`) ?? properties.get(name);
  const include = of('json', 'include');
  return {
    jsonStyle: {
      ...(of('json', 'prettyPrint') === 'true' ? { isPretty: true } : {}),
      ...(include === 'NON_NULL' || include === 'NON_ABSENT' ? { skipsNull: true } : {}),
      ...(include === 'NON_EMPTY' || include === 'NON_DEFAULT' ? { skipsEmpty: true } : {}),
    },
    isXmlPretty: of('xml', 'prettyPrint') === 'true',
  };
}

/** Properties of data formats that nothing here would obey. */
function checkFormatProperties(configuration: ElementModel | null, problems: Diagnostics): void {
  const xml = textOf(configuration, 'xmlDataFormat');
  if (configuration !== null && xml !== null && !/^(?:jacksonxml|jaxb)$/i.test(xml) && /xml|auto/.test(textOf(configuration, 'bindingMode') ?? '')) {
    problems.report('M0621', `there is no data format \`${xml}\` for XML bodies`, configuration.fieldsAt['xmlDataFormat'] ?? configuration.at, { label: 'unknown here', help: 'write `jacksonXml`, which gives maps and lists' });
  }
  for (const property of elementsOf(configuration?.fields['dataFormatProperty'], 'dataFormatProperty')) {
    const key = textField(property, 'key') ?? '';
    const name = key.replace(/^(?:json|xml)\.(?:in|out)\./, '');
    if (name === 'prettyPrint' || name === 'include' || reading.includes(name) || writing.includes(name) || withoutMeaning.test(name)) continue;
    problems.report('M0212', `\`${key}\` is no property of the bound formats`, property.at, { severity: 'warning', label: 'nothing obeys it', help: 'use `prettyPrint`, `include`, `enableFeatures`, `unmarshalType` or `useList`, with `json.in.`, `json.out.` or `xml.out.` before it for one format alone; for more set `bindingMode: off` and marshal in the route' });
  }
}

function corsHeaders(configuration: ElementModel | null): string[] {
  const headers = new Map(Object.entries(corsDefaults));
  for (const [name, value] of pairsOf(configuration?.fields['corsHeaders'])) {
    if (headers.has(name) || name === 'Access-Control-Allow-Credentials') headers.set(name, value);
  }
  return [...headers].flat();
}

/** A verb as a route: the `direct:` route's own steps behind the verb's endpoint, or a step that calls the target; none where something stands in for a route. */
function routeOf(entry: RestEntry, target: EndpointModel | undefined, direct: ElementModel | undefined, settings: RestSettings, written?: ElementModel): ElementModel {
  const { verb, operation, routeId } = entry;
  const at = verb.fieldsAt['path'] ?? verb.at;
  const path = joinPaths(settings.contextPath, entry.path);
  const uri: EndpointModel = {
    type: 'endpoint',
    uri: `rest:${operation.method.toLowerCase()}:${path}${path === '/' ? '' : entry.slash}`,
    parameters: { ...parametersFrom(settings, 'endpointProperty'), operation: JSON.stringify(operation) },
    at,
    parametersAt: {},
  };
  const identity: Record<string, ModelValue> = routeId === null ? {} : { id: routeId };
  const description = textField(verb, 'description');
  if (description !== null) identity['description'] = description;
  if (direct !== undefined) {
    const from = direct.fields['from'] as ElementModel;
    // Its own id and description stay.
    return { ...direct, fields: { ...identity, ...direct.fields, from: { ...from, fields: { ...from.fields, uri } } } };
  }
  const step = (target: EndpointModel): StepModel => ({
    type: 'step',
    kind: 'to',
    definition: to as unknown as EipDefinition,
    id: null,
    isDisabled: false,
    description: null,
    element: { type: 'element', name: 'to', fields: { uri: target }, at: target.at, fieldsAt: {} },
    at: target.at,
  });
  const begin = target === undefined ? [] : [step(target)];
  if (written !== undefined) {
    // The steps of a route from `rest-openapi:` come behind the operation's.
    const own = written.fields['from'] as ElementModel;
    return { ...written, fields: { ...written.fields, ...identity, from: { ...own, fields: { ...own.fields, uri, steps: [...begin, ...((own.fields['steps'] ?? []) as readonly StepModel[])] } } } };
  }
  const from: ElementModel = { type: 'element', name: 'from', fields: { uri, steps: begin }, at, fieldsAt: {} };
  return { type: 'element', name: 'route', fields: { ...identity, from }, at, fieldsAt: {} };
}

const parametersFrom = ({ element }: RestSettings, name: string): Record<string, string> => Object.fromEntries(pairsOf(element?.fields[name]));

/** The route that serves the document; null when nobody asked for it. */
function apiRoute(entries: readonly RestEntry[], settings: RestSettings): ElementModel | null {
  const { element } = settings;
  const path = element === null ? null : textField(element, 'apiContextPath');
  if (element === null || path === null) return null;
  const host = textField(element, 'apiHost') ?? textField(element, 'host');
  const port = textField(element, 'port');
  const api: ApiDescription = {
    contextPath: settings.contextPath,
    scheme: commaList(textField(element, 'scheme'))[0] ?? null,
    host: host === null ? null : host.includes(':') || port === null ? host : `${host}:${port}`,
    properties: pairsOf(element.fields['apiProperty']),
    hasVendorExtensions: element.fields['apiVendorExtension'] === true,
  };
  const at = element.fieldsAt['apiContextPath'] ?? element.at;
  const parameters = {
    document: JSON.stringify(openApiDocument(entries, api)),
    ...(element.fields['useXForwardHeaders'] === true ? { usesForwardedHeaders: true } : {}),
    ...(element.fields['enableCORS'] === true || api.properties.get('cors') === 'true' ? { cors: JSON.stringify(corsHeaders(element)) } : {}),
  };
  return documentRoute(joinPaths(settings.contextPath, path), parameters, textField(element, 'apiContextRouteId'), at);
}

/** A route that serves a document and has no steps. */
function documentRoute(path: string, parameters: EndpointModel['parameters'], id: string | null, at: Span): ElementModel {
  const uri: EndpointModel = { type: 'endpoint', uri: `rest-api:${path}`, parameters, at, parametersAt: {} };
  const from: ElementModel = { type: 'element', name: 'from', fields: { uri, steps: [] }, at, fieldsAt: {} };
  return { type: 'element', name: 'route', fields: { ...(id === null ? {} : { id }), from }, at, fieldsAt: {} };
}
