import type { Subscriber } from 'rxjs';
import { defineEip } from '../core/definition.ts';
import type { ExchangeError } from '../core/errors.ts';
import { causeChain, classDistance } from '../core/errors.ts';
import type { Exchange, StepInfo } from '../core/exchange/exchange.ts';
import { EXHAUSTED, FAILED, HANDLED, ROLLBACK_ONLY, ROLLBACK_ONLY_LAST, SPENDINGS, STOPPED } from '../core/exchange/exchange.ts';
import type { Predicate } from '../core/expression.ts';
import { checkExceptionClass } from '../core/exceptionClassCheck.ts';
import { field } from '../core/field.ts';
import type { Inlet, Pipe } from '../core/graph/flow.ts';
import { StepSubscriber, operator, sequence } from '../core/graph/flow.ts';
import { missingOption } from '../core/optionError.ts';

interface Clause {
  readonly classes: readonly string[];
  readonly onWhen: Predicate | null;
  readonly steps: Pipe;
}

interface Catch extends Clause {
  readonly inlet: Inlet;
}

/** Tells, in a doCatch and in the doFinally after it, that a failure was caught; and after the fallback of a circuit breaker. */
const handledProperty = 'CamelExceptionHandled';

const marks = ROLLBACK_ONLY | ROLLBACK_ONLY_LAST;

const catches = ({ classes }: Clause, chain: readonly ExchangeError[]): boolean =>
  chain.some((error) => classes.some((wanted) => classDistance(error.type, wanted) >= 0));

class Try extends StepSubscriber {
  private readonly takesArrivals: boolean;
  private readonly tried: Inlet;
  private readonly clauses: readonly Catch[];
  private readonly last: Inlet | null;
  /** What an exchange is marked with or has failed with, while its doCatch or doFinally runs. */
  private readonly suspended = new WeakMap<Exchange, { readonly error: ExchangeError | null; readonly halt: number }>();

  /** What exchanges bore as a mark when they came. */
  private readonly marked = new WeakMap<Exchange, unknown>();

  constructor(out: Subscriber<Exchange>, steps: Pipe, clauses: readonly Clause[], last: Pipe | null, info: StepInfo, takesArrivals: boolean) {
    super(out, info);
    this.takesArrivals = takesArrivals;
    this.tried = this.branch(steps, (exchange) => this.wasTried(exchange));
    this.clauses = clauses.map((clause) => ({ ...clause, inlet: this.branch(clause.steps, (exchange) => this.wasCaught(exchange)) }));
    this.last = last === null ? null : this.branch(last, (exchange) => this.isOver(exchange));
  }

  override next(exchange: Exchange): void {
    // What its source could not read is caught as if a step in here had failed.
    if (this.takesArrivals && (exchange.halt & (FAILED | EXHAUSTED)) === FAILED) this.step(exchange);
    else super.next(exchange);
  }

  protected step(exchange: Exchange): boolean {
    exchange.isTried = true;
    const mark = exchange.property(handledProperty);
    if (mark !== undefined) {
      this.marked.set(exchange, mark);
      exchange.properties.remove(handledProperty);
    }
    this.tried.next(exchange);
    return false;
  }

  private wasTried(exchange: Exchange): void {
    if ((exchange.halt & STOPPED) !== 0) return this.stopped(exchange);
    // As in Camel, what fails after the fallback of a circuit breaker is not caught.
    if (!exchange.isFailed || this.clauses.length === 0 || exchange.property(handledProperty) !== undefined) return this.finish(exchange);
    this.find(exchange, causeChain(exchange.exception), 0);
  }

  /** Asks the clauses in their order, from `index` on. */
  private find(exchange: Exchange, chain: readonly ExchangeError[], index: number): void {
    try {
      for (let i = index; i < this.clauses.length; i++) {
        const clause = this.clauses[i]!;
        if (!catches(clause, chain)) continue;
        const answer = (clause.onWhen?.(exchange) ?? true) as boolean | Promise<boolean>;
        if (answer === true) return this.enter(exchange, clause);
        if (answer === false) continue;
        answer.then(
          (isMatch) => (isMatch ? this.enter(exchange, clause) : this.find(exchange, chain, i + 1)),
          (thrown: unknown) => this.replaced(exchange, thrown),
        );
        return;
      }
    } catch (thrown) {
      return this.replaced(exchange, thrown);
    }
    this.finish(exchange);
  }

  /** A predicate that throws takes the place of the failure. */
  private replaced(exchange: Exchange, thrown: unknown): void {
    exchange.fail(thrown, this.info);
    this.finish(exchange);
  }

  private enter(exchange: Exchange, { inlet }: Catch): void {
    const marked = exchange.halt & marks;
    if (marked !== 0) {
      // The failure that a rollback is stays; any other is caught, and the mark stays without it.
      const isRollback = classDistance(exchange.exception!.type, 'org.apache.camel.RollbackExchangeException') >= 0;
      this.suspended.set(exchange, { error: isRollback ? exchange.exception : null, halt: isRollback ? marked | FAILED : marked });
    }
    this.noteFailure(exchange, exchange.exception!);
    exchange.properties.set(handledProperty, true);
    exchange.exception = null;
    exchange.halt &= ~(FAILED | SPENDINGS | marks);
    inlet.next(exchange);
  }

