import { TestScheduler } from 'rxjs/testing';
import type { RunHelpers } from 'rxjs/testing';
import type { Observable } from 'rxjs';
import { expect } from 'chai';
import { Bag } from '../../src/core/exchange/bag.ts';
import type { Clock } from '../../src/core/clock.ts';
import { VirtualClock } from '../../src/core/clock.ts';
import { toText } from '../../src/core/conversion/convert.ts';
import type { AggregationStrategy, DataFormat, EipDefinition, StepContext } from '../../src/core/definition.ts';
import { Diagnostics } from '../../src/core/diagnostics.ts';
import { ExchangeError } from '../../src/core/errors.ts';
import { Events } from '../../src/core/events.ts';
import type { ExchangeScope } from '../../src/core/exchange/exchange.ts';
import { Exchange, FAILED, HANDLED, ROLLBACK_ONLY, STOPPED } from '../../src/core/exchange/exchange.ts';
import type { Expression, LanguageContext } from '../../src/core/expression.ts';
import type { Field, Fields } from '../../src/core/field.ts';
import type { Call, Pipe } from '../../src/core/graph/flow.ts';
import { Exit, Inlet, callFrom, perform } from '../../src/core/graph/flow.ts';
import { Headers } from '../../src/core/exchange/headers.ts';
import type { PolledMessage } from '../../src/core/connector.ts';
import type { PutOptions, StateStore, StoreOperation, StoredValue } from '../../src/core/state/store.ts';

export { eventually } from '../eventually.ts';

// ------------------------------------------------------------------------------------------------ what a step finds around it

/** A store in memory, enough for operators; the real engines have a contract of their own. */
export class ScratchStore implements StateStore {
  readonly isDurable = false;
  readonly entries = new Map<string, StoredValue>();
  private version = 0;

  async get(key: string): Promise<StoredValue | undefined> {
    return this.entries.get(key);
  }

  async put(key: string, value: Buffer, _options?: PutOptions): Promise<void> {
    this.entries.set(key, { value, version: String(++this.version) });
  }

  async compareAndSet(key: string, version: string | null, value: Buffer, options?: PutOptions): Promise<boolean> {
    if ((this.entries.get(key)?.version ?? null) !== version) return false;
    await this.put(key, value, options);
    return true;
  }

  async delete(key: string): Promise<boolean> {
    return this.entries.delete(key);
  }

  async *range(prefix: string, { after = '', limit = Infinity }: { after?: string; limit?: number } = {}): AsyncIterable<readonly [string, StoredValue]> {
    const found = [...this.entries].filter(([key]) => key.startsWith(prefix) && key > after).sort(([a], [b]) => (a < b ? -1 : 1));
    yield* found.slice(0, limit);
  }

  async batch(operations: readonly StoreOperation[]): Promise<void> {
    for (const operation of operations) {
      if (operation.type === 'put') await this.put(operation.key, operation.value);
      else await this.delete(operation.key);
    }
  }

  async close(): Promise<void> {}
}

/** As much of Simple as the operators' tests need: `${body}`, `${header.x}`, `${exchangeProperty.x}`, `${variable.x}`, `${exception.message}`. */
export const tinySimple = (source: string): Expression => {
  const value = (exchange: Exchange, name: string): unknown => {
    const dot = name.indexOf('.');
    const key = name.slice(dot + 1);
    if (name === 'body') return exchange.body;
    if (name.startsWith('header.')) return exchange.headers.get(key);
    if (name.startsWith('exchangeProperty.')) return exchange.property(key);
    if (name.startsWith('variable.')) return exchange.variable(key);
    if (name === 'exception.message') return exchange.exception?.message ?? (exchange.property('CamelExceptionCaught') as Error | undefined)?.message;
    throw new Error(`no such function here: ${name}`);
  };
  const alone = /^\$\{([^}]*)\}$/.exec(source);
  const evaluate =
    alone !== null
      ? (exchange: Exchange): unknown => value(exchange, alone[1]!) ?? null
      : (exchange: Exchange): unknown => source.replace(/\$\{([^}]*)\}/g, (_, name: string) => toText(value(exchange, name)) ?? '');
  return Object.assign(evaluate, { label: `simple{${source}}` });
};

