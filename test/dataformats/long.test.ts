import { expect } from 'chai';
import { writeJson } from '../../src/core/conversion/json.ts';
import { avro } from '../../src/dataformats/avro.ts';
import { cbor } from '../../src/dataformats/cbor.ts';
import { ical } from '../../src/dataformats/ical.ts';
import { msgpack } from '../../src/dataformats/msgpack.ts';
import { protobuf } from '../../src/dataformats/protobuf.ts';
import { yaml } from '../../src/dataformats/yaml.ts';
import { exchangeWith } from '../languages/languageContext.ts';
import { formatOf } from './format.ts';

const item = (i: number): object => ({ id: i, name: `name ${i}`, tags: i % 3 === 0 ? [] : ['a', `b${i}`], ...(i % 2 === 0 ? { inner: { text: 'x'.repeat(i % 50) } } : {}) });
const items = (count: number): object[] => Array.from({ length: count }, (_, i) => item(i));

const proto = `
  syntax = "proto3";
  message List { repeated Item items = 1; List next = 2; map<string, int32> counts = 3; oneof end { string text = 4; Item one = 5; } repeated int32 numbers = 6; }
  message Item { int64 id = 1; string name = 2; repeated string tags = 3; Inner inner = 4; }
  message Inner { string text = 1; }
`;

const avsc = JSON.stringify({
  type: 'record',
  name: 'List',
  fields: [
    {
      name: 'items',
      type: {
        type: 'array',
        items: { type: 'record', name: 'Item', fields: [{ name: 'id', type: 'long' }, { name: 'name', type: 'string' }, { name: 'tags', type: { type: 'array', items: 'string' } }, { name: 'counts', type: { type: 'map', values: ['null', 'int'] } }] },
      },
    },
    { name: 'next', type: ['null', 'List'] },
  ],
});

const avroItems = (count: number): object[] => Array.from({ length: count }, (_, i) => ({ id: i, name: `name ${i}`, tags: ['a', `b${i}`], counts: { a: i, b: null } }));
const event = (i: number): object => ({ name: 'VEVENT', properties: [{ name: 'UID', value: `${i}` }, { name: 'SUMMARY', value: `some, text; ${'long '.repeat(i % 40)}` }], components: [] });

/** Texts are compared by JSON, not by the matcher, which would print megabytes. */
describe('what is long', function () {
  this.timeout(20_000);

  for (const [what, format, body] of [
    ['protobuf', formatOf(protobuf, { schema: proto }), { items: items(20_000), counts: { a: 1, b: 2 }, text: 'end', numbers: [1, 2, 3] }],
    ['protobuf within a message', formatOf(protobuf, { schema: proto }), { items: [], next: { items: items(20_000), next: { items: items(5000), counts: {}, numbers: Array(50_000).fill(7) }, counts: {}, one: item(4), numbers: [] }, counts: { z: 3 }, numbers: [] }],
    ['avro', formatOf(avro, { schema: avsc }), { items: avroItems(20_000), next: null }],
    ['avro within a record', formatOf(avro, { schema: avsc }), { items: [], next: { items: avroItems(20_000), next: null } }],
    ['cbor', formatOf(cbor), { items: items(20_000), deep: { a: { b: { c: items(10_000) } } }, end: null }],
    ['msgpack', formatOf(msgpack), { items: items(40_000), deep: { a: { b: { c: items(10_000) } } }, end: null }],
    ['yaml', formatOf(yaml), { items: items(2000), flat: Array.from({ length: 3000 }, (_, i) => i), end: null }],
  ] as const) {
    it(`is written and read in slices to what it was (${what})`, async () => {
      const bytes = await format.marshal(exchangeWith(''), body);
      const read = await format.unmarshal(exchangeWith(''), bytes);
      expect(writeJson(read, { sortsKeys: true }) === writeJson(body, { sortsKeys: true })).to.equal(true);
    });
  }

  it('is written in slices as it is written at once (yaml, ical)', async () => {
    const list = items(4000);
    const written = async (value: unknown): Promise<string> => String(await formatOf(yaml).marshal(exchangeWith(''), value));
    expect((await written(list)) === (await Promise.all(list.map((one) => written([one])))).join('')).to.equal(true);
    const calendar = (count: number): object => ({ properties: [], components: Array.from({ length: count }, (_, i) => event(i)) });
    const text = String(await formatOf(ical).marshal(exchangeWith(''), calendar(20_000)));
    const few = String(await formatOf(ical).marshal(exchangeWith(''), calendar(80)));
    expect(text.startsWith(few.slice(0, few.indexOf('END:VCALENDAR')))).to.equal(true);
    expect(String(await formatOf(ical).marshal(exchangeWith(''), await formatOf(ical).unmarshal(exchangeWith(''), Buffer.from(text)))) === text).to.equal(true);
  });
});
