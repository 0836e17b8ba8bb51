import { expect } from 'chai';
import fc from 'fast-check';
import type { EipDefinition } from '../../src/core/definition.ts';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import { UnitOfWork } from '../../src/core/exchange/exchange.ts';
import type { Expression } from '../../src/core/expression.ts';
import { perform } from '../../src/core/graph/flow.ts';
import { resequence } from '../../src/eip/resequence.ts';
import type { ContextOverrides, TestContext } from '../contract/operator.ts';
import { bodies, exchangeOf, graph, keepsOperatorContract, stepContext, stepOf, subjectOf } from '../contract/operator.ts';

const definition = resequence as unknown as EipDefinition;
const seq: Expression = Object.assign((exchange: Exchange) => exchange.headers.get('seq'), { label: 'header(seq)' });
const batch = { batchSize: 100, batchTimeout: 1000, allowDuplicates: false, reverse: false, ignoreInvalidExchanges: false };
const stream = { deliveryAttemptInterval: 100, capacity: 1000, timeout: 200, rejectOld: false, ignoreInvalidExchanges: false };

function sequencing(given: Readonly<Record<string, unknown>>, inner: (exchange: Exchange) => void | Promise<void> = () => {}, overrides: ContextOverrides = {}) {
  const context: TestContext = stepContext(overrides);
  const out: Exchange[] = [];
  const steps = perform((exchange) => {
    out.push(exchange);
    return inner(exchange);
  });
  const wired = graph(stepOf(definition, { expression: seq, steps, ...given }, context), context);
  const feed = (...places: unknown[]): Exchange[] => {
    const fed = places.map((place, index) => exchangeOf(`${String(place)}${'abcdefgh'[index] ?? ''}`, place === undefined ? {} : { seq: place }));
    wired.feed(...fed);
    return fed;
  };
  return { context, out, wired, feed };
}

keepsOperatorContract('resequence', subjectOf(definition));

describe('resequence in batches', () => {
  it('sends the batch in order, and the messages on as they came', () => {
    const { out, wired, feed, context } = sequencing({ batchConfig: { ...batch, batchSize: 3 } });
    feed(3, 1, 2);
    expect(bodies(wired.left)).to.deep.equal(['3a', '1b', '2c']);
    expect(bodies(out)).to.deep.equal(['1b', '2c', '3a']);
    expect([context.underWay, context.clock.waiting]).to.deep.equal([0, 0]);
  });

  it('sends a small batch when nothing new has come for a while', async () => {
    const { out, feed, context } = sequencing({ batchConfig: { ...batch, batchTimeout: 100 } });
    feed('z');
    await context.clock.advance(60);
    feed('y');
    await context.clock.advance(60);
    expect(out).to.have.length(0);
    await context.clock.advance(40);
    expect(bodies(out)).to.deep.equal(['ya', 'za']);
  });

  it('keeps the first of two with the same place, or both, or sorts downwards', () => {
    const once = sequencing({ batchConfig: { ...batch, batchSize: 3 } });
    once.feed(2, 2, 1);
    expect(bodies(once.out)).to.deep.equal(['1c', '2a']);
    expect(once.context.underWay).to.equal(0);
    const all = sequencing({ batchConfig: { ...batch, batchSize: 4, allowDuplicates: true, reverse: true } });
    all.feed(1, 2, 2, 3);
    expect(bodies(all.out)).to.deep.equal(['3d', '2b', '2c', '1a']);
  });

  it('sorts numbers by size, also when they are texts', () => {
    const { out, feed } = sequencing({ batchConfig: { ...batch, batchSize: 4 } });
    feed('10', '9', 'a', 'B');
    expect(bodies(out)).to.deep.equal(['9b', '10a', 'Bd', 'ac']);
  });

  it('fails a message without a place, or leaves it out', () => {
    const strict = sequencing({ batchConfig: batch });
    expect(strict.feed(undefined)[0]!.exception!.message).to.match(/^Exchange is not valid to be used by the BatchProcessor/);
    const lenient = sequencing({ batchConfig: { ...batch, ignoreInvalidExchanges: true } });
    expect(lenient.feed(undefined)[0]!.halt).to.equal(0);
    expect(lenient.context.underWay).to.equal(0);
  });

  it('holds one-way deliveries until their copies are through', async () => {
    const { context, wired } = sequencing({ batchConfig: { ...batch, batchTimeout: 100 } }, () => Promise.reject(new Error('no')));
    const exchange = exchangeOf('x', { seq: 1 });
    let isSettled = false;
    exchange.unitOfWork = new UnitOfWork(exchange, () => (isSettled = true));
    wired.feed(exchange);
    exchange.unitOfWork.release();
    expect([wired.left.length, isSettled, context.underWay]).to.deep.equal([1, false, 1]);
    await context.clock.advance(200);
    expect([isSettled, context.underWay, exchange.halt]).to.deep.equal([true, 0, 0]);
  });

  it('sends what it holds when the route stops', () => {
    let stop = (): unknown => null;
    const { out, feed } = sequencing({ batchConfig: batch }, () => {}, { onStop: (run) => (stop = run) });
    feed(2, 1);
    stop();
    expect(bodies(out)).to.deep.equal(['1b', '2a']);
  });

  it('sends one after the other', async () => {
    const { out, feed, context } = sequencing({ batchConfig: { ...batch, batchSize: 2 } }, () => new Promise<void>((resolve) => void context.clock.schedule(10, resolve)));
    feed(2, 1);
    await context.clock.advance(9);
    expect(out).to.have.length(1);
    await context.clock.advance(20);
    expect(bodies(out)).to.deep.equal(['1b', '2a']);
  });
});

