import { expect } from 'chai';
import type { Clock, Timer } from '../../src/core/clock.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Bag } from '../../src/core/exchange/bag.ts';
import { consumerPromises } from '../../src/core/connector.ts';
import type { ConnectorContext, ConnectorDefinition, Consumer, ConsumerPromise, Delivery, Endpoint, Producer, Sink } from '../../src/core/connector.ts';
import { toTruth } from '../../src/core/conversion/convert.ts';
import { Events } from '../../src/core/events.ts';
import type { ExchangeScope, Way } from '../../src/core/exchange/exchange.ts';
import { Exchange, HANDLED, isUnhandled, UnitOfWork } from '../../src/core/exchange/exchange.ts';
import type { LanguageContext } from '../../src/core/expression.ts';
import type { Headers } from '../../src/core/exchange/headers.ts';
import { MemoryStore } from '../../src/stores/memory.ts';
import { LoadError, Mecha } from '../../src/index.ts';
import { inOrder } from '../../src/core/exchange/order.ts';
import { callStep, Exit, Inlet } from '../../src/core/graph/flow.ts';
import { resolveEndpoint } from '../../src/dsl/uri.ts';
import { simple } from '../../src/languages/simple/definition.ts';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { eventually } from './operator.ts';

export { eventually };

/** Real or virtual time that knows how many timers wait. */
export class CountedClock implements Clock {
  private readonly clock: Clock;
  private readonly timers = new Set<Timer>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get waiting(): number {
    return this.timers.size;
  }

  now(): number {
    return this.clock.now();
  }

  elapsed(): number {
    return this.clock.elapsed();
  }

  schedule(delayMillis: number, run: () => void): Timer {
    const inner = this.clock.schedule(delayMillis, () => {
      this.timers.delete(timer);
      run();
    });
    const timer: Timer = {
      cancel: () => {
        this.timers.delete(timer);
        inner.cancel();
      },
    };
    this.timers.add(timer);
    return timer;
  }

  yield(run: () => void): void {
    this.clock.yield(run);
  }

  pending(): () => void {
    return this.clock.pending();
  }
}

export interface SurroundingsOptions {
  readonly clock?: Clock;
  readonly baseDir?: string;
  readonly beans?: Readonly<Record<string, unknown>>;
}

/** What connectors find around them, without a runtime: the real Simple language, beans, and what they said. */
export class Surroundings {
  readonly clock: CountedClock;
  readonly events = new Events();
  readonly logs: string[] = [];
  readonly waits: string[] = [];
  readonly scope: ExchangeScope;
  readonly context: ConnectorContext;
  private readonly things = new Map<string, unknown>();

