import type { Clock } from '../core/clock.ts';
import type { ConnectorDefinition, Consumer, PolledMessage, Producer } from '../core/connector.ts';
import type { Span } from '../core/diagnostics.ts';
import { showSpan } from '../core/diagnostics.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange, StepInfo } from '../core/exchange/exchange.ts';
import type { Expression } from '../core/expression.ts';
import { Headers } from '../core/exchange/headers.ts';
import { writeJson } from '../core/conversion/json.ts';
import type { Call } from '../core/graph/flow.ts';
import { callFrom, isPromise } from '../core/graph/flow.ts';
import { MockEndpoint } from '../connectors/mock.ts';
import type { ResolvedEndpoint } from '../dsl/uri.ts';
import { matchesAddress } from '../runtime/scopes.ts';
import type { StandIns, StandInStep } from '../runtime/standIns.ts';
import type { ExpressionModel } from '../dsl/model.ts';
import type { MockSaid, ReplySaid } from './format.ts';

type MakeConsumer = NonNullable<ConnectorDefinition['consumer']>;

const always = Infinity;

/** `true`, `false`, or a number of times. */
const times = (text: string | undefined): number => (text === undefined || text === 'false' ? 0 : text === 'true' || text === 'always' ? always : Number(text));

/** What stands for one endpoint, one pattern of endpoints, or one step, and what it has received. */
export class TestMock {
  /** As the test file names it. */
  readonly name: string;
  readonly received: MockEndpoint;
  /** Nobody has declared it: it keeps the test from reaching out. */
  readonly isAutomatic: boolean;
  /** Where routes send to it: `file:line:column label`. */
  readonly senders = new Set<string>();
  private said: MockSaid | null;
  /** Messages since `said` was said. */
  private count = 0;

  constructor(name: string, clock: Clock, said: MockSaid | null, isAutomatic = false) {
    this.name = name;
    this.received = new MockEndpoint(name, clock);
    this.said = said;
    this.isAutomatic = isAutomatic;
  }

  change(said: MockSaid): void {
    this.said = said;
    this.count = 0;
  }

  /** What to do with the next message. */
  next(): Turn {
    const { said } = this;
    const turn = ++this.count;
    if (said === null) return { delay: 0, kind: 'reply', reply: null, isReal: false };
    const delay = said.delay ?? 0;
    const silences = times(said.silent);
    if (turn <= silences) return { delay, kind: 'silent', reply: null, isReal: false };
    const drops = times(said.drop);
    if (turn - silences <= drops) return { delay, kind: 'drop', reply: null, isReal: false };
    const { fail } = said;
    const answered = turn - (silences === always ? 0 : silences) - (drops === always ? 0 : drops);
    if (fail !== undefined && answered <= (fail.times ?? always)) return { delay, kind: 'fail', exception: fail, reply: null, isReal: false };
    const nth = answered - (fail?.times ?? 0);
    const { replies } = said;
    const reply = replies === undefined || replies.length === 0 ? (said.reply ?? null) : replies[Math.min(nth, replies.length) - 1]!;
    return { delay, kind: 'reply', reply, isReal: said.real && reply === null };
  }
}

interface Turn {
  readonly delay: number;
  readonly kind: 'reply' | 'silent' | 'drop' | 'fail';
  readonly reply: ReplySaid | null;
  readonly isReal: boolean;
  readonly exception?: { readonly exception: string; readonly message: string };
}

/** The mocks of one test: they stand in the places of endpoints and steps while the routes are compiled. */
export class TestMocks implements StandIns {
  /** Names of mocks in the order in which they got messages. */
  readonly arrivals: string[] = [];
  /** Endpoints outside of the program that nobody had replaced, with a message that they got. */
  readonly unmocked: string[] = [];
  private readonly declared: TestMock[];
  private readonly steps: TestMock[];
  private readonly byName = new Map<string, TestMock>();
  private readonly held = new Set<Exchange>();
  private readonly clock: Clock;
  private readonly connectors: Readonly<Record<string, ConnectorDefinition>>;
  /** Compiles what replies are made from; there is no runtime yet when the mocks are made. */
  compile: (model: ExpressionModel) => Expression = () => {
    throw new Error('the routes have not started');
  };

