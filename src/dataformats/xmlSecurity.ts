import { constants, createCipheriv, createDecipheriv, createPrivateKey, createPublicKey, KeyObject, privateDecrypt, publicEncrypt, randomBytes } from 'node:crypto';
import type { CipherGCM, DecipherGCM } from 'node:crypto';
import { isByteSource, readBytes } from '../core/conversion/convert.ts';
import { isPlainMap } from '../core/conversion/plainValue.ts';
import type { XmlDocument, XmlElement } from '../core/conversion/xml.ts';
import { XmlElement as ElementNode } from '../core/conversion/xml.ts';
import { xmlDocumentInTurns } from '../core/conversion/xmlFragment.ts';
import { defineDataFormat } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import { field } from '../core/field.ts';
import { missingOption, OptionError } from '../core/optionError.ts';
import { Thread } from '../core/thread.ts';

const enc = 'http://www.w3.org/2001/04/xmlenc#';
const enc11 = 'http://www.w3.org/2009/xmlenc11#';
const dsig = 'http://www.w3.org/2000/09/xmldsig#';

interface Cipher {
  readonly uri: string;
  readonly name: string;
  readonly keyLength: number;
  readonly ivLength: number;
  readonly isGcm: boolean;
  /** Wraps keys of this kind with another. */
  readonly wrap: string;
}

const aes = (bits: 128 | 192 | 256, isGcm: boolean): Cipher => ({
  uri: isGcm ? `${enc11}aes${bits}-gcm` : `${enc}aes${bits}-cbc`,
  name: `aes-${bits}-${isGcm ? 'gcm' : 'cbc'}`,
  keyLength: bits / 8,
  ivLength: isGcm ? 12 : 16,
  isGcm,
  wrap: `${enc}kw-aes${bits}`,
});

const ciphers: Readonly<Record<string, Cipher>> = {
  AES_128: aes(128, false),
  AES_192: aes(192, false),
  AES_256: aes(256, false),
  AES_128_GCM: aes(128, true),
  AES_192_GCM: aes(192, true),
  AES_256_GCM: aes(256, true),
  TRIPLEDES: { uri: `${enc}tripledes-cbc`, name: 'des-ede3-cbc', keyLength: 24, ivLength: 8, isGcm: false, wrap: `${enc}kw-tripledes` },
};

const hashes: Readonly<Record<string, readonly [name: string, uri: string, mgf: string]>> = {
  SHA1: ['sha1', `${dsig}sha1`, `${enc11}mgf1sha1`],
  SHA256: ['sha256', `${enc}sha256`, `${enc11}mgf1sha256`],
  SHA512: ['sha512', `${enc}sha512`, `${enc11}mgf1sha512`],
};

const failure = (message: string, cause?: unknown): ExchangeError => new ExchangeError('org.apache.xml.security.encryption.XMLEncryptionException', message, { cause });

interface KeyPair {
  readonly publicKey?: unknown;
  readonly privateKey?: unknown;
}

