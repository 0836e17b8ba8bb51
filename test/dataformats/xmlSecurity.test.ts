import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { xmlSecurity } from '../../src/dataformats/xmlSecurity.ts';
import type { DataFormat } from '../../src/core/definition.ts';
import { exchangeWith } from '../languages/languageContext.ts';
import { formatOf, rejection } from './format.ts';

const phrase = '0123456789abcdef0123456789abcdef';
const document = '<a xmlns="urn:x"><b>secret</b><c d="1"/></a>';

/** What Apache Camel wrote for that document: cipher, length of the pass phrase, and its XML. */
const recorded: readonly (readonly [cipher: string, length: number, xml: string])[] = [
  ['AES_256_GCM', 32, '<xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Element"><xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes256-gcm"/><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#kw-aes256"/><xenc:CipherData><xenc:CipherValue>Xs8GH3cbhaXye+ks1AIQmJdOLqxL+TlTyAKe3cwAxGgs1qgkwOH3gA==</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>eKKjpN5QQDy89q32nCLOGccmTU72WSyzDKbnk3ShMdOvsZKv+WGVG+UyKaEsX7DGi6iAzxZ8Z5LvtXnVvKhOKjgL9Bbdwj+oXON2</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>'],
  ['AES_128_GCM', 16, '<a xmlns="urn:x"><b><xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Content"><xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes128-gcm"/><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#kw-aes128"/><xenc:CipherData><xenc:CipherValue>sJe61CpW1EOcUk3+1MLHsArqhWakGyBr</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>+xn/lbV7Reiicb235kv/qy4l6ZcPb7kOSp11+xFp3mQKNA==</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></b><c d="1"/></a>'],
  ['AES_128_GCM', 16, '<a xmlns="urn:x"><b><xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Content"><xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes128-gcm"/><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#kw-aes128"/><xenc:CipherData><xenc:CipherValue>QEH7DiX8EV7YNLHgN8vhhZktRn9EPVm0</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>nLmSqm8wsqqOPw8fJWsr99euUMkl/MVf4neGecAspJxg5Q==</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></b><c d="1"/></a>'],
  ['AES_128', 16, '<a xmlns="urn:x"><b><xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Content"><xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#kw-aes128"/><xenc:CipherData><xenc:CipherValue>PSVnMdac9P39pYZsMXppAirWvbpaedtO</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>CMaNCfq7s0amXNjuMEc6R7tks4UwsFRKdjVVpZWhoYM=</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></b><c d="1"/></a>'],
  ['AES_256', 32, '<a xmlns="urn:x"><b><xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Content"><xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc"/><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#kw-aes256"/><xenc:CipherData><xenc:CipherValue>u59mzq/PDie3eDabBIa0hibYfXsHWjCrd1Qa7D3nU+uYcYlM04mHHw==</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>x5mqCRMG+GhDzea8GwNT92clcSi5nUxoQZh5SKiVzxA=</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></b><c d="1"/></a>'],
  ['TRIPLEDES', 24, '<a xmlns="urn:x"><b><xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Content"><xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#tripledes-cbc"/><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#kw-tripledes"/><xenc:CipherData><xenc:CipherValue>j0UZS7IMZGR7tqi8nfmVdwVCp+ozzEJVh6/cCPv8n6QpthlG0CNndQ==</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>ivSzhlE45d6vIRbvAFPdcQ==</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></b><c d="1"/></a>'],
];

