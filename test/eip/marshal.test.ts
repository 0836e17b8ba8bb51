import { expect } from 'chai';
import { marshal } from '../../src/eip/marshal.ts';
import { exchangeOf, jsonFormat, run, stepContext } from '../contract/operator.ts';

type Options = Parameters<typeof marshal.operator>[0];
const context = stepContext({ dataFormats: { json: jsonFormat } });
const options: Options = { dataFormatType: { name: 'json', options: {} }, variableSend: undefined, variableReceive: undefined };
const plain = String;
const through = (given: Partial<Options>, body: unknown, variables: Record<string, unknown> = {}) => {
  const exchange = exchangeOf(body, {}, context.scope);
  for (const [name, value] of Object.entries(variables)) exchange.setVariable(name, value);
  return run(marshal.operator({ ...options, ...given }, context), [exchange])[0]!;
};

describe('marshal', () => {
  it('works on the body', () => expect(plain(through({}, { a: 1 }).body)).to.deep.equal('{"a":1}'));

  it('takes a variable in place of the body', () => expect(plain(through({ variableSend: 'x' }, 'other', { x: { a: 1 } }).body)).to.deep.equal('{"a":1}'));

  it('puts the result into a variable; the body stays', () => {
    const exchange = through({ variableReceive: 'y' }, { a: 1 });
    expect([exchange.body, plain(exchange.variable('y'))]).to.deep.equal([{ a: 1 }, '{"a":1}']);
  });
});