export const xmlSecurity = defineDataFormat({
  name: 'xmlSecurity',
  summary: 'XML Encryption: marshal encrypts a document, or some of its elements, with a new key that a pass phrase or a public key wraps; unmarshal decrypts.',
  options: {
    xmlCipherAlgorithm: field.string('Cipher of the content: `AES_128`, `AES_192`, `AES_256`, each also with `_GCM`, or `TRIPLEDES`; or its URI.').default('AES-256-GCM'),
    passPhrase: field.string('Wraps the key: as many bytes as the cipher\'s key has.').secret(),
    passPhraseByte: field.string('Bean that is the pass phrase, as bytes.'),
    secureTag: field.string('XPath of the elements that are encrypted; the whole document without it. Unmarshal decrypts all that is encrypted.'),
    secureTagContents: field.boolean('Encrypts what is in these elements, and not the elements.').default(false),
    keyCipherAlgorithm: field.enum('How a public key wraps the key.', ['RSA_v1dot5', 'RSA_OAEP', 'RSA_OAEP_11']).default('RSA_OAEP'),
    recipientKeyAlias: field.string('Which entry of `keyOrTrustStoreParameters` has the keys.'),
    keyOrTrustStoreParameters: field.string('Bean with `publicKey` (to encrypt) and `privateKey` (to decrypt) as PEM texts or key objects, or with such entries by alias. In place of a Java key store.'),
    keyPassword: field.string('Of the private key.').secret(),
    digestAlgorithm: field.enum('Hash of RSA_OAEP.', ['SHA1', 'SHA256', 'SHA512']).default('SHA1'),
    mgfAlgorithm: field.enum('Hash of its mask.', ['MGF1_SHA1', 'MGF1_SHA256', 'MGF1_SHA512']).default('MGF1_SHA1'),
    addKeyValueForEncryptedKey: field.boolean('Writes the public key beside the wrapped key.').default(true).ignored('whoever decrypts knows his key'),
    namespace: field.string('Bean that has the namespaces of `secureTag`, a map by prefix.'),
  },
  create: (options, context) => {
    const cipher = cipherOf(options.xmlCipherAlgorithm);
    const phrase = options.passPhraseByte !== undefined ? context.bean<Uint8Array>(options.passPhraseByte) : options.passPhrase === undefined ? null : Buffer.from(options.passPhrase);
    const keys = options.keyOrTrustStoreParameters === undefined ? null : keysOf(context.bean(options.keyOrTrustStoreParameters), options.recipientKeyAlias);
    if (phrase === null && keys === null) throw missingOption('`xmlSecurity` has no key', 'add `passPhrase`, or `keyOrTrustStoreParameters` with the keys');
    if (phrase !== null && keys === null && phrase.length !== cipher.keyLength) throw new OptionError(['passPhrase', 'passPhraseByte'], `the pass phrase has ${phrase.length} bytes, ${options.xmlCipherAlgorithm} needs ${cipher.keyLength}`);
    if (keys !== null && options.keyCipherAlgorithm !== 'RSA_v1dot5' && options.mgfAlgorithm !== `MGF1_${options.digestAlgorithm}`) throw new OptionError(['mgfAlgorithm', 'digestAlgorithm'], `\`mgfAlgorithm: ${options.mgfAlgorithm}\` does not go with \`digestAlgorithm: ${options.digestAlgorithm}\``, 'both must name the same hash here');
    const namespaces = options.namespace === undefined ? {} : context.bean<Record<string, string>>(options.namespace);
    const wrapping: Wrapping = { phrase, keys, publicKey: kept(() => publicKeyOf(keys)), privateKey: kept(() => privateKeyOf(keys, options.keyPassword)), keyCipher: options.keyCipherAlgorithm, digest: options.digestAlgorithm };
    const whole = async (body: unknown): Promise<XmlDocument> => xmlDocumentInTurns(isByteSource(body) ? await readBytes(body) : body);
    return {
      marshal: async (_exchange, body) => {
        const document = await whole(body);
        const { root, source } = document;
        const tag = options.secureTag ?? '';
        if (tag === '') return Buffer.from(encrypted(source.slice(root.start, root.end), 'Element', cipher, wrapping));
        const chosen = await elementsAt(document, tag, namespaces);
        return Buffer.from(
          spliced(root, chosen, (element) =>
            options.secureTagContents
              ? [element.innerStart, element.innerEnd, encrypted(source.slice(element.innerStart, element.innerEnd), 'Content', cipher, wrapping)]
              : [element.start, element.end, encrypted(source.slice(element.start, element.end), 'Element', cipher, wrapping)],
          ),
        );
      },
      unmarshal: async (_exchange, body) => {
        const document = await whole(body);
        const found = document.all.filter((node): node is XmlElement => node instanceof ElementNode && node.localName === 'EncryptedData' && node.namespace === enc);
        if (found.length === 0) throw failure('the document has nothing that is encrypted');
        const text = spliced(document.root, found, (element) => [element.start, element.end, decrypted(element, wrapping)]);
        // What was decrypted must be XML again.
        await xmlDocumentInTurns(text);
        return Buffer.from(text);
      },
    };
  },
});

