import { Readable } from 'node:stream';
import { expect } from 'chai';
import { ExchangeError } from '../../../src/core/errors.ts';
import { ExpressionSyntaxError } from '../../../src/core/expression.ts';
import { jsonata } from '../../../src/languages/jsonata/definition.ts';
import { evaluate, exchangeWith } from '../languageContext.ts';

const query = async (source: string, body: unknown, options: object = {}): Promise<unknown> => evaluate(jsonata, source, body, options);

describe('jsonata', () => {
  it('reads maps, texts, bytes and streams', async () => {
    const document = '{"items":[{"price":1},{"price":2}]}';
    for (const body of [document, Buffer.from(document), JSON.parse(document) as unknown, Readable.from([Buffer.from(document)])]) {
      expect(await query('$sum(items.price)', body)).to.equal(3);
    }
  });

  it('gives null for nothing, and plain lists', async () => {
    expect(await query('nosuch', {})).to.equal(null);
    expect(JSON.stringify(await query('items.price', { items: [{ price: 1 }, { price: 2 }] }))).to.equal('[1,2]');
    expect(await query('price * 2', '{"price":5.0}')).to.equal(10);
  });

  it('sees headers, properties and variables', async () => {
    const exchange = exchangeWith({ a: 1 }, { h: 'x' });
    exchange.setVariable('v', { w: 2 });
    expect(await query('$headers.h & $variables.v.w & a', exchange)).to.equal('x21');
    expect(await query('w', exchange, { source: 'variable:v' })).to.equal(2);
  });

  it('says where a query is wrong', () => {
    try {
      evaluate(jsonata, 'a + ]', {});
      expect.fail('compiled');
    } catch (thrown) {
      expect(thrown).to.be.instanceOf(ExpressionSyntaxError);
      expect((thrown as ExpressionSyntaxError).offset).to.equal(4);
    }
  });

  it('fails the exchange when the query fails, and stops one that does not end', async () => {
    for (const source of ['$number("x")', '($f := function($n) { 1 + $f($n + 1) }; $f(1))', '($f := function($n) { $f($n + 1) }; $f(1))']) {
      const thrown = await query(source, {}).catch((error: unknown) => error);
      expect(thrown, source).to.be.instanceOf(ExchangeError);
    }
  }).timeout(10_000);

  it('gives what it can give at once without a promise, also where a query has functions of its own', () => {
    const order = { id: 'o-1', lines: [{ sku: 'a', price: 2, quantity: 3 }, { sku: 'b', price: 10, quantity: 1 }] };
    const asked: readonly (readonly [string, unknown])[] = [
      ['$sum(lines.(price * quantity))', 16],
      ['lines[price > 5].sku', 'b'],
      ['lines[sku ~> /^A/i].quantity', 3],
      ['lines ~> $map(function($line, $at) { $at & ":" & $uppercase($line.sku) })', ['0:A', '1:B']],
      ['($of := function($line) { $line.price * $line.quantity }; lines.{ "sku": sku, "total": $of($) })', [{ sku: 'a', total: 6 }, { sku: 'b', total: 10 }]],
      ['lines^(>price).sku', ['b', 'a']],
      ['lines{sku: price}', { a: 2, b: 10 }],
      ['lines[0].sku[]', ['a']],
      ['{ "from": $headers.region, "missing": nosuch }', { from: 'EU' }],
      ['($of := function($n) { $n <= 1 ? 1 : $n * $of($n - 1) }; $of(5))', 120],
    ];
    for (const [source, gives] of asked) {
      const result = evaluate(jsonata, source, exchangeWith(order, { region: 'EU' }));
      expect(result, source).not.to.be.instanceOf(Promise);
      expect(JSON.stringify(result), source).to.equal(JSON.stringify(gives));
    }
  });

  it('fails with what the library says, wherever the query was evaluated', async () => {
    const failed = async (source: string): Promise<unknown> => {
      try {
        return await query(source, { a: 'x', list: [1, 2] });
      } catch (thrown) {
        return (thrown as Error).message;
      }
    };
    expect(await failed('a + 1')).to.equal('The left side of the "+" operator must evaluate to a number (T2001 at 3)');
    expect(await failed('$sum(a)')).to.equal('Argument 1 of function "sum" must be an array of "numbers" (T0412 at 5)');
    expect(await failed('$map(list, function($n) { $uppercase($n) })')).to.equal('Argument 1 of function "uppercase" does not match function signature (T0410 at 5)');
  });

  it('ends a query that goes over a document again and again', async () => {
    const document = { items: Array.from({ length: 20_000 }, (_, id) => ({ id })) };
    const begun = performance.now();
    const failed = await Promise.resolve()
      .then(() => query('$count(items[$count($$.items[id > 0]) > 0])', document))
      .catch((error: unknown) => error);
    expect((failed as ExchangeError).message).to.equal('jsonata: not done after 1000 ms');
    expect(performance.now() - begun).to.be.below(10_000);
  }).timeout(20_000);

  it('lets others have their turn while it goes through a large document, and gives the same', async () => {
    // The longer the document, the longer it may take.
    const document = { items: Array.from({ length: 6000 }, (_, i) => ({ id: i, price: i % 10 })), more: 'x'.repeat(8_000_000) };
    let turns = 0;
    let isDone = false;
    const count = (): void => {
      turns++;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    const sum = await query('$sum(items#$at[$at >= 0 and price > 5].price)', JSON.stringify(document));
    isDone = true;
    expect(sum).to.equal(document.items.filter(({ price }) => price > 5).reduce((total, { price }) => total + price, 0));
    expect(turns).to.be.above(3);
  }).timeout(20_000);

  it('ends functions of the library that take too long, and others have their turn', async () => {
    const numbers = JSON.stringify(Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 299_993));
    const text = JSON.stringify('ab '.repeat(3_000_000));
    expect(await evaluate(jsonata, '[$count($distinct($)), $max($), $min($), $sort($)[1], $sort($)[-1]]', numbers)).to.deep.equal([299_993, 299_992, 0, 0, 299_992]);
    expect(await evaluate(jsonata, '$length($)', text)).to.equal(9_000_000);
    expect(await evaluate(jsonata, '$length($pad("", 100000, "😀a"))', null)).to.equal(100_000);
    const late: readonly (readonly [string, unknown, string | RegExp])[] = [
      ['$count($distinct([1..100000].{"a": $}))', null, /^jsonata: (?:\$distinct was )?not done after 1000 ms$/],
      ['$join($map([1..5000000], $string))', null, 'jsonata: not done after 1000 ms'],
      ['$length($replace($, /a/, "bb"))', JSON.stringify('ab '.repeat(12_000_000)), /^jsonata: (?:not all matches of a were found after 1000 ms|\$replace was not done after \d+ ms)$/],
    ];
    for (const [query, body, message] of late) {
      const start = performance.now();
      const failed = await Promise.resolve(evaluate(jsonata, query, body)).then(() => 'done', (thrown: Error) => thrown.message);
      if (typeof message === 'string') expect(failed, query).to.equal(message);
      else expect(failed, query).to.match(message);
      expect(performance.now() - start, query).to.be.below(10_000);
    }
  }).timeout(60_000);
});
