import type * as OpenPgp from 'openpgp';
import { bytesOfBody, isByteSource, readBytes } from '../core/conversion/convert.ts';
import { largestUnpacked } from '../core/conversion/inflate.ts';
import { defineDataFormat } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { missingOption, OptionError } from '../core/optionError.ts';
import type { Resolve } from '../core/userLibrary.ts';
import { UserLibrary } from '../core/userLibrary.ts';

type Library = typeof OpenPgp;

/** OpenPGP.js is under the LGPL. */
const openPgp = new UserLibrary<Library>('openpgp', '`pgp` needs the library OpenPGP.js, which is under the LGPL and does not come with this program', '6');

/** @throws Error that says how to install the library when it is not there */
export const checkLibrary = (resolve?: Resolve): void => openPgp.check(resolve);

const failure = (message: string, cause?: unknown): ExchangeError => new ExchangeError('org.bouncycastle.openpgp.PGPException', message, { cause });

/** Made when it is first needed: to open a key by its password takes longer than a message. What fails is tried again. */
function kept<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () =>
    (made ??= make().catch((thrown: unknown) => {
      made = null;
      throw thrown;
    }));
}

export const pgp = defineDataFormat({
  name: 'pgp',
  summary: 'OpenPGP: marshal encrypts for public keys, and signs when told to; unmarshal decrypts with a secret key, and checks the signature. Needs the library `openpgp`, to be installed beside this program.',
  options: {
    keyUserid: field.string('Part of the user id of the keys to encrypt for; all keys of the ring without it.'),
    signatureKeyUserid: field.string('Part of the user id of the key to sign with, or that must have signed.'),
    password: field.string('Of the secret key to decrypt with.').secret(),
    signaturePassword: field.string('Of the secret key to sign with.').secret(),
    keyFileName: field.string('File of the keys to encrypt for, or to decrypt with, as text (`-----BEGIN PGP ...`).'),
    signatureKeyFileName: field.string('File of the keys to sign with, or to check signatures with, as text.'),
    signatureKeyRing: field.string('Bean that has these keys, in place of the file: a text, or bytes.'),
    armored: field.boolean('Writes text instead of bytes.').default(false),
    integrity: field.boolean('Protects the message against changes.').default(true),
    algorithm: field.integer('Number of the cipher: 7 AES-128, 8 AES-192, 9 AES-256.').default(9),
    compressionAlgorithm: field.integer('Number of the compression: 0 none, 1 zip, 2 zlib.').default(1),
    hashAlgorithm: field.integer('Number of the hash of signatures: 8 SHA-256, 9 SHA-384, 10 SHA-512.').default(8),
    signatureVerificationOption: field.enum('Unmarshal: optional checks the signatures that are there, required wants one that is right, ignore looks at none (such as those by SHA-1, which Camel writes unless told otherwise), no_signature_allowed refuses signed messages.', ['optional', 'required', 'ignore', 'no_signature_allowed']).default('optional'),
    provider: field.string('Java provider.').ignored('there is no Java cryptography here'),
  },
  create: (options, context) => {
    checkLibrary();
    if (!options.integrity) throw new OptionError('integrity', '`pgp` writes no messages without `integrity`', 'leave it out: they could be changed by others, and newer programs refuse them');
    for (const [name, known] of [['algorithm', [7, 8, 9]], ['compressionAlgorithm', [0, 1, 2]], ['hashAlgorithm', [8, 9, 10]]] as const) {
      if (!(known as readonly number[]).includes(options[name])) throw new OptionError(name, `\`${name}\` has no number ${options[name]}`, `write ${known.join(', ')}`);
    }
    if (options.keyFileName === undefined) throw missingOption('`pgp` has no `keyFileName`', 'name the file of the keys, such as `keyFileName: file:keys.asc`');
    const keyText = context.resource(options.keyFileName);
    const signText: unknown = options.signatureKeyRing !== undefined ? context.bean(options.signatureKeyRing) : options.signatureKeyFileName !== undefined ? context.resource(options.signatureKeyFileName) : null;
    const library = (): Promise<Library> => openPgp.load();
    const bytes = (exchange: Exchange, body: unknown): Promise<Buffer> => (isByteSource(body) ? readBytes(body) : Promise.resolve(bytesOfBody(body, exchange)));

    const keysOf = async (text: unknown, what: string): Promise<OpenPgp.Key[]> => {
      const { readKeys } = await library();
      try {
        if (typeof text !== 'string') return await readKeys({ binaryKeys: text as Uint8Array });
        // A ring may be several texts, one after the other.
        const blocks = text.match(/-----BEGIN PGP [^-]+-----[^]*?-----END PGP [^-]+-----/g) ?? [text];
        return (await Promise.all(blocks.map((armoredKeys) => readKeys({ armoredKeys })))).flat();
      } catch (thrown) {
        throw failure(`${what} has no keys that can be read: ${(thrown as Error).message}`, thrown);
      }
    };
    const named = (keys: readonly OpenPgp.Key[], userId: string | undefined): OpenPgp.Key[] => keys.filter((key) => userId === undefined || key.getUserIDs().some((id) => id.includes(userId)));
    const unlocked = async (keys: readonly OpenPgp.Key[], passphrase: string | undefined): Promise<OpenPgp.PrivateKey[]> => {
      const { decryptKey } = await library();
      const secret = keys.filter((key): key is OpenPgp.PrivateKey => key.isPrivate());
      return Promise.all(
        secret.map(async (privateKey) => {
          if (privateKey.isDecrypted()) return privateKey;
          if (passphrase === undefined) throw failure('the secret key is locked: give its password');
          return decryptKey({ privateKey, passphrase }).catch((thrown: unknown) => {
            throw failure(`the password does not open the secret key: ${(thrown as Error).message}`, thrown);
          });
        }),
      );
    };

    const recipients = kept(async () => {
      const found = named(await keysOf(keyText, 'keyFileName'), options.keyUserid).map((key) => key.toPublic());
      if (found.length === 0) throw failure(`keyFileName has no key of a user id with \`${options.keyUserid ?? ''}\``);
      return found;
    });
    const signers = kept(async () => {
      if (options.signatureKeyUserid === undefined) return [];
      const found = await unlocked(named(await keysOf(signText, 'the ring of signature keys'), options.signatureKeyUserid), options.signaturePassword);
      if (found.length === 0) throw failure(`there is no secret key of a user id with \`${options.signatureKeyUserid}\` to sign with`);
      return found;
    });
    const openers = kept(async () => {
      const found = await unlocked(await keysOf(keyText, 'keyFileName'), options.password);
      if (found.length === 0) throw failure('keyFileName has no secret key to decrypt with');
      return found;
    });
    const signatories = kept(async () => (signText === null ? [] : named(await keysOf(signText, 'the ring of signature keys'), options.signatureKeyUserid).map((key) => key.toPublic())));

    return {
      marshal: async (exchange, body) => {
        const content = await bytes(exchange, body);
        const { createMessage, encrypt } = await library();
        const encryptionKeys = await recipients();
        const signingKeys = await signers();
        const config = { preferredSymmetricAlgorithm: options.algorithm, preferredCompressionAlgorithm: options.compressionAlgorithm, preferredHashAlgorithm: options.hashAlgorithm, aeadProtect: false };
        const message = await createMessage({ binary: new Uint8Array(content) });
        const shared = { message, encryptionKeys, ...(signingKeys.length === 0 ? {} : { signingKeys }), config };
        try {
          return Buffer.from(options.armored ? await encrypt({ ...shared, format: 'armored' }) : await encrypt({ ...shared, format: 'binary' }));
        } catch (thrown) {
          throw failure((thrown as Error).message, thrown);
        }
      },
      unmarshal: async (exchange, body) => {
        const content = await bytes(exchange, body);
        const { decrypt, readMessage } = await library();
        const decryptionKeys = await openers();
        const verificationKeys = await signatories();
        const isText = content.toString('latin1', 0, 27) === '-----BEGIN PGP MESSAGE-----';
        let opened: Awaited<ReturnType<typeof decryptBinary>>;
        const config = { maxDecompressedMessageSize: largestUnpacked } as OpenPgp.PartialConfig;
        const decryptBinary = (message: OpenPgp.Message<Uint8Array | string>) => decrypt({ message, decryptionKeys, verificationKeys, format: 'binary', config });
        try {
          opened = await decryptBinary(isText ? await readMessage({ armoredMessage: content.toString('latin1'), config }) : await readMessage({ binaryMessage: new Uint8Array(content), config }));
        } catch (thrown) {
          throw failure((thrown as Error).message, thrown);
        }
        await checkSignatures(opened.signatures, options.signatureVerificationOption);
        return Buffer.from(opened.data as Uint8Array);
      },
    };
  },
});

async function checkSignatures(signatures: readonly { readonly verified: Promise<unknown> }[], wanted: 'optional' | 'required' | 'ignore' | 'no_signature_allowed'): Promise<void> {
  const verified = await Promise.allSettled(signatures.map(({ verified: one }) => one));
  if (wanted === 'ignore') return;
  if (wanted === 'no_signature_allowed') {
    if (signatures.length > 0) throw failure('the message is signed, and signatureVerificationOption allows no signature');
    return;
  }
  if (verified.some(({ status }) => status === 'fulfilled')) return;
  const [first] = verified;
  if (first?.status === 'rejected') throw new ExchangeError('java.security.SignatureException', `the signature could not be checked: ${(first.reason as Error).message}`);
  if (wanted === 'required') throw failure('the message is not signed, and signatureVerificationOption is required');
}
