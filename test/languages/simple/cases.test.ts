import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { toText } from '../../../src/core/conversion/convert.ts';
import { ExchangeError, qualifiedClassName } from '../../../src/core/errors.ts';
import type { Exchange } from '../../../src/core/exchange/exchange.ts';
import type { LanguageContext } from '../../../src/core/expression.ts';
import { ExpressionSyntaxError } from '../../../src/core/expression.ts';
import { exchangeWith, simpleContext } from './simpleContext.ts';

const folder = new URL('../../compat/cases/', import.meta.url);

type Options = Readonly<Record<string, unknown>>;
type Step = Readonly<Record<string, Options>>;
type Run = (exchange: Exchange) => void;

interface Case {
  readonly properties?: Readonly<Record<string, string>>;
  readonly routes: readonly { readonly from?: { readonly uri: string; readonly steps: readonly Step[] } }[];
  readonly send: readonly { readonly to: string; readonly body: unknown; readonly headers?: Options; readonly properties?: Options; readonly variables?: Options }[];
}

interface Reply {
  readonly body: unknown;
  readonly headers: Options;
  readonly exception: { readonly type: string } | null;
}

/** Functions in other languages, such as jsonpath, whose own cases show that it works. */
const absent = /\$\{(?:int:)?(?:jq|xpath|jsonpath)\(/;

/** The few steps that the cases about Simple are made of. */
function compile(step: Step, context: LanguageContext): Run {
  const [kind, options] = Object.entries(step)[0]!;
  if (kind === 'filter') {
    const matches = context.predicate('simple', options.simple as string);
    const inner = (options.steps as Step[]).map((child) => compile(child, context));
    return (exchange) => {
      if (matches(exchange)) for (const run of inner) run(exchange);
    };
  }
  const value = valueOf(options, context);
  if (value === null) return () => {};
  const name = String(options.name);
  switch (kind) {
    case 'setHeader':
      return (exchange) => exchange.headers.set(name, value(exchange));
    case 'setProperty':
      return (exchange) => exchange.properties.set(name, value(exchange));
    case 'setBody':
      return (exchange) => {
        exchange.body = value(exchange);
      };
    default:
      throw new Error(`no step ${kind} in these cases`);
  }
}

function valueOf(options: Options, context: LanguageContext): ((exchange: Exchange) => unknown) | null {
  if (options.constant !== undefined) return () => options.constant;
  const given = options.simple as string | Options;
  const source = typeof given === 'string' ? given : (given.expression as string);
  if (absent.test(source)) return null;
  return context.expression('simple', source.replaceAll('{{greeting}}', 'Hello').replaceAll('{{?nokey}}', '').trim(), typeof given === 'string' ? {} : given);
}

/** A value as the recorded answers show it. */
function shown(value: unknown): unknown {
  if (value instanceof Set) return [...value].map(shown);
  if (value instanceof Uint8Array || value instanceof Error) return toText(value);
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== 'object' || value === null) return value ?? null;
  const prototype = Object.getPrototypeOf(value) as unknown;
  // The oracle shows a class by its name alone.
  if (prototype !== null && prototype !== Object.prototype) return toText(value)?.replace(/^class /, '');
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shown(item)]));
}

/** Null entries of `map` values and `<iterator>` stand for anything. */
function expectSame(actual: unknown, expected: unknown, what: string): void {
  if (expected === '<iterator>' || expected === '<id>') return;
  expect(shown(actual), what).to.deep.equal(expected);
}

function play(name: string): void {
  const text = readFileSync(new URL(`${name}.yaml`, folder), 'utf8');
  const sample = parse(text) as Case;
  const expected = JSON.parse(readFileSync(new URL(`${name}.expected.json`, folder), 'utf8')) as { startupError: unknown; replies: Reply[] };
  const context = simpleContext({ properties: sample.properties ?? {}, beans: { text: 'bean text' } });
  const routes = new Map<string, Run[]>();
  const load = (): void => {
    for (const { from } of sample.routes) {
      if (from !== undefined)
        routes.set(
          from.uri,
          from.steps.map((step) => compile(step, context)),
        );
    }
  };
  if (expected.startupError !== null) {
    expect(load).to.throw(ExpressionSyntaxError);
    return;
  }
  load();
  sample.send.forEach((message, i) => {
    const reply = expected.replies[i]!;
    if (Object.values(message.headers ?? {}).some((value) => typeof value === 'string' && absent.test(value))) return;
    // JavaScript can't tell 5.0 from 5.
    if (text.includes('body: 5.0') && message.body === 5 && message.headers === undefined) return;
    const exchange = exchangeWith({ ...message, body: message.body ?? null });
    const failure = outcome(() => {
      for (const run of routes.get(message.to)!) run(exchange);
    });
    const what = `${message.to} ${JSON.stringify(message.headers ?? message.body)}`;
    expect(failure?.name ?? null, `${what}: exception`).to.equal(reply.exception === null ? null : simpleName(reply.exception.type));
    if (reply.exception !== null) return;
    expectSame(exchange.body, reply.body, `${what}: body`);
    for (const [header, value] of Object.entries(reply.headers)) {
      // As long as the count of ids that were made before.
      if (name === 'simple-misc' && header === 'e09') expect(exchange.headers.get(header)).to.be.within(20, 30);
      else if (exchange.headers.has(header)) expectSame(exchange.headers.get(header), value, `${what}: ${header}`);
    }
  });
}

const simpleName = (type: string): string => qualifiedClassName(type).replace(/^.*[.$]/, '');

function outcome(run: () => void): ExchangeError | null {
  try {
    run();
    return null;
  } catch (thrown) {
    if (thrown instanceof ExchangeError) return thrown;
    throw thrown;
  }
}

describe('simple gives what Camel gives', () => {
  const names = readdirSync(folder)
    .filter((file) => /^simple-.*\.yaml$/.test(file))
    .map((file) => file.slice(0, -5))
    // They have steps that are not played here; the compatibility suite runs them.
    .filter((name) => !['simple-texts-and-predicates', 'simple-attachments', 'simple-written-by-hand'].includes(name));
  for (const name of names) it(`in ${name}`, () => play(name));
});
