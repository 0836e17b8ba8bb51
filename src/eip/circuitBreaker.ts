import type { Subscriber } from 'rxjs';
import type { Timer } from '../core/clock.ts';
import type { BreakerSettings } from '../core/graph/breaker.ts';
import { Breaker } from '../core/graph/breaker.ts';
import type { StepContext } from '../core/definition.ts';
import { defineEip } from '../core/definition.ts';
import { ExchangeError, causeChain, classDistance, describeError } from '../core/errors.ts';
import { checkExceptionClass } from '../core/exceptionClassCheck.ts';
import type { Exchange, Way } from '../core/exchange/exchange.ts';
import { depthOf } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import type { Inlet, Pipe } from '../core/graph/flow.ts';
import { StepSubscriber, isNothing, operator } from '../core/graph/flow.ts';
import { OptionError } from '../core/optionError.ts';

interface Bulkhead {
  readonly most: number;
  /** How long a call waits for a place; Infinity = as long as it takes. */
  readonly waitMillis: number;
  readonly mostWaiting: number;
}

interface Guard {
  readonly breaker: Breaker;
  readonly throwsWhenOpen: boolean;
  readonly bulkhead: Bulkhead | null;
  /** 0: no limit. */
  readonly timeoutMillis: number;
  readonly cancels: boolean;
  readonly records: (error: ExchangeError) => boolean;
  readonly ignores: (error: ExchangeError) => boolean;
  readonly inheritsErrorHandler: boolean;
}

// As in Camel, what Java calls a checked exception comes out of a breaker wrapped.
const unchecked = (error: ExchangeError): ExchangeError =>
  classDistance(error.type, 'java.lang.RuntimeException') >= 0 || classDistance(error.type, 'java.lang.Error') >= 0
    ? error
    : new ExchangeError('org.apache.camel.RuntimeCamelException', describeError(error), { cause: error });

const property = {
  isSuccess: 'CamelCircuitBreakerSuccessfulExecution',
  isFallback: 'CamelCircuitBreakerResponseFromFallback',
  isShortCircuited: 'CamelCircuitBreakerResponseShortCircuited',
  isTimedOut: 'CamelCircuitBreakerResponseTimedOut',
  isRejected: 'CamelCircuitBreakerResponseRejected',
  isIgnored: 'CamelCircuitBreakerResponseIgnored',
  state: 'CamelCircuitBreakerState',
} as const;

/** So many timed out calls may still be under way; then new ones fail at once. */
const mostLate = 256;

/** Why a call had no result. */
type Cause = 'failed' | 'open' | 'full' | 'timeout';

/** One exchange's call: its copy goes through the circuit, and comes back here. */
class GuardedCall implements Way {
  readonly outer = null;
  readonly exchange: Exchange;
  private readonly step: CircuitBreaker;
  startedAt = 0;
  timer: Timer | null = null;
  controller: AbortController | null = null;
  isLate = false;

  constructor(step: CircuitBreaker, exchange: Exchange) {
    this.step = step;
    this.exchange = exchange;
  }

  get depth(): number {
    return depthOf(this.exchange.way);
  }

  back(copy: Exchange): void {
    this.step.returned(this, copy);
  }
}

class CircuitBreaker extends StepSubscriber {
  private readonly circuit: Inlet;
  private readonly fallback: Inlet | null;
  private readonly guard: Guard;
  private readonly context: StepContext;
  private readonly calls = new Set<GuardedCall>();
  private readonly queue: GuardedCall[] = [];
  private underWay = 0;
  private late = 0;

  constructor(out: Subscriber<Exchange>, steps: Pipe, fallback: Pipe | null, guard: Guard, context: StepContext) {
    super(out, context.info);
    this.circuit = this.branch(steps);
    this.fallback = fallback === null ? null : this.branch(fallback, (exchange) => this.leaves(exchange));
    this.guard = guard;
    this.context = context;
    this.add(() => {
      for (const { timer } of [...this.calls, ...this.queue]) timer?.cancel();
    });
  }