  /** While a step is made that may be asked itself: what it sends to is not replaced unless the test names it. */
  private isItself = false;
  private readonly mayBeReal: ReadonlySet<string>;

  /** @param mayBeReal names of mocks that only look on, at the beginning or from a change on */
  constructor(clock: Clock, connectors: Readonly<Record<string, ConnectorDefinition>>, said: Iterable<readonly [string, MockSaid]>, mayBeReal: ReadonlySet<string>) {
    this.clock = clock;
    this.mayBeReal = mayBeReal;
    this.connectors = connectors;
    for (const [name, mock] of said) this.byName.set(name, new TestMock(name, clock, mock));
    this.declared = [...this.byName.values()].filter(({ name }) => !name.startsWith('step:'));
    this.steps = [...this.byName.values()].filter(({ name }) => name.startsWith('step:'));
  }

  get names(): string[] {
    return [...this.byName.keys()];
  }

  /** A mock by its name in the file. A `mock:` endpoint is one that routes may have, or not. */
  get(name: string): TestMock | undefined {
    const found = this.byName.get(name);
    if (found !== undefined || !name.startsWith('mock:')) return found;
    const made = new TestMock(name, this.clock, null);
    this.byName.set(name, made);
    return made;
  }

  private find(uri: string, shownUri: string): TestMock | undefined {
    return this.declared.find(({ name }) => matchesAddress(uri, name) || matchesAddress(shownUri, name));
  }

  // ---------------------------------------------------------------- stand-ins

  endpoint(resolved: ResolvedEndpoint, at: Span | null): ResolvedEndpoint {
    const { definition, endpoint } = resolved;
    let mock = this.find(endpoint.uri, endpoint.shownUri);
    if (mock === undefined) {
      if (definition.scheme === 'mock') mock = this.get(`mock:${endpoint.path.replace(/^\/\//, '')}`)!;
      else if (this.isItself) return resolved;
      else if (definition.isRemote === true || definition.reachesOut === true) mock = this.automatic(endpoint.shownUri);
      else return resolved;
    }
    if (at !== null) mock.senders.add(showSpan(at));
    return { endpoint, definition: this.standIn(mock, definition) };
  }

  private automatic(uri: string): TestMock {
    const name = uri.replace(/\?.*/s, '').replace(/^(https?):(?!\/\/)/, '$1://');
    let mock = this.byName.get(name);
    if (mock === undefined) this.byName.set(name, (mock = new TestMock(name, this.clock, null, true)));
    return mock;
  }

  step(info: StepInfo): StandInStep | null {
    const mock = this.steps.find(({ name }) => name === `step:${info.stepId}`);
    if (mock === undefined) return null;
    if (info.at !== null) mock.senders.add(info.at);
    return {
      needsItself: this.mayBeReal.has(mock.name),
      call: (uri, itself) => this.call(mock, { isOutside: this.isOutside(uri), scheme: schemeOf(uri), throws: true, parses: false }, itself === null ? null : () => itself),
      receive: (uri, itself) => this.poll(mock, this.isOutside(uri), itself),
      outside: (make) => {
        this.isItself = true;
        try {
          return make();
        } finally {
          this.isItself = false;
        }
      },
    };
  }

  private isOutside(uri: string | null): boolean {
    const definition = this.connectors[schemeOf(uri)];
    return definition?.isRemote === true || definition?.reachesOut === true;
  }

  replaces(uri: string): boolean {
    return this.find(uri, uri) !== undefined;
  }

