import { ArchiveStrategy } from './archiveStrategies.ts';
import { groupOf, toText } from '../conversion/convert.ts';
import type { AggregationStrategy } from '../definition.ts';
import { ExchangeError, simpleClassName, toExchangeError } from '../errors.ts';
import { Exchange, FAILED, HANDLED, SPENDINGS, STOPPED } from '../exchange/exchange.ts';
import type { Expression } from '../expression.ts';
import { isPromise } from './flow.ts';
import { javaMethod, javaType } from '../beans/javaTypes.ts';
import { Message } from '../exchange/message.ts';

/** Where the list-building strategies keep what they have until the group is finished, as in Camel. */
const groupedProperty = 'CamelGroupedExchange';
const caughtProperty = 'CamelExceptionCaught';
const failureEndpoint = 'CamelFailureEndpoint';

/** As in Camel: where the last failure was is told by the older of two results, also when it knows of none. */
function copyFailureEndpoint(from: Exchange, to: Exchange): void {
  const endpoint = from.property(failureEndpoint);
  if (endpoint !== undefined) to.properties.set(failureEndpoint, endpoint);
  else to.properties.remove(failureEndpoint);
}

/** Failed, handled or rolled back; a stop is none of these. */
const troubleOf = (exchange: Exchange): number => exchange.halt & ~(STOPPED | SPENDINGS);

/** Collects one value per exchange in a list, which becomes the body when the group is finished. Null values are left out. */
abstract class ListStrategy implements AggregationStrategy {
  protected abstract value(exchange: Exchange): unknown;

  /** The exchange that carries the list, for the first of a group. */
  protected abstract holder(first: Exchange): Exchange;

  aggregate(oldExchange: Exchange | null, newExchange: Exchange | null): Exchange {
    const holder = oldExchange ?? this.holder(newExchange!);
    // As in Camel, a first exchange that carries a list (of a group that nobody has finished) goes on with that.
    let list = holder.property(groupedProperty);
    if (!Array.isArray(list) || list instanceof Texts) {
      list = [];
      holder.properties.set(groupedProperty, list);
    }
    const value = newExchange === null ? null : this.value(newExchange);
    if (value !== null && value !== undefined) (list as unknown[]).push(value);
    return holder;
  }

  onCompletion(exchange: Exchange): void {
    const list = exchange.property(groupedProperty);
    if (list === undefined) return;
    exchange.properties.remove(groupedProperty);
    exchange.body = groupOf(list);
  }
}

/** The body is the list of the bodies; headers and properties are those of the first exchange. */
export class GroupedBodyAggregationStrategy extends ListStrategy {
  readonly onlyReadsNew = true;

  protected value(exchange: Exchange): unknown {
    return exchange.body;
  }

  protected holder(first: Exchange): Exchange {
    return first;
  }
}

const emptyHolder = (first: Exchange): Exchange => {
  const holder = new Exchange(first.scope, null, undefined, first.isInOut);
  holder.unitOfWork = first.unitOfWork;
  holder.routeId = first.routeId;
  holder.fromRouteId = first.fromRouteId;
  holder.fromEndpoint = first.fromEndpoint;
  holder.created = first.created;
  holder.signal = first.signal;
  return holder;
};

/** The body of a new, otherwise empty exchange is the list of the exchanges. */
export class GroupedExchangeAggregationStrategy extends ListStrategy {
  protected value(exchange: Exchange): unknown {
    return exchange;
  }

  protected holder(first: Exchange): Exchange {
    return emptyHolder(first);
  }
}

/** The body of a new, otherwise empty exchange is the list of the messages. */
export class GroupedMessageAggregationStrategy extends ListStrategy {
  readonly onlyReadsNew = true;

  protected value(exchange: Exchange): unknown {
    return new Message(exchange.body, exchange.headers.copy());
  }

  protected holder(first: Exchange): Exchange {
    return emptyHolder(first);
  }
}

/** The texts of a group that is not finished. */
class Texts extends Array<string> {}

