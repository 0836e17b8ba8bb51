import { isDeepStrictEqual } from 'node:util';
import type { RestOperation } from '../core/http/rest-operation.ts';
import type { ElementModel, ModelValue } from '../dsl/model.ts';
import { elementsOf, isElement, textField } from './plan.ts';

/** One verb of a `rest` service, ready to be served and described. */
export interface RestEntry {
  readonly verb: ElementModel;
  readonly service: ElementModel;
  /** With parameters as `{name}`, without the context path. */
  readonly path: string;
  /** A slash where the path is served only with one at its end. */
  readonly slash: '' | '/';
  readonly operation: RestOperation;
  readonly routeId: string | null;
}

/** What the document says about the API as a whole. */
export interface ApiDescription {
  readonly contextPath: string;
  readonly scheme: string | null;
  /** With its port; null = relative. */
  readonly host: string | null;
  /** `apiProperty`: `api.title`, `api.version`, ... */
  readonly properties: ReadonlyMap<string, string>;
  readonly hasVendorExtensions: boolean;
}

type Json = Record<string, unknown>;

/** An OpenAPI 3.0 document of the services whose `apiDocs` is not off. */
export function openApiDocument(entries: readonly RestEntry[], api: ApiDescription): Json {
  const paths: Record<string, Json> = {};
  const tags = new Map<string, string | null>();
  const securitySchemes: Json = {};
  const security: Json[] = [];
  for (const entry of entries) {
    if (entry.verb.fields['apiDocs'] === false || entry.service.fields['apiDocs'] === false) continue;
    const tag = textField(entry.service, 'tag') ?? textField(entry.service, 'path') ?? '';
    if (tag !== '') tags.set(tag, tags.get(tag) ?? textField(entry.service, 'description'));
    (paths[entry.path] ??= {})[entry.operation.method.toLowerCase()] = operationObject(entry, tag, api);
    Object.assign(securitySchemes, schemesOf(entry.service));
    for (const requirement of requirementsOf(entry.service, 'securityRequirements')) if (!security.some((one) => isDeepStrictEqual(one, requirement))) security.push(requirement);
  }
  const externalDocs = given({ url: api.properties.get('externalDocs.url') ?? null, description: api.properties.get('externalDocs.description') ?? null });
  return {
    openapi: versionOf(api.properties.get('openapi.version')),
    info: infoObject(api.properties),
    servers: serversOf(api),
    ...listed('security', security),
    ...(tags.size === 0 ? {} : { tags: [...tags].map(([name, description]) => ({ name, ...given({ description }) })) }),
    paths,
    ...(Object.keys(externalDocs).length === 0 ? {} : { externalDocs }),
    ...(Object.keys(securitySchemes).length === 0 ? {} : { components: { securitySchemes } }),
  };
}

/** `3.0` and `3.1` stand for their latest patch, as tools that read documents want it. */
const versionOf = (asked: string | undefined): string => (asked === undefined || asked === '3.0' ? '3.0.0' : asked === '3.1' ? '3.1.0' : asked);

/** Where the API is, by the properties `host`, `schemes` and `base.path`, or as it is served. */
function serversOf({ properties, ...api }: ApiDescription): Json[] {
  const host = properties.get('host') ?? api.host;
  const path = properties.get('base.path') ?? api.contextPath;
  const schemes = commaList(properties.get('schemes') ?? api.scheme);
  if (host === null) return [{ url: path }];
  return (schemes.length === 0 ? ['http'] : schemes).map((scheme) => ({ url: `${scheme}://${host}${path === '/' ? '' : path}` }));
}

const requirementsOf = (element: ElementModel, name: string): Json[] =>
  elementsOf(element.fields[name], name).map((requirement) => ({ [textField(requirement, 'key') ?? '']: commaList(textField(requirement, 'scopes')) }));

