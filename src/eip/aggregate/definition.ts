import type { Subscriber } from 'rxjs';
import type { AggregateControl, AggregateController } from '../../core/state/aggregateController.ts';
import type { StepContext } from '../../core/definition.ts';
import { defineEip } from '../../core/definition.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { field } from '../../core/field.ts';
import type { Inlet, Pipe } from '../../core/graph/flow.ts';
import { operator, StepSubscriber } from '../../core/graph/flow.ts';
import type { ThreadPool } from '../../core/graph/pool.ts';
import { namedPool } from '../../core/graph/pool.ts';
import { putOn } from '../../core/exchange/poolThread.ts';
import type { AggregationRepository } from '../../core/state/repositories.ts';
import type { Outlet, Rules } from './aggregator.ts';
import { Aggregator } from './aggregator.ts';
import { Journal } from './journal.ts';

/** As many groups of a parallel aggregator run at once as Camel's default pool has threads. */
const parallelGroups = 10;

class Aggregate extends StepSubscriber implements Outlet {
  readonly rules: Rules;
  readonly context: StepContext;
  private readonly aggregator: Aggregator;
  private readonly inner: Inlet;
  private readonly pool: ThreadPool | null;

  constructor(out: Subscriber<Exchange>, steps: Pipe, aggregator: Aggregator, rules: Rules, pool: ThreadPool | null, context: StepContext) {
    super(out, context.info);
    this.pool = pool;
    this.rules = rules;
    this.context = context;
    this.aggregator = aggregator;
    this.inner = this.branch(steps);
    aggregator.attach(this);
    this.add(() => aggregator.detach(this));
  }

  protected step(exchange: Exchange): boolean {
    if (!this.aggregator.take(exchange, this)) return false;
    if (!this.aggregator.hasComplete) return true;
    // The sender first; then the group that it has completed, so that a long split does not pile them up.
    this.out.next(exchange);
    this.aggregator.drain();
    return false;
  }

  enter(exchange: Exchange): void {
    const { pool } = this;
    if (pool === null) this.inner.next(exchange);
    else
      pool.take((thread) => {
        putOn(thread, exchange);
        this.inner.next(exchange);
      });
  }

  goOn(exchange: Exchange): void {
    this.out.next(exchange);
  }
}

const onlyOnePool = 'there are no thread pools; `parallelProcessing` says whether groups run side by side';

