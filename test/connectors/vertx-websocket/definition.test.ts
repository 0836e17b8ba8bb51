import { expect } from 'chai';
import { WebSocket, WebSocketServer } from 'ws';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../../src/core/clock.ts';
import { httpListeners } from '../../../src/core/http/listener.ts';
import type { Runtime } from '../../../src/runtime/runtime.ts';
import type { ConnectorDefinition } from '../../../src/core/connector.ts';
import { vertxWebsocket } from '../../../src/connectors/vertx-websocket/definition.ts';
import { Surroundings, TestRoute } from '../../contract/connector.ts';
import { eventually, mockOf, routesFile, runtimeWith } from '../../runtime/rig.ts';

const route = (from: string, ...steps: unknown[]): unknown => ({ from: { uri: from, steps } });

describe('vertx-websocket', () => {
  let runtime: Runtime;
  const clients: WebSocket[] = [];
  const servers: WebSocketServer[] = [];

  const start = async (...routes: unknown[]): Promise<void> => {
    runtime = runtimeWith({ clock: systemClock, settings: (key) => (key === 'http.port' ? 0 : key === 'http.host' ? '127.0.0.1' : undefined) });
    await runtime.start([routesFile(routes)]);
  };
  const address = (): string => httpListeners({ clock: systemClock, events: runtime.events, shared: (name, make) => runtime.shared(name, make), setting: () => undefined }).all()[0]!.url;
  const connect = async (path: string, origin = ''): Promise<{ socket: WebSocket; heard: string[] }> => {
    const socket = new WebSocket(`${address().replace('http', 'ws')}${path}`, origin === '' ? {} : { origin });
    clients.push(socket);
    const heard: string[] = [];
    socket.on('message', (data, isBinary) => heard.push(`${isBinary ? 'bytes ' : ''}${(data as Buffer).toString()}`));
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return { socket, heard };
  };
  const serve = async (port = 0): Promise<WebSocketServer> => {
    const server = new WebSocketServer({ port, host: '127.0.0.1' });
    servers.push(server);
    await new Promise((resolve) => server.once('listening', resolve));
    return server;
  };
  const portOf = (server: WebSocketServer): number => (server.address() as AddressInfo).port;

  afterEach(async () => {
    await runtime.stop(1000);
    for (const client of clients.splice(0)) client.terminate();
    for (const server of servers.splice(0)) {
      for (const client of server.clients) client.terminate();
      server.close();
    }
  });

  it('takes texts and bytes of clients, with parameters of path and query, and answers the one that spoke', async () => {
    await start(route('vertx-websocket:127.0.0.1:0/room/{name}', { to: 'mock:in' }, { setBody: { simple: '${header.name}/${header.lang}: ${body}' } }, { to: 'vertx-websocket:127.0.0.1:0/room/x' }));
    const one = await connect('/room/blue?lang=en');
    const other = await connect('/room/red?lang=fr');
    one.socket.send('hello');
    other.socket.send(Buffer.from('bytes'));
    await eventually(() => expect([one.heard, other.heard]).to.deep.equal([['blue/en: hello'], ['red/fr: bytes']]));
    const [first] = mockOf(runtime, 'in').received;
    expect(first!.headers.get('CamelVertxWebsocket.event')).to.equal('MESSAGE');
    expect(String(first!.headers.get('CamelVertxWebsocket.remoteAddress'))).to.match(/127\.0\.0\.1:\d+$/);
    expect(first!.headers.names().filter((name) => !name.startsWith('CamelVertxWebsocket.'))).to.have.members(['name', 'lang']);
  });

  it('sends what a request came to back to its client, and nothing when it failed', async () => {
    await start(route('vertx-websocket:127.0.0.1:0/ask?exchangePattern=InOut', { filter: { simple: "${body} == 'bad'", steps: [{ throwException: { exceptionType: 'java.lang.Exception', message: 'no' } }] } }, { setBody: { simple: 'you said ${body}' } }));
    const [one, other] = [await connect('/ask'), await connect('/ask')];
    for (const text of ['bad', 'a', 'b']) one.socket.send(text);
    await eventually(() => expect([one.heard, other.heard]).to.deep.equal([['you said a', 'you said b'], []]));
  });

  it('sends to all that are connected to a path, and to no others', async () => {
    await start(route('vertx-websocket:127.0.0.1:0/news', { to: 'mock:in' }), route('vertx-websocket:127.0.0.1:0/other', { to: 'mock:in' }), route('direct:a', { to: 'vertx-websocket:127.0.0.1:0/news?sendToAll=true' }));
    const [a, b, c] = [await connect('/news'), await connect('/news'), await connect('/other')];
    await runtime.send('direct:a', 'flash');
    await runtime.send('direct:a', Buffer.from('raw'));
    await eventually(() => expect([a.heard, b.heard, c.heard]).to.deep.equal([['flash', 'bytes raw'], ['flash', 'bytes raw'], []]));
  });

  it('lets nothing in any more that waits when it stops', async () => {
    const around = new Surroundings();
    const target = new TestRoute(around.scope);
    target.isHolding = true;
    const consumer = await around.consumer(vertxWebsocket as unknown as ConnectorDefinition<never>, 'vertx-websocket:127.0.0.1:0/in?maxInFlight=1');
    await consumer.start(target);
    const socket = new WebSocket(`${httpListeners(around.context).all()[0]!.url.replace('http', 'ws')}/in`);
    clients.push(socket);
    await new Promise((resolve) => socket.once('open', resolve));
    // Both are read at once: the second waits.
    for (const text of ['a', 'b']) socket.send(text);
    await eventually(() => expect(target.held).to.have.length(1));
    await consumer.stop();
    target.releaseAll();
    await consumer.close!();
    expect(target.received.map(({ body }) => body)).to.deep.equal(['a']);
  });

  it('tells of connections that open and close where that is asked for', async () => {
    await start(route('vertx-websocket:127.0.0.1:0/in?fireWebSocketConnectionEvents=true', { to: 'mock:in' }));
    const { socket } = await connect('/in');
    socket.send('x');
    socket.close();
    await eventually(() => expect(mockOf(runtime, 'in').received.map(({ headers }) => headers.get('CamelVertxWebsocket.event'))).to.deep.equal(['OPEN', 'MESSAGE', 'CLOSE']));
  });

  it('lets in only clients whose origin fits, and answers plain requests with 426', async () => {
    await start(route('vertx-websocket:127.0.0.1:0/in?allowedOriginPattern=https://good.*', { to: 'mock:in' }), route('platform-http:/plain', { setBody: { constant: 'ok' } }));
    const told: unknown[] = [];
    runtime.events.on('requestRefused', ({ status, reason }) => told.push([status, reason]));
    const refused = await connect('/in', 'https://evil.example').then(() => '', (error: unknown) => (error as Error).message);
    expect(refused).to.contain('403');
    const elsewhere = await connect('/plain').then(() => '', (error: unknown) => (error as Error).message);
    expect(elsewhere).to.contain('400');
    await connect('/in', 'https://good.example');
    expect((await fetch(`${address()}/in`)).status).to.equal(426);
    expect(await (await fetch(`${address()}/plain`)).text()).to.equal('ok');
    const nowhere = await connect('/nowhere').then(() => '', (error: unknown) => (error as Error).message);
    expect(nowhere).to.contain('404');
    expect(told).to.deep.equal([[403, 'forbidden'], [400, 'notServed'], [426, 'notServed'], [404, 'notServed']]);
  });

  it('fails what is sent to a key that nobody is connected by', async () => {
    await start(route('direct:a', { to: 'vertx-websocket:127.0.0.1:0/in' }));
    const exchange = await runtime.send('direct:a', 'x', { headers: { 'CamelVertxWebsocket.connectionKey': 'nobody' } });
    expect(exchange.exception!.message).to.equal('no client is connected by the key nobody');
  });

  it('sends to a server over one connection, with headers of the handshake, and over a new one when that is lost', async () => {
    const server = await serve();
    const heard: string[] = [];
    const keys: unknown[] = [];
    server.on('connection', (socket, request) => {
      keys.push(request.headers['x-key']);
      socket.on('message', (data) => heard.push((data as Buffer).toString()));
    });
    await start(route('direct:a', { to: `vertx-websocket:127.0.0.1:${portOf(server)}/in?handshake.X-Key=tiger` }));
    await runtime.send('direct:a', 'one');
    await runtime.send('direct:a', 'two');
    await eventually(() => expect(heard).to.deep.equal(['one', 'two']));
    expect(keys).to.deep.equal(['tiger']);
    for (const client of server.clients) client.terminate();
    await eventually(async () => {
      await runtime.send('direct:a', 'three');
      expect(heard).to.include('three');
      expect(keys).to.deep.equal(['tiger', 'tiger']);
    });
  });

  it('asks for its query, sends no frame for no body, and refuses an iterator', async () => {
    const server = await serve();
    const heard: string[] = [];
    server.on('connection', (socket, request) => {
      heard.push(request.url!);
      socket.on('message', (data, isBinary) => heard.push(`${isBinary ? 'bytes ' : ''}${(data as Buffer).toString()}`));
    });
    await start(route('direct:a', { to: `vertx-websocket:127.0.0.1:${portOf(server)}/in?room=1&lang=e n` }));
    const bodies = ['text', null, Buffer.from('raw'), { a: 1 }, [1, 'x'], 5];
    for (const body of bodies) expect((await runtime.send('direct:a', body)).exception).to.equal(null);
    expect((await runtime.send('direct:a', ['a'][Symbol.iterator]())).exception!.message).to.match(/an iterator can not be sent/);
    await runtime.send('direct:a', 'last');
    await eventually(() => expect(heard).to.deep.equal(['/in?room=1&lang=e+n', 'text', 'bytes raw', '{a=1}', '[1, x]', '5', 'last']));
  });

  it('hears as a client from its start on', async () => {
    await start(
      route('vertx-websocket:127.0.0.1:0/news', { to: 'mock:in' }),
      route('direct:a', { to: 'vertx-websocket:127.0.0.1:0/news?sendToAll=true' }),
    );
    const server = runtime;
    const { port } = new URL(address());
    const listener = runtimeWith({ clock: systemClock });
    await listener.start([routesFile([route(`vertx-websocket:127.0.0.1:${port}/news?consumeAsClient=true`, { to: 'mock:heard' })])]);
    await server.send('direct:a', 'flash');
    await eventually(() => expect(mockOf(listener, 'heard').received.map(({ body }) => body)).to.deep.equal(['flash']));
    await listener.stop(1000);
  });

  it('starts without the server that it is a client of, and finds it later', async () => {
    const port = portOf(await serve());
    servers.pop()!.close();
    await start(route(`vertx-websocket:127.0.0.1:${port}/feed?consumeAsClient=true&reconnectInterval=5`, { to: 'mock:in' }));
    const server = await serve(port);
    server.on('connection', (socket) => socket.send('late'));
    await eventually(() => expect(mockOf(runtime, 'in').received.map(({ body }) => body)).to.deep.equal(['late']));
  });

  it('listens to a server as a client, and connects again when the connection is lost', async () => {
    let server = await serve();
    const port = portOf(server);
    const greet = (text: string): void => void server.on('connection', (socket) => socket.send(text));
    greet('first');
    await start(route(`vertx-websocket:127.0.0.1:${port}/feed?consumeAsClient=true&reconnectInterval=5`, { to: 'mock:in' }));
    const bodies = (): unknown[] => mockOf(runtime, 'in').received.map(({ body }) => body);
    await eventually(() => expect(bodies()).to.deep.equal(['first']));
    for (const client of server.clients) client.terminate();
    await new Promise((resolve) => server.close(resolve));
    server = await serve(port);
    greet('second');
    await eventually(() => expect(bodies()).to.include('second'));
  });
});
