import type { Subscriber } from 'rxjs';
import type { Clock, Timer } from '../core/clock.ts';
import { causeChain, classDistance, ExchangeError } from '../core/errors.ts';
import type { Events } from '../core/events.ts';
import type { Exchange, StepInfo, Way } from '../core/exchange/exchange.ts';
import { EXHAUSTED, FAILED, failedReplies, HANDLED, PARKED, ROLLBACK_ONLY, SPENT, STOPPED } from '../core/exchange/exchange.ts';
import type { Predicate } from '../core/expression.ts';
import type { Call, Pipe } from '../core/graph/flow.ts';
import { stepAside } from '../core/exchange/poolThread.ts';
import { Exit, Inlet, isPromise, operator, sequence, StepSubscriber, WayBack, withOutput } from '../core/graph/flow.ts';
import { Headers } from '../core/exchange/headers.ts';
import { Visit } from './graph.ts';
import type { AttemptsState, Parking, Place, Resumable } from './parking.ts';

/** How often, and after which waits, a failing step runs again. Times are milliseconds. */
export interface RedeliveryPolicy {
  /** 0 = never, negative = for ever. */
  readonly maximumRedeliveries: number;
  readonly redeliveryDelay: number;
  readonly maximumRedeliveryDelay: number;
  readonly useExponentialBackOff: boolean;
  readonly backOffMultiplier: number;
  readonly useCollisionAvoidance: boolean;
  readonly collisionAvoidanceFactor: number;
  /** `limit:delay;limit:delay`: from the attempt `limit` on wait `delay`; overrides the other waits. */
  readonly delayPattern: readonly (readonly [number, number])[] | null;
  readonly allowRedeliveryWhileStopping: boolean;
  /** Waits do not hold the source up. */
  readonly asyncDelayedRedelivery: boolean;
}

export const defaultRedelivery: RedeliveryPolicy = {
  maximumRedeliveries: 0,
  redeliveryDelay: 1000,
  maximumRedeliveryDelay: 60_000,
  useExponentialBackOff: false,
  backOffMultiplier: 2,
  useCollisionAvoidance: false,
  collisionAvoidanceFactor: 0.15,
  delayPattern: null,
  allowRedeliveryWhileStopping: true,
  asyncDelayedRedelivery: false,
};

/** The wait before attempt number `attempt` (1 = the first redelivery), given the wait before it (0 = none yet). */
export function redeliveryDelay(policy: RedeliveryPolicy, previousMillis: number, attempt: number, random: () => number = Math.random): number {
  if (policy.delayPattern !== null) {
    let delay = 0;
    for (const [limit, millis] of policy.delayPattern) if (attempt >= limit) delay = millis;
    return delay;
  }
  if (policy.redeliveryDelay === 0) return 0;
  let delay = previousMillis === 0 ? policy.redeliveryDelay : previousMillis;
  if (previousMillis !== 0 && policy.useExponentialBackOff && policy.backOffMultiplier > 1) delay = Math.round(previousMillis * policy.backOffMultiplier);
  if (policy.useCollisionAvoidance) {
    const variance = policy.collisionAvoidanceFactor * (random() < 0.5 ? -1 : 1) * random();
    delay += Math.trunc(delay * variance);
  }
  return policy.maximumRedeliveryDelay > 0 ? Math.min(delay, policy.maximumRedeliveryDelay) : delay;
}

/** One `onException`. */
export interface Clause {
  readonly classes: readonly string[];
  readonly onWhen: Predicate | null;
  readonly policy: RedeliveryPolicy;
  readonly retryWhile: Predicate | null;
  readonly handled: Predicate | null;
  readonly continued: Predicate | null;
  readonly useOriginalMessage: boolean;
  readonly useOriginalBody: boolean;
  /** Runs its steps; null when it has none. */
  readonly steps: Call | null;
  readonly onRedelivery: ((exchange: Exchange) => unknown) | null;
  readonly onOccurred: ((exchange: Exchange) => unknown) | null;
  /** From the route's own configuration: asked before the others. */
  readonly isRouteScoped: boolean;
  /** Routes of kamelets have it, too. */
  readonly isForAll: boolean;
}

export interface DeadLetter {
  readonly send: Call;
  readonly shownUri: string;
  readonly useOriginalMessage: boolean;
  readonly useOriginalBody: boolean;
  /** A failure while sending there is swallowed (Camel's default); we let it fail the exchange unless it is asked for. */
  readonly handleNewException: boolean;
}

