import type { Subscriber } from 'rxjs';
import type { StepContext } from '../core/definition.ts';
import { defineEip } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { ROLLBACK_ONLY, ROLLBACK_ONLY_LAST, STOPPED } from '../core/exchange/exchange.ts';
import type { Expression } from '../core/expression.ts';
import type { FanOutOptions } from '../core/graph/fanOut.ts';
import { ChildBag, FanOut, Round, childModel, notYet, ownOriginal } from '../core/graph/fanOut.ts';
import { fanOutFields, fanOutOptions } from '../core/graph/fanOutOptions.ts';
import { field } from '../core/field.ts';
import type { Inlet, Pipe } from '../core/graph/flow.ts';
import { isPromise, operator, settled } from '../core/graph/flow.ts';
import type { Parts } from '../core/graph/iterate.ts';
import { TextParts, isAsyncIterable, toIterable } from '../core/graph/iterate.ts';
import { Message } from '../core/exchange/message.ts';
import { UseOriginalAggregationStrategy } from '../core/graph/strategies.ts';
import type { Watermark } from '../core/exchange/watermark.ts';
import { watermarkOf } from '../core/exchange/watermark.ts';

/** Without streaming all parts are in memory before the first is sent. */
const mostCollected = 10_000_000;

const sliceMillis = 8;

interface SplitOptions extends FanOutOptions {
  readonly expression: Expression;
  readonly delimiter: string;
  readonly isStreamingParts: boolean;
  readonly group: number;
  readonly sharesUnitOfWork: boolean;
  readonly errorThreshold: number | null;
  readonly maxFailedRecords: number | null;
  readonly watermark: Watermark | null;
}

class Split extends FanOut {
  readonly inner: Inlet;
  declare readonly options: SplitOptions;

  constructor(out: Subscriber<Exchange>, steps: Pipe, context: StepContext, options: SplitOptions) {
    super(out, context, options);
    this.inner = this.branch(steps);
  }

  protected step(exchange: Exchange): boolean {
    this.refuseLate();
    let value: unknown;
    try {
      value = this.options.expression(exchange);
    } catch (thrown) {
      if (this.options.errorThreshold !== null || this.options.maxFailedRecords !== null) new SplitTolerance(null, null).report(exchange, 0, true);
      throw thrown;
    }
    if (this.options.watermark === null) new SplitRound(this, exchange, value).begin();
    else void this.resume(exchange, value, this.options.watermark);
    return false;
  }

  /** Goes on where the last successful split ended. */
  private async resume(exchange: Exchange, value: unknown, watermark: Watermark): Promise<void> {
    let round: SplitRound;
    try {
      const last = await watermark.load();
      if (last !== null) exchange.properties.set('CamelSplitWatermark', last);
      round = new SplitRound(this, exchange, value, watermark.after(last));
    } catch (thrown) {
      exchange.fail(thrown, this.info);
      this.send(exchange);
      return;
    }
    round.begin();
  }
}

const absent: unique symbol = Symbol('absent');
const end: unique symbol = Symbol('end');

/** An iterator that failed while it was asked for the part after the current one. */
class Failure {
  readonly thrown: unknown;

  constructor(thrown: unknown) {
    this.thrown = thrown;
  }
}

class SplitRound extends Round {
  protected declare readonly step: Split;
  private readonly model: Exchange;
  private readonly properties: ChildBag;
  private readonly first: number;
  private mark: unknown = null;
  /** All parts, where they are known. */
  private parts: readonly unknown[] | null = null;
  private at = 0;
  private size = -1;
  private collected: unknown[] | null = null;
  private iterator: Iterator<unknown> | AsyncIterator<unknown> | null = null;
  private isPulling = false;
  private pulled: unknown = absent;
  private chunk: unknown[] = [];
  private part: unknown = absent;
  private ahead: unknown = absent;

