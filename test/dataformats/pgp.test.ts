import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { generateKey } from 'openpgp';
import { checkLibrary, pgp } from '../../src/dataformats/pgp.ts';
import type { DataFormat } from '../../src/core/definition.ts';
import { exchangeWith } from '../languages/languageContext.ts';
import { formatOf, rejection } from './format.ts';

describe('pgp', () => {
  const files: Record<string, string> = {};
  const format = (options: object): DataFormat => formatOf(pgp, options, {}, files);
  const seal = async (options: object, body: unknown = 'secret'): Promise<Buffer> => (await format(options).marshal(exchangeWith(''), body)) as Buffer;
  const open = async (options: object, body: unknown): Promise<string> => String(await format(options).unmarshal(exchangeWith(''), body));

  before(async () => {
    for (const name of ['ann', 'bob']) {
      const { privateKey, publicKey } = await generateKey({ type: 'ecc', userIDs: [{ name, email: `${name}@example.com` }], passphrase: `${name}-pass` });
      files[`${name}.pub`] = publicKey;
      files[`${name}.sec`] = privateKey;
    }
    files['both.pub'] = `${files['ann.pub']!}\n${files['bob.pub']!}`;
  });

  const toAnn = { keyFileName: 'ann.pub' };
  const asAnn = { keyFileName: 'ann.sec', password: 'ann-pass' };
  const signed = { ...toAnn, signatureKeyFileName: 'bob.sec', signatureKeyUserid: 'bob@', signaturePassword: 'bob-pass' };

  it('encrypts for a key and decrypts with its secret half, as bytes and as text', async () => {
    const bytes = await seal(toAnn);
    expect(bytes.includes('secret')).to.equal(false);
    expect(await open(asAnn, bytes)).to.equal('secret');
    const text = await seal({ ...toAnn, armored: true, algorithm: 7, compressionAlgorithm: 2, hashAlgorithm: 10 });
    expect(String(text)).to.match(/^-----BEGIN PGP MESSAGE-----/);
    expect(await open(asAnn, text)).to.equal('secret');
  });

  it('opens what Camel encrypted, and refuses its signatures by SHA-1, which is its default', async () => {
    const { message, password, privateKey, publicKey, signedWithSha1 } = JSON.parse(readFileSync(new URL('pgp.camel.json', import.meta.url), 'utf8')) as Record<string, string>;
    Object.assign(files, { 'camel.sec': privateKey, 'camel.pub': publicKey });
    const options = { keyFileName: 'camel.sec', password };
    expect(await open(options, message)).to.equal('from Camel');
    expect(await open({ ...options, signatureVerificationOption: 'ignore' }, signedWithSha1)).to.equal('signed by Camel');
    expect(await rejection(() => open({ ...options, signatureKeyFileName: 'camel.pub' }, signedWithSha1))).to.equal('SignatureException');
  });

  it('encrypts for those of a ring whose user id fits', async () => {
    const sealed = await seal({ keyFileName: 'both.pub', keyUserid: 'bob' });
    expect(await open({ keyFileName: 'bob.sec', password: 'bob-pass' }, sealed)).to.equal('secret');
    expect(await rejection(() => open(asAnn, sealed))).to.equal('PGPException');
    expect(await rejection(() => seal({ keyFileName: 'both.pub', keyUserid: 'eve' }))).to.equal('PGPException');
  });

  it('signs, and checks as it is told to', async () => {
    const sealed = await seal(signed);
    const check = (option: string, ring = 'bob.pub', message = sealed): Promise<string> => rejection(() => open({ ...asAnn, signatureKeyFileName: ring, signatureVerificationOption: option }, message));
    expect(await check('required')).to.equal('none');
    expect(await check('required', 'ann.pub')).to.equal('SignatureException');
    expect(await check('optional', 'ann.pub')).to.equal('SignatureException');
    expect(await check('ignore', 'ann.pub')).to.equal('none');
    expect(await check('no_signature_allowed')).to.equal('PGPException');
    const unsigned = await seal(toAnn);
    expect([await check('required', 'bob.pub', unsigned), await check('optional', 'bob.pub', unsigned), await check('no_signature_allowed', 'bob.pub', unsigned)]).to.deep.equal(['PGPException', 'none', 'none']);
  });

  it('refuses wrong passwords, changed messages and what is none', async () => {
    const sealed = await seal(toAnn);
    expect(await rejection(() => open({ ...asAnn, password: 'wrong' }, sealed))).to.equal('PGPException');
    expect(await rejection(() => open({ keyFileName: 'ann.sec' }, sealed))).to.equal('PGPException');
    expect(await rejection(() => open(toAnn, sealed))).to.equal('PGPException');
    const changed = Buffer.from(sealed);
    changed[changed.length - 30]! ^= 1;
    for (const body of [changed, sealed.subarray(0, sealed.length - 10), 'plain', '']) expect(await rejection(() => open(asAnn, body))).to.equal('PGPException');
  });

  it('says at the start what is missing', () => {
    expect(() => format({})).to.throw('has no `keyFileName`');
    expect(() => format({ ...toAnn, algorithm: 3 })).to.throw('`algorithm` has no number 3');
    expect(() => format({ ...toAnn, integrity: false })).to.throw('integrity');
    expect(() =>
      checkLibrary(() => {
        throw new Error('not found');
      }),
    ).to.throw('npm install openpgp@6');
  });
});
