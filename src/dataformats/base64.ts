import { withBytes } from '../core/conversion/convert.ts';
import { defineDataFormat } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import { field } from '../core/field.ts';

export const base64 = defineDataFormat({
  name: 'base64',
  summary: 'Base64: marshal gives text in lines as bytes, unmarshal the bytes.',
  options: {
    lineLength: field.integer('Longest line; 0 or less writes one line without an end.').default(76),
    lineSeparator: field.string('Ends each line; CR LF without it.'),
    urlSafe: field.boolean('Writes `-` and `_` in place of `+` and `/`, without padding.').default(false),
  },
  create: ({ lineLength, lineSeparator = '\r\n', urlSafe }) => {
    // Lines hold whole groups of four, as Camel's codec has it.
    const length = lineLength - (lineLength % 4);
    const encode = (bytes: Buffer): Buffer => {
      if (/[A-Za-z0-9+/=_-]/.test(lineSeparator)) throw new ExchangeError('java.lang.IllegalArgumentException', `lineSeparator must not contain base64 characters: [${lineSeparator}]`);
      const text = bytes.toString(urlSafe ? 'base64url' : 'base64');
      if (length <= 0 || text === '') return Buffer.from(text);
      let lines = '';
      for (let at = 0; at < text.length; at += length) lines += text.slice(at, at + length) + lineSeparator;
      return Buffer.from(lines);
    };
    const decode = (bytes: Buffer): Buffer => Buffer.from(bytes.toString('latin1'), 'base64');
    return {
      marshal: (exchange, body) => withBytes(exchange, body, encode),
      unmarshal: (exchange, body) => withBytes(exchange, body, decode),
    };
  },
});
