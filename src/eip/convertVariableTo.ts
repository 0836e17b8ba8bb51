import { defineEip } from '../core/definition.ts';
import { convertTo, isConvertibleType } from '../core/convert.ts';
import { dynamicText, isDynamicText } from '../core/dynamicText.ts';
import { toExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import { field } from '../core/field.ts';
import { perform, settled } from '../core/flow.ts';
import { prepareCharset } from '../core/charset.ts';

export const convertVariableTo = defineEip({
  name: 'convertVariableTo',
  summary: 'Converts the value of a variable to another type; a variable that is not there stays so.',
  options: {
    name: field.string('The variable; may hold Simple.').required(),
    type: field.string('Name of the type as Java has it: `String`, `int`, `byte[]`, `java.util.List`, ...').required(),
    toName: field.string('The variable that takes the result; the same when absent.'),
    mandatory: field.boolean('A value that nothing converts fails the exchange; else it becomes null.').default(true),
    charset: field.string('Charset of text that becomes bytes, and of bytes that become text; UTF-8 when absent.'),
  },
  examples: [
    {
      title: 'Keep a number beside the message',
      route: '- from:\n    uri: direct:start\n    steps:\n      - setVariable:\n          name: amount\n          simple: "${body}"\n      - convertVariableTo:\n          name: amount\n          type: int\n      - setBody:\n          variable: amount\n      - to: mock:out\n',
      in: ['12'],
      out: { 'mock:out': [12] },
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
      const found = exchange.variable(source);
      if (found === undefined || found === null) return;
      const value = converted(found);
      exchange.setVariable(target, value);
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
