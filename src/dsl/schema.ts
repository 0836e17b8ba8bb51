import type { Field, Fields, FieldShape } from '../core/field.ts';
import { field } from '../core/field.ts';
import { camelDataFormats, camelLanguages, camelSteps } from './camelNames.ts';
import { fromFields } from './elements/from.ts';
import { elementsByName } from './elements/index.ts';
import { commonFields, inlineDataFormat, inlineExpression, languageCommon, requiredOptions, takesCommon } from './fields.ts';
import { routeScopedNames } from './model.ts';
import type { Parts } from './parts.ts';

/** A JSON Schema, or a piece of one. */
export type JsonSchema = { readonly [key: string]: unknown };

const ref = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` });
const scalar = ['string', 'number', 'boolean'];
const placeholder: JsonSchema = { type: 'string', pattern: '\\{\\{' };

/** Letter case, dashes and underscores do not matter in an enum's values. */
const anyCase = (values: readonly string[]): string => {
  const loose = (value: string): string => value.replace(/[-_]/g, '').replace(/[A-Za-z]/g, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`).replace(/(?<=\])(?=\[)|(?<=\d)(?=\[)/g, '[-_]?');
  return `^\\s*(?:${values.map(loose).join('|')})\\s*$`;
};

/** Camel's schema asks for steps only there, and only there may what applies to the whole route stand among them. */
const beginsRoute = (fields: Fields): boolean => fields === fromFields;

/** A file that is one mapping, such as a test file. */
export interface MappingFile {
  readonly title: string;
  readonly description: string;
  readonly fields: Fields;
}

/**
 * JSON Schema (2020-12) of route files (or of another kind of file), made from the definitions: for editors, and for checks outside of this
 * program.
 */
