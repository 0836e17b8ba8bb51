import type { CipherGCM, DecipherGCM } from 'node:crypto';
import { createCipheriv, createDecipheriv, createHmac, KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import { withBytes } from '../core/conversion/convert.ts';
import { defineDataFormat } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { missingOption, OptionError } from '../core/optionError.ts';

const keyHeader = 'CamelCryptoKey';

const tagLength = 16;

interface Algorithm {
  /** Name of the cipher for a key of so many bytes; null: no key is that long. */
  cipher(keyLength: number): string | null;
  readonly keys: string;
  readonly ivLength: number;
  readonly isGcm: boolean;
  readonly isPadded: boolean;
}

function algorithmOf(name: string | undefined): Algorithm {
  const help = '`AES/GCM/NoPadding`, `AES/CBC/PKCS5Padding`, `AES/CTR/NoPadding`, `AES/ECB/PKCS5Padding` and `DESede/CBC/PKCS5Padding` are there';
  if (name === undefined) throw missingOption('`crypto` has no `algorithm`', help);
  const [kind = '', mode = 'ECB', padding = 'PKCS5PADDING', ...more] = name.toUpperCase().split('/');
  const isPadded = padding === 'PKCS5PADDING';
  const isStream = mode === 'GCM' || mode === 'CTR';
  const isKnown = more.length === 0 && (kind === 'AES' ? isStream || mode === 'CBC' || mode === 'ECB' : kind === 'DESEDE' && mode === 'CBC');
  if (!isKnown || (!isPadded && padding !== 'NOPADDING') || (isStream && isPadded)) throw new OptionError('algorithm', `the algorithm \`${name}\` is not there`, help);
  if (kind === 'DESEDE') return { cipher: (length) => (length === 24 ? 'des-ede3-cbc' : null), keys: '24', ivLength: 8, isGcm: false, isPadded };
  return {
    cipher: (length) => (length === 16 || length === 24 || length === 32 ? `aes-${length * 8}-${mode.toLowerCase()}` : null),
    keys: '16, 24 or 32',
    ivLength: mode === 'ECB' ? 0 : mode === 'GCM' ? 12 : 16,
    isGcm: mode === 'GCM',
    isPadded,
  };
}

const macs: Readonly<Record<string, string>> = { HMACMD5: 'md5', HMACSHA1: 'sha1', HMACSHA224: 'sha224', HMACSHA256: 'sha256', HMACSHA384: 'sha384', HMACSHA512: 'sha512' };

/** The bytes of a key or vector: a key object, bytes, or a text, whose bytes they are unless it begins with `base64:` or `hex:`. */
function secretBytes(value: unknown, what: string): Buffer {
  if (value instanceof KeyObject && value.type === 'secret') return value.export();
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (typeof value === 'string') {
    const [, encoding, text] = /^(base64|hex):(.*)$/s.exec(value) ?? [null, 'utf8', value];
    return Buffer.from(text!, encoding as BufferEncoding);
  }
  throw new ExchangeError('java.security.InvalidKeyException', `the ${what} must be bytes, a key object of node:crypto or a text (\`base64:...\`, \`hex:...\`)`);
}

const isWritten = (reference: string): boolean => /^(base64|hex):/.test(reference);

export const crypto = defineDataFormat({
  name: 'crypto',
  summary: 'Encrypts and decrypts bytes with a secret key, framed as Camel does it: `AES/GCM/NoPadding`, `AES/CBC/PKCS5Padding` and others.',
  options: {
    algorithm: field.string('Java name of the algorithm, such as `AES/GCM/NoPadding`.'),
    key: field.string(`Bean that is the key (bytes, a key object or a text), or the key itself: \`base64:{{env:KEY}}\`, \`hex:...\`. The header ${keyHeader} goes first.`).secret(),
    initVector: field.string(
      'Bean with the bytes of the initialization vector, or `base64:...`. Two messages with the same vector and key tell what they hold, with GCM also how to forge more: leave it out and set `inline`, then each message has one of its own.',
    ),
    inline: field.boolean('The vector goes in front of the encrypted bytes; without `initVector` it is a new random one for each message.').default(false),
    algorithmParameterSpec: field.string('As `initVector`; its bean may also have the bytes as `iv`.'),
    macAlgorithm: field.string('Message authentication code that `shouldAppendHMAC` appends.').default('HmacSHA1'),
    shouldAppendHMAC: field.boolean('Encrypts a message authentication code together with the bytes, and checks it.').default(true),
    bufferSize: field.integer('Bytes that are encrypted at a time.').default(4096).ignored('messages are encrypted at once'),
    cryptoProvider: field.string('Java security provider.').ignored('OpenSSL does it here'),
  },
  create: ({ algorithm: algorithmName, key, initVector, inline, algorithmParameterSpec, macAlgorithm, shouldAppendHMAC }, context) => {
    const algorithm = algorithmOf(algorithmName);
    const hash = shouldAppendHMAC ? macs[macAlgorithm.toUpperCase().replace('-', '')] : null;
    if (hash === undefined) throw new OptionError('macAlgorithm', `the code \`${macAlgorithm}\` is not there`, '`HmacSHA1`, `HmacSHA256`, `HmacSHA384`, `HmacSHA512` and `HmacMD5` are');
    const given = (reference: string): unknown => (isWritten(reference) ? reference : context.bean<unknown>(reference));
    const vector = vectorOf(initVector ?? algorithmParameterSpec, given, algorithm);
    if (vector === null && !inline && algorithm.ivLength > 0) throw new OptionError(['inline', 'algorithm'], `\`${algorithmName}\` has no initialization vector`, 'add `inline: true`, for a new one in front of each message, or an `initVector`');
    const usual = key === undefined ? null : secretBytes(given(key), 'key');
    const cipherOf = (secret: Buffer): string => {
      const cipher = algorithm.cipher(secret.length);
      if (cipher === null) throw new ExchangeError('java.security.InvalidKeyException', `a key for \`${algorithmName}\` has ${algorithm.keys} bytes, this one ${secret.length}`);
      return cipher;
    };
    if (usual !== null) cipherOf(usual);
    const keyOf = (exchange: Exchange): Buffer => {
      const header = exchange.headers.get(keyHeader);
      if (header !== undefined && header !== null) return secretBytes(header, `header ${keyHeader}`);
      if (usual === null) throw new ExchangeError('java.lang.IllegalStateException', `there is no key: set \`key\`, or the header ${keyHeader}`);
      return usual;
    };
    const macOf = (secret: Buffer, bytes: Uint8Array): Buffer => (hash === null ? Buffer.alloc(0) : createHmac(hash, secret).update(bytes).digest());

    const encrypt = (secret: Buffer, bytes: Buffer): Buffer => {
      const iv = algorithm.ivLength === 0 ? null : (vector ?? randomBytes(algorithm.ivLength));
      const cipher = createCipheriv(cipherOf(secret), secret, iv).setAutoPadding(algorithm.isPadded);
      const parts: Buffer[] = [];
      if (inline && iv !== null) {
        const length = Buffer.alloc(4);
        length.writeUInt32BE(iv.length);
        parts.push(length, iv);
      }
      try {
        parts.push(cipher.update(bytes), cipher.update(macOf(secret, bytes)), cipher.final());
      } catch {
        throw new ExchangeError('javax.crypto.IllegalBlockSizeException', `without padding \`${algorithmName}\` takes whole blocks only`);
      }
      if (algorithm.isGcm) parts.push((cipher as CipherGCM).getAuthTag());
      return Buffer.concat(parts);
    };

    const decrypt = (secret: Buffer, message: Buffer): Buffer => {
      let iv = algorithm.ivLength === 0 ? null : vector;
      let bytes = message;
      if (inline && algorithm.ivLength > 0) {
        const length = bytes.length < 4 ? -1 : bytes.readUInt32BE();
        const isFitting = algorithm.isGcm ? length > 0 && length <= 64 : length === algorithm.ivLength;
        if (!isFitting || bytes.length < 4 + length) throw new ExchangeError('java.io.IOException', 'the message does not begin with an initialization vector');
        iv = bytes.subarray(4, 4 + length);
        bytes = bytes.subarray(4 + length);
      }
      const decipher = createDecipheriv(cipherOf(secret), secret, iv, algorithm.isGcm ? ({ authTagLength: tagLength } as object) : {}).setAutoPadding(algorithm.isPadded);
      const wrong = (): ExchangeError => new ExchangeError(`javax.crypto.${algorithm.isGcm ? 'AEADBadTagException' : 'BadPaddingException'}`, 'the message was not encrypted with this key and algorithm, or has been changed');
      if (algorithm.isGcm) {
        if (bytes.length < tagLength) throw wrong();
        (decipher as DecipherGCM).setAuthTag(bytes.subarray(-tagLength));
        bytes = bytes.subarray(0, -tagLength);
      }
      let plain: Buffer;
      try {
        plain = Buffer.concat([decipher.update(bytes), decipher.final()]);
      } catch {
        throw wrong();
      }
      if (hash === null) return plain;
      const { length } = macOf(secret, Buffer.alloc(0));
      const content = plain.subarray(0, Math.max(0, plain.length - length));
      const isRight = plain.length >= length && timingSafeEqual(plain.subarray(content.length), macOf(secret, content));
      if (!isRight) throw new ExchangeError('java.lang.IllegalStateException', 'the message authentication code is wrong: another key, or the message has been changed');
      return content;
    };

    return {
      marshal: (exchange, body) => {
        const secret = keyOf(exchange);
        return withBytes(exchange, body, (bytes) => encrypt(secret, bytes));
      },
      unmarshal: (exchange, body) => {
        const secret = keyOf(exchange);
        return withBytes(exchange, body, (bytes) => decrypt(secret, bytes));
      },
    };
  },
});

function vectorOf(reference: string | undefined, given: (reference: string) => unknown, { ivLength, isGcm }: Algorithm): Buffer | null {
  if (reference === undefined || ivLength === 0) return null;
  const value = given(reference);
  const bytes = secretBytes(typeof value === 'object' && value !== null && 'iv' in value ? value.iv : value, 'initialization vector');
  if (isGcm ? bytes.length === 0 || bytes.length > 64 : bytes.length !== ivLength) throw new OptionError(['initVector', 'algorithmParameterSpec'], `the initialization vector has ${bytes.length} bytes, ${ivLength} are needed`);
  return bytes;
}