  constructor({ clock = systemClock, baseDir = '.', beans = {} }: SurroundingsOptions = {}) {
    this.clock = new CountedClock(clock);
    let ids = 0;
    const globals = new Bag();
    const bean = (name: string): unknown => beans[name.replace(/^#(bean:)?/, '')];
    this.scope = {
      name: 'test',
      clock: this.clock,
      nextExchangeId: () => `exchange-${++ids}`,
      property: () => undefined,
      bean,
      globalVariables: globals,
      routeVariables: () => globals,
    };
    const languages: LanguageContext = {
      expression: () => () => null,
      predicate: () => () => false,
      property: () => undefined,
      bean,
      beanNames: () => Object.keys(beans),
      resource: () => '',
      environment: {},
      log: () => undefined,
    };
    const compile = (source: string): ((exchange: Exchange) => unknown) => simple.expression(source, {} as never, languages);
    this.context = {
      routeId: 'test',
      clock: this.clock,
      events: this.events,
      scope: this.scope,
      store: new MemoryStore(this.clock),
      baseDir,
      shared: (name, make) => {
        if (!this.things.has(name)) this.things.set(name, make());
        return this.things.get(name) as ReturnType<typeof make>;
      },
      bean: <T>(reference: string): T => {
        const found = bean(reference);
        if (found === undefined) throw new Error(`there is no bean ${reference}`);
        return found as T;
      },
      waiting: (reason) => void this.waits.push(reason),
      ready: () => void this.waits.push('ready'),
      log: (level, message) => void this.logs.push(`${level} ${message}`),
      setting: () => undefined,
      property: () => undefined,
      simple: compile,
      predicate: (source) => {
        const predicate = simple.predicate === undefined ? compile(source) : simple.predicate(source, {} as never, languages);
        return (exchange) => toTruth(predicate(exchange));
      },
    };
  }

  endpoint(definition: ConnectorDefinition<never>, uri: string): Endpoint {
    const any = definition as unknown as ConnectorDefinition;
    return resolveEndpoint(uri, Object.fromEntries([any.scheme, ...(any.aliases ?? [])].map((name) => [name, any]))).endpoint;
  }

  async consumer(definition: ConnectorDefinition<never>, uri: string, routeId = 'test'): Promise<Consumer> {
    return definition.consumer!(this.endpoint(definition, uri) as never, { ...this.context, routeId });
  }

  async producer(definition: ConnectorDefinition<never>, uri: string): Promise<Producer> {
    const producer = await definition.producer!(this.endpoint(definition, uri) as never, this.context);
    await producer.start?.();
    return producer;
  }

  /** Sends from a route that one source feeds; resolves when the exchange is back. `settled` is called when the sender's delivery is done. */
  send(producer: Producer, exchange: Exchange, settled: (exchange: Exchange) => void = () => undefined): Promise<Exchange> {
    const unitOfWork = new UnitOfWork(exchange, settled);
    exchange.unitOfWork = unitOfWork;
    return new Promise((resolve) => {
      const back = (returned: Exchange): void => {
        unitOfWork.release();
        resolve(returned);
      };
      if (producer.call !== undefined) {
        exchange.way = { outer: null, back };
        producer.call(exchange);
        return;
      }
      void (async () => {
        try {
          await producer.send!(exchange);
        } catch (thrown) {
          exchange.fail(thrown);
        }
        back(exchange);
      })();
    });
  }

  exchange(body: unknown, headers: Readonly<Record<string, unknown>> = {}, isInOut = false): Exchange {
    const exchange = new Exchange(this.scope, body, undefined, isInOut);
    for (const [name, value] of Object.entries(headers)) exchange.headers.set(name, value);
    return exchange;
  }
}

/** A route that does what a test says, and can hold exchanges back. */
export class TestRoute implements Sink {
  readonly routeId: string;
  readonly received: Exchange[] = [];
  readonly held: Exchange[] = [];
  readonly deliveries: Delivery[] = [];
  settled = 0;
  most = 0;
  inFlight = 0;
  isHolding = false;
  /** Takes what failed from sources that would lose it, as the dead letters of a runtime do. */
  keepsLost = false;
  private readonly scope: ExchangeScope;
  private readonly work: (exchange: Exchange) => unknown;

  constructor(scope: ExchangeScope, work: (exchange: Exchange) => unknown = () => undefined, routeId = 'test') {
    this.scope = scope;
    this.work = work;
    this.routeId = routeId;
  }

  exchange(body: unknown, headers?: Headers, isInOut = false): Exchange {
    const exchange = new Exchange(this.scope, body, headers, isInOut);
    exchange.routeId = exchange.fromRouteId = this.routeId;
    return exchange;
  }

  push(exchange: Exchange, delivery: Delivery): void {
    exchange.unitOfWork = new UnitOfWork(exchange, (settled) => {
      if (this.keepsLost && delivery.wouldLose === true && isUnhandled(settled)) settled.halt |= HANDLED;
      void Promise.resolve(delivery.settle(settled)).then(() => this.settled++);
    });
    this.deliveries.push(delivery);
    this.enter(exchange, {
      outer: null,
      back: (returned) => {
        this.inFlight--;
        delivery.left?.(returned);
        returned.unitOfWork!.release();
      },
    });
  }

  readonly call = (exchange: Exchange): void => {
    this.enter(exchange, {
      outer: exchange.way,
      back: (returned) => {
        this.inFlight--;
        returned.leave();
      },
    });
  };

  /** Lets the oldest exchange that is held back go. */
  release(): void {
    this.held.shift()!.leave();
  }

  releaseAll(): void {
    this.isHolding = false;
    while (this.held.length > 0) this.release();
  }

  private enter(exchange: Exchange, way: Way): void {
    this.received.push(exchange);
    this.most = Math.max(this.most, ++this.inFlight);
    exchange.way = way;
    if (exchange.halt === 0) {
      try {
        this.work(exchange);
      } catch (thrown) {
        exchange.fail(thrown);
      }
    }
    if (this.isHolding) this.held.push(exchange);
    else exchange.leave();
  }
}

// ------------------------------------------------------------------------------------------------ the contract

/** One source and the connector that reads it. */
export interface ConnectorRig {
  readonly surroundings: Surroundings;
  /** A consumer of the source with credit for `credit` messages; several read the same source. */
  consumer(credit?: number): Promise<Consumer>;
  /** Puts messages into the source. */
  send(...names: string[]): Promise<void>;
  /** The name that a message was sent by. */
  nameOf(exchange: Exchange): string;
  /** Names that the source need not deliver again. */
  acknowledged(): Promise<string[]>;
  readonly definition: ConnectorDefinition<never>;
  /** Endpoints with options that can't work, and what the complaint must name. */
  readonly wrong: readonly (readonly [uri: string, names: RegExp])[];
  open(uri: string): Promise<Consumer>;
  close(): Promise<void>;
  /** How long to wait for what should come soon. */
  readonly patienceMillis?: number;
  /** Its process dies: nothing is settled any more, nobody says goodbye. */
  abandon?(consumer: Consumer): Promise<void>;
  /** Puts so many messages of so many bytes into the source. */
  sendLarge?(count: number, bytes: number): Promise<void>;
  /** Puts a message with headers into the source. */
  sendWith?(name: string, headers: Readonly<Record<string, string>>): Promise<void>;
  /** Sends a message with such headers, by the connector: those that the other side gets. */
  sendOut?(headers: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>>;
  /** A server that nobody else needs. */
  server?(): Promise<RestartableSource>;
  /** Endpoints whose server does not answer, with a secret in them. */
  readonly secret?: { readonly uri: string; readonly text: string };
  readonly network?: Network;
}

/** A source whose server can be killed and started again. */
export interface RestartableSource extends Pick<ConnectorRig, 'send' | 'acknowledged' | 'nameOf'> {
  consumer(): Promise<Consumer>;
  /** As by `kill -9`. */
  kill(): Promise<unknown>;
  /** Resolves when it answers. */
  restart(): Promise<unknown>;
  close(): Promise<unknown>;
}

/** What is between a connector and its server. */
export interface Network {
  /** A consumer of the rig's source that goes this way. */
  consumer(): Promise<Consumer>;
  cut(): Promise<unknown>;
  mend(): Promise<unknown>;
  delay(millis: number): Promise<unknown>;
  /** The connections stay, and nothing comes through. */
  stall(): Promise<unknown>;
  /** Ends delay and stall. What was on its way in a stalled connection is gone. */
  heal(): Promise<unknown>;
}

const names = (rig: ConnectorRig, route: TestRoute): string[] => route.received.map((exchange) => rig.nameOf(exchange));

const route = (rig: ConnectorRig, work?: (exchange: Exchange) => unknown): TestRoute => new TestRoute(rig.surroundings.scope, work);

async function end(consumer: Consumer): Promise<void> {
  await consumer.stop();
  await consumer.close?.();
}

const patience = 2000;

const soon = (rig: ConnectorRig, holds: () => void): Promise<void> => eventually(holds, rig.patienceMillis ?? patience);

/** Long enough for a consumer that does what it should not. */
const quiet = (): Promise<void> => new Promise((resolve) => void systemClock.schedule(30, resolve));

/** Clients need their time to find a server again that was away. */
const restartMillis = (rig: ConnectorRig): number => (rig.patienceMillis ?? patience) * 4;

const later = (rig: ConnectorRig, holds: () => Promise<unknown>, millis = rig.patienceMillis ?? patience): Promise<unknown> => eventually(holds, millis);

const gc = (): void => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
};

const memory = (): number => {
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

const sockets = (): number => process.getActiveResourcesInfo().filter((name) => /^(TCP|TLS|Pipe|UDP)\w*Wrap$/.test(name)).length;

const listeners = (): number => process.eventNames().reduce((count, name) => count + process.listenerCount(name), 0);

/** A consumer that goes by the rig's network, and has delivered `a`. */
async function overNetwork(rig: ConnectorRig): Promise<{ network: Network; target: TestRoute; consumer: Consumer }> {
  const network = rig.network!;
  const target = route(rig);
  const consumer = await network.consumer();
  await rig.send('a');
  await consumer.start(target);
  await soon(rig, () => expect(target.settled).to.be.at.least(1));
  return { network, target, consumer };
}

/** Headers as a route may have them, with some that steer Camel. */
const mixedHeaders = { color: 'red', 'x-note': 'blue', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', CamelHttpUri: 'outside', camelFileName: 'outside' };

const steersCamel = (name: string): boolean => /^camel/i.test(name);

/** A route that begins at the endpoint, with a line for each option. */
function routeText(uri: string): string {
  const [path, query = ''] = [uri.replace(/\?.*$/s, ''), /\?(.*)$/s.exec(uri)?.[1]];
  const options = query.split('&').filter((option) => option !== '').map((option) => {
    const value = decodeURIComponent(option.slice(option.indexOf('=') + 1));
    return `        ${JSON.stringify(option.slice(0, option.indexOf('=')))}: ${/^(\d+|true|false)$/.test(value) ? value : JSON.stringify(value)}`;
  });
  return ['- route:', '    id: wrong', '    from:', `      uri: ${JSON.stringify(path)}`, ...(options.length === 0 ? [] : ['      parameters:', ...options]), '      steps:', '        - to: mock:out', ''].join('\n');
}

/** What every consumer promises. A connector that can't promise a line says why in its definition. */
export const connectorContract = {
  'delivers each message once, in the order in which they came': async (rig) => {
    const target = route(rig);
    const consumer = await rig.consumer();
    await rig.send('a', 'b');
    await consumer.start(target);
    await soon(rig, () => expect(names(rig, target).slice(0, 2)).to.deep.equal(['a', 'b']));
    await rig.send('c');
    await soon(rig, () => expect(names(rig, target).slice(0, 3)).to.deep.equal(['a', 'b', 'c']));
    await end(consumer);
  },
  'acknowledges a message after it has settled, and not before': async (rig) => {
    const target = route(rig);
    target.isHolding = true;
    const consumer = await rig.consumer();
    await rig.send('a');
    await consumer.start(target);
    await soon(rig, () => expect(target.held).to.have.length(1));
    const held = target.held[0]!;
    held.unitOfWork!.retain();
    expect(await rig.acknowledged()).to.deep.equal([]);
    target.releaseAll();
    expect(await rig.acknowledged(), 'the exchange has left, its unit of work is not done').to.deep.equal([]);
    held.unitOfWork!.release();
    await later(rig, async () => expect(await rig.acknowledged()).to.deep.equal(['a']));
    await end(consumer);
  },
  'has no more messages under way than it has credit for': async (rig) => {
    const target = route(rig);
    target.isHolding = true;
    const consumer = await rig.consumer(2);
    await rig.send('a', 'b', 'c', 'd');
    await consumer.start(target);
    await soon(rig, () => expect(target.held).to.have.length(2));
    target.release();
    await soon(rig, () => expect(target.received).to.have.length(3));
    expect(target.most).to.equal(2);
    target.releaseAll();
    await soon(rig, () => expect(target.received).to.have.length(4));
    await end(consumer);
  },
  'delivers again what failed': async (rig) => {
    let isFirst = true;
    const target = route(rig, () => {
      const fails = isFirst;
      isFirst = false;
      if (fails) throw new Error('the first time fails');
    });
    const consumer = await rig.consumer();
    await rig.send('a');
    await consumer.start(target);
    await soon(rig, () => expect(names(rig, target)).to.deep.equal(['a', 'a']));
    await later(rig, async () => expect(await rig.acknowledged()).to.deep.equal(['a']));
    await end(consumer);
  },
  'goes on with the next message when one has failed': async (rig) => {
    let isFirst = true;
    const target = route(rig, () => {
      const fails = isFirst;
      isFirst = false;
      if (fails) throw new Error('the first one fails');
    });
    const consumer = await rig.consumer();
    await rig.send('a', 'b');
    await consumer.start(target);
    await soon(rig, () => expect(names(rig, target)).to.include('b'));
    await end(consumer);
  },
  'takes nothing any more once it has been stopped': async (rig) => {
    const [first, second] = [route(rig), route(rig)];
    const consumer = await rig.consumer();
    await rig.send('a');
    await consumer.start(first);
    await soon(rig, () => expect(first.settled).to.be.at.least(1));
    await consumer.stop();
    const count = first.received.length;
    await rig.send('b');
    await quiet();
    expect(first.received).to.have.length(count);
    const successor = await rig.consumer();
    await successor.start(second);
    await soon(rig, () => expect(second.settled).to.be.at.least(1));
    await end(consumer);
    await end(successor);
  },
  'stops while a message is under way, which settles all the same': async (rig) => {
    const target = route(rig);
    target.isHolding = true;
    const consumer = await rig.consumer();
    await rig.send('a');
    await consumer.start(target);
    await soon(rig, () => expect(target.held).to.have.length(1));
    const stopping = consumer.stop();
    target.releaseAll();
    await stopping;
    await soon(rig, () => expect(target.settled).to.equal(1));
    await consumer.close?.();
  },
  'pauses when it is suspended, and goes on when it is resumed': async (rig) => {
    const target = route(rig);
    const consumer = await rig.consumer();
    await rig.send('a');
    await consumer.start(target);
    await soon(rig, () => expect(target.settled).to.be.at.least(1));
    await consumer.suspend!();
    const count = target.received.length;
    await rig.send('b');
    await quiet();
    expect(target.received).to.have.length(count);
    await consumer.resume!();
    await soon(rig, () => expect(target.settled).to.be.greaterThan(count));
    await end(consumer);
  },
  'waits for a slow route, and holds no more in memory meanwhile': async (rig) => {
    const [count, bytes] = [100, 100_000];
    const target = route(rig);
    target.isHolding = true;
    const consumer = await rig.consumer(2);
    await rig.sendLarge!(count, bytes);
    const before = memory();
    await consumer.start(target);
    await soon(rig, () => expect(target.held.length).to.be.at.least(1));
    for (let i = 0; i < 5; i++) await quiet();
    expect(memory() - before, `of ${count * bytes} bytes`).to.be.below((count * bytes) / 2);
    target.releaseAll();
    await eventually(() => expect(target.received).to.have.length(count), 25_000);
    await end(consumer);
  },
  'leaves no timer, socket or listener behind': async (rig) => {
    const target = route(rig);
    await rig.send('a');
    const before = { sockets: sockets(), listeners: listeners() };
    const consumer = await rig.consumer();
    await consumer.start(target);
    await soon(rig, () => expect(target.settled).to.be.at.least(1));
    await end(consumer);
    expect(rig.surroundings.clock.waiting, 'timers').to.equal(0);
    await soon(rig, () => expect(sockets(), 'sockets').to.be.at.most(before.sockets));
    expect(listeners(), 'listeners of the process').to.equal(before.listeners);
  },
  'refuses wrong options when it is loaded, with their line': async (rig) => {
    for (const [uri, complaint] of rig.wrong) {
      const routes = routeText(uri);
      let failure: unknown = null;
      try {
        const mecha = await Mecha.start({
          configuration: null,
          routes,
          folder: rig.surroundings.context.baseDir,
          connectors: [rig.definition as never],
          settings: { 'http.port': 0, 'management.enabled': false, 'state.store': 'memory', 'log.level': 'off' },
        });
        await mecha.stop();
      } catch (thrown) {
        failure = thrown;
      }
      expect(failure, uri).to.be.instanceOf(LoadError);
      const found = (failure as LoadError).diagnostics.find(({ message }) => complaint.test(message));
      expect(found, `${uri}: ${(failure as LoadError).message}`).not.to.equal(undefined);
      const { at, message } = found!;
      expect(at, message).not.to.equal(null);
      const line = routes.slice(0, at!.start).split('\n').length;
      // The line of the endpoint, or of an option that the complaint names.
      const lines = routes.split('\n').flatMap((text, index) => {
        const option = /^ {8}"([^"]+)":/.exec(text)?.[1];
        return text.startsWith('      uri:') || (option !== undefined && message.includes(option)) ? [index + 1] : [];
      });
      expect(lines, `${uri}: ${(failure as LoadError).message}`).to.include(line);
    }
  },
  'delivers again what had not settled when its process died': async (rig) => {
    const [first, second] = [route(rig), route(rig)];
    first.isHolding = true;
    const consumer = await rig.consumer();
    await rig.send('a');
    await consumer.start(first);
    await soon(rig, () => expect(first.held).to.have.length(1));
    await rig.abandon!(consumer);
    const successor = await rig.consumer();
    await successor.start(second);
    await soon(rig, () => expect(names(rig, second)).to.deep.equal(['a']));
    await later(rig, async () => expect(await rig.acknowledged()).to.deep.equal(['a']));
    await end(successor);
    first.releaseAll();
    await end(consumer);
  },
  'shows no secret in what it says': async (rig) => {
    const { uri, text } = rig.secret!;
    const { logs, waits } = rig.surroundings;
    const said: string[] = [];
    let consumer: Consumer | null = null;
    try {
      consumer = await rig.open(uri);
      await consumer.start(route(rig));
      await soon(rig, () => expect(logs.length + waits.length).to.be.greaterThan(0));
    } catch (thrown) {
      said.push(String((thrown as Error).stack), JSON.stringify((thrown as Error).cause ?? ''));
    }
    if (consumer !== null) await end(consumer);
    said.push(...logs, ...waits);
    expect(said.join(''), 'it says something').not.to.equal('');
    expect(said.join('\n')).not.to.include(text);
  },
  'starts while its server is down, says so once, and delivers when it comes': async (rig) => {
    const network = rig.network!;
    const { waits } = rig.surroundings;
    const target = route(rig);
    await rig.send('a');
    await network.cut();
    const consumer = await network.consumer();
    await consumer.start(target);
    await soon(rig, () => expect(waits).to.have.length(1));
    for (let i = 0; i < 10; i++) await quiet();
    expect(waits).to.have.length(1);
    await network.mend();
    await soon(rig, () => expect(names(rig, target)).to.deep.equal(['a']));
    expect(waits.slice(1)).to.deep.equal(['ready']);
    await end(consumer);
  },
  'delivers everything over a cut connection': async (rig) => {
    const { network, target, consumer } = await overNetwork(rig);
    await network.cut();
    await rig.send('b');
    for (let i = 0; i < 3; i++) await quiet();
    await network.mend();
    await rig.send('c');
    await soon(rig, () => expect(new Set(names(rig, target))).to.deep.equal(new Set(['a', 'b', 'c'])));
    await later(rig, async () => expect(await rig.acknowledged()).to.include.members(['a', 'b', 'c']));
    await end(consumer);
  },
  'is only slower over a slow line': async (rig) => {
    const network = rig.network!;
    await network.delay(60);
    const target = route(rig);
    const consumer = await network.consumer();
    await rig.send('a', 'b', 'c');
    await consumer.start(target);
    await soon(rig, () => expect(names(rig, target)).to.have.members(['a', 'b', 'c']));
    await later(rig, async () => expect(await rig.acknowledged()).to.have.members(['a', 'b', 'c']));
    await network.heal();
    await end(consumer);
  },
  'notices a half-open connection, and goes on by another': async (rig) => {
    const { network, target, consumer } = await overNetwork(rig);
    await network.stall();
    await rig.send('b');
    for (let i = 0; i < 3; i++) await quiet();
    await network.heal();
    await rig.send('c');
    await soon(rig, () => expect(new Set(names(rig, target))).to.deep.equal(new Set(['a', 'b', 'c'])));
    await end(consumer);
  },
  'delivers everything over a restart of its server': async (rig) => {
    const source = await rig.server!();
    try {
      const target = route(rig);
      const came = (): Set<string> => new Set(target.received.map((exchange) => source.nameOf(exchange)));
      const consumer = await source.consumer();
      await source.send('a');
      await consumer.start(target);
      await eventually(() => expect(target.settled).to.be.at.least(1), restartMillis(rig));
      // One is under way when the server dies, one waits in it.
      target.isHolding = true;
      await source.send('b', 'c');
      await eventually(() => expect(target.held).not.to.have.length(0), restartMillis(rig));
      await source.kill();
      target.releaseAll();
      await source.restart();
      await source.send('d');
      await eventually(() => expect(came()).to.deep.equal(new Set(['a', 'b', 'c', 'd'])), restartMillis(rig));
      await later(rig, async () => expect(await source.acknowledged()).to.include.members(['a', 'b', 'c', 'd']), restartMillis(rig));
      await end(consumer);
    } finally {
      await source.close();
    }
  },
  'keeps the order of each key, with orderBy and lanes': async (rig) => {
    const lanes = { a: {}, b: {} };
    const left: string[] = [];
    const inlet = new Inlet();
    // Those of one key stay in the step until all of them are there, and come out of it the wrong way round; those of the other pass.
    const kept: Exchange[] = [];
    const step = callStep((exchange) => {
      if (rig.nameOf(exchange).startsWith('a')) kept.push(exchange);
      else exchange.leave();
    });
    const subscription = inlet.pipe(inOrder(step)).subscribe(
      new Exit((exchange) => {
        left.push(rig.nameOf(exchange));
        exchange.leave();
      }),
    );
    const target = route(rig, (exchange) => {
      exchange.lane = lanes[rig.nameOf(exchange)[0] as 'a' | 'b'];
      inlet.next(exchange);
    });
    // They leave by the step.
    target.isHolding = true;
    const consumer = await rig.consumer(8);
    const sent = ['a1', 'b1', 'a2', 'b2', 'a3', 'b3', 'a4', 'b4'];
    await rig.send(...sent);
    await consumer.start(target);
    await soon(rig, () => expect(kept).to.have.length(4));
    await soon(rig, () => expect([...left].sort(), 'another key overtakes').to.deep.equal(['b1', 'b2', 'b3', 'b4']));
    for (const exchange of kept.reverse()) exchange.leave();
    await soon(rig, () => expect(left).to.have.length(sent.length));
    for (const key of ['a', 'b']) expect(left.filter((name) => name.startsWith(key))).to.deep.equal(sent.filter((name) => name.startsWith(key)));
    // Leaving is not yet settling: a file is still to be moved.
    await soon(rig, () => expect(target.settled).to.equal(sent.length));
    subscription.unsubscribe();
    await end(consumer);
  },
  'hands headers on, and lets none of Camel in': async (rig) => {
    const target = route(rig);
    const consumer = await rig.consumer();
    await rig.sendWith!('a', mixedHeaders);
    await consumer.start(target);
    await soon(rig, () => expect(target.received).to.have.length(1));
    const { headers } = target.received[0]!;
    expect(headers.get('color')).to.equal('red');
    expect(headers.names().filter((name) => headers.get(name) === 'outside')).to.deep.equal([]);
    await end(consumer);
  },
  'sends headers by the rule by which it takes them, and lets none of Camel out': async (rig) => {
    const out = await rig.sendOut!(mixedHeaders);
    const sent = new Map(Object.entries(out).map(([name, value]) => [name.toLowerCase(), value]));
    expect([...sent].filter(([name, value]) => steersCamel(name) || value === 'outside')).to.deep.equal([]);
    // What goes out is what would come in.
    const target = route(rig);
    const consumer = await rig.consumer();
    await rig.sendWith!('a', mixedHeaders);
    await consumer.start(target);
    await soon(rig, () => expect(target.received).to.have.length(1));
    for (const name of ['color', 'x-note']) expect(sent.get(name), name).to.equal(target.received[0]!.headers.get(name) ?? 'nothing');
    await end(consumer);
  },
  'hands the trace context on': async (rig) => {
    const target = route(rig);
    const consumer = await rig.consumer();
    const { traceparent } = mixedHeaders;
    await rig.sendWith!('a', { traceparent });
    await consumer.start(target);
    await soon(rig, () => expect(target.received).to.have.length(1));
    expect(target.received[0]!.headers.get('traceparent')).to.equal(traceparent);
    await end(consumer);
    if (rig.sendOut !== undefined) expect((await rig.sendOut(mixedHeaders))['traceparent'], 'what goes out').to.equal(traceparent);
  },
} satisfies Record<ConsumerPromise, (rig: ConnectorRig) => Promise<void>>;

export type ConnectorPromise = ConsumerPromise;

export const connectorPromises = consumerPromises;

/** What a rig must be able to do for a line. */
export const needs: Partial<Record<ConnectorPromise, 'abandon' | 'sendLarge' | 'sendWith' | 'sendOut' | 'secret' | 'network' | 'server'>> = {
  'delivers again what had not settled when its process died': 'abandon',
  'waits for a slow route, and holds no more in memory meanwhile': 'sendLarge',
  'shows no secret in what it says': 'secret',
  'starts while its server is down, says so once, and delivers when it comes': 'network',
  'delivers everything over a cut connection': 'network',
  'is only slower over a slow line': 'network',
  'notices a half-open connection, and goes on by another': 'network',
  'delivers everything over a restart of its server': 'server',
  'hands headers on, and lets none of Camel in': 'sendWith',
  'sends headers by the rule by which it takes them, and lets none of Camel out': 'sendOut',
  'hands the trace context on': 'sendWith',
};

/** Runs the contract. What a connector can't promise stands, with the reason, in `notPromised` of its definition; nothing else is left out. */
export function keepsConnectorContract(name: string, open: () => Promise<ConnectorRig>, notPromised: ConnectorDefinition['notPromised']): void {
  describe(`${name} keeps the connectors' contract`, function () {
    this.timeout(40_000);
    for (const promise of connectorPromises) {
      if (notPromised?.[promise] !== undefined) continue;
      it(promise, async function () {
        // Servers are started for it.
        if (needs[promise] === 'server') this.timeout(240_000);
        const rig = await open();
        try {
          const need = needs[promise];
          if (need !== undefined && rig[need] === undefined) throw new Error(`the rig has no \`${need}\`: give it one, or say in \`notPromised\` of the definition why the promise can't be kept`);
          await connectorContract[promise](rig);
        } finally {
          await rig.close();
        }
      });
    }
  });
}
