/** Where a broker is, and who connects. */
export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly virtualHost: string;
  /** Options of node:tls; null: no TLS. */
  readonly tls: Readonly<Record<string, unknown>> | null;
}

/** What one source says about the broker; the first source that names one is taken whole. */
export interface GivenBroker {
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

/** What a connection factory says. @throws Error for a bean that is none */
export function fromFactory(bean: unknown, name: string): GivenBroker {
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

export function wholeNumber(value: unknown, name: string): number {
  if (value === undefined || value === null) return 0;
  const parsed = Number(value);
  if (!Number.isFinite(parsed) || parsed < 0) throw new Error(`\`${name}\` must be a number`);
  return parsed;
}

export function addressesOf(given: GivenBroker): BrokerAddress[] {
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
    const port = given.port === undefined || given.port === null ? (parsed?.port ?? usualPort) : wholeNumber(given.port, 'port');
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

/** The brokers that a connection factory leads to. @throws Error for a bean that is none */
export const brokerOfFactory = (bean: unknown, name: string): BrokerAddress[] => addressesOf(fromFactory(bean, name));

/** The same for the same brokers and virtual host, whoever connects. */
export const brokerKey = (addresses: readonly BrokerAddress[]): string => `amqp:${addresses.map(({ host, port, virtualHost }) => `${host}:${port}${virtualHost === '/' ? '' : `/${virtualHost}`}`).sort().join(',')}`;
