import type { AggregationStrategy, StepContext } from '../definition.ts';
import { field } from '../field.ts';
import type { FanOutOptions } from './fanOut.ts';
import { defaultParallel } from './fanOut.ts';
import { namedPool } from './pool.ts';
import { ShareUnitOfWorkAggregationStrategy } from './strategies.ts';

/** Options that name what puts replies together. */
export const strategyFields = {
  aggregationStrategy: field.reference<string>('What puts the replies together: a strategy of Camel by its class name, a bean, or a module.', 'AggregationStrategy'),
  aggregationStrategyMethodName: field.string('Method of the bean to call with the bodies.'),
  aggregationStrategyMethodAllowNull: field.boolean('Calls that method also when there is no old (or new) body yet, which is null then.').default(false),
};

/** Options that split, multicast and recipientList have in common. */
export const fanOutFields = {
  ...strategyFields,
  parallelAggregate: field.boolean('Lets replies be put together by several threads.').default(false).deprecated('take it out: it changes nothing').ignored('JavaScript runs one strategy call at a time'),
  parallelProcessing: field.boolean('Keeps several under way at once; the exchange goes on when all are back.').default(false),
  synchronous: field.boolean('Keeps a place in the pool of `executorService` while it waits (`delay`, the next attempt of a redelivery): no more than the pool has room for are under way then.').default(false),
  streaming: field.boolean('Takes replies in the order in which they arrive.').default(false),
  stopOnException: field.boolean('Sends no more after the first that failed, and fails with its exception.').default(false),
  timeout: field.millis('Time for all together, with parallelProcessing; replies that are not there then are left out. 0: no limit.').default(0),
  executorService: field.string('Pool in which they run: a bean of `java.util.concurrent.Executors`, which steps share, or a profile (`camel.threadpool.config[name]`); implies parallelProcessing.'),
  onPrepare: field.reference<string>('Works on each copy before it is sent: a bean with `process(exchange)`, or a function.', 'Processor'),
  shareUnitOfWork: field.boolean('What ends one of them, even when handled, ends the exchange too; original messages are the exchange\'s own.').default(false),
};

interface Given {
  readonly aggregationStrategy: string | undefined;
  readonly aggregationStrategyMethodName: string | undefined;
  readonly aggregationStrategyMethodAllowNull: boolean;
  readonly parallelProcessing: boolean;
  readonly streaming: boolean;
  readonly stopOnException: boolean;
  readonly timeout: number;
  readonly executorService: string | undefined;
  readonly synchronous: boolean;
  readonly onPrepare: string | undefined;
  readonly shareUnitOfWork: boolean;
}

/** The strategy that a step's options name, or the one that the step has by default. */
export function strategyOf(
  given: Pick<Given, 'aggregationStrategy' | 'aggregationStrategyMethodName' | 'aggregationStrategyMethodAllowNull'> & { readonly shareUnitOfWork?: boolean },
  context: StepContext,
  byDefault: AggregationStrategy,
): AggregationStrategy {
  const { aggregationStrategy: reference, aggregationStrategyMethodName: methodName, aggregationStrategyMethodAllowNull: methodAllowNull } = given;
  const strategy = reference === undefined ? byDefault : context.aggregationStrategy(reference, { ...(methodName === undefined ? {} : { methodName }), methodAllowNull });
  return given.shareUnitOfWork === true ? new ShareUnitOfWorkAggregationStrategy(strategy) : strategy;
}

/** What `onPrepare` names, as a function. */
export function preparationOf(reference: string | undefined, context: StepContext): FanOutOptions['prepare'] {
  if (reference === undefined) return null;
  const bean = context.bean<unknown>(reference, 'Processor');
  if (typeof bean === 'function') return bean as (child: unknown) => unknown;
  const processor = bean as { process?: unknown } | undefined | null;
  if (typeof processor?.process === 'function') return (child) => (processor.process as (child: unknown) => unknown)(child);
  if (!context.problems.hasErrors) context.problems.report('M0310', `\`onPrepare\` must name a function or an object with \`process(exchange)\``, context.at, { help: 'export one from a module, and name its bean: `- beans: [ { name: prepare, type: "#module:./prepare.mjs" } ]`' });
  return () => {};
}

/** Reads the common options; reports what does not go together. */
export function fanOutOptions(given: Given, context: StepContext, byDefault: AggregationStrategy): FanOutOptions {
  const isParallel = given.parallelProcessing || given.executorService !== undefined;
  if (given.timeout > 0 && !given.parallelProcessing) {
    context.problems.report('M0311', '`timeout` is used but `parallelProcessing` is not', context.at, { help: 'a time limit needs `parallelProcessing: true`' });
  }
  return {
    strategy: strategyOf(given, context, byDefault),
    limit: isParallel ? defaultParallel : 1,
    pool: given.executorService === undefined ? null : namedPool(given.executorService, context, `${context.info.kind[0]!.toUpperCase()}${context.info.kind.slice(1)}`),
    isSynchronous: given.synchronous,
    isStreaming: given.streaming,
    stopsOnException: given.stopOnException,
    timeoutMillis: given.timeout,
    prepare: preparationOf(given.onPrepare, context),
  };
}
