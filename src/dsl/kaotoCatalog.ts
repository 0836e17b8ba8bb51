import type { Field, Fields } from '../core/field.ts';
import type { Json } from './camelCatalog.ts';
import { camelCatalog, modelDocument, titleOf } from './camelCatalog.ts';
import { elementsByName } from './elements/index.ts';
import { commonFields } from './fields.ts';
import type { Parts } from './parts.ts';
import { jsonSchema } from './schema.ts';

const schemaTypes: Readonly<Record<string, Json>> = {
  boolean: { type: 'boolean' },
  integer: { type: 'integer' },
  bytes: { type: 'integer' },
  number: { type: 'number' },
  millis: { type: 'string', format: 'duration' },
  expression: { type: 'object', format: 'expression' },
  predicate: { type: 'object', format: 'expression' },
  steps: { type: 'array', items: { type: 'object' } },
  list: { type: 'array', items: {} },
  map: { type: 'object', additionalProperties: true },
  element: { type: 'object' },
  any: {},
};

/** What a form is made from. */
function formSchema(title: string, description: string, fields: Fields): Json {
  const one = ([name, { shape }]: [string, Field]): [string, Json] => [
    name,
    {
      title: titleOf(name),
      description: shape.description,
      ...(schemaTypes[shape.kind] ?? { type: 'string' }),
      ...(shape.values.length === 0 ? {} : { enum: shape.values }),
      ...(shape.kind === 'element' ? { properties: Object.fromEntries(Object.entries(shape.fields).map(one)) } : {}),
      ...(['string', 'number', 'boolean'].includes(typeof shape.default) && !shape.isSecret ? { default: shape.kind === 'millis' ? String(shape.default) : shape.default } : {}),
      ...(shape.deprecated === null ? {} : { deprecated: true }),
      ...(shape.isSecret ? { format: 'password' } : {}),
      $comment: 'group:common',
    },
  ];
  const required = Object.entries(fields).flatMap(([name, { shape }]) => (shape.isRequired && shape.default === undefined ? [name] : []));
  return { $schema: 'http://json-schema.org/draft-07/schema#', title, description, type: 'object', additionalProperties: false, properties: Object.fromEntries(Object.entries(fields).map(one)), ...(required.length === 0 ? {} : { required }) };
}

interface Document {
  readonly properties: Json;
  readonly [key: string]: Json;
}

/** Languages and data formats are models to Kaoto. */
const asModel = (document: Document, root: string, fields: Fields): Json => {
  const { modelName: _, ...head } = document[root]!;
  return {
    model: { ...head, kind: 'model', javaType: `mecha.${String(head['name'])}`, abstract: false, input: false, output: false },
    properties: document.properties,
    propertiesSchema: formSchema(String(head['title']), String(head['description']), fields),
  };
};

const withForm = (document: Json, fields: Fields): Json => {
  const { model } = document as { model: Json };
  return { ...document, model: { ...model, javaType: `mecha.${String(model['name'])}` }, propertiesSchema: formSchema(String(model['title']), String(model['description']), fields) };
};

/**
 * All parts as Kaoto, the visual editor of Camel, loads them: files by their path, of which `index.json` is the one to point it at.
 * @param version this program's
 * @param camelVersion of the Camel whose routes these are
 */
export function kaotoCatalog(parts: Parts, version: string, camelVersion: string): ReadonlyMap<string, Json> {
  const { components, models, languages, dataformats } = camelCatalog(parts) as unknown as Record<string, Readonly<Record<string, Document>>>;
  const mapped = <T>(items: Readonly<Record<string, T>>, make: (item: T, name: string) => Json): Json => Object.fromEntries(Object.entries(items).map(([name, item]) => [name, make(item, name)]));
  const elements = Object.values(elementsByName);
  const balancers = Object.fromEntries(Object.entries(parts.eips['loadBalance']?.options ?? {}).filter(([name, { shape }]) => name.endsWith('LoadBalancer') && shape.kind === 'element'));
  const catalogs: Readonly<Record<string, Json>> = {
    components: mapped(components!, (document, scheme) => {
      const connector = parts.connectors[scheme]!;
      return {
        ...document,
        component: { ...document['component'], javaType: `mecha.${scheme}`, groupId: 'mecha-runtime', artifactId: 'mecha-runtime', version, firstVersion: version },
        propertiesSchema: formSchema(titleOf(scheme), connector.summary, connector.options),
      };
    }),
    dataformats: mapped(dataformats!, (document, name) => asModel(document, 'dataformat', (Object.values(parts.dataformats).find((format) => format.name === name) ?? parts.dataformats[name]!).options)),
    languages: mapped(languages!, (document, name) => asModel(document, 'language', (Object.values(parts.languages).find((language) => language.name === name) ?? parts.languages[name]!).options)),
    entities: Object.fromEntries(elements.map(({ name, options }) => [name === 'beans' ? 'bean' : name, withForm(models![name]!, options)])),
    patterns: Object.fromEntries(Object.values(parts.eips).map(({ name, options }) => [name, withForm(models![name]!, { ...commonFields, ...options })])),
    loadbalancers: mapped(balancers, ({ shape }, name) => withForm(modelDocument(name, shape.description, shape.fields, false), shape.fields)),
    models: mapped(models!, (document) => ({ ...document, model: { ...document['model'], javaType: `mecha.${String(document['model']!['name'])}` } })),
    kamelets: {},
    kameletBoundaries: {},
    functions: {},
  };
  const entry = (name: string, description: string, file: string): Json => ({ name, description, version, file });
  const versions = { executorVersion: camelVersion, cliVersion: camelVersion, camelCatalogVersion: camelVersion, runtimeProviderVersion: null, frameworkVersion: null };
  const own = { name: `Mecha ${version}`, version, runtime: 'Main', ...versions };
  const templates = { ...own, name: 'Starter templates', executorVersion: null, cliVersion: null, camelCatalogVersion: null, runtime: 'StarterTemplates', catalogs: {}, schemas: {} };
  return new Map<string, Json>([
    ['index.json', { version: 3, name: 'Mecha', definitions: [{ ...own, fileName: 'mecha/index.json' }], starterTemplates: 'starter-templates/index.json' }],
    ['starter-templates/index.json', templates],
    [
      'mecha/index.json',
      {
        ...own,
        catalogs: Object.fromEntries(Object.keys(catalogs).map((name) => [name, entry(name, `Aggregated catalog for ${name}`, `${name}.json`)])),
        schemas: { camelYamlDsl: entry('camelYamlDsl', 'JSON Schema of routes', 'camelYamlDsl.json') },
      },
    ],
    ...Object.entries(catalogs).map(([name, documents]) => [`mecha/${name}.json`, documents] as const),
    ['mecha/camelYamlDsl.json', jsonSchema(parts)],
  ]);
}
