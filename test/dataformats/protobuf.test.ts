import { expect } from 'chai';
import fc from 'fast-check';
import { parseJson, writeJson } from '../../src/core/conversion/json.ts';
import { protobuf } from '../../src/dataformats/protobuf.ts';
import { exchangeWith } from '../languages/languageContext.ts';
import { failureOf, formatOf, messageOf } from './format.ts';

const shop = `
  syntax = "proto3";
  package shop;
  message Order {
    int64 order_id = 1;
    string note = 2;
    State state = 3;
    repeated double prices = 4;
    map<string, uint64> counts = 5;
    bytes key = 6;
    Order next = 7;
    optional float weight = 8;
    map<int64, bool> flags = 9;
    sint32 shift = 10;
    oneof pay { string card = 11; bool cash = 12; }
  }
  message Other { fixed64 big = 1; }
  enum State { NEW = 0; PAID = 1; }
`;
const simple = 'syntax = "proto3"; message Test1 { int32 a = 1; } message Test2 { string b = 2; } message Test3 { Test1 c = 3; } message Test4 { string d = 4; repeated int32 e = 6; }';

const write = (schema: string, body: unknown, options: object = {}): string => (formatOf(protobuf, { schema, ...options }).marshal(exchangeWith(''), body) as Buffer).toString('hex');
const read = (schema: string, hex: string, options: object = {}): unknown => formatOf(protobuf, { schema, ...options }).unmarshal(exchangeWith(''), Buffer.from(hex, 'hex'));
describe('protobuf', () => {
  // The examples of the encoding guide.
  const vectors: readonly (readonly [type: string, json: string, hex: string])[] = [
    ['Test1', '{"a":150}', '089601'],
    ['Test1', '{"a":-2}', '08feffffffffffffffff01'],
    ['Test2', '{"b":"testing"}', '120774657374696e67'],
    ['Test3', '{"c":{"a":150}}', '1a03089601'],
    ['Test4', '{"d":"hello","e":[1,2,3]}', '220568656c6c6f3203010203'],
  ];
  for (const [instanceClass, json, hex] of vectors) {
    it(`writes and reads ${json}`, () => {
      expect(write(simple, parseJson(json), { instanceClass })).to.equal(hex);
      expect(writeJson(read(simple, hex, { instanceClass }))).to.equal(json);
    });
  }

  it('gives back what it wrote', () => {
    const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((number) => parseJson(String(number)));
    const leaf = fc.record({
      order_id: long,
      note: fc.string({ unit: 'grapheme', minLength: 1 }),
      state: fc.constantFrom('NEW', 'PAID'),
      prices: fc.array(fc.double({ noDefaultInfinity: true, noNaN: true }).filter((number) => !Number.isInteger(number)), { minLength: 1 }),
      counts: fc.dictionary(fc.string({ minLength: 1 }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((number) => parseJson(String(number))), { minKeys: 1 }),
      key: fc.uint8Array({ minLength: 1 }).map((bytes) => Buffer.from(bytes)),
      shift: fc.integer(),
    });
    fc.assert(
      fc.property(leaf, leaf, (outer, next) => {
        const keys = (value: unknown): unknown => JSON.parse(writeJson(value));
        const body = { ...outer, flags: {}, next: { ...next, flags: {} } };
        expect(keys(read(shop, write(shop, body)))).to.deep.equal(keys(body));
      }),
    );
  });

  it('keeps large integers, short floats and keys of 64 bits', () => {
    const body = parseJson('{"order_id":9223372036854775807,"counts":{"c":18446744073709551615},"weight":1.1,"flags":{"-9007199254740993":true},"card":"c"}');
    const json = writeJson(read(shop, write(shop, body)));
    for (const part of ['"order_id":9223372036854775807', '"counts":{"c":18446744073709551615}', '"weight":1.1', '"flags":{"-9007199254740993":true}', '"card":"c"']) expect(json).to.contain(part);
  });

  it('gives fields that can not be absent their defaults, leaves out the others', () => {
    expect(writeJson(read(shop, ''))).to.equal('{"order_id":0,"note":"","state":"NEW","prices":[],"counts":{},"key":"","flags":{},"shift":0}');
    expect(writeJson(read('syntax = "proto2"; message M { optional int32 a = 1 [default = 5]; repeated string b = 2; }', ''))).to.equal('{"b":[]}');
  });

  it('finds the message by its name, by that of its Java class, and takes the first without one', () => {
    for (const instanceClass of ['Other', 'shop.Other', 'org.acme.shop.Protos$Other']) expect(write(shop, { big: 1 }, { instanceClass })).to.equal('090100000000000000');
    expect(write(simple, { a: 150 })).to.equal('089601');
    expect(messageOf(() => write(shop, {}, { instanceClass: 'Nothing' }))).to.equal('the Protobuf schema has no message `Nothing` (it has `shop.Order`, `shop.Other`)');
  });

  it('reads what a schema imports, once, from beside it', () => {
    const resources = {
      'resource:file:a/main.proto': 'syntax = "proto3"; import "part.proto"; import "google/protobuf/timestamp.proto"; message M { Part p = 1; google.protobuf.Timestamp at = 2; }',
      'resource:file:a/part.proto': 'syntax = "proto3"; import "part.proto"; message Part { int32 a = 1; }',
    };
    const format = formatOf(protobuf, { schema: 'resource:file:a/main.proto' }, {}, resources);
    const exchange = exchangeWith('');
    expect((format.marshal(exchange, { p: { a: 150 }, at: { seconds: 1 } }) as Buffer).toString('hex')).to.equal('0a0308960112020801');
    expect(exchange.headers.get('Content-Type')).to.equal('application/octet-stream');
    expect(messageOf(() => write('syntax = "proto3"; import "x.proto"; message M {}', {}))).to.contain('imports `x.proto`');
  });

  it('says which field does not fit the schema', () => {
    expect(messageOf(() => write(shop, { order_id: 'x' }))).to.contain('`order_id` is string').and.to.contain('wants int64');
    expect(messageOf(() => write(shop, { next: { prices: [1, true] } }))).to.contain('`next.prices[1]` is boolean');
    expect(messageOf(() => write(shop, { next: { total: 1 } }))).to.contain('has no field `next.total`; it has order_id');
    expect(messageOf(() => write(shop, { state: 'OLD' }))).to.contain('one of NEW, PAID');
    expect(messageOf(() => write(shop, 'text'))).to.contain('the body is string').and.to.contain('the message Order');
    expect(failureOf(() => write(shop, { shift: 2 ** 31 }))).to.equal('UninitializedMessageException');
    expect(messageOf(() => write('syntax = "proto2"; message M { required int32 a = 1; }', {}))).to.equal('`a` is missing, the Protobuf schema requires it');
    expect(write(shop, { note: null })).to.equal('');
  });

  it('refuses what is cut off, too long or nested too deeply', () => {
    for (const hex of ['08', '12ff', '12ffffffff0f61', '08ffffffffffffffffffffff01', '0b']) expect(failureOf(() => read(shop, hex)), hex).to.equal('InvalidProtocolBufferException');
    let nested = Buffer.alloc(0);
    const parts: Buffer[] = [];
    for (let i = 0, length = 0; i < 20_000; i++) {
      const size: number[] = [];
      for (let rest = length; ; rest >>>= 7) {
        size.push(rest > 127 ? (rest & 127) | 128 : rest);
        if (rest <= 127) break;
      }
      parts.push(Buffer.from([0x3a, ...size]));
      length += 1 + size.length;
    }
    nested = Buffer.concat(parts.reverse());
    expect(failureOf(() => read(shop, nested.toString('hex')))).to.equal('InvalidProtocolBufferException');
  });

  it('ends with a value or an error of its own, whatever the bytes', () => {
    const format = formatOf(protobuf, { schema: shop });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(failureOf(() => format.unmarshal(exchangeWith(''), Buffer.from(bytes)))).to.match(/^(none|InvalidProtocolBufferException)$/);
      }),
      { numRuns: 500 },
    );
  });

  it('says at the start what is wrong with the schema', () => {
    expect(messageOf(() => formatOf(protobuf))).to.contain('needs a schema').and.to.contain('schema: resource:file:');
    expect(messageOf(() => formatOf(protobuf, { schema: 'message {' }))).to.contain('is wrong');
    expect(messageOf(() => formatOf(protobuf, { schema: 'syntax = "proto3"; message M { Missing m = 1; }' }))).to.contain('Missing');
    expect(messageOf(() => formatOf(protobuf, { schema: simple, contentTypeFormat: 'json' }))).to.contain('with `json`');
  });
});
