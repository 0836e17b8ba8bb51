import { createHmac, createSecretKey } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import fc from 'fast-check';
import { crypto } from '../../src/dataformats/crypto.ts';
import { exchangeWith } from '../languages/languageContext.ts';
import { failureOf, formatOf, messageOf } from './format.ts';

const key = 'hex:000102030405060708090a0b0c0d0e0f';
const beans = { '#iv16': Buffer.alloc(16, 7), '#iv12': { iv: Buffer.alloc(12, 7) }, '#key': createSecretKey(Buffer.alloc(32, 1)), '#number': 5 };

const format = (options: object) => formatOf(crypto, { key, ...options }, beans);
const encrypt = (options: object, body: unknown): Buffer => format(options).marshal(exchangeWith(''), body) as Buffer;
const decrypt = (options: object, bytes: Buffer): Buffer => format(options).unmarshal(exchangeWith(''), bytes) as Buffer;
const gcm = { algorithm: 'AES/GCM/NoPadding', inline: true };
const cbc = { algorithm: 'AES/CBC/PKCS5Padding', inline: true };
const triple = { algorithm: 'DESede/CBC/PKCS5Padding', inline: true, key: `hex:${'0123456789abcdef'.repeat(3).replace(/^../, '11')}` };

describe('crypto', () => {
  for (const options of [
    gcm,
    cbc,
    triple,
    { algorithm: 'AES/CTR/NoPadding', inline: true },
    { algorithm: 'AES' },
    { ...gcm, shouldAppendHMAC: false },
    { ...cbc, macAlgorithm: 'HmacSHA256', key: '#key' },
    { ...cbc, initVector: '#iv16' },
    { algorithm: 'AES/CBC/PKCS5Padding', initVector: '#iv16' },
    { algorithm: 'AES/GCM/NoPadding', algorithmParameterSpec: '#iv12' },
  ]) {
    it(`gives back the bytes: ${JSON.stringify(options)}`, () =>
      fc.assert(
        fc.property(fc.uint8Array(), (bytes) => {
          expect(decrypt(options, encrypt(options, Buffer.from(bytes)))).to.deep.equal(Buffer.from(bytes));
        }),
        { numRuns: 30 },
      ));
  }

  // NIST SP 800-38A F.1.1, F.2.1, F.5.1; test case 2 of the GCM specification.
  const nistKey = 'hex:2b7e151628aed2a6abf7158809cf4f3c';
  const block = Buffer.from('6bc1bee22e409f96e93d7e117393172a', 'hex');
  it('encrypts as the vectors of NIST say', () => {
    const plain = { key: nistKey, shouldAppendHMAC: false };
    expect(encrypt({ ...plain, algorithm: 'AES/CBC/NoPadding', initVector: 'hex:000102030405060708090a0b0c0d0e0f' }, block).toString('hex')).to.equal('7649abac8119b246cee98e9b12e9197d');
    expect(encrypt({ ...plain, algorithm: 'AES/CTR/NoPadding', initVector: 'hex:f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff' }, block).toString('hex')).to.equal('874d6191b620e3261bef6864990db6ce');
    expect(encrypt({ ...plain, algorithm: 'AES/ECB/NoPadding' }, block).toString('hex')).to.equal('3ad77bb40d7a3660a89ecaf32466ef97');
    expect(encrypt({ key: `hex:${'00'.repeat(16)}`, shouldAppendHMAC: false, algorithm: 'AES/GCM/NoPadding', initVector: `hex:${'00'.repeat(12)}` }, Buffer.alloc(16)).toString('hex')).to.equal(
      '0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf',
    );
  });

  it('frames as Camel does: length and vector in front, the code of the plain bytes within', () => {
    const message = encrypt(cbc, 'text');
    expect(message.readUInt32BE()).to.equal(16);
    const inner = decrypt({ ...cbc, shouldAppendHMAC: false }, message);
    expect(inner.toString('hex')).to.equal(Buffer.concat([Buffer.from('text'), createHmac('sha1', Buffer.from(key.slice(4), 'hex')).update('text').digest()]).toString('hex'));
  });

  it('has a vector of its own for each message, unless one is given', () => {
    expect(encrypt(gcm, 'x').equals(encrypt(gcm, 'x'))).to.equal(false);
    expect(encrypt({ ...gcm, algorithmParameterSpec: '#iv12' }, 'x').equals(encrypt({ ...gcm, algorithmParameterSpec: '#iv12' }, 'x'))).to.equal(true);
  });

  it('notices every changed bit', () => {
    const given = encrypt(gcm, 'pay 10');
    for (let at = 0; at < given.length * 8; at++) {
      const changed = Buffer.from(given);
      changed[at >> 3]! ^= 1 << (at & 7);
      expect(failureOf(() => decrypt(gcm, changed)), `bit ${at}`).to.match(/^(AEADBadTagException|IOException)$/);
    }
    const other = encrypt(cbc, 'pay 10');
    for (let at = 32; at < other.length * 8; at++) {
      const changed = Buffer.from(other);
      changed[at >> 3]! ^= 1 << (at & 7);
      expect(failureOf(() => decrypt(cbc, changed)), `bit ${at}`).to.match(/^(BadPaddingException|IllegalStateException)$/);
    }
  });

  it('refuses what is cut off, another key, and arbitrary bytes', () => {
    const given = encrypt(gcm, 'x');
    for (let length = 0; length < given.length; length++) expect(failureOf(() => decrypt(gcm, given.subarray(0, length)))).to.match(/^(AEADBadTagException|IOException)$/);
    expect(failureOf(() => decrypt({ ...gcm, key: '#key' }, given))).to.equal('AEADBadTagException');
    expect(failureOf(() => encrypt({ algorithm: 'AES/CBC/NoPadding', inline: true, shouldAppendHMAC: false }, 'x'))).to.equal('IllegalBlockSizeException');
  });

  it('takes the key from the header first', () => {
    const exchange = exchangeWith('', { CamelCryptoKey: Buffer.alloc(32, 1) });
    const message = formatOf(crypto, gcm).marshal(exchange, 'x') as Buffer;
    expect(String(decrypt({ ...gcm, key: '#key' }, message))).to.equal('x');
    expect(messageOf(() => formatOf(crypto, gcm).marshal(exchangeWith(''), 'x'))).to.contain('there is no key');
    expect(failureOf(() => formatOf(crypto, gcm).marshal(exchangeWith('', { CamelCryptoKey: 'short' }), 'x'))).to.equal('InvalidKeyException');
  });

  it('reads streams, and refuses what has no bytes', async () => {
    expect(String(decrypt(gcm, (await format(gcm).marshal(exchangeWith(''), Readable.from([Buffer.from('a'), Buffer.from('b')]))) as Buffer))).to.equal('ab');
    expect(failureOf(() => encrypt(gcm, null))).to.equal('NoTypeConversionAvailableException');
  });

  it('says at the start what is wrong', () => {
    expect(messageOf(() => format({}))).to.contain('has no `algorithm`');
    for (const algorithm of ['RC4', 'AES/XYZ/NoPadding', 'AES/GCM/PKCS5Padding', 'AES/CBC/ISO10126Padding', 'DES/ECB/PKCS5Padding']) expect(messageOf(() => format({ algorithm }))).to.contain('is not there (`AES/GCM');
    expect(messageOf(() => format({ algorithm: 'AES/GCM/NoPadding' }))).to.contain('add `inline: true`');
    expect(messageOf(() => format({ ...gcm, key: 'hex:00' }))).to.contain('16, 24 or 32 bytes, this one 1');
    expect(messageOf(() => format({ ...gcm, key: '#number' }))).to.contain('the key must be bytes');
    expect(messageOf(() => format({ ...gcm, macAlgorithm: 'Md4' }))).to.contain('`Md4` is not there');
    expect(messageOf(() => format({ ...cbc, initVector: 'hex:00' }))).to.contain('has 1 bytes, 16 are needed');
  });
});
