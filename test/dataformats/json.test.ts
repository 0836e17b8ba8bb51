import { Readable } from 'node:stream';
import { expect } from 'chai';
import { json } from '../../src/dataformats/json.ts';
import { exchangeWith } from '../languages/languageContext.ts';
import { failureOf, formatOf, marshalled, unmarshalled } from './format.ts';

describe('json', () => {
  it('marshals anything to bytes and sets Content-Type', () => {
    const exchange = exchangeWith('');
    const format = formatOf(json);
    expect(format.marshal(exchange, { a: 1, b: [true, null, 1.5, 'é'] })).to.deep.equal(Buffer.from('{"a":1,"b":[true,null,1.5,"é"]}'));
    expect(exchange.headers.get('content-type')).to.equal('application/json');
    expect(marshalled(json, 'text')).to.equal('"text"');
    expect(marshalled(json, null)).to.equal('null');
    expect(marshalled(json, Buffer.from('bytes'))).to.equal('"Ynl0ZXM="');
    const plain = exchangeWith('');
    formatOf(json, { contentTypeHeader: false }).marshal(plain, 1);
    expect(plain.headers.has('Content-Type')).to.equal(false);
  });

  it('prints prettily and leaves out what `include` says', () => {
    expect(marshalled(json, { a: 1, b: [1, 2], e: {} }, { prettyPrint: true })).to.equal('{\n  "a" : 1,\n  "b" : [ 1, 2 ],\n  "e" : { }\n}');
    expect(marshalled(json, { a: 1, b: null }, { include: 'NON_NULL' })).to.equal('{"a":1}');
    expect(marshalled(json, { a: '', b: [], c: {}, d: 0, e: null, f: false }, { include: 'NON_EMPTY' })).to.equal('{"d":0,"f":false}');
  });

  it('writes dates as milliseconds, or by a pattern', () => {
    const date = new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 6));
    expect(marshalled(json, { date })).to.equal(`{"date":${date.getTime()}}`);
    expect(marshalled(json, { date }, { dateFormatPattern: "yyyy-MM-dd'T'HH:mm:ss.SSSX" })).to.equal('{"date":"2026-01-02T03:04:05.006Z"}');
    expect(marshalled(json, { date }, { dateFormatPattern: 'd.M.yy HH:mm', timezone: 'Europe/Berlin' })).to.equal('{"date":"2.1.26 04:04"}');
    expect(marshalled(json, { date }, { disableFeatures: 'WRITE_DATES_AS_TIMESTAMPS' })).to.equal('{"date":"2026-01-02T03:04:05.006+00:00"}');
  });

  it('unmarshals text, bytes and streams', async () => {
    expect(unmarshalled(json, '{"a":1,"big":12345678901}')).to.deep.equal({ a: 1, big: 12345678901 });
    expect(unmarshalled(json, Buffer.from('[1]'))).to.deep.equal([1]);
    expect(await unmarshalled(json, Readable.from([Buffer.from('{"a"'), Buffer.from(':1}')]))).to.deep.equal({ a: 1 });
    expect(unmarshalled(json, '"text"')).to.equal('text');
  });

  it('fails as Jackson does', () => {
    expect(failureOf(() => unmarshalled(json, '{broken'))).to.equal('JsonParseException');
    expect(failureOf(() => unmarshalled(json, ''))).to.equal('MismatchedInputException');
    expect(failureOf(() => unmarshalled(json, null))).to.equal('NoTypeConversionAvailableException');
    expect(failureOf(() => unmarshalled(json, { a: 1 }))).to.equal('NoTypeConversionAvailableException');
    expect(failureOf(() => unmarshalled(json, '{"a":"abcdef"}', { maxStringLength: 5 }))).to.equal('StreamConstraintsException');
  });

  it('checks the class that is asked for', () => {
    expect(unmarshalled(json, '[{"a":1}]', { useList: true })).to.deep.equal([{ a: 1 }]);
    expect(failureOf(() => unmarshalled(json, '{"a":1}', { useList: true }))).to.equal('MismatchedInputException');
    expect(unmarshalled(json, '{"a":1}', { unmarshalType: 'java.util.HashMap' })).to.deep.equal({ a: 1 });
    expect(failureOf(() => unmarshalled(json, '[1]', { unmarshalType: 'java.util.Map' }))).to.equal('MismatchedInputException');
    expect(unmarshalled(json, '5', { unmarshalType: 'java.lang.Integer' })).to.equal(5);
  });
});