function operationObject({ verb, operation, routeId }: RestEntry, tag: string, api: ApiDescription): Json {
  const parameters = elementsOf(verb.fields['param'], 'param');
  const inForm = parameters.filter((parameter) => locationOf(parameter) === 'formData');
  const body = parameters.find((parameter) => locationOf(parameter) === 'body');
  return {
    ...(tag === '' ? {} : { tags: [tag] }),
    ...given({ summary: textField(verb, 'description'), operationId: textField(verb, 'id') ?? routeId }),
    ...(verb.fields['deprecated'] === true ? { deprecated: true } : {}),
    ...(parameters.length === 0 ? implicitParameters(verb) : listed('parameters', [...parametersOf(parameters), ...missingPathParameters(verb, parameters)])),
    ...requestBody(operation, body, inForm, classSchema(textField(verb, 'type'))),
    responses: responsesOf(verb, operation),
    ...listed('security', requirementsOf(verb, 'security')),
    ...(api.hasVendorExtensions ? given({ 'x-routeId': routeId }) : {}),
  };
}

const listed = (name: string, list: readonly unknown[]): Json => (list.length === 0 ? {} : { [name]: list });

const locationOf = (parameter: ElementModel): string => textField(parameter, 'type') ?? 'path';

const pathNames = (verb: ElementModel): string[] => [...(textField(verb, 'path') ?? '').matchAll(/\{([^{}]+)\}/g)].map((match) => match[1]!);

const implicitParameters = (verb: ElementModel): Json => listed('parameters', missingPathParameters(verb, []));

/** Parameters that stand in the path and are not described. */
const missingPathParameters = (verb: ElementModel, described: readonly ElementModel[]): Json[] =>
  pathNames(verb)
    .filter((name) => !described.some((parameter) => locationOf(parameter) === 'path' && textField(parameter, 'name') === name))
    .map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));

function parametersOf(parameters: readonly ElementModel[]): Json[] {
  return parameters
    .filter((parameter) => ['path', 'query', 'header'].includes(locationOf(parameter)))
    .map((parameter) => {
      const location = locationOf(parameter);
      return {
        name: textField(parameter, 'name'),
        in: location,
        ...given({ description: textField(parameter, 'description') }),
        required: location === 'path' || parameter.fields['required'] !== false,
        ...styleOf(parameter, location),
        schema: schemaOf(parameter),
        ...examplesOf(parameter),
      };
    });
}

/** How lists are written, for what is not the style that OpenAPI takes for granted. */
function styleOf(parameter: ElementModel, location: string): Json {
  if (textField(parameter, 'dataType') !== 'array' || location !== 'query') return {};
  switch (textField(parameter, 'collectionFormat')) {
    case 'multi':
      return { style: 'form', explode: true };
    case 'pipes':
      return { style: 'pipeDelimited' };
    case 'ssv':
    case 'tsv':
      return { style: 'spaceDelimited' };
    default:
      return { style: 'form', explode: false };
  }
}

function schemaOf(element: ElementModel): Json {
  const type = (textField(element, 'dataType') ?? 'string').toLowerCase();
  const allowed = elementsOf(element.fields['allowableValues'], 'value').flatMap((value) => textField(value, 'value') ?? []);
  const defaultValue = textField(element, 'defaultValue');
  const itemType = (textField(element, 'arrayType') ?? 'string').toLowerCase();
  const base = { ...jsonType(type), ...given({ format: textField(element, 'dataFormat') }) };
  return {
    ...base,
    ...(type === 'array' ? { items: jsonType(itemType === 'integer' ? 'int' : itemType) } : {}),
    ...(allowed.length === 0 ? {} : { enum: allowed.map((value) => typedValue(type === 'array' ? itemType : type, value)) }),
    ...(defaultValue === null ? {} : { default: typedValue(type, defaultValue) }),
  };
}

function jsonType(type: string): Json {
  if (type === 'int' || type === 'long') return { type: 'integer', format: type === 'int' ? 'int32' : 'int64' };
  if (type === 'float' || type === 'double') return { type: 'number', format: type };
  return { type: ['string', 'integer', 'number', 'boolean', 'array', 'object', 'file'].includes(type) ? (type === 'file' ? 'string' : type) : 'string', ...(type === 'file' ? { format: 'binary' } : {}) };
}