  protected step(exchange: Exchange): boolean {
    const { breaker, bulkhead, timeoutMillis } = this.guard;
    const { stepId } = this.context.info;
    if (!breaker.acquire()) {
      this.without(exchange, 'open', new ExchangeError('io.github.resilience4j.circuitbreaker.CallNotPermittedException', `CircuitBreaker '${stepId}' is ${breaker.state} and does not permit further calls`));
      return false;
    }
    const call = new GuardedCall(this, exchange);
    call.startedAt = this.context.clock.now();
    if (timeoutMillis > 0 && this.late >= mostLate) this.isFull(call);
    else if (bulkhead === null || this.underWay < bulkhead.most) this.start(call);
    else if (bulkhead.waitMillis <= 0 || this.queue.length >= bulkhead.mostWaiting) this.isFull(call);
    else {
      this.queue.push(call);
      if (bulkhead.waitMillis !== Infinity) {
        call.timer = this.context.clock.schedule(bulkhead.waitMillis, () => {
          this.queue.splice(this.queue.indexOf(call), 1);
          this.isFull(call);
        });
      }
    }
    return false;
  }

  private isFull(call: GuardedCall): void {
    const error = new ExchangeError('io.github.resilience4j.bulkhead.BulkheadFullException', `Bulkhead '${this.context.info.stepId}' is full and does not permit further calls`);
    this.judge(call, error);
    this.without(call.exchange, 'full', error);
  }

  private start(call: GuardedCall): void {
    const { timeoutMillis, cancels } = this.guard;
    const { clock } = this.context;
    call.timer?.cancel();
    this.underWay++;
    const copy = call.exchange.copy();
    copy.way = call;
    if (timeoutMillis > 0) {
      this.calls.add(call);
      if (cancels) {
        call.controller = new AbortController();
        const { signal } = call.exchange;
        copy.signal = signal === null ? call.controller.signal : AbortSignal.any([signal, call.controller.signal]);
      }
      call.timer = clock.schedule(timeoutMillis, () => this.timedOut(call));
    }
    this.circuit.next(copy);
  }

  returned(call: GuardedCall, copy: Exchange): void {
    const { exchange } = call;
    this.underWay--;
    this.startNext();
    if (call.isLate) {
      this.late--;
      this.context.end();
      exchange.unitOfWork?.release();
      return;
    }
    call.timer?.cancel();
    this.calls.delete(call);
    const { exception } = copy;
    if (!copy.isFailed || exception === null) {
      this.judge(call, null);
      exchange.takeResult(copy);
      this.succeeded(exchange);
      return;
    }
    if (this.guard.ignores(exception)) {
      this.guard.breaker.release();
      const { properties } = exchange;
      this.outcome(exchange, false, false);
      properties.set(property.isShortCircuited, false);
      properties.set(property.isIgnored, true);
      this.out.next(exchange);
      return;
    }
    if (!this.guard.records(exception)) {
      this.judge(call, null);
      exchange.properties.set(property.isShortCircuited, false);
      this.succeeded(exchange);
      return;
    }
    this.judge(call, exception);
    exchange.failedStep = copy.failedStep;
    this.without(exchange, 'failed', exception);
  }

  private timedOut(call: GuardedCall): void {
    const { exchange } = call;
    call.isLate = true;
    this.late++;
    this.calls.delete(call);
    // The late copy is still part of the delivery.
    exchange.unitOfWork?.retain();
    this.context.begin();
    const error = new ExchangeError('java.util.concurrent.TimeoutException', `TimeLimiter '${this.context.info.stepId}' recorded a timeout exception.`);
    this.judge(call, error);
    this.without(exchange, 'timeout', error);
    call.controller?.abort();
  }

  private startNext(): void {
    const { bulkhead } = this.guard;
    if (bulkhead !== null && this.queue.length > 0 && this.underWay < bulkhead.most) this.start(this.queue.shift()!);
  }

  private judge({ startedAt }: GuardedCall, error: ExchangeError | null): void {
    this.guard.breaker.record(error !== null, this.context.clock.now() - startedAt);
  }

  private succeeded(exchange: Exchange): void {
    this.outcome(exchange, true, false);
    this.out.next(exchange);
  }

  private outcome(exchange: Exchange, isSuccess: boolean, isFallback: boolean): void {
    const { properties } = exchange;
    properties.set(property.isSuccess, isSuccess);
    properties.set(property.isFallback, isFallback);
    properties.set(property.state, this.guard.breaker.state);
  }

