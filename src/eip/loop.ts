import type { Subscriber } from 'rxjs';
import { convertTo, toTruth } from '../core/conversion/convert.ts';
import type { StepContext } from '../core/definition.ts';
import { defineEip } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import type { Expression } from '../core/expression.ts';
import { field } from '../core/field.ts';
import type { Inlet, Pipe } from '../core/graph/flow.ts';
import { StepSubscriber, Turns, isPromise, operator, settled } from '../core/graph/flow.ts';
import type { Process } from '../core/graph/processor.ts';
import { processorOf } from '../core/graph/processor.ts';
import { shutdownError } from '../core/exchange/waits.ts';

interface LoopOptions {
  readonly copies: boolean;
  readonly breaksOnShutdown: boolean;
  readonly prepare: Process | null;
  /** Null: by count. */
  readonly goesOn: Expression | null;
}

class Loop extends StepSubscriber {
  readonly inner: Inlet;
  readonly options: LoopOptions;
  readonly context: StepContext;
  private readonly count: Expression;

  constructor(out: Subscriber<Exchange>, steps: Pipe, count: Expression, options: LoopOptions, context: StepContext) {
    super(out, context.info);
    this.inner = this.branch(steps);
    this.options = options;
    this.context = context;
    this.count = count;
  }

  protected step(exchange: Exchange): boolean {
    let times = Infinity;
    if (this.options.goesOn === null) {
      const value = this.count(exchange);
      // What is no whole number already is read as a text.
      const count = (Number.isInteger(value) ? value : convertTo(convertTo(value, 'java.lang.String'), 'java.lang.Integer')) as number | null;
      if (count === null) throw new ExchangeError('org.apache.camel.NoTypeConversionAvailableException', 'No type converter available to convert from type: null to the required type: java.lang.Integer');
      exchange.properties.set('CamelLoopSize', count);
      times = count;
    }
    new Looping(this, exchange, times).start();
    return false;
  }

  leaves(exchange: Exchange): void {
    this.out.next(exchange);
  }

  failed(exchange: Exchange, thrown: unknown): void {
    exchange.fail(thrown, this.info);
  }
}

/** One exchange's way through the loop. */
class Looping extends Turns {
  private readonly loop: Loop;
  private readonly original: Exchange;
  private readonly times: number;
  /** What the next turn begins with. */
  private current: Exchange;
  private index = 0;

  constructor(loop: Loop, exchange: Exchange, times: number) {
    // A copy has no way but this one.
    super(loop.context.clock, loop.options.copies ? null : exchange.way);
    this.loop = loop;
    this.original = exchange;
    this.current = exchange;
    this.times = times;
  }

  start(): void {
    this.go();
  }

  back(exchange: Exchange): void {
    this.current = exchange;
    this.go();
  }

  protected turn(): boolean {
    const { options, context } = this.loop;
    if (this.current.halt !== 0 || this.index >= this.times) return false;
    if (context.stopping.aborted || this.original.signal?.aborted === true) {
      if (!options.breaksOnShutdown) this.loop.failed(this.current, shutdownError());
      return false;
    }
    let goesOn: unknown;
    try {
      goesOn = options.goesOn === null || options.goesOn(this.current);
    } catch (thrown) {
      this.loop.failed(this.current, thrown);
      return false;
    }
    if (isPromise(goesOn)) {
      goesOn.then(
        (answer) => (toTruth(answer) ? this.begin() : this.end()),
        (thrown: unknown) => this.end(thrown),
      );
      return true;
    }
    if (!toTruth(goesOn)) return false;
    this.begin();
    return true;
  }

  protected over(): void {
    if (this.current !== this.original) this.original.takeResult(this.current);
    this.loop.leaves(this.original);
  }

  private begin(): void {
    const { options } = this.loop;
    const exchange = options.copies ? this.original.facet() : this.original;
    this.current = exchange;
    let preparing: void | Promise<void> = undefined;
    try {
      exchange.properties.set('CamelLoopIndex', this.index++);
      preparing = options.prepare?.(exchange);
    } catch (thrown) {
      this.loop.failed(exchange, thrown);
      return this.go();
    }
    if (isPromise(preparing)) {
      preparing.then(
        () => this.enter(exchange),
        (thrown: unknown) => {
          this.loop.failed(exchange, thrown);
          this.go();
        },
      );
    } else this.enter(exchange);
  }

  private enter(exchange: Exchange): void {
    exchange.way = this;
    this.loop.inner.next(exchange);
  }

  /** An answer that came later ends the loop. */
  private end(thrown?: unknown): void {
    if (thrown !== undefined) this.loop.failed(this.current, thrown);
    this.index = Infinity;
    this.go();
  }
}

/**
 * Sends an exchange through the inner steps several times.
 * Shape: every exchange leaves once, after its last turn; turns of one exchange follow each other in constant stack and leave the event loop its share.
 */
export const loop = defineEip({
  name: 'loop',
  mayBeEmpty: true,
  summary: 'Sends an exchange through the inner steps so many times, or while a predicate holds.',
  options: {
    expression: field.expression('How many times; with doWhile a predicate, asked before each turn.').required(),
    doWhile: field.boolean('Goes on while the expression, read as a predicate, holds.').default(false),
    copy: field.boolean('Begins each turn with the message as it was before the loop; the last turn is the result.').default(false),
    breakOnShutdown: field.boolean('When the runtime stops: leaves the loop early, without an error.').default(false),
    onPrepare: field.string('Processor that works on the exchange before each turn.'),
    steps: field.steps('What each turn goes through.').required(),
  },
  examples: [
    {
      title: 'Three times',
      route: `- from:
    uri: direct:start
    steps:
      - loop:
          constant: 3
          steps:
            - setBody: { simple: "\${body}\${exchangeProperty.CamelLoopIndex}" }
      - to: mock:out
`,
      in: ['n'],
      out: { 'mock:out': ['n012'] },
    },
  ],
  operator: ({ expression, doWhile, copy, breakOnShutdown, onPrepare, steps }, context) => {
    const goesOn = doWhile ? (expression.asPredicate?.() ?? expression) : null;
    const prepare = onPrepare === undefined ? null : processorOf(context.bean(onPrepare, 'Processor'), onPrepare);
    const options: LoopOptions = { copies: copy, breaksOnShutdown: breakOnShutdown, prepare, goesOn };
    const build = (count: Expression): Pipe => operator((out) => new Loop(out, steps, count, options, context));
    return doWhile ? build(expression) : settled(expression, context.info, build);
  },
});
