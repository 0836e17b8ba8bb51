import type { Field, Fields } from '../core/field.ts';
import type { ConnectorDefinition } from '../core/connector.ts';
import { elementsByName } from './elements/index.ts';
import { commonFields, languageCommon, takesCommon } from './fields.ts';
import type { Parts } from './parts.ts';
import { field } from '../core/field.ts';

export type Json = Readonly<Record<string, unknown>>;

/** `redeliveryPolicy` → `Redelivery Policy`. */
export const titleOf = (name: string): string => name.replace(/[-_]/g, ' ').replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/(^|\s)[a-z]/g, (letter) => letter.toUpperCase());

const types: Readonly<Record<string, readonly [type: string, javaType: string]>> = {
  string: ['string', 'java.lang.String'],
  reference: ['object', 'java.lang.Object'],
  boolean: ['boolean', 'boolean'],
  integer: ['integer', 'int'],
  number: ['number', 'double'],
  millis: ['duration', 'java.lang.String'],
  bytes: ['integer', 'long'],
  enum: ['enum', 'java.lang.String'],
  expression: ['object', 'org.apache.camel.model.language.ExpressionDefinition'],
  predicate: ['object', 'org.apache.camel.model.language.ExpressionDefinition'],
  steps: ['array', 'java.util.List'],
  endpoint: ['string', 'java.lang.String'],
  element: ['object', 'java.lang.Object'],
  list: ['array', 'java.util.List'],
  map: ['object', 'java.util.Map'],
  any: ['object', 'java.lang.Object'],
};

/** An option as the catalogue of Camel has it. */
function property({ shape }: Field, name: string, index: number, kind: string): Json {
  const [type, javaType] = types[shape.kind]!;
  const value = shape.default;
  return {
    index,
    kind,
    displayName: titleOf(name),
    group: 'common',
    label: '',
    required: shape.isRequired && value === undefined,
    type,
    javaType,
    ...(shape.values.length === 0 ? {} : { enum: shape.values }),
    deprecated: shape.deprecated !== null,
    ...(shape.deprecated === null ? {} : { deprecationNote: shape.deprecated }),
    autowired: false,
    secret: shape.isSecret,
    ...(['string', 'number', 'boolean'].includes(typeof value) && !shape.isSecret ? { defaultValue: value } : {}),
    ...(shape.kind === 'list' && shape.item!.shape.kind === 'element' ? { oneOf: Object.keys(shape.item!.shape.fields) } : {}),
    description: shape.description,
  };
}

const modelKind = ({ shape }: Field): string => (shape.kind === 'expression' || shape.kind === 'predicate' ? 'expression' : shape.kind === 'steps' || shape.kind === 'element' || shape.kind === 'list' || shape.kind === 'map' ? 'element' : 'attribute');

/** Its steps are `outputs` there. */
const properties = (fields: Fields, kindOf: (definition: Field) => string): Json =>
  Object.fromEntries(Object.entries(fields).map(([name, definition], index) => [name === 'steps' ? 'outputs' : name, property(definition, name === 'steps' ? 'outputs' : name, index, kindOf(definition))]));

const head = (kind: string, name: string, description: string): Json => ({ kind, name, title: titleOf(name), description, deprecated: false, label: kind === 'model' ? 'eip' : kind, supportLevel: 'Stable' });

function component({ scheme, summary, syntax, options, headers = {}, consumer, producer, isLenient, isRemote, aliases = [] }: ConnectorDefinition): Json {
  return {
    component: {
      ...head('component', scheme, summary),
      scheme,
      ...(aliases.length === 0 ? {} : { alternativeSchemes: [scheme, ...aliases].join(',') }),
      extendsScheme: '',
      syntax,
      async: true,
      api: false,
      consumerOnly: producer === undefined,
      producerOnly: consumer === undefined,
      lenientProperties: isLenient === true,
      browsable: false,
      remote: isRemote === true,
    },
    componentProperties: {},
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, description], index) => [name, { index, kind: 'header', displayName: '', group: 'common', label: '', required: false, javaType: 'Object', deprecated: false, deprecationNote: '', autowired: false, constantName: name, secret: false, description }]),
    ),
    properties: properties(options, ({ shape }) => (shape.isInPath ? 'path' : 'parameter')),
  };
}

export const modelDocument = (name: string, description: string, fields: Fields, isStep: boolean): Json => ({
  model: { ...head('model', name, description), abstract: false, input: isStep, output: Object.values(fields).some(({ shape }) => shape.kind === 'steps') },
  properties: properties(isStep || takesCommon(fields) ? { ...commonFields, ...fields } : fields, modelKind),
});

export interface CamelCatalog {
  readonly components: Readonly<Record<string, Json>>;
  readonly models: Readonly<Record<string, Json>>;
  readonly languages: Readonly<Record<string, Json>>;
  readonly dataformats: Readonly<Record<string, Json>>;
}

/** All parts in the form of Camel's own catalogue, one document a part, for tools that read that. */
export function camelCatalog(parts: Parts): CamelCatalog {
  const components = Object.values(parts.connectors).filter((definition, at, all) => all.indexOf(definition) === at);
  return {
    components: Object.fromEntries(components.map((definition) => [definition.scheme, component(definition)])),
    models: Object.fromEntries([
      ...Object.values(elementsByName).map(({ name, summary, options }) => [name, modelDocument(name, summary, options, false)] as const),
      ...Object.values(parts.eips).map(({ name, summary, options }) => [name, modelDocument(name, summary, options, true)] as const),
    ]),
    languages: Object.fromEntries(
      Object.values(parts.languages).map((definition) => {
        const { name, summary, options, sourceKey = 'expression', isSourceOptional } = definition;
        const source = field.string('The source text.');
        return [
          name,
          {
            language: { ...head('language', name, summary), modelName: name },
            properties: properties({ ...languageCommon(definition), [sourceKey]: isSourceOptional === true ? source : source.required(), ...options }, ({ shape }) => (shape.description === 'The source text.' ? 'value' : 'attribute')),
          },
        ];
      }),
    ),
    dataformats: Object.fromEntries(Object.values(parts.dataformats).map(({ name, summary, options }) => [name, { dataformat: { ...head('dataformat', name, summary), modelName: name }, properties: properties(options, modelKind) }])),
  };
}
