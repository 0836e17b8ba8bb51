import { convertTo, isByteSource, readBytes, toText } from '../../core/convert.ts';
import { defineLanguage } from '../../core/definition.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange.ts';
import type { Expression } from '../../core/expression.ts';
import { ExpressionSyntaxError } from '../../core/expression.ts';
import { field } from '../../core/field.ts';
import { parseJson, writeJson } from '../../core/json.ts';
import { sourceReader } from '../../core/source.ts';
import { runJq } from './engine.ts';
import type { Bag } from '../../core/bag.ts';

/** Functions of Camel's, as definitions of jq that read the variable that they get with each message. */
const functions: readonly { readonly name: string; readonly definition: string; value(exchange: Exchange): unknown }[] = [
  { name: 'header', definition: 'def header($name): $camel.header[$name | ascii_downcase];', value: ({ headers }) => lowerCase(headers.toObject()) },
  { name: 'property', definition: 'def property($name): $camel.property[$name];', value: (exchange) => (exchange.hasProperties ? entriesOf(exchange.properties) : {}) },
  { name: 'variable', definition: 'def variable($name): $camel.variable[$name];', value: (exchange) => (exchange.hasVariables ? entriesOf(exchange.variables) : {}) },
  { name: 'body', definition: 'def body: $camel.body;', value: ({ body }) => body },
];

function entriesOf(bag: Bag): Record<string, unknown> {
  const entries: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  bag.forEach((name, value) => void (entries[name] = value));
  return entries;
}

const lowerCase = (record: Readonly<Record<string, unknown>>): Record<string, unknown> => Object.fromEntries(Object.entries(record).map(([name, value]) => [name.toLowerCase(), value]));

/** Values that jq can take: those that JSON has, all others as their texts. */
function jsonValue(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(jsonValue);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonValue(item)]));
  return toText(value);
}

async function documentText(value: unknown): Promise<string> {
  if (value === null || value === undefined) {
    throw new ExchangeError('org.apache.camel.InvalidPayloadException', 'No body available of type: com.fasterxml.jackson.databind.JsonNode on: Message. Exchange[]');
  }
  const read = isByteSource(value) ? await readBytes(value) : value;
  if (typeof read === 'number' || typeof read === 'boolean' || Array.isArray(read)) return writeJson(jsonValue(read));
  return writeJson(jsonValue(convertTo(read, 'com.fasterxml.jackson.databind.JsonNode')));
}

/** What Camel gives for the results: nothing, the one, or a list of them. */
function resultOf(output: string): unknown {
  const lines = output.split('\n').filter((line) => line !== '');
  if (lines.length === 0) return null;
  return lines.length === 1 ? parseJson(lines[0]!) : lines.map((line) => parseJson(line));
}

export const jq = defineLanguage({
  name: 'jq',
  summary: 'A jq filter of a JSON document. `header("x")`, `property("x")`, `variable("x")` and `body` reach the rest of the message.',
  options: {
    source: field.string('Where the document is, instead of the body: `header:x`, `property:x`, `variable:x`.'),
  },
  examples: [{ expression: '{total: ([.items[].price] | add)}', body: { items: [{ price: 1 }, { price: 2 }] }, gives: { total: 3 } }],
  expression: (source, options): Expression => {
    if (source.trim() === '') throw new ExpressionSyntaxError('there is no expression');
    // `constant(x)` takes its argument as it is written, which no function of jq does.
    const written = source.replace(/\bconstant\(\s*(?:"([^"]*)"|([\w.-]+))\s*\)/g, (_all, quoted?: string, bare?: string) => JSON.stringify(quoted ?? bare));
    const used = functions.filter(({ name }) => new RegExp(`(?<![\\w.$"])${name}\\b`).test(written));
    const filter = `${used.map(({ definition }) => definition).join(' ')} ${written}`.trim();
    const read = sourceReader(options.source);
    const evaluate = async (exchange: Exchange): Promise<unknown> => {
      const input = await documentText(read(exchange));
      const flags = used.length === 0 ? [] : ['--argjson', 'camel', writeJson(Object.fromEntries(used.map(({ name, value }) => [name, jsonValue(value(exchange))])))];
      return resultOf(await runJq(input, filter, flags));
    };
    return Object.assign(evaluate, { isAsync: true });
  },
});
