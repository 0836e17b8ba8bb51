import type { ConnectorContext, Producer } from '../../core/connector.ts';
import { XmlNodeList } from '../../core/conversion/xml.ts';
import { isByteSource, readBytes, toText } from '../../core/conversion/convert.ts';
import { writeJson } from '../../core/conversion/json.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import type { SseEndpoint } from './consumer.ts';
import { Hub } from './hub.ts';

const idHeader = 'CamelSseId';
const eventHeader = 'CamelSseEvent';

/** Streams each message to those who have subscribed to its path. */
export class EventStreamProducer implements Producer {
  private readonly hub: Hub;
  private readonly event: string | null;

  constructor({ options, rest }: SseEndpoint, context: ConnectorContext) {
    const [odd] = Object.keys(rest);
    if (odd !== undefined) throw new Error(`unknown option \`${odd}\` for \`sse\``);
    if (/^https?:/.test(options.address)) throw new Error('`sse:` streams to those who subscribe to a path of this program, such as `sse:/events`; to send events to a URL use `http:`');
    const [, host, port, path] = /^(?:(\[[^\]]+\]|[^/:]+):(\d+)(?=\/))?([^/:]*(?:\/.*)?)$/.exec(options.address) ?? [];
    if (path === undefined) throw new Error(`\`sse:${options.address}\` names no path: write \`sse:/events\` or \`sse:host:port/events\``);
    const setting = context.setting('http.host');
    const at = host?.replace(/^\[(.*)\]$/, '$1') ?? (typeof setting === 'string' ? setting : '127.0.0.1');
    const number = Number(port ?? context.setting('http.port') ?? 8080);
    const whole = path.startsWith('/') ? path : `/${path}`;
    this.event = options.event ?? null;
    this.hub = context.shared(`sse ${at}:${number}${whole}`, () => new Hub(at, number, whole, options, context));
  }

  start(): Promise<void> {
    return this.hub.open();
  }

  close(): Promise<void> {
    return this.hub.close();
  }

  send(exchange: Exchange): void | Promise<void> {
    // What an iterator has left is a list.
    const body = typeof (exchange.body as Partial<Iterator<unknown>> | null)?.next === 'function' ? [...({ [Symbol.iterator]: () => exchange.body } as Iterable<unknown>)] : exchange.body;
    if (isByteSource(body)) return readBytes(body).then((bytes) => this.give(exchange, bytes.toString()));
    this.give(exchange, isDocument(body) ? writeJson(body) : (toText(body) ?? ''));
  }

  private give(exchange: Exchange, data: string): void {
    const { headers } = exchange;
    const named = (name: string): string | null => {
      const value = toText(headers.get(name));
      // A line end would end the field.
      return value === null ? null : value.replace(/[\r\n\0]/g, ' ');
    };
    headers.set('CamelSseSubscribers', this.hub.send(named(idHeader), named(eventHeader) ?? this.event, data));
  }
}

/** Maps and lists are sent as JSON, as pages expect them. */
const isDocument = (body: unknown): boolean => typeof body === 'object' && body !== null && ((Array.isArray(body) && !(body instanceof XmlNodeList)) || [null, Object.prototype].includes(Object.getPrototypeOf(body) as object | null));