  /** @param first parts before this one were split by an earlier exchange */
  constructor(step: Split, parent: Exchange, value: unknown, first = 0) {
    super(step, parent);
    this.first = first;
    this.step = step;
    const { delimiter, group, isStreamingParts, errorThreshold, maxFailedRecords } = step.options;
    const { model, properties } = childModel(parent, this.signal);
    this.model = model;
    this.properties = new ChildBag(properties, isStreamingParts ? ['CamelSplitIndex', 'CamelSplitComplete'] : ['CamelSplitIndex', 'CamelSplitComplete', 'CamelSplitSize']);
    if (errorThreshold !== null || maxFailedRecords !== null) this.tolerance = new SplitTolerance(errorThreshold, maxFailedRecords);
    const all = toIterable(value, delimiter);
    const parts = first === 0 ? all : skip(all, first);
    if (Array.isArray(parts) && group === 0 && !isStreamingParts) this.know(parts as readonly unknown[]);
    else {
      this.iterator = isAsyncIterable(parts) ? parts[Symbol.asyncIterator]() : (parts as Iterable<unknown>)[Symbol.iterator]();
      if (parts instanceof TextParts && group === 0 && !isStreamingParts) this.size = parts.size;
      else if (!isStreamingParts) this.collected = [];
    }
  }

  protected produce(): Exchange | null | typeof notYet {
    if (this.collected !== null && !this.collect()) return notYet;
    if (this.parts !== null) return this.fromList(this.parts);
    return this.size >= 0 ? this.fromText() : this.fromStream();
  }

  protected dispatch(child: Exchange): void {
    this.step.inner.next(child);
  }

  protected override abandon(): void {
    const closing = this.iterator?.return?.();
    if (isPromise(closing)) closing.then(undefined, () => {});
  }

  override arrive(child: Exchange, index: number): void {
    const { watermark } = this.step.options;
    if (watermark !== null && !child.isFailed) {
      try {
        this.mark = watermark.of(child, this.first + index) ?? this.mark;
      } catch (thrown) {
        child.fail(thrown, this.step.context.info);
      }
    }
    super.arrive(child, index);
  }

  protected override leave(parent: Exchange): void {
    const { watermark } = this.step.options;
    if (watermark === null || this.mark === null || parent.isFailed) {
      super.leave(parent);
      return;
    }
    watermark
      .save(this.mark)
      .catch((thrown: unknown) => parent.fail(thrown, this.step.context.info))
      .finally(() => super.leave(parent));
  }

  protected override get total(): number {
    return this.size >= 0 ? this.size : this.index;
  }

  private child(part: unknown, isLast: boolean): Exchange {
    const child = this.model.copy();
    if (part instanceof Message) {
      child.body = part.body;
      child.headers = part.headers.copy();
    } else child.body = part;
    child.replaceProperties(this.properties.child(this.index, isLast, this.size));
    if (this.step.options.sharesUnitOfWork) child.lead = this.parent.lead ?? this.parent;
    else if (child.unitOfWork !== null) ownOriginal(child);
    return child;
  }

  private know(parts: readonly unknown[]): void {
    this.parts = parts;
    let size = 0;
    for (let i = 0; i < parts.length; i++) if (parts[i] !== null && parts[i] !== undefined) size++;
    this.size = size;
  }

  private fromList(parts: readonly unknown[]): Exchange | null {
    while (this.at < parts.length) {
      const part = parts[this.at++];
      if (part !== null && part !== undefined) return this.child(part, this.index === this.size - 1);
    }
    return null;
  }

  private fromText(): Exchange | null {
    const { done, value } = (this.iterator as Iterator<unknown>).next();
    return done === true ? null : this.child(value, this.index === this.size - 1);
  }

  /** Looks one part ahead, to know which is the last. Null parts are passed over. */
  private fromStream(): Exchange | null | typeof notYet {
    for (;;) {
      if (this.part === absent) {
        const first = this.pull();
        if (first === notYet) return notYet;
        this.part = first;
      }
      const { part } = this;
      if (part === end) return null;
      if (part instanceof Failure) throw part.thrown;
      if (this.ahead === absent) {
        const next = this.pull();
        if (next === notYet) return notYet;
        this.ahead = next;
      }
      const isLast = this.ahead === end;
      this.part = this.ahead;
      this.ahead = absent;
      if (part === null || part === undefined) continue;
      const child = this.child(part, isLast);
      if (isLast) child.properties.set('CamelSplitSize', this.index + 1);
      return child;
    }
  }

