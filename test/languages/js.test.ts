import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { ExchangeError } from '../../src/core/errors.ts';
import { STOPPED } from '../../src/core/exchange/exchange.ts';
import { ExpressionSyntaxError } from '../../src/core/expression.ts';
import { js } from '../../src/languages/js/definition.ts';
import { evaluate, exchangeWith } from './languageContext.ts';

const run = async (source: string, body: unknown = null): Promise<unknown> => evaluate(js, source, body);
const failure = async (source: string, body: unknown = null): Promise<ExchangeError> => {
  try {
    const value = await run(source, body);
    return expect.fail(`${source} gave ${JSON.stringify(value)}`);
  } catch (thrown) {
    expect(thrown, source).to.be.instanceOf(ExchangeError);
    return thrown as ExchangeError;
  }
};

describe('js', () => {
  it('gives the value of the last statement, whatever its type', async () => {
    expect(await run('1 + 1')).to.equal(2);
    expect(await run('let a = body; let b = `${a}!`; b', 'hi')).to.equal('hi!');
    expect(await run('if (body > 3) { "big" } else { "small" }', 5)).to.equal('big');
    expect(await run('({ a: [1, { b: null }], c: undefined })')).to.deep.equal({ a: [1, { b: null }], c: null });
    expect(await run('undefined')).to.equal(null);
    expect(await run('0 / 0')).to.be.NaN;
    expect(await run('new Date(5)')).to.deep.equal(new Date(5));
    expect(await run('Uint8Array.of(1, 200)')).to.deep.equal(Buffer.from([1, 200]));
    expect(String(await run('9007199254740993n'))).to.equal('9007199254740993');
    expect(await run('(async () => { await null; return body.x; })()', { x: 7 })).to.equal(7);
  });

  it('reads lists and maps in the ways of JavaScript and of Java', async () => {
    const body = { items: [{ n: 1 }, { n: 2 }], get: 'own' };
    expect(await run('body.items.map((item) => item.n)', body)).to.deep.equal([1, 2]);
    expect(await run('[body.items.size(), body.items.get(1).get("n"), body.containsKey("x"), body.get]', body)).to.deep.equal([2, 2, false, 'own']);
    expect(await run('Object.keys(body)', body)).to.deep.equal(['items', 'get']);
    expect(await run('body[1]', Buffer.from([1, 200]))).to.equal(-56);
  });

  it('sees headers by any case, properties, variables and the exchange', async () => {
    const exchange = exchangeWith('b', { Kind: 'x' });
    exchange.properties.set('p', [1]);
    exchange.setVariable('v', { w: 2 });
    const source = '[headers.kind, headers.get("KIND"), headers["none"], "kind" in headers, properties.p[0], variables.v.w, exchange.getProperty("q", "d"), message.getHeader("Kind"), exchange.in.body, exchangeId === exchange.getExchangeId(), exchange.getPattern()]';
    expect(await run(source, exchange)).to.deep.equal(['x', 'x', null, true, 1, 2, 'd', 'x', 'b', true, 'InOnly']);
  });

  it('changes the message, headers, properties and variables', async () => {
    const exchange = exchangeWith({ list: [1] }, { a: 1, gone: 1 });
    const source = `
      headers.put('b', { c: [1, 2] });
      headers.a = headers.a + 1;
      delete headers.gone;
      exchange.setProperty('p', 'x');
      exchange.setVariable('global:v', 3);
      body.list.push(2);
      exchange.setRouteStop(true);
      'done'`;
    expect(await run(source, exchange)).to.equal('done');
    expect({ ...exchange.headers.toObject() }).to.deep.equal({ a: 2, b: { c: [1, 2] } });
    expect(exchange.property('p')).to.equal('x');
    expect(exchange.variable('global:v')).to.equal(3);
    expect(exchange.body).to.deep.equal({ list: [1, 2] });
    expect(exchange.halt & STOPPED).to.equal(STOPPED);
    await run('message.setBody("new"); message.removeHeader("A"); body', exchange);
    expect(exchange.body).to.equal('new');
    expect(exchange.headers.get('a')).to.equal(undefined);
  });

  it('leaves nothing behind for the next message', async () => {
    const expression = js.expression('typeof leaked === "undefined" ? (leaked = 1, globalThis.other = 2, body = 5, "clean") : "dirty"', {} as never, undefined as never);
    expect([await expression(exchangeWith(1)), await expression(exchangeWith(2))]).to.deep.equal(['clean', 'clean']);
    const looping = js.expression('typeof item === "undefined" ? [() => { for (item of [1]); }, () => { for (key in { a: 1 }); }].map((run) => run()).length : "dirty"', {} as never, undefined as never);
    expect([await looping(exchangeWith(1)), await looping(exchangeWith(2))]).to.deep.equal([2, 2]);
    const declaring = js.expression('let a = 1; var b = 2; function f() { return a + b; } f() + body', {} as never, undefined as never);
    expect([await declaring(exchangeWith(1)), await declaring(exchangeWith(2))]).to.deep.equal([4, 5]);
  });

  it('leaves what JavaScript brings as it was, whatever a script did to it', async () => {
    for (const source of [
      'Array.prototype.last === undefined ? (Array.prototype.last = function () { return 1; }, "clean") : "dirty"',
      'Math.own === undefined ? (Math.own = 1, "clean") : "dirty"',
      'const old = Object.prototype.own; Object.defineProperty(Object.prototype, "own", { value: 1 }); old === undefined ? "clean" : "dirty"',
      '"".own === undefined ? (String["prototype"].own = 1, "clean") : "dirty"',
      '[].own === undefined ? ([].__proto__.own = 1, "clean") : "dirty"',
      '[].own === undefined ? ([].constructor.prototype.own = 1, "clean") : "dirty"',
      '[].own === undefined ? (Object.getPrototypeOf([]).own += 1, "clean") : "dirty"',
      'Math.own === undefined ? (Math.own ??= 1, "clean") : "dirty"',
      'Math.own === undefined ? (Math.own++, "clean") : "dirty"',
      'JSON.own === undefined ? (Object.assign(JSON, { own: 1 }), "clean") : "dirty"',
    ]) {
      const expression = js.expression(source, {} as never, undefined as never);
      expect([await expression(exchangeWith(1)), await expression(exchangeWith(2))], source).to.deep.equal(['clean', 'clean']);
    }
  });

  it('gives what an evaluation of the whole text gives, whether it can be compiled once or not', async () => {
    const sources = [
      ...['1 + 1;', '1; 2', '1;;', 'var a = 3; a * 2', '"a;b"', '`a;${1 + 1};b`', '"//;" + 1', 'let s = "x;y"; s.length', '/a;b/.test("a;b")', 'let r = /;/; "a;b".split(r).length'],
      ...['{ a: 1 }', '({ a: 1 })', '1 // ; 2', '1 /* ; */ + 2', 'var x = 1\n; x\n', 'if (true) { 5 } else { 6 }', 'for (let i = 0; i < 3; i++) i', 'let body2 = 1; let t = body2 + 1; t', 'let n = 0; n++; n'],
      ...['"use strict"; 1', 'let headers = { a: 1 }; headers.a', 'let a = 1, b = 2; a, b', 'function f() { return 1; } f()', '(() => { return 4; })()', 'let f = () => { return 4; }; f()', 'try { throw 1 } catch (e) { e + 1 }', 'const c = 1; ({ c }).c'],
    ];
    for (const source of sources) {
      const wanted: unknown = runInNewContext(source);
      expect(await js.expression(source, {} as never, undefined as never)(exchangeWith(null)), source).to.deep.equal(JSON.parse(JSON.stringify(wanted ?? null)));
    }
  });

  it('can not reach the process', async () => {
    expect(await run('[typeof process, typeof require, typeof module, typeof fetch, typeof setTimeout, typeof WebAssembly, typeof Java]')).to.deep.equal(Array(7).fill('undefined'));
    expect(await run('body.constructor.constructor("return typeof process")()', 'x')).to.equal('undefined');
    await failure('import("node:fs")');
    expect(await run('globalThis.constructor === Object || Object.keys(globalThis).includes("host")')).to.equal(true);
  });

  it('stops a script that does not end, and the next ones run', async () => {
    for (const source of ['for (;;);', '/^(a+)+$/.test("a".repeat(40) + "!")', 'try { for (;;); } catch { } finally { for (;;); }', '(async () => { for (;;) await null; })()']) {
      const error = await failure(source);
      expect(error.type, source).to.equal('java.util.concurrent.TimeoutException');
    }
    expect(await run('1')).to.equal(1);
  }).timeout(20_000);

  it('stops, or refuses, what the interpreter itself would not interrupt', async () => {
    const refused = [
      ['const a = []; a.length = 4e9; a.indexOf(1)', 'RangeError: a list longer than 10000000 is too long for this'],
      ['Array.prototype.some.call({ length: 2 ** 53 - 1 }, () => false)', 'RangeError: a list longer than 10000000 is too long for this'],
      ['const a = []; a[4e9] = 1; a + ""', 'RangeError: a list longer than 10000000 is too long for this'],
      ['("a".repeat(5e5) + "b").indexOf("a".repeat(2e5) + "c")', 'RangeError: a text of 200001 letters is too long to be looked for in one of 500001'],
      ['"a".repeat(5e5).split("a".repeat(2e5) + "c")', 'RangeError: a text of 200001 letters is too long to be looked for in one of 500000'],
      ['let a = 3n ** 600000n; a.toString() + a + `${a}` + a', 'js: not done after 1000 ms'],
    ];
    for (const [source, message] of refused) {
      const start = performance.now();
      expect((await failure(source!)).message, source).to.equal(message);
      expect(performance.now() - start, source).to.be.below(10_000);
    }
    expect((await failure('body', BigInt(`1${'0'.repeat(20_000)}`))).message).to.equal('js: an integer of 20001 digits is longer than 10000');
    // The interpreter is a new one, for all scripts.
    expect(await run('[3, 1, 2].sort().concat(["abc".indexOf("c"), "a,b".split(",").length])')).to.deep.equal([1, 2, 3, 2, 2]);
  }).timeout(60_000);

  it('stops a script that wants too much memory or stack', async () => {
    expect((await failure('const a = []; for (;;) a.push(new Array(1000).fill("x"))')).message).to.match(/out of memory|not done/);
    expect((await failure('(function f() { return f() + 1; })()')).message).to.contain('stack overflow');
    expect((await failure('"x".repeat(1e9)')).message).to.contain('out of memory');
    expect((await failure('const o = {}; o.o = o; o')).message).to.match(/stack overflow/);
    expect(await run('1')).to.equal(1);
  }).timeout(20_000);

  it('fails the exchange with what the script throws', async () => {
    expect((await failure('throw new TypeError("boom")')).message).to.equal('TypeError: boom');
    expect((await failure('throw "plain"')).message).to.equal('plain');
    expect((await failure('nosuch.x')).message).to.contain('nosuch');
    expect((await failure('(async () => { throw new Error("late"); })()')).message).to.equal('Error: late');
    expect((await failure('new Promise(() => {})')).message).to.contain('nothing settles');
    expect((await failure('message.getBody("java.lang.Integer")', 'x')).type).to.equal('org.apache.camel.TypeConversionException');
  });

  it('says where a script is wrong when the route is loaded', () => {
    const wrong = (source: string): ExpressionSyntaxError => {
      try {
        js.expression(source, {} as never, undefined as never);
        return expect.fail('compiled');
      } catch (thrown) {
        expect(thrown).to.be.instanceOf(ExpressionSyntaxError);
        return thrown as ExpressionSyntaxError;
      }
    };
    expect(wrong('let a = ;').offset).to.equal(8);
    expect(wrong('let a = 1;\nlet b = a +* 2;').offset).to.equal(22);
  });
});
