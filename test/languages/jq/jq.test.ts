import { expect } from 'chai';
import { Exchange } from '../../../src/core/exchange.ts';
import { ExpressionSyntaxError } from '../../../src/core/expression.ts';
import { Headers } from '../../../src/core/headers.ts';
import { JqThread } from '../../../src/languages/jq/engine.ts';
import { jq } from '../../../src/languages/jq/definition.ts';
import { languageContext } from '../languageContext.ts';

const evaluate = (source: string, body: unknown, change: (exchange: Exchange) => void = () => undefined, options: Record<string, unknown> = {}): Promise<unknown> => {
  const exchange = new Exchange(undefined, body, Headers.from([['H', 'hv']]));
  change(exchange);
  return jq.expression(source, options as never, languageContext())(exchange) as Promise<unknown>;
};

describe('jq', function () {
  this.timeout(10_000);

  it('gives the one result, a list of many, nothing for none', async () => {
    expect(await evaluate('.foo', '{"foo":"bar"}')).to.equal('bar');
    expect(await evaluate('.items[]', { items: [1, 'two', { x: 3 }] })).to.deep.equal([1, 'two', { x: 3 }]);
    expect(await evaluate('empty', '{}')).to.equal(null);
    expect(await evaluate('{a: .foo, n: (.items | length)}', Buffer.from('{"foo":"é","items":[1,2]}'))).to.deep.equal({ a: 'é', n: 2 });
  });

  it('reaches headers, properties, variables, the body and constants', async () => {
    const filter = '.a = header("h") | .b = property("p") | .c = variable("v") | .d = constant(k) | .e = body | .f = header("none")';
    const result = await evaluate(filter, '{}', (exchange) => {
      exchange.properties.set('p', 'pv');
      exchange.setVariable('v', ['vv']);
    });
    expect(result).to.deep.equal({ a: 'hv', b: 'pv', c: ['vv'], d: 'k', e: '{}', f: null });
  });

  it('reads another source than the body', async () => {
    expect(await evaluate('.x', 'y', ({ headers }) => headers.set('doc', '{"x":1}'), { source: 'header:doc' })).to.equal(1);
  });

  const failure = async (source: string, body: unknown): Promise<string> => {
    try {
      await evaluate(source, body);
    } catch (thrown) {
      return (thrown as { type: string }).type;
    }
    return 'none';
  };

  it('fails for what is no JSON, for no body, and with what the filter throws', async () => {
    expect(await failure('.foo', 'nope')).to.equal('org.apache.camel.TypeConversionException');
    expect(await failure('.foo', null)).to.equal('org.apache.camel.InvalidPayloadException');
    expect(await failure('error("boom")', '{}')).to.equal('org.apache.camel.RuntimeCamelException');
    expect(await failure('.foo | bar(', '{}')).to.equal('org.apache.camel.RuntimeCamelException');
  });

  it('gives up a filter that runs for ever, and evaluates the next one', async () => {
    const thread = new JqThread(1500);
    const never = thread.run('{}', 'last(range(infinite))', []).catch((thrown: Error) => thrown.message);
    const next = thread.run('{"a":1}', '.a', []);
    expect(await never).to.equal('jq: it took longer than 1500 ms');
    expect((await next).trim()).to.equal('1');
  });

  it('sees nothing of the process: no environment', async () => {
    expect(await evaluate('$ENV.PATH', '{}')).to.not.equal(process.env['PATH']);
  });

  it('refuses an empty filter', () => expect(() => jq.expression(' ', {} as never, languageContext())).to.throw(ExpressionSyntaxError));
});