  /** There is no result: the fallback's turn, or a failure. The message is as it was before the circuit. */
  private without(exchange: Exchange, cause: Cause, error: ExchangeError): void {
    const { properties } = exchange;
    this.outcome(exchange, false, this.fallback !== null);
    properties.set(property.isShortCircuited, this.fallback !== null || cause !== 'timeout');
    if (this.fallback !== null) {
      if (cause === 'failed') properties.set('CamelExceptionCaught', error);
      else properties.remove('CamelExceptionCaught');
      const endpoint = properties.get('CamelToEndpoint') ?? exchange.fromEndpoint;
      if (properties.get('CamelFailureEndpoint') === undefined && endpoint !== undefined && endpoint !== null) properties.set('CamelFailureEndpoint', endpoint);
      properties.set('CamelExceptionHandled', true);
      return this.fallback.next(exchange);
    }
    properties.set(cause === 'timeout' ? property.isTimedOut : property.isRejected, true);
    if (cause !== 'open' || this.guard.throwsWhenOpen) exchange.fail(cause === 'failed' ? unchecked(error) : error, exchange.failedStep ?? this.info);
    this.leaves(exchange);
  }

  private leaves(exchange: Exchange): void {
    this.out.next(exchange);
  }
}

const isAny = (classes: readonly string[] | undefined) => (error: ExchangeError) =>
  causeChain(error).some(({ type }) => (classes ?? []).some((wanted) => classDistance(type, wanted) >= 0));

/**
 * Milliseconds of a duration. A plain number below 1000 is seconds: what it meant for these options before Camel 4.22, and no breaker waits for some milliseconds.
 */
function longMillis(text: string | number | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const source = String(text).trim();
  if (/^\d+$/.test(source)) return Number(source) < 1000 ? Number(source) * 1000 : Number(source);
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  if (!/^(\d+\s*(ms|[smhd])\s*)+$/i.test(source)) throw new Error(`\`${source}\` is no duration`);
  return [...source.matchAll(/(\d+)\s*(ms|[smhd])/gi)].reduce((sum, [, count, unit]) => sum + Number(count) * units[unit!.toLowerCase()]!, 0);
}

const noMetrics = 'the metrics of steps are always there';
const noThreads = 'nothing blocks here: there are no threads to run out of';

const resilience4j = {
  id: field.string('Names the settings.'),
  circuitBreaker: field.string('Bean that stands for one breaker: steps that name the same one share it.'),
  config: field.string('Bean with these options as its properties; those written here win.'),
  failureRateThreshold: field.number('Percent of failed calls from which on the breaker opens; 50 when absent.').atMost(100),
  permittedNumberOfCallsInHalfOpenState: field.integer('Trial calls when the breaker is half open; 10 when absent.').atLeast(1),
  throwExceptionWhenHalfOpenOrOpenState: field.boolean('An exchange that is not let through fails, when there is no fallback; else it goes on as it is. False when absent.'),
  slidingWindowSize: field.integer('Calls, or seconds, that are looked at; 100 when absent.').atLeast(1),
  slidingWindowType: field.enum('What the window counts; COUNT_BASED when absent.', ['TIME_BASED', 'COUNT_BASED']),
  slidingWindowSynchronizationStrategy: field.enum('How threads share the window.', ['LOCK_FREE', 'SYNCHRONIZED']).ignored(noThreads),
  minimumNumberOfCalls: field.integer('Calls in the window before a rate is worked out; 100 when absent.').atLeast(1),
  writableStackTraceEnabled: field.boolean('Whether exceptions have a stack trace.').ignored('it has no cost worth saving here'),
  waitDurationInOpenState: field.string('How long the breaker stays open; 60 s when absent. A plain number below 1000 is seconds.'),
  automaticTransitionFromOpenToHalfOpenEnabled: field.boolean('The breaker is half open as soon as that time is over, not only at the next call. False when absent.'),
  maxWaitDurationInHalfOpenState: field.string('After so long half open the breaker opens again; 0, without end, when absent. A plain number below 1000 is seconds.'),
  slowCallRateThreshold: field.number('Percent of slow calls from which on the breaker opens; 100 when absent.').atMost(100),
  slowCallDurationThreshold: field.string('From how long on a call is slow; 60 s when absent. A plain number below 1000 is seconds.'),
  bulkheadEnabled: field.boolean('Limits how many calls are under way. False when absent.'),
  bulkheadMaxConcurrentCalls: field.integer('How many; 25 when absent.').atLeast(0),
  bulkheadMaxWaitDuration: field.millis('How long a call waits for its place; 0 when absent.'),
  bulkheadFairCallHandlingEnabled: field.boolean('First come, first served.').ignored('it always is so'),
  asynchronous: field.boolean('Works without blocking.').ignored(noThreads),
  timeoutEnabled: field.boolean('Limits how long a call may take. False when absent.'),
  timeoutExecutorService: field.string('Thread pool.').ignored(noThreads),
  timeoutDuration: field.millis('How long; 1 s when absent.'),
  timeoutCancelRunningFuture: field.boolean('A call that took too long is told to give up. True when absent.'),
  micrometerEnabled: field.boolean('Collects statistics.').ignored(noMetrics),
  recordException: field.list('Only these classes of exceptions count as failures; all when absent.', field.string('Class of an exception.')),
  ignoreException: field.list('These classes of exceptions count neither as failure nor as success.', field.string('Class of an exception.')),
};

