import type { WebSocket } from 'ws';
import type { ConnectorContext } from '../../core/connector.ts';
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

/** Text as a text frame, bytes as a binary one. */
export async function frameOf(body: unknown): Promise<string | Buffer> {
  if (body instanceof Uint8Array) return bytesOfBody(body);
  if (isByteSource(body)) return readBytes(body);
  return toText(body) ?? '';
}

export const write = (socket: WebSocket, frame: string | Buffer): Promise<void> =>
  new Promise((resolve, reject) => socket.send(frame, { binary: typeof frame !== 'string' }, (error) => (error === undefined || error === null ? resolve() : reject(error))));
