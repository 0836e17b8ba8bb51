import type { ClientRequest } from 'node:http';
import { request as send } from 'node:http';
import { connect } from 'node:net';
import type { ConnectorContext } from '../connector.ts';
import { connectionHeaders } from './headers.ts';
import type { HttpListener, HttpMount, HttpRequest } from './listener.ts';
import { httpListeners } from './listener.ts';

/** Asked twice they do what they do once. */
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

/** Names and values in turn, without those of the connection. */
function handedOn(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) if (!connectionHeaders.has(rawHeaders[i]!.toLowerCase())) kept.push(rawHeaders[i]!, rawHeaders[i + 1]!);
  return kept;
}

/** The same mount, whose requests another process answers. */
function forwarding(mount: HttpMount, socketPath: string): HttpMount {
  return {
    path: mount.path,
    methods: mount.methods,
    consumes: mount.consumes,
    produces: mount.produces,
    maxBodyBytes: mount.maxBodyBytes,
    tellsMethods: mount.tellsMethods === true,
    get routeId() {
      return mount.routeId ?? null;
    },
    isStreaming: true,
    handle(request: HttpRequest): void {
      const { reply } = request;
      const headers = handedOn(request.rawHeaders);
      if (request.headers['transfer-encoding'] !== undefined) headers.push('Transfer-Encoding', 'chunked');
      const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
      let isOver = false;
      const ask = (isAgain: boolean): ClientRequest => {
        const sent = send({ socketPath, method: request.method, path: request.url, headers, setHost: false }, (answer) => {
          if (request.listener.isClosing) reply.shouldKeepAlive = false;
          reply.writeHead(answer.statusCode ?? 502, answer.statusMessage, handedOn(answer.rawHeaders));
          answer.on('error', () => reply.destroy());
          answer.pipe(reply);
        });
        sent.on('error', () => {
          // The other side may close a connection just when it is used again: what can be asked twice, and was sent whole, is.
          if (!isAgain && !isOver && sent.reusedSocket && !hasBody && !reply.headersSent && idempotent.has(request.method ?? '')) ask(true).end();
          else if (reply.headersSent) reply.destroy();
          else request.listener.refuse(request, 503, 'otherProcess');
        });
        reply.on('close', () => {
          isOver = true;
          sent.destroy();
        });
        request.on('error', () => sent.destroy());
        return sent;
      };
      const sent = ask(false);
      request.pipe(sent);
    },
    ...(mount.upgrade === undefined
      ? {}
      : {
          upgrade(request, connection, first): void {
            const other = connect(socketPath, () => {
              const lines = [`${request.method} ${request.url} HTTP/1.1`];
              for (let i = 0; i < request.rawHeaders.length; i += 2) lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
              other.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
              other.write(first);
              other.pipe(connection).pipe(other);
            });
            other.on('error', () => connection.destroy());
            connection.on('error', () => other.destroy());
            connection.on('close', () => other.destroy());
          },
        }),
  };
}

/** A connector's surroundings in a process that does not run its routes: what it mounts on a listener hands its requests on, and is not what those have that do. */
export function forwardingContext(context: ConnectorContext, socketOf: (host: string, port: number) => string): ConnectorContext {
  const real = httpListeners(context);
  const made = new Map<HttpMount, HttpMount>();
  const standIn = (listener: HttpListener, host: string, port: number): HttpListener =>
    new Proxy(listener, {
      get(target, name) {
        if (name === 'mount') {
          return (mount: HttpMount) => {
            const forwarded = forwarding(mount, socketOf(host, port));
            made.set(mount, forwarded);
            return target.mount(forwarded);
          };
        }
        if (name === 'unmount') return (mount: HttpMount) => target.unmount(made.get(mount) ?? mount);
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  const listeners = { at: (host: string, port: number) => standIn(real.at(host, port), host, port) };
  return { ...context, shared: <T>(name: string, make: () => T): T => (name === 'http-listeners' ? (listeners as T) : context.shared(`handed on: ${name}`, make)) };
}
