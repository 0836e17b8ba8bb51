import { parse } from 'yaml';
import { isJsonType, mediaTypeOf } from '../conversion/media-type.ts';
import { deepestYaml, tooDeepYaml } from '../conversion/yamlDepth.ts';

export type Json = Readonly<Record<string, unknown>>;

/** One operation of an OpenAPI document. */
export interface ApiOperation {
  readonly id: string | null;
  readonly method: string;
  /** With `{parameters}`. */
  readonly path: string;
  readonly consumes: readonly string[];
  readonly produces: readonly string[];
  readonly parameters: readonly ApiParameter[];
  readonly requiresBody: boolean;
  /** Schema of a JSON body, as it stands in the document; null where it has none. */
  readonly bodySchema: Json | null;
  /** By code: also `2XX` and `default`. */
  readonly replies: Readonly<Record<string, ApiReply>>;
  /** Of the reply 200, by media type. */
  readonly examples: Readonly<Record<string, string>>;
}

export interface ApiReply {
  /** Media types, separated by commas; empty: the document does not say. */
  readonly types: string;
  readonly requiredHeaders: readonly string[];
  /** Schema of a JSON body, as it stands in the document. */
  readonly schema: Json | null;
}

export interface ApiParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header' | 'cookie';
  readonly isRequired: boolean;
  readonly schema: Json;
  /** Several values of it come one by one (`a=1&a=2`), not with commas between them. */
  readonly isExploded: boolean;
}

export interface ApiDocument {
  readonly title: string;
  readonly version: string;
  /** Where the first server is, where it says so absolutely. */
  readonly host: string | null;
  readonly basePath: string;
  readonly operations: readonly ApiOperation[];
  /** The document itself. */
  readonly json: Json;
  /** Its schemas are of draft 4 of JSON schema, as far as they are: up to 3.0. */
  readonly isOlder: boolean;
  /** What a reference leads to. @throws Error where that is nothing in the document */
  readonly follow: (reference: string) => unknown;
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const longestChain = 100;

const object = (value: unknown): Json => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {});
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/**
 * Reads an OpenAPI document (2.0, 3.0 or 3.1), YAML or JSON.
 * @throws Error for a text that is none
 */
export function readOpenApi(source: string): ApiDocument {
  const json = object(parsed(source));
  const version = text(json['openapi']) ?? text(json['swagger']);
  if (version === null) throw new Error('this is no OpenAPI document: it has neither `openapi` nor `swagger`');
  if (!/^(?:2\.0|3\.[01])/.test(version)) throw new Error(`OpenAPI ${version} can not be read: 2.0, 3.0 and 3.1 can`);
  const isOlder = !version.startsWith('3.1');

  const follow = (reference: string): unknown => {
    if (!reference.startsWith('#/')) throw new Error(`the reference \`${reference}\` can not be followed: it must lead into the document itself`);
    let target: unknown = json;
    for (const part of reference.slice(2).split('/')) {
      const key = decodeURIComponent(part).replace(/~1/g, '/').replace(/~0/g, '~');
      target = typeof target === 'object' && target !== null && Object.hasOwn(target, key) ? (target as Json)[key] : undefined;
    }
    if (target === undefined) throw new Error(`the reference \`${reference}\` leads nowhere`);
    return target;
  };
  const resolve = (value: unknown): Json => {
    let found = object(value);
    for (let i = 0; typeof found['$ref'] === 'string'; i++) {
      if (i > longestChain) throw new Error(`the reference \`${found['$ref']}\` can not be followed: it leads back to itself`);
      found = object(follow(found['$ref']));
    }
    return found;
  };

  const operations: ApiOperation[] = [];
  for (const [path, item] of Object.entries(object(json['paths']))) {
    const shared = list(resolve(item)['parameters']);
    for (const method of methods) {
      const written = resolve(item)[method];
      if (written === undefined) continue;
      const operation = object(written);
      const all = new Map<string, Json>();
      for (const parameter of [...shared, ...list(operation['parameters'])].map(resolve)) all.set(`${String(parameter['in'])} ${String(parameter['name'])}`, parameter);
      const body = operation['requestBody'] === undefined ? null : resolve(operation['requestBody']);
      const content = object(body?.['content']);
      const inBody = [...all.values()].find((parameter) => parameter['in'] === 'body');
      const replies = Object.values(object(operation['responses'])).map(resolve);
      operations.push({
        id: text(operation['operationId']),
        method: method.toUpperCase(),
        path,
        consumes: version.startsWith('2') ? list(operation['consumes'] ?? json['consumes']).map(String) : Object.keys(content),
        produces: version.startsWith('2') ? list(operation['produces'] ?? json['produces']).map(String) : [...new Set(replies.flatMap((reply) => Object.keys(object(reply['content']))))],
        parameters: [...all.values()]
          .filter((parameter) => ['path', 'query', 'header', 'cookie'].includes(String(parameter['in'])))
          .map((parameter) => ({ name: String(parameter['name']), in: parameter['in'] as ApiParameter['in'], isRequired: parameter['required'] === true || parameter['in'] === 'path', schema: schemaOf(parameter, resolve), isExploded: isExploded(parameter) })),
        requiresBody: body?.['required'] === true || inBody?.['required'] === true,
        bodySchema: jsonSchemaOf(content, inBody?.['schema']),
        replies: Object.fromEntries(Object.entries(object(operation['responses'])).map(([code, reply]) => [code, replyOf(resolve(reply), resolve)])),
        examples: examplesOf(object(object(operation['responses'])['200']), resolve),
      });
    }
  }
  const { host, basePath } = serverOf(json, version);
  const info = object(json['info']);
  return { title: text(info['title']) ?? '', version: text(info['version']) ?? '', host, basePath, operations, json, isOlder, follow };
}