function cipherOf(name: string): Cipher {
  const plain = name.replaceAll('-', '_').toUpperCase();
  const found = Object.hasOwn(ciphers, plain) ? ciphers[plain] : Object.values(ciphers).find(({ uri }) => uri === name);
  if (found === undefined) throw new OptionError('xmlCipherAlgorithm', `the cipher \`${name}\` is not there`, `write ${Object.keys(ciphers).map((one) => `\`${one}\``).join(', ')}`);
  return found;
}

function keysOf(bean: unknown, alias: string | undefined): KeyPair {
  const found: unknown = isPlainMap(bean) && alias !== undefined && bean['publicKey'] === undefined && bean['privateKey'] === undefined ? bean[alias] : bean;
  if (!isPlainMap(found) || (found['publicKey'] === undefined && found['privateKey'] === undefined)) throw new OptionError('keyOrTrustStoreParameters', '`keyOrTrustStoreParameters` names no keys', 'name a bean with `publicKey` or `privateKey`, or with such an entry by `recipientKeyAlias`');
  return found;
}

function kept<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

function publicKeyOf(keys: KeyPair | null): KeyObject {
  if (keys?.publicKey === undefined) throw failure('there is no `publicKey` to encrypt for');
  return keys.publicKey instanceof KeyObject ? keys.publicKey : createPublicKey(keys.publicKey as string);
}

function privateKeyOf(keys: KeyPair | null, password: string | undefined): KeyObject {
  const key = keys?.privateKey;
  if (key instanceof KeyObject) return key;
  return typeof key === 'string' ? createPrivateKey({ key, ...(password === undefined ? {} : { passphrase: password }) }) : createPrivateKey(key as never);
}

/** The document with pieces of its source replaced, without what stands before and behind its root. */
function spliced(root: XmlElement, elements: readonly XmlElement[], piece: (element: XmlElement) => readonly [start: number, end: number, text: string]): string {
  const { source } = root.document!;
  let text = '';
  let at = root.start;
  for (const element of [...elements].sort((a, b) => a.start - b.start)) {
    // What is in an element that is replaced as a whole is replaced with it.
    if (element.start < at && element !== root) continue;
    const [start, end, written] = piece(element);
    text += source.slice(at, start) + written;
    at = end;
  }
  return text + source.slice(at, root.end);
}

const longestMillis = 30_000;

/** Gives the places of elements that an XPath names, in a thread: the library can't be interrupted. */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
const { pathToFileURL } = require('node:url');
const library = import(pathToFileURL(workerData.library));
parentPort.on('message', async ({ text, xpath, namespaces }) => {
  try {
    const { ParseOption, XmlDocument } = await library;
    const parsed = XmlDocument.fromString(text, { option: ParseOption.XML_PARSE_NONET | ParseOption.XML_PARSE_NO_XXE });
    try {
      parentPort.postMessage({ output: parsed.root.find(xpath, namespaces).map((node) => Number(node.eval('count(preceding::*) + count(ancestor::*)'))) });
    } finally {
      parsed.dispose();
    }
  } catch (error) {
    parentPort.postMessage({ error: String(error.message) });
  }
});
`;

const thread = new Thread<{ readonly text: string; readonly xpath: string; readonly namespaces: Readonly<Record<string, string>> }, readonly number[]>(program, 'libxml2-wasm', longestMillis, (message) => failure(message));

/** The elements that an XPath names. */
async function elementsAt(document: XmlDocument, xpath: string, namespaces: Readonly<Record<string, string>>): Promise<XmlElement[]> {
  const { root, source } = document;
  const all = document.all.filter((node): node is XmlElement => node instanceof ElementNode);
  try {
    return (await thread.run({ text: source.slice(root.start, root.end), xpath, namespaces })).map((place) => all[place]!);
  } catch (thrown) {
    throw failure(`secureTag \`${xpath}\`: ${(thrown as Error).message}`, thrown);
  }
}

