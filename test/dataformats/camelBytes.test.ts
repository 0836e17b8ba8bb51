import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { avro } from '../../src/dataformats/avro.ts';
import { cbor } from '../../src/dataformats/cbor.ts';
import { crypto } from '../../src/dataformats/crypto.ts';
import { protobuf } from '../../src/dataformats/protobuf.ts';
import { exchangeWith } from '../languages/languageContext.ts';
import { formatOf } from './format.ts';

interface Recorded {
  readonly format: 'avro' | 'cbor' | 'crypto' | 'protobuf';
  readonly options: Readonly<Record<string, unknown>>;
  readonly value: unknown;
  readonly hex: string;
  /** What is written here in its place. */
  readonly ours?: string;
}

/**
 * What Apache Camel 4.17 and 4.18 wrote (camel-avro, camel-jackson-avro, camel-protobuf, camel-jackson-protobuf, camel-cbor, camel-crypto), and read again.
 * Where other bytes are written here, they are right all the same: CBOR's maps say how many entries they have, a whole number is no double, and Camel reads both;
 * a negative int32 has the ten bytes that the specification asks for, as with Google's library (Jackson writes five).
 */
const recorded = JSON.parse(readFileSync(new URL('camelBytes.json', import.meta.url), 'utf8')) as Recorded[];
/** Lists that are not there are empty here. */
const withoutEmpty = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (key, item: unknown) => (key !== '' && Array.isArray(item) && item.length === 0 ? undefined : item)));

const formats = { avro, cbor, crypto, protobuf } as const;

describe('bytes that Apache Camel wrote', () => {
  for (const [i, { format, options, value, hex, ours }] of recorded.entries()) {
    const what = `${format} ${i} ${String(options['algorithm'] ?? options['library'] ?? '')}`.trim();
    it(`(${what}) are read`, async () => {
      const read: unknown = await formatOf(formats[format], options).unmarshal(exchangeWith(''), Buffer.from(hex, 'hex'));
      expect(Buffer.isBuffer(read) ? read.toString() : withoutEmpty(read)).to.deep.equal(withoutEmpty(value));
    });
    it(`(${what}) are written here, too`, async () => {
      const written: unknown = await formatOf(formats[format], options).marshal(exchangeWith(''), value);
      expect(Buffer.from(written as Buffer).toString('hex')).to.equal(ours ?? hex);
    });
  }
});
