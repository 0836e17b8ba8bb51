import { expect } from 'chai';
import { toD } from '../../src/eip/toD.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

const options = {
  uri: { uri: 'mock:${header.where}', parameters: {} },
  pattern: undefined,
  variableSend: undefined,
  variableReceive: undefined,
  ignoreInvalidEndpoint: false,
  allowedSchemes: undefined,
  cacheSize: undefined,
  allowOptimisedComponents: true,
  autoStartComponents: true,
};

describe('toD', () => {
  it('puts the URI together for each message, parameters too', () => {
    const context = stepContext();
    const uri = { uri: 'mock:${header.where}', parameters: { retainFirst: 2, level: '${body}' } };
    run(toD.operator({ ...options, uri }, context), [exchangeOf('a', { where: 'x' }), exchangeOf('b', { where: 'y' })]);
    expect([...context.sent.keys()]).to.deep.equal(['mock:x?retainFirst=2&level=a', 'mock:y?retainFirst=2&level=b']);
  });

  it('goes on without sending when the URI is empty', () => {
    const context = stepContext();
    const [exchange] = run(toD.operator({ ...options, uri: { uri: '${header.where}', parameters: {} } }, context), [exchangeOf('a')]);
    expect([exchange!.isFailed, context.sent.size]).to.deep.equal([false, 0]);
  });

  it('fails for an endpoint that does not exist, or passes it over when told to', () => {
    const context = stepContext({ unknownEndpoints: ['mock:no'] });
    const failed = (ignoreInvalidEndpoint: boolean) => run(toD.operator({ ...options, ignoreInvalidEndpoint }, context), [exchangeOf('a', { where: 'no' })])[0]!.exception?.name;
    expect([failed(false), failed(true)]).to.deep.equal(['NoSuchEndpointException', undefined]);
  });

  it('sends to the schemes that are allowed only', () => {
    const context = stepContext();
    const [exchange] = run(toD.operator({ ...options, allowedSchemes: 'http, https' }, context), [exchangeOf('a', { where: 'x' })]);
    expect([exchange!.exception?.name, context.sent.size]).to.deep.equal(['ResolveEndpointFailedException', 0]);
  });

  it('reads the URI from the message before a variable takes its place', () => {
    const context = stepContext();
    const exchange = exchangeOf('target', {}, context.scope);
    exchange.setVariable('v', 'sent');
    run(toD.operator({ ...options, uri: { uri: 'mock:${body}', parameters: {} }, variableSend: 'v' }, context), [exchange]);
    expect([...context.sent.keys()]).to.deep.equal(['mock:target']);
  });
});