/** What a route does with the failures of its steps, decided when the route is compiled. */
export interface ErrorHandling {
  readonly clauses: readonly Clause[];
  readonly policy: RedeliveryPolicy;
  readonly retryWhile: Predicate | null;
  readonly deadLetter: DeadLetter | null;
  readonly onRedelivery: ((exchange: Exchange) => unknown) | null;
  readonly onPrepareFailure: ((exchange: Exchange) => unknown) | null;
  readonly onOccurred: ((exchange: Exchange) => unknown) | null;
}

export interface ErrorHandlingContext {
  readonly clock: Clock;
  readonly events: Events;
  readonly stopping: AbortSignal;
  /** Aborted when stopping begins; its reason is the time (milliseconds since 1970) until which there is time for what is in flight. */
  readonly ending: AbortSignal;
  readonly routeId: string;
  readonly parking: Parking;
  /** Whether messages are kept as they were when they came. */
  readonly originals: { readonly isKept: boolean };
}

/** Whether a failing step may run again, so that the message must be kept as it was before. */
const mayRedeliver = (handling: ErrorHandling): boolean =>
  handling.policy.maximumRedeliveries !== 0 ||
  handling.retryWhile !== null ||
  handling.clauses.some(({ policy, retryWhile }) => policy.maximumRedeliveries !== 0 || retryWhile !== null);

/** Without clauses, redelivery or dead letters a failure needs nothing but its mark. */
export const isPlain = (handling: ErrorHandling): boolean =>
  handling.clauses.length === 0 && handling.deadLetter === null && handling.onPrepareFailure === null && handling.onOccurred === null && !mayRedeliver(handling);

/** Whether its policy itself may fail, which is a failure of the step around: `useOriginalBody` where nothing keeps the original. */
export const mayFailItself = (handling: ErrorHandling): boolean => handling.clauses.some(({ useOriginalBody, useOriginalMessage }) => useOriginalBody && !useOriginalMessage);

/** As in Camel, steps that run within a kamelet have the policies of their own route's clauses, but not the steps of those that the kamelet's route does not have. */
export const elsewhere = (handling: ErrorHandling | null): ErrorHandling | null =>
  handling === null || handling.clauses.length === 0 ? handling : { ...handling, clauses: handling.clauses.map((clause) => (clause.isForAll ? clause : { ...clause, steps: null })) };

/** The best clause for a failure: route-scoped first, along the causes from the root up, the nearest class; an exact match ends the search. */
export function matchingClause(clauses: readonly Clause[], exchange: Exchange, error: unknown, answers?: ReadonlyMap<Clause, boolean>): Clause | null {
  const chain = causeChain(error).reverse();
  let best: Clause | null = null;
  let bestDistance = Number.MAX_SAFE_INTEGER;
  for (const isRouteScoped of [true, false]) {
    for (const cause of chain) {
      for (const clause of clauses) {
        if (clause.isRouteScoped !== isRouteScoped) continue;
        for (const name of clause.classes) {
          const distance = classDistance(cause.type, name);
          if (distance < 0 || distance >= bestDistance) continue;
          if (clause.onWhen !== null && !(answers?.get(clause) ?? clause.onWhen(exchange))) continue;
          best = clause;
          bestDistance = distance;
        }
      }
      if (bestDistance === 0) return best;
    }
  }
  return best;
}

/** What the conditions say that give their answer later, of the clauses that may be meant; undefined where there are none. */
function answersOf(clauses: readonly Clause[], exchange: Exchange, error: unknown): Promise<ReadonlyMap<Clause, boolean>> | undefined {
  if (!clauses.some(({ onWhen }) => onWhen?.isAsync === true)) return undefined;
  const chain = causeChain(error);
  const asked = clauses.filter(({ onWhen, classes }) => onWhen?.isAsync === true && classes.some((name) => chain.some(({ type }) => classDistance(type, name) >= 0)));
  return (async () => {
    const answers = new Map<Clause, boolean>();
    for (const clause of asked) answers.set(clause, await clause.onWhen!(exchange));
    return answers;
  })();
}

/** One delivery attempt series of one step: kept on the exchange's way while the step runs. */
class Attempts implements Way {
  readonly outer: Way | null;
  readonly step: ErrorHandled;
  body: unknown;
  readonly headers: Headers;
  count = 0;
  previousDelay = 0;
  clause: Clause | null = null;

  constructor(step: ErrorHandled, { body, headers }: { readonly body: unknown; readonly headers: Headers }, outer: Way | null) {
    this.step = step;
    this.outer = outer;
    this.body = body;
    this.headers = headers.copy();
  }

