import { isByteSource, readBytes, toText, withBytes } from '../core/conversion/convert.ts';
import { isPlainMap, putKey } from '../core/conversion/plainValue.ts';
import { defineDataFormat } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import { ExactNumber } from '../core/conversion/exactNumber.ts';

const contentType = 'application/x-www-form-urlencoded';

/** More fields than that are an attack, not a form. */
const mostFields = 10_000;

export const formUrlEncoded = defineDataFormat({
  name: 'formUrlEncoded',
  summary: 'HTML forms (`a=1&b=2`): marshal writes a map, a list under a key gives the key several times; unmarshal gives a map of texts. An addition to Camel.',
  options: {},
  create: () => ({
    marshal: (exchange, body) => {
      const write = (value: unknown): Buffer => {
        const text = written(value);
        exchange.headers.set('Content-Type', contentType);
        return Buffer.from(text);
      };
      return isByteSource(body) ? readBytes(body).then(write) : write(body);
    },
    unmarshal: (exchange, body) => withBytes(exchange, body, (bytes) => fields(toText(bytes, exchange)!)),
  }),
});

function written(body: unknown): string {
  const map = body instanceof Map ? (Object.fromEntries(body) as Record<string, unknown>) : body;
  if (!isPlainMap(map) || map instanceof ExactNumber || map instanceof Date || Symbol.iterator in map) {
    throw new ExchangeError('org.apache.camel.NoTypeConversionAvailableException', 'a form is written from a map: `{ name: value }`');
  }
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(map)) {
    for (const one of Array.isArray(value) || value instanceof Set ? (value as Iterable<unknown>) : [value]) form.append(name, toText(one) ?? '');
  }
  return form.toString();
}

function fields(text: string): object {
  const map: Record<string, unknown> = {};
  let count = 1;
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', at + 1)) {
    if (++count > mostFields) throw new ExchangeError('java.lang.IllegalArgumentException', `the form has more than ${mostFields} fields`);
  }
  for (const [name, value] of new URLSearchParams(text.trim())) {
    const before = Object.hasOwn(map, name) ? map[name] : undefined;
    if (Array.isArray(before)) before.push(value);
    else putKey(map, name, before === undefined ? value : [before, value]);
  }
  return map;
}