export const aggregate = defineEip({
  name: 'aggregate',
  keepsState: true,
  summary: 'Collects exchanges with the same key, and sends one exchange for each complete group through the inner steps. Each exchange itself goes on at once, unchanged.',
  errorHandling: { children: 'unit' },
  options: {
    correlationExpression: field.expression('Gives the key: exchanges with the same one are a group. Null and blank text are errors.').required().notInline(),
    aggregationStrategy: field.reference<string>('Makes one exchange of a group: a bean, or the class of a strategy that is built in.', 'AggregationStrategy').required(),
    aggregationStrategyMethodName: field.string('Method of the strategy bean to call.'),
    aggregationStrategyMethodAllowNull: field.boolean('Calls the method for the first exchange of a group too, with null for the group.').default(false),
    completionSize: field.count('A group is complete with so many members.'),
    completionSizeExpression: field.expression('As `completionSize`, asked for each exchange; nothing or 0 leaves it to `completionSize`.').notInline(),
    completionTimeout: field.millis('A group is complete when no member came for so long. Exact to the millisecond, over restarts too.'),
    completionTimeoutExpression: field.expression('As `completionTimeout`, in milliseconds, asked for each member; nothing or 0 leaves it to `completionTimeout`.').notInline(),
    completionInterval: field.millis('All groups are complete every so often.'),
    completionPredicate: field.predicate('A group is complete when this matches the aggregated exchange (or the incoming one, with `eagerCheckCompletion`).').notInline(),
    completionFromBatchConsumer: field.boolean('Groups are complete when all messages of the batch that the consumer announced are there.').default(false),
    completionOnNewCorrelationGroup: field.boolean('All other groups are complete when a new one begins.').default(false),
    eagerCheckCompletion: field.boolean('Looks at the incoming exchange, before it is added, instead of at the aggregated one.').default(false),
    closeCorrelationKeyOnCompletion: field.integer('Refuses late exchanges with the key of a group that was complete; the last so many keys are remembered, 0 = all.'),
    discardOnCompletionTimeout: field.boolean('A group whose time is over is dropped.').default(false),
    discardOnAggregationFailure: field.boolean('A group is dropped when its strategy throws; otherwise the exchange that it threw for fails.').default(false),
    forceCompletionOnStop: field.boolean('Completes all groups when the route stops.').default(false),
    completeAllOnStop: field.boolean('Completes all groups when the route stops, and waits for them.').default(false),
    ignoreInvalidCorrelationKeys: field.boolean('An exchange without a key just goes on; otherwise it fails.').default(false),
    parallelProcessing: field.boolean('Up to ten complete groups run side by side; otherwise one after the other.').default(false),
    aggregationRepository: field.reference<string>('Where open groups are kept. By default in the state store; a MemoryAggregationRepository keeps them in memory only.', 'AggregationRepository'),
    aggregateController: field.reference<string>('A bean through which code completes groups.', 'AggregateController'),
    optimisticLocking: field.boolean('Locks groups optimistically.').default(false).ignored('one process has a group, so there is nothing to lock'),
    optimisticLockingSyncRetry: field.boolean('Tries again in the same thread.').default(false).ignored('one process has a group, so there is nothing to lock'),
    optimisticLockRetryPolicy: field
      .element('When to try again after a conflict.', {
        maximumRetries: field.integer('Attempts at most.'),
        retryDelay: field.millis('Wait before the next.').default(50),
        maximumRetryDelay: field.millis('Longest wait.').default(1000),
        exponentialBackOff: field.boolean('Doubles the wait each time.').default(true),
        randomBackOff: field.boolean('Waits a random part of it.').default(false),
      })
      .ignored('one process has a group, so there is nothing to lock'),
    executorService: field.string('Pool in which complete groups run, as many at once as it has room for: a bean of `java.util.concurrent.Executors`, which steps share, or the name of a profile (`camel.threadpool.config[name]`). A group for which there is no room waits.'),
    timeoutCheckerExecutorService: field.reference('Pool for timeouts.', 'ScheduledExecutorService').ignored(onlyOnePool),
    completionTimeoutCheckerInterval: field.millis('How often timeouts are looked for.').atLeast(1).default(1000).ignored('timeouts are exact here, nothing is looked for in intervals'),
    steps: field.steps('What the exchange of a complete group goes through.').required(),
  },
  examples: [
    {
      title: 'Groups of three',
      route: `- from:
    uri: direct:start
    steps:
      - aggregate:
          aggregationStrategy: "#class:org.apache.camel.processor.aggregate.GroupedBodyAggregationStrategy"
          correlationExpression:
            constant: all
          completionSize: 3
          steps:
            - to: mock:groups
`,
      in: ['a', 'b', 'c', 'd'],
      out: { 'mock:groups': [['a', 'b', 'c']] },
    },
  ],
  operator: (options, context) => {
    const { problems, at } = context;
    const strategy = context.aggregationStrategy(options.aggregationStrategy, { methodName: options.aggregationStrategyMethodName, methodAllowNull: options.aggregationStrategyMethodAllowNull });
    const predicate = options.completionPredicate ?? (strategy.matches === undefined ? null : (exchange: Exchange) => strategy.matches!(exchange));
    // A group is never refused: what is too much for the pool waits for it.
    const pool = options.executorService === undefined ? null : namedPool(options.executorService, context, 'Aggregator');
    const rules: Rules = {
      correlation: options.correlationExpression,
      strategy,
      predicate,
      size: options.completionSize ?? 0,
      sizeExpression: options.completionSizeExpression ?? null,
      timeoutMillis: options.completionTimeout ?? 0,
      timeoutExpression: options.completionTimeoutExpression ?? null,
      hasTimeout: (options.completionTimeout ?? 0) > 0 || options.completionTimeoutExpression !== undefined,
      intervalMillis: options.completionInterval ?? 0,
      fromBatchConsumer: options.completionFromBatchConsumer,
      onNewGroup: options.completionOnNewCorrelationGroup,
      isEager: options.eagerCheckCompletion,
      onlyReadsNew: strategy.onlyReadsNew === true && strategy.preComplete === undefined && !options.eagerCheckCompletion,
      looksAtAggregate: predicate !== null || options.completionSizeExpression !== undefined || options.completionTimeoutExpression !== undefined,
      ignoresInvalidKeys: options.ignoreInvalidCorrelationKeys,
      closedKeys: options.closeCorrelationKeyOnCompletion ?? null,
      discardsOnTimeout: options.discardOnCompletionTimeout,
      discardsOnFailure: options.discardOnAggregationFailure,
      limit: pool !== null ? Infinity : options.parallelProcessing ? parallelGroups : 1,
    };
    const isEverComplete =
      strategy.preComplete !== undefined || rules.predicate !== null || rules.size > 0 || rules.sizeExpression !== null || rules.timeoutMillis > 0 || rules.timeoutExpression !== null || rules.intervalMillis > 0 || rules.fromBatchConsumer;
    if (!isEverComplete) {
      problems.report('M0221', '`aggregate` has groups that are never complete', at, {
        help: 'set one of completionSize, completionTimeout, completionInterval, completionPredicate, completionFromBatchConsumer',
      });
    }
    if (rules.intervalMillis > 0 && rules.timeoutMillis > 0) {
      problems.report('M0222', '`completionInterval` and `completionTimeout` exclude each other', at, { help: 'an interval completes all groups at once, a timeout each group when nothing came for it' });
    }
    if (rules.fromBatchConsumer && rules.discardsOnFailure) {
      problems.report('M0223', '`completionFromBatchConsumer` and `discardOnAggregationFailure` exclude each other', at, { help: 'a dropped exchange would be missing in the batch' });
    }
    let isInMemory = !context.store.isDurable;
    if (options.aggregationRepository !== undefined) {
      const repository = context.bean<Partial<AggregationRepository>>(options.aggregationRepository, 'AggregationRepository');
      if (typeof repository !== 'object' || repository === null || !('store' in repository)) {
        problems.report('M0224', `\`${options.aggregationRepository}\` is no aggregation repository`, at, { help: "name one of Camel's repository classes, or leave the option out: groups are kept in the state store" });
      } else if (repository.store === null) isInMemory = true;
    }
    const make = (): Aggregator => new Aggregator(isInMemory ? null : new Journal(context.store, context.scope));
    const aggregator = context.carry?.(make) ?? make();
    if (options.aggregateController !== undefined) {
      const controller = context.bean<Partial<AggregateController>>(options.aggregateController, 'AggregateController');
      const control: AggregateControl = { force: (key) => aggregator.force(key, false), discard: (key) => aggregator.force(key, true), openGroups: () => aggregator.openGroups };
      controller.onStart?.(control);
      context.onDispose(() => controller.onStop?.(control));
    }
    context.onStop?.(async () => {
      if (options.forceCompletionOnStop || options.completeAllOnStop) aggregator.force(null, false);
      await aggregator.whenIdle(options.completeAllOnStop, context.stopping);
    });
    return operator((out) => new Aggregate(out, options.steps, aggregator, rules, pool, context));
  },
});
