import type { ConnectorContext, Endpoint } from '../../core/connector.ts';
import { ExchangeError } from '../../core/errors.ts';
import { addressesOf, fromFactory, wholeNumber } from '../../core/beans/rabbitBroker.ts';
import type { GivenBroker } from '../../core/beans/rabbitBroker.ts';
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

/**
 * Where an endpoint's broker is: by its own options, by its `connectionFactory` (or the one bean of a usual name), by the settings
 * `rabbitmq.*`, or at localhost.
 * @throws Error that names the option, never its secret
 */
export function brokerOf({ options }: RabbitEndpoint, context: ConnectorContext): BrokerSettings {
  const own: GivenBroker = {
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
    connectTimeoutMillis: wholeNumber(given.connectionTimeout, 'connectionTimeout') || defaultConnectTimeoutMillis,
    heartbeatSeconds: given.heartbeat === undefined ? defaultHeartbeatSeconds : wholeNumber(given.heartbeat, 'requestedHeartbeat'),
    reconnectDelayMillis: options.reconnectDelay,
  };
}

const merged = (base: GivenBroker, over: GivenBroker): GivenBroker => {
  const result: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(over)) if (value !== undefined) result[name] = value;
  return result;
};

/** The bean of `connectionFactory`, or one of the usual names. */
function factoryOf(reference: string | undefined, context: ConnectorContext): GivenBroker | null {
  if (reference !== undefined) return fromFactory(context.bean(reference), reference);
  for (const usual of ['connectionFactory', 'rabbitConnectionFactory', 'rabbitmqConnectionFactory']) {
    const bean = context.scope.bean(usual);
    if (bean !== undefined && bean !== null) return fromFactory(bean, usual);
  }
  return null;
}

function fromSettings(context: ConnectorContext): GivenBroker {
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
