import type { ConnectorContext, Endpoint, Producer } from '../../core/connector.ts';
import { toText } from '../../core/conversion/convert.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange, Way } from '../../core/exchange/exchange.ts';
import { fold } from '../../core/exchange/headers.ts';
import type { HeaderFilter } from '../../core/http/headers.ts';
import { encodeQueryComponent, generalHeaders } from '../../core/http/headers.ts';
import { jsonText, parseJson, writeJson } from '../../core/conversion/json.ts';
import { httpOptions } from '../http/options.ts';
import { HttpProducer } from '../http/producer.ts';
import { withDefaults } from './consumer.ts';
import type { restOptions } from './options.ts';

/** What Camel can call with; here all of them are `http`. */
const callers: ReadonlySet<string> = new Set(['http', 'https', 'netty-http', 'undertow', 'vertx-http', 'jetty']);

type RestEndpoint = Endpoint<typeof restOptions>;

/** Calls one operation of a service: parameters of path and query come from headers. */
export class RestProducer implements Producer {
  private readonly http: HttpProducer;
  private readonly method: string;
  private readonly base: string;
  private readonly template: string;
  private readonly query: string | null;
  private readonly accept: string | undefined;
  private readonly contentType: string | undefined;
  private readonly bindsJson: boolean;
  private readonly readsJson: boolean;

  static async open(endpoint: RestEndpoint, context: ConnectorContext): Promise<RestProducer> {
    const { options } = endpoint;
    const host = options.host ?? (context.setting('rest.host') as string | undefined);
    if (host === undefined) throw new Error('a `rest` producer needs `host`, such as host=localhost:8080, here or in `restConfiguration`');
    const component = context.setting('rest.producerComponent');
    if (component !== undefined && !callers.has(String(component))) throw new Error(`\`${String(component)}\` can't call REST services: write \`producerComponent: http\` in \`restConfiguration\`, or leave it out`);
    const match = /^(?:(https?):\/\/)?([^/]+)(\/.*)?$/.exec(host);
    if (match === null) throw new Error(`\`${host}\` is no host`);
    const scheme = match[1] ?? 'http';
    const http = await HttpProducer.open(
      { ...endpoint, scheme, path: `//${match[2]!}`, options: withDefaults(httpOptions, { httpUri: match[2]! }), rest: {} },
      context,
      withoutParameters(`${options.path}/${options.uriTemplate ?? ''}?${options.queryParameters ?? ''}`),
    );
    const mode = options.bindingMode ?? (context.setting('rest.bindingMode') as string | undefined) ?? 'off';
    return new RestProducer(endpoint, mode, http, `${scheme}://${match[2]!}${(match[3] ?? '').replace(/\/$/, '')}`);
  }

  private constructor({ options, rest }: RestEndpoint, mode: string, http: HttpProducer, base: string) {
    this.http = http;
    this.base = base;
    this.method = options.method.toUpperCase();
    this.template = [options.path, options.uriTemplate ?? '']
      .map((part) => part.replace(/^\/+|\/+$/g, ''))
      .filter((part) => part !== '')
      .join('/');
    const others = Object.entries(rest).map(([name, value]) => `${name}=${value}`);
    const all = [...(options.queryParameters === undefined ? [] : [options.queryParameters]), ...others];
    this.query = all.length === 0 ? null : all.join('&');
    // Seen from the service: it consumes what is sent, and produces what comes back.
    this.accept = options.consumes;
    this.contentType = options.produces;
    this.bindsJson = mode !== 'off' && mode !== 'xml';
    this.readsJson = this.bindsJson && options.outType !== undefined;
  }

  readonly call = (exchange: Exchange): void => {
    try {
      this.prepare(exchange);
    } catch (thrown) {
      exchange.fail(thrown);
      return exchange.leave();
    }
    if (this.readsJson) exchange.way = new JsonReply(exchange.way);
    this.http.call(exchange);
  };

  close(): Promise<void> {
    return this.http.close();
  }

  private prepare(exchange: Exchange): void {
    const { headers } = exchange;
    const path = this.template.replace(/\{([^{}]+)\}/g, (_, name: string) => {
      const value = headers.lookup(fold(name)) ?? null;
      if (value === null) throw new ExchangeError('java.lang.IllegalArgumentException', `the path /${this.template} needs the header \`${name}\``);
      return encodeURIComponent(toText(value) ?? '');
    });
    headers.set('CamelHttpMethod', this.method);
    headers.set('CamelRestHttpUri', `${this.base}/${path}`);
    headers.remove('CamelHttpPath');
    if (this.query !== null) headers.set('CamelRestHttpQuery', this.queryFor(exchange, this.query));
    if (this.accept !== undefined && !headers.has('Accept')) headers.set('Accept', this.accept);
    if (this.contentType !== undefined && !headers.has('Content-Type')) headers.set('Content-Type', this.contentType);
    const { body } = exchange;
    if (this.bindsJson && body !== null && body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array)) {
      exchange.body = writeJson(body);
      if (!headers.has('Content-Type')) headers.set('Content-Type', 'application/json');
    }
  }

  private queryFor(exchange: Exchange, query: string): string {
    const parts: string[] = [];
    for (const part of query.split('&')) {
      const match = /^([^=]*)=\{([^{}?]+)(\?)?\}$/.exec(part);
      if (match === null) {
        parts.push(part);
        continue;
      }
      const value = exchange.headers.lookup(fold(match[2]!)) ?? null;
      if (value !== null) parts.push(`${match[1]!}=${encodeQueryComponent(toText(value) ?? '')}`);
      else if (match[3] === undefined) throw new ExchangeError('java.lang.IllegalArgumentException', `the query parameter \`${match[1]!}\` needs the header \`${match[2]!}\``);
    }
    return parts.join('&');
  }
}

/** What has gone into the URL is not sent as a header besides. */
function withoutParameters(template: string): HeaderFilter {
  const names = new Set([...template.matchAll(/\{([^{}?]+)\??\}/g)].map((match) => fold(match[1]!)));
  return { applyFilterToCamelHeaders: (name) => names.has(fold(name)) || generalHeaders.has(fold(name)) };
}

/** A reply in JSON becomes an object. */
class JsonReply implements Way {
  readonly outer: Way | null;

  constructor(outer: Way | null) {
    this.outer = outer;
  }

  back(exchange: Exchange): void {
    const { body } = exchange;
    if (!exchange.isFailed && body instanceof Uint8Array && body.length > 0) {
      try {
        exchange.body = parseJson(jsonText(body));
      } catch (thrown) {
        exchange.fail(thrown);
      }
    }
    exchange.leave();
  }
}
