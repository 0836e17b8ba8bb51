import { expect } from 'chai';
import { eventually } from '../eventually.ts';
import type { EipDefinition } from '../../src/core/definition.ts';
import { ExchangeError } from '../../src/core/errors.ts';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import type { Expression } from '../../src/core/expression.ts';
import { builtInStrategy } from '../../src/core/graph/strategies.ts';
import { recipientList } from '../../src/eip/recipientList.ts';
import type { ContextOverrides, TestContext } from '../contract/operator.ts';
import { exchangeOf, keepsOperatorContract, run, runLater, stepContext, stepOf, subjectOf } from '../contract/operator.ts';

const definition = recipientList as unknown as EipDefinition;
const contextWith = (overrides: ContextOverrides = {}): TestContext =>
  stepContext({
    strategies: { concat: builtInStrategy('StringAggregationStrategy')! },
    endpoints: {
      'direct:one': (exchange) => void (exchange.body = `1(${String(exchange.body)})`),
      'direct:two': (exchange) => void (exchange.body = `2(${String(exchange.body)})`),
      'direct:bad': () => {
        throw new ExchangeError('java.lang.IllegalArgumentException', 'bad');
      },
    },
    unknownEndpoints: ['nosuch:x'],
    ...overrides,
  });
const to: Expression = (exchange) => exchange.headers.get('to');

const listing = (recipients: unknown, given: Readonly<Record<string, unknown>> = {}, context = contextWith()) => {
  const [left] = run(stepOf(definition, { expression: to, ...given }, context), [exchangeOf('b', { to: recipients })]);
  return { left: left!, sent: [...context.sent.keys()], context };
};

keepsOperatorContract('recipientList', subjectOf(definition));

describe('recipientList', () => {
  it('sends to all, blanks around them aside, and goes on with the last reply', () => {
    const { left, sent } = listing(' direct:one , direct:two ');
    expect(sent).to.deep.equal(['direct:one', 'direct:two']);
    expect(left.body).to.equal('2(b)');
    expect([left.property('CamelRecipientListEndpoint'), left.property('CamelMulticastIndex')]).to.deep.equal(['direct://two', 1]);
  });

  it('takes lists, and other delimiters', () => {
    expect(listing(['direct:one', 'mock:a']).sent).to.deep.equal(['direct:one', 'mock:a']);
    expect(listing('direct:one#direct:two', { delimiter: '#' }).sent).to.deep.equal(['direct:one', 'direct:two']);
    expect(listing('mock:z,y', { delimiter: 'false' }).sent).to.deep.equal(['mock:z,y']);
  });

  it('does nothing for nobody', () => {
    for (const nobody of ['', null, undefined, []]) {
      const { left, sent } = listing(nobody);
      expect([left.body, left.halt, sent]).to.deep.equal(['b', 0, []]);
    }
  });

  it('checks all before it sends to the first', () => {
    for (const recipients of ['mock:a,nosuch:x', 'mock:a,,mock:b']) {
      const { left, sent } = listing(recipients);
      expect(left.isFailed).to.equal(true);
      expect(sent).to.deep.equal([]);
    }
  });

  it('leaves out what does not exist when it is told to', () => {
    const { left, sent } = listing('nosuch:x,direct:one', { ignoreInvalidEndpoints: true });
    expect([left.body, sent]).to.deep.equal(['1(b)', ['direct:one']]);
  });

  it('sends to allowed schemes only', () => {
    const { left, sent } = listing('mock:a,direct:one', { allowedSchemes: 'mock' });
    expect(left.exception!.message).to.equal('Failed to resolve endpoint: direct://one due to: Scheme direct is not in the allowed schemes: [mock]');
    expect(sent).to.deep.equal([]);
  });

  it('puts replies together, failed ones too, and stops at the first failure when told to', () => {
    expect(listing('direct:one,direct:bad,direct:two', { aggregationStrategy: 'concat' }).left.body).to.equal('1(b)b2(b)');
    const { left, sent } = listing('direct:one,direct:bad,mock:never', { stopOnException: true });
    expect(left.exception!.message).to.match(/^Multicast processing failed for number 1\./);
    expect(sent).to.deep.equal(['direct:one', 'direct:bad']);
  });

  it('awaits recipients that come asynchronously', async () => {
    async function* recipients(): AsyncGenerator<string> {
      yield 'direct:one';
      yield 'direct:two';
    }
    const context = contextWith();
    const step = stepOf(definition, { expression: () => recipients(), aggregationStrategy: 'concat' }, context);
    const [left] = await runLater(step, context, [exchangeOf('b')]);
    expect(left!.body).to.equal('1(b)2(b)');
    const later = Object.assign((async () => 'direct:one') as unknown as Expression, { isAsync: true });
    const [second] = await runLater(stepOf(definition, { expression: later }, context), context, [exchangeOf('b')]);
    expect(second!.body).to.equal('1(b)');
  });

  it('sends to ten thousand in constant stack', async () => {
    let count = 0;
    const context = contextWith({ registry: { count: () => void count++ } });
    const expression: Expression = () => Array.from({ length: 10_000 }, () => 'mock:a');
    await runLater(stepOf(definition, { expression, onPrepare: 'count' }, { ...context, dynamicCall: (_: string, exchange: Exchange) => exchange.leave() } as TestContext), context, [exchangeOf('b')]);
    // Looking at so many endpoints gives the event loop its turn between, more often on a slow machine.
    await eventually(async () => {
      await context.clock.advance(0);
      expect(count).to.equal(10_000);
    });
  });
});
