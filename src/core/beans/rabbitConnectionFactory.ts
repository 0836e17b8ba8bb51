/**
 * What stands for Spring's and RabbitMQ's own `ConnectionFactory` beans: where the broker is, said by their properties. Nothing of it is done
 * before an endpoint names it.
 */
export class RabbitConnectionFactory {
  uri: unknown = undefined;
  addresses: unknown = undefined;
  host: unknown = undefined;
  hostName: unknown = undefined;
  port: unknown = undefined;
  username: unknown = undefined;
  virtualHost: unknown = undefined;
  connectionTimeout: unknown = undefined;
  /** Seconds. */
  requestedHeartBeat: unknown = undefined;
  requestedHeartbeat: unknown = undefined;
  /** TLS: true, or options of node:tls. */
  ssl: unknown = undefined;
  useSSL: unknown = undefined;
  tls: unknown = undefined;
  // What has no effect here, because confirms and returns are always on, and channels are shared.
  publisherConfirms: unknown = undefined;
  publisherConfirmType: unknown = undefined;
  publisherReturns: unknown = undefined;
  cacheMode: unknown = undefined;
  channelCacheSize: unknown = undefined;
  channelCheckoutTimeout: unknown = undefined;
  connectionCacheSize: unknown = undefined;
  connectionLimit: unknown = undefined;
  closeTimeout: unknown = undefined;
  addressShuffleMode: unknown = undefined;
  connectionNameStrategy: unknown = undefined;
  automaticRecoveryEnabled: unknown = undefined;
  networkRecoveryInterval: unknown = undefined;
  topologyRecoveryEnabled: unknown = undefined;
  requestedChannelMax: unknown = undefined;
  requestedFrameMax: unknown = undefined;
  handshakeTimeout: unknown = undefined;
  shutdownTimeout: unknown = undefined;
  #password: unknown = undefined;

  /** As CachingConnectionFactory's constructors take them: host and port, a host, a port, or a URI. */
  constructor(...args: readonly unknown[]) {
    const [first, second] = args;
    if (typeof first === 'number' || (typeof first === 'string' && /^\d+$/.test(first))) this.port = first;
    else if (typeof first === 'string') this[/^amqps?:/.test(first) ? 'uri' : 'host'] = first;
    if (second !== undefined) this.port = second;
  }

  setPassword(password: unknown): void {
    this.#password = password;
  }

  getPassword(): unknown {
    return this.#password;
  }

  toString(): string {
    return `RabbitConnectionFactory[${String(this.addresses ?? this.host ?? this.hostName ?? 'localhost')}]`;
  }
}
