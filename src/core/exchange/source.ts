import { describeError, ExchangeError } from '../errors.ts';
import type { Exchange } from './exchange.ts';

function missing(type: string, what: string): ExchangeError {
  const cause = new ExchangeError(`org.apache.camel.${type}`, `No ${what} available. Exchange[]`);
  return new ExchangeError('org.apache.camel.RuntimeCamelException', describeError(cause), { cause });
}

/**
 * What a language's option `source` names: `header:x`, `variable:x`, `property:x`, a bare name (a variable); without one the body. As in Camel, a
 * header or property must be there.
 */
export function sourceReader(source: string | undefined): (exchange: Exchange) => unknown {
  if (source === undefined || source === '') return (exchange) => exchange.body;
  const match = /^(header|variable|property|exchangeProperty):(.*)$/s.exec(source);
  const name = match === null ? source : match[2]!;
  switch (match?.[1]) {
    case 'header':
      return (exchange) => {
        const value = exchange.headers.get(name) ?? null;
        if (value === null) throw missing('NoSuchHeaderException', `'${name}' header`);
        return value;
      };
    case 'property':
    case 'exchangeProperty':
      return (exchange) => {
        const value = exchange.property(name) ?? null;
        if (value === null) throw missing('NoSuchPropertyException', `'${name}' exchange property`);
        return value;
      };
    default:
      return (exchange) => exchange.variable(name) ?? null;
  }
}
