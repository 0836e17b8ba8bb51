import type { Exchange } from './exchange.ts';

/** What a language's option `source` names: `header:x`, `variable:x`, `property:x`, a bare name (a variable); without one the body. */
export function sourceReader(source: string | undefined): (exchange: Exchange) => unknown {
  if (source === undefined || source === '' || source === 'body') return (exchange) => exchange.body;
  const match = /^(header|variable|property|exchangeProperty):(.*)$/s.exec(source);
  const name = match === null ? source : match[2]!;
  switch (match?.[1]) {
    case 'header':
      return (exchange) => exchange.headers.get(name) ?? null;
    case 'property':
    case 'exchangeProperty':
      return (exchange) => exchange.property(name) ?? null;
    default:
      return (exchange) => exchange.variable(name) ?? null;
  }
}