/** Up to 2.0 a parameter is its schema, but for `required`, which is no list then. */
function schemaOf(parameter: Json, resolve: (value: unknown) => Json): Json {
  if (parameter['schema'] !== undefined) return resolve(parameter['schema']);
  const { required: _required, ...schema } = parameter;
  return schema;
}

function isExploded({ in: place, style, explode, collectionFormat, schema }: Json): boolean {
  if (schema === undefined) return collectionFormat === 'multi';
  return place === 'query' && (typeof explode === 'boolean' ? explode : style === undefined || style === 'form');
}

/** JSON is read as such: that is ten times as fast. */
function parsed(source: string): unknown {
  if (source.trimStart().startsWith('{')) {
    try {
      return JSON.parse(source) as unknown;
    } catch {
      // YAML has such brackets, too.
    }
  }
  if (tooDeepYaml(source) >= 0) throw new Error(`the document is nested too deeply: at most ${deepestYaml} levels may stand in each other`);
  return parse(source, { maxAliasCount: 100 }) as unknown;
}

/** The schema of the first type that is JSON; without types the given one. */
function jsonSchemaOf(content: Json, otherwise: unknown): Json | null {
  const type = Object.keys(content).find((name) => isJsonType(mediaTypeOf(name)));
  const schema = type === undefined ? otherwise : object(content[type])['schema'];
  return schema === undefined ? null : object(schema);
}

function replyOf(reply: Json, resolve: (value: unknown) => Json): ApiReply {
  const headers = Object.entries(object(reply['headers'])).filter(([name, header]) => resolve(header)['required'] === true && name.toLowerCase() !== 'content-type');
  const content = object(reply['content']);
  return { types: Object.keys(content).join(','), requiredHeaders: headers.map(([name]) => name), schema: jsonSchemaOf(content, reply['schema']) };
}

/** The first example of each type, as a text. */
function examplesOf(reply: Json, resolve: (value: unknown) => Json): Record<string, string> {
  const examples: Record<string, string> = {};
  for (const [type, written] of Object.entries(object(resolve(reply)['content']))) {
    const content = object(written);
    const [named] = Object.values(object(content['examples']));
    const value = content['example'] ?? (named === undefined ? undefined : resolve(named)['value']);
    if (value !== undefined && value !== null) examples[type] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  return examples;
}

function serverOf(json: Json, version: string): { host: string | null; basePath: string } {
  if (version.startsWith('2')) {
    const host = text(json['host']);
    return { host: host === null ? null : `${String(list(json['schemes'])[0] ?? 'http')}://${host}`, basePath: text(json['basePath']) ?? '' };
  }
  // As in Camel, of several the last one.
  const server = object(list(json['servers']).findLast((one) => text(object(one)['url']) !== null));
  let url = text(server['url']) ?? '';
  for (const [name, variable] of Object.entries(object(server['variables']))) url = url.replaceAll(`{${name}}`, String(object(variable)['default'] ?? ''));
  const match = /^(https?:\/\/[^/]+)?(\/.*)?$/.exec(url);
  return { host: match?.[1] ?? null, basePath: (match?.[2] ?? '').replace(/\/$/, '') };
}