  back(): void {
    throw new Error('an exchange left a step by another way than its output');
  }
}

class AfterHandler implements Way {
  readonly outer: Way | null;
  private readonly goOn: (exchange: Exchange) => void;

  constructor(outer: Way | null, goOn: (exchange: Exchange) => void) {
    this.outer = outer;
    this.goOn = goOn;
  }

  back(exchange: Exchange): void {
    this.goOn(exchange);
  }
}

const redelivered = 'CamelRedelivered';
const redeliveryCounter = 'CamelRedeliveryCounter';
const redeliveryMaxCounter = 'CamelRedeliveryMaxCounter';

const removeRedeliveryHeaders = (exchange: Exchange): void => {
  exchange.headers.remove(redelivered);
  exchange.headers.remove(redeliveryCounter);
  exchange.headers.remove(redeliveryMaxCounter);
};

const fatalProperty = 'CamelFatalFallbackErrorHandler';

/** Whose list it is: copies are made with that of the exchange that they are copies of. */
const owners = new WeakMap<string[], Exchange>();

/**
 * The routes whose failures are being handled. A copy begins with what is being handled where it is made, and has a list of its own when it has
 * failed itself: what happens to a tapped copy meanwhile is none of the message's business. (In Camel all share one list.)
 * False: that of this route is under way already, and what it calls has come back to it; it would go on for ever.
 */
function enterFatal(exchange: Exchange, routeId: string): boolean {
  const running = exchange.property(fatalProperty) as string[] | undefined;
  if (running?.includes(routeId) === true) return false;
  if (running !== undefined && owners.get(running) === exchange) running.unshift(routeId);
  else {
    const own = [routeId, ...(running ?? [])];
    owners.set(own, exchange);
    exchange.properties.set(fatalProperty, own);
  }
  return true;
}

function leaveFatal(exchange: Exchange, routeId: string): void {
  const running = exchange.property(fatalProperty) as string[] | undefined;
  if (running === undefined) return;
  const at = running.indexOf(routeId);
  if (at < 0) return;
  if (owners.get(running) === exchange) running.splice(at, 1);
  else exchange.properties.set(fatalProperty, running.toSpliced(at, 1));
}

/** No policy applies to what was interrupted from outside. */
const isInterruption = (error: ExchangeError): boolean => error.type === 'mecha.ShutdownException' || error.type === 'java.lang.InterruptedException';

/** Where what comes back from a called route goes on, though the calling step has no attempts of its own to take up. */
const returnPoints = new WeakMap<Subscriber<Exchange>, { readonly place: Place; readonly routeId: string }>();

class ReturnPoint implements Resumable {
  private readonly output: Subscriber<Exchange>;

  constructor(output: Subscriber<Exchange>) {
    this.output = output;
  }

  take(): void {}

  expect(exchange: Exchange): void {
    exchange.way = new WayBack(this.output, exchange.way);
  }

  resume(): void {
    throw new Error('a step that only waits for a return can not be tried again');
  }
}

/** A step without attempts that may call a route: messages that are put aside there come back to it. */
export const returnsTo = (pipe: Pipe, place: Place, routeId: string): Pipe =>
  withOutput(pipe, (output) => {
    place.target = new ReturnPoint(output);
    returnPoints.set(output, { place, routeId });
  });

/** No attempts of its own: what comes back goes on. */
const returnState = ({ place, routeId }: { readonly place: Place; readonly routeId: string }, isCalled: boolean): AttemptsState => ({
  body: null,
  headers: new Headers(),
  count: 0,
  previousDelay: 0,
  clauseAt: -1,
  routeId,
  place: place.key,
  isCalled,
});

/**
 * Wraps a step with its error handler. Shape: what the step does well goes on; a failure is redelivered to the step, handled (the
 * exchange passes the later steps, marked HANDLED), continued, or goes on as FAILED and EXHAUSTED.
 * The order of events and the headers are Camel's (RedeliveryErrorHandler of Camel 4).
 */
class ErrorHandled extends StepSubscriber implements Resumable {
  private readonly inner: Inlet;
  /** The end of the step itself. */
  private readonly exit: Exit;
  private readonly handling: ErrorHandling;
  private readonly context: ErrorHandlingContext;
  private readonly keepsMessage: boolean;
  /** What other error handlers have given up inside of the step is taken once more here; but, as in Camel, it fails whatever the policy says then. */
  private readonly takesExhausted: boolean;
  /** Stands around a branch of a multicast, or a send of a step that has several: it leaves alone what is tried. */
  private readonly isOfBranch: boolean;
  private readonly waiting = new Map<Exchange, Waiting>();
  /** Null where a message can't be taken up again: in the parts of a split, and their like. */
  private readonly place: Place | null;

