import type { Exchange, Way } from '../core/exchange/exchange.ts';
import { depthOf, FAILED, HANDLED, PARKED } from '../core/exchange/exchange.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Predicate } from '../core/expression.ts';
import type { Call } from '../core/graph/flow.ts';
import { isPromise } from '../core/graph/flow.ts';
import type { ThreadPool } from '../core/graph/pool.ts';
import { offThread, putOn } from '../core/exchange/poolThread.ts';
import type { ElementModel, ExpressionModel, StepModel } from '../dsl/model.ts';
import type { StepCompiler, Surroundings } from './compiler.ts';
import type { ExitWork } from './graph.ts';
import { booleanField, isElement, textField } from './plan.ts';
import { exclude } from './scopes.ts';

/** One `onCompletion`, compiled. */
interface OnCompletion {
  readonly isBefore: boolean;
  readonly onCompleteOnly: boolean;
  readonly onFailureOnly: boolean;
  readonly onWhen: Predicate | null;
  readonly useOriginalMessage: boolean;
  /** Each of its messages is under way on its own, as one of `wireTap`, however many came before it. */
  readonly isApart: boolean;
  /** What they run in; null: nothing bounds them. */
  readonly pool: Promise<ThreadPool | null> | null;
  readonly steps: Call;
}

/** A block that comes to a route to which it applies starts itself again: it may so often in a row. In Camel the stack is full long before. */
const mostInARow = 1000;
/** Each counts as so many calls, to which calls between them add. */
const callsOfBlock = 100;

function whenField(compiler: StepCompiler, element: ElementModel): Predicate | null {
  const value = element.fields['onWhen'];
  const inner = isElement(value) ? value.fields['expression'] : value;
  if (inner === undefined || inner === null || typeof inner !== 'object' || (inner as { type?: string }).type !== 'expression') return null;
  return compiler.services.predicate(inner as ExpressionModel, compiler.problems);
}

const applies = (completion: OnCompletion, exchange: Exchange): boolean | Promise<boolean> => {
  const isFailed = (exchange.halt & (FAILED | HANDLED)) === FAILED;
  if (completion.onCompleteOnly && isFailed) return false;
  if (completion.onFailureOnly && !isFailed) return false;
  return completion.onWhen === null || completion.onWhen(exchange);
};

class Then implements Way {
  readonly outer: Way | null;
  readonly depth: number;
  private readonly go: (exchange: Exchange) => void;

  constructor(outer: Way | null, go: (exchange: Exchange) => void, depth = depthOf(outer) + 1) {
    this.outer = outer;
    this.depth = depth;
    this.go = go;
  }

  back(exchange: Exchange): void {
    this.go(exchange);
  }
}

/**
 * The onCompletion blocks of a route. `BeforeConsumer` ones run on the exchange itself at the route's exit and may change the
 * reply; the others run on a copy of their own when the whole unit of work is done.
 */
