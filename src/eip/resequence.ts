import type { Subscriber } from 'rxjs';
import type { Timer } from '../core/clock.ts';
import { toText } from '../core/conversion/convert.ts';
import type { StepContext } from '../core/definition.ts';
import { defineEip } from '../core/definition.ts';
import { detach, finishDetached } from '../core/exchange/detached.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange, UnitOfWork } from '../core/exchange/exchange.ts';
import type { Expression } from '../core/expression.ts';
import { field } from '../core/field.ts';
import type { Inlet, Pipe } from '../core/graph/flow.ts';
import { StepSubscriber, Turns, operator, settled } from '../core/graph/flow.ts';

/** Sends what is in order again through the inner steps, one after the other. */
class Outlet extends Turns {
  private readonly inner: Inlet;
  private readonly context: StepContext;
  private readonly queue: { readonly copy: Exchange; readonly unitOfWork: UnitOfWork }[] = [];
  private current: UnitOfWork | null = null;

  constructor(inner: Inlet, context: StepContext) {
    super(context.clock);
    this.inner = inner;
    this.context = context;
  }

  send(copy: Exchange): void {
    this.queue.push({ copy, unitOfWork: copy.unitOfWork! });
    if (this.current === null) this.go();
  }

  back(copy: Exchange): void {
    const unitOfWork = this.current!;
    this.current = null;
    void finishDetached(copy, unitOfWork, this.context, 'a resequenced message');
    this.go();
  }

  protected turn(): boolean {
    if (this.current !== null) return true;
    const next = this.queue.shift();
    if (next === undefined) return false;
    this.current = next.unitOfWork;
    next.copy.way = this;
    if (this.context.stopping.aborted) next.copy.fail(new ExchangeError('mecha.ShutdownException', 'the time for stopping is over'), this.context.info);
    this.inner.next(next.copy);
    return true;
  }

  protected over(): void {}
}

/** The message goes on as it came; a copy, which holds its delivery, waits for its place. */
abstract class Resequencer extends StepSubscriber {
  protected readonly context: StepContext;
  protected readonly expression: Expression;
  protected readonly outlet: Outlet;

  constructor(out: Subscriber<Exchange>, context: StepContext, expression: Expression, steps: Pipe) {
    super(out, context.info);
    this.context = context;
    this.expression = expression;
    this.outlet = new Outlet(this.branch(steps), context);
    context.onDispose(() => this.forget());
    context.onStop?.(() => this.flush());
  }

  protected step(exchange: Exchange): boolean {
    return this.take(exchange);
  }

  protected abstract take(exchange: Exchange): boolean;

  /** Sends all that is held. */
  protected abstract flush(): void;

  /** Cancels timers. */
  protected abstract forget(): void;

  protected hold(exchange: Exchange): Exchange {
    const copy = exchange.copy();
    this.context.begin();
    detach(copy, exchange, () => this.context.end());
    return copy;
  }
}

interface Member {
  readonly value: unknown;
  readonly copy: Exchange;
}

interface BatchOptions {
  readonly batchSize: number;
  readonly batchTimeout: number;
  readonly allowDuplicates: boolean;
  readonly reverse: boolean;
  readonly ignoreInvalidExchanges: boolean;
}

const numberOf = (value: unknown): number => (typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : typeof value === 'bigint' ? Number(value) : NaN);

/** Numbers, and texts that are numbers, by size; all else by text. */
function compareValues(a: unknown, b: unknown): number {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  const [left, right] = [toText(a) ?? '', toText(b) ?? ''];
  return left < right ? -1 : left > right ? 1 : 0;
}

class BatchResequencer extends Resequencer {
  private readonly options: BatchOptions;
  private members: Member[] = [];
  private timer: Timer | null = null;

  constructor(out: Subscriber<Exchange>, context: StepContext, expression: Expression, steps: Pipe, options: BatchOptions) {
    super(out, context, expression, steps);
    this.options = options;
  }

  protected take(exchange: Exchange): boolean {
    const value = this.placeOf(exchange);
    if (value === null || value === undefined) {
      if (this.options.ignoreInvalidExchanges) return true;
      throw new ExchangeError('org.apache.camel.CamelExchangeException', `Exchange is not valid to be used by the BatchProcessor. Exchange[${exchange.id}]`);
    }
    this.members.push({ value, copy: this.hold(exchange) });
    this.timer?.cancel();
    this.timer = null;
    const { batchSize, batchTimeout } = this.options;
    if (batchTimeout === 0 || (batchSize > 0 && this.members.length >= batchSize)) this.flush();
    else this.timer = this.context.clock.schedule(batchTimeout, () => this.flush());
    return true;
  }

