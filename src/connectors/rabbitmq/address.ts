import type { ConnectorContext, Endpoint } from '../../core/connector.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Address } from './client.ts';
import { isVirtualHostRefusal } from './client.ts';
import type { rabbitmqOptions } from './options.ts';

export type RabbitEndpoint = Endpoint<typeof rabbitmqOptions>;

/** The brokers of a cluster, to be tried in turn, and how to connect. */
export interface BrokerSettings {
  readonly addresses: readonly Address[];
  readonly connectTimeoutMillis: number;
  readonly heartbeatSeconds: number;
  readonly reconnectDelayMillis: number;
}

const defaultHeartbeatSeconds = 10;
const defaultConnectTimeoutMillis = 10_000;

/** What one source says about the broker; the first source that names one is taken whole. */
interface Given {
  readonly url?: unknown;
  readonly addresses?: unknown;
  readonly host?: unknown;
  readonly port?: unknown;
  readonly username?: unknown;
  readonly password?: unknown;
  readonly virtualHost?: unknown;
  readonly tls?: unknown;
  readonly connectionTimeout?: unknown;
  readonly heartbeat?: unknown;
}

/**
 * Where an endpoint's broker is: by its own options, by its `connectionFactory` (or the one bean of a usual name), by the settings
 * `rabbitmq.*`, or at localhost.
 * @throws Error that names the option, never its secret
 */
export function brokerOf({ options }: RabbitEndpoint, context: ConnectorContext): BrokerSettings {
  const own: Given = {
    url: options.url,
    addresses: options.addresses,
    host: options.hostname,
    port: options.port,
    username: options.username,
    password: options.password,
    virtualHost: options.virtualHost,
    tls: options.sslContextParameters === undefined ? options.tls : context.bean(options.sslContextParameters),
    connectionTimeout: options.connectionTimeout,
    heartbeat: options.requestedHeartbeat,
  };
  const namesBroker = own.url ?? own.addresses ?? own.host;
  const base = namesBroker === undefined ? (factoryOf(options.connectionFactory, context) ?? fromSettings(context)) : {};
  const given = merged(base, own);
  return {
    addresses: addressesOf(given),
    connectTimeoutMillis: number(given.connectionTimeout, 'connectionTimeout') || defaultConnectTimeoutMillis,
    heartbeatSeconds: given.heartbeat === undefined ? defaultHeartbeatSeconds : number(given.heartbeat, 'requestedHeartbeat'),
    reconnectDelayMillis: options.reconnectDelay,
  };
}

const merged = (base: Given, over: Given): Given => {
  const result: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(over)) if (value !== undefined) result[name] = value;
  return result;
};

/** The bean of `connectionFactory`, or one of the usual names. */
function factoryOf(reference: string | undefined, context: ConnectorContext): Given | null {
  if (reference !== undefined) return fromBean(context.bean(reference), reference);
  for (const usual of ['connectionFactory', 'rabbitConnectionFactory', 'rabbitmqConnectionFactory']) {
    const bean = context.scope.bean(usual);
    if (bean !== undefined && bean !== null) return fromBean(bean, usual);
  }
  return null;
}

function fromBean(bean: unknown, name: string): Given {
  if (typeof bean !== 'object' || bean === null) throw new Error(`the bean \`${name}\` is no connection factory: it needs \`host\`, \`addresses\` or \`uri\``);
  const all = bean as Readonly<Record<string, unknown>> & { getPassword?(): unknown };
  return {
    url: all['uri'] ?? all['url'],
    addresses: all['addresses'],
    host: all['host'] ?? all['hostName'] ?? all['hostname'],
    port: all['port'],
    username: all['username'],
    password: typeof all.getPassword === 'function' ? all.getPassword() : all['password'],
    virtualHost: all['virtualHost'],
    tls: all['tls'] ?? all['ssl'] ?? all['useSSL'],
    connectionTimeout: all['connectionTimeout'],
    heartbeat: all['requestedHeartBeat'] ?? all['requestedHeartbeat'],
  };
}

function fromSettings(context: ConnectorContext): Given {
  const setting = (name: string): unknown => context.setting(`rabbitmq.${name}`) ?? undefined;
  return {
    url: setting('url'),
    addresses: setting('addresses'),
    host: setting('hostname') ?? setting('host'),
    port: setting('port'),
    username: setting('username'),
    password: setting('password'),
    virtualHost: setting('virtualHost'),
    tls: setting('tls'),
    connectionTimeout: setting('connectionTimeout'),
    heartbeat: setting('requestedHeartbeat'),
  };
}

function number(value: unknown, name: string): number {
  if (value === undefined || value === null) return 0;
  const parsed = Number(value);
  if (!Number.isFinite(parsed) || parsed < 0) throw new Error(`\`${name}\` must be a number`);
  return parsed;
}

