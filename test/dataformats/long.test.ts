import avsc from 'avsc';
import { expect } from 'chai';
import protobufjs from 'protobufjs';
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

const avroSchema = JSON.stringify({
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
    ['avro', formatOf(avro, { schema: avroSchema }), { items: avroItems(20_000), next: null }],
    ['avro within a record', formatOf(avro, { schema: avroSchema }), { items: [], next: { items: avroItems(20_000), next: null } }],
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

  const kinds = (syntax: string, field: string): string => `
    syntax = "${syntax}";
    message All { ${field} Kind kind = 9; repeated Item items = 2; map<int64, int32> longs = 3; map<bool, Item> yes = 4; map<string, Kind> names = 5; repeated int32 packed = 6; repeated string texts = 7; ${field} All next = 1; ${field} int64 zero = 8; ${field} string none = 10; ${field} double nothing = 11; ${field} bool no = 12; ${field} bytes empty = 13; repeated Kind kinds = 14; ${field} sfixed64 big = 15; }
    message Item { ${field} string name = 1; repeated double numbers = 2; }
    enum Kind { NEW = 0; OLD = 1; }
  `;
  const all = (next: object): object => ({
    kind: 'OLD',
    items: Array.from({ length: 3000 }, (_, i) => ({ name: `name ${i}`, numbers: i === 7 ? Array<number>(9000).fill(0.5) : [i, -0] })),
    longs: Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [String(i * 7_000_000_000), i])),
    yes: { true: { name: 'a' }, false: {} },
    names: { a: 'NEW', b: 'OLD' },
    packed: Array.from({ length: 5000 }, (_, i) => i - 9),
    texts: ['a', '', 'c'],
    zero: 0,
    none: '',
    nothing: 0,
    no: false,
    empty: Buffer.alloc(0),
    kinds: ['OLD', 'NEW'],
    big: 5,
    ...next,
  });

  for (const [syntax, field] of [['proto3', ''], ['proto3', 'optional'], ['proto2', 'optional'], ['proto2', 'required']] as const) {
    it(`is written in slices as the library of Protocol Buffers writes it (${syntax} ${field})`, async () => {
      const schema = kinds(syntax, field).replace('required All', 'optional All').replace('required string name', 'optional string name');
      const body = all({ next: all({}) });
      const bytes = (await formatOf(protobuf, { schema }).marshal(exchangeWith(''), body)) as Buffer;
      const type = protobufjs.parse(schema, new protobufjs.Root(), { keepCase: true }).root.lookupType('All');
      expect(Buffer.from(type.encode(type.fromObject(body)).finish()).equals(bytes)).to.equal(true);
    });
  }

  it('is written in slices as the library of Avro writes it', async () => {
    const body = { items: avroItems(3000).map((one, i) => ({ ...one, tags: i === 5 ? Array<string>(9000).fill('x') : ['a'] })), next: null };
    const type = avsc.Type.forSchema(JSON.parse(avroSchema) as never, { wrapUnions: true });
    const expected = type.toBuffer({ next: { List: { ...body, items: body.items.map((one) => ({ ...one, counts: { a: { int: 7 }, b: null } })) } }, items: [] });
    const given = { items: [], next: { ...body, items: body.items.map((one) => ({ ...one, counts: { a: 7, b: null } })) } };
    expect(((await formatOf(avro, { schema: avroSchema }).marshal(exchangeWith(''), given)) as Buffer).equals(expected)).to.equal(true);
    const map = avsc.Type.forSchema({ type: 'map', values: 'double' });
    const numbers = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, i / 2]));
    expect(((await formatOf(avro, { schema: '{"type":"map","values":"double"}' }).marshal(exchangeWith(''), numbers)) as Buffer).equals(map.toBuffer(numbers))).to.equal(true);
  });

  it('says where a long list does not fit the schema', async () => {
    const failed = async (run: () => unknown): Promise<string> => {
      try {
        await run();
      } catch (thrown) {
        return (thrown as Error).message;
      }
      return 'none';
    };
    const items = [...avroItems(3000), { id: 1, name: 'x', tags: [5], counts: {} }];
    expect(await failed(() => formatOf(avro, { schema: avroSchema }).marshal(exchangeWith(''), { items, next: null }))).to.equal('`items[3000].tags[0]` is number "5", the Avro schema wants string');
    expect(await failed(() => formatOf(avro, { schema: avroSchema }).marshal(exchangeWith(''), { items }))).to.contain('`items[3000].tags[0]`');
    expect(await failed(() => formatOf(avro, { schema: avroSchema }).marshal(exchangeWith(''), { items: avroItems(3000) }))).to.equal('`next` is missing, the Avro schema has no default for it');
    const long = Array.from({ length: 3000 }, (_, i) => ({ name: `name ${i}` }));
    expect(await failed(() => formatOf(protobuf, { schema: kinds('proto3', '') }).marshal(exchangeWith(''), { items: [...long, { name: 5 }] }))).to.equal('`items[3000].name` is number "5", the Protobuf schema wants string');
    expect(await failed(() => formatOf(protobuf, { schema: kinds('proto3', '') }).marshal(exchangeWith(''), { items: long, names: { a: 'NONE' } }))).to.contain('`names.a` is string "NONE"');
  });

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