export interface TestContext extends StepContext {
  readonly clock: VirtualClock;
  readonly store: ScratchStore;
  /** What went to fixed and dynamic endpoints, by URI: the body and the exchange itself. */
  readonly sent: Map<string, Exchange[]>;
  /** Steps begun (`begin`) that have not ended yet. */
  readonly underWay: number;
  readonly disposers: (() => void)[];
  /** Ends the time for stopping. */
  abort(): void;
}

/** What a fake endpoint does with an exchange sent to it. */
export type Endpoint = (exchange: Exchange) => void | Promise<void>;

export interface ContextOverrides extends Partial<Omit<StepContext, 'beans'>> {
  /** Beans by name. */
  readonly registry?: Readonly<Record<string, unknown>>;
  /** What endpoints do, by URI; those that are not named take everything and change nothing. */
  readonly endpoints?: Readonly<Record<string, Endpoint>>;
  /** URIs that can't be resolved. */
  readonly unknownEndpoints?: readonly string[];
  readonly polled?: (uri: string, timeoutMillis: number, exchange: Exchange) => Promise<PolledMessage | null>;
  readonly dataFormats?: Readonly<Record<string, DataFormat>>;
  readonly strategies?: Readonly<Record<string, AggregationStrategy>>;
  readonly properties?: Readonly<Record<string, string>>;
}