function addressesOf(given: Given): Address[] {
  const parsed = given.url === undefined ? null : parseUrl(String(given.url));
  const isTls = given.tls === undefined || given.tls === null ? parsed?.isTls === true : given.tls !== false && given.tls !== 'false';
  const tls = isTls ? (typeof given.tls === 'object' && given.tls !== null ? (given.tls as Readonly<Record<string, unknown>>) : {}) : null;
  const usualPort = isTls ? 5671 : 5672;
  const access = {
    username: text(given.username) ?? parsed?.username ?? 'guest',
    password: text(given.password) ?? parsed?.password ?? 'guest',
    virtualHost: text(given.virtualHost) ?? parsed?.virtualHost ?? '/',
    tls,
  };
  const named = Array.isArray(given.addresses) ? given.addresses.map(String) : (text(given.addresses)?.split(',') ?? []);
  const hosts = named.map((one) => one.trim()).filter((one) => one !== '');
  if (hosts.length === 0) {
    const port = given.port === undefined || given.port === null ? (parsed?.port ?? usualPort) : number(given.port, 'port');
    return [{ host: text(given.host) ?? parsed?.host ?? 'localhost', port, ...access }];
  }
  return hosts.map((address) => {
    const match = /^(?:amqps?:\/\/)?(?:[^@/]*@)?(\[[^\]]+\]|[^:[\]/]+)(?::(\d+))?(?:\/.*)?$/.exec(address);
    if (match === null) throw new Error(`\`addresses\`: \`${address.replace(/[^@/]*@/, '')}\` is no \`host:port\``);
    return { host: match[1]!.replace(/^\[|\]$/g, ''), port: match[2] === undefined ? usualPort : Number(match[2]), ...access };
  });
}

const text = (value: unknown): string | undefined => (value === undefined || value === null || value === '' ? undefined : String(value));

function parseUrl(url: string): { host: string; port: number | undefined; username: string | undefined; password: string | undefined; virtualHost: string | undefined; isTls: boolean } {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new Error('`url` is no URL such as `amqp://user:password@host:5672/vhost`');
  }
  if (parsed.protocol !== 'amqp:' && parsed.protocol !== 'amqps:') throw new Error('`url` must begin with `amqp://` or `amqps://`');
  const part = (value: string): string | undefined => (value === '' ? undefined : decodeURIComponent(value));
  return {
    host: parsed.hostname === '' ? 'localhost' : parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? undefined : Number(parsed.port),
    username: part(parsed.username),
    password: part(parsed.password),
    virtualHost: part(parsed.pathname.slice(1)),
    isTls: parsed.protocol === 'amqps:',
  };
}

const shownAddress = ({ host, port, tls }: Address): string => `${tls === null ? 'amqp' : 'amqps'}://${host.includes(':') ? `[${host}]` : host}:${port}`;

/** Fit for messages: no user, no password. */
export const shownBroker = ({ addresses }: BrokerSettings): string => addresses.map(shownAddress).join(', ');

const isLoginRefusal = ({ message }: Error): boolean => /Handshake terminated by server: .*ACCESS[_-]REFUSED/.test(message);

/** Why a connection did not come about, or went, as the Java class by which routes catch it. */
export function connectionError(error: Error | null, settings: BrokerSettings, address: Address | null = null): ExchangeError {
  const where = address === null ? shownBroker(settings) : shownAddress(address);
  if (error === null) return new ExchangeError('org.springframework.amqp.AmqpConnectException', `${where}: the connection was closed`);
  const { username, virtualHost } = settings.addresses[0]!;
  if (isLoginRefusal(error)) {
    return new ExchangeError('org.springframework.amqp.AmqpAuthenticationException', `${where} refuses the user \`${username}\`: check its name and password`, { cause: error });
  }
  if (isVirtualHostRefusal(error)) {
    return new ExchangeError('org.springframework.amqp.AmqpConnectException', `${where}: there is no virtual host \`${virtualHost}\`, or the user \`${username}\` may not use it`, { cause: error });
  }
  const code = (error as { code?: unknown }).code ?? (error as { errors?: { code?: unknown }[] }).errors?.[0]?.code;
  return new ExchangeError('org.springframework.amqp.AmqpConnectException', `${where}: ${words[String(code)] ?? plainReason(error)}`, { cause: error });
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  EHOSTUNREACH: 'no way to the host',
  ENETUNREACH: 'no way to the network',
  ENOTFOUND: 'unknown host',
  EAI_AGAIN: 'the name of the host could not be looked up',
  ETIMEDOUT: 'no answer in time',
};

const plainReason = ({ message }: Error): string => {
  if (/ETIMEDOUT/.test(message)) return 'no answer in time';
  if (/Socket closed abruptly/.test(message)) return 'the connection was closed while it was opened';
  if (/Heartbeat timeout/.test(message)) return 'no sign of life any more (heartbeat)';
  if (/Unexpected close/.test(message)) return 'the connection was cut';
  return message.replace(/^Error: /, '');
};