  private wasCaught(exchange: Exchange): void {
    const marked = this.suspended.get(exchange);
    if (marked !== undefined) {
      // A doCatch can't take back a rollback, only react to it.
      this.suspended.delete(exchange);
      exchange.halt |= marked.halt;
      exchange.exception ??= marked.error;
    }
    if ((exchange.halt & STOPPED) !== 0) return this.stopped(exchange);
    exchange.halt &= ~SPENDINGS;
    this.finish(exchange);
  }

  private finish(exchange: Exchange): void {
    if (exchange.exception !== null) this.noteFailure(exchange, exchange.exception);
    if (this.last === null) return this.leaves(exchange, exchange.exception === null);
    this.suspended.set(exchange, { error: exchange.exception, halt: exchange.halt });
    if ((exchange.halt & HANDLED) !== 0) exchange.wasDealtWith = false;
    exchange.exception = null;
    exchange.halt = 0;
    this.last.next(exchange);
  }

  private isOver(exchange: Exchange): void {
    const before = this.suspended.get(exchange)!;
    this.suspended.delete(exchange);
    exchange.halt |= before.halt;
    // The failure from before doFinally wins over one in it, of which, as in Camel, nothing is noted.
    if (before.error !== null) exchange.exception = before.error;
    this.leaves(exchange, before.error === null);
  }

  private stopped(exchange: Exchange): void {
    exchange.isTried = false;
    this.restoreMark(exchange);
    this.out.next(exchange);
  }

  private restoreMark(exchange: Exchange): void {
    const mark = this.marked.get(exchange);
    if (mark !== undefined) {
      this.marked.delete(exchange);
      exchange.properties.set(handledProperty, mark);
    } else if (exchange.hasProperties) exchange.properties.remove(handledProperty);
  }

  private leaves(exchange: Exchange, wentWell: boolean): void {
    exchange.isTried = false;
    this.restoreMark(exchange);
    if (wentWell && exchange.hasProperties) {
      exchange.properties.remove('CamelFailureEndpoint');
      exchange.properties.remove('CamelFailureRouteId');
    }
    this.out.next(exchange);
  }

  private noteFailure(exchange: Exchange, error: ExchangeError): void {
    const { properties } = exchange;
    properties.set('CamelExceptionCaught', error);
    if (properties.get('CamelFailureEndpoint') === undefined) {
      const endpoint = properties.get('CamelToEndpoint') ?? exchange.fromEndpoint;
      if (endpoint !== undefined && endpoint !== null) properties.set('CamelFailureEndpoint', endpoint);
    }
    properties.set('CamelFailureRouteId', exchange.routeId ?? this.info!.routeId);
  }
}

const described = {
  id: field.string('Name of this part.'),
  description: field.remark('What it is for.'),
  note: field.remark('A remark for readers.'),
  disabled: field.boolean('Leaves the part out.').default(false),
};

/**
 * Catches failures of its steps.
 * Shape: every exchange leaves once. The first doCatch takes it that has a class of the failure or of one of its causes and whose onWhen holds. doFinally sees
 * every exchange but a stopped one. No other error handler applies inside.
 */
export const doTry = defineEip({
  name: 'doTry',
  summary: 'Tries steps, catches what fails in them (doCatch) and does something in any case (doFinally).',
  errorHandling: { own: 'none', children: 'none', takesArrivals: true },
  interceptions: () => 0,
  options: {
    steps: field.steps('What is tried.').required(),
    doCatch: field
      .list(
        'Asked in their order when a step has failed.',
        field.element('One kind of failure.', {
          exception: field.list('Classes that it catches, by themselves, their parents or as a cause.', field.string('Class of an exception.')),
          onWhen: field.element('It catches only when this holds.', {
            expression: field.predicate('The predicate.').required(),
            id: field.string('Name of this part.'),
            description: field.remark('What it is for.'),
            note: field.remark('A remark for readers.'),
          }),
          steps: field.steps('What a caught exchange goes through.'),
          ...described,
        }),
      )
      .default([]),
    doFinally: field.element('In any case.', { steps: field.steps('What the exchange goes through at the end.'), ...described }),
  },
  examples: [
    {
      title: 'Catch and go on',
      route: `- from:
    uri: direct:start
    steps:
      - doTry:
          steps:
            - throwException: { exceptionType: java.io.IOException, message: "disk full" }
          doCatch:
            - exception: [ java.io.IOException ]
              steps:
                - setBody: { simple: "caught: \${exception.message}" }
          doFinally:
            steps:
              - to: mock:finally
      - to: mock:out
`,
      in: ['a'],
      out: { 'mock:finally': ['caught: disk full'], 'mock:out': ['caught: disk full'] },
    },
  ],
  operator: ({ steps, doCatch, doFinally }, { info, at, problems, takesArrivals }) => {
    const nothing = sequence([]);
    const clauses = doCatch
      .filter(({ disabled }) => !disabled)
      .map(({ exception, onWhen, steps: caught }) => {
        if (exception === undefined || exception.length === 0) throw missingOption('`doCatch` names no exception', 'add the classes that it catches, such as `exception: [ java.lang.Exception ]`');
        for (const name of exception) checkExceptionClass(name, at, problems);
        return { classes: exception, onWhen: onWhen?.expression ?? null, steps: caught ?? nothing };
      });
    const last = doFinally === undefined || doFinally.disabled ? null : (doFinally.steps ?? nothing);
    return operator((out) => new Try(out, steps, clauses, last, info, takesArrivals === true));
  },
});
