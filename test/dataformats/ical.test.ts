import { expect } from 'chai';
import fc from 'fast-check';
import type { CalendarComponent } from '../../src/dataformats/ical.ts';
import { ical } from '../../src/dataformats/ical.ts';
import { json } from '../../src/dataformats/json.ts';
import { failureOf, marshalled, unmarshalled } from './format.ts';

const lines = (...of: readonly string[]): string => `${of.join('\r\n')}\r\n`;
const calendar = lines('BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//x//y//EN', 'BEGIN:VEVENT', 'UID:1@x', 'DTSTAMP:20200101T000000Z', 'dtstart;tzid=Europe/Berlin:20200102T100000', 'SUMMARY:Hello\\, wor', ' ld\\nagain', 'ATTENDEE;CN="Max, M":mailto:m@x', 'END:VEVENT', 'END:VCALENDAR');
const plain = (value: unknown): unknown => JSON.parse(marshalled(json, value));

describe('ical', () => {
  it('reads properties with their parameters, unfolds lines and unescapes texts', () => {
    const [event] = (unmarshalled(ical, calendar) as CalendarComponent).components;
    expect(event!.name).to.equal('VEVENT');
    expect(plain(event!.properties.slice(2))).to.deep.equal([
      { name: 'DTSTART', value: '20200102T100000', parameters: { TZID: 'Europe/Berlin' } },
      { name: 'SUMMARY', value: 'Hello, world\nagain', parameters: {} },
      { name: 'ATTENDEE', value: 'mailto:m@x', parameters: { CN: 'Max, M' } },
    ]);
  });

  it('writes maps of the shape that it reads', () => {
    const written = calendar.replace('dtstart;tzid', 'DTSTART;TZID').replace('\r\n ', '');
    expect(marshalled(ical, plain(unmarshalled(ical, calendar)))).to.equal(written);
    expect(marshalled(ical, { properties: [{ name: 'version', value: 2 }] })).to.equal(lines('BEGIN:VCALENDAR', 'VERSION:2', 'END:VCALENDAR'));
    for (const body of ['text', 5, null, { name: 'a b' }, { properties: [{}] }, { properties: {} }, { components: [{}] }]) expect(failureOf(() => marshalled(ical, body))).to.equal('NoTypeConversionAvailableException');
  });

  it('folds lines so that none has more than 75 bytes, and gives back every text', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }).map((text) => text.replace(/\r\n?/g, '\n')), (value) => {
        const text = marshalled(ical, { properties: [{ name: 'SUMMARY', value }] });
        for (const line of text.split('\r\n')) expect(Buffer.byteLength(line)).to.be.at.most(75);
        expect((unmarshalled(ical, text) as CalendarComponent).properties[0]!.value).to.equal(value);
      }),
    ));

  it('keeps a line end out of values that are no texts', () => {
    expect(marshalled(ical, { properties: [{ name: 'URL', value: 'http://x\r\nEND:VCALENDAR', parameters: { A: 'b\nc' } }] })).to.equal(lines('BEGIN:VCALENDAR', 'URL;A=b c:http://x END:VCALENDAR', 'END:VCALENDAR'));
  });

  it('names the line where a calendar is wrong', () => {
    const wrong = (text: string): string => {
      try {
        unmarshalled(ical, text);
      } catch (thrown) {
        return (thrown as Error).message;
      }
      return '';
    };
    expect(wrong('')).to.equal('Error at line 1: Unexpected end of file');
    expect(wrong('garbage')).to.match(/^Error at line 1: no `:`/);
    expect(wrong(calendar.replace('END:VEVENT', 'END:VTODO'))).to.equal('Error at line 11: Expected [VEVENT], read [VTODO]');
    expect(wrong(calendar.replace('20200102T100000', 'soon'))).to.match(/^Error at line 7: DTSTART is `soon`/);
    expect(wrong('BEGIN:VEVENT\nEND:VEVENT')).to.equal('Error at line 1: Expected [VCALENDAR], read [VEVENT]');
    expect(wrong(calendar.slice(0, 60))).to.match(/Unexpected end of file$/);
    expect(wrong('BEGIN:VCALENDAR\n'.repeat(1000))).to.equal('Error at line 21: components nested deeper than 20');
    for (const line of [' x', ';', 'A;B:c', 'A;=b:c', 'A;B="c:d']) expect(failureOf(() => unmarshalled(ical, `BEGIN:VCALENDAR\nX:1\n\n${line}\n`))).to.equal('ParserException');
  });

  it('validates when asked', () => {
    expect(failureOf(() => unmarshalled(ical, calendar, { validating: true }))).to.equal('none');
    expect(failureOf(() => unmarshalled(ical, calendar.replace('UID:1@x\r\n', ''), { validating: true }))).to.equal('ValidationException');
    expect(failureOf(() => marshalled(ical, {}, { validating: true }))).to.equal('ValidationException');
  });

  it('ends in little time with a very long line or very many', () => {
    expect(failureOf(() => unmarshalled(ical, `BEGIN:VCALENDAR\nX-A:${'x'.repeat(3_000_000)}`))).to.equal('ParserException');
    expect(failureOf(() => unmarshalled(ical, `BEGIN:VCALENDAR\nX-A;${'B=c;'.repeat(200_000)}`))).to.equal('ParserException');
    expect(failureOf(() => unmarshalled(ical, `BEGIN:VCALENDAR\nX-A:1${'\n x'.repeat(300_000)}`))).to.equal('ParserException');
  });
});
