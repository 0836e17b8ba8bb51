import { WebSocket } from 'ws';
import type { ConnectorContext, Producer } from '../../core/connector.ts';
import { toText, toTruth } from '../../core/conversion/convert.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import type { WebSocketAddress } from './address.ts';
import { addressOf, urlOf } from './address.ts';
import type { WebSocketEndpoint } from './consumer.ts';
import { openSocket } from './consumer.ts';
import type { Peer } from './peers.ts';
import { frameOf, peersOf, write } from './peers.ts';

/** Sends to clients that are connected to a route of this runtime, when told to which; else to a server, over one connection that is kept. */
export class WebSocketProducer implements Producer {
  private readonly options: WebSocketEndpoint['options'];
  private readonly address: WebSocketAddress;
  private readonly peers: Set<Peer>;
  private connection: Promise<WebSocket> | null = null;

  constructor({ options, rest }: WebSocketEndpoint, context: ConnectorContext) {
    this.options = options;
    this.address = addressOf(options, rest, context);
    this.peers = peersOf(context);
  }

  async send(exchange: Exchange): Promise<void> {
    const frame = await frameOf(exchange.body);
    if (frame === null) return;
    const key = exchange.headers.get('CamelVertxWebsocket.connectionKey');
    const all = exchange.headers.get('CamelVertxWebsocket.sendToAll');
    if (all === undefined || all === null ? this.options.sendToAll : toTruth(all)) await this.sendTo(this.connected(), frame);
    else if (key !== undefined && key !== null) await this.sendTo(this.named(toText(key)!.split(',')), frame);
    else await write(await this.server(), frame);
  }

  async close(): Promise<void> {
    const socket = await this.connection?.catch(() => null);
    socket?.close(1000);
  }

  private connected(): Peer[] {
    const { host, port, path } = this.address;
    return [...this.peers].filter((peer) => peer.address === `${host}:${port}` && peer.path === path);
  }

  private named(keys: readonly string[]): Peer[] {
    const wanted = new Set(keys.map((key) => key.trim()));
    const found = [...this.peers].filter(({ key }) => wanted.has(key));
    if (found.length < wanted.size) throw new ExchangeError('java.lang.IllegalStateException', `no client is connected by the key ${[...wanted].filter((key) => !found.some((peer) => peer.key === key)).join(', ')}`);
    return found;
  }

  /** One that is gone does not keep the others from hearing. */
  private async sendTo(peers: readonly Peer[], frame: string | Buffer): Promise<void> {
    const results = await Promise.allSettled(peers.filter(({ socket }) => socket.readyState === WebSocket.OPEN).map(({ socket }) => write(socket, frame)));
    const failed = results.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  private server(): Promise<WebSocket> {
    return (this.connection ??= this.connect());
  }

  private connect(): Promise<WebSocket> {
    return new Promise((resolve, reject) => {
      const socket = openSocket(this.address, this.options);
      socket.once('open', () => resolve(socket));
      socket.on('error', (error) => reject(new ExchangeError('java.net.ConnectException', `${urlOf(this.address)}: ${error.message}`)));
      // The next message makes another.
      socket.on('close', () => {
        this.connection = null;
        reject(new ExchangeError('java.net.ConnectException', `${urlOf(this.address)}: the connection was closed`));
      });
    });
  }
}
