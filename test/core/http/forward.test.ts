import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { forwardingContext } from '../../../src/core/http/forward.ts';
import { httpListeners } from '../../../src/core/http/listener.ts';
import { Surroundings } from '../../contract/connector.ts';
import { ask } from './ask.ts';

describe('requests that another process answers', () => {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  /** The other process, seen from here: a server behind a socket, and the address at which its requests come. */
  async function behind(answer: (request: IncomingMessage, reply: ServerResponse, connection: Socket) => void, refused: unknown[] = []): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), 'forward-'));
    ends.push(() => rmSync(folder, { recursive: true }));
    const socketPath = join(folder, 's');
    const server = createServer((request, reply) => answer(request, reply, request.socket));
    await new Promise<void>((resolve) => void server.listen(socketPath, resolve));
    ends.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const { context } = new Surroundings();
    context.events.on('requestRefused', ({ status, reason }) => refused.push([status, reason]));
    const listener = httpListeners(forwardingContext(context, () => socketPath)).at('127.0.0.1', 0);
    const mount = { path: '/x', methods: null, consumes: null, produces: null, maxBodyBytes: 1000, handle: () => undefined };
    await listener.mount(mount);
    ends.push(() => {
      listener.unmount(mount);
      return listener.closed();
    });
    return listener.url;
  }

  /** Answers the first request of a connection, and cuts the connection at its second. */
  const cuttingAtTheSecond = (seen: string[], refused: unknown[] = []): Promise<string> => {
    const known = new WeakSet<Socket>();
    return behind((request, reply, connection) => {
      seen.push(`${request.method} ${request.url}`);
      if (known.has(connection)) return connection.destroy();
      known.add(connection);
      reply.end('done');
    }, refused);
  };

  it('have the status with its text, and headers, but those of the connection', async () => {
    const url = await behind((_request, reply) => reply.writeHead(299, 'Quite Fine', { 'X-A': '1', 'Keep-Alive': 'timeout=77' }).end('text'));
    const reply = await ask(`${url}/x`, 'GET');
    expect([reply.status, reply.text, reply.body, reply.headers['x-a']]).to.deep.equal([299, 'Quite Fine', 'text', '1']);
    expect(String(reply.headers['keep-alive'])).to.not.include('77');
  });

  it('are asked again, once, where a connection that was kept open is closed just then', async () => {
    const seen: string[] = [];
    const url = await cuttingAtTheSecond(seen);
    expect([(await ask(`${url}/x`, 'GET')).status, (await ask(`${url}/x`, 'GET')).status]).to.deep.equal([200, 200]);
    expect(seen).to.deep.equal(['GET /x', 'GET /x', 'GET /x']);
  });

  it('are not asked again where that could do something twice', async () => {
    const [seen, refused]: [string[], unknown[]] = [[], []];
    const url = await cuttingAtTheSecond(seen, refused);
    expect([(await ask(`${url}/x`, 'GET')).status, (await ask(`${url}/x`, 'POST', 'body')).status]).to.deep.equal([200, 503]);
    expect(seen).to.deep.equal(['GET /x', 'POST /x']);
    expect(refused).to.deep.equal([[503, 'otherProcess']]);
  });
});
