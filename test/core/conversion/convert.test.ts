import { expect } from 'chai';
import fc from 'fast-check';
import { convertTo, isConvertibleType, toText } from '../../../src/core/conversion/convert.ts';
import type { ExchangeError } from '../../../src/core/errors.ts';

const asText = (value: unknown, type: string): string => {
  try {
    const converted = convertTo(value, type);
    return Buffer.isBuffer(converted) ? `bytes ${converted.toString()}` : `${typeof converted} ${toText(converted)}`;
  } catch (thrown) {
    const { name, cause } = thrown as ExchangeError;
    return cause === undefined ? name : `${name} < ${(cause as ExchangeError).name}`;
  }
};

const none = 'NoTypeConversionAvailableException';
const badNumber = 'TypeConversionException < NumberFormatException';

describe('conversion to the types that YAML names', () => {
  const table: Record<string, [unknown, string][]> = {
    String: [[12.7, 'string 12.7'], [{ a: 1, b: [1, null] }, 'string {a=1, b=[1, null]}'], [Buffer.from('é'), 'string é'], [null, 'object null']],
    'byte[]': [['é', 'bytes é'], [12, none], [{}, none], [true, none]],
    Integer: [['12', 'number 12'], [12.7, 'number 12'], [' 5 ', badNumber], ['12a', badNumber], ['', badNumber], [true, none], [[1], none], ['3000000000', badNumber]],
    'java.lang.Long': [['3000000000', 'number 3000000000'], ['9007199254740993', 'object 9007199254740993'], ['9223372036854775808', badNumber]],
    Double: [['12', 'object 12.0'], [12, 'object 12.0'], [' 5 ', 'object 5.0'], ['12.7', 'number 12.7'], ['1e3', 'object 1000.0'], ['abc', badNumber], [{}, none]],
    'java.math.BigInteger': [['12345678901234567890', 'object 12345678901234567890'], [12.7, 'number 12'], ['12.7', badNumber], [{}, 'object null']],
    'java.lang.Number': [['12', 'number 12'], ['12.7', 'number 12.7'], ['abc', badNumber]],
    Boolean: [['TRUE', 'boolean true'], [12, 'boolean true'], [-1, 'boolean false'], ['12', none], [12.7, none]],
    boolean: [['12', 'TypeConversionException < IllegalArgumentException'], ['false', 'boolean false']],
    'java.util.Map': [[{ a: 1 }, 'object {a=1}'], ['{"a":1}', none]],
    'java.util.List': [[[1], 'object [1]'], ['a', none], [Buffer.from('x'), 'object [120]']],
    'java.io.InputStream': [['a', 'bytes a'], [12, none]],
    'com.fasterxml.jackson.databind.JsonNode': [['{"a":1}', 'object {\n  "a" : 1\n}'], ['abc', 'TypeConversionException < JsonParseException']],
    'java.util.Date': [['x', none]],
    'java.io.File': [['x', none]],
  };
  for (const [type, rows] of Object.entries(table)) {
    it(`to ${type}`, () => {
      for (const [value, expected] of rows) expect(asText(value, type), `${toText(value)}`).to.equal(expected);
    });
  }

  it('knows which class names can be converted to at all', () => {
    expect(isConvertibleType('int')).to.equal(true);
    expect(isConvertibleType('java.util.UUID')).to.equal(true);
    expect(isConvertibleType('com.acme.X')).to.equal(false);
    expect(isConvertibleType('Object')).to.equal(false);
  });

  it('prints a document with a key `toString`', () => {
    expect(toText({ toString: 1 })).to.equal('{toString=1}');
  });

  it('never throws anything but a conversion error', () =>
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true }), fc.constantFrom(...Object.keys(table)), (value, type) => {
        expect(asText(value, type)).to.be.a('string');
      }),
    ));
});
