import type { VirtualClock } from '../../../src/core/clock.ts';
import type { AggregationStrategy } from '../../../src/core/definition.ts';
import type { Exchange} from '../../../src/core/exchange/exchange.ts';
import { UnitOfWork } from '../../../src/core/exchange/exchange.ts';
import type { Expression } from '../../../src/core/expression.ts';
import type { Pipe } from '../../../src/core/graph/flow.ts';
import { perform } from '../../../src/core/graph/flow.ts';
import type { StoreOperation } from '../../../src/core/state/store.ts';
import { GroupedBodyAggregationStrategy, StringAggregationStrategy, UseLatestAggregationStrategy } from '../../../src/core/graph/strategies.ts';
import { aggregate } from '../../../src/eip/aggregate/definition.ts';
import { MemoryStore } from '../../../src/stores/memory.ts';
import type { ContextOverrides, Graph, Kit, TestContext } from '../../contract/operator.ts';
import { exchangeOf, graph, optionsFor, stepContext } from '../../contract/operator.ts';

/** A store in memory that counts as durable, and says what was written. */
export class Disk extends MemoryStore {
  override readonly isDurable = true as false;
  batches = 0;
  puts = 0;
  /** Fails the next writes. */
  isFull = false;
  /** Runs before a batch is written. */
  before: (() => void | Promise<void>) | null = null;

  override async batch(operations: readonly StoreOperation[]): Promise<void> {
    await this.before?.();
    if (this.isFull) throw new Error('disk full');
    this.batches++;
    this.puts += operations.filter(({ type }) => type === 'put').length;
    return super.batch(operations);
  }

  async keys(): Promise<string[]> {
    const keys: string[] = [];
    for await (const [key] of this.range('')) keys.push(key);
    return keys;
  }
}

export const header =
  (name: string): Expression =>
  ({ headers }) =>
    headers.get(name) ?? null;

const strategies: Record<string, AggregationStrategy> = { grouped: new GroupedBodyAggregationStrategy(), latest: new UseLatestAggregationStrategy(), joined: new StringAggregationStrategy(',') };

class Arrived {
  readonly outer = null;
  back(exchange: Exchange): void {
    exchange.unitOfWork!.release();
  }
}

export interface Delivered {
  readonly exchange: Exchange;
  isSettled: boolean;
}

/** An aggregate step whose groups, senders and deliveries are watched. */
export class Rig {
  readonly context: TestContext;
  readonly wired: Graph;
  /** What each completed group was, in the order in which they entered the inner steps. */
  readonly groups: { body: unknown; by: unknown; size: unknown; key: unknown; exchange: Exchange }[] = [];
  /** What the inner steps do with a group. */
  inner: (exchange: Exchange) => void | Promise<void> = () => {};
  readonly stops: (() => void | Promise<void>)[] = [];
  readonly failed: Exchange[] = [];
  keepFailed: (exchange: Exchange) => void | Promise<void> = () => {};

  constructor(options: Record<string, unknown>, overrides: ContextOverrides = {}) {
    const own = { ...strategies, ...overrides.strategies };
    this.context = stepContext({
      onStop: (run) => void this.stops.push(run),
      keepFailed: (exchange) => {
        this.failed.push(exchange);
        return this.keepFailed(exchange);
      },
      ...overrides,
      strategies: own,
    });
    this.wired = graph(this.pipe(options), this.context);
  }

  private pipe(options: Record<string, unknown>): Pipe {
    const steps = perform((exchange) => {
      const { body } = exchange;
      this.groups.push({ body, by: exchange.property('CamelAggregatedCompletedBy'), size: exchange.property('CamelAggregatedSize'), key: exchange.property('CamelAggregatedCorrelationKey'), exchange });
      return this.inner(exchange);
    });
    return aggregate.operator(optionsFor(aggregate.options, {} as Kit, { correlationExpression: () => 'all', aggregationStrategy: 'grouped', steps, ...options }) as never, this.context);
  }

  get clock(): VirtualClock {
    return this.context.clock;
  }

  get bodies(): unknown[] {
    return this.groups.map(({ body }) => body);
  }

  /** Sends members of one delivery: it ends when the last has left. */
  deliver(bodies: readonly unknown[], { id = null as string | null, headers = {} as Record<string, unknown> } = {}): Delivered {
    const source = exchangeOf(bodies, {}, this.context.scope);
    const delivered: Delivered = { exchange: source, isSettled: false };
    const unit = new UnitOfWork(source, () => (delivered.isSettled = true));
    unit.deliveryId = id;
    for (const body of bodies) {
      const part = exchangeOf(body, headers, this.context.scope);
      part.unitOfWork = unit;
      unit.retain();
      part.way = new Arrived();
      const count = this.wired.left.length;
      this.wired.feed(part);
      // What has to wait lets go later.
      if (this.wired.left.length > count) part.leave();
      else this.late.push(part);
    }
    unit.release();
    return delivered;
  }

  /** Members that had to wait, and whose delivery has not ended. */
  readonly late: Exchange[] = [];

  leaveLate(): void {
    for (const part of this.late.splice(0)) {
      if (this.wired.left.includes(part)) part.leave();
      else this.late.push(part);
    }
  }

  /** One delivery a body; passes no time. */
  async send(...bodies: readonly unknown[]): Promise<Delivered[]> {
    const all = bodies.map((body) => this.deliver([body]));
    await this.pass(0);
    return all;
  }

  async pass(millis: number): Promise<void> {
    await this.clock.advance(millis);
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      this.leaveLate();
    }
    await this.clock.advance(0);
  }

  dispose(): void {
    this.wired.dispose();
  }
}