describe('resequence as a stream', () => {
  it('sends each message as soon as the one before it is out, and does not wait for ever', async () => {
    const { out, feed, context } = sequencing({ streamConfig: stream });
    feed(1, 3, 2);
    expect(out).to.have.length(0);
    await context.clock.advance(200);
    expect(bodies(out)).to.deep.equal(['1a', '2c', '3b']);
    feed(4);
    expect(out).to.have.length(4);
    feed(6);
    await context.clock.advance(199);
    expect(out).to.have.length(4);
    await context.clock.advance(1);
    expect(out).to.have.length(5);
  });

  it('looks for what has waited long enough when a message comes, and after so long without one', async () => {
    const { out, feed, context } = sequencing({ streamConfig: { ...stream, timeout: 50, deliveryAttemptInterval: 500 } });
    feed(5);
    await context.clock.advance(400);
    expect(out).to.have.length(0);
    feed(3);
    expect(bodies(out)).to.deep.equal([]);
    await context.clock.advance(499);
    expect(out).to.have.length(0);
    await context.clock.advance(1);
    expect(bodies(out)).to.deep.equal(['3a', '5a']);
    expect(context.underWay).to.equal(0);
  });

  it('leaves out what has a place that is taken, and rejects what is too old when told so', async () => {
    const { out, feed, context } = sequencing({ streamConfig: { ...stream, rejectOld: true } });
    feed(5, 5);
    await context.clock.advance(200);
    expect(bodies(out)).to.deep.equal(['5a']);
    expect(feed(4)[0]!.exception!.cause).to.include({ type: 'org.apache.camel.processor.resequencer.MessageRejectedException' });
    expect(context.underWay).to.equal(0);
  });

  it('fails what has no number, or leaves it out', () => {
    expect(sequencing({ streamConfig: stream }).feed('x')[0]!.exception!.message).to.match(/Element cannot be used in comparator: Comparator\[header\(seq\)\]/);
    expect(sequencing({ streamConfig: { ...stream, ignoreInvalidExchanges: true } }).feed('x')[0]!.halt).to.equal(0);
  });

  it('lets senders wait when too many are held', async () => {
    const { out, wired, feed, context } = sequencing({ streamConfig: { ...stream, capacity: 2 } });
    feed(10, 20, 30);
    expect(wired.left).to.have.length(2);
    await context.clock.advance(200);
    expect(wired.left).to.have.length(3);
    await context.clock.advance(200);
    expect([out.length, context.underWay]).to.deep.equal([3, 0]);
  });

  it('goes by a comparator of the user\'s', async () => {
    const letter = (exchange: Exchange): number => String(exchange.headers.get('seq')).charCodeAt(0);
    const comparator = { compare: (a: Exchange, b: Exchange) => letter(a) - letter(b), predecessor: (a: Exchange, b: Exchange) => letter(a) === letter(b) - 1 };
    const { out, feed, context } = sequencing({ streamConfig: { ...stream, comparator: 'letters' } }, () => {}, { registry: { letters: comparator } });
    feed('b', 'a', 'c');
    await context.clock.advance(400);
    expect(bodies(out)).to.deep.equal(['ab', 'ba', 'cc']);
  });

  it('sends every number once and in order when all come within the time', () =>
    fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 7, 8], { minLength: 1 }), async (numbers) => {
        const { out, feed, context } = sequencing({ streamConfig: stream });
        feed(...numbers);
        await context.clock.advance(3000);
        expect(out.map((exchange) => exchange.headers.get('seq'))).to.deep.equal([...numbers].sort((a, b) => a - b));
        expect([context.underWay, context.clock.waiting]).to.deep.equal([0, 0]);
      }),
      { numRuns: 40 },
    ));
});