  /** Takes all parts into memory, in slices. True: they are there. */
  private collect(): boolean {
    const collected = this.collected!;
    const sliceEnd = performance.now() + sliceMillis;
    for (;;) {
      const part = this.pull();
      if (part === notYet) return false;
      if (part === end) break;
      if (part instanceof Failure) throw part.thrown;
      collected.push(part);
      if (collected.length >= mostCollected) throw new ExchangeError('java.lang.IllegalStateException', `more than ${mostCollected} parts: use streaming`);
      if ((collected.length & 255) === 0 && performance.now() >= sliceEnd) {
        this.step.context.clock.yield(() => this.go());
        return false;
      }
    }
    this.collected = null;
    this.know(collected);
    return true;
  }

  /** The next part or group of parts, `end`, a failure, or `notYet`. */
  private pull(): unknown {
    const { group } = this.step.options;
    if (group === 0) return this.pullOne();
    for (;;) {
      const part = this.pullOne();
      if (part === notYet || part instanceof Failure) return part;
      if (part === end && this.chunk.length === 0) return end;
      if (part !== end) this.chunk.push(part);
      if (part === end || this.chunk.length === group) {
        const { chunk } = this;
        this.chunk = [];
        return chunk;
      }
    }
  }

  private pullOne(): unknown {
    if (this.pulled !== absent) {
      const { pulled } = this;
      if (pulled !== end) this.pulled = absent;
      return pulled;
    }
    if (this.isPulling) return notYet;
    let next: IteratorResult<unknown> | Promise<IteratorResult<unknown>>;
    try {
      next = this.iterator!.next();
    } catch (thrown) {
      this.pulled = end;
      return new Failure(thrown);
    }
    if (!isPromise(next)) {
      if (next.done !== true) return next.value;
      this.pulled = end;
      return end;
    }
    this.isPulling = true;
    (next).then(
      ({ done, value }) => this.deliver(done === true ? end : value),
      (thrown: unknown) => this.deliver(new Failure(thrown)),
    );
    return notYet;
  }

  private deliver(pulled: unknown): void {
    this.isPulling = false;
    this.pulled = pulled;
    this.go();
  }
}

/** Parts without the first `count`. */
function skip(parts: Parts, count: number): Parts {
  if (Array.isArray(parts)) return (parts as readonly unknown[]).slice(count);
  if (!isAsyncIterable(parts)) return skipping(parts as Iterable<unknown>, count);
  return (async function* () {
    let index = 0;
    for await (const part of parts) if (index++ >= count) yield part;
  })();
}

function* skipping(parts: Iterable<unknown>, count: number): Generator<unknown> {
  let index = 0;
  for (const part of parts) if (index++ >= count) yield part;
}

/** What became of the parts of a split that tolerates some failures: property `CamelSplitResult`. */
class SplitResult {
  readonly totalItems: number;
  readonly processedItems: number;
  readonly failureCount: number;
  readonly failures: readonly { readonly index: number; readonly exception: ExchangeError }[];
  readonly aborted: boolean;

  constructor(totalItems: number, processedItems: number, failures: SplitResult['failures'], failureCount: number, aborted: boolean) {
    this.totalItems = totalItems;
    this.processedItems = processedItems;
    this.failures = failures;
    this.failureCount = failureCount;
    this.aborted = aborted;
  }

  get successCount(): number {
    return this.processedItems - this.failureCount;
  }

  toString(): string {
    return `SplitResult[total=${this.totalItems}, processed=${this.processedItems}, success=${this.successCount}, failures=${this.failureCount}, aborted=${this.aborted}]`;
  }

  toJSON(): string {
    return this.toString();
  }
}

const mostFailuresKept = 1000;

