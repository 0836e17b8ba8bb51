import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { ConnectionOptions, SecureVersion } from 'node:tls';
import type { ConnectorContext } from '../../core/connector.ts';
import type { KafkaEndpoint } from './options.ts';

export type Sasl =
  | { readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; readonly username: string; readonly password: string }
  | { readonly mechanism: 'oauthbearer'; readonly oauthBearerProvider: () => Promise<{ value: string }> };

/** How brokers are reached. */
export interface ConnectionSettings {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly tls: ConnectionOptions | null;
  readonly sasl: Sasl | null;
  readonly requestTimeoutMillis: number;
  readonly metadataMaxAgeMillis: number;
  readonly firstBackoffMillis: number;
  readonly longestBackoffMillis: number;
}

/** What two endpoints must have in common to share a connection. */
export const connectionKey = ({ brokers, clientId, tls, sasl, requestTimeoutMillis }: ConnectionSettings): string =>
  JSON.stringify([brokers, clientId, tls, sasl, requestTimeoutMillis]);

/** @throws Error naming the option that can't work */
export function connectionSettings(endpoint: KafkaEndpoint, context: ConnectorContext, requestTimeoutMillis: number): ConnectionSettings {
  const { options } = endpoint;
  const protocol = protocolOf(endpoint);
  return {
    brokers: brokersOf(endpoint),
    clientId: options.clientId ?? 'mecha',
    tls: protocol.endsWith('SSL') ? tlsOf(endpoint, context) : null,
    sasl: protocol.startsWith('SASL') ? saslOf(endpoint) : null,
    requestTimeoutMillis,
    metadataMaxAgeMillis: options.metadataMaxAgeMs,
    firstBackoffMillis: options.reconnectBackoffMs,
    longestBackoffMillis: Math.max(options.reconnectBackoffMaxMs, options.reconnectBackoffMs),
  };
}

function brokersOf({ options, shownUri }: KafkaEndpoint): string[] {
  const text = options.brokers ?? '';
  const brokers = text
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '');
  if (brokers.length === 0) throw new Error(`${shownUri}: \`brokers\` is missing: write it as host:port, or set the property camel.component.kafka.brokers`);
  return brokers.map((broker) => {
    if (/^[^:\s]+:\d{1,5}$/.test(broker) || !options.preValidateHostAndPort) return broker;
    if (/^[^:\s]+$/.test(broker)) return `${broker}:9092`;
    throw new Error(`${shownUri}: \`brokers\` must be host:port, with commas between them, not \`${broker}\``);
  });
}

function protocolOf({ options }: KafkaEndpoint): string {
  if (options.securityProtocol !== undefined) return options.securityProtocol.toUpperCase();
  switch (options.saslAuthType) {
    case undefined:
    case 'NONE':
      return 'PLAINTEXT';
    case 'SSL':
      return 'SSL';
    default:
      return 'SASL_SSL';
  }
}

// ------------------------------------------------------------------------------------------------ logins

const mechanismsByType: Readonly<Record<string, string>> = { PLAIN: 'PLAIN', SCRAM_SHA_256: 'SCRAM-SHA-256', SCRAM_SHA_512: 'SCRAM-SHA-512', OAUTH: 'OAUTHBEARER' };

function saslOf(endpoint: KafkaEndpoint): Sasl {
  const { options, shownUri } = endpoint;
  const mechanism = (options.saslMechanism ?? mechanismsByType[options.saslAuthType ?? ''] ?? '').toUpperCase();
  switch (mechanism) {
    case 'PLAIN':
    case 'SCRAM-SHA-256':
    case 'SCRAM-SHA-512': {
      const username = options.saslUsername ?? jaasOption(options.saslJaasConfig, 'username');
      const password = options.saslPassword ?? jaasOption(options.saslJaasConfig, 'password');
      if (username === undefined || password === undefined) throw new Error(`${shownUri}: ${mechanism} needs \`saslUsername\` and \`saslPassword\` (or \`saslJaasConfig\`)`);
      return { mechanism: mechanism.toLowerCase() as 'plain', username, password };
    }
    case 'OAUTHBEARER':
      return { mechanism: 'oauthbearer', oauthBearerProvider: tokens(endpoint) };
    case '':
      throw new Error(`${shownUri}: \`saslMechanism\` is missing: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER`);
    default:
      throw new Error(`${shownUri}: \`saslMechanism\` ${mechanism} is not supported: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER are`);
  }
}