  private placeOf(exchange: Exchange): unknown {
    try {
      return this.expression(exchange);
    } catch {
      // What can't be evaluated has no place, just as what has no value.
      return null;
    }
  }

  protected flush(): void {
    this.forget();
    const { allowDuplicates, reverse } = this.options;
    const members = this.members.sort((a, b) => (reverse ? compareValues(b.value, a.value) : compareValues(a.value, b.value)));
    this.members = [];
    for (let i = 0; i < members.length; i++) {
      const { value, copy } = members[i]!;
      // Of those with the same place the first stays.
      if (!allowDuplicates && i > 0 && compareValues(members[i - 1]!.value, value) === 0) copy.unitOfWork!.release();
      else this.outlet.send(copy);
    }
  }

  protected forget(): void {
    this.timer?.cancel();
    this.timer = null;
  }
}

/** A comparator of the user's own, as Camel's ExpressionResultComparator is: by exchanges. */
interface SequenceComparator {
  compare(a: Exchange, b: Exchange): number;
  /** Whether `a` comes right before `b`. */
  predecessor(a: Exchange, b: Exchange): boolean;
  isValid?(exchange: Exchange): boolean;
}

interface StreamOptions {
  readonly capacity: number;
  readonly timeout: number;
  readonly deliveryAttemptInterval: number;
  readonly rejectOld: boolean;
  readonly ignoreInvalidExchanges: boolean;
  readonly comparator: SequenceComparator | null;
}

class Waiting {
  readonly value: number;
  readonly copy: Exchange;
  timer: Timer | null = null;

  constructor(value: number, copy: Exchange) {
    this.value = value;
    this.copy = copy;
  }

  cancel(): void {
    this.timer?.cancel();
    this.timer = null;
  }
}

class StreamResequencer extends Resequencer {
  private readonly options: StreamOptions;
  /** In order. The first goes out when it follows what went out last, or has waited long enough. */
  private readonly waiting: Waiting[] = [];
  private readonly blocked: Exchange[] = [];
  private last: Waiting | null = null;
  /** When to look next for what may go out. */
  private look: Timer | null = null;
  private isDelivering = false;

  constructor(out: Subscriber<Exchange>, context: StepContext, expression: Expression, steps: Pipe, options: StreamOptions) {
    super(out, context, expression, steps);
    this.options = options;
  }

  protected take(exchange: Exchange): boolean {
    if (this.waiting.length >= this.options.capacity) {
      this.blocked.push(exchange);
      return false;
    }
    const invalid = this.insert(exchange);
    if (invalid !== null && !this.options.ignoreInvalidExchanges) {
      throw new ExchangeError('org.apache.camel.CamelExchangeException', `Error processing Exchange in StreamResequencer. Exchange[${exchange.id}]. Caused by: [${invalid.type} - ${invalid.message}]`, {
        cause: invalid,
      });
    }
    this.deliver();
    return true;
  }

  /** Gives what is wrong with the exchange, null when it has its place. */
  private insert(exchange: Exchange): ExchangeError | null {
    const value = this.placeOf(exchange);
    if (Number.isNaN(value)) return new ExchangeError('java.lang.IllegalArgumentException', `Element cannot be used in comparator: Comparator[${this.expression.label ?? ''}]`);
    const element = new Waiting(value, exchange);
    if (this.options.rejectOld && this.last !== null && this.compare(element, this.last) < 0) {
      return new ExchangeError(
        'org.apache.camel.processor.resequencer.MessageRejectedException',
        `rejecting message [Exchange[${exchange.id}]], it should have been sent before the last delivered message [Exchange[${this.last.copy.id}]]`,
      );
    }
    let at = this.waiting.length;
    while (at > 0 && this.compare(this.waiting[at - 1]!, element) > 0) at--;
    // What has a place that is taken is left out.
    if (at > 0 && this.compare(this.waiting[at - 1]!, element) === 0) return null;
    const held = new Waiting(value, this.hold(exchange));
    this.waiting.splice(at, 0, held);
    const next = this.waiting[at + 1];
    if (next !== undefined && this.follows(held, next)) next.cancel();
    const follows = (this.last !== null && this.follows(this.last, held)) || (at > 0 && this.follows(this.waiting[at - 1]!, held));
    if (!follows && this.options.timeout > 0) {
      held.timer = this.context.clock.schedule(this.options.timeout, () => {
        held.timer = null;
      });
    }
    return null;
  }

