import { expect } from 'chai';
import type { EipDefinition } from '../../src/core/definition.ts';
import { ExchangeError } from '../../src/core/errors.ts';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import { FAILED, HANDLED, STOPPED } from '../../src/core/exchange/exchange.ts';
import type { Expression } from '../../src/core/expression.ts';
import { builtInStrategy, strategyFrom } from '../../src/core/graph/strategies.ts';
import { enrich } from '../../src/eip/enrich.ts';
import type { TestContext } from '../contract/operator.ts';
import { exchangeOf, keepsOperatorContract, run, runLater, stepContext, stepOf, subjectOf } from '../contract/operator.ts';

const definition = enrich as unknown as EipDefinition;
const contextWith = (): TestContext =>
  stepContext({
    strategies: {
      concat: builtInStrategy('StringAggregationStrategy')!,
      original: builtInStrategy('UseOriginalAggregationStrategy')!,
      latest: builtInStrategy('UseLatestAggregationStrategy')!,
      sum: strategyFrom((old: number, reply: number) => old + reply),
    },
    endpoints: {
      'direct:resource': (exchange) => {
        exchange.headers.set('res', exchange.isInOut);
        exchange.headers.remove('gone');
        exchange.body = `resource(${String(exchange.body)})`;
      },
      'direct:bad': () => {
        throw new ExchangeError('java.lang.IllegalStateException', 'bad');
      },
      'direct:stop': (exchange) => {
        exchange.body = 'stopped';
        exchange.halt |= STOPPED;
      },
      'direct:handled': (exchange) => {
        exchange.body = 'handled';
        exchange.halt |= HANDLED;
      },
      'direct:five': (exchange) => void (exchange.body = 5),
      'direct:later': async (exchange) => void (exchange.body = 'later'),
    },
    unknownEndpoints: ['nosuch:x'],
  });

const enriching = (uri: unknown, given: Readonly<Record<string, unknown>> = {}, exchange: Exchange = exchangeOf('b', { a: 1, gone: 2 }), context = contextWith()): Exchange => {
  const [left] = run(stepOf(definition, { expression: (() => uri) as Expression, ...given }, context), [exchange]);
  return left!;
};

keepsOperatorContract('enrich', subjectOf(definition));

describe('enrich', () => {
  it('goes on with the reply, whose headers are those that were sent and what the resource made of them', () => {
    const left = enriching('direct:resource');
    expect(left.body).to.equal('resource(b)');
    expect({ ...left.headers.toObject() }).to.deep.equal({ a: 1, res: true });
    expect(left.isInOut).to.equal(false);
  });

  it('puts message and reply together with a strategy', () => {
    expect(enriching('direct:five', { aggregationStrategy: 'sum' }, exchangeOf(2)).body).to.equal(7);
    expect(enriching('direct:resource', { aggregationStrategy: 'original' }).body).to.equal('b');
    expect(enriching('direct:resource', { aggregationStrategy: 'latest' }).body).to.equal('resource(b)');
  });

  it('gives the message of before with strategies that finish at completion', () => expect(enriching('direct:resource', { aggregationStrategy: 'concat' }).body).to.equal('b'));

  it('fails with the resource, unless the strategy takes failures', () => {
    expect(enriching('direct:bad')).to.deep.include({ halt: FAILED, body: 'b' });
    expect(enriching('direct:bad', { aggregateOnException: true, aggregationStrategy: 'concat' })).to.include({ halt: 0, body: 'b' });
  });

  it('ends with a resource that was stopped or handled, where it takes the answer as it is', () => {
    expect(enriching('direct:stop')).to.include({ halt: STOPPED, body: 'stopped' });
    expect(enriching('direct:handled')).to.include({ halt: HANDLED, body: 'handled' });
    expect(enriching('direct:handled', { aggregationStrategy: 'original', shareUnitOfWork: true })).to.include({ halt: 0, body: 'b' });
  });

  it('asks nobody for null, and fails for what does not exist', () => {
    expect(enriching(null)).to.include({ halt: 0, body: 'b' });
    expect(enriching('').exception!.type).to.equal('org.apache.camel.ResolveEndpointFailedException');
    expect(enriching('nosuch:x').exception!.type).to.equal('org.apache.camel.NoSuchEndpointException');
    expect(enriching('nosuch:x', { ignoreInvalidEndpoint: true })).to.include({ halt: 0, body: 'b' });
    expect(enriching('direct:resource', { allowedSchemes: 'mock' }).exception!.message).to.equal('Failed to resolve endpoint: direct://resource due to: Scheme direct is not in the allowed schemes: mock');
  });

  it('sends a variable and receives into one', () => {
    const exchange = exchangeOf('b', { a: 1 });
    exchange.variables.set('v', 'fromVariable');
    const left = enriching('direct:resource', { variableSend: 'v', variableReceive: 'r' }, exchange);
    expect([left.body, left.headers.has('res'), left.variable('r'), left.variable('header:r.res')]).to.deep.equal(['b', false, 'resource(fromVariable)', true]);
  });

  it('waits for an asynchronous resource', async () => {
    const context = contextWith();
    const [left] = await runLater(stepOf(definition, { expression: () => 'direct:later' }, context), context, [exchangeOf('b')]);
    expect(left!.body).to.equal('later');
  });
});
