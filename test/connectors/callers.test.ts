import { expect } from 'chai';
import { systemClock } from '../../src/core/clock.ts';
import type { LoadError } from '../../src/core/diagnostics.ts';
import { httpListeners } from '../../src/core/http/listener.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { eventually, mockOf, routesFile, runtimeWith } from '../runtime/rig.ts';

const route = (from: string, ...steps: unknown[]): unknown => ({ from: { uri: from, steps } });

const api = `
openapi: 3.0.3
info: { title: Orders, version: "1" }
servers: [ { url: "http://nowhere.invalid/v1" } ]
paths:
  /orders/{id}:
    parameters: [ { $ref: "#/components/parameters/id" } ]
    get:
      operationId: getOrder
      parameters: [ { name: lang, in: query, schema: { type: string } }, { name: all, in: query, required: true, schema: { type: boolean } } ]
      responses: { "200": { description: ok, content: { application/json: {} } } }
components:
  parameters:
    id: { name: id, in: path, required: true, schema: { type: string } }
`;

describe('connectors that begin and call', () => {
  let runtime: Runtime;

  const start = async (routes: readonly unknown[], files: Record<string, string> = {}, beans: Record<string, unknown> = {}, hear: (message: string) => void = () => undefined): Promise<void> => {
    const resource = (uri: string): string => {
      const text = files[uri.replace(/^(file|classpath):/, '')];
      if (text === undefined) throw new Error(`no file ${uri}`);
      return text;
    };
    runtime = runtimeWith({ clock: systemClock, resource, beans, settings: (key) => (key === 'http.port' ? 0 : key === 'http.host' ? '127.0.0.1' : undefined) });
    runtime.events.on('log', ({ message }) => hear(message));
    await runtime.start([routesFile(routes)]);
  };
  const port = (): number => httpListeners({ clock: systemClock, events: runtime.events, shared: (name, make) => runtime.shared(name, make), setting: () => undefined }).all()[0]!.port!;
  const send = async (body: unknown, headers: Record<string, unknown> = {}): Promise<unknown> => {
    const exchange = await runtime.send('direct:a', body, { headers });
    return exchange.exception === null ? exchange.body : exchange.exception.message;
  };

  afterEach(() => runtime.stop(1000));

  it('once sends one message with body, headers, properties and variables, from values and files', async () => {
    await start([route('once:a?body=file:hello.txt&delay=1&header.h=1&exchangeProperty.p=2&variable.v=3', { setBody: { simple: '${body} ${header.h} ${exchangeProperty.p} ${variable.v}' } }, { to: 'mock:out' })], { 'hello.txt': 'hello' });
    await eventually(() => expect(mockOf(runtime, 'out').received.map(({ body }) => body)).to.deep.equal(['hello 1 2 3']));
  });

  it('once makes its message of expressions, variables first and the body last, and of whole numbers and booleans', async () => {
    const settings = { variables: { n: '7' }, headers: { twice: 'language:jsonata:$variables.n * 2', yes: 'TRUE' }, body: 'language:simple:file:hello.txt', delay: 1 };
    await start([{ from: { uri: 'once', parameters: { name: 'a', ...settings }, steps: [{ setHeader: { name: 'is', simple: '${variable.n} ${header.twice} ${header.yes}' } }, { to: 'mock:out' }] } }], { 'hello.txt': 'n is ${variable.n}' });
    await eventually(() => expect(mockOf(runtime, 'out').received.map(({ body, headers }) => [body, headers.get('twice'), headers.get('yes'), headers.get('is')])).to.deep.equal([['n is 7', 14, true, '7 14 true']]));
  });

  it('once takes `language:` for a text where languages are off', async () => {
    await start([route('once:a?body=language:simple:x&languages=false&delay=1', { to: 'mock:out' })]);
    await eventually(() => expect(mockOf(runtime, 'out').bodies).to.deep.equal(['language:simple:x']));
  });

  it('once whose message can not be made says so and nothing else happens, or hands it to the error handler of the route', async () => {
    const said: string[] = [];
    const missing = 'once:a?body=file:nosuch.txt&delay=1';
    await start([route(missing, { to: 'mock:never' }), { route: { from: { uri: `${missing}&bridgeErrorHandler=true`, steps: [{ to: 'mock:never' }] }, id: 'bridged', errorHandler: { deadLetterChannel: { deadLetterUri: 'mock:dead' } } } }], {}, {}, (message) => said.push(message));
    await eventually(() => expect(mockOf(runtime, 'dead').count).to.equal(1));
    await eventually(() => expect(said.join('\n')).to.contain('once:a could not make its message, and makes no other: no file file:nosuch.txt'));
    expect(mockOf(runtime, 'never').count).to.equal(0);
  });

  it('ref is the endpoint that a bean names, to send to and to begin with', async () => {
    await start([route('direct:a', { to: 'ref:there' }), route('ref:here', { setBody: { simple: 'got ${body}' } })], {}, { there: 'direct:behind', here: { uri: 'direct:behind' } });
    expect(await send('x')).to.equal('got x');
  });

  it('ref refuses a bean that is no endpoint', async () => {
    const refused = await start([route('direct:a', { to: 'ref:wrong' })], {}, { wrong: 5 }).then(() => '', (thrown: unknown) => (thrown as LoadError).message);
    expect(refused).to.contain('the bean `wrong` is no endpoint');
  });

  it('dns gives addresses, and says what it needs', async () => {
    await start([route('direct:a', { to: 'dns:ip' })]);
    expect(await send(null, { CamelDnsDomain: 'localhost' })).to.match(/^(127\.0\.0\.1|::1)$/);
    expect(await send(null)).to.contain('needs the header CamelDnsDomain');
  });

  it('graphql posts query and variables, and gives the reply as a text', async () => {
    await start([route('platform-http:/graphql', { setBody: { simple: '${header.Authorization} ${body}' } })]);
    const served = runtime;
    const at = port();
    await start([route('direct:a', { to: `graphql:http://127.0.0.1:${at}/graphql?accessToken=t&operationName=Q&query=RAW(query Q { a })` })]);
    try {
      expect(await send({ n: 1 })).to.equal('Bearer t {"query":"query Q { a }","operationName":"Q","variables":{"n":1}}');
      // The token is for this server only.
      expect((await runtime.send('direct:a', { n: 1 })).headers.has('Authorization')).to.equal(false);
    } finally {
      await served.stop(1000);
    }
  });

  it('rest-openapi calls the operation of a document, with parameters from headers', async () => {
    await start([route('platform-http:/v1/orders/{id}?httpMethodRestrict=GET', { setBody: { simple: '${header.id} ${header.lang} ${header.all} ${header.Accept}' } })]);
    const served = runtime;
    const at = port();
    await start([route('direct:a', { to: `rest-openapi:api.yaml#getOrder?host=http://127.0.0.1:${at}` }, { convertBodyTo: { type: 'String' } })], { 'api.yaml': api });
    try {
      expect(await send(null, { id: 'a b', lang: 'en', all: true })).to.equal('a b en true application/json');
      expect(await send(null, { id: '1' })).to.contain('needs the header `all`');
    } finally {
      await served.stop(1000);
    }
  });

  it('rest-openapi names the operations that there are', async () => {
    const refused = await start([route('direct:a', { to: 'rest-openapi:api.yaml#getOrdr' })], { 'api.yaml': api }).then(() => '', (thrown: unknown) => (thrown as LoadError).message);
    expect(refused).to.contain('did you mean `getOrder`?');
  });
});