  private placeOf(exchange: Exchange): number {
    const { comparator } = this.options;
    if (comparator !== null) return comparator.isValid?.(exchange) === false ? NaN : 0;
    try {
      const value = this.expression(exchange);
      // As Java makes a Long of it: of a number its whole part, of a text only a whole number.
      if (typeof value === 'number') return Math.trunc(value);
      const number = numberOf(value);
      return Number.isInteger(number) ? number : NaN;
    } catch {
      return NaN;
    }
  }

  private compare(a: Waiting, b: Waiting): number {
    const { comparator } = this.options;
    return comparator === null ? a.value - b.value : comparator.compare(a.copy, b.copy);
  }

  private follows(a: Waiting, b: Waiting): boolean {
    const { comparator } = this.options;
    return comparator === null ? a.value === b.value - 1 : comparator.predecessor(a.copy, b.copy);
  }

  private deliver(): void {
    if (this.isDelivering) return;
    this.isDelivering = true;
    for (;;) {
      while (this.waiting.length > 0 && this.waiting[0]!.timer === null) {
        this.last = this.waiting.shift()!;
        this.outlet.send(this.last.copy);
      }
      if (this.blocked.length === 0 || this.waiting.length >= this.options.capacity) break;
      this.next(this.blocked.shift()!);
    }
    this.isDelivering = false;
    // As in Camel, one looks when a message comes, or none has come for so long: what has waited long enough goes out then.
    this.look?.cancel();
    this.look = this.waiting.length === 0 ? null : this.context.clock.schedule(Math.max(1, this.options.deliveryAttemptInterval), () => this.deliver());
  }

  protected flush(): void {
    this.forget();
    this.deliver();
  }

  protected forget(): void {
    for (const element of this.waiting) element.cancel();
    this.look?.cancel();
    this.look = null;
  }
}

const described = {
  id: field.string('Name of this configuration.').ignored('it is no step of its own'),
};

export const resequence = defineEip({
  name: 'resequence',
  keepsState: true,
  summary: 'Puts messages in order, and sends them through the inner steps.',
  errorHandling: { children: 'unit' },
  options: {
    expression: field.expression('What tells a message\'s place.').required(),
    batchConfig: field.element('Collects so many messages, or for so long, and sorts them: the default.', {
      ...described,
      batchSize: field.count('Messages that make a batch; 0: only time ends one.').default(100),
      batchTimeout: field.millis('Time without a new message after which a batch goes out, however small; 0: at once.').default(1000),
      allowDuplicates: field.boolean('Sends all messages of the same place; else only the first.').default(false),
      reverse: field.boolean('Sorts downwards.').default(false),
      ignoreInvalidExchanges: field.boolean('Leaves out messages without a place instead of failing.').default(false),
    }).replaces('streamConfig'),
    streamConfig: field.element('Sends each message as soon as the one before it, by number, is out.', {
      ...described,
      capacity: field.count('Messages that may wait; then senders wait.').default(1000).atLeast(1),
      timeout: field.millis('How long a message waits at least for one that is missing before it. It goes out with the next message, or at the next look.').default(1000),
      deliveryAttemptInterval: field.millis('After how long without a new message to look whether one has waited long enough.').default(1000),
      rejectOld: field.boolean('Fails messages that come after one which should have followed them.').default(false),
      ignoreInvalidExchanges: field.boolean('Leaves out messages without a number instead of failing.').default(false),
      comparator: field.reference<string>('A bean with `compare(a, b)`, `predecessor(a, b)` and perhaps `isValid(exchange)`, in place of numbers.', 'ExpressionResultComparator'),
    }).replaces('batchConfig'),
    steps: field.steps('What the messages go through in order.').required(),
  },
  examples: [
    {
      title: 'Sort by a header, three at a time',
      route: '- from:\n    uri: direct:start\n    steps:\n      - resequence:\n          simple: "${body}"\n          batchConfig: { batchSize: 3 }\n          steps:\n            - to: mock:sorted\n',
      in: [3, 1, 2],
      out: { 'mock:sorted': [1, 2, 3] },
    },
  ],
  operator: ({ expression, batchConfig, streamConfig, steps }, context) => {
    const reference = streamConfig?.comparator;
    const named = reference === undefined ? null : context.bean<SequenceComparator & { isDefault?: boolean }>(reference, 'ExpressionResultComparator');
    const comparator = named?.isDefault === true ? null : named;
    return settled(expression, context.info, (value) =>
      operator((out) => {
        if (streamConfig !== undefined) return new StreamResequencer(out, context, value, steps, { ...streamConfig, comparator });
        return new BatchResequencer(
          out,
          context,
          value,
          steps,
          batchConfig ?? { batchSize: 100, batchTimeout: 1000, allowDuplicates: false, reverse: false, ignoreInvalidExchanges: false },
        );
      }),
    );
  },
});
