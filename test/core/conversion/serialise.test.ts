import { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { ExactNumber } from '../../../src/core/conversion/exactNumber.ts';
import { Exchange } from '../../../src/core/exchange/exchange.ts';
import { Headers } from '../../../src/core/exchange/headers.ts';
import { toPlainNumbers } from '../../../src/core/conversion/json.ts';
import { parseXml, XmlDocument, XmlNodeList } from '../../../src/core/conversion/xml.ts';
import type { XmlAttribute, XmlElement, XmlText } from '../../../src/core/conversion/xml.ts';
import { Message } from '../../../src/core/exchange/message.ts';
import { deserialise, isStorable, serialise, storableBody, storablePairs } from '../../../src/core/conversion/serialise.ts';
import { StoreError } from '../../../src/core/state/store.ts';

const again = (value: unknown): unknown => deserialise(serialise(value));

/**
 * A value as lists: what maps and sets hold in its order, a date as its number. Comparers take sets apart by the text of their members, or find no two invalid
 * dates alike.
 */
function listed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return ['date', value.getTime()];
  if (value instanceof Map) return ['map', [...value].map(([key, item]) => [listed(key), listed(item)])];
  if (value instanceof Set) return ['set', [...value].map(listed)];
  if (Array.isArray(value)) return ['list', Array.from(value, listed)];
  if (ArrayBuffer.isView(value)) return value;
  return ['object', Object.entries(value).map(([key, item]) => [key, listed(item)])];
}

describe('stored values', () => {
  it('come back as they were, whatever is plain data', () =>
    fc.assert(
      fc.property(fc.anything({ withDate: true, withBigInt: true, withMap: true, withSet: true, withNullPrototype: false, key: fc.oneof(fc.string(), fc.constantFrom('$', '__proto__', 'toJSON')) }), (value) => {
        fc.pre(isStorable(value));
        expect(isDeepStrictEqual(listed(again(value)), listed(value))).to.equal(true);
      }),
    ));

  it('come back with their bytes, byte by byte', () =>
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (one, other) => {
        const bytes = [Buffer.from(one), { deep: Buffer.from(other) }];
        expect(again(bytes)).to.deep.equal(bytes);
      }),
    ));

  it('keep numbers exactly', () => {
    const [long, whole, negativeZero, nothing] = again([new ExactNumber('12345678901234567890', 'integer'), new ExactNumber('5.0', 'double'), -0, NaN]) as unknown[];
    expect([long, whole]).to.deep.equal([new ExactNumber('12345678901234567890', 'integer'), new ExactNumber('5.0', 'double')]);
    expect([Object.is(negativeZero, -0), Number.isNaN(nothing)]).to.deep.equal([true, true]);
    expect(toPlainNumbers(again({ deep: [new ExactNumber('5.0', 'double')] }))).to.deep.equal({ deep: [5] });
  });

  it('keep messages and exchanges within lists', () => {
    const exchange = new Exchange(undefined, 'b', Headers.from({ h: 1 }));
    exchange.properties.set('p', [2]);
    const [message, other] = again([new Message({ a: 1 }, Headers.from({ X: 'y' })), exchange]) as [Message, Exchange];
    expect([message.body, message.headers.toObject()]).to.deep.equal([{ a: 1 }, { X: 'y' }]);
    expect([other.body, other.headers.toObject(), other.property('p')]).to.deep.equal(['b', { h: 1 }, [2]]);
  });

  it('keep nodes of XML, each by itself, with the namespaces that it needs', () => {
    const document = parseXml('<a xmlns="urn:a" xmlns:q="urn:q"><b k="1">x<q:c/>&lt;</b><!-- y --></a>');
    const [b] = document.root.elements as [XmlElement];
    const back = again({ document, list: XmlNodeList.from(document.root.children), k: b.attributes[0], text: b.children[0] }) as { document: XmlDocument; list: XmlNodeList; k: XmlAttribute; text: XmlText };
    expect(back.document).to.be.instanceOf(XmlDocument);
    expect(String(back.document)).to.equal(String(document));
    expect(back.list).to.be.instanceOf(XmlNodeList);
    expect(String(back.list[0])).to.equal('<b xmlns="urn:a" k="1">x<q:c xmlns:q="urn:q"/>&lt;</b>');
    expect((back.list[0] as XmlElement).namespace).to.equal('urn:a');
    expect([back.k.name, back.k.value, back.text.text]).to.deep.equal(['k', '1', 'x']);
  });

  it('say what can not be stored', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    for (const [value, why] of [
      [() => 1, /a function can not be stored/],
      [{ a: [new (class Order {})()] }, /class Order/],
      [cycle, /contains itself/],
      [Readable.from(['x']), /stream that has not been read/],
    ] as const) {
      expect(() => serialise(value)).to.throw(StoreError, why);
      expect(isStorable(value)).to.equal(false);
    }
  });

  it('take a stream once it is read, within a bound', async () => {
    expect(await storableBody(Readable.from([Buffer.from('ab'), Buffer.from('c')]))).to.deep.equal(Buffer.from('abc'));
    expect(storableBody('text')).to.equal('text');
    const error = await (storableBody(Readable.from([Buffer.alloc(10)]), 9) as Promise<unknown>).then(() => null, (thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(StoreError);
  });

  it('leave out headers that can not be stored', () => expect(storablePairs(Headers.from({ a: 1, b: () => 1, c: null }))).to.deep.equal([['a', 1], ['c', null]]));

  it('are refused when they are damaged or of a later version', () => {
    const bytes = serialise({ a: Buffer.from('abc') });
    expect(() => deserialise(bytes.subarray(0, bytes.length - 1))).to.throw(StoreError, /damaged/);
    expect(() => deserialise(bytes.subarray(0, 8))).to.throw(StoreError, /cut off/);
    expect(() => deserialise(Buffer.alloc(2))).to.throw(StoreError, /too short/);
    const later = Buffer.from(bytes);
    later[0] = 2;
    expect(() => deserialise(later)).to.throw(StoreError, /format 2/);
  });

  it('never make anything else of damaged bytes than an error or a value', () =>
    fc.assert(
      fc.property(fc.anything(), fc.nat(), fc.nat(255), (value, at, byte) => {
        fc.pre(isStorable(value));
        const bytes = serialise(value);
        bytes[at % bytes.length] = byte;
        try {
          deserialise(bytes);
        } catch (thrown) {
          expect(thrown).to.be.instanceOf(StoreError);
        }
      }),
    ));
});