  private standIn(mock: TestMock, definition: ConnectorDefinition): ConnectorDefinition {
    const isOutside = definition.isRemote === true || definition.reachesOut === true;
    const { producer, consumer, ...rest } = definition;
    return {
      ...rest,
      ...(consumer === undefined ? {} : { consumer: this.consumer(mock, definition, consumer, isOutside) }),
      ...(producer === undefined
        ? {}
        : {
            producer: (endpoint, context): Producer => {
              const options = endpoint.options as Readonly<Record<string, unknown>>;
              const reply: ReplyKind = { isOutside, scheme: endpoint.scheme, throws: options['throwExceptionOnFailure'] !== false, parses: options['parse'] === true };
              let real: Producer | null = null;
              return {
                call: this.call(mock, reply, async () => {
                  if (real === null) {
                    real = await producer(endpoint, context);
                    await real.start?.();
                  }
                  return real.call ?? callFrom((exchange) => real!.send!(exchange));
                }),
                close: async () => real?.close?.(),
              };
            },
          }),
    };
  }

  private consumer(mock: TestMock, { serves }: ConnectorDefinition, consumer: MakeConsumer, isOutside: boolean): MakeConsumer {
    if (mock.isAutomatic && serves === true) return consumer;
    if (!this.mayBeReal.has(mock.name)) return () => this.source(mock, isOutside);
    return async (endpoint, context) => {
      const real = await consumer(endpoint, context);
      return {
        start: (sink) => real.start(sink),
        stop: () => real.stop(),
        close: async () => real.close?.(),
        ...(real.suspend === undefined ? {} : { suspend: () => real.suspend!() }),
        ...(real.resume === undefined ? {} : { resume: () => real.resume!() }),
        setCredit: (credit) => real.setCredit?.(credit),
        ...(real.receive === undefined ? {} : { receive: (timeoutMillis) => this.poll(mock, isOutside, () => real.receive!(timeoutMillis)) }),
      };
    };
  }

  /** Gives nothing by itself: `send: { route: ... }` feeds the route. Polled, it gives what the mock replies. */
  private source(mock: TestMock, isOutside: boolean): Consumer {
    return { start: () => Promise.resolve(), stop: () => Promise.resolve(), receive: () => this.poll(mock, isOutside, null) };
  }

  private async poll(mock: TestMock, isOutside: boolean, itself: (() => Promise<PolledMessage | null>) | null): Promise<PolledMessage | null> {
    const { kind, reply, exception, delay, isReal } = mock.next();
    if (delay > 0) await new Promise<void>((resolve) => void this.clock.schedule(delay, resolve));
    if (kind === 'silent') return new Promise(() => {});
    if (kind === 'drop') throw connectionLost();
    if (exception !== undefined) throw new ExchangeError(exception.exception, exception.message);
    if (isReal && itself !== null) return itself();
    if (reply === null) return null;
    return { body: onTheWire(reply.body ?? null, isOutside), headers: Headers.from(Object.fromEntries(reply.headers?.of ?? [])), settle: () => {} };
  }

  // ---------------------------------------------------------------- messages

  private call(mock: TestMock, kind: ReplyKind, real: (() => Call | Promise<Call>) | null): Call {
    return (exchange) => {
      mock.received.receive(exchange);
      this.arrivals.push(mock.name);
      if (mock.isAutomatic) {
        this.unmocked.push(mock.name);
        exchange.fail(new ExchangeError('java.net.ConnectException', `\`${mock.name}\` is outside of the program, and the test has no mock for it: add it under \`mocks\``));
        return exchange.leave();
      }
      const turn = mock.next();
      if (turn.kind === 'silent') return void this.held.add(exchange);
      if (turn.delay > 0) {
        this.held.add(exchange);
        this.clock.schedule(turn.delay, () => {
          if (this.held.delete(exchange)) this.act(exchange, turn, kind, real);
        });
      } else this.act(exchange, turn, kind, real);
    };
  }