/** A step's surroundings in virtual time, without a runtime. */
export function stepContext(overrides: ContextOverrides = {}): TestContext {
  const { registry = {}, endpoints = {}, unknownEndpoints = [], polled, dataFormats = {}, strategies = {}, properties = {}, ...given } = overrides;
  const clock = (given.clock as VirtualClock | undefined) ?? new VirtualClock();
  const controller = new AbortController();
  const sent = new Map<string, Exchange[]>();
  const disposers: (() => void)[] = [];
  const lookUp = (reference: string): unknown => registry[reference.replace(/^#(bean:)?/, '')];
  let underWay = 0;
  let ids = 0;
  const globals = new Bag();
  const routes = new Map<string, Bag>();
  const scope: ExchangeScope = given.scope ?? {
    name: 'test',
    clock,
    nextExchangeId: () => `exchange-${++ids}`,
    property: (key) => properties[key],
    bean: lookUp,
    globalVariables: globals,
    routeVariables: (routeId) => {
      if (!routes.has(routeId)) routes.set(routeId, new Bag());
      return routes.get(routeId)!;
    },
  };
  const languages: LanguageContext = {
    expression: (language, source) => (language === 'simple' ? tinySimple(source) : Object.assign(() => source, { label: `${language}{${source}}` })),
    predicate: (language, source) => {
      const expression = language === 'simple' ? tinySimple(source) : () => source;
      return (exchange) => expression(exchange) === true || expression(exchange) === 'true';
    },
    property: (key) => properties[key],
    bean: lookUp,
    beanNames: () => Object.keys(registry),
    resource: (uri) => {
      throw new Error(`no such resource: ${uri}`);
    },
    environment: {},
    log: () => {},
  };
  const send = (uri: string): Call => {
    return callFrom((exchange) => {
      sent.set(uri, [...(sent.get(uri) ?? []), exchange]);
      return endpoints[uri]?.(exchange);
    });
  };
  const resolve = (uri: string): void => {
    if (unknownEndpoints.includes(uri)) throw new ExchangeError('org.apache.camel.NoSuchEndpointException', `No endpoint could be found for: ${uri}`);
  };
  const context: StepContext = {
    info: { routeId: 'route1', stepId: 'step1', kind: 'step', label: 'step', at: null },
    at: null,
    clock,
    events: new Events(),
    scope,
    store: new ScratchStore(),
    problems: new Diagnostics(),
    languages,
    bean: <T>(reference: string, kind: string): T => {
      const bean = lookUp(reference);
      if (bean === undefined) context.problems.report('M0000', `no bean ${reference} (${kind})`, null);
      return bean as T;
    },
    producer: ({ uri }) => send(uri),
    dynamicCall: (uri, exchange) => {
      try {
        resolve(uri);
      } catch (thrown) {
        exchange.fail(thrown);
        exchange.leave();
        return;
      }
      send(uri)(exchange);
    },
    checkEndpoint: resolve,
    receive: polled ?? (async () => null),
    dataFormat: (name) => dataFormats[name]!,
    aggregationStrategy: (reference) => strategies[reference] ?? (lookUp(reference) as AggregationStrategy),
    beans: { get: (name) => registry[name], names: () => Object.keys(registry) },
    begin: () => void underWay++,
    end: () => void underWay--,
    onDispose: (dispose) => void disposers.push(dispose),
    stopping: controller.signal,
    ...given,
  };
  const extras = { sent, disposers, abort: () => controller.abort() };
  return Object.defineProperty(Object.assign(context, extras), 'underWay', { get: () => underWay }) as unknown as TestContext;
}

export const exchangeOf = (body: unknown, headers: Readonly<Record<string, unknown>> = {}, scope?: ExchangeScope): Exchange => new Exchange(scope, body, Headers.from(headers));

/** One exchange per letter, the letter its body: for marbles. */
export const exchanges = (letters: string): Record<string, Exchange> => Object.fromEntries([...letters].map((letter) => [letter, exchangeOf(letter)]));

// ------------------------------------------------------------------------------------------------ running it

export interface Graph {
  /** What has left, in that order. */
  readonly left: Exchange[];
  feed(...exchanges: Exchange[]): void;
  /** Takes the graph down as the runtime does. */
  dispose(): void;
}

/** Wires a pipe once; exchanges may then be fed one after the other. */
export function graph(pipe: Pipe, context?: TestContext): Graph {
  const inlet = new Inlet();
  const left: Exchange[] = [];
  const subscription = inlet.pipe(pipe).subscribe(new Exit((exchange) => left.push(exchange)));
  return {
    left,
    feed: (...fed) => fed.forEach((exchange) => inlet.next(exchange)),
    dispose: () => {
      subscription.unsubscribe();
      context?.disposers.splice(0).forEach((dispose) => dispose());
    },
  };
}

/** What leaves a synchronous pipe. */
export function run(pipe: Pipe, fed: readonly Exchange[]): Exchange[] {
  const { left, feed } = graph(pipe);
  feed(...fed);
  return left;
}

/** What leaves a pipe within `millis` of virtual time. */
export async function runLater(pipe: Pipe, context: TestContext, fed: readonly Exchange[], millis = 3_600_000): Promise<Exchange[]> {
  const { left, feed } = graph(pipe, context);
  feed(...fed);
  await context.clock.advance(millis);
  return left;
}

export const bodies = (left: readonly Exchange[]): unknown[] => left.map(({ body }) => body);

export interface Marbles extends RunHelpers {
  /** A context whose clock is the drawing's time: a letter is a millisecond. */
  readonly context: StepContext;
  /** `source` through the pipe. */
  through(source: Observable<Exchange>, pipe: Pipe): Observable<Exchange>;
}

/** Draws time for synchronous operators and those that use the clock. */
export function marbles(draw: (marbles: Marbles) => void, overrides: ContextOverrides = {}): void {
  const scheduler = new TestScheduler((actual: { frame: number; notification: { kind: string; value?: unknown } }[], expected) => {
    const plain = (frames: typeof actual): unknown[] => frames.map(({ frame, notification: { kind, value } }) => ({ frame, kind, body: value instanceof Exchange ? value.body : value }));
    expect(plain(actual)).to.deep.equal(plain(expected as typeof actual));
  });
  const clock: Clock = {
    now: () => scheduler.now(),
    elapsed: () => scheduler.now(),
    schedule: (delayMillis, scheduled) => {
      const subscription = scheduler.schedule(scheduled, delayMillis);
      return { cancel: () => subscription.unsubscribe() };
    },
    yield: (yielded) => void scheduler.schedule(yielded, 0),
    pending: () => () => {},
  };
  scheduler.run((helpers) => draw({ ...helpers, context: stepContext({ ...overrides, clock }), through: (source, pipe) => source.pipe(pipe) }));
}

/** JSON, as simple as it gets. */
export const jsonFormat: DataFormat = {
  marshal: (_, body) => Buffer.from(JSON.stringify(body)),
  unmarshal: (_, body) => JSON.parse(String(body)) as unknown,
};

// ------------------------------------------------------------------------------------------------ the contract of every operator

/** What a subject is built from: every part that it gets is watched. */
export interface Kit {
  readonly context: TestContext;
  /** Steps for every place where a subject takes some; new ones at each use. */
  steps(): Pipe;
  /** An expression for every place where a subject takes one. */
  expression(value: unknown): Expression;
}

export interface Subject {
  build(kit: Kit): Pipe;
  /** Made for every exchange that goes in. */
  body?(index: number): unknown;
}

interface Trial {
  readonly context: TestContext;
  readonly pipe: Pipe;
  /** How often the subject's inner steps were subscribed. */
  readonly subscriptions: () => number;
}

const badBody = 'bad';

function trial(subject: Subject, innerStep: (exchange: Exchange) => void | Promise<void> = () => {}): Trial {
  const context = stepContext();
  let subscribed = 0;
  const kit: Kit = {
    context,
    steps: () => {
      const step = perform(innerStep);
      return (source) => {
        subscribed++;
        return step(source);
      };
    },
    expression: (value) =>
      Object.assign(
        (exchange: Exchange) => {
          if (exchange.headers.get('isBad') === true) throw new Error(badBody);
          return value;
        },
        { label: 'watched' },
      ),
  };
  return { context, pipe: subject.build(kit), subscriptions: () => subscribed };
}

const three = (subject: Subject, letters = 'abc'): Exchange[] => [...letters].map((letter, index) => exchangeOf(subject.body?.(index) ?? letter));

/** What every operator promises. Each law takes a fresh subject. */
export const operatorContract = {
  'sends on every exchange exactly once': async (subject) => {
    const { pipe, context } = trial(subject);
    const fed = three(subject);
    const left = await runLater(pipe, context, fed);
    for (const exchange of fed) expect(left.filter((other) => other === exchange)).to.have.length(1);
    expect(left).to.have.length(fed.length);
  },
  'keeps their order': async (subject) => {
    const { pipe, context } = trial(subject);
    const fed = three(subject);
    const left = await runLater(pipe, context, fed);
    const order = [...new Set(left)].map((exchange) => fed.indexOf(exchange)).filter((index) => index >= 0);
    expect(order).to.deep.equal([...order].sort((a, b) => a - b));
  },
  'sends on every exchange exactly once when its inner steps are asynchronous or fail': async (subject) => {
    for (const inner of [async () => {}, () => Promise.reject(new Error('inner, later')), () => { throw new Error('inner'); }]) {
      const { pipe, context } = trial(subject, inner);
      const fed = three(subject, 'def');
      const left = await runLater(pipe, context, fed);
      expect([...left].sort((a, b) => fed.indexOf(a) - fed.indexOf(b))).to.deep.equal(fed);
    }
  },
  'passes halted exchanges on untouched': async (subject) => {
    const { pipe, context } = trial(subject);
    const wired = graph(pipe, context);
    for (const halt of [FAILED, STOPPED, HANDLED, ROLLBACK_ONLY]) {
      const exchange = exchangeOf('as it was', { kept: 1 });
      if (halt === FAILED) exchange.fail(new Error('before'));
      exchange.halt = halt;
      const { exception } = exchange;
      wired.feed(exchange);
      expect(wired.left.pop(), 'leaves at once').to.equal(exchange);
      expect([exchange.body, exchange.headers.toObject(), exchange.halt, exchange.exception, exchange.hasProperties]).to.deep.equal(['as it was', { ...exchange.headers.toObject(), kept: 1 }, halt, exception, false]);
    }
    wired.dispose();
  },
  'fails only the exchange whose expression throws': async (subject) => {
    const { pipe, context } = trial(subject);
    const fed = three(subject);
    const good = trial(subject);
    const healthy = await runLater(good.pipe, good.context, three(subject));
    fed[1]!.headers.set('isBad', true);
    const left = await runLater(pipe, context, fed);
    expect([fed[0]!, fed[2]!].every((exchange) => left.includes(exchange))).to.equal(true);
    expect([fed[0]!.isFailed, fed[2]!.isFailed]).to.deep.equal([healthy[0]!.isFailed, healthy[2]!.isFailed]);
  },
  'subscribes nothing per message': async (subject) => {
    const { pipe, context, subscriptions } = trial(subject);
    const wired = graph(pipe, context);
    const before = subscriptions();
    wired.feed(...three(subject));
    await context.clock.advance(3_600_000);
    expect(subscriptions()).to.equal(before);
    wired.dispose();
  },
  'leaves no timer behind when it is taken down': async (subject) => {
    const { pipe, context } = trial(subject);
    const wired = graph(pipe, context);
    wired.feed(...three(subject));
    wired.dispose();
    await new Promise((resolve) => setImmediate(resolve));
    expect(context.clock.waiting).to.equal(0);
  },
} satisfies Record<string, (subject: Subject) => Promise<void>>;

export type OperatorLaw = keyof typeof operatorContract;

/** Holds an operator to the contract; a law that it can't keep is named with the reason. */
export function keepsOperatorContract(name: string, subject: Subject, exceptions: Partial<Record<OperatorLaw, string>> = {}): void {
  describe(`${name} as an operator`, () => {
    for (const [law, holds] of Object.entries(operatorContract)) {
      const reason = exceptions[law as OperatorLaw];
      it(reason === undefined ? law : `${law}: not here, ${reason}`, reason === undefined ? () => holds(subject) : undefined);
    }
  });
}

/** Options made from a definition's fields, so that laws can loop over all definitions; `chosen` wins. */
export function optionsFor(fields: Fields, kit: Kit, chosen: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [name, { shape }] of Object.entries(fields)) {
    if (name in chosen) options[name] = chosen[name];
    else if (shape.default !== undefined) options[name] = shape.default;
    else if (shape.isRequired) options[name] = valueFor(fields[name]!, kit);
  }
  return options;
}

function valueFor({ shape }: Field, kit: Kit): unknown {
  switch (shape.kind) {
    case 'expression':
      return kit.expression('1');
    case 'predicate':
      return kit.expression(true);
    case 'steps':
      return shape.isFork ? [kit.steps(), kit.steps()] : kit.steps();
    case 'endpoint':
      return { uri: 'mock:any', parameters: {} };
    case 'enum':
      return shape.values[0];
    case 'element':
      return shape.catalog === null ? optionsFor(shape.fields, kit) : { name: 'any', options: {} };
    case 'list':
      return shape.item === null ? [] : [valueFor(shape.item, kit)];
    case 'map':
      return {};
    case 'boolean':
      return false;
    case 'integer':
    case 'number':
    case 'millis':
    case 'bytes':
      return shape.minimum ?? 1;
    default:
      return 'any';
  }
}

/** A definition under test: options from its fields unless `choose` gives others. */
export const subjectOf = (definition: EipDefinition, choose: (kit: Kit) => Readonly<Record<string, unknown>> = () => ({}), body?: (index: number) => unknown): Subject => ({
  build: (kit) => definition.operator(optionsFor(definition.options, kit, choose(kit)) as never, kit.context),
  ...(body === undefined ? {} : { body }),
});

/** The step that a definition makes of these options; those that are not given have their defaults. */
export function stepOf(definition: EipDefinition, given: Readonly<Record<string, unknown>>, context: TestContext): Pipe {
  const kit: Kit = { context, steps: () => perform(() => {}), expression: (value) => Object.assign(() => value, { label: 'given' }) };
  return definition.operator(optionsFor(definition.options, kit, given) as never, context);
}
