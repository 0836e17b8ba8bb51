import { expect } from 'chai';
import { to } from '../../src/eip/to.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

const uri = { uri: 'direct:sub', parameters: {} };
const options = { uri, pattern: undefined, variableSend: undefined, variableReceive: undefined };

describe('to', () => {
  it('goes on with the reply', () => {
    const context = stepContext({ endpoints: { 'direct:sub': (exchange) => void (exchange.body = `sub(${String(exchange.body)})`) } });
    expect(run(to.operator(options, context), [exchangeOf('a')])[0]!.body).to.equal('sub(a)');
  });

  it('has another pattern for the call only', () => {
    const seen: boolean[] = [];
    const context = stepContext({ endpoints: { 'direct:sub': ({ isInOut }) => void seen.push(isInOut) } });
    const exchange = exchangeOf('a');
    exchange.isInOut = true;
    run(to.operator({ ...options, pattern: 'InOnly' }, context), [exchange]);
    expect([seen, exchange.isInOut]).to.deep.equal([[false], true]);
  });

  it('sends a variable and receives into one; the message stays as it was', () => {
    const reply = (exchange: ReturnType<typeof exchangeOf>): void => {
      exchange.body = `sub(${String(exchange.body)})`;
      exchange.headers.set('fromSub', 1);
    };
    const context = stepContext({ endpoints: { 'direct:sub': reply } });
    const exchange = exchangeOf('body', { own: 1 }, context.scope);
    exchange.setVariable('x', 42);
    run(to.operator({ ...options, variableSend: 'x', variableReceive: 'y' }, context), [exchange]);
    expect([exchange.body, exchange.headers.names(), exchange.variable('y'), exchange.variable('header:y.fromSub')]).to.deep.equal(['body', ['own'], 'sub(42)', 1]);
  });

  it('shows what the endpoint had when it failed', () => {
    const context = stepContext({
      endpoints: {
        'direct:sub': () => {
          throw new Error('down');
        },
      },
    });
    const [exchange] = run(to.operator({ ...options, variableReceive: 'y' }, context), [exchangeOf('a', {}, context.scope)]);
    expect([exchange!.isFailed, exchange!.variable('y')]).to.deep.equal([true, undefined]);
  });
});