/** Joins texts; the body is the whole text when the group is finished. */
export class StringAggregationStrategy implements AggregationStrategy {
  readonly onlyReadsNew = true;
  /** Stands before each text but the first. */
  delimiter: string | null;
  /** What is taken from each exchange; none: the body. */
  pick: Expression | null;

  constructor(delimiter: string | null = null, pick: Expression | null = null) {
    this.delimiter = delimiter;
    this.pick = pick;
  }

  aggregate(oldExchange: Exchange | null, newExchange: Exchange | null): Exchange {
    const holder = oldExchange ?? newExchange!;
    // As with lists; a group that was stored has a list.
    const found = holder.property(groupedProperty);
    let texts = found as string[];
    if (!(found instanceof Texts || (oldExchange !== null && Array.isArray(found)))) {
      texts = new Texts();
      holder.properties.set(groupedProperty, texts);
    }
    const value = newExchange === null ? null : toText(this.pick === null ? newExchange.body : this.pick(newExchange), newExchange);
    if (value !== null) {
      if (oldExchange !== null && this.delimiter !== null) texts.push(this.delimiter);
      texts.push(value);
    }
    return holder;
  }

  onCompletion(exchange: Exchange): void {
    const texts = exchange.property(groupedProperty);
    if (!Array.isArray(texts)) return;
    exchange.properties.remove(groupedProperty);
    exchange.body = texts.join('');
  }
}

/** Keeps the newest exchange; a failure of an older one goes on with it, and one that was handled or rolled back stays. */
export class UseLatestAggregationStrategy implements AggregationStrategy {
  aggregate(oldExchange: Exchange | null, newExchange: Exchange | null): Exchange {
    if (newExchange === null || oldExchange === null) return (newExchange ?? oldExchange)!;
    if (newExchange.exception === null && (oldExchange.failedStep !== null || newExchange.failedStep !== null)) copyFailureEndpoint(oldExchange, newExchange);
    if (oldExchange.halt === 0) return newExchange;
    if (newExchange.exception !== null) return newExchange;
    if (oldExchange.exception !== null) {
      newExchange.exception = oldExchange.exception;
      newExchange.halt |= FAILED;
      newExchange.failedStep = oldExchange.failedStep;
      return newExchange;
    }
    return troubleOf(oldExchange) !== 0 ? oldExchange : newExchange;
  }
}

/** Lets a strategy put a message and what was fetched for it together; what it throws fails the message. */
export function enrichWith(strategy: AggregationStrategy, exchange: Exchange, resource: Exchange | null): void {
  let result: Exchange | null | undefined;
  try {
    result = strategy.aggregate(exchange, resource as Exchange, exchange) as Exchange | null | undefined;
  } catch (thrown) {
    const cause = toExchangeError(thrown);
    throw new ExchangeError('org.apache.camel.CamelExchangeException', `Error occurred during aggregation. Exchange[${exchange.id}]. Caused by: [${cause.type} - ${cause.message}]`, { cause });
  }
  if (result !== null && result !== undefined) exchange.takeResult(result);
}

/** Keeps the exchange that was split (or multicast, enriched, aggregated first), with the last failure of its parts. */
export class UseOriginalAggregationStrategy implements AggregationStrategy {
  propagateException: boolean;

  constructor(propagateException = true) {
    this.propagateException = propagateException;
  }

  aggregate(oldExchange: Exchange | null, newExchange: Exchange | null, input?: Exchange): Exchange {
    // Where there is nothing to keep (the first of an aggregation) Camel gives null too, unless that has failed or caught a failure.
    const kept = input ?? oldExchange;
    if (!this.propagateException) return kept!;
    // Nothing was polled: as in Camel this strategy wants something all the same.
    if (newExchange === null) {
      if (kept === null) return kept!;
      throw new ExchangeError('java.lang.NullPointerException', 'there is no exchange to take the failure of');
    }
    const caught = newExchange.property(caughtProperty);
    const original = kept ?? (newExchange.exception !== null || caught !== undefined ? newExchange : null);
    if (original === null || original === newExchange) return original!;
    if (newExchange.exception !== null) {
      original.exception = newExchange.exception;
      original.halt |= FAILED;
      original.failedStep = newExchange.failedStep;
    }
    if (caught !== undefined) original.properties.set(caughtProperty, caught);
    return original;
  }
}

