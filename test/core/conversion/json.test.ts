import { expect } from 'chai';
import fc from 'fast-check';
import type { ExchangeError } from '../../../src/core/errors.ts';
import { compareNumbers, ExactNumber, exactNumber, javaDouble } from '../../../src/core/conversion/exactNumber.ts';
import { jsonText, parseJson, toPlainNumbers, writeJson, writeJsonInTurns } from '../../../src/core/conversion/json.ts';

const thrownBy = (run: () => unknown): ExchangeError => {
  try {
    run();
  } catch (thrown) {
    return thrown as ExchangeError;
  }
  throw new Error('nothing was thrown');
};

describe('JSON', () => {
  it('reads and writes any document', () =>
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(JSON.parse(writeJson(parseJson(text))))).to.equal(text);
      }),
    ));

  it('writes numbers back with the digits that it read', () =>
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt({ min: 0n, max: 10n ** 25n }), (integer, fraction) => {
        const document = `{"a":[${integer},{"b":${integer}.${fraction}1}],"text":"${integer} 5.0"}`;
        expect(writeJson(parseJson(document))).to.equal(document);
      }),
    ));

  it('keeps what JavaScript would round, and whole decimals', () => {
    const value = parseJson('{"id":12345678901234567890,"n":5.0,"m":12.50,"s":"12345678901234567890","d":0.1234567890123456789}') as Record<string, unknown>;
    expect(value['id']).to.be.instanceOf(ExactNumber);
    expect(String(value['id'])).to.equal('12345678901234567890');
    expect(String(value['n'])).to.equal('5.0');
    expect(value['m']).to.equal(12.5);
    expect(value['s']).to.equal('12345678901234567890');
    expect(String(value['d'])).to.equal('0.1234567890123456789');
    expect(parseJson('9007199254740991')).to.equal(9007199254740991);
    expect(String(parseJson('9007199254740993'))).to.equal('9007199254740993');
    expect(String(parseJson('1e5'))).to.equal('100000.0');
  });

  it('gives plain numbers to code that wants them', () => {
    const value = toPlainNumbers(parseJson('{"a":[5.0,{"b":12345678901234567890}],"c":1}'));
    expect(value).to.deep.equal({ a: [5, { b: 12345678901234567890n }], c: 1 });
  });

  it('takes `__proto__` for a key like any other', () => {
    for (const text of ['{"__proto__":{"x":1}}', '{"__proto__":{"x":5.0}}', '{"__proto__":5.0}']) {
      const value = parseJson(text) as Record<string, unknown>;
      expect(Object.hasOwn(value, '__proto__')).to.equal(true);
      expect(Object.getPrototypeOf(value)).to.equal(Object.prototype);
      expect(writeJson(value)).to.equal(text);
    }
    expect(({} as Record<string, unknown>)['x']).to.equal(undefined);
  });

  it('says where a text stops being JSON', () => {
    expect(thrownBy(() => parseJson('{"a":1,\n broken')).type).to.equal('com.fasterxml.jackson.core.JsonParseException');
    expect(thrownBy(() => parseJson('{"a":1,\n broken')).message).to.contain('line 2');
    expect(thrownBy(() => parseJson(' ')).name).to.equal('MismatchedInputException');
    expect(thrownBy(() => parseJson('{12345678901234567890:1}')).name).to.equal('JsonParseException');
    expect(thrownBy(() => parseJson('{"a":012345678901234567890}')).name).to.equal('JsonParseException');
  });

  it('never throws anything but an ExchangeError, whatever the text', () =>
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json().map((text) => text.slice(0, -1)), fc.stringMatching(/^[-+0-9.eE,[\]{}:" ]*$/)), (text) => {
        try {
          parseJson(text);
        } catch (thrown) {
          expect((thrown as ExchangeError).type).to.match(/^com\.fasterxml/);
        }
      }),
    ));

  it('writes what JSON.stringify gets wrong', async () => {
    const bytes = Buffer.from('hi');
    const value = { date: new Date(5), bytes, map: new Map([['k', 1n]]), set: new Set([1]), nan: Number.NaN, none: undefined, exact: new ExactNumber('5.0', 'double') };
    expect(writeJson(value)).to.equal('{"date":5,"bytes":"aGk=","map":{"k":1},"set":[1],"nan":"NaN","exact":5.0}');
    expect(writeJson(null)).to.equal('null');
    expect(writeJson(undefined)).to.equal('null');
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    expect(thrownBy(() => writeJson(cycle)).name).to.equal('JsonMappingException');
    expect(thrownBy(() => writeJsonInTurns(cycle)).name).to.equal('JsonMappingException');
    cycle['list'] = Array(30_000).fill(0);
    const thrown = await Promise.resolve(writeJsonInTurns(cycle)).catch((reason: unknown) => reason);
    expect((thrown as Error).name).to.equal('JsonMappingException');
  });

  it('prints as Jackson does', () => {
    expect(writeJson({ a: 1, b: [1, { c: 2 }], e: {}, f: [] }, { isPretty: true })).to.equal('{\n  "a" : 1,\n  "b" : [ 1, {\n    "c" : 2\n  } ],\n  "e" : { },\n  "f" : [ ]\n}');
  });

  it('leaves out null or empty values on request', () => {
    expect(writeJson({ a: null, b: { c: null }, d: '' }, { skipsNull: true })).to.equal('{"b":{},"d":""}');
    expect(writeJson({ a: null, b: { c: null }, d: '', e: 0 }, { skipsEmpty: true })).to.equal('{"e":0}');
  });

  it('reads UTF-16 bytes', () => {
    expect(jsonText(Buffer.from('{"a":"é"}', 'utf16le'))).to.equal('{"a":"é"}');
    expect(jsonText(Buffer.from('{"a":"é"}', 'utf16le').swap16())).to.equal('{"a":"é"}');
    expect(jsonText(Buffer.from('{"a":"é"}'))).to.equal('{"a":"é"}');
  });
});

describe('exact numbers', () => {
  it('compare like the numbers that they are', () =>
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt(), (a, b) => {
        expect(compareNumbers(exactNumber(String(a)), exactNumber(String(b)))).to.equal(a < b ? -1 : a > b ? 1 : 0);
      }),
    ));

  it('compare with doubles', () => {
    expect(compareNumbers(new ExactNumber('5.0', 'double'), 5)).to.equal(0);
    expect(compareNumbers(new ExactNumber('9007199254740993', 'integer'), 9007199254740992)).to.equal(1);
    expect(compareNumbers(1.5, 2n)).to.equal(-1);
  });

  it('print a whole double with its point', () => {
    expect(String(javaDouble(5))).to.equal('5.0');
    expect(javaDouble(5.5)).to.equal(5.5);
    expect(Number(javaDouble(5)) + 1).to.equal(6);
  });
});
