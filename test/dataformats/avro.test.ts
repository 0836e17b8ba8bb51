import { expect } from 'chai';
import fc from 'fast-check';
import { parseJson, writeJson } from '../../src/core/conversion/json.ts';
import { avro } from '../../src/dataformats/avro.ts';
import { exchangeWith } from '../languages/languageContext.ts';
import { failureOf, formatOf, messageOf } from './format.ts';

const formatFor = (schema: unknown) => formatOf(avro, { schema: typeof schema === 'string' ? schema : JSON.stringify(schema) });
const write = (schema: unknown, body: unknown): string => (formatFor(schema).marshal(exchangeWith(''), body) as Buffer).toString('hex');
const read = (schema: unknown, hex: string): unknown => formatFor(schema).unmarshal(exchangeWith(''), Buffer.from(hex, 'hex'));
const order = {
  type: 'record',
  name: 'shop.Order',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'note', type: ['null', 'string'], default: null },
    { name: 'state', type: { type: 'enum', name: 'State', symbols: ['NEW', 'PAID'] } },
    { name: 'prices', type: { type: 'array', items: 'double' } },
    { name: 'tags', type: { type: 'map', values: ['int', 'long', 'string', 'boolean'] } },
    { name: 'key', type: { type: 'fixed', name: 'Key', size: 2 } },
    { name: 'next', type: ['null', 'Order'], default: null },
  ],
};

