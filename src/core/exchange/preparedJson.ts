import { isJsonLong, jsonText, parseJsonInTurns } from '../conversion/json.ts';
import type { Preparation } from '../expression.ts';
import type { Exchange } from './exchange.ts';

interface Prepared {
  /** What stood in the message: a text, or its bytes. */
  readonly value: unknown;
  readonly document: unknown;
  readonly failure?: unknown;
}

/** The last long document of an exchange that an expression looks at. */
const prepared = new WeakMap<Exchange, Prepared>();

/** Has a long document read in slices, before the step that looks at it. */
export function jsonPreparation(read: (exchange: Exchange) => unknown): Preparation {
  return (exchange) => {
    let value: unknown;
    try {
      value = read(exchange);
    } catch {
      // The expression says it where it is evaluated.
      return undefined;
    }
    if ((typeof value !== 'string' && !(value instanceof Uint8Array)) || !isJsonLong(value)) return undefined;
    if (prepared.get(exchange)?.value === value) return undefined;
    const keep = (found: Omit<Prepared, 'value'>): void => void prepared.set(exchange, { value, ...found });
    return readInTurns(typeof value === 'string' ? value : jsonText(value)).then(
      (document) => keep({ document }),
      (failure: unknown) => keep({ document: null, failure }),
    );
  };
}

const readInTurns = async (text: string): Promise<unknown> => parseJsonInTurns(text);

/** The document of what stands in the message, or what its reading failed with; null where it was not prepared. */
export function preparedJson(exchange: Exchange, value: string | Uint8Array): Omit<Prepared, 'value'> | null {
  const found = isJsonLong(value) ? prepared.get(exchange) : undefined;
  return found?.value === value ? found : null;
}

/** Something of the document got out, and may be changed from now on. */
export const forgetPreparedJson = (exchange: Exchange): void => void prepared.delete(exchange);