  constructor(out: Subscriber<Exchange>, pipe: Pipe, handling: ErrorHandling, context: ErrorHandlingContext, info: StepInfo | null, place: Place | null, keepsMessage = mayRedeliver(handling), takesExhausted = false, isOfBranch = false) {
    super(out, info);
    this.place = place;
    if (place !== null) place.target = this;
    this.handling = handling;
    this.context = context;
    this.keepsMessage = keepsMessage;
    this.takesExhausted = takesExhausted;
    this.isOfBranch = isOfBranch;
    this.exit = new Exit((exchange) => this.returned(exchange));
    if (place !== null && !this.keepsMessage) returnPoints.set(this.exit, { place, routeId: context.routeId });
    this.inner = new Inlet();
    this.add(this.inner.pipe(pipe).subscribe(this.exit));
    if (this.keepsMessage) {
      const wake = (): void => this.giveUpWaiting();
      for (const signal of [context.ending, context.stopping]) {
        signal.addEventListener('abort', wake);
        this.add(() => signal.removeEventListener('abort', wake));
      }
    }
  }

  protected step(exchange: Exchange): boolean {
    if (this.keepsMessage) exchange.way = new Attempts(this, exchange, exchange.way);
    this.inner.next(exchange);
    return false;
  }

  private returned(exchange: Exchange): void {
    let attempts: Attempts | null = null;
    if (this.keepsMessage) {
      attempts = exchange.way as Attempts;
      exchange.way = attempts.outer;
    }
    if (exchange.halt === 0 || (exchange.halt & FAILED) === 0 || exchange.wasDealtWith || ((exchange.halt & EXHAUSTED) !== 0 && (!this.takesExhausted || (exchange.halt & SPENT) !== 0))) return this.out.next(exchange);
    if (this.isOfBranch && exchange.isTried) return this.out.next(exchange);
    this.applyPolicy(exchange, attempts);
  }

  /** Gives a failure to the error handler's policy. */
  protected applyPolicy(exchange: Exchange, attempts: Attempts | null): void {
    try {
      this.failed(exchange, attempts ?? new Attempts(this, exchange, exchange.way));
    } catch (thrown) {
      // The policy itself failed (an onWhen, a handled predicate): as in Camel that is a new failure, for the error handlers of the steps around.
      exchange.fail(thrown, this.info);
      this.out.next(exchange);
    }
  }

  private failed(exchange: Exchange, attempts: Attempts): void {
    const error = exchange.exception!;
    const { handling } = this;
    if (isInterruption(error)) {
      exchange.halt |= EXHAUSTED;
      return this.out.next(exchange);
    }
    exchange.properties.set('CamelExceptionCaught', error);
    const answers = answersOf(handling.clauses, exchange, error);
    if (answers === undefined) this.decide(exchange, attempts, error, undefined);
    else this.whenAnswered(exchange, answers, (known) => this.decide(exchange, attempts, error, known));
  }

  /** Goes on with what a condition of the policy says, at once or later; one that fails is a new failure. */
  private whenAnswered<T>(exchange: Exchange, answer: T | Promise<T>, then: (known: T) => void): void {
    if (!isPromise(answer)) return then(answer);
    answer.then(then).catch((thrown: unknown) => {
      exchange.fail(thrown, this.info);
      this.out.next(exchange);
    });
  }

