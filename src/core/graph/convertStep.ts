import { noType } from '../optionError.ts';
import { checkCharset } from '../conversion/charset.ts';
import { convertInTurns, isConvertibleType } from '../conversion/convert.ts';
import type { StepContext } from '../definition.ts';
import { dynamicName, isDynamicText } from './dynamicText.ts';
import type { ExchangeError } from '../errors.ts';
import { toExchangeError } from '../errors.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { field } from '../field.ts';
import type { Pipe } from './flow.ts';
import { isPromise, perform, settled } from './flow.ts';

/** Options of a step that converts a header or a variable, whichever `what` says. */
export const convertFields = (what: 'header' | 'variable') => ({
  name: field.string(`The ${what}; may hold Simple.`).required(),
  type: field.string('Name of the type as Java has it: `String`, `int`, `byte[]`, `java.util.List`, ...').required(),
  toName: field.string(`The ${what} that takes the result, may hold Simple; the same when absent.`),
  mandatory: field.boolean('A value that nothing converts fails the exchange; else it becomes null.').default(true),
  charset: field.string('Charset of text that becomes bytes, and of bytes that become text; that which the exchange names (`CamelCharsetName`), or UTF-8, when absent.'),
});

interface ConvertOptions {
  readonly name: string;
  readonly type: string;
  readonly toName: string | undefined;
  readonly mandatory: boolean;
  readonly charset: string | undefined;
}

/** Where the values are. */
interface Named {
  /** What a mandatory value that is not there fails with; null where it is left alone. */
  missing(name: string): ExchangeError | null;
  get(exchange: Exchange, name: string): unknown;
  set(exchange: Exchange, name: string, value: unknown): void;
}

interface Conversion {
  readonly type: string;
  /** What nothing leads to the type from fails the exchange; else it becomes null. */
  readonly mandatory: boolean;
  readonly charset: string | undefined;
}

function converted(exchange: Exchange, value: unknown, { type, mandatory }: Conversion): unknown {
  try {
    return convertInTurns(value, type, exchange);
  } catch (thrown) {
    const error = toExchangeError(thrown);
    if (!mandatory && error.type === 'org.apache.camel.NoTypeConversionAvailableException') return null;
    throw error;
  }
}

/** A conversion, a promise while a large document is read; with the charset that the step names, else with that of the exchange. As in Camel, that of the step stays on an exchange that it fails. */
export function convertIn(exchange: Exchange, value: unknown, conversion: Conversion): unknown {
  if (conversion.charset === undefined) return converted(exchange, value, conversion);
  const before = exchange.property('CamelCharsetName') ?? null;
  exchange.properties.set('CamelCharsetName', conversion.charset);
  const result = converted(exchange, value, conversion);
  if (isPromise(result)) return result.then((later) => (restore(exchange, before), later));
  restore(exchange, before);
  return result;
}

function restore(exchange: Exchange, before: unknown): void {
  if (before === null) exchange.properties.remove('CamelCharsetName');
  else exchange.properties.set('CamelCharsetName', before);
}

/** A step that converts a named value. */
export function convertStep({ name, type, toName, mandatory, charset }: ConvertOptions, { missing, get, set }: Named, context: StepContext): Pipe {
  if (!isConvertibleType(type)) throw noType(type);
  const { info } = context;
  if (charset !== undefined) checkCharset(charset);
  const conversion = { type, mandatory, charset };
  const run = (exchange: Exchange, source: string, target: string): void | Promise<void> => {
    const found = get(exchange, source);
    if (found !== undefined && found !== null) {
      const value = convertIn(exchange, found, conversion);
      if (isPromise(value)) return value.then((later) => set(exchange, target, later));
      set(exchange, target, value);
    } else if (mandatory) {
      const failure = missing(source);
      if (failure !== null) throw failure;
    }
  };
  type NameOf = (exchange: Exchange) => string;
  const named = (text: string, build: (nameOf: NameOf) => Pipe): Pipe => (isDynamicText(text) ? settled(dynamicName(text, context), info, build) : build(() => text));
  const build = (nameOf: NameOf, targetOf: NameOf | null): Pipe =>
    perform((exchange) => {
      const source = nameOf(exchange);
      return run(exchange, source, targetOf === null ? source : targetOf(exchange));
    }, info);
  return named(name, (nameOf) => (toName === undefined ? build(nameOf, null) : named(toName, (targetOf) => build(nameOf, targetOf))));
}
