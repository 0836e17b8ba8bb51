import type { ConnectionOptions, SecureVersion } from 'node:tls';

/** What Java's parameters of TLS say that Node's TLS can do. */
interface TlsParameters {
  readonly keyStore?: string | undefined;
  readonly keyPassword?: string | undefined;
  readonly trustStore?: string | undefined;
  readonly trustsAll?: boolean | undefined;
  readonly protocol?: string | undefined;
  readonly ciphers?: string | undefined;
  readonly groups?: string | undefined;
  readonly signatures?: string | undefined;
}

const isPem = (bytes: Buffer): boolean => bytes.includes('-----BEGIN');

/** JKS is a format of Java alone. @throws Error that begins with what the file is */
function refuseJks(bytes: Buffer, what: string): void {
  if (bytes.length > 4 && bytes.readUInt32BE(0) === 0xfeedfeed) throw new Error(`${what} is a JKS file, which only Java reads: keytool converts it to PKCS12, openssl that to PEM`);
}

/** Certificates to trust. @throws Error that begins with what the file is */
function trusted(bytes: Buffer, what: string): Buffer {
  refuseJks(bytes, what);
  if (!isPem(bytes)) throw new Error(`${what} must be a PEM file with certificates`);
  return bytes;
}

/** A key with its certificate, of a PEM or PKCS12 file. @throws Error that begins with what the file is */
function ownKey(bytes: Buffer, passphrase: string | undefined, what: string): ConnectionOptions {
  const opened = passphrase === undefined ? {} : { passphrase };
  if (isPem(bytes)) return { key: bytes, cert: bytes, ...opened };
  refuseJks(bytes, what);
  return { pfx: bytes, ...opened };
}

const listed = (names: string): string => names.split(',').map((name) => name.trim()).join(':');

/** The options of Node's TLS. @throws Error for a file that can't be read, or is none of these */
function tlsOptions(parameters: TlsParameters, read: (resource: string) => Buffer): ConnectionOptions {
  const { keyStore, keyPassword, trustStore, trustsAll, protocol, ciphers, groups, signatures } = parameters;
  const version = /^TLSv1(?:\.[123])?$/.exec(protocol ?? '')?.[0] as SecureVersion | undefined;
  return {
    ...(keyStore === undefined ? {} : ownKey(read(keyStore), keyPassword, `the key store \`${keyStore}\``)),
    ...(trustStore === undefined ? {} : { ca: trusted(read(trustStore), `the trust store \`${trustStore}\``) }),
    ...(trustsAll === true ? { rejectUnauthorized: false } : {}),
    ...(version === undefined ? {} : { minVersion: version }),
    ...(ciphers === undefined ? {} : { ciphers: listed(ciphers) }),
    ...(groups === undefined ? {} : { ecdhCurve: listed(groups) }),
    ...(signatures === undefined ? {} : { sigalgs: listed(signatures) }),
  };
}

/** What a bean of the class says, whose properties are nested, or have dots in their names. */
function parametersOfBean(bean: Readonly<Record<string, unknown>>): TlsParameters {
  const at = (path: string): string | undefined => {
    const [first, ...rest] = path.split('.') as [string, ...string[]];
    const walk = (value: unknown, keys: readonly string[]): unknown =>
      keys.length === 0 || value === null || typeof value !== 'object' ? value : ((value as Record<string, unknown>)[keys.join('.')] ?? walk((value as Record<string, unknown>)[keys[0]!], keys.slice(1)));
    const found = bean[path] ?? walk(bean[first], rest);
    return typeof found === 'string' ? found : Array.isArray(found) ? found.join(',') : undefined;
  };
  return {
    keyStore: at('keyManagers.keyStore.resource'),
    keyPassword: at('keyManagers.keyPassword') ?? at('keyManagers.keyStore.password'),
    trustStore: at('trustManagers.keyStore.resource'),
    protocol: at('secureSocketProtocol'),
    ciphers: at('cipherSuites.cipherSuite'),
  };
}

/** What the element `sslContextParameters` says. */
function parametersOfElement(fields: Readonly<Record<string, unknown>>): TlsParameters {
  const text = (name: string): string | undefined => (typeof fields[name] === 'string' ? fields[name] : undefined);
  if (text('id') === undefined) throw new Error('it has no `id`, by which endpoints name it: `sslContextParameters=#id`');
  return {
    keyStore: text('keyStore'),
    keyPassword: text('keystorePassword'),
    trustStore: text('trustStore'),
    trustsAll: fields['trustAllCertificates'] === true,
    protocol: text('secureSocketProtocol'),
    ciphers: text('cipherSuites'),
    groups: text('namedGroups'),
    signatures: text('signatureSchemes'),
  };
}

/** Options of Node's TLS, of the element's fields or of a bean of Java's class. @throws Error that says what can't be used */
export const tlsOf = (given: Readonly<Record<string, unknown>>, isElement: boolean, read: (path: string) => Buffer): ConnectionOptions =>
  tlsOptions(isElement ? parametersOfElement(given) : parametersOfBean(given), (resource) => read(resource.replace(/^(?:file|classpath):(?:\/\/)?/, '')));
