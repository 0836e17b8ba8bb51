import { expect } from 'chai';
import fc from 'fast-check';
import type { Hl7Message} from '../../src/dataformats/hl7.ts';
import { hl7 } from '../../src/dataformats/hl7.ts';
import { exchangeWith } from '../languages/languageContext.ts';
import { failureOf, formatOf, marshalled, messageOf, unmarshalled } from './format.ts';

const header = 'MSH|^~\\&|APP|FAC|RAPP|RFAC|20200101120000||ADT^A01^ADT_A01|CTRL|P|2.5';
const message = [header, 'PID|1||123^^^HOSP&OID^MR~456||DOE^JOHN|""|19700101', 'OBX|1|ST|a\\T\\b\\S\\c\\E\\d||line\\.br\\two'].join('\r');

describe('hl7', () => {
  it('reads fields, components, subcomponents and repetitions by their numbers', () => {
    const { segments, type, version } = unmarshalled(hl7, message) as Hl7Message;
    expect([type, version]).to.deep.equal(['ADT^A01^ADT_A01', '2.5']);
    expect(segments[0]).to.include({ name: 'MSH', 1: '|', 2: '^~\\&', 3: 'APP', 10: 'CTRL' });
    expect(segments[1]).to.deep.equal({ name: 'PID', 1: '1', 3: [{ 1: '123', 4: { 1: 'HOSP', 2: 'OID' }, 5: 'MR' }, '456'], 5: { 1: 'DOE', 2: 'JOHN' }, 6: '""', 7: '19700101' });
    expect(segments[2]).to.include({ 3: 'a&b^c\\d', 5: 'line\\.br\\two' });
  });

  it('writes what it read, and maps of that shape', () => {
    expect(String(unmarshalled(hl7, message))).to.equal(`${message}\r`);
    const { segments } = unmarshalled(hl7, message) as Hl7Message;
    expect(marshalled(hl7, JSON.parse(JSON.stringify({ segments })))).to.equal(`${message}\r`);
    expect(marshalled(hl7, { segments: [{ name: 'MSH', 3: 'A|B' }, { name: 'ZZZ', 2: 5, 4: ['x^', null, 'z\r'] }] })).to.equal('MSH|^~\\&|A\\F\\B\rZZZ||5||x\\S\\~~z \r');
    expect(marshalled(hl7, `${message}|||\n`)).to.equal(`${message}\r`);
  });

  it('decodes bytes as MSH-18 says', async () => {
    const latin = Buffer.from(`${header}||||||8859/1\rPID|Müller`, 'latin1');
    expect(((await unmarshalled(hl7, latin)) as Hl7Message).segments[1]).to.deep.equal({ name: 'PID', 1: 'Müller' });
    expect((unmarshalled(hl7, Buffer.from(`${header}||||||UNICODE UTF-8\rPID|Müller`)) as Hl7Message).segments[1]).to.deep.equal({ name: 'PID', 1: 'Müller' });
    const greek = Buffer.concat([Buffer.from(`${header}||||||8859/7\rPID|`), Buffer.from([0xe1])]);
    expect(((await unmarshalled(hl7, greek)) as Hl7Message).segments[1]).to.deep.equal({ name: 'PID', 1: 'α' });
  });

  it('refuses what is no HL7, and versions and types that are not known unless told not to', () => {
    for (const body of ['', 'MSH', 'MSH|^~\\&', 'PID|1', 'MSH||||||', header.replace('2.5', '9.9'), header.replace('|2.5', ''), header.replace('ADT^A01^ADT_A01', 'ADT')]) expect(failureOf(() => unmarshalled(hl7, body)), body).to.equal('HL7Exception');
    expect((unmarshalled(hl7, header.replace('2.5', '9.9'), { validate: false }) as Hl7Message).version).to.equal('9.9');
    expect(failureOf(() => marshalled(hl7, 5))).to.equal('NoTypeConversionAvailableException');
    for (const segments of [[], [{ name: 'PID' }], [{ name: 'MSH' }, { name: 'x|y' }]]) expect(failureOf(() => marshalled(hl7, { segments }))).to.equal('HL7Exception');
    expect(messageOf(() => formatOf(hl7, { targetFormat: 'XML' }))).to.contain('write it with `jacksonXml`');
  });

  it('gives back every text in every place', () =>
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !/[\r\n]/.test(text)), fc.nat(20), (text, number) => {
        const segments = [{ name: 'MSH' }, { name: 'ZZ1', [number + 1]: { 2: text, 3: { 1: 'x', 2: text } } }];
        const again = formatOf(hl7, { validate: false }).unmarshal(exchangeWith(''), marshalled(hl7, { segments })) as Hl7Message;
        expect(again.segments[1]).to.deep.equal(segments[1]);
      }),
    ));

  it('ends in little time with a very long field or many separators', () => {
    for (const long of ['\\'.repeat(300_000), '~'.repeat(300_000), '^&'.repeat(150_000), 'x'.repeat(5_000_000)]) expect(String(unmarshalled(hl7, `${header}\rOBX|${long}`))).to.be.a('string');
    expect(failureOf(() => marshalled(hl7, { segments: [{ name: 'MSH' }, { name: 'PID', 99999999: 'x' }] }))).to.equal('none');
  });
});
