import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import type { ExchangeError } from '../../../src/core/errors.ts';
import { ExpressionSyntaxError } from '../../../src/core/expression.ts';
import { writeJson } from '../../../src/core/conversion/json.ts';
import { easyPredicate, jsonpath } from '../../../src/languages/jsonpath/definition.ts';
import { compilePath } from '../../../src/languages/jsonpath/evaluate.ts';
import { parsePath } from '../../../src/languages/jsonpath/parser.ts';
import { evaluate, exchangeWith, languageContext } from '../languageContext.ts';

interface Answers {
  readonly document: unknown;
  /** Path and Camel's answer. */
  readonly answers: readonly (readonly [string, { readonly gives?: unknown; readonly fails?: string }])[];
}

const { document, answers } = JSON.parse(readFileSync(new URL('answers.json', import.meta.url), 'utf8')) as Answers;

const defaults = { suppressExceptions: false, allowSimple: true, allowEasyPredicate: true, writeAsString: false, unpackArray: false };

const read = (source: string, body: unknown, options: object = {}): unknown => evaluate(jsonpath, source, body, { ...defaults, ...options });

const plain = (value: unknown): unknown => JSON.parse(writeJson(value));

const failure = (run: () => unknown): ExchangeError => {
  try {
    run();
  } catch (thrown) {
    return thrown as ExchangeError;
  }
  throw new Error('nothing was thrown');
};