describe('xmlSecurity', () => {
  const format = (options: object, beans: Readonly<Record<string, unknown>> = {}): DataFormat => formatOf(xmlSecurity, options, beans);
  const seal = async (options: object, body: unknown = document, beans = {}): Promise<string> => String(await format(options, beans).marshal(exchangeWith(''), body));
  const open = async (options: object, body: unknown, beans = {}): Promise<string> => String(await format(options, beans).unmarshal(exchangeWith(''), body));
  const with32 = { passPhrase: phrase };

  for (const [xmlCipherAlgorithm, length, xml] of recorded) {
    it(`decrypts what Camel encrypted with ${xmlCipherAlgorithm}, and what it encrypts itself`, async () => {
      const options = { xmlCipherAlgorithm, passPhrase: phrase.slice(0, length) };
      // Canonical XML has no empty tags.
      expect((await open(options, xml)).replace('></c>', '/>')).to.equal(document);
      const sealed = await seal(options);
      expect(sealed).not.to.include('secret');
      expect(await open(options, sealed)).to.equal(document);
    });
  }

  it('encrypts the elements that an XPath names, or what is in them', async () => {
    const namespaces = { ns: { x: 'urn:x' } };
    const elements = await seal({ ...with32, secureTag: '//x:b', namespace: 'ns' }, `<?xml version="1.0"?>${document}`, namespaces);
    expect(elements).to.match(/^<a xmlns="urn:x"><xenc:EncryptedData[^>]+xmlenc#Element".*<\/xenc:EncryptedData><c d="1"\/><\/a>$/);
    const contents = await seal({ ...with32, secureTag: "//*[local-name()='b' or local-name()='a']", secureTagContents: true });
    expect(contents).to.match(/^<a xmlns="urn:x"><xenc:EncryptedData[^>]+xmlenc#Content".*<\/xenc:EncryptedData><\/a>$/);
    for (const sealed of [elements, contents]) expect(await open(with32, sealed)).to.equal(document);
    expect(await seal({ ...with32, secureTag: '//nope' })).to.equal(document);
    expect(await rejection(() => seal({ ...with32, secureTag: '//[' }))).to.equal('XMLEncryptionException');
  });

  it('wraps the key by a public key, in each of the ways', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'pw' } });
    const beans = { keys: { alias: { publicKey, privateKey } } };
    for (const more of [{}, { keyCipherAlgorithm: 'RSA_OAEP_11', digestAlgorithm: 'SHA256', mgfAlgorithm: 'MGF1_SHA256' }, { keyCipherAlgorithm: 'RSA_OAEP', digestAlgorithm: 'SHA512', mgfAlgorithm: 'MGF1_SHA512' }]) {
      const options = { keyOrTrustStoreParameters: 'keys', recipientKeyAlias: 'alias', keyPassword: 'pw', ...more };
      expect(await open(options, await seal(options, document, beans), beans)).to.equal(document);
    }
    const sealed = await seal({ keyOrTrustStoreParameters: 'keys', recipientKeyAlias: 'alias' }, document, beans);
    expect(await rejection(() => open(with32, sealed))).to.equal('XMLEncryptionException');
  });

  it('refuses a wrong key, changed content and what is not encrypted', async () => {
    const sealed = await seal(with32);
    expect(await rejection(() => open({ passPhrase: phrase.toUpperCase() }, sealed))).to.equal('XMLEncryptionException');
    const at = sealed.lastIndexOf('<xenc:CipherValue>') + 40;
    expect(await rejection(() => open(with32, `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`))).to.equal('XMLEncryptionException');
    expect(await rejection(() => open(with32, document))).to.equal('XMLEncryptionException');
    expect(await rejection(() => open(with32, sealed.replace('aes256-gcm', 'nope')))).to.equal('XMLEncryptionException');
    expect(await rejection(() => open(with32, sealed.replaceAll('CipherValue', 'CipherReference')))).to.equal('XMLEncryptionException');
    for (const body of ['', 'text', sealed.slice(0, 200)]) expect(await rejection(() => open(with32, body))).not.to.equal('none');
  });

  it('says at the start what is missing', () => {
    for (const [options, complaint] of [
      [{}, 'has no key'],
      [{ passPhrase: 'short' }, 'has 5 bytes, AES-256-GCM needs 32'],
      [{ ...with32, xmlCipherAlgorithm: 'SEED_128' }, '`SEED_128` is not there'],
      [{ keyOrTrustStoreParameters: 'none' }, 'names no keys'],
    ] as const) expect(() => format(options, { none: {} })).to.throw(complaint);
  });
});
