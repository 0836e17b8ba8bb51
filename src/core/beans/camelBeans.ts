import { toText } from '../conversion/convert.ts';
import { ExchangeError, isKnownExceptionClass, qualifiedClassName } from '../errors.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { STOPPED } from '../exchange/exchange.ts';
import { SharedPool } from '../exchange/poolThread.ts';

type Properties = Readonly<Record<string, unknown>>;
type Make = (args: readonly unknown[], properties: Properties) => unknown;
type Value = (exchange: Exchange) => unknown;

const valueOf = (given: unknown): Value => (typeof given === 'function' ? (given as Value) : () => given ?? null);

/** A bean that only says how something is to be set: a redelivery policy, a breaker, an error handler. */
const settings: Make = (_, properties) => ({ ...properties });

/** Camel's own classes that routes declare as beans and refer to, by what does the same here. */
const classes: Readonly<Record<string, Make>> = {
  'org.apache.camel.processor.SetBodyProcessor': ([value]) => (exchange: Exchange) => void (exchange.body = valueOf(value)(exchange) ?? null),
  'org.apache.camel.processor.SetHeaderProcessor': ([name, value]) => (exchange: Exchange) => exchange.headers.set(toText(valueOf(name)(exchange)) ?? '', valueOf(value)(exchange)),
  'org.apache.camel.processor.StopProcessor': () => (exchange: Exchange) => void (exchange.halt |= STOPPED),
  'org.apache.camel.processor.loadbalancer.RoundRobinLoadBalancer': () => {
    let next = -1;
    return { choose: (_: Exchange, branches: number) => (next = (next + 1) % branches) };
  },
  'org.apache.camel.processor.loadbalancer.RandomLoadBalancer': () => ({ choose: (_: Exchange, branches: number) => Math.floor(Math.random() * branches) }),
  'org.apache.camel.processor.errorhandler.RedeliveryPolicy': settings,
  'org.apache.camel.model.errorhandler.DeadLetterChannelDefinition': settings,
  'org.apache.camel.model.errorhandler.DefaultErrorHandlerDefinition': settings,
  'org.apache.camel.model.errorhandler.NoErrorHandlerDefinition': () => ({ isNone: true }),
  'org.apache.camel.model.Resilience4jConfigurationDefinition': settings,
  'org.apache.camel.model.FaultToleranceConfigurationDefinition': settings,
  'org.apache.camel.spi.ThreadPoolProfile': settings,
  'org.apache.camel.support.processor.DefaultExchangeFormatter': settings,
  'org.apache.camel.processor.resequencer.DefaultExchangeComparator': () => ({ isDefault: true }),
  // It adapts a strategy that resumes to a consumer, which has nothing to do here.
  'org.apache.camel.component.file.consumer.adapters.FileResumeAdapterDelegate': settings,
  'org.apache.camel.component.jackson.avro.transform.AvroSchemaResolver': settings,
  'org.apache.camel.component.jackson.protobuf.transform.ProtobufSchemaResolver': settings,
  'org.apache.camel.component.kafka.consumer.DefaultKafkaManualCommitFactory': () => ({ newInstance: (commit: unknown) => commit }),
};

const sizeOf = (size: unknown): number => {
  const number = Number(size);
  if (!Number.isInteger(number) || number < 1) throw new Error(`a pool of ${toText(size) ?? 'null'} threads`);
  return number;
};
const fixedPool = (size?: unknown): unknown => new SharedPool(sizeOf(size), sizeOf(size), true);
const scheduledPool = (size?: unknown): unknown => new SharedPool(sizeOf(size), sizeOf(size), true, true);
const anyPool = (): unknown => new SharedPool(0, Infinity, false);

const statics: Readonly<Record<string, Readonly<Record<string, (...args: unknown[]) => unknown>>>> = {
  'org.apache.camel.support.builder.ExpressionBuilder': {
    constantExpression: (value) => () => value,
    bodyExpression: () => (exchange: Exchange) => exchange.body,
    headerExpression: (name) => (exchange: Exchange) => exchange.headers.get(toText(name) ?? ''),
    exchangePropertyExpression: (name) => (exchange: Exchange) => exchange.property(toText(name) ?? ''),
  },
  'java.util.concurrent.Executors': {
    newFixedThreadPool: fixedPool,
    newScheduledThreadPool: scheduledPool,
    newWorkStealingPool: (size) => (size === undefined ? anyPool() : fixedPool(size)),
    newCachedThreadPool: anyPool,
    newSingleThreadExecutor: () => fixedPool(1),
    newSingleThreadScheduledExecutor: () => scheduledPool(1),
    newVirtualThreadPerTaskExecutor: anyPool,
  },
  'org.slf4j.LoggerFactory': { getLogger: (name) => ({ logName: toText(name) }) },
  'io.github.resilience4j.circuitbreaker.CircuitBreakerConfig': { ofDefaults: () => ({}) },
  'io.github.resilience4j.circuitbreaker.CircuitBreaker': { ofDefaults: () => ({}) },
  'org.apache.camel.support.resume.Resumables': { of: (offsetKey, lastOffset) => ({ offsetKey, lastOffset }) },
  'org.apache.camel.support.builder.PredicateBuilder': { constant: (value) => () => String(value) === 'true' },
};

/** The names of the classes, for "did you mean". */
export const camelBeanClasses: readonly string[] = [...Object.keys(classes), ...Object.keys(statics)];

/** What does here what an instance of Camel's class does, or an exception to throw; undefined when the class is none of these. */
export function makeCamelBean(className: string, args: readonly unknown[], properties: Properties): unknown {
  if (Object.hasOwn(classes, className)) return classes[className]!(args, properties);
  if (Object.hasOwn(statics, className)) return statics[className];
  if (className.includes('.') && isKnownExceptionClass(className)) return new ExchangeError(qualifiedClassName(className), toText(args[0]) ?? '');
  return undefined;
}