  private act(exchange: Exchange, turn: Turn, kind: ReplyKind, real: (() => Call | Promise<Call>) | null): void {
    if (turn.isReal && real !== null) {
      // Nothing of what is outside is under the routes' clock.
      if (kind.isOutside) {
        const end = this.clock.pending();
        exchange.way = {
          outer: exchange.way,
          back: (returned) => {
            end();
            returned.leave();
          },
        };
      }
      const call = real();
      if (!isPromise(call)) return call(exchange);
      call.then(
        (made) => made(exchange),
        (thrown: unknown) => {
          exchange.fail(thrown);
          exchange.leave();
        },
      );
      return;
    }
    if (turn.kind === 'drop') exchange.fail(connectionLost());
    else if (turn.exception !== undefined) exchange.fail(new ExchangeError(turn.exception.exception, turn.exception.message));
    else if (turn.reply !== null) return this.reply(exchange, turn.reply, kind);
    exchange.leave();
  }

  private reply(exchange: Exchange, said: ReplySaid, kind: ReplyKind): void {
    const finish = (body: unknown): void => {
      answer(exchange, said, body, kind);
      exchange.leave();
    };
    if (said.expression === undefined) return finish(said.body === undefined ? undefined : said.body);
    const failed = (thrown: unknown): void => {
      exchange.fail(thrown);
      exchange.leave();
    };
    try {
      const value = this.compile(said.expression)(exchange);
      if (isPromise(value)) {
        const end = this.clock.pending();
        value.then(finish, failed).finally(end);
      } else finish(value);
    } catch (thrown) {
      failed(thrown);
    }
  }

  /** Lets everything go that got no answer: the test is over. */
  release(): void {
    for (const exchange of [...this.held]) {
      this.held.delete(exchange);
      exchange.fail(new ExchangeError('mecha.ShutdownException', 'the test is over'));
      exchange.leave();
    }
  }
}

interface ReplyKind {
  /** The endpoint is outside of the program: replies come as bytes or texts. */
  readonly isOutside: boolean;
  readonly scheme: string;
  /** A status that is no success fails the exchange. */
  readonly throws: boolean;
  /** JSON becomes an object at once. */
  readonly parses: boolean;
}

const schemeOf = (uri: string | null): string => /^[\w.+-]+(?=:)/.exec(uri ?? '')?.[0] ?? '';

const connectionLost = (): ExchangeError => new ExchangeError('java.net.SocketException', 'Connection reset: the test drops it');

const onTheWire = (body: unknown, isOutside: boolean): unknown => (isOutside && typeof body === 'object' && body !== null && !Buffer.isBuffer(body) ? writeJson(body) : body);

function answer(exchange: Exchange, said: ReplySaid, body: unknown, { isOutside, scheme, throws, parses }: ReplyKind): void {
  const { status, headers } = said;
  const isHttp = /^https?$/.test(scheme) || scheme === 'micrologic';
  if (isHttp && throws && status !== undefined && (status < 200 || status > 299)) {
    const isRejected = status >= 400 && status < 500;
    const type = scheme !== 'micrologic' ? 'org.apache.camel.http.base.HttpOperationFailedException' : isRejected ? 'mecha.MicrologicRejectedException' : 'mecha.MicrologicException';
    const text = onTheWire(body ?? null, true);
    exchange.fail(new ExchangeError(type, `HTTP operation failed with statusCode: ${status}`, { details: { statusCode: status, statusText: '', responseBody: text === null ? null : String(text), responseHeaders: Object.fromEntries(headers?.of ?? []), redirectLocation: null, uri: '' } }));
    return;
  }
  if (body !== undefined) exchange.body = onTheWire(body, isOutside && !parses);
  for (const [name, value] of headers?.of ?? []) exchange.headers.set(name, value);
  if (isHttp || status !== undefined) exchange.headers.set('CamelHttpResponseCode', status ?? 200);
}
