import { expect } from 'chai';
import type { EipDefinition } from '../../src/core/definition.ts';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import type { Expression } from '../../src/core/expression.ts';
import { dynamicRouter } from '../../src/eip/dynamicRouter.ts';
import { exchangeOf, keepsOperatorContract, runLater, stepContext, stepOf, subjectOf } from '../contract/operator.ts';

const definition = dynamicRouter as unknown as EipDefinition;

const routing = async (expression: Expression, endpoint: (exchange: Exchange) => void = () => {}) => {
  const context = stepContext({ endpoints: { 'direct:inc': endpoint } });
  const [left] = await runLater(stepOf(definition, { expression }, context), context, [exchangeOf('>')]);
  return { left: left!, sent: [...context.sent].map(([uri, exchanges]) => [uri, exchanges.length]) };
};

const thrice: Expression = (exchange) => (Number(exchange.property('n') ?? 0) < 3 ? 'direct:inc' : null);
const increment = (exchange: Exchange): void => exchange.properties.set('n', Number(exchange.property('n') ?? 0) + 1);

keepsOperatorContract('dynamicRouter', subjectOf(definition, () => {
  const asked = new WeakSet<Exchange>();
  const once: Expression = (exchange) => {
    if (exchange.headers.get('isBad') === true) throw new Error('bad');
    if (asked.has(exchange)) return null;
    asked.add(exchange);
    return 'mock:a';
  };
  return { expression: once };
}));

describe('dynamicRouter', () => {
  it('asks again after every stop, until there is no answer', async () => {
    const { left, sent } = await routing(thrice, increment);
    expect(sent).to.deep.equal([['direct:inc', 3]]);
    expect(left.property('CamelSlipEndpoint')).to.equal('direct://inc');
  });

  it('visits all endpoints of an answer before it asks again', async () => {
    const { sent } = await routing((exchange) => (exchange.property('CamelSlipEndpoint') === undefined ? 'mock:x,mock:y' : null));
    expect(sent).to.deep.equal([['mock:x', 1], ['mock:y', 1]]);
  });

  it('takes an empty answer for the end', async () => {
    expect((await routing(() => '')).left).to.include({ body: '>', halt: 0 });
  });

  it('asks an asynchronous expression', async () => {
    const later = Object.assign(async (exchange: Exchange) => thrice(exchange), { isAsync: true }) as unknown as Expression;
    expect((await routing(later, increment)).sent).to.deep.equal([['direct:inc', 3]]);
    const failing = Object.assign(async () => Promise.reject(new Error('no answer')), { isAsync: true }) as unknown as Expression;
    expect((await routing(failing)).left.exception!.message).to.equal('no answer');
  });

  it('fails where the expression throws', async () => {
    const { left } = await routing(() => {
      throw new Error('no answer');
    });
    expect(left.exception!.message).to.equal('no answer');
  });
});