// ------------------------------------------------------------------------------------------------ encryption

interface Wrapping {
  readonly phrase: Uint8Array | null;
  readonly keys: KeyPair | null;
  /** Read when they are first needed: to read a key takes longer than to use it. */
  readonly publicKey: () => KeyObject;
  readonly privateKey: () => KeyObject;
  readonly keyCipher: 'RSA_v1dot5' | 'RSA_OAEP' | 'RSA_OAEP_11';
  readonly digest: string;
}

const wrapNames: Readonly<Record<string, string>> = { [`${enc}kw-aes128`]: 'id-aes128-wrap', [`${enc}kw-aes192`]: 'id-aes192-wrap', [`${enc}kw-aes256`]: 'id-aes256-wrap', [`${enc}kw-tripledes`]: 'des3-wrap' };
const wrapVector = (name: string): Buffer => (name === 'des3-wrap' ? Buffer.alloc(0) : Buffer.alloc(8, 0xa6));

function encrypted(text: string, kind: 'Element' | 'Content', cipher: Cipher, wrapping: Wrapping): string {
  const key = randomBytes(cipher.keyLength);
  const iv = randomBytes(cipher.ivLength);
  const engine = createCipheriv(cipher.name, key, iv);
  let content = Buffer.from(text);
  if (!cipher.isGcm) {
    // Only the last byte of this padding means something.
    engine.setAutoPadding(false);
    const size = cipher.ivLength - (content.length % cipher.ivLength);
    const padding = randomBytes(size);
    padding[size - 1] = size;
    content = Buffer.concat([content, padding]);
  }
  const sealed = Buffer.concat([iv, engine.update(content), engine.final(), ...(cipher.isGcm ? [(engine as CipherGCM).getAuthTag()] : [])]);
  const { method, value } = wrapped(key, cipher, wrapping);
  return (
    `<xenc:EncryptedData xmlns:xenc="${enc}" Type="${enc}${kind}"><xenc:EncryptionMethod Algorithm="${cipher.uri}"/><ds:KeyInfo xmlns:ds="${dsig}"><xenc:EncryptedKey>${method}` +
    `<xenc:CipherData><xenc:CipherValue>${value.toString('base64')}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>${sealed.toString('base64')}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>`
  );
}

function wrapped(key: Buffer, cipher: Cipher, { digest, keyCipher, keys, phrase, publicKey: keyOf }: Wrapping): { method: string; value: Buffer } {
  if (keys === null) {
    const name = wrapNames[cipher.wrap]!;
    const engine = createCipheriv(name, phrase!, wrapVector(name));
    return { method: `<xenc:EncryptionMethod Algorithm="${cipher.wrap}"/>`, value: Buffer.concat([engine.update(key), engine.final()]) };
  }
  const publicKey = keyOf();
  const [hash, uri, mgf] = hashes[digest]!;
  if (keyCipher === 'RSA_v1dot5') return { method: `<xenc:EncryptionMethod Algorithm="${enc}rsa-1_5"/>`, value: publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, key) };
  const value = publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash }, key);
  const digestMethod = `<ds:DigestMethod xmlns:ds="${dsig}" Algorithm="${uri}"/>`;
  // The older form knows no other mask than SHA-1.
  const isOld = keyCipher === 'RSA_OAEP' && digest === 'SHA1';
  return {
    method: isOld ? `<xenc:EncryptionMethod Algorithm="${enc}rsa-oaep-mgf1p">${digestMethod}</xenc:EncryptionMethod>` : `<xenc:EncryptionMethod Algorithm="${enc11}rsa-oaep">${digestMethod}<xenc11:MGF xmlns:xenc11="${enc11}" Algorithm="${mgf}"/></xenc:EncryptionMethod>`,
    value,
  };
}