function typedValue(type: string, text: string): unknown {
  if (type === 'boolean') return text === 'true';
  const isNumber = ['integer', 'number', 'int', 'long', 'float', 'double'].includes(type);
  return isNumber && text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

function requestBody(operation: RestOperation, body: ElementModel | undefined, form: readonly ElementModel[], model: Json | null): Json {
  if (form.length > 0) {
    const properties = Object.fromEntries(form.map((field) => [textField(field, 'name') ?? '', { ...schemaOf(field), ...given({ description: textField(field, 'description') }) }]));
    const required = form.filter((field) => field.fields['required'] !== false).map((field) => textField(field, 'name'));
    const type = commaList(operation.consumes)[0] ?? 'application/x-www-form-urlencoded';
    return { requestBody: { content: { [type]: { schema: { type: 'object', properties, ...listed('required', required) } } } } };
  }
  const takesBody = ['POST', 'PUT', 'PATCH'].includes(operation.method);
  const types = commaList(operation.consumes);
  if (body === undefined && model !== null) {
    return { requestBody: { required: true, content: Object.fromEntries((types.length > 0 ? types : ['application/json']).map((type) => [type, { schema: model }])) } };
  }
  if (body === undefined && !takesBody) return {};
  const schema = body === undefined ? {} : schemaOf(body);
  const described = given({ description: body === undefined ? null : textField(body, 'description') });
  const content = Object.fromEntries((types.length > 0 ? types : body === undefined ? ['*/*'] : ['application/json']).map((type) => [type, { schema: Object.keys(schema).length === 1 && body !== undefined && textField(body, 'dataType') === null ? {} : schema, ...bodyExamples(body, type) }]));
  return { requestBody: { ...described, ...(body !== undefined && body.fields['required'] !== false ? { required: true } : {}), content } };
}

/** As in Camel, examples of a body are named by their media types; other names are names. */
function bodyExamples(body: ElementModel | undefined, type: string): Json {
  if (body === undefined) return {};
  const examples = pairsOf(body.fields['examples']);
  const own = examples.get(type) ?? examples.get('');
  if (own !== undefined) return { example: own };
  const named = [...examples].filter(([key]) => !key.includes('/'));
  return named.length === 0 ? {} : { examples: Object.fromEntries(named.map(([key, value]) => [key, { value }])) };
}

function responsesOf(verb: ElementModel, operation: RestOperation): Json {
  const responses: Json = {};
  for (const message of elementsOf(verb.fields['responseMessage'], 'responseMessage')) {
    const code = textField(message, 'code') ?? '200';
    const type = textField(message, 'contentType');
    const model = classSchema(textField(message, 'responseModel'));
    const produced = code.startsWith('2') || model !== null ? commaList(operation.produces) : [];
    const types = type !== null ? [type] : produced.length === 0 && model !== null ? ['application/json'] : produced;
    const headers = Object.fromEntries(
      elementsOf(message.fields['header'], 'header').map((header) => [
        textField(header, 'name') ?? '',
        { ...given({ description: textField(header, 'description') }), schema: schemaOf(header), ...exampleOf(header) },
      ]),
    );
    const examples = examplesOf(message);
    const content = { ...(model === null ? {} : { schema: model }), ...examples };
    responses[code] = {
      description: textField(message, 'message') ?? '',
      ...(Object.keys(headers).length === 0 ? {} : { headers }),
      ...(types.length === 0 && Object.keys(content).length === 0 ? {} : { content: Object.fromEntries((types.length === 0 ? ['*/*'] : types).map((name) => [name, content])) }),
    };
  }
  const types = commaList(operation.produces);
  const model = classSchema(textField(verb, 'outType'));
  if (model !== null && responses['200'] === undefined) {
    return { 200: { description: 'OK', content: Object.fromEntries((types.length > 0 ? types : ['application/json']).map((type) => [type, { schema: model }])) }, ...responses };
  }
  if (Object.keys(responses).length > 0) return responses;
  return { 200: { description: 'Success', ...(types.length === 0 ? {} : { content: Object.fromEntries(types.map((type) => [type, {}])) }) } };
}

/** The one example of a header, among named ones as Camel writes it. */
function exampleOf(header: ElementModel): Json {
  const value = textField(header, 'example');
  return value === null ? {} : { examples: { '': { value } } };
}

/** What a class of Java's own says of a body; of the user's own classes nothing is known here. */
function classSchema(name: string | null): Json | null {
  if (name === null) return null;
  if (name.endsWith('[]')) return { type: 'array', items: classSchema(name.slice(0, -2)) ?? {} };
  const type = name.replace(/^java\.lang\./, '').toLowerCase();
  return ['string', 'integer', 'int', 'long', 'float', 'double', 'boolean'].includes(type) ? jsonType(type === 'integer' ? 'int' : type) : {};
}

function examplesOf(element: ElementModel): Json {
  const examples = pairsOf(element.fields['examples']);
  if (examples.size === 0) return {};
  return { examples: Object.fromEntries([...examples].map(([key, value]) => [key === '' ? 'example' : key, { value }])) };
}

function schemesOf(service: ElementModel): Json {
  const definitions = service.fields['securityDefinitions'];
  const schemes: Json = {};
  if (!isElement(definitions)) return schemes;
  for (const [kind, scheme] of Object.entries(definitions.fields)) {
    if (!isElement(scheme)) continue;
    const described = given({ description: textField(scheme, 'description') });
    schemes[textField(scheme, 'key') ?? kind] = { ...schemeObject(kind, scheme), ...described };
  }
  return schemes;
}

function schemeObject(kind: string, scheme: ElementModel): Json {
  switch (kind) {
    case 'apiKey': {
      const { inQuery, inCookie } = scheme.fields;
      return { type: 'apiKey', name: textField(scheme, 'name'), in: inQuery === true ? 'query' : inCookie === true ? 'cookie' : 'header' };
    }
    case 'basicAuth':
      return { type: 'http', scheme: 'basic' };
    case 'bearerToken':
      return { type: 'http', scheme: 'bearer', ...given({ bearerFormat: textField(scheme, 'format') }) };
    case 'mutualTLS':
      return { type: 'mutualTLS' };
    case 'openIdConnect':
      return { type: 'openIdConnect', openIdConnectUrl: textField(scheme, 'url') };
    default: {
      const names: Readonly<Record<string, string>> = { application: 'clientCredentials', accessCode: 'authorizationCode' };
      const flow = textField(scheme, 'flow') ?? 'clientCredentials';
      const urls = given({ authorizationUrl: textField(scheme, 'authorizationUrl'), tokenUrl: textField(scheme, 'tokenUrl'), refreshUrl: textField(scheme, 'refreshUrl') });
      return { type: 'oauth2', flows: { [names[flow] ?? flow]: { ...urls, scopes: Object.fromEntries(pairsOf(scheme.fields['scopes'])) } } };
    }
  }
}

function infoObject(properties: ReadonlyMap<string, string>): Json {
  const of = (name: string): string | null => properties.get(`api.${name}`) ?? null;
  const contact = given({ name: of('contact.name'), url: of('contact.url'), email: of('contact.email') });
  const license = given({ name: of('license.name'), url: of('license.url') });
  return {
    title: of('title') ?? 'API',
    version: of('version') ?? '1.0',
    ...given({ description: of('description'), termsOfService: of('termsOfService') }),
    ...(Object.keys(contact).length === 0 ? {} : { contact }),
    ...(Object.keys(license).length === 0 ? {} : { license }),
  };
}

/** The fields that are not null. */
function given(fields: Readonly<Record<string, string | null>>): Json {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

export const commaList = (text: string | null): string[] =>
  (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** `key`/`value` elements as pairs. */
export function pairsOf(value: ModelValue | undefined): Map<string, string> {
  const pairs = new Map<string, string>();
  if (value === undefined) return pairs;
  for (const element of Array.isArray(value) ? (value as readonly ModelValue[]).filter(isElement) : []) pairs.set(textField(element, 'key') ?? '', textField(element, 'value') ?? '');
  return pairs;
}