const jaasOption = (jaas: string | undefined, name: string): string | undefined => {
  const match = jaas === undefined ? null : new RegExp(`\\b${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|'([^']*)'|([^\\s;]+))`).exec(jaas);
  return match === null ? undefined : (match[1]?.replace(/\\(.)/g, '$1') ?? match[2] ?? match[3]);
};

function tokens({ options, shownUri }: KafkaEndpoint): () => Promise<{ value: string }> {
  const { oauthTokenEndpointUri: uri, oauthClientId: client, oauthClientSecret: secret, oauthScope: scope } = options;
  if (uri === undefined || client === undefined || secret === undefined) {
    throw new Error(`${shownUri}: OAUTHBEARER needs \`oauthTokenEndpointUri\`, \`oauthClientId\` and \`oauthClientSecret\``);
  }
  return async () => {
    const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: client, client_secret: secret });
    if (scope !== undefined) form.set('scope', scope);
    const response = await fetch(uri, { method: 'POST', body: form, signal: AbortSignal.timeout(10_000) });
    if (!response.ok) throw new Error(`${shownUri}: the token endpoint answered ${response.status}`);
    const { access_token: value } = (await response.json()) as { access_token?: string };
    if (typeof value !== 'string') throw new Error(`${shownUri}: the token endpoint gave no access_token`);
    return { value };
  };
}

// ------------------------------------------------------------------------------------------------ TLS

function tlsOf(endpoint: KafkaEndpoint, context: ConnectorContext): ConnectionOptions {
  const { options, shownUri } = endpoint;
  const read = (name: string, path: string): Buffer => {
    const file = path.replace(/^file:(\/\/)?/, '');
    try {
      return readFileSync(isAbsolute(file) ? file : join(context.baseDir, file));
    } catch (thrown) {
      throw new Error(`${shownUri}: \`${name}\` can't be read: ${(thrown as Error).message}`, { cause: thrown });
    }
  };
  const tls: ConnectionOptions = options.sslContextParameters === undefined ? {} : { ...context.bean<ConnectionOptions>(options.sslContextParameters) };
  if (options.sslTruststoreLocation !== undefined) tls.ca = pem(read('sslTruststoreLocation', options.sslTruststoreLocation), 'sslTruststoreLocation', shownUri);
  if (options.sslKeystoreLocation !== undefined) {
    const store = read('sslKeystoreLocation', options.sslKeystoreLocation);
    if (options.sslKeystoreType?.toUpperCase() === 'PEM' || isPem(store)) {
      tls.key = tls.cert = store;
      if (options.sslKeyPassword !== undefined) tls.passphrase = options.sslKeyPassword;
    } else {
      refuseJks(store, 'sslKeystoreLocation', shownUri);
      tls.pfx = store;
      const passphrase = options.sslKeystorePassword ?? options.sslKeyPassword;
      if (passphrase !== undefined) tls.passphrase = passphrase;
    }
  }
  const versions = (options.sslEnabledProtocols ?? options.sslProtocol ?? '').split(',').map((version) => version.trim()).filter((version) => version !== '');
  if (versions.length > 0) {
    const wrong = versions.find((version) => !/^TLSv1(\.[123])?$/.test(version));
    if (wrong !== undefined) throw new Error(`${shownUri}: \`sslEnabledProtocols\` has no version ${wrong}: TLSv1.2 and TLSv1.3 are there`);
    const sorted = [...versions].sort() as SecureVersion[];
    tls.minVersion = sorted[0]!;
    tls.maxVersion = sorted[sorted.length - 1]!;
  }
  if (options.sslCipherSuites !== undefined) tls.ciphers = options.sslCipherSuites.replaceAll(',', ':');
  if (/^(none|false|)$/i.test(options.sslEndpointAlgorithm)) tls.checkServerIdentity = () => undefined;
  return tls;
}

const isPem = (bytes: Buffer): boolean => bytes.includes('-----BEGIN');

function pem(bytes: Buffer, name: string, shownUri: string): Buffer {
  refuseJks(bytes, name, shownUri);
  if (!isPem(bytes)) throw new Error(`${shownUri}: \`${name}\` must be a PEM file with certificates`);
  return bytes;
}

/** JKS is a format of Java alone. */
function refuseJks(bytes: Buffer, name: string, shownUri: string): void {
  if (bytes.length > 4 && bytes.readUInt32BE(0) === 0xfeedfeed) throw new Error(`${shownUri}: \`${name}\` is a JKS file, which only Java reads: keytool converts it to PKCS12, openssl that to PEM`);
}