  private decide(exchange: Exchange, attempts: Attempts, error: ExchangeError, answers: ReadonlyMap<Clause, boolean> | undefined): void {
    const { handling } = this;
    const clause = matchingClause(handling.clauses, exchange, error, answers) ?? attempts.clause;
    exchange.properties.set('CamelFailureRouteId', exchange.routeId ?? this.context.routeId);
    attempts.clause = clause;
    // What others have given up is only taken by a clause.
    if (clause === null && handling.deadLetter === null && (exchange.halt & EXHAUSTED) !== 0) return this.giveUp(exchange, error);
    (clause?.onOccurred ?? handling.onOccurred)?.(exchange.copy());
    const policy = clause?.policy ?? handling.policy;
    const before = Number(exchange.headers.lookup('camelredeliverycounter') ?? 0);
    // What the step does to the header must not make it run for ever.
    const counter = Math.max(Number.isFinite(before) ? before : 0, attempts.count) + 1;
    const isReply = (failedReplies.delete(exchange) || (exchange.halt & EXHAUSTED) !== 0) && exchange.isInOut;
    if (!isReply) {
      exchange.headers.put(redeliveryCounter, 'camelredeliverycounter', counter);
      exchange.headers.put(redelivered, 'camelredelivered', true);
      if (policy.maximumRedeliveries > 0) exchange.headers.set(redeliveryMaxCounter, policy.maximumRedeliveries);
    }

    const retryWhile = clause?.retryWhile ?? handling.retryWhile;
    const isStopping = this.context.stopping.aborted;
    const wants = retryWhile !== null && retryWhile !== undefined ? retryWhile(exchange) : policy.maximumRedeliveries < 0 || counter <= policy.maximumRedeliveries;
    this.whenAnswered(exchange, wants as boolean | Promise<boolean>, (isWanted) => {
      const wasExhausted = (exchange.halt & EXHAUSTED) !== 0;
      if (isWanted && !isStopping && this.keepsMessage && (exchange.halt & ROLLBACK_ONLY) === 0) return this.redeliverLater(exchange, attempts, policy, counter);
      const isHandled = (clause?.handled?.(exchange) ?? false) as boolean | Promise<boolean>;
      this.whenAnswered(exchange, isHandled, (handled) => {
        const isContinued = (clause?.continued?.(exchange) ?? false) as boolean | Promise<boolean>;
        this.whenAnswered(exchange, isContinued, (continued) => this.exhausted(exchange, clause, counter, { wasExhausted, isReply, isHandled: handled, isContinued: continued }));
      });
    });
  }

  private redeliverLater(exchange: Exchange, attempts: Attempts, policy: RedeliveryPolicy, counter: number): void {
    const asked = exchange.headers.get('CamelRedeliveryDelay');
    const delay = asked === undefined || asked === null ? redeliveryDelay(policy, attempts.previousDelay, counter) : Math.max(0, Number(asked) || 0);
    attempts.previousDelay = delay;
    attempts.count = counter;
    if (this.context.events.has('exchangeRedelivered')) {
      this.context.events.emit('exchangeRedelivered', {
        exchange,
        routeId: this.context.routeId,
        step: exchange.failedStep ?? this.info!,
        attempt: counter,
        delayMillis: delay,
        error: exchange.exception!,
      });
    }
    const { clock } = this.context;
    const wait = { due: clock.now() + delay, policy };
    if (!this.mayWait(exchange, wait)) return this.interrupt(exchange);
    if (delay <= 0) return clock.yield(() => this.redeliver(exchange, attempts));
    const series = this.seriesToPark(exchange, attempts, delay);
    if (series === null) this.wait(exchange, attempts, wait);
    else this.park(exchange, attempts, wait, series);
  }

  private wait(exchange: Exchange, attempts: Attempts, wait: Pick<Waiting, 'due' | 'policy'>): void {
    const { clock } = this.context;
    if (wait.policy.asyncDelayedRedelivery) stepAside(exchange);
    const timer = clock.schedule(Math.max(0, wait.due - clock.now()), () => {
      this.waiting.delete(exchange);
      this.redeliver(exchange, attempts);
    });
    this.waiting.set(exchange, { ...wait, timer });
  }

  /** What to store of a message that has longer to wait than its source can; null: it waits here. */
  private seriesToPark(exchange: Exchange, attempts: Attempts, delay: number): AttemptsState[] | null {
    const { unitOfWork } = exchange;
    if (this.place === null || unitOfWork === null || delay <= unitOfWork.longestWaitMillis || !this.context.parking.isPossible) return null;
    const all: { readonly at: Attempts | { readonly place: Place; readonly routeId: string }; isCalled: boolean }[] = [{ at: attempts, isCalled: false }];
    // Only the delivery's own exchange, and only through steps around it and calls of routes: what others have begun with it does not survive.
    for (let { way } = exchange; (way as unknown) !== unitOfWork; way = way.outer) {
      if (way instanceof Visit) {
        all.at(-1)!.isCalled = true;
        const back: Way | null = way.outer;
        if (!(back instanceof WayBack)) return null;
        const point = returnPoints.get(back.target);
        if (point !== undefined) {
          all.push({ at: point, isCalled: false });
          way = back;
          continue;
        }
        if (!(back.outer instanceof Attempts && back.target === back.outer.step.exit)) return null;
        way = back.outer;
      }
      if (!(way instanceof Attempts) || way.step.place === null) return null;
      all.push({ at: way, isCalled: false });
    }
    return all.map(({ at, isCalled }) => (at instanceof Attempts ? at.step.state(at, isCalled) : returnState(at, isCalled)));
  }

