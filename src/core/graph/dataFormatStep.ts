import type { Exchange } from '../exchange/exchange.ts';
import { writtenBytes } from '../conversion/network-bytes.ts';
import { isPromise } from './flow.ts';

/** Work of a data format on a body, or on a variable in its place, whose result goes to the body, or to a variable in its place. */
export function conversion(
  convert: (exchange: Exchange, body: unknown) => unknown,
  { variableSend, variableReceive }: { readonly variableSend: string | undefined; readonly variableReceive: string | undefined },
): (exchange: Exchange) => void | Promise<void> {
  const put = (exchange: Exchange, value: unknown): void => {
    const result = writtenBytes(value) ?? null;
    if (variableReceive === undefined) exchange.body = result;
    else exchange.setVariable(variableReceive, result);
  };
  return (exchange) => {
    const value = convert(exchange, variableSend === undefined ? exchange.body : (exchange.variable(variableSend) ?? null));
    return isPromise(value) ? value.then((later) => put(exchange, later)) : put(exchange, value);
  };
}
