import { stringify } from 'yaml';
import type { ConnectorDefinition } from '../core/connector.ts';
import type { EipDefinition } from '../core/definition.ts';
import type { Field, Fields } from '../core/field.ts';
import { inlineDataFormat, inlineExpression } from './fields.ts';

/** Simple's way to say "the body". */
const anyBody = '${body}';

/** Options of a connector that a snippet names in comments. */
const shownOptions = 6;

/** A step as YAML, from the part's first example, else from what its options ask for: `- filter: ...`, with a line end after the last. */
export function stepSnippet(definition: EipDefinition, key = definition.name): string {
  for (const { route } of definition.examples ?? []) {
    const step = stepIn(route, key);
    if (step !== null) return step;
  }
  const value = required(definition.options, key);
  if (Object.keys(value).length === 0) {
    const [first] = Object.entries(definition.options).filter(([, { shape }]) => shape.noEffect === null && shape.kind === 'string');
    const bare = definition.isBare === true || first === undefined;
    return bare ? `- ${key}: {}\n` : stringify([{ [key]: { [first[0]]: first[1].shape.default ?? first[0] } }]);
  }
  return stringify([{ [key]: value }], { lineWidth: 0 });
}

/** The first step of a kind in the text of a route, moved to the left. */
function stepIn(route: string, key: string): string | null {
  const lines = route.split('\n');
  const start = lines.findIndex((line) => new RegExp(`^ *- ${key}:`).test(line));
  if (start < 0) return null;
  const indent = lines[start]!.indexOf('-');
  let end = start + 1;
  while (end < lines.length && (lines[end]!.trim() === '' || lines[end]!.search(/\S/) > indent)) end++;
  return `${lines
    .slice(start, end)
    .map((line) => line.slice(indent))
    .join('\n')
    .trimEnd()}\n`;
}

/** The options that must be there, with values that show their kind. */
function required(fields: Fields, key: string): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  const [expression, format] = [inlineExpression(fields), inlineDataFormat(fields)];
  for (const [name, field] of Object.entries(fields)) {
    if (!field.shape.isRequired || field.shape.default !== undefined) continue;
    if (name === expression) value['simple'] = anyBody;
    else if (name === format) value['json'] = {};
    else value[name] = example(field, name, key);
  }
  return value;
}

function example({ shape }: Field, name: string, key: string): unknown {
  switch (shape.kind) {
    case 'boolean':
      return true;
    case 'integer':
    case 'number':
      return shape.minimum ?? 1;
    case 'millis':
      return 1000;
    case 'bytes':
      return '1MB';
    case 'enum':
      return shape.values[0];
    case 'expression':
    case 'predicate':
      return { simple: anyBody };
    case 'steps':
      return [{ to: `mock:${key}` }];
    case 'endpoint':
      return `mock:${key}`;
    case 'reference':
      return '#name';
    case 'element':
      return required(shape.fields, key);
    case 'list':
      return [example(shape.item!, name, key)];
    case 'map':
      return {};
    default:
      return name;
  }
}

const optionsOf = (definition: ConnectorDefinition): readonly (readonly [string, Field])[] => Object.entries(definition.options).filter(([, { shape }]) => !shape.isInPath && shape.noEffect === null && shape.deprecated === null);

/** The options of an endpoint: those that must be there, and some others as comments with what they mean. */
function parameters(definition: ConnectorDefinition, indent: string): string {
  const all = optionsOf(definition);
  const wanted = all.filter(([, { shape }]) => shape.isRequired && shape.default === undefined);
  const lines = wanted.map(([name, field]) => `${name}: ${JSON.stringify(example(field, name, definition.scheme))}`);
  for (const [name, { shape }] of all) {
    if (lines.length >= shownOptions + wanted.length) break;
    if (wanted.some(([other]) => other === name)) continue;
    const value = shape.default === undefined ? '...' : typeof shape.default === 'object' ? JSON.stringify(shape.default) : String(shape.default);
    lines.push(`# ${name}: ${value}    ${shape.description}`);
  }
  return lines.map((line) => `${indent}${line}\n`).join('');
}

/** A route that consumes from an endpoint of a connector; null where it can't be consumed from. */
export function sourceSnippet(definition: ConnectorDefinition, id: string): string | null {
  if (definition.consumer === undefined) return null;
  return `- route:
    id: ${id}
    from:
      uri: "${uriOf(definition)}"
      parameters:
${parameters(definition, '        ')}      steps:
        - log: "\${body}"
`;
}

/** A step that sends to an endpoint of a connector; null where it can't be sent to. */
export function targetSnippet(definition: ConnectorDefinition): string | null {
  if (definition.producer === undefined) return null;
  return `- to:\n    uri: "${uriOf(definition)}"\n    parameters:\n${parameters(definition, '      ')}`;
}

/** The URI as the catalogue writes it, where the names of its parts stand for values. */
const uriOf = ({ syntax, options }: ConnectorDefinition): string => {
  const [scheme] = /^[\w.+-]+:(\/\/)?/.exec(syntax)!;
  const path = syntax.slice(scheme.length);
  const needed = Object.entries(options).filter(([, { shape }]) => shape.isInPath);
  const examples: Readonly<Record<string, string>> = { host: 'localhost', port: '8080', path: '/path', httpUri: 'localhost:8080/path', method: 'get', operation: 'marshal', languageName: 'simple' };
  const parts = path.split(/([/:.])/).map((piece) => examples[piece] ?? enumValue(needed, piece) ?? piece);
  // An example path brings its slash along.
  return `${scheme}${parts.join('').replace(/([^:])\/\//g, '$1/')}`;
};

const enumValue = (fields: readonly (readonly [string, Field])[], name: string): string | undefined => fields.find(([key, { shape }]) => key === name && shape.kind === 'enum')?.[1].shape.values[0];