// ------------------------------------------------------------------------------------------------ decryption

const child = (of: XmlElement, name: string, namespace: string): XmlElement | undefined => of.elements.find((one) => one.localName === name && one.namespace === namespace);

const methodOf = (of: XmlElement): XmlElement | undefined => child(of, 'EncryptionMethod', enc);

function valueOf(of: XmlElement): Buffer {
  const value = child(child(of, 'CipherData', enc) ?? of, 'CipherValue', enc);
  if (value === undefined) throw failure(`${of.localName} has no CipherValue; references to other places are not followed`);
  return Buffer.from(value.stringValue, 'base64');
}

function decrypted(data: XmlElement, wrapping: Wrapping): string {
  const uri = methodOf(data)?.attribute('Algorithm') ?? '';
  const cipher = Object.values(ciphers).find((one) => one.uri === uri);
  if (cipher === undefined) throw failure(`the content is encrypted by \`${uri}\`, which is not there`);
  const info = child(data, 'KeyInfo', dsig);
  const wrappedKey = info === undefined ? undefined : child(info, 'EncryptedKey', enc);
  try {
    const key = wrappedKey === undefined ? Buffer.from(wrapping.phrase ?? []) : unwrapped(wrappedKey, wrapping);
    const sealed = valueOf(data);
    const engine = createDecipheriv(cipher.name, key, sealed.subarray(0, cipher.ivLength));
    if (cipher.isGcm) {
      if (sealed.length < cipher.ivLength + 16) throw new Error('the content is too short');
      (engine as DecipherGCM).setAuthTag(sealed.subarray(-16));
      return Buffer.concat([engine.update(sealed.subarray(cipher.ivLength, -16)), engine.final()]).toString();
    }
    engine.setAutoPadding(false);
    const content = Buffer.concat([engine.update(sealed.subarray(cipher.ivLength)), engine.final()]);
    const padding = content.at(-1) ?? 0;
    if (padding === 0 || padding > cipher.ivLength) throw new Error('the key is wrong, or the content was changed');
    return content.subarray(0, -padding).toString();
  } catch (thrown) {
    if (thrown instanceof ExchangeError) throw thrown;
    throw failure(`the content can't be decrypted: ${(thrown as Error).message}`, thrown);
  }
}

function unwrapped(wrappedKey: XmlElement, { keys, phrase, privateKey }: Wrapping): Buffer {
  const method = methodOf(wrappedKey);
  const uri = method?.attribute('Algorithm') ?? '';
  const name = Object.hasOwn(wrapNames, uri) ? wrapNames[uri]! : null;
  const value = valueOf(wrappedKey);
  if (name !== null) {
    if (phrase === null) throw failure('the key is wrapped by a pass phrase, and there is none');
    const engine = createDecipheriv(name, phrase, wrapVector(name));
    return Buffer.concat([engine.update(value), engine.final()]);
  }
  if (keys?.privateKey === undefined) throw failure(`the key is wrapped by \`${uri}\`, and there is no \`privateKey\``);
  const key = privateKey();
  if (uri === `${enc}rsa-1_5`) return privateDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, value);
  if (uri !== `${enc}rsa-oaep-mgf1p` && uri !== `${enc11}rsa-oaep`) throw failure(`the key is wrapped by \`${uri}\`, which is not there`);
  const digest = method!.elements.find(({ localName }) => localName === 'DigestMethod')?.attribute('Algorithm') ?? `${dsig}sha1`;
  const [hash] = Object.values(hashes).find(([, known]) => known === digest) ?? [];
  if (hash === undefined) throw failure(`the hash \`${digest}\` is not there`);
  if (uri === `${enc}rsa-oaep-mgf1p` && hash !== 'sha1') throw failure(`the key is wrapped by OAEP with ${hash} and a mask of SHA-1, which is not there`);
  return privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash }, value);
}
