import { expect } from 'chai';
import type { PolledMessage } from '../../src/core/connector.ts';
import type { EipDefinition } from '../../src/core/definition.ts';
import { ExchangeError } from '../../src/core/errors.ts';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import { FAILED, UnitOfWork } from '../../src/core/exchange/exchange.ts';
import { Headers } from '../../src/core/exchange/headers.ts';
import { builtInStrategy } from '../../src/core/graph/strategies.ts';
import { pollEnrich } from '../../src/eip/pollEnrich.ts';
import { eventually, exchangeOf, keepsOperatorContract, runLater, stepContext, stepOf, subjectOf } from '../contract/operator.ts';

const definition = pollEnrich as unknown as EipDefinition;

interface Box {
  readonly asked: [string, number][];
  readonly settled: Exchange[];
  polled: (uri: string) => Promise<PolledMessage | null>;
}

function box(...bodies: unknown[]): Box {
  const made: Box = {
    asked: [],
    settled: [],
    polled: async (uri) => {
      if (uri === 'nosuch:x') throw new ExchangeError('org.apache.camel.NoSuchEndpointException', 'No endpoint');
      if (uri === 'bad:x') throw new Error('broken');
      const body = bodies.shift();
      return body === undefined ? null : { body, headers: Headers.from({ a: 7, h: 9 }), settle: (exchange) => void made.settled.push(exchange) };
    },
  };
  return made;
}

async function polling(from: Box, given: Readonly<Record<string, unknown>> = {}, exchange = exchangeOf('b', { a: 1, c: 2 })): Promise<Exchange> {
  const context = stepContext({
    strategies: { concat: builtInStrategy('StringAggregationStrategy')!, latest: builtInStrategy('UseLatestAggregationStrategy')! },
    polled: (uri, timeoutMillis) => {
      from.asked.push([uri, timeoutMillis]);
      return from.polled(uri);
    },
  });
  const [left] = await runLater(stepOf(definition, { expression: () => 'seda:box', ...given }, context), context, [exchange]);
  return left!;
}

keepsOperatorContract('pollEnrich', subjectOf(definition));

describe('pollEnrich', () => {
  it('goes on with what it has polled; its headers come to those that are there', async () => {
    const from = box('one');
    const left = await polling(from, { timeout: 100 });
    expect(from.asked).to.deep.equal([['seda:box', 100]]);
    expect(left.body).to.equal('one');
    expect({ ...left.headers.toObject() }).to.deep.equal({ a: 7, c: 2, h: 9 });
    expect(left.property('CamelToEndpoint')).to.equal('seda://box');
  });

  it('leaves headers to the strategy, if there is one', async () => {
    const left = await polling(box('one'), { aggregationStrategy: 'latest' });
    expect({ ...left.headers.toObject() }).to.deep.equal({ a: 7, h: 9 });
  });

  it('has a null body when nothing came, unless the strategy keeps the message', async () => {
    expect((await polling(box())).body).to.equal(null);
    expect((await polling(box(), { aggregationStrategy: 'concat' })).body).to.equal('b');
    expect((await polling(box(), { aggregationStrategy: 'latest' })).body).to.equal('b');
  });

  it('waits for ever when no time is given', async () => {
    const from = box('one');
    await polling(from);
    expect(from.asked).to.deep.equal([['seda:box', -1]]);
  });

  it('receives into a variable, which there is not when nothing came', async () => {
    const left = await polling(box('two'), { variableReceive: 'v' });
    expect([left.body, left.headers.get('a'), left.variable('v'), left.variables.get('header:v.h')]).to.deep.equal(['b', 1, 'two', 9]);
    const none = await polling(box(), { variableReceive: 'v' });
    expect([none.body, none.variable('v')]).to.deep.equal(['b', undefined]);
  });

  it('settles what it has polled with the delivery of the exchange', async () => {
    const from = box('one');
    const exchange = exchangeOf('b');
    let isDone = false;
    exchange.unitOfWork = new UnitOfWork(exchange, () => (isDone = true));
    await polling(from, {}, exchange);
    expect(from.settled).to.deep.equal([]);
    exchange.fail(new Error('later on'));
    exchange.unitOfWork.release();
    await eventually(() => expect(isDone).to.equal(true));
    expect(from.settled.map(({ isFailed }) => isFailed)).to.deep.equal([true]);
  });

  it('gives back what it has polled for nobody', async () => {
    const from = box('one');
    const exchange = exchangeOf('b');
    const controller = new AbortController();
    controller.abort();
    exchange.signal = controller.signal;
    const left = await polling(from, {}, exchange);
    expect(left.halt).to.equal(FAILED);
    expect(from.settled.map(({ isFailed }) => isFailed)).to.deep.equal([true]);
  });

  it('polls nothing for null, and fails for what does not exist or can\'t be polled', async () => {
    expect(await polling(box(), { expression: () => null })).to.include({ body: 'b', halt: 0 });
    expect((await polling(box(), { expression: () => 'nosuch:x' })).exception!.type).to.equal('org.apache.camel.NoSuchEndpointException');
    expect(await polling(box(), { expression: () => 'nosuch:x', ignoreInvalidEndpoint: true })).to.include({ body: 'b', halt: 0 });
    expect((await polling(box(), { expression: () => 'bad:x' })).exception!.message).to.match(/^Error during poll\. .*broken/);
  });
});