  private state({ body, headers, count, previousDelay, clause }: Attempts, isCalled: boolean): AttemptsState {
    return { body, headers, count, previousDelay, clauseAt: clause === null ? -1 : this.handling.clauses.indexOf(clause), routeId: this.context.routeId, place: this.place!.key, isCalled };
  }

  private park(exchange: Exchange, attempts: Attempts, wait: Pick<Waiting, 'due' | 'policy'>, series: readonly AttemptsState[]): void {
    const { clock, events, parking, routeId } = this.context;
    const end = clock.pending();
    parking.park(exchange, series, wait.due).then(
      () => {
        end();
        if (events.has('exchangeParked')) events.emit('exchangeParked', { exchange, routeId, step: exchange.failedStep ?? this.info!, due: wait.due });
        exchange.clearFailure();
        exchange.halt |= HANDLED | PARKED;
        this.out.next(exchange);
      },
      () => {
        end();
        // It stays with its source, where it is as safe as it was. A stream has been read by now.
        attempts.body = series[0]!.body;
        if (this.mayWait(exchange, wait)) this.wait(exchange, attempts, wait);
        else this.interrupt(exchange);
      },
    );
  }

  take(exchange: Exchange, { count, previousDelay, clauseAt, ...message }: AttemptsState): void {
    if (!this.keepsMessage) return;
    const attempts = new Attempts(this, message, exchange.way);
    attempts.count = count;
    attempts.previousDelay = previousDelay;
    attempts.clause = this.handling.clauses[clauseAt] ?? null;
    exchange.way = attempts;
  }

  expect(exchange: Exchange): void {
    exchange.way = new WayBack(this.exit, exchange.way);
  }

  resume(exchange: Exchange, { body, headers }: AttemptsState): void {
    if (!this.keepsMessage) {
      // Its policy has been taken away since: once more, and then as it is now.
      exchange.body = body;
      exchange.headers = headers;
      return this.inner.next(exchange);
    }
    const own = exchange.way as Attempts;
    exchange.way = own.outer;
    this.redeliver(exchange, own);
  }

  /** Once stopping has begun only who waits for a reply is worth another attempt, and only one that there is time for. */
  private mayWait({ unitOfWork }: Exchange, { due, policy }: Pick<Waiting, 'due' | 'policy'>): boolean {
    const { ending, stopping } = this.context;
    if (!ending.aborted) return true;
    return !stopping.aborted && policy.allowRedeliveryWhileStopping && unitOfWork?.isRequest === true && due <= Number(ending.reason);
  }

  private redeliver(exchange: Exchange, attempts: Attempts): void {
    const { maximumRedeliveries: most } = attempts.clause?.policy ?? this.handling.policy;
    exchange.halt = 0;
    exchange.exception = null;
    exchange.body = attempts.body;
    exchange.headers = attempts.headers.copy();
    // Whatever became of them on the way.
    exchange.headers.put(redeliveryCounter, 'camelredeliverycounter', attempts.count);
    exchange.headers.put(redelivered, 'camelredelivered', true);
    if (most > 0) exchange.headers.set(redeliveryMaxCounter, most);
    const prepare = attempts.clause?.onRedelivery ?? this.handling.onRedelivery;
    const again = (): void => {
      exchange.way = attempts;
      this.inner.next(exchange);
    };
    if (prepare === null) return again();
    const failed = (thrown: unknown): void => {
      exchange.fail(thrown, this.info);
      exchange.way = attempts;
      this.returned(exchange);
    };
    try {
      const prepared = prepare(exchange);
      if (isPromise(prepared)) prepared.then(again, failed);
      else again();
    } catch (thrown) {
      failed(thrown);
    }
  }

