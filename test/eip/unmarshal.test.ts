import { expect } from 'chai';
import { Readable } from 'node:stream';
import { unmarshal } from '../../src/eip/unmarshal.ts';
import { exchangeOf, jsonFormat, run, runLater, stepContext } from '../contract/operator.ts';

type Options = Parameters<typeof unmarshal.operator>[0];
const context = stepContext({ dataFormats: { json: jsonFormat } });
const options: Options = { dataFormatType: { name: 'json', options: {} }, allowNullBody: false, variableSend: undefined, variableReceive: undefined };
const plain = (value: unknown) => value;
const through = (given: Partial<Options>, body: unknown, variables: Record<string, unknown> = {}) => {
  const exchange = exchangeOf(body, {}, context.scope);
  for (const [name, value] of Object.entries(variables)) exchange.setVariable(name, value);
  return run(unmarshal.operator({ ...options, ...given }, context), [exchange])[0]!;
};

describe('unmarshal', () => {
  it('works on the body', () => expect(plain(through({}, '{"a":1}').body)).to.deep.equal({ a: 1 }));

  it('takes a variable in place of the body', () => expect(plain(through({ variableSend: 'x' }, 'other', { x: '{"a":1}' }).body)).to.deep.equal({ a: 1 }));

  it('puts the result into a variable; the body stays', () => {
    const exchange = through({ variableReceive: 'y' }, '{"a":1}');
    expect([exchange.body, plain(exchange.variable('y'))]).to.deep.equal(['{"a":1}', { a: 1 }]);
  });

  it('fails for a null body, or keeps it when told to', () => {
    expect([through({}, null).exception?.name, through({ allowNullBody: true }, null).body]).to.deep.equal(['NoTypeConversionAvailableException', null]);
  });

  it('keeps the body when it is wrong', () => {
    const exchange = through({}, 'no json');
    expect([exchange.isFailed, exchange.body]).to.deep.equal([true, 'no json']);
  });

  it('reads a stream first', async () => {
    const [exchange] = await runLater(unmarshal.operator(options, context), context, [exchangeOf(Readable.from([Buffer.from('[1,'), Buffer.from('2]')]), {}, context.scope)]);
    expect(exchange!.body).to.deep.equal([1, 2]);
  });
});
