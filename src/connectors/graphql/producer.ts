import type { ConnectorContext, Endpoint, Producer } from '../../core/connector.ts';
import { runtimeOf } from '../../core/connector.ts';
import { isPlainMap, toText } from '../../core/conversion/convert.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange, Way } from '../../core/exchange/exchange.ts';
import { jsonText, parseJson, writeJson } from '../../core/conversion/json.ts';
import { httpOptions } from '../http/options.ts';
import { HttpProducer } from '../http/producer.ts';
import { withDefaults } from '../rest/consumer.ts';
import type { graphqlOptions } from './options.ts';

type GraphqlEndpoint = Endpoint<typeof graphqlOptions>;

/** Headers of the request; none of them goes on with the message: the next endpoint is another one. */
const ofRequest = ['CamelHttpMethod', 'Content-Type', 'Accept', 'Authorization'] as const;

/** The reply as a text; the message itself, where it failed. */
class TextReply implements Way {
  readonly outer: Way | null;
  private readonly body: unknown;
  private readonly before: readonly unknown[];

  constructor({ way, body, headers }: Exchange) {
    this.outer = way;
    this.body = body;
    this.before = ofRequest.map((name) => headers.get(name));
  }

  back(exchange: Exchange): void {
    const { body, headers, isFailed } = exchange;
    if (isFailed) exchange.body = this.body;
    else if (body instanceof Uint8Array) exchange.body = jsonText(body);
    for (const [i, name] of ofRequest.entries()) {
      if (name === 'Content-Type' && !isFailed) continue;
      if (this.before[i] === undefined) headers.remove(name);
      else headers.set(name, this.before[i]);
    }
    exchange.leave();
  }
}

/** Posts a query with its variables. */
export class GraphqlProducer implements Producer {
  private readonly options: GraphqlEndpoint['options'];
  private readonly http: HttpProducer;
  private readonly query: string | null;

  static async open(endpoint: GraphqlEndpoint, context: ConnectorContext): Promise<GraphqlProducer> {
    const { options } = endpoint;
    const match = /^(?:(https?):)?\/*(.+)$/.exec(options.httpUri);
    if (match === null) throw new Error(`\`${options.httpUri}\` is no URL`);
    const query = options.query ?? (options.queryFile === undefined ? null : runtimeOf(context).resource(options.queryFile.replace(/^resource:/, '')));
    if (query === null && options.queryHeader === undefined) throw new Error('which query? Give `query`, `queryFile` or `queryHeader`');
    const { throwExceptionOnFailure } = options;
    const [proxyAuthHost, proxyAuthPort] = options.proxyHost?.split(':') ?? [];
    const http = await HttpProducer.open(
      {
        ...endpoint,
        scheme: match[1] ?? 'http',
        path: `//${match[2]!}`,
        options: withDefaults(httpOptions, { httpUri: match[2]!, throwExceptionOnFailure, ...(proxyAuthHost === undefined ? {} : { proxyHost: proxyAuthHost, proxyPort: Number(proxyAuthPort ?? 80) }) }),
        rest: {},
      },
      context,
    );
    return new GraphqlProducer(options, http, query);
  }

  private constructor(options: GraphqlEndpoint['options'], http: HttpProducer, query: string | null) {
    this.options = options;
    this.http = http;
    this.query = query;
  }

  readonly call = (exchange: Exchange): void => {
    const reply = new TextReply(exchange);
    try {
      this.prepare(exchange);
    } catch (thrown) {
      exchange.fail(thrown);
      return exchange.leave();
    }
    exchange.way = reply;
    this.http.call(exchange);
  };

  private prepare(exchange: Exchange): void {
    const { headers } = exchange;
    const { queryHeader, variables, variablesHeader, operationName, accessToken, jwtAuthorizationType, username, password } = this.options;
    const named = queryHeader === undefined ? null : toText(headers.get(queryHeader) ?? null);
    const query = named ?? this.query;
    if (query === null) throw new ExchangeError('java.lang.IllegalArgumentException', `the header \`${queryHeader!}\` has no query`);
    let given: unknown = variables ?? (variablesHeader === undefined ? undefined : headers.get(variablesHeader));
    if (given === undefined && (isPlainMap(exchange.body) || exchange.body instanceof Map)) given = exchange.body;
    if (typeof given === 'string') given = parseJson(given);
    exchange.body = writeJson({ query, operationName: operationName ?? null, variables: given ?? {} });
    headers.set('CamelHttpMethod', 'POST');
    headers.set('Content-Type', 'application/json');
    headers.set('Accept', 'application/json');
    if (accessToken !== undefined) headers.set('Authorization', `${jwtAuthorizationType} ${accessToken}`);
    else if (username !== undefined) headers.set('Authorization', `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`);
  }

  close(): Promise<void> {
    return this.http.close();
  }
}