  /** @param isReply as in Camel, the headers of attempts are written on the message that came to the step; but what others have given up on the way of a request is a reply to that */
  private exhausted(exchange: Exchange, clause: Clause | null, counter: number, { wasExhausted, isReply, isHandled, isContinued }: Readonly<Record<'wasExhausted' | 'isReply' | 'isHandled' | 'isContinued', boolean>>): void {
    const error = exchange.exception!;
    const { deadLetter } = this.handling;
    const toDeadLetter = clause?.steps == null && deadLetter !== null;
    const target = clause?.steps ?? deadLetter?.send ?? null;
    if (toDeadLetter || isHandled || isContinued) {
      if (!isReply) removeRedeliveryHeaders(exchange);
      exchange.halt &= ~ROLLBACK_ONLY;
    } else if (!isReply) {
      exchange.headers.put(redeliveryCounter, 'camelredeliverycounter', counter - 1);
      exchange.headers.put(redelivered, 'camelredelivered', counter - 1 > 0);
    }
    const hasSteps = target !== null && !(isContinued && toDeadLetter);
    // As in Camel, a clause says it for the dead-letter channel, too.
    const { useOriginalMessage = false, useOriginalBody = false } = clause ?? deadLetter ?? {};
    if (hasSteps && (useOriginalMessage || useOriginalBody)) this.restoreOriginal(exchange, useOriginalMessage);
    this.setFailureProperties(exchange);
    const finish = (finished: Exchange): void => this.afterHandler(finished, error, { isHandled: !wasExhausted && isHandled, isContinued: !wasExhausted && isContinued, isDeadLetter: toDeadLetter, wasExhausted, isReply });
    const run = (): void => {
      exchange.clearFailure();
      if (!hasSteps) return finish(exchange);
      exchange.halt &= ~STOPPED;
      if (!enterFatal(exchange, this.context.routeId)) return this.giveUp(exchange, error);
      // As in Camel, nobody waits for what a dead-letter endpoint answers.
      const { isInOut } = exchange;
      if (toDeadLetter) exchange.isInOut = false;
      const finishAsItWas = (finished: Exchange): void => {
        finished.isInOut = isInOut;
        finish(finished);
      };
      exchange.way = new AfterHandler(exchange.way, toDeadLetter ? finishAsItWas : finish);
      if (toDeadLetter && this.context.events.has('exchangeDeadLettered')) {
        this.context.events.emit('exchangeDeadLettered', { exchange, routeId: this.context.routeId, step: exchange.failedStep, error, to: deadLetter.shownUri });
      }
      target(exchange);
    };
    const prepare = this.handling.onPrepareFailure;
    if (prepare === null) return run();
    const prepared = prepare(exchange);
    if (isPromise(prepared)) prepared.then(run, run);
    else run();
  }

  private restoreOriginal(exchange: Exchange, isWhole: boolean): void {
    const { unitOfWork } = exchange;
    if (unitOfWork === null) return;
    // As in Camel, `useOriginalBody` of an onException does not see to it that there is an original.
    if (!this.context.originals.isKept) throw new ExchangeError('java.lang.IllegalStateException', 'AllowUseOriginalMessage is disabled. Cannot access the original message.');
    unitOfWork.takeOriginal(exchange, isWhole);
  }

  private afterHandler(exchange: Exchange, error: ExchangeError, { isHandled, isContinued, isDeadLetter, wasExhausted, isReply }: Readonly<Record<'isHandled' | 'isContinued' | 'isDeadLetter' | 'wasExhausted' | 'isReply', boolean>>): void {
    const isNewFailure = exchange.isFailed;
    leaveFatal(exchange, this.context.routeId);
    exchange.unitOfWork?.giveUpOriginal(exchange);
    exchange.wasDealtWith = !isContinued || isNewFailure;
    if (isNewFailure && !(isDeadLetter && this.handling.deadLetter!.handleNewException)) {
      // What fails while a failure is handled replaces it.
      exchange.properties.set('CamelExceptionCaught', exchange.exception);
      // A called route has told already which one failed.
      this.setFailureProperties(exchange, (exchange.halt & EXHAUSTED) === 0);
      exchange.halt |= EXHAUSTED;
    } else if ((exchange.halt & HANDLED) !== 0) {
      // As in Camel, what a called route has handled is handled, whatever the clause says.
      exchange.clearFailure();
    } else if (isContinued) {
      exchange.clearFailure();
      if (!isReply) removeRedeliveryHeaders(exchange);
    } else if (isHandled || (isDeadLetter && !wasExhausted)) {
      exchange.clearFailure();
      exchange.halt |= HANDLED;
    } else {
      // As in Camel, it has failed with what was caught last: be it caught within the clause. What the clause has taken away is not lost.
      const caught = exchange.property('CamelExceptionCaught');
      return this.giveUp(exchange, caught instanceof ExchangeError ? caught : error);
    }
    this.out.next(exchange);
  }

  private giveUp(exchange: Exchange, error: ExchangeError): void {
    exchange.fail(error);
    exchange.halt |= EXHAUSTED;
    exchange.wasDealtWith = true;
    this.setFailureProperties(exchange);
    this.out.next(exchange);
  }