const faultTolerance = {
  id: field.string('Names the settings.'),
  typedGuard: field.string('Bean that stands for one breaker: steps that name the same one share it.'),
  delay: field.millis('How long the breaker stays open; 5 s when absent.'),
  successThreshold: field.integer('Good trial calls that close the breaker; 1 when absent.').atLeast(1),
  requestVolumeThreshold: field.integer('Calls that are looked at; 20 when absent.').atLeast(1),
  failureRatio: field.integer('Percent of failed calls from which on the breaker opens; 50 when absent.').atMost(100),
  timeoutEnabled: field.boolean('Limits how long a call may take. False when absent.'),
  timeoutDuration: field.millis('How long; 1 s when absent.'),
  bulkheadEnabled: field.boolean('Limits how many calls are under way. False when absent.'),
  bulkheadMaxConcurrentCalls: field.integer('How many; 10 when absent.').atLeast(1),
  bulkheadWaitingTaskQueue: field.integer('How many may wait for their place; 10 when absent.').atLeast(0),
  threadOffloadExecutorService: field.string('Thread pool.').ignored(noThreads),
};

type Loose = Readonly<Record<string, unknown>>;

const written = (options: Loose | undefined): Record<string, unknown> => Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined));

const sharedBreakers = new WeakMap<object, Breaker>();

interface Settings extends BreakerSettings, Omit<Guard, 'breaker' | 'inheritsErrorHandler'> {}

function resilience(options: Loose): Settings {
  const number = (name: string, otherwise: number): number => Number(options[name] ?? otherwise);
  const yes = (name: string, otherwise = false): boolean => String(options[name] ?? otherwise) === 'true';
  const recorded = options['recordException'] as readonly string[] | undefined;
  return {
    failureRateThreshold: number('failureRateThreshold', 50),
    slowCallRateThreshold: number('slowCallRateThreshold', 100),
    slowCallMillis: longMillis(options['slowCallDurationThreshold'] as string | undefined, 60_000),
    window: (options['slidingWindowType'] as BreakerSettings['window'] | undefined) ?? 'COUNT_BASED',
    windowSize: number('slidingWindowSize', 100),
    minimumCalls: number('minimumNumberOfCalls', 100),
    openMillis: longMillis(options['waitDurationInOpenState'] as string | undefined, 60_000),
    opensHalfByItself: yes('automaticTransitionFromOpenToHalfOpenEnabled'),
    trialCalls: number('permittedNumberOfCallsInHalfOpenState', 10),
    trialMillis: longMillis(options['maxWaitDurationInHalfOpenState'] as string | undefined, 0),
    isStrictTrial: false,
    throwsWhenOpen: yes('throwExceptionWhenHalfOpenOrOpenState'),
    bulkhead: yes('bulkheadEnabled') ? { most: number('bulkheadMaxConcurrentCalls', 25), waitMillis: number('bulkheadMaxWaitDuration', 0), mostWaiting: Infinity } : null,
    timeoutMillis: yes('timeoutEnabled') ? number('timeoutDuration', 1000) : 0,
    cancels: yes('timeoutCancelRunningFuture', true),
    records: recorded === undefined || recorded.length === 0 ? () => true : isAny(recorded),
    ignores: isAny(options['ignoreException'] as readonly string[] | undefined),
  };
}

function tolerance(options: Loose): Settings {
  const window = Number(options['requestVolumeThreshold'] ?? 20);
  return {
    ...resilience({}),
    failureRateThreshold: Number(options['failureRatio'] ?? 50),
    windowSize: window,
    minimumCalls: window,
    openMillis: Number(options['delay'] ?? 5000),
    trialCalls: Number(options['successThreshold'] ?? 1),
    isStrictTrial: true,
    throwsWhenOpen: true,
    bulkhead:
      options['bulkheadEnabled'] === true
        ? { most: Number(options['bulkheadMaxConcurrentCalls'] ?? 10), waitMillis: Infinity, mostWaiting: Number(options['bulkheadWaitingTaskQueue'] ?? 10) }
        : null,
    timeoutMillis: options['timeoutEnabled'] === true ? Number(options['timeoutDuration'] ?? 1000) : 0,
  };
}