class SplitTolerance {
  private readonly threshold: number | null;
  private readonly most: number | null;
  private processed = 0;
  private failed = 0;
  private readonly failures: { index: number; exception: ExchangeError }[] = [];

  constructor(threshold: number | null, most: number | null) {
    this.threshold = threshold;
    this.most = most;
  }

  add(child: Exchange, index: number): boolean {
    this.processed++;
    // As in Camel, a part that stops ends the split, and is no failure.
    if ((child.halt & (STOPPED | ROLLBACK_ONLY | ROLLBACK_ONLY_LAST)) !== 0) return true;
    if (!child.isFailed) return false;
    this.failed++;
    if (this.failures.length < mostFailuresKept) this.failures.push({ index, exception: child.exception! });
    return (this.most !== null && this.failed >= this.most) || (this.threshold !== null && this.failed / this.processed >= this.threshold);
  }

  report(parent: Exchange, total: number, isAborted = parent.exception !== null): void {
    parent.properties.set('CamelSplitResult', new SplitResult(total, this.processed, this.failures, this.failed, isAborted));
  }
}

export const split = defineEip({
  name: 'split',
  summary: 'Cuts a message into parts and sends each of them through the inner steps.',
  errorHandling: { children: 'unit' },
  options: {
    expression: field.expression('What is iterated over: a list, a map, an iterator, a stream of objects, a text to cut.').required(),
    delimiter: field.string('Where a text is cut; `false` leaves it whole, `single` takes any value as the one part.').default(','),
    ...fanOutFields,
    streaming: field.boolean('Takes parts one by one as they are needed instead of all before the first; replies count in the order in which they arrive.').default(false),
    group: field.count('Makes one part, a list, of so many.'),
    errorThreshold: field.number('Share of failed parts, 0 to 1, at which the split is given up; the failures below it are only counted. 0: there is none.').atLeast(0).atMost(1),
    maxFailedRecords: field.count('Number of failed parts at which the split is given up; the failures below it are only counted. 0: there is none.'),
    resumeStrategy: field.reference<string>('Where the watermark is kept: a bean with `get(key)` and `set(key, value)`, or `#store` for the state of this step.', 'ResumeStrategy'),
    watermarkKey: field.string('Name of the watermark there: the next split goes on after the part that it tells.'),
    watermarkExpression: field.string('Simple, read from each part when it is done: the watermark is this value instead of the number of the part.'),
    steps: field.steps('What each part goes through.').required(),
  },
  examples: [
    {
      title: 'Handle each line on its own',
      route: '- from:\n    uri: direct:start\n    steps:\n      - split:\n          tokenize: "\\n"\n          steps:\n            - to: mock:line\n',
      in: ['a\nb\nc'],
      out: { 'mock:line': ['a', 'b', 'c'] },
    },
  ],
  operator: (given, context) => {
    const { expression, delimiter, streaming, group = 0, errorThreshold, maxFailedRecords, shareUnitOfWork, stopOnException, steps } = given;
    const common = fanOutOptions(given, context, new UseOriginalAggregationStrategy());
    if (stopOnException && (errorThreshold !== undefined || maxFailedRecords !== undefined)) {
      context.problems.report('M0312', '`stopOnException` and `errorThreshold` or `maxFailedRecords` exclude each other', context.at, { help: 'take `stopOnException` out: a threshold counts failures, the first one would end it' });
    }
    if (delimiter === '') context.problems.report('M0315', '`delimiter` must not be empty', context.at, { help: 'to leave a text whole, write `delimiter: "false"`' });
    const watermark = watermarkOf(given, context);
    return settled(expression, context.info, (value) => {
      const options: SplitOptions = {
        ...common,
        expression: value,
        delimiter,
        isStreamingParts: streaming,
        group,
        sharesUnitOfWork: shareUnitOfWork,
        errorThreshold: errorThreshold === undefined || errorThreshold === 0 ? null : errorThreshold,
        maxFailedRecords: maxFailedRecords === undefined || maxFailedRecords === 0 ? null : maxFailedRecords,
        watermark,
      };
      return operator((out) => new Split(out, steps, context, options));
    });
  },
});
