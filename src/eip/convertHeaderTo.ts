import { defineEip } from '../core/definition.ts';
import { convertTo, isConvertibleType } from '../core/convert.ts';
import { dynamicText, isDynamicText } from '../core/dynamicText.ts';
import { toExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import { field } from '../core/field.ts';
import { perform, settled } from '../core/flow.ts';
import { prepareCharset } from '../core/charset.ts';

export const convertHeaderTo = defineEip({
  name: 'convertHeaderTo',
  summary: 'Converts the value of a header to another type; a header that is not there stays so.',
  options: {
    name: field.string('The header; may hold Simple.').required(),
    type: field.string('Name of the type as Java has it: `String`, `int`, `byte[]`, `java.util.List`, ...').required(),
    toName: field.string('The header that takes the result; the same when absent.'),
    mandatory: field.boolean('A value that nothing converts fails the exchange; else it becomes null.').default(true),
    charset: field.string('Charset of text that becomes bytes, and of bytes that become text; UTF-8 when absent.'),
  },
  examples: [
    {
      title: 'Compare a header as a number',
      route: '- from:\n    uri: direct:start\n    steps:\n      - setHeader:\n          name: amount\n          simple: "${body}"\n      - convertHeaderTo:\n          name: amount\n          type: int\n      - filter:\n          simple: "${header.amount} > 9"\n          steps:\n            - to: mock:large\n',
      in: ['9', '10'],
      out: { 'mock:large': ['10'] },
    },
  ],
  operator: ({ name, type, toName, mandatory, charset }, context) => {
    if (!isConvertibleType(type)) throw new Error(`there is no type \`${type}\``);
    const { info } = context;
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
    const run = (exchange: Exchange, source: string, target: string): void => {
      const found = exchange.headers.get(source);
      if (found === undefined || found === null) return;
      const value = converted(found);
      exchange.headers.set(target, value);
    };
    const build = (nameOf: (exchange: Exchange) => string) =>
      perform((exchange) => {
        const source = nameOf(exchange);
        run(exchange, source, toName ?? source);
      }, info);
    if (encoding !== null) {
      const ready = prepareCharset(encoding);
      ready.catch(() => {});
      const nameOf = dynamicText(name, context);
      return perform(async (exchange) => {
        await ready;
        const source = await nameOf(exchange);
        run(exchange, source, toName ?? source);
      }, info);
    }
    return isDynamicText(name) ? settled(dynamicText(name, context), info, build) : build(() => name);
  },
});