/**
 * Guards its steps with a circuit breaker.
 * Shape: every exchange leaves once. The steps work on a copy; its result is taken when it comes back in time and has not failed. Else the fallback gets the
 * message as it was before, or the exchange fails. A copy that comes back too late is dropped. No other error handler applies inside.
 * @throws CallNotPermittedException, BulkheadFullException, TimeoutException, or what failed inside, when there is no fallback
 */
export const circuitBreaker = defineEip({
  name: 'circuitBreaker',
  summary: 'Stops calling steps that keep failing, for a while, and offers a fallback.',
  errorHandling: { own: 'none', children: 'none', ownInheritsWith: 'inheritErrorHandler' },
  notDirectlyIn: ['loadBalance'],
  options: {
    steps: field.steps('The call that is guarded.').required(),
    onFallback: field.element('What to do when there is no result.', {
      steps: field.steps('The message as it was before the circuit goes through these.'),
      id: field.string('Name of this part.'),
      description: field.remark('What it is for.'),
      note: field.remark('A remark for readers.'),
      fallbackViaNetwork: field.boolean('Whether the fallback goes over the network.').default(false).deprecated('take it out: only `false` is possible'),
    }),
    configuration: field.string('Bean with the options of `resilience4jConfiguration` as its properties; those written here win.'),
    resilience4jConfiguration: field.element('Settings of the breaker.', resilience4j),
    faultToleranceConfiguration: field.element('Settings of the breaker, in the words of MicroProfile.', faultTolerance),
    inheritErrorHandler: field.boolean("The route's error handler takes what the breaker fails with, and may redeliver the whole step.").default(false),
  },
  examples: [
    {
      title: 'Have an answer ready',
      route: `- from:
    uri: direct:start
    steps:
      - circuitBreaker:
          steps:
            - throwException: { exceptionType: java.io.IOException, message: "no answer" }
          onFallback:
            steps:
              - setBody: { constant: "try later" }
      - to: mock:out
`,
      in: ['a'],
      out: { 'mock:out': ['try later'] },
    },
  ],
  operator: ({ steps, onFallback, configuration, resilience4jConfiguration, faultToleranceConfiguration, inheritErrorHandler }, context) => {
    if (onFallback?.fallbackViaNetwork === true) throw new OptionError('fallbackViaNetwork', 'a fallback can not go over the network', 'take out `fallbackViaNetwork`');
    const base = (reference: unknown): Record<string, unknown> => (typeof reference === 'string' ? written(context.bean<Loose>(reference, 'CircuitBreakerConfiguration')) : {});
    const isTolerance = faultToleranceConfiguration !== undefined;
    const mustBePositive = ['failureRateThreshold', 'slowCallRateThreshold', 'waitDurationInOpenState', 'slowCallDurationThreshold'] as const;
    for (const name of mustBePositive) {
      const value = resilience4jConfiguration?.[name];
      if (value !== undefined && Number(value) <= 0) throw new OptionError(name, `\`${name}\` must be more than 0`);
    }
    for (const name of [...(resilience4jConfiguration?.recordException ?? []), ...(resilience4jConfiguration?.ignoreException ?? [])]) checkExceptionClass(name, context.at, context.problems);
    const own = written(isTolerance ? faultToleranceConfiguration : resilience4jConfiguration);
    const said = isTolerance ? context.optionsOf?.('faulttolerance', faultTolerance) : context.optionsOf?.('resilience4j', resilience4j);
    const settings = (isTolerance ? tolerance : resilience)({ ...said, ...base(configuration), ...base(own['config']), ...own });
    const shared = own['circuitBreaker'] ?? own['typedGuard'];
    const make = (): Breaker => new Breaker(settings, context.clock);
    let breaker: Breaker;
    if (typeof shared === 'string') {
      const key = context.bean<object>(shared, 'CircuitBreaker');
      breaker = sharedBreakers.get(key) ?? make();
      sharedBreakers.set(key, breaker);
    } else {
      breaker = context.carry?.(make) ?? make();
      breaker.configure(settings);
    }
    const guard: Guard = { ...settings, breaker, inheritsErrorHandler: inheritErrorHandler };
    const given = onFallback?.steps;
    const fallback = given === undefined || isNothing(given) ? null : given;
    return operator((out) => new CircuitBreaker(out, steps, fallback, guard, context));
  },
});
