import { expect } from 'chai';
import type { EipDefinition } from '../../src/core/definition.ts';
import { FAILED, STOPPED } from '../../src/core/exchange/exchange.ts';
import type { Expression } from '../../src/core/expression.ts';
import { routingSlip } from '../../src/eip/routingSlip.ts';
import type { TestContext } from '../contract/operator.ts';
import { exchangeOf, keepsOperatorContract, run, runLater, stepContext, stepOf, subjectOf } from '../contract/operator.ts';

const definition = routingSlip as unknown as EipDefinition;
const adds = (letter: string) => (exchange: { body: unknown }): void => void (exchange.body = `${String(exchange.body)}${letter}`);
const contextWith = (): TestContext =>
  stepContext({
    endpoints: {
      'direct:a': adds('a'),
      'direct:b': async (exchange) => adds('b')(exchange),
      'direct:bad': () => {
        throw new Error('bad');
      },
      'direct:stop': (exchange) => void (exchange.halt |= STOPPED),
    },
    unknownEndpoints: ['nosuch:x'],
  });
const slip: Expression = (exchange) => exchange.headers.get('slip');
const slipping = async (endpoints: unknown, given: Readonly<Record<string, unknown>> = {}) => {
  const context = contextWith();
  const [left] = await runLater(stepOf(definition, { expression: slip, ...given }, context), context, [exchangeOf('>', { slip: endpoints })]);
  return left!;
};

keepsOperatorContract('routingSlip', subjectOf(definition));

describe('routingSlip', () => {
  it('sends what each endpoint made of the message to the next', async () => {
    const left = await slipping('direct:a, direct:b ,direct:a');
    expect(left.body).to.equal('>aba');
    expect(left.property('CamelSlipEndpoint')).to.equal('direct://a');
    expect((await slipping(['direct:b', 'direct:a'])).body).to.equal('>ba');
    expect((await slipping('direct:b#direct:a', { uriDelimiter: '#' })).body).to.equal('>ba');
  });

  it('goes nowhere without a slip', async () => {
    for (const none of [null, '', []]) expect(await slipping(none)).to.include({ body: '>', halt: 0, hasProperties: false });
  });

  it('ends where something fails or stops', async () => {
    expect(await slipping('direct:a,direct:bad,direct:b')).to.include({ body: '>a', halt: FAILED });
    expect(await slipping('direct:a,direct:stop,direct:b')).to.include({ body: '>a', halt: STOPPED });
  });

  it('fails at an endpoint that does not exist when it comes to it, or passes over it', async () => {
    const left = await slipping('direct:a,nosuch:x,direct:a');
    expect([left.body, left.exception!.type, left.property('CamelSlipEndpoint')]).to.deep.equal(['>a', 'org.apache.camel.NoSuchEndpointException', 'direct://a']);
    expect((await slipping('nosuch:x,direct:a', { ignoreInvalidEndpoints: true })).body).to.equal('>a');
    expect((await slipping('direct:a,mock:x', { allowedSchemes: 'direct' })).exception!.message).to.match(/mock:\/\/x.*allowed schemes: \[direct\]/);
  });

  it('visits a hundred thousand endpoints in constant stack', async () => {
    let count = 0;
    const context = stepContext({ dynamicCall: (_, exchange) => {
      count++;
      exchange.leave();
    } });
    const [left] = await runLater(stepOf(definition, { expression: () => Array.from({ length: 100_000 }, () => 'direct:a') }, context), context, [exchangeOf('>')]);
    expect([left!.body, count]).to.deep.equal(['>', 100_000]);
  });

  it('gives the exchange back to who called the route', () => {
    const context = contextWith();
    const exchange = exchangeOf('>', { slip: 'direct:a,direct:a' });
    const way = { outer: null, back: () => {} };
    exchange.way = way;
    const [left] = run(stepOf(definition, { expression: slip }, context), [exchange]);
    expect(left!.way).to.equal(way);
  });
});