/** What enrich and pollEnrich do without a strategy: the reply's message and outcome; no reply is a null body. */
export class UseReplyStrategy implements AggregationStrategy {
  aggregate(oldExchange: Exchange | null, newExchange: Exchange | null): Exchange {
    if (newExchange === null) oldExchange!.body = null;
    else oldExchange!.takeResult(newExchange);
    return oldExchange!;
  }
}

/** Wraps the strategy of a step with `shareUnitOfWork`: what ended a part, handled or not, ends the result too. */
export class ShareUnitOfWorkAggregationStrategy implements AggregationStrategy {
  readonly strategy: AggregationStrategy;

  constructor(strategy: AggregationStrategy = new UseLatestAggregationStrategy()) {
    this.strategy = strategy;
  }

  aggregate(oldExchange: Exchange | null, newExchange: Exchange, input?: Exchange): Exchange {
    const answer = this.strategy.aggregate(oldExchange, newExchange, input);
    const outcome = newExchange === null ? 0 : troubleOf(newExchange);
    if (outcome === 0 || answer === null || answer === undefined || answer === newExchange) return answer;
    const endpoint = newExchange.property(failureEndpoint);
    if (endpoint !== undefined) answer.properties.set(failureEndpoint, endpoint);
    if (newExchange.exception !== null) {
      answer.exception = newExchange.exception;
      answer.halt |= FAILED;
      answer.failedStep = newExchange.failedStep;
    }
    answer.halt |= outcome & HANDLED;
    answer.wasDealtWith = newExchange.wasDealtWith;
    for (const name of [caughtProperty, 'CamelFailureRouteId']) {
      const value = newExchange.property(name);
      if (value !== undefined) answer.properties.set(name, value);
    }
    return answer;
  }

  onCompletion(exchange: Exchange, input?: Exchange): void {
    this.strategy.onCompletion?.(exchange, input);
  }

  timeout(oldExchange: Exchange, index: number, total: number, timeoutMillis: number): void {
    this.strategy.timeout?.(oldExchange, index, total, timeoutMillis);
  }
}

// ------------------------------------------------------------------------------------------------ by class name

type Properties = Readonly<Record<string, unknown>>;

const packageName = 'org.apache.camel.processor.aggregate.';

const makers: Readonly<Record<string, (args: readonly unknown[], properties: Properties) => AggregationStrategy>> = {
  GroupedBodyAggregationStrategy: () => new GroupedBodyAggregationStrategy(),
  GroupedExchangeAggregationStrategy: () => new GroupedExchangeAggregationStrategy(),
  GroupedMessageAggregationStrategy: () => new GroupedMessageAggregationStrategy(),
  StringAggregationStrategy: ([delimiter], properties) => {
    const text = properties['delimiter'] ?? delimiter;
    const pick = properties['pick'];
    if (pick !== undefined && pick !== null && typeof pick !== 'function') throw new Error('`pick` of StringAggregationStrategy must be an expression or a function');
    return new StringAggregationStrategy(toText(text), (pick as Expression | undefined) ?? null);
  },
  ShareUnitOfWorkAggregationStrategy: ([strategy], properties) => {
    const inner = properties['strategy'] ?? strategy;
    return new ShareUnitOfWorkAggregationStrategy(inner === undefined ? undefined : strategyFrom(inner));
  },
  'zipfile.ZipAggregationStrategy': (args) => new ArchiveStrategy('zip', args),
  'tarfile.TarAggregationStrategy': (args) => new ArchiveStrategy('tar', args),
  UseLatestAggregationStrategy: () => new UseLatestAggregationStrategy(),
  UseOriginalAggregationStrategy: (args, properties) => {
    const propagates = properties['propagateException'] ?? args[args.length - 1] ?? true;
    return new UseOriginalAggregationStrategy(propagates === true || propagates === 'true');
  },
};

