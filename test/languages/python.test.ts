import { expect } from 'chai';
import { parseXml, XmlNodeList } from '../../src/core/conversion/xml.ts';
import { ExchangeError } from '../../src/core/errors.ts';
import { python } from '../../src/languages/python.ts';
import { evaluate, exchangeWith } from './languageContext.ts';

const run = async (source: string, body: unknown = null): Promise<unknown> => evaluate(python, source, body);
const failure = async (source: string, body: unknown = null): Promise<string> => {
  try {
    return expect.fail(`${source} gave ${String(await run(source, body))}`);
  } catch (thrown) {
    expect(thrown, source).to.be.instanceOf(ExchangeError);
    const { message, cause } = thrown as ExchangeError;
    return cause === undefined ? message : (cause as Error).message;
  }
};

describe('python', () => {
  it('gives the text of an expression, and None for statements', async () => {
    expect(await run('body * 2 + 1', 3)).to.equal('7');
    expect(await run("', '.join(sorted(body['tags']))", { tags: ['b', 'ä'] })).to.equal('b, ä');
    expect(await run('12345678901234567890 * 10')).to.equal('123456789012345678900');
    expect(await run('x = 1\nx + 1')).to.equal('None');
    expect(await run('body', Buffer.from('text'))).to.equal('text');
    const { root } = parseXml('<a><b>x</b></a>');
    expect(await run('body', root)).to.equal('<a><b>x</b></a>');
    expect(await run('body.upper()', XmlNodeList.from(root.children))).to.equal('<B>X</B>');
    expect(await run('body')).to.equal('None');
  });

  it('sees headers by any case, properties, variables and the exchange, and changes them', async () => {
    const exchange = exchangeWith('b', { Kind: 'x', gone: 1 });
    exchange.properties.set('p', [1]);
    exchange.setVariable('v', { w: 2 });
    const source = [
      "message.body = message.getBody() + headers['kind'] + str(exchange.getProperty('p')[0]) + str(exchange.getVariable('v')['w']) + str(exchange.getExchangeId() == exchangeId)",
      "headers.remove('GONE')",
      "exchange.setProperty('q', {'a': (1, None)})",
      "exchange.setVariable('w', 1.5)",
    ].join('\n');
    await evaluate(python, source, exchange);
    expect(exchange.body).to.equal('bx12True');
    expect(exchange.headers.toObject()).to.deep.equal({ Kind: 'x' });
    expect(exchange.properties.get('q')).to.deep.equal({ a: [1, null] });
    expect(exchange.variable('w')).to.equal(1.5);
  });

  it('says what Python says is wrong, and changes nothing then', async () => {
    expect(await failure('nope')).to.match(/^NameError: .*nope/);
    expect(await failure('1 +')).to.contain('SyntaxError');
    const exchange = exchangeWith('b', {});
    let message = '';
    try {
      await evaluate(python, "message.setHeader('a', 1)\n1 / 0", exchange);
    } catch (thrown) {
      message = (thrown as Error).message;
    }
    expect(message).to.match(/^Illegal syntax: message\.setHeader/);
    expect(exchange.headers.toObject()).to.deep.equal({});
  });

  it('reaches neither the process, nor its files, nor JavaScript', async () => {
    expect(await failure('import js\njs.process')).to.contain('JavaScript');
    expect(await failure("import js\njs.eval('1')")).to.contain('JavaScript');
    expect(await failure('import js\njs.x = 1')).to.contain('JavaScript');
    expect(await failure("import jsffi\njsffi.to_js({}).constructor.constructor('return process')()")).to.contain('JavaScript');
    expect(await failure(`open('${process.execPath}').read()`)).to.contain('OSError');
    expect(await failure("open('/etc/passwd').read()")).to.contain('OSError');
    expect(await run("open('/dev/stdin').read()")).to.equal('');
    expect(await run('body', 'still there')).to.equal('still there');
  });

  it('is ended when it runs for ever, or wants too much memory, and the next one runs', async () => {
    expect(await failure('while True: pass')).to.equal('python: the script took longer than 5000 ms');
    expect(await failure("x = 'a' * 1000\nwhile True: x = x + x")).to.contain('MemoryError');
    expect(await run('1 + 1')).to.equal('2');
  });
});
