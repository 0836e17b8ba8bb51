import type { WebSocket } from 'ws';
import type { ConnectorContext } from '../../core/connector.ts';
import { ExchangeError } from '../../core/errors.ts';
import { bytesOfBody, isByteSource, readBytes, toText } from '../../core/conversion/convert.ts';

/** A client that is connected to a route of this runtime. */
export interface Peer {
  readonly key: string;
  readonly path: string;
  /** As in the endpoint: `host:port`. */
  readonly address: string;
  readonly socket: WebSocket;
}

/** All of a runtime, so that producers find who is connected to its routes. */
export const peersOf = (context: Pick<ConnectorContext, 'shared'>): Set<Peer> => context.shared('vertx-websocket peers', () => new Set<Peer>());

/** Bytes as a binary frame, all else as a text frame; as in Camel there is none for no body. @throws TypeConversionException for an iterator, which has no text */
export async function frameOf(body: unknown): Promise<string | Buffer | null> {
  if (body === null || body === undefined) return null;
  if (body instanceof Uint8Array) return bytesOfBody(body);
  if (isByteSource(body)) return readBytes(body);
  if (typeof (body as Partial<Iterator<unknown>>).next === 'function') throw new ExchangeError('org.apache.camel.TypeConversionException', 'an iterator can not be sent: `split` it, or make a list of it');
  return toText(body) ?? '';
}

export const write = (socket: WebSocket, frame: string | Buffer): Promise<void> =>
  new Promise((resolve, reject) => socket.send(frame, { binary: typeof frame !== 'string' }, (error) => (error === undefined || error === null ? resolve() : reject(error))));