export function completions(compiler: StepCompiler, elements: readonly ElementModel[], around: Surroundings, graph: () => { begin(): void; end(): void }): ExitWork {
  const all = elements
    .filter((element) => !booleanField(element, 'disabled', false))
    .map((element): OnCompletion => {
      const useOriginalMessage = booleanField(element, 'useOriginalMessage', false);
      if (useOriginalMessage) compiler.keepsOriginal = true;
      compiler.checkThreadPools(element);
      exclude(compiler.problems, element, 'onCompleteOnly', 'onFailureOnly');
      const poolName = textField(element, 'executorService');
      return {
        isBefore: textField(element, 'mode')?.toLowerCase() === 'beforeconsumer',
        onCompleteOnly: booleanField(element, 'onCompleteOnly', false),
        onFailureOnly: booleanField(element, 'onFailureOnly', false),
        onWhen: whenField(compiler, element),
        useOriginalMessage,
        isApart: booleanField(element, 'parallelProcessing', false) || poolName !== null,
        pool: poolName === null ? null : import('../core/graph/pool.ts').then(({ namedPool }) => namedPool(poolName, compiler.services, 'OnCompletion')),
        steps: compiler.wiring.wire(compiler.steps((element.fields['steps'] ?? []) as readonly StepModel[], around)),
      };
    });
  // As in Camel, the one that is declared last runs first.
  const before = all.filter(({ isBefore }) => isBefore).reverse();
  const after = all.filter(({ isBefore }) => !isBefore);
  const work: ExitWork = {};
  const { clock, events } = compiler.services;
  const { routeId } = compiler;
  /** How often exchanges of one unit of work have come to this route. */
  const visits = new WeakMap<Exchange, number>();
  /** Those whose completions are under way: what comes to this route out of them has its own only, or it would never end. */
  const completing = new WeakSet<Exchange>();

  if (before.length > 0) {
    work.beforeLeaving = (exchange, done) => {
      let { halt, exception } = exchange;
      const depth = depthOf(exchange.way);
      // As in Camel, what a visit has registered stays until the unit of work is done, so that it is due at the end of later visits, too.
      const lead = leadOf(exchange);
      const isOutermost = !completing.has(lead);
      const times = visits.get(lead) ?? 0;
      const due = before.length * (isOutermost ? times : Math.min(times, 1));
      if (due > 0) completing.add(lead);
      let at = 0;
      const next = (current: Exchange): void => {
        // What a completion does to the outcome does not count, but that it fails, or that its failure was handled; what it does to the message does.
        if (at > 0 && exception === null && current.isFailed) {
          halt = current.halt;
          ({ exception } = current);
        } else if (at > 0) halt |= current.halt & HANDLED;
        current.halt = halt;
        current.exception = exception;
        goOn(current);
      };
      const enter = (completion: OnCompletion, current: Exchange): void => {
        current.halt = 0;
        current.exception = null;
        // Where a request went well Camel leaves the reply as the route left it.
        if (completion.useOriginalMessage && (exception !== null || !current.isInOut)) current.unitOfWork?.takeOriginal(current);
        current.properties.set('CamelOnCompletion', true);
        current.way = new Then(current.way, next);
        completion.steps(current);
      };
      /** @param answered whether the completion that was looked at last is due, where that was known later */
      const goOn = (current: Exchange, answered?: boolean): void => {
        let answer: boolean | Promise<boolean> | undefined = answered;
        while (answer !== undefined || at < due) {
          if (answer === undefined) {
            answer = isDue(before[at++ % before.length]!, current);
            if (isPromise(answer)) return void answer.then((known) => goOn(current, known));
          }
          const completion = before[(at - 1) % before.length]!;
          const holds = answer;
          answer = undefined;
          if (holds !== true) continue;
          if (!completion.isApart) return enter(completion, current);
          void start(completion, current, graph(), depth);
        }
        if (after.length > 0) noteRoute(current, routeId);
        if (isOutermost) completing.delete(lead);
        done(current);
      };
      next(exchange);
    };
  } else if (after.length > 0) {
    work.beforeLeaving = (exchange, done) => {
      noteRoute(exchange, routeId);
      done(exchange);
    };
  }

  const register = (lead: Exchange, depth: number): void => {
    const { unitOfWork } = lead;
    // Who called this route may be under way for longer than anything in it: the graph is needed until then.
    const held = graph();
    held.begin();
    const complete = async (finished: Exchange): Promise<void> => {
      // What was put aside is not done; and it counts what is known of the exchange in the end, not of copies whose results nobody has taken.
      if ((finished.halt & PARKED) === 0 && hasBeenIn(finished, routeId)) {
        for (const completion of after) {
          const holds = isDue(completion, finished);
          if (!(isPromise(holds) ? await holds : holds)) continue;
          const done = start(completion, finished, held, depth);
          // As in Camel, whoever brought the message waits for what is not said to run beside it.
          if (!completion.isApart) await done;
        }
      }
      held.end();
    };
    // A part or a copy is done before the delivery that it belongs to.
    if (unitOfWork !== null && unitOfWork.exchange === lead) unitOfWork.beforeLeaving(complete);
    else lead.onEnd(() => complete(lead));
  };

  if (all.length > 0) {
    work.enter = (exchange) => {
      const lead = leadOf(exchange);
      if (before.length > 0) visits.set(lead, (visits.get(lead) ?? 0) + 1);
      if (after.length > 0) register(lead, depthOf(exchange.way));
    };
  }

  // Nobody waits for it: its failure is seen here or nowhere.
  const ended = (copy: Exchange): void => {
    if ((copy.halt & (FAILED | HANDLED)) !== FAILED || !events.has('exchangeFailed')) return;
    events.emit('exchangeFailed', { exchange: copy, routeId, step: copy.failedStep, error: copy.exception!, millis: clock.now() - copy.created, isHandled: false });
  };

  const start = (completion: OnCompletion, finished: Exchange, held: { begin(): void; end(): void }, depth: number): Promise<void> => {
    const copy = finished.copy();
    copy.isInOut = false;
    copy.routeId = routeId;
    copy.unitOfWork = null;
    copy.properties.set('CamelOnCompletion', true);
    const nextDepth = completion.isApart ? 0 : depth + callsOfBlock;
    if (nextDepth > mostInARow * callsOfBlock) {
      copy.fail(new ExchangeError('java.lang.StackOverflowError', `onCompletion of route ${routeId} starts itself without end: its steps come to a route to which it applies`));
      ended(copy);
      return Promise.resolve();
    }
    held.begin();
    return new Promise((done) => {
      copy.way = new Then(
        null,
        (exchange) => {
          ended(exchange);
          held.end();
          done();
        },
        nextDepth,
      );
      const run = (): void => {
        if (completion.useOriginalMessage) finished.unitOfWork?.takeOriginal(copy);
        completion.steps(copy);
      };
      offThread(copy);
      if (completion.pool === null) clock.yield(run);
      else
        void completion.pool.then((pool) => {
          if (pool === null) return run();
          pool.take((thread) => {
            putOn(thread, copy);
            run();
          });
        });
    });
  };
  return work;
}

/** The exchange whose completions are run for this one, too. */
const leadOf = (exchange: Exchange): Exchange => exchange.lead ?? exchange;

const routesProperty = 'CamelOnCompletionRouteIds';

/** Copies, and who takes over their results, know it as well. */
function noteRoute(exchange: Exchange, routeId: string): void {
  const known = exchange.property(routesProperty) as string[] | undefined;
  if (known === undefined) exchange.properties.set(routesProperty, [routeId]);
  else if (!known.includes(routeId)) known.push(routeId);
}

const hasBeenIn = (exchange: Exchange, routeId: string): boolean => (exchange.property(routesProperty) as string[] | undefined)?.includes(routeId) === true;

/** What can't be decided is not run, and is no failure of the exchange. */
function isDue(completion: OnCompletion, finished: Exchange): boolean | Promise<boolean> {
  try {
    const answer = applies(completion, finished);
    return isPromise(answer) ? answer.then((known) => known, () => false) : answer;
  } catch {
    return false;
  }
}
