import type { Subscriber } from 'rxjs';
import type { StepContext } from '../core/definition.ts';
import { defineEip } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { scopeOf } from '../core/exchange/transaction.ts';
import { shutdownError } from '../core/exchange/waits.ts';
import { field } from '../core/field.ts';
import { StepSubscriber, operator } from '../core/graph/flow.ts';
import { exclusiveOptions } from '../core/optionError.ts';
import type { PoolThread } from '../core/exchange/poolThread.ts';
import { putOn, stepAside } from '../core/exchange/poolThread.ts';
import type { ThreadPool } from '../core/graph/pool.ts';
import { defaultPool, namedPool, ownPool, poolSettings } from '../core/graph/pool.ts';

/** Hands exchanges over to a pool; their source may go on with the next one. */
class HandOver extends StepSubscriber {
  private readonly context: StepContext;
  private readonly pool: ThreadPool;

  constructor(out: Subscriber<Exchange>, pool: ThreadPool, context: StepContext) {
    super(out, context.info);
    this.context = context;
    this.pool = pool;
  }

  protected step(exchange: Exchange): boolean {
    const { pool } = this;
    // As in Camel: a transaction stays with the thread that has begun it.
    if (scopeOf(exchange) !== null) return true;
    const task = (thread: PoolThread): void => this.goOn(exchange, thread);
    if (pool.offer(task)) this.handedOver(exchange);
    else if (pool.settings.rejectedPolicy === 'CallerRuns') return true;
    else if (pool.settings.rejectedPolicy === 'Block') pool.take(task, () => this.handedOver(exchange));
    else throw new ExchangeError('java.util.concurrent.RejectedExecutionException', null);
    return false;
  }

  private handedOver(exchange: Exchange): void {
    stepAside(exchange);
  }

  private goOn(exchange: Exchange, thread: PoolThread): void {
    putOn(thread, exchange);
    if (this.context.stopping.aborted) exchange.fail(shutdownError(), this.info);
    this.out.next(exchange);
  }
}

/** What says of what size the step's own pool is. */
const sizes = ['poolSize', 'maxPoolSize', 'keepAliveTime', 'timeUnit', 'maxQueueSize', 'allowCoreThreadTimeOut', 'rejectedPolicy'] as const;

export const threads = defineEip({
  name: 'threads',
  summary: 'Hands the exchange over to a pool, which has so many of them under way at once: the source goes on with the next one.',
  isBare: true,
  options: {
    threadName: field.string('Name that the Simple function `threadName` shows in the later steps: `Threads` where nothing is said.'),
    poolSize: field.integer('Exchanges under way at once; 10 where neither this nor `camel.threadpool.pool-size` says otherwise. One that waits (`delay`, `throttle` with asyncDelayed, the next attempt of a redelivery) does not count.'),
    maxPoolSize: field.integer('Exchanges under way at once when no more may wait; 20 where nothing is said.'),
    keepAliveTime: field.count('How long places beyond `poolSize` stay when there is nothing to do; 60 seconds where nothing is said.'),
    timeUnit: field.enum('Unit of that time; seconds where nothing is said.', ['NANOSECONDS', 'MICROSECONDS', 'MILLISECONDS', 'SECONDS', 'MINUTES', 'HOURS', 'DAYS']),
    maxQueueSize: field.integer('Exchanges that may wait for a place; 1000 where nothing is said, -1: any number. More of them are what `rejectedPolicy` speaks of.'),
    allowCoreThreadTimeOut: field.boolean('Places within `poolSize` go as well when there is nothing to do; true where nothing is said.'),
    rejectedPolicy: field.enum('What becomes of an exchange for which there is no room: it fails (`Abort`), goes on at once while its source waits for it (`CallerRuns`), or waits for room, and its source with it (`Block`).', ['Abort', 'CallerRuns', 'Block']),
    callerRunsWhenRejected: field.boolean('`CallerRuns` or `Abort`, where `rejectedPolicy` is not given.').default(true),
    executorService: field.string('Pool that several steps share: a bean of `java.util.concurrent.Executors`; or the name of a profile (`camel.threadpool.config[name]`, a bean `org.apache.camel.spi.ThreadPoolProfile`) with the sizes of this step\'s own.'),
  },
  examples: [
    {
      title: 'Two at a time',
      route: '- from:\n    uri: direct:start\n    steps:\n      - to: mock:before\n      - threads: { poolSize: 2, maxPoolSize: 2 }\n      - to: mock:after\n',
      in: ['a'],
      out: { 'mock:before': ['a'], 'mock:after': ['a'] },
    },
  ],
  operator: (given, context) => {
    const { threadName = 'Threads', executorService, callerRunsWhenRejected } = given;
    if (executorService !== undefined) {
      const beside = sizes.find((name) => given[name] !== undefined) ?? (threadName === 'Threads' ? undefined : 'threadName');
      if (beside !== undefined) throw exclusiveOptions('executorService', beside, 'take one of them out: the pool says of what size it is');
    }
    const make = (): ThreadPool => {
      if (executorService !== undefined) return namedPool(executorService, context, threadName) ?? ownPool({}, context, threadName);
      return ownPool(sizesOf(), context, threadName);
    };
    const sizesOf = () => ({ ...given, rejectedPolicy: given.rejectedPolicy ?? (callerRunsWhenRejected ? 'CallerRuns' : 'Abort') });
    // A step that is changed keeps what is under way in its pool.
    const isShared = executorService !== undefined;
    const pool = isShared ? make() : (context.carry?.(make) ?? make());
    if (!isShared) pool.settings = poolSettings(sizesOf(), defaultPool(context));
    return operator((out) => new HandOver(out, pool, context));
  },
});
