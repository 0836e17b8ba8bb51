import { expect } from 'chai';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import { UnitOfWork } from '../../src/core/exchange/exchange.ts';
import { ExchangeError } from '../../src/core/errors.ts';
import type { Pipe } from '../../src/core/graph/flow.ts';
import { perform, sequence } from '../../src/core/graph/flow.ts';
import { circuitBreaker } from '../../src/eip/circuitBreaker.ts';
import { delay } from '../../src/eip/delay.ts';
import { exchangeOf, graph, run, stepContext } from '../contract/operator.ts';

type Options = Parameters<typeof circuitBreaker.operator>[0];
const io = new ExchangeError('java.io.IOException', 'no answer');
const bad = new ExchangeError('java.lang.IllegalStateException', 'boom');
const fallback = (steps: Pipe) => ({ steps, id: undefined, description: undefined, note: undefined, fallbackViaNetwork: false });
const failsFor = (body: unknown, error: Error = bad): Pipe =>
  perform((exchange) => {
    exchange.headers.set('inside', 1);
    if (exchange.body === body) throw error;
  });
const guarded = (options: Partial<Record<keyof Options, unknown>>, context = stepContext()): Pipe =>
  circuitBreaker.operator(
    { steps: sequence([]), onFallback: undefined, configuration: undefined, resilience4jConfiguration: undefined, faultToleranceConfiguration: undefined, inheritErrorHandler: false, ...options } as Options,
    context,
  );
const state = (exchange: Exchange): unknown => exchange.property('CamelCircuitBreakerState');
const quick = { minimumNumberOfCalls: 2, slidingWindowSize: 2, failureRateThreshold: 50, waitDurationInOpenState: '5s', permittedNumberOfCallsInHalfOpenState: 1 };

