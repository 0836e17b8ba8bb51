import type { ConnectorContext } from '../../core/connector.ts';

export interface WebSocketAddress {
  readonly host: string;
  readonly port: number;
  /** With its first slash. */
  readonly path: string;
  readonly isSecure: boolean;
  /** With its question mark: what a client asks for besides. */
  readonly query: string;
}

export function addressOf({ host, port, path = '', secure }: { host?: string | undefined; port?: number | undefined; path?: string | undefined; secure: boolean }, rest: Readonly<Record<string, string>>, context: Pick<ConnectorContext, 'setting'>): WebSocketAddress {
  const query = new URLSearchParams(rest).toString();
  const setting = context.setting('http.host');
  return {
    host: host?.replace(/^\[(.*)\]$/, '$1') ?? (typeof setting === 'string' ? setting : '127.0.0.1'),
    port: port ?? Number(context.setting('http.port') ?? 8080),
    path: path.startsWith('/') ? path : `/${path}`,
    isSecure: secure,
    query: query === '' ? '' : `?${query}`,
  };
}

/** Without its query, which may hold secrets. */
export const urlOf = ({ host, port, path, isSecure }: WebSocketAddress): string => `${isSecure ? 'wss' : 'ws'}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