/** Full class names of the strategies that are built in. */
export const builtInStrategies: readonly string[] = Object.keys(makers).map((name) => packageName + name);

/**
 * A built-in strategy by Camel's class name, with or without its package; undefined when it is none of ours.
 * @param properties as a `beans:` entry gives them; `pick` is a compiled expression
 */
export function builtInStrategy(className: string, args: readonly unknown[] = [], properties: Properties = {}): AggregationStrategy | undefined {
  const name = className.startsWith(packageName) ? className.slice(packageName.length) : (Object.keys(makers).find((known) => simpleClassName(known) === className) ?? className);
  return Object.hasOwn(makers, name) ? makers[name]!(args, properties) : undefined;
}

// ------------------------------------------------------------------------------------------------ from JavaScript

export interface StrategyOptions {
  /** Method of the bean to call with bodies (`strategyMethodName`). */
  readonly methodName?: string | undefined;
  /** Calls it too when one of the two is missing, which is null then. */
  readonly methodAllowNull?: boolean | undefined;
}

type Method = (...args: unknown[]) => unknown;

/**
 * A strategy from a bean: an object with `aggregate(oldExchange, newExchange)` works on exchanges (and may have `onCompletion`,
 * `preComplete`, `timeout`, `matches`). A plain function, or the method that `methodName` names (without a name: the only one), works on
 * values: `(oldBody, newBody)`, by its number of parameters also `(oldBody, oldHeaders, newBody, newHeaders)` or
 * `(oldBody, oldHeaders, oldProperties, newBody, newHeaders, newProperties)`; what it returns is the new body, nothing keeps the old one.
 * Headers and properties are given as plain objects, to be read.
 * @throws Error when the bean has no such method
 */
export function strategyFrom(bean: unknown, { methodName, methodAllowNull = false }: StrategyOptions = {}): AggregationStrategy {
  if (typeof bean === 'function') return new ValueStrategy(bean as Method, undefined, methodAllowNull);
  if (typeof bean !== 'object' || bean === null) {
    // What stands for an object of Java: `Integer.sum`.
    const run = methodName === undefined || typeof bean !== 'number' ? null : (javaType(Number.isInteger(bean) ? 'java.lang.Integer' : 'java.lang.Double')?.statics?.[methodName] ?? null);
    if (run === null) throw new Error('an aggregation strategy must be an object or a function');
    return new ValueStrategy(run as Method, bean, methodAllowNull);
  }
  const methods = bean as Record<string, unknown>;
  if (methodName === undefined || methodName === '') {
    if (typeof methods['aggregate'] === 'function') return isOurs(bean) ? bean : new ExchangeStrategy(bean as AggregationStrategy);
    const names = methodNames(bean);
    if (names.length === 1) return new ValueStrategy(methods[names[0]!] as Method, bean, methodAllowNull);
    throw new Error(`an aggregation strategy needs a method \`aggregate\`, or \`aggregationStrategyMethodName\`; it has ${names.join(', ') || 'no methods'}`);
  }
  const method = methods[methodName] ?? javaMethod(bean, methodName);
  if (typeof method !== 'function') throw new Error(`the aggregation strategy has no method \`${methodName}\`; it has ${methodNames(bean).join(', ') || 'no methods'}`);
  return new ValueStrategy(Object.hasOwn(bean, methodName) || method === methods[methodName] ? (method as Method) : (old, added) => (method as Method)(old, added), bean, methodAllowNull);
}

const ours: readonly (new (...args: never[]) => AggregationStrategy)[] = [
  ListStrategy as unknown as new () => AggregationStrategy,
  StringAggregationStrategy,
  UseLatestAggregationStrategy,
  UseOriginalAggregationStrategy,
  UseReplyStrategy,
  ArchiveStrategy,
  ShareUnitOfWorkAggregationStrategy,
];