describe('avro', () => {
  // The examples of the specification.
  const vectors: readonly (readonly [schema: unknown, json: string, hex: string])[] = [
    ['null', 'null', ''],
    ['boolean', 'true', '01'],
    ['long', '0', '00'],
    ['long', '-1', '01'],
    ['long', '1', '02'],
    ['int', '-64', '7f'],
    ['int', '64', '8001'],
    ['long', '9223372036854775807', 'feffffffffffffffff01'],
    ['long', '-9223372036854775808', 'ffffffffffffffffff01'],
    ['float', '1.1', 'cdcc8c3f'],
    ['double', '5.0', '0000000000001440'],
    ['string', '"foo"', '06666f6f'],
    [{ type: 'array', items: 'long' }, '[3,27]', '04063600'],
    [['null', 'string'], 'null', '00'],
    [['null', 'string'], '"a"', '020261'],
    [{ type: 'record', name: 'test', fields: [{ name: 'a', type: 'long' }, { name: 'b', type: 'string' }] }, '{"a":27,"b":"foo"}', '3606666f6f'],
    [{ type: 'map', values: 'int' }, '{"k":1}', '02026b0200'],
  ];
  for (const [schema, json, hex] of vectors) {
    it(`writes and reads ${json} by ${JSON.stringify(schema)}`, () => {
      expect(write(schema, parseJson(json))).to.equal(hex);
      expect(writeJson(read(schema, hex))).to.equal(json);
    });
  }

  it('gives back what it wrote', () => {
    const value = fc.record({
      id: fc.integer(),
      note: fc.option(fc.string({ unit: 'grapheme' })),
      state: fc.constantFrom('NEW', 'PAID'),
      prices: fc.array(fc.double({ noDefaultInfinity: true, noNaN: true }).filter((number) => !Number.isInteger(number))),
      tags: fc.dictionary(fc.string(), fc.oneof(fc.integer(), fc.constant(2 ** 40), fc.string(), fc.boolean())),
      key: fc.uint8Array({ minLength: 2, maxLength: 2 }).map((bytes) => Buffer.from(bytes)),
    });
    fc.assert(
      fc.property(value, value, (outer, inner) => {
        const body = { ...outer, next: { ...inner, next: null } };
        expect(writeJson(read(order, write(order, body)))).to.equal(writeJson(body));
      }),
    );
  });

  it('reads lists in blocks with their size, as others write them', () => {
    expect(read({ type: 'array', items: 'long' }, '03040636020800')).to.deep.equal([3, 27, 4]);
  });

  it('says which field does not fit the schema', () => {
    const body = { id: 1, state: 'NEW', prices: [1.5], tags: {}, key: Buffer.from('ab') };
    expect(write(order, body)).to.equal('02000002000000000000f83f0000616200');
    expect(messageOf(() => write(order, { ...body, prices: [1.5, 'x'] }))).to.match(/`prices\[1\]` is string .*x.*, the Avro schema wants double/);
    expect(messageOf(() => write(order, { ...body, next: { ...body, state: 'OLD' } }))).to.contain('`next.state` is').and.to.contain('wants enum');
    expect(messageOf(() => write(order, { ...body, tags: { t: [] } }))).to.contain('`tags.t` is').and.to.contain('one of int, long, string, boolean');
    expect(messageOf(() => write(order, { id: 1 }))).to.equal('`state` is missing, the Avro schema has no default for it');
    expect(messageOf(() => write(order, '{}'))).to.contain('the body is string').and.to.contain('the record shop.Order');
    expect(failureOf(() => write('long', 2n ** 63n))).to.equal('AvroTypeException');
    expect(failureOf(() => write('int', 2 ** 31))).to.equal('AvroTypeException');
  });

  it('refuses counts that the message can not hold, and what is cut off or left over', () => {
    for (const hex of ['feffffffffffffffff01', 'ffffffffffffffffff0100', '80', '0406', '0406360000']) {
      for (const items of ['null', 'long', { type: 'record', name: 'Nothing', fields: [] }]) {
        expect(failureOf(() => read({ type: 'array', items }, hex)), hex).to.equal('AvroRuntimeException');
      }
    }
    expect(failureOf(() => read('string', 'feffffff0f61'))).to.equal('AvroRuntimeException');
    expect(failureOf(() => read('string', '0161'))).to.equal('AvroRuntimeException');
    expect(failureOf(() => read(['null', 'string'], '04'))).to.equal('AvroRuntimeException');
    expect(failureOf(() => read({ type: 'enum', name: 'E', symbols: ['A'] }, '02'))).to.equal('AvroRuntimeException');
    expect(failureOf(() => read('long', 'ffffffffffffffffffffff01'))).to.equal('AvroRuntimeException');
  });

  it('refuses what is nested too deeply', () => {
    const tree = { type: 'record', name: 'Tree', fields: [{ name: 'down', type: ['null', 'Tree'] }] };
    expect(read(tree, '02'.repeat(500) + '00')).to.have.property('down');
    expect(failureOf(() => read(tree, '02'.repeat(200_000) + '00'))).to.equal('AvroRuntimeException');
  });

  it('ends with a value or an error of its own, whatever the bytes', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(failureOf(() => formatFor(order).unmarshal(exchangeWith(''), Buffer.from(bytes)))).to.match(/^(none|AvroRuntimeException)$/);
      }),
      { numRuns: 500 },
    ));

  it('takes the schema from a resource or a bean', () => {
    const bytes = formatOf(avro, { schema: 'resource:file:o.avsc' }, {}, { 'resource:file:o.avsc': '{"type":"int"}' }).marshal(exchangeWith(''), 64) as Buffer;
    expect(bytes.toString('hex')).to.equal('8001');
    for (const bean of ['"int"', { type: 'int' }, { schema: '{"type":"int"}' }]) expect(formatOf(avro, { schemaResolver: '#s' }, { '#s': bean }).unmarshal(exchangeWith(''), bytes)).to.equal(64);
  });

  it('says at the start what is wrong with the schema', () => {
    expect(messageOf(() => formatOf(avro))).to.contain('needs a schema').and.to.contain('schema: resource:file:');
    expect(messageOf(() => formatFor('{'))).to.contain('the Avro schema is not JSON');
    expect(messageOf(() => formatFor({ type: 'record', name: 'A', fields: [{ name: 'x', type: 'lnog' }] }))).to.contain('the Avro schema is wrong').and.to.contain('lnog');
  });
});