export function jsonSchema(parts: Parts, file: MappingFile | null = null): JsonSchema {
  const defs: Record<string, JsonSchema> = {};
  // What Camel has and this program has not yet is no mistake in the document: `mecha validate` says that it does not run.
  const alsoInCamel = (known: object, names: Iterable<string>): string[] => [...names].filter((name) => !Object.hasOwn(known, name));
  const otherSteps = alsoInCamel(parts.eips, file === null ? camelSteps : []);
  const otherLanguages = alsoInCamel(parts.languages, file === null ? camelLanguages : []);
  const otherFormats = alsoInCamel({ ...parts.dataformats, custom: true }, file === null ? camelDataFormats : []);
  const languageKeys = [...Object.keys(parts.languages), ...otherLanguages];
  const formatKeys = [...Object.keys(parts.dataformats), ...otherFormats];

  const described = ({ description, default: value, deprecated, noEffect, isSecret }: FieldShape, schema: JsonSchema): JsonSchema => ({
    // Editors show the description, but not the default.
    description: `${description}${noEffect === null ? '' : ` Has no effect here: ${noEffect}.`}${deprecated === null ? '' : ` Deprecated: ${deprecated}.`}${['string', 'number', 'boolean'].includes(typeof value) && !isSecret ? ` Default: \`${String(value)}\`.` : ''}`,
    ...(['string', 'number', 'boolean'].includes(typeof value) ? { default: value } : {}),
    ...(deprecated === null ? {} : { deprecated: true }),
    ...(isSecret ? { writeOnly: true } : {}),
    ...schema,
  });

  const bounds = ({ minimum, maximum }: FieldShape): JsonSchema => ({ ...(minimum === null ? {} : { minimum }), ...(maximum === null ? {} : { maximum }) });

  const value = (definition: Field, key: string): JsonSchema => described(definition.shape, valueOnly(definition, key));

  const valueOnly = ({ shape }: Field, key: string): JsonSchema => {
    switch (shape.kind) {
      case 'string':
        return { type: [...scalar, 'null'] };
      case 'reference':
        return { type: 'string' };
      case 'boolean':
        return { anyOf: [{ type: 'boolean' }, { type: 'string', pattern: '^\\s*([tT][rR][uU][eE]|[fF][aA][lL][sS][eE])\\s*$' }, placeholder] };
      case 'integer':
        return { anyOf: [{ type: 'integer', ...bounds(shape) }, { type: 'string', pattern: '^\\s*[+-]?\\d+\\s*$' }, placeholder] };
      case 'number':
        return { anyOf: [{ type: 'number', ...bounds(shape) }, { type: 'string', pattern: '^\\s*[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?\\s*$' }, placeholder] };
      case 'millis':
        return { anyOf: [{ type: 'integer', ...bounds(shape) }, { type: 'string', pattern: '^\\s*([+-]?\\d+|(\\d+[a-zA-Z]+)+|-?[pP].+)\\s*$' }, placeholder] };
      case 'bytes':
        return { anyOf: [{ type: 'integer', ...bounds(shape) }, { type: 'string', pattern: '^\\s*[+-]?\\d+\\s*[kKmMgG]?[bB]?\\s*$' }, placeholder] };
      case 'enum':
        return { anyOf: [{ enum: shape.values }, { type: 'string', pattern: anyCase(shape.values) }, placeholder] };
      case 'expression':
      case 'predicate':
        return ref('expression');
      case 'steps':
        return ref('steps');
      case 'endpoint':
        return { anyOf: [{ type: 'string' }, ref('endpoint')] };
      case 'element':
        return shape.catalog === 'dataformats' ? ref('dataFormat') : withShorthand(shape.fields, shape.shorthand, part(shape.fields, key));
      case 'list': {
        const item = shape.item!;
        // Several formats may stand in one mapping there, as Camel's schema has it.
        const many: JsonSchema = { type: 'array', items: item.shape.catalog === 'dataformats' ? ref('dataFormatItem') : value(item, key) };
        return ['element', 'list', 'map', 'steps', 'expression', 'predicate'].includes(item.shape.kind) ? many : { anyOf: [many, { type: scalar }] };
      }
      case 'map':
        return { type: ['object', 'null'], additionalProperties: value(shape.item!, key) };
      case 'any':
        return {};
    }
  };

  // Elements that several others have (such as redeliveryPolicy) stand in the schema once.
  const places = new Map<Fields, string>();
  const part = (fields: Fields, key: string): JsonSchema => {
    let name = places.get(fields);
    if (name === undefined) {
      name = `part.${key}`;
      for (let n = 2; Object.hasOwn(defs, name); n++) name = `part.${key}${n}`;
      places.set(fields, name);
      defs[name] = {};
      defs[name] = object(fields, takesCommon(fields));
    }
    return ref(name);
  };

  /** An element as a mapping, or as the text (or list) that stands for one of its fields. */
  const withShorthand = (fields: Fields, shorthand: string | null, mapping: JsonSchema): JsonSchema => {
    const short = shorthand === null ? undefined : fields[shorthand];
    const forms = [mapping, ...(short === undefined ? [] : [short.shape.kind === 'endpoint' ? { type: 'string' } : valueOnly(short, shorthand!)])];
    return forms.length === 1 ? mapping : { anyOf: forms };
  };

  const object = (fields: Fields, hasCommon: boolean): JsonSchema => {
    const properties: Record<string, JsonSchema> = {};
    const required: string[] = [];
    const rules: JsonSchema[] = [];
    const expressionField = inlineExpression(fields);
    const formatField = inlineDataFormat(fields);
    for (const [key, definition] of Object.entries(fields)) {
      const { shape } = definition;
      const isRequired = shape.isRequired && shape.default === undefined;
      if (key === expressionField) {
        properties[key] = described(shape, ref('expression'));
        for (const language of languageKeys) properties[language] ??= ref(`language.${language}`);
        rules.push(ref(isRequired ? 'oneExpression' : 'atMostOneExpression'));
        continue;
      }
      if (key === formatField) {
        for (const format of formatKeys) properties[format] = ref(`dataFormat.${format}`);
        properties['custom'] ??= ref('dataFormat.custom');
        if (isRequired) rules.push(ref('oneDataFormat'));
        continue;
      }
      if (shape.kind === 'endpoint' && !Object.hasOwn(fields, 'parameters')) properties['parameters'] = ref('parameters');
      if (shape.kind === 'steps' && beginsRoute(fields)) properties[key] = described(shape, ref('routeSteps'));
      else properties[key] = shape.kind === 'endpoint' && key === 'uri' ? described(shape, { type: 'string' }) : value(definition, key);
      if (isRequired && (shape.kind !== 'steps' || beginsRoute(fields))) required.push(key);
    }
    if (hasCommon) for (const [key, definition] of Object.entries(commonFields)) properties[key] ??= value(definition, key);
    return { type: 'object', properties, ...(required.length === 0 ? {} : { required }), additionalProperties: false, ...(rules.length === 0 ? {} : { allOf: rules }) };
  };

  for (const [name, { summary, options, shorthand }] of Object.entries(parts.eips)) {
    defs[`step.${name}`] = { description: summary, ...withShorthand(options, shorthand ?? null, object(options, true)) };
  }
  for (const [name, definition] of Object.entries(parts.languages)) {
    const { summary, options, isSourceOptional, sourceKey = 'expression' } = definition;
    const source = field.string('The source text.');
    const fields: Fields = { ...languageCommon(definition), ...options, [sourceKey]: isSourceOptional === true ? source : source.required() };
    defs[`language.${name}`] = { description: summary, ...(requiredOptions(definition).length > 0 ? object(fields, false) : { anyOf: [{ type: [...scalar, 'null'] }, object(fields, false)] }) };
  }
  for (const [name, { summary, options, shorthand }] of Object.entries(parts.dataformats)) {
    defs[`dataFormat.${name}`] = { description: summary, ...withShorthand(options, shorthand ?? null, object(options, true)) };
  }
  defs['dataFormat.custom'] ??= { description: 'A data format by the id or name that it has elsewhere.', anyOf: [{ type: 'string' }, object({ ref: field.string('Its name.').required() }, true)] };
  for (const [name, { summary, options, shorthand }] of Object.entries(elementsByName)) {
    defs[`element.${name}`] = { description: summary, ...withShorthand(options, shorthand ?? null, object(options, false)) };
  }

  for (const [kind, others] of [['step', otherSteps], ['language', otherLanguages], ['dataFormat', otherFormats]] as const) {
    for (const name of others) defs[`${kind}.${name}`] = { description: 'Camel has it; it does not run here yet.', type: ['object', ...scalar, 'null'] };
  }

  const keyed = (prefix: string, names: readonly string[]): Record<string, JsonSchema> => Object.fromEntries(names.map((name) => [name, ref(`${prefix}.${name}`)]));
  const eitherKey = (names: readonly string[]): JsonSchema[] => names.map((name) => ({ required: [name] }));
  const oneKey = (prefix: string, names: readonly string[]): JsonSchema => ({ type: 'object', properties: keyed(prefix, names), minProperties: 1, maxProperties: 1, additionalProperties: false });

  const formats = [...new Set([...formatKeys, 'custom'])];
  defs['step'] = oneKey('step', [...Object.keys(parts.eips), ...otherSteps]);
  defs['steps'] = { type: 'array', items: ref('step') };
  defs['routeSteps'] = { type: 'array', items: { anyOf: [ref('step'), oneKey('element', routeScopedNames)] } };
  defs['expression'] = {
    description: 'An expression: the name of a language with its source text.',
    type: 'object',
    properties: { ...keyed('language', languageKeys), expression: ref('expression'), id: { type: 'string' }, description: { type: 'string' }, note: { type: 'string' } },
    additionalProperties: false,
    minProperties: 1,
  };
  defs['oneExpression'] = { oneOf: eitherKey(['expression', ...languageKeys]) };
  defs['atMostOneExpression'] = { anyOf: [ref('oneExpression'), { not: { anyOf: eitherKey(['expression', ...languageKeys]) } }] };
  defs['dataFormat'] = oneKey('dataFormat', formats);
  const { maxProperties: _one, ...severalFormats } = oneKey('dataFormat', formats);
  defs['dataFormatItem'] = severalFormats;
  defs['oneDataFormat'] = { anyOf: eitherKey(formats) };
  defs['parameters'] = { description: 'Options of the endpoint.', type: ['object', 'null'], additionalProperties: { type: [...scalar, 'null', 'object'], additionalProperties: { type: [...scalar, 'null'] } } };
  defs['endpoint'] = object({ uri: field.endpoint('URI of the endpoint.').required(), pattern: field.string('Pattern of the exchange.'), variableSend: field.string('Variable to send.'), variableReceive: field.string('Variable for the reply.') }, true);
  defs['element'] = oneKey('element', Object.keys(elementsByName));
  defs['elements'] = { type: 'array', items: ref('element') };
  defs['pipeEnd'] = {
    type: 'object',
    properties: { uri: { type: 'string' }, ref: { type: 'object', properties: { kind: { type: 'string' }, name: { type: 'string' }, apiVersion: { type: 'string' } }, required: ['kind', 'name'] }, properties: { type: 'object' } },
    anyOf: [{ required: ['uri'] }, { required: ['ref'] }],
  };
  defs['resource'] = {
    description: 'A Kubernetes resource of Camel K.',
    type: 'object',
    required: ['kind', 'spec'],
    properties: { apiVersion: { type: 'string' }, kind: { enum: ['Integration', 'Kamelet', 'Pipe', 'KameletBinding'] }, metadata: { type: 'object' } },
    allOf: [
      resourceOf(['Integration'], { type: 'object', required: ['flows'], properties: { flows: ref('elements') } }),
      resourceOf(['Kamelet'], { type: 'object', required: ['template'], properties: { definition: { type: 'object' }, template: { type: 'object' } } }),
      resourceOf(['Pipe', 'KameletBinding'], { type: 'object', required: ['source', 'sink'], properties: { source: ref('pipeEnd'), sink: ref('pipeEnd'), steps: { type: 'array', items: ref('pipeEnd') }, errorHandler: { type: 'object' } } }),
    ],
  };
  if (file !== null) {
    const root = { title: file.title, description: file.description, ...object(file.fields, false) };
    return { $schema: 'https://json-schema.org/draft/2020-12/schema', ...root, $defs: reachable(root, defs) };
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Routes',
    description: 'A file of routes: a list of elements, or a resource of Camel K.',
    anyOf: [ref('elements'), ref('resource')],
    $defs: defs,
  };
}

/** The definitions that a schema refers to, directly or through others. */
function reachable(root: JsonSchema, defs: Readonly<Record<string, JsonSchema>>): Record<string, JsonSchema> {
  const found: Record<string, JsonSchema> = {};
  const open = [root];
  while (open.length > 0) {
    for (const [, name] of JSON.stringify(open.pop()).matchAll(/"#\/\$defs\/([^"]+)"/g)) {
      if (found[name!] !== undefined) continue;
      found[name!] = defs[name!]!;
      open.push(defs[name!]!);
    }
  }
  return found;
}

const resourceOf = (kinds: readonly string[], spec: JsonSchema): JsonSchema => ({ if: { properties: { kind: { enum: kinds } } }, then: { properties: { spec } } });