describe('circuitBreaker', () => {
  it('takes the result of the circuit, and says that it went well', () => {
    const [exchange] = run(guarded({ steps: perform((inner) => void (inner.body = 'done')) }), [exchangeOf('a')]);
    expect([exchange!.body, exchange!.property('CamelCircuitBreakerSuccessfulExecution'), exchange!.property('CamelCircuitBreakerResponseFromFallback'), state(exchange!)]).to.deep.equal(['done', true, false, 'CLOSED']);
  });

  it('gives the fallback the message as it was before', () => {
    const look = perform((exchange) => void (exchange.body = `fallback ${(exchange.property('CamelExceptionCaught') as Error).message}`));
    const [exchange] = run(guarded({ steps: failsFor('a'), onFallback: fallback(look) }), [exchangeOf('a')]);
    expect([exchange!.body, exchange!.headers.has('inside'), exchange!.isFailed, exchange!.property('CamelCircuitBreakerResponseFromFallback')]).to.deep.equal(['fallback boom', false, false, true]);
  });

  it('fails without a fallback; a checked exception comes wrapped, and callers may handle it', () => {
    const failed = (error: Error) => run(guarded({ steps: failsFor('a', error) }), [exchangeOf('a')])[0]!;
    expect([failed(bad).exception?.message, failed(io).exception?.name, failed(io).exception?.cause]).to.deep.equal(['boom', 'RuntimeCamelException', io]);
  });

  it('opens when too many failed, closes after good trial calls', async () => {
    const context = stepContext();
    const { feed, left } = graph(guarded({ steps: failsFor('x'), onFallback: fallback(sequence([])), resilience4jConfiguration: quick }, context));
    feed(exchangeOf('x'), exchangeOf('x'), exchangeOf('y'));
    await context.clock.advance(4999);
    feed(exchangeOf('y'));
    await context.clock.advance(1);
    feed(exchangeOf('y'));
    expect(left.map((exchange) => [exchange.property('CamelCircuitBreakerSuccessfulExecution'), state(exchange)])).to.deep.equal([
      [false, 'CLOSED'],
      [false, 'OPEN'],
      [false, 'OPEN'],
      [false, 'OPEN'],
      [true, 'CLOSED'],
    ]);
  });

  it('lets an exchange go on that found it open, or fails it when told to', () => {
    const opened = (throws: boolean) => {
      const resilience4jConfiguration = { ...quick, minimumNumberOfCalls: 1, throwExceptionWhenHalfOpenOrOpenState: throws };
      return run(guarded({ steps: failsFor('x'), resilience4jConfiguration }), [exchangeOf('x'), exchangeOf('y')])[1]!.exception?.name;
    };
    expect([opened(false), opened(true)]).to.deep.equal([undefined, 'CallNotPermittedException']);
  });

  it('reads a plain number below 1000 as seconds, as it was before Camel 4.22', async () => {
    const context = stepContext();
    const { feed, left } = graph(guarded({ steps: failsFor('x'), resilience4jConfiguration: { ...quick, minimumNumberOfCalls: 1, waitDurationInOpenState: '2' } }, context));
    feed(exchangeOf('x'));
    await context.clock.advance(1999);
    feed(exchangeOf('y'));
    await context.clock.advance(1);
    feed(exchangeOf('y'));
    expect(left.map((exchange) => exchange.property('CamelCircuitBreakerSuccessfulExecution'))).to.deep.equal([false, false, true]);
  });

  it('does not wait longer than the time limit, tells the call to give up, and drops its result', async () => {
    const context = stepContext();
    let signal: AbortSignal | null = null;
    const watch = perform((exchange) => void (signal = exchange.signal));
    const steps = sequence([watch, delay.operator({ expression: () => 1000, asyncDelayed: true, callerRunsWhenRejected: true, executorService: undefined }, context)]);
    const exchange = exchangeOf('a');
    let settled = 0;
    exchange.unitOfWork = new UnitOfWork(exchange, () => settled++);
    const { feed, left } = graph(guarded({ steps, resilience4jConfiguration: { timeoutEnabled: true, timeoutDuration: 100 } }, context));
    feed(exchange);
    await context.clock.advance(100);
    exchange.unitOfWork.release();
    expect([left.length, exchange.exception?.name, exchange.property('CamelCircuitBreakerResponseTimedOut'), signal!.aborted]).to.deep.equal([1, 'TimeoutException', true, true]);
    await context.clock.advance(2000);
    expect([left.length, settled, context.underWay, context.clock.waiting]).to.deep.equal([1, 1, 0, 0]);
  });

  it('settles a delivery only when its late call is over too', async () => {
    const context = stepContext();
    const steps = delay.operator({ expression: () => 1000, asyncDelayed: true, callerRunsWhenRejected: true, executorService: undefined }, context);
    const exchange = exchangeOf('a');
    let settled = 0;
    exchange.unitOfWork = new UnitOfWork(exchange, () => settled++);
    const { feed } = graph(guarded({ steps, resilience4jConfiguration: { timeoutEnabled: true, timeoutDuration: 100, timeoutCancelRunningFuture: false } }, context));
    feed(exchange);
    await context.clock.advance(100);
    exchange.unitOfWork.release();
    expect([settled, context.underWay]).to.deep.equal([0, 1]);
    await context.clock.advance(900);
    expect([settled, context.underWay]).to.deep.equal([1, 0]);
  });

  it('lets only so many be under way; others wait for their place as long as they may', async () => {
    const context = stepContext();
    const steps = delay.operator({ expression: () => 200, asyncDelayed: true, callerRunsWhenRejected: true, executorService: undefined }, context);
    const { feed, left } = graph(guarded({ steps, resilience4jConfiguration: { bulkheadEnabled: true, bulkheadMaxConcurrentCalls: 1, bulkheadMaxWaitDuration: 300 } }, context));
    feed(exchangeOf('a'), exchangeOf('b'), exchangeOf('c'));
    await context.clock.advance(1000);
    expect(left.map(({ body, exception }) => [body, exception?.name])).to.deep.equal([
      ['a', undefined],
      ['c', 'BulkheadFullException'],
      ['b', undefined],
    ]);
  });

  it('counts what is ignored neither as good nor as bad', () => {
    const resilience4jConfiguration = { ...quick, minimumNumberOfCalls: 1, ignoreException: ['java.lang.IllegalStateException'] };
    const [exchange] = run(guarded({ steps: failsFor('x'), resilience4jConfiguration }), [exchangeOf('x')]);
    expect([exchange!.property('CamelCircuitBreakerResponseIgnored'), state(exchange!)]).to.deep.equal([true, 'CLOSED']);
  });

  it('opens for slow calls too', async () => {
    const context = stepContext();
    const steps = delay.operator({ expression: () => 1500, asyncDelayed: true, callerRunsWhenRejected: true, executorService: undefined }, context);
    const { feed, left } = graph(guarded({ steps, resilience4jConfiguration: { minimumNumberOfCalls: 1, slowCallDurationThreshold: '1s', slowCallRateThreshold: 50 } }, context));
    feed(exchangeOf('a'));
    await context.clock.advance(1500);
    expect(state(left[0]!)).to.equal('OPEN');
  });

  it('knows the words of MicroProfile: one failed trial opens it again', async () => {
    const context = stepContext();
    const faultToleranceConfiguration = { requestVolumeThreshold: 2, failureRatio: 50, delay: 1000, successThreshold: 2 };
    const { feed, left } = graph(guarded({ steps: failsFor('x'), onFallback: fallback(sequence([])), faultToleranceConfiguration }, context));
    feed(exchangeOf('x'), exchangeOf('x'));
    await context.clock.advance(1000);
    feed(exchangeOf('y'), exchangeOf('x'), exchangeOf('y'));
    expect(left.map(state)).to.deep.equal(['CLOSED', 'OPEN', 'HALF_OPEN', 'OPEN', 'OPEN']);
  });

  it('takes settings from a bean, and shares one breaker between steps that name the same', () => {
    const context = stepContext({ registry: { settings: { minimumNumberOfCalls: 1 }, shared: {} } });
    const one = guarded({ steps: failsFor('x'), configuration: 'settings', resilience4jConfiguration: { circuitBreaker: 'shared' } }, context);
    const other = guarded({ resilience4jConfiguration: { circuitBreaker: 'shared' } }, context);
    run(one, [exchangeOf('x')]);
    expect(state(run(other, [exchangeOf('y')])[0]!)).to.equal('OPEN');
  });
});
