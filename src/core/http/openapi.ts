import { parse } from 'yaml';
import { isPlainMap } from '../conversion/plainValue.ts';

type Json = Readonly<Record<string, unknown>>;

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
  /** JSON schema of a JSON body, self-contained; null where the document has none. */
  readonly bodySchema: Json | null;
  /** By code: also `2XX` and `default`. */
  readonly replies: Readonly<Record<string, ApiReply>>;
  /** Of the first reply that is a success and has one. */
  readonly example: ApiExample | null;
}

export interface ApiReply {
  /** Media types, separated by commas; empty: the document does not say. */
  readonly types: string;
  readonly requiredHeaders: readonly string[];
  /** Schema of a JSON body, with what it refers to. */
  readonly schema: Json | null;
}

export interface ApiExample {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export interface ApiParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header' | 'cookie';
  readonly isRequired: boolean;
  readonly schema: Json;
  readonly isArray: boolean;
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
  const json = object(parse(source, { maxAliasCount: 100 }) as unknown);
  const version = text(json['openapi']) ?? text(json['swagger']);
  if (version === null) throw new Error('this is no OpenAPI document: it has neither `openapi` nor `swagger`');
  if (!/^(?:2\.0|3\.[01])/.test(version)) throw new Error(`OpenAPI ${version} can not be read: 2.0, 3.0 and 3.1 can`);

  const resolve = (value: unknown): Json => {
    let found = object(value);
    for (let i = 0; typeof found['$ref'] === 'string'; i++) {
      const reference = found['$ref'];
      if (!reference.startsWith('#/') || i > longestChain) throw new Error(`the reference \`${reference}\` can not be followed: it must lead into the document itself`);
      let target: unknown = json;
      for (const part of reference.slice(2).split('/')) target = object(target)[decodeURIComponent(part).replace(/~1/g, '/').replace(/~0/g, '~')];
      if (target === undefined) throw new Error(`the reference \`${reference}\` leads nowhere`);
      found = object(target);
    }
    return found;
  };
  /** A schema with what it refers to beside it, and no more: each operation carries its own. */
  const selfContained = (schema: Json): Json => {
    const whole: Record<string, unknown> = { ...schema };
    const seen = new Set<string>();
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      const reference = (value as Json)['$ref'];
      if (typeof reference === 'string' && reference.startsWith('#/') && !seen.has(reference)) {
        seen.add(reference);
        const parts = reference.slice(2).split('/').map((part) => decodeURIComponent(part).replace(/~1/g, '/').replace(/~0/g, '~'));
        let target: unknown = json;
        for (const part of parts) target = object(target)[part];
        let place = whole;
        for (const part of parts.slice(0, -1)) {
          const there: unknown = place[part];
          place = (place[part] = Array.isArray(there) ? [...(there as unknown[])] : { ...object(there) }) as Record<string, unknown>;
        }
        const last = parts.at(-1)!;
        // Part of it may be there, since something else refers to that.
        if (target !== undefined) place[last] = completed(place[last], target);
        visit(target);
      }
      for (const item of Object.values(value)) visit(item);
    };
    visit(schema);
    return whole;
  };
  const draft = version.startsWith('3.1') ? 'https://json-schema.org/draft/2020-12/schema' : 'http://json-schema.org/draft-04/schema#';

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
      const jsonType = Object.keys(content).find((type) => /[/+]json\b/.test(type));
      const schema = jsonType === undefined ? inBody?.['schema'] : object(content[jsonType])['schema'];
      const replies = Object.values(object(operation['responses'])).map(resolve);
      operations.push({
        id: text(operation['operationId']),
        method: method.toUpperCase(),
        path,
        consumes: version.startsWith('2') ? list(operation['consumes'] ?? json['consumes']).map(String) : Object.keys(content),
        produces: version.startsWith('2') ? list(operation['produces'] ?? json['produces']).map(String) : [...new Set(replies.flatMap((reply) => Object.keys(object(reply['content']))))],
        parameters: [...all.values()]
          .filter((parameter) => ['path', 'query', 'header', 'cookie'].includes(String(parameter['in'])))
          .map((parameter) => {
            const own = resolve(parameter['schema'] ?? parameter);
            return { name: String(parameter['name']), in: parameter['in'] as ApiParameter['in'], isRequired: parameter['required'] === true || parameter['in'] === 'path', schema: selfContained(own), isArray: own['type'] === 'array' };
          }),
        requiresBody: body?.['required'] === true || inBody?.['required'] === true,
        bodySchema: schema === undefined ? null : { $schema: draft, ...selfContained(object(schema)) },
        replies: Object.fromEntries(Object.entries(object(operation['responses'])).map(([code, reply]) => [code, replyOf(resolve(reply), resolve, (schema) => ({ $schema: draft, ...selfContained(schema) }))])),
        example: exampleOf(object(operation['responses']), resolve),
      });
    }
  }
  const { host, basePath } = serverOf(json, version);
  const info = object(json['info']);
  return { title: text(info['title']) ?? '', version: text(info['version']) ?? '', host, basePath, operations, json };
}

function replyOf(reply: Json, resolve: (value: unknown) => Json, whole: (schema: Json) => Json): ApiReply {
  const headers = Object.entries(object(reply['headers'])).filter(([name, header]) => resolve(header)['required'] === true && name.toLowerCase() !== 'content-type');
  const content = object(reply['content']);
  const jsonType = Object.keys(content).find((type) => /[/+]json\b/.test(type));
  const schema = jsonType === undefined ? reply['schema'] : object(content[jsonType])['schema'];
  return { types: Object.keys(content).join(','), requiredHeaders: headers.map(([name]) => name), schema: schema === undefined ? null : whole(object(schema)) };
}

function exampleOf(responses: Json, resolve: (value: unknown) => Json): ApiExample | null {
  for (const [code, response] of Object.entries(responses)) {
    if (!/^2/.test(code)) continue;
    for (const [type, written] of Object.entries(object(resolve(response)['content']))) {
      const content = object(written);
      const [named] = Object.values(object(content['examples']));
      const value = content['example'] ?? (named === undefined ? undefined : resolve(named)['value']) ?? (content['schema'] === undefined ? undefined : resolve(content['schema'])['example']);
      if (value !== undefined) return { status: /^2\d\d$/.test(code) ? Number(code) : 200, type, body: typeof value === 'string' ? value : JSON.stringify(value) };
    }
  }
  return null;
}

function serverOf(json: Json, version: string): { host: string | null; basePath: string } {
  if (version.startsWith('2')) {
    const host = text(json['host']);
    return { host: host === null ? null : `${String(list(json['schemes'])[0] ?? 'http')}://${host}`, basePath: text(json['basePath']) ?? '' };
  }
  const server = object(list(json['servers'])[0]);
  let url = text(server['url']) ?? '';
  for (const [name, variable] of Object.entries(object(server['variables']))) url = url.replaceAll(`{${name}}`, String(object(variable)['default'] ?? ''));
  const match = /^(https?:\/\/[^/]+)?(\/.*)?$/.exec(url);
  return { host: match?.[1] ?? null, basePath: (match?.[2] ?? '').replace(/\/$/, '') };
}

/** What is there already, with all that it lacks. What is there was copied, unless it is complete. */
function completed(there: unknown, whole: unknown): unknown {
  if (there === undefined || !isPlainMap(there) || !isPlainMap(whole)) return whole;
  return { ...whole, ...Object.fromEntries(Object.entries(there).map(([key, value]) => [key, value === whole[key] || whole[key] === undefined ? value : completed(value, whole[key])])) };
}