describe('jsonpath', () => {
  const text = JSON.stringify(document);
  for (const [path, { gives, fails }] of answers) {
    it(fails === undefined ? `${path} gives what Camel gives` : `${path} fails with ${fails}`, () => {
      if (fails === undefined) expect(plain(read(path, text))).to.deep.equal(gives);
      else {
        const error = failure(() => read(path, text));
        expect(error.type).to.equal('org.apache.camel.ExpressionEvaluationException');
        expect((error.cause as ExchangeError).name).to.equal(fails);
      }
    });
  }

  const body = '{"o":{"a":1,"b":{"c":"x"}},"s":"text","l":[{"x":1},{"x":2},{"z":3}],"names":["a","b"]}';

  it('has the options of the path engine', () => {
    expect(read('$.s', body, { option: 'ALWAYS_RETURN_LIST' })).to.deep.equal(['text']);
    expect(read('$.l[*].x', body, { option: 'AS_PATH_LIST' })).to.deep.equal(["$['l'][0]['x']", "$['l'][1]['x']"]);
    expect(failure(() => read('$.l[*].y', body, { option: 'REQUIRE_PROPERTIES' })).message).to.contain('PathNotFoundException');
    expect(read('$.l[*].y', body, { option: 'DEFAULT_PATH_LEAF_TO_NULL' })).to.deep.equal([null, null, null]);
    expect(read('$.nope.x', body, { suppressExceptions: true })).to.equal(null);
    expect(read('$.nope[*].y', body, { option: 'SUPPRESS_EXCEPTIONS' })).to.deep.equal([]);
    expect(() => read('$.s', body, { option: 'NOPE' })).to.throw(ExpressionSyntaxError);
  });

  it('writes results as JSON text', () => {
    expect(read('$.l', body, { writeAsString: true })).to.deep.equal(['{"x":1}', '{"x":2}', '{"z":3}']);
    expect(read('$.s', body, { writeAsString: true })).to.equal('"text"');
    expect({ ...(read('$.o', body, { writeAsString: true }) as object) }).to.deep.equal({ a: '1', b: '{"c":"x"}' });
    expect(read('$.l[?(@.x == 2)].x', body, { unpackArray: true })).to.equal(2);
    expect(read('$.l[?(@.x == 2)].x', body, { resultType: 'String' })).to.equal(2);
    expect(read('$.l[?(@.x == 2)].x', body, { resultType: 'java.util.List' })).to.deep.equal([2]);
  });

  it('reads bytes, maps and other sources', () => {
    expect(read('$.a', Buffer.from('{"a":1}'))).to.equal(1);
    expect(read('$.a.b', { a: { b: 3 } })).to.equal(3);
    const exchange = exchangeWith('x', { json: '{"h":5}' });
    exchange.setVariable('v', { h: 6 });
    expect(read('$.h', exchange, { source: 'header:json' })).to.equal(5);
    expect(read('$.h', exchange, { source: 'v' })).to.equal(6);
  });

  it('refuses what is no JSON, and null unless exceptions are suppressed', () => {
    expect((failure(() => read('$.a', 'not json')).cause as ExchangeError).name).to.equal('InvalidJsonException');
    expect((failure(() => read('$.a', '')).cause as ExchangeError).name).to.equal('IllegalArgumentException');
    expect((failure(() => read('$.a', null)).cause as ExchangeError).name).to.equal('CamelExchangeException');
    expect(read('$.a', null, { suppressExceptions: true })).to.equal(null);
  });

  it('fills in Simple functions for each message', () => {
    expect(read('$.l[?(@.x < ${header.max})].x', exchangeWith(body, { max: '2' }))).to.deep.equal([1]);
    expect(failure(() => read('$.l[?(@.x < ${header.max})].x', exchangeWith(body, { max: '2' }), { allowSimple: false })).message).to.contain('InvalidPath');
  });

  it('takes easy predicates', () => {
    const matches = (source: string): boolean => jsonpath.predicate!(source, defaults as never, languageContext())(exchangeWith(body));
    expect(easyPredicate('store.book.price < 10')).to.equal('$.store.book[?(@.price < 10)]');
    expect(easyPredicate('price in [1, 2]')).to.equal('$.*[?(@.price in [1, 2])]');
    expect(easyPredicate('$.a')).to.equal('$.a');
    expect(matches('l.x > 1')).to.equal(true);
    expect(matches('l.x > 2')).to.equal(false);
    expect(matches("s == 'text'")).to.equal(false);
    expect(matches('x > 1')).to.equal(true);
    expect(easyPredicate('l.x contains 1')).to.equal('l.x contains 1');
    expect(matches('$.l[?(@.x > 5)]')).to.equal(false);
  });

  it('parses one text once for paths to plain values, and never shares what may be changed', () => {
    const first = read('$.l', body) as { x: number }[];
    first[0]!.x = 99;
    expect(read('$.l[0].x', body)).to.equal(1);
    expect(read('$.s', body)).to.equal('text');
    const second = read('$.l', body) as { x: number }[];
    second[0]!.x = 98;
    expect(read('$.l[0].x', body)).to.equal(1);
  });

  it('says where a path is wrong', () => {
    const offset = (source: string): number => {
      try {
        parsePath(source);
      } catch (thrown) {
        return (thrown as ExpressionSyntaxError).offset;
      }
      return -1;
    };
    expect(offset('$.a[?(@.b <)]')).to.equal(11);
    expect(offset('a.nosuch()')).to.equal(2);
  });

  it('never fails but with a syntax error, whatever the path', () =>
    fc.assert(
      fc.property(fc.stringMatching(/^[$@.[\]*?()'"=<>!&|a-c0-2:,\s/-]{0,30}$/), (source) => {
        try {
          compilePath(parsePath(source))(document);
        } catch (thrown) {
          const { name } = thrown as Error;
          expect(name).to.match(/^(ExpressionSyntaxError|PathNotFoundException|InvalidPathException|JsonPathException)$/);
        }
      }),
      { numRuns: 1000 },
    ));

  it('finds every value by the path that it gives for it', () =>
    fc.assert(
      fc.property(fc.object({ key: fc.stringMatching(/^[a-z]{1,4}$/), values: [fc.integer(), fc.string()], maxDepth: 3 }), (value) => {
        const options = { leafToNull: false, alwaysList: true, asPaths: true, suppresses: true, requires: false };
        const paths = compilePath(parsePath('$..*'), options)(value) as string[];
        const values = compilePath(parsePath('$..*'))(value) as unknown[];
        expect(paths.map((path) => compilePath(parsePath(path))(value))).to.deep.equal(values);
      }),
    ));
});
