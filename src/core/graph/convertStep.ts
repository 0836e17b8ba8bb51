import { mayBeCharset, prepareCharset } from '../conversion/charset.ts';
import { convertTo, isConvertibleType } from '../conversion/convert.ts';
import type { StepContext } from '../definition.ts';
import { dynamicText, isDynamicText } from './dynamicText.ts';
import { ExchangeError, toExchangeError } from '../errors.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { field } from '../field.ts';
import type { Pipe } from './flow.ts';
import { perform, settled } from './flow.ts';

/** Options of a step that converts a header or a variable, whichever `what` says. */
export const convertFields = (what: 'header' | 'variable') => ({
  name: field.string(`The ${what}; may hold Simple.`).required(),
  type: field.string('Name of the type as Java has it: `String`, `int`, `byte[]`, `java.util.List`, ...').required(),
  toName: field.string(`The ${what} that takes the result; the same when absent.`),
  mandatory: field.boolean('A value that nothing converts fails the exchange; else it becomes null.').default(true),
  charset: field.string('Charset of text that becomes bytes, and of bytes that become text; UTF-8 when absent.'),
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

/** A step that converts a named value. */
export function convertStep({ name, type, toName, mandatory, charset }: ConvertOptions, { missing, get, set }: Named, context: StepContext): Pipe {
  if (!isConvertibleType(type)) throw new Error(`there is no type \`${type}\``);
  const { info } = context;
  if (charset !== undefined && !mayBeCharset(charset)) throw new Error(`there is no charset \`${charset}\``);
  const encoding = charset ?? null;
  const converted = (value: unknown): unknown => {
    try {
      return convertTo(value, type, encoding);
    } catch (thrown) {
      const error = toExchangeError(thrown);
      if (!mandatory && error.type === 'org.apache.camel.NoTypeConversionAvailableException') return null;
      throw error;
    }
  };
  const run = (exchange: Exchange, source: string): void => {
    if (source === '') throw new ExchangeError('java.lang.NullPointerException', `\`${name}\` gives no name`);
    const found = get(exchange, source);
    if (found !== undefined && found !== null) set(exchange, toName ?? source, converted(found));
    else if (mandatory) {
      const failure = missing(source);
      if (failure !== null) throw failure;
    }
  };
  if (encoding !== null) {
    const ready = prepareCharset(encoding);
    ready.catch(() => {});
    const nameOf = dynamicText(name, context);
    return perform(async (exchange) => {
      await ready;
      run(exchange, await nameOf(exchange));
    }, info);
  }
  const build = (nameOf: (exchange: Exchange) => string): Pipe => perform((exchange) => run(exchange, nameOf(exchange)), info);
  return isDynamicText(name) ? settled(dynamicText(name, context), info, build) : build(() => name);
}