  private setFailureProperties(exchange: Exchange, isHere = true): void {
    const endpoint = exchange.property('CamelToEndpoint');
    if (endpoint !== undefined) exchange.properties.set('CamelFailureEndpoint', endpoint);
    if (isHere) exchange.properties.set('CamelFailureRouteId', exchange.routeId ?? this.context.routeId);
  }

  private giveUpWaiting(): void {
    for (const [exchange, wait] of [...this.waiting]) {
      if (this.mayWait(exchange, wait)) continue;
      wait.timer.cancel();
      this.waiting.delete(exchange);
      this.interrupt(exchange);
    }
  }

  /** Goes past handlers and dead letters: the source is not acknowledged. */
  private interrupt(exchange: Exchange): void {
    exchange.fail(new ExchangeError('mecha.ShutdownException', 'stopped while waiting for the next attempt', { cause: exchange.exception }), this.info);
    exchange.halt |= EXHAUSTED;
    this.out.next(exchange);
  }
}

/**
 * Stands around the first step of a route: gives the error handler what came to the route as a failure (a message that its source could not read, a
 * poll that failed). As in Camel it is not tried again, and where the handler lets it go on it does so behind the first step.
 */
class FailedArrivals extends ErrorHandled {
  private readonly first: Inlet;

  constructor(out: Subscriber<Exchange>, pipe: Pipe, handling: ErrorHandling, context: ErrorHandlingContext) {
    super(out, sequence([]), handling, context, null, null, false);
    this.first = this.branchToOutput(pipe);
  }

  override next(exchange: Exchange): void {
    if (exchange.halt === 0 || (exchange.halt & (FAILED | EXHAUSTED)) !== FAILED) this.first.next(exchange);
    else this.applyPolicy(exchange, null);
  }
}

export const failedArrivals = (pipe: Pipe, handling: ErrorHandling, context: ErrorHandlingContext): Pipe => operator((out) => new FailedArrivals(out, pipe, handling, context));

/** Until the next attempt. */
interface Waiting {
  readonly timer: Timer;
  /** Milliseconds since 1970. */
  readonly due: number;
  readonly policy: RedeliveryPolicy;
}

export const errorHandled = (pipe: Pipe, handling: ErrorHandling, context: ErrorHandlingContext, info: StepInfo, place: Place | null = null, takesExhausted = false, isOfBranch = false): Pipe =>
  operator((out) => new ErrorHandled(out, pipe, handling, context, info, place, mayRedeliver(handling), takesExhausted, isOfBranch));

class MarkExhausted extends StepSubscriber {
  private readonly routeId: string;
  private readonly isOfBranch: boolean;

  constructor(out: Subscriber<Exchange>, routeId: string, isOfBranch: boolean) {
    super(out);
    this.routeId = routeId;
    this.isOfBranch = isOfBranch;
  }

  override next(exchange: Exchange): void {
    if (exchange.halt !== 0 && (exchange.halt & (FAILED | EXHAUSTED)) === FAILED && !exchange.wasDealtWith && !(this.isOfBranch && exchange.isTried)) {
      exchange.halt |= EXHAUSTED;
      exchange.wasDealtWith = true;
      const { properties } = exchange;
      properties.set('CamelExceptionCaught', exchange.exception);
      properties.set('CamelFailureRouteId', exchange.routeId ?? this.routeId);
      const endpoint = properties.get('CamelToEndpoint');
      if (endpoint !== undefined) properties.set('CamelFailureEndpoint', endpoint);
    }
    this.out.next(exchange);
  }

  protected step(): boolean {
    return true;
  }
}

/**
 * The default error handler without any policy: stands once at the end of a list of steps, since a failed exchange passes the steps
 * between untouched.
 */
export const markExhausted = (routeId: string, isOfBranch = false): Pipe => operator((out) => new MarkExhausted(out, routeId, isOfBranch));

class MarkFailureRoute extends StepSubscriber {
  private readonly routeId: string;

  constructor(out: Subscriber<Exchange>, routeId: string) {
    super(out);
    this.routeId = routeId;
  }

  override next(exchange: Exchange): void {
    if ((exchange.halt & (EXHAUSTED | SPENT)) === EXHAUSTED) exchange.properties.set('CamelFailureRouteId', exchange.routeId ?? this.routeId);
    this.out.next(exchange);
  }

  protected step(): boolean {
    return true;
  }
}

/** Behind a step whose error handler takes what others have given up inside of it, where that handler has nothing to do but to tell its route. */
export const markFailureRoute = (routeId: string): Pipe => operator((out) => new MarkFailureRoute(out, routeId));