const isOurs = (bean: object): bean is AggregationStrategy => ours.some((type) => bean instanceof type) || bean instanceof ExchangeStrategy || bean instanceof ValueStrategy;

function methodNames(bean: object): string[] {
  const names = new Set<string>();
  for (let level: object | null = bean; level !== null && level !== Object.prototype; level = Object.getPrototypeOf(level) as object | null) {
    for (const name of Object.getOwnPropertyNames(level)) {
      if (name !== 'constructor' && typeof Object.getOwnPropertyDescriptor(level, name)?.value === 'function') names.add(name);
    }
  }
  return [...names];
}

function notLater(result: unknown): unknown {
  if (!isPromise(result)) return result;
  // Nobody else will look at it.
  result.then(undefined, () => {});
  throw new ExchangeError('java.lang.IllegalStateException', 'an aggregation strategy must give its result at once, not a promise');
}

/** A bean that aggregates exchanges itself. What it gives must be an exchange, or nothing. */
class ExchangeStrategy implements AggregationStrategy {
  private readonly bean: AggregationStrategy;
  readonly onCompletion?: (exchange: Exchange, input?: Exchange) => void;
  readonly preComplete?: (oldExchange: Exchange | null, newExchange: Exchange) => boolean;
  readonly timeout?: (exchange: Exchange, index: number, total: number, timeoutMillis: number) => void;
  readonly matches?: (exchange: Exchange) => boolean;

  constructor(bean: AggregationStrategy) {
    this.bean = bean;
    if (typeof bean.onCompletion === 'function') this.onCompletion = (exchange, input) => void notLater(bean.onCompletion!(exchange, input));
    if (typeof bean.preComplete === 'function') this.preComplete = (oldExchange, newExchange) => notLater(bean.preComplete!(oldExchange, newExchange)) === true;
    if (typeof bean.timeout === 'function') this.timeout = (exchange, index, total, timeoutMillis) => void notLater(bean.timeout!(exchange, index, total, timeoutMillis));
    if (typeof bean.matches === 'function') this.matches = (exchange) => notLater(bean.matches!(exchange)) === true;
  }

  aggregate(oldExchange: Exchange | null, newExchange: Exchange, input?: Exchange): Exchange {
    const answer = notLater(this.bean.aggregate(oldExchange, newExchange, input)) ?? null;
    if (answer !== null && !(answer instanceof Exchange)) {
      throw new ExchangeError('java.lang.IllegalStateException', 'an aggregation strategy must return one of its exchanges; to work with bodies, give a function or name a method (aggregationStrategyMethodName)');
    }
    return answer as Exchange;
  }
}

/** A function or method that aggregates bodies. */
class ValueStrategy implements AggregationStrategy {
  private readonly method: Method;
  private readonly bean: unknown;
  private readonly allowsNull: boolean;

  constructor(method: Method, bean: unknown, allowsNull: boolean) {
    this.method = method;
    this.bean = bean;
    this.allowsNull = allowsNull;
  }

  aggregate(oldExchange: Exchange | null, newExchange: Exchange | null): Exchange {
    if (!this.allowsNull && (oldExchange === null || newExchange === null)) return (newExchange ?? oldExchange)!;
    const result = notLater(this.method.apply(this.bean, this.values(oldExchange, newExchange)));
    if (result instanceof Exchange) return result;
    const answer = (oldExchange ?? newExchange)!;
    if (result !== null && result !== undefined) answer.body = result;
    return answer;
  }

  private values(oldExchange: Exchange | null, newExchange: Exchange | null): unknown[] {
    const count = this.method.length;
    const of = (exchange: Exchange | null): unknown[] => {
      if (exchange === null) return count > 4 ? [null, null, null] : count > 2 ? [null, null] : [null];
      if (count > 4) return [exchange.body, exchange.headers.toObject(), exchange.properties.toObject()];
      return count > 2 ? [exchange.body, exchange.headers.toObject()] : [exchange.body];
    };
    return [...of(oldExchange), ...of(newExchange)];
  }
}
