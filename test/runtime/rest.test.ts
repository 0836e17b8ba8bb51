import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { Mecha } from '../../src/index.ts';
import { RestBinding } from '../../src/connectors/rest/binding.ts';
import { httpListeners } from '../../src/core/http/listener.ts';

function urlOf({ runtime }: Mecha): string {
  const [listener] = httpListeners({ clock: runtime.clock, events: runtime.events, shared: (name, make) => runtime.shared(name, make), setting: () => undefined }).all();
  return listener!.url;
}

describe('rest', () => {
  let mecha: Mecha | null = null;

  afterEach(async () => {
    await mecha?.stop();
    mecha = null;
  });

  const start = async (routes: string): Promise<(path: string, init?: RequestInit) => Promise<Response>> => {
    mecha = await Mecha.start({ routes, configuration: null, settings: { 'http.port': 0, 'management.enabled': false, 'admin.enabled': false, 'state.store': 'memory' } });
    const url = urlOf(mecha);
    return (path, init) => fetch(`${url}${path}`, init);
  };

  const rejected = async (routes: string): Promise<string> => {
    try {
      await start(routes);
    } catch (thrown) {
      return (thrown as { problems?: readonly { code: string; message: string }[] }).problems?.map(({ code, message }) => `${code} ${message}`).join('\n') ?? String(thrown);
    }
    return '';
  };

  const json = { 'Content-Type': 'application/json' };

  it('binds JSON both ways, and refuses what is none', async () => {
    const ask = await start(`
- restConfiguration: { bindingMode: json, clientRequestValidation: true }
- rest:
    path: /b
    post:
      - { path: /in, to: "direct:in", consumes: application/json, produces: application/json }
- from: { uri: "direct:in", steps: [ { setBody: { simple: "\${body[lines]}" } } ] }
`);
    const good = await ask('/b/in', { method: 'POST', body: '{"lines":[{"sku":"a"}]}', headers: json });
    expect([good.status, good.headers.get('content-type'), await good.text()]).to.deep.equal([200, 'application/json', '[{"sku":"a"}]']);
    const broken = await ask('/b/in', { method: 'POST', body: '{broken', headers: json });
    expect([broken.status, await broken.text()]).to.deep.equal([400, 'Invalid JSon payload.']);
    expect((await ask('/b/in', { method: 'POST', body: '<x/>', headers: { 'Content-Type': 'application/xml' } })).status).to.equal(415);
    expect((await ask('/b/in', { method: 'POST', body: '{}', headers: { ...json, Accept: 'text/html' } })).status).to.equal(406);
  });

  describe('binds large XML', () => {
    const items = Array.from({ length: 60_000 }, (_, i) => `<a><id>${i}</id></a>`).join('');
    const xml = { 'Content-Type': 'application/xml', Accept: 'application/xml' };
    const routes = `
- restConfiguration: { bindingMode: xml, xmlDataFormat: jacksonXml, clientRequestValidation: true }
- rest:
    post:
      - { path: /count, to: "direct:count" }
      - { path: /back, to: "direct:back" }
- from: { uri: "direct:count", steps: [ { setBody: { simple: "\${body[a].size}" } } ] }
- from: { uri: "direct:back", steps: [ { setHeader: { name: seen, constant: "yes" } } ] }
`;

    it('both ways in slices: all others have turns meanwhile, and what is none is refused as a small one', async () => {
      const ask = await start(routes);
      const post = async (path: string, body: string): Promise<string> => {
        const reply = await ask(path, { method: 'POST', headers: xml, body });
        return `${reply.status} ${await reply.text()}`;
      };
      await post('/back', '<r><a>1</a></r>');
      let turns = 0;
      let isOn = true;
      const count = (): void => {
        turns++;
        if (isOn) setTimeout(count);
      };
      setTimeout(count);
      const back = await post('/back', `<r>${items}</r>`);
      isOn = false;
      expect(back === `200 <LinkedHashMap>${items}</LinkedHashMap>`).to.equal(true);
      // Reading and writing it are some hundred milliseconds; without slices there are but the turns that the network gives.
      expect(turns).to.be.above(15);
      expect(await post('/count', `<r>${items}</r>`)).to.contain('60000');
      expect([await post('/count', `<r>${items}<a></b></r>`), await post('/count', '<r><a></b></r>')]).to.deep.equal(['400 Invalid XML payload.', '400 Invalid XML payload.']);
    });

    it('and answers a request that was being read when it was told to stop', async () => {
      const ask = await start(routes);
      const { before } = Object.getOwnPropertyDescriptors(RestBinding.prototype);
      const reading = new Promise<unknown>((resolve) => {
        RestBinding.prototype.before = function (this: RestBinding, ...given) {
          const enters = (before.value as RestBinding['before']).apply(this, given);
          resolve(enters instanceof Promise);
          return enters;
        };
      });
      const asked = ask('/back', { method: 'POST', headers: xml, body: `<r>${items}</r>` }).then(async (reply) => `${reply.status} ${(await reply.text()).length}`);
      const isInSlices = await reading;
      Object.defineProperty(RestBinding.prototype, 'before', before);
      expect(isInSlices).to.equal(true);
      await mecha!.stop();
      mecha = null;
      expect(await asked).to.equal(`200 ${`<LinkedHashMap>${items}</LinkedHashMap>`.length}`);
    });
  });

  it('tells of each request that it refuses, with the route that never sees it', async () => {
    for (const [cors, reason] of [['false', 'notServed'], ['true', 'invalid']] as const) {
      const ask = await start(`
- restConfiguration: { bindingMode: json, clientRequestValidation: true, enableCORS: ${cors} }
- rest:
    path: /b
    post:
      - { path: /in, routeId: in, to: "direct:in", consumes: application/json, produces: application/json }
- from: { uri: "direct:in", steps: [ { setBody: { constant: "{}" } } ] }
`);
      const told: unknown[] = [];
      const { events, routes } = mecha!.runtime;
      events.on('requestRefused', (refused) => told.push([refused.routeId, refused.status, refused.reason]));
      await ask('/b/in', { method: 'POST', body: '{broken', headers: json });
      await ask('/b/in', { method: 'POST', body: '<x/>', headers: { 'Content-Type': 'application/xml' } });
      await ask('/b/in', { method: 'POST', body: '{}', headers: { ...json, Accept: 'text/html' } });
      await ask('/b/in', { method: 'POST', body: '{}', headers: json });
      // Where CORS is on, what does not fit is looked at behind the listener.
      const routeId = cors === 'true' ? 'in' : null;
      expect(told).to.deep.equal([['in', 400, 'invalid'], [routeId, 415, reason], [routeId, 406, reason]]);
      const { completed, failed } = routes.get('in')!.statistics;
      expect([completed, failed]).to.deep.equal([1, 0]);
      await mecha!.stop();
    }
  });

  it('checks parameters, fills in defaults, and leaves error replies unbound', async () => {
    const ask = await start(`
- restConfiguration: { bindingMode: json, clientRequestValidation: true }
- rest:
    get:
      - path: /p
        param:
          - { name: q, type: query, required: true, allowableValues: [ a, b ] }
          - { name: d, type: query, required: false, defaultValue: dflt }
          - { name: X-H, type: header, required: true }
        to: direct:p
      - { path: /code, to: "direct:code" }
- from: { uri: "direct:p", steps: [ { setBody: { simple: "\${header.q}-\${header.d}" } } ] }
- from: { uri: "direct:code", steps: [ { setHeader: { name: CamelHttpResponseCode, constant: "404" } }, { setBody: { constant: nope } } ] }
`);
    const h = { headers: { 'X-H': '1' } };
    expect(await (await ask('/p?q=a', h)).text()).to.equal('"a-dflt"');
    expect(await (await ask('/p', h)).text()).to.equal('Some of the required query parameters are missing.');
    expect(await (await ask('/p?q=a')).text()).to.equal('Some of the required HTTP headers are missing.');
    expect(await (await ask('/p?q=z', h)).text()).to.equal('Some of the query parameters or HTTP headers has a not-allowed value.');
    const code = await ask('/code');
    expect([code.status, await code.text()]).to.deep.equal([404, 'nope']);
  });

  it('answers preflight requests, and says on every reply who may read it', async () => {
    const ask = await start(`
- restConfiguration: { enableCORS: true, corsHeaders: [ { key: Access-Control-Allow-Origin, value: "http://x" } ] }
- rest:
    get: [ { path: /a, to: "direct:a" } ]
- from: { uri: "direct:a", steps: [ { throwException: { exceptionType: java.lang.Exception, message: boom } } ] }
`);
    const preflight = await ask('/a', { method: 'OPTIONS' });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin'), preflight.headers.get('access-control-max-age')]).to.deep.equal([200, 'http://x', '3600']);
    const failed = await ask('/a');
    expect([failed.status, failed.headers.get('access-control-allow-origin')]).to.deep.equal([500, 'http://x']);
  });

  it('gives properties of the endpoint to the server, and warns of those of data formats that nothing obeys', async () => {
    const routes = (more: string): string => `
- restConfiguration: { ${more} }
- rest:
    get: [ { path: /a, to: "direct:a" } ]
- from: { uri: "direct:a", steps: [ { throwException: { exceptionType: java.lang.Exception, message: boom } } ] }
`;
    const ask = await start(routes('endpointProperty: [ { key: muteException, value: "false" } ]'));
    expect(await (await ask('/a')).text()).to.contain('boom');
    expect(await rejected(routes('endpointProperty: [ { key: muteExeption, value: "false" } ]'))).to.contain('no option `muteExeption`').and.to.contain('endpointProperty');
    const checked = await Mecha.check({ routes: routes('dataFormatProperty: [ { key: json.out.prettyPrimt, value: "true" } ]'), configuration: null });
    expect(checked.map(({ severity, message }) => `${severity}: ${message}`)).to.deep.equal(['warning: `json.out.prettyPrimt` is no property of the bound formats']);
  });

  it('refuses what is escaped wrongly in a path, a query and a form, and replaces what is no UTF-8', async () => {
    const ask = await start(`
- rest:
    post: [ { path: "/a/{id}", to: "direct:a" } ]
- from: { uri: "direct:a", steps: [ { setBody: { simple: "\${header.id}|\${header.q}" } } ] }
`);
    const answer = async (path: string, form: string | null = null): Promise<string> => {
      const reply = await ask(path, { method: 'POST', ...(form === null ? {} : { body: form, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }) });
      return `${reply.status} ${await reply.text()}`;
    };
    for (const path of ['/a/%zz', '/a/%', '/a/1?q=%zz', '/a/1?q=%', '/a/1?%4=1', '/a/1?q=1&r=%4x']) expect(await answer(path), path).to.equal('400 Bad Request');
    for (const form of ['q=%zz&r=1', 'q=%4&r=1', '%zz=1']) expect(await answer('/a/1', form), form).to.equal('400 Bad Request');
    expect(await Promise.all([answer('/a/%C3%A4?q=%C3'), answer('/a/%C3?q=1+2'), answer('/a/1', 'q=%C3')])).to.deep.equal(['200 ä|\ufffd', '200 \ufffd|1 2', '200 1|\ufffd']);
  });

  it('shows examples of bodies by their media types, and the document to other sites where the property cors says so', async () => {
    const ask = await start(`
- restConfiguration: { apiContextPath: /doc, apiProperty: [ { key: cors, value: "true" } ] }
- rest:
    post:
      - { path: /a, consumes: "application/json,text/plain", param: [ { name: body, type: body, examples: [ { key: application/json, value: '{"a":1}' } ] } ], to: "direct:a" }
      - { path: /b, consumes: application/json, param: [ { name: body, type: body, examples: [ { key: small, value: '1' }, { key: large, value: '2' } ] } ], to: "direct:b" }
- from: { uri: "direct:a", steps: [ { setBody: { constant: x } } ] }
- from: { uri: "direct:b", steps: [ { setBody: { constant: x } } ] }
`);
    const reply = await ask('/doc');
    expect(reply.headers.get('access-control-allow-origin')).to.equal('*');
    const { paths } = (await reply.json()) as { paths: Record<string, { post: { requestBody: { content: unknown } } }> };
    expect(paths['/a']!.post.requestBody.content).to.deep.equal({ 'application/json': { schema: {}, example: '{"a":1}' }, 'text/plain': { schema: {} } });
    expect(paths['/b']!.post.requestBody.content).to.deep.equal({ 'application/json': { schema: {}, examples: { small: { value: '1' }, large: { value: '2' } } } });
  });

  it('describes its services in OpenAPI 3.0, as JSON or YAML', async () => {
    const ask = await start(`
- restConfiguration:
    contextPath: /api
    apiContextPath: /doc
    apiProperty: [ { key: api.title, value: Orders }, { key: api.version, value: "2.1" } ]
- rest:
    path: /orders
    tag: orders
    description: All about orders
    securityDefinitions: { apiKey: { key: k, name: X-Key, inHeader: true } }
    get:
      - id: getOrder
        path: "/{id}"
        description: One order
        produces: application/json
        param: [ { name: full, type: query, dataType: boolean, required: false, defaultValue: "false" } ]
        responseMessage: [ { code: "200", message: it }, { code: "404", message: no such order } ]
        security: [ { key: k, scopes: "read,list" } ]
        to: direct:get
      - { path: /hidden, apiDocs: false, to: "direct:hidden" }
    post:
      - { consumes: application/json, param: [ { name: body, type: body, dataType: object } ], to: "direct:post" }
- from: { uri: "direct:get", steps: [ { setBody: { constant: x } } ] }
- from: { uri: "direct:hidden", steps: [ { setBody: { constant: x } } ] }
- from: { uri: "direct:post", steps: [ { setBody: { constant: x } } ] }
`);
    const answer = await ask('/api/doc');
    expect(answer.headers.get('content-type')).to.equal('application/json');
    const document = (await answer.json()) as Record<string, never>;
    expect(document).to.deep.equal({
      openapi: '3.0.0',
      info: { title: 'Orders', version: '2.1' },
      servers: [{ url: '/api' }],
      tags: [{ name: 'orders', description: 'All about orders' }],
      paths: {
        '/orders/{id}': {
          get: {
            tags: ['orders'],
            summary: 'One order',
            operationId: 'getOrder',
            parameters: [
              { name: 'full', in: 'query', required: false, schema: { type: 'boolean', default: false } },
              { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
            ],
            responses: { 200: { description: 'it', content: { 'application/json': {} } }, 404: { description: 'no such order' } },
            security: [{ k: ['read', 'list'] }],
          },
        },
        '/orders': {
          post: {
            tags: ['orders'],
            requestBody: { required: true, content: { 'application/json': { schema: { type: 'object' } } } },
            responses: { 200: { description: 'Success' } },
          },
        },
      },
      components: { securitySchemes: { k: { type: 'apiKey', name: 'X-Key', in: 'header' } } },
    });
    const yaml = await ask('/api/doc/openapi.yaml');
    expect(parse(await yaml.text())).to.deep.equal(document);
    expect((await ask('/api/orders/hidden')).status).to.equal(200);
  });

  it('serves and calls with rest: endpoints, too', async () => {
    const ask = await start(`
- from: { uri: "rest:get:hello:/{me}", steps: [ { setBody: { simple: "hello \${header.me} \${header.q}" } } ] }
- from: { uri: "platform-http:/call", steps: [ { setHeader: { name: me, constant: "a b" } }, { toD: "rest:get:hello/{me}?host=\${header.Host}&queryParameters=RAW(q={x?})" } ] }
`);
    expect(await (await ask('/hello/you?q=1')).text()).to.equal('hello you 1');
    expect(await (await ask('/call')).text()).to.equal('hello a b ');
    expect(await (await ask('/call?x=7')).text()).to.equal('hello a b 7');
  });

  it('keeps a direct route that a verb goes to for that verb alone, and says so', async () => {
    const message = await rejected(`
- rest: { get: [ { path: /a, to: "direct:x" }, { path: /b, to: "direct:x" } ] }
- from: { uri: "direct:x", steps: [ { setBody: { constant: x } } ] }
`);
    expect(message).to.contain('duplicate target `direct:x`');
  });

  it('says that XML can not be bound', async () => {
    expect(await rejected(`
- rest: { get: [ { path: /a, bindingMode: xml, to: "direct:x" } ] }
- from: { uri: "direct:x", steps: [ { setBody: { constant: x } } ] }
`)).to.contain('XML bodies can not be bound');
  });

  describe('from an OpenAPI document', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mecha-contract-'));
    after(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(
      join(folder, 'api.yaml'),
      `openapi: 3.0.3
info: { title: Orders, version: "1" }
servers: [ { url: /v1 } ]
paths:
  /orders/{id}:
    get:
      operationId: getOrder
      parameters: [ { name: id, in: path, required: true, schema: { type: string } }, { name: lang, in: query, required: true, schema: { type: string } } ]
      responses: { "200": { description: ok, content: { text/plain: {} } } }
  /orders:
    post:
      operationId: addOrder
      requestBody: { required: true, content: { application/json: {} } }
      responses: { "200": { description: ok } }
`,
    );
    const service = (more: string, ...ids: string[]): string => `- rest: { clientRequestValidation: true, openApi: { specification: "${join(folder, 'api.yaml')}"${more} } }\n${ids.map((id) => `- from: { uri: "direct:${id}", steps: [ { setBody: { simple: "${id} \${header.id} \${body}" } } ] }\n`).join('')}`;

    it('serves each operation by the route with its id, under the base path, and checks what is required', async () => {
      const call = await start(service('', 'getOrder', 'addOrder'));
      expect(await (await call('/v1/orders/7?lang=en')).text()).to.equal('getOrder 7 ');
      expect((await call('/v1/orders/7')).status).to.equal(400);
      expect(await (await call('/v1/orders', { method: 'POST', headers: json, body: '{"a":1}' })).text()).to.equal('addOrder  {"a":1}');
      expect((await call('/v1/orders', { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: 'x' })).status).to.equal(415);
    });

    it('is served by a route from rest-openapi, too, whose steps come behind those of each operation', async () => {
      const routes = (more: string): string =>
        `- route: { id: api, from: { uri: "rest-openapi:${join(folder, 'api.yaml')}", parameters: { clientRequestValidation: true${more} }, steps: [ { setHeader: { name: X-After, constant: "1" } }, { setBody: { simple: "[\${body}]" } } ] } }\n- from: { uri: "direct:getOrder", steps: [ { setBody: { simple: "order \${header.id}" } } ] }\n`;
      const call = await start(routes(', missingOperation: ignore, basePath: /v9, apiContextPath: /doc'));
      const reply = await call('/v9/orders/7?lang=en');
      expect([reply.status, reply.headers.get('x-after'), await reply.text()]).to.deep.equal([200, '1', '[order 7]']);
      expect((await call('/v9/orders/7')).status).to.equal(400);
      expect((await call('/v1/orders/7?lang=en')).status).to.equal(404);
      expect(await (await call('/v9/doc')).text()).to.contain('operationId: getOrder');
      expect(mecha!.snapshot.routes.map(({ routeId }) => routeId)).to.include('api:getOrder');
      await mecha!.stop();
      expect(await rejected(routes(', missingOperation: fail'))).to.contain('no route answers `addOrder (POST /orders)`');
      expect(await rejected(routes(', missingOperatoin: fail'))).to.contain('missingOperatoin');
    });

    for (const version of ['2.0', '3.0.3', '3.1.0']) {
      it(`checks parameters by their schemas in OpenAPI ${version}, where requests are checked`, async () => {
        const parameter = (name: string, place: string, schema: object, more: object = {}): object => (version === '2.0' ? { name, in: place, required: place === 'path', ...schema, ...more } : { name, in: place, required: place === 'path', schema, ...more });
        const multi = version === '2.0' ? { collectionFormat: 'multi' } : {};
        const commas = version === '2.0' ? {} : { explode: false };
        const parameters = [
          parameter('id', 'path', { type: 'integer', minimum: 1 }),
          parameter('limit', 'query', { type: 'integer' }),
          parameter('full', 'query', { type: 'boolean' }),
          parameter('kind', 'query', { type: 'string', enum: ['a', 'b', '7'] }),
          parameter('list', 'query', { type: 'array', items: { type: 'integer' }, maxItems: 2 }, multi),
          parameter('csv', 'query', { type: 'array', items: { type: 'integer' } }, commas),
          parameter('X-Code', 'header', { type: 'string', pattern: '^[A-Z]+$' }),
        ];
        const head = version === '2.0' ? { swagger: '2.0' } : { openapi: version };
        writeFileSync(join(folder, 'parameters.json'), JSON.stringify({ ...head, info: { title: 'a', version: '1' }, paths: { '/p/{id}': { get: { operationId: 'getP', parameters, responses: { 200: { description: 'ok' } } } } } }));
        const call = await start(`- rest: { clientRequestValidation: true, openApi: { specification: "${join(folder, 'parameters.json')}" } }\n- from: { uri: "direct:getP", steps: [ { setBody: { constant: ok } } ] }\n`);
        for (const good of ['/p/7', '/p/7?limit=3', '/p/7?full=true&kind=7', '/p/7?list=1&list=2', '/p/7?csv=1,2,3']) expect((await call(good)).status, good).to.equal(200);
        for (const bad of ['/p/x', '/p/0', '/p/7?limit=x', '/p/7?limit=1.5', '/p/7?full=yes', '/p/7?kind=c', '/p/7?list=1&list=x', '/p/7?list=1&list=2&list=3', '/p/7?csv=1,x']) expect((await call(bad)).status, bad).to.equal(400);
        const refused = await call('/p/7', { headers: { 'X-Code': 'abc' } });
        expect([refused.status, await refused.text()]).to.deep.equal([400, 'The header parameter `X-Code` does not fit its schema: must match pattern "^[A-Z]+$".']);
      });
    }

    it('has the path of the last of several servers, as in Camel', async () => {
      writeFileSync(join(folder, 'servers.json'), JSON.stringify({ openapi: '3.0.3', info: { title: 'a', version: '1' }, servers: [{ url: '/one' }, { url: 'https://example.org/two' }], paths: { '/x': { get: { operationId: 'getX', responses: {} } } } }));
      const call = await start(`- rest: { openApi: { specification: "${join(folder, 'servers.json')}" } }\n- from: { uri: "direct:getX", steps: [ { setBody: { constant: x } } ] }\n`);
      expect([(await call('/one/x')).status, (await call('/two/x')).status]).to.deep.equal([404, 200]);
    });

    it('refuses a reply of another type than the document has for its status, where replies are checked', async () => {
      const steps = '[ { setHeader: { name: Content-Type, simple: "${header.type}" } }, { setBody: { constant: "{}" } } ]';
      const call = await start(`- restConfiguration: { clientResponseValidation: true, bindingMode: json }\n- rest: { openApi: { specification: "${join(folder, 'api.yaml')}", missingOperation: ignore } }\n- from: { uri: "direct:getOrder", steps: ${steps} }\n`);
      const replyOf = async (type: string): Promise<[number, string]> => {
        const reply = await call(`/v1/orders/7?lang=en&type=${encodeURIComponent(type)}`);
        return [reply.status, await reply.text()];
      };
      expect(await replyOf('text/plain')).to.deep.equal([200, '{}']);
      expect(await replyOf('application/pdf')).to.deep.equal([500, 'Invalid content-type: application/pdf for response code: 200']);
    });

    it('sends a stream or a file as a bound reply as it is, and does not check what it holds', async () => {
      const file = join(folder, 'unread.yaml');
      const operation = (id: string): string => `  /${id}: { get: { operationId: ${id}, responses: { "200": { description: ok, content: { application/json: { schema: { type: object, properties: { a: { type: integer } }, additionalProperties: false } } } } } } }\n`;
      writeFileSync(file, `openapi: 3.0.3\ninfo: { title: Unread, version: "1" }\npaths:\n${['file', 'stream', 'map'].map(operation).join('')}`);
      const held = '{"of":  "there"}';
      writeFileSync(join(folder, 'reply.json'), held);
      const source = createServer((_request, reply) => void reply.setHeader('Content-Type', 'application/json').end(held)).listen(0, '127.0.0.1');
      await once(source, 'listening');
      try {
        const call = await start(`
- restConfiguration: { clientResponseValidation: true, bindingMode: json }
- rest: { openApi: { specification: "${file}" } }
- from: { uri: "direct:file", steps: [ { pollEnrich: { constant: "file:${folder}?fileName=reply.json&noop=true&idempotent=false" } } ] }
- from: { uri: "direct:stream", steps: [ { removeHeaders: { pattern: "*" } }, { to: "http://127.0.0.1:${(source.address() as AddressInfo).port}/?httpMethod=GET&disableStreamCache=true&responsePayloadStreamingThreshold=1" } ] }
- from: { uri: "direct:map", steps: [ { setBody: { simple: '\${headers}' } } ] }
`);
        const replyOf = async (path: string): Promise<unknown[]> => {
          const reply = await call(path);
          return [reply.status, reply.headers.get('content-type'), await reply.text()];
        };
        for (const path of ['/file', '/stream']) expect(await replyOf(path), path).to.deep.equal([200, 'application/json', held]);
        expect((await replyOf('/map'))[0]).to.equal(500);
      } finally {
        source.close();
      }
    });

    it('checks headers that a reply must have, by its status, its class of them or the default', async () => {
      const file = join(folder, 'replies.yaml');
      writeFileSync(
        file,
        `openapi: 3.0.3
info: { title: Replies, version: "1" }
paths:
  /a:
    get:
      operationId: a
      responses:
        "200": { description: ok, headers: { X-Own: { required: true, schema: { type: string } }, X-May: { schema: { type: string } } } }
        "2XX": { description: ok, content: { text/plain: {} } }
        default: { description: other, content: { application/problem+json: {} }, headers: { X-Why: { $ref: "#/components/headers/Why" } } }
components: { headers: { Why: { required: true, schema: { type: string } } } }
`,
      );
      const steps = '[ { setHeader: { name: Content-Type, simple: "${header.type}" } }, { setHeader: { name: CamelHttpResponseCode, simple: "${header.code}" } }, { choice: { when: [ { simple: "${header.set} != null", steps: [ { setHeader: { name: "${header.set}", constant: 1 } } ] } ] } }, { setBody: { constant: "{}" } } ]';
      const call = await start(`- restConfiguration: { clientResponseValidation: true, bindingMode: json, skipBindingOnErrorCode: false }\n- rest: { openApi: { specification: "${file}" } }\n- from: { uri: "direct:a", steps: ${steps} }\n`);
      const replyOf = async (code: number, type: string, set = ''): Promise<[number, string]> => {
        const reply = await call(`/a?code=${code}&type=${encodeURIComponent(type)}${set === '' ? '' : `&set=${set}`}`);
        return [reply.status, await reply.text()];
      };
      const noHeader = 'Some of the response HTTP headers are missing.';
      expect(await replyOf(200, 'application/pdf')).to.deep.equal([500, noHeader]);
      expect(await replyOf(200, 'application/pdf', 'X-Own')).to.deep.equal([200, '{}']);
      expect(await replyOf(201, 'text/plain')).to.deep.equal([201, '{}']);
      expect(await replyOf(201, 'application/pdf')).to.deep.equal([500, 'Invalid content-type: application/pdf for response code: 201']);
      expect(await replyOf(404, 'text/plain', 'X-Why')).to.deep.equal([500, 'Invalid content-type: text/plain for response code: 404']);
      expect(await replyOf(404, 'application/problem+json')).to.deep.equal([500, noHeader]);
      expect((await replyOf(404, 'application/problem+json', 'X-Why'))[0]).to.equal(404);
    });

    it('finds the document beside the routes, else in the folder of the configuration, whatever it is called by', async () => {
      const [beside, elsewhere] = [join(folder, 'services'), join(folder, 'elsewhere')];
      for (const path of [beside, elsewhere]) mkdirSync(path, { recursive: true });
      const document = (path: string): string => JSON.stringify({ openapi: '3.0.3', info: { title: 'T', version: '1' }, paths: { [path]: { get: { operationId: 'a', responses: {} } } } });
      writeFileSync(join(beside, 'own.json'), document('/own'));
      writeFileSync(join(elsewhere, 'own.json'), document('/wrong'));
      writeFileSync(join(elsewhere, 'shared.json'), document('/shared'));
      const pathsOf = async (specification: string): Promise<number[]> => {
        writeFileSync(join(beside, 'routes.yaml'), `- rest: { openApi: { specification: "${specification}" } }\n- from: { uri: "direct:a", steps: [ { setBody: { constant: a } } ] }\n`);
        const started = await Mecha.start({ routes: [join(beside, 'routes.yaml')], folder: elsewhere, configuration: null, settings: { 'http.port': 0, 'management.enabled': false, 'admin.enabled': false, 'state.store': 'memory' } });
        try {
          const url = urlOf(started);
          return await Promise.all(['/own', '/shared', '/wrong'].map(async (path) => (await fetch(`${url}${path}`)).status));
        } finally {
          await started.stop();
        }
      };
      for (const name of ['own.json', './own.json', 'file:own.json', 'classpath:own.json', `file:${beside}/own.json`, `${beside}/own.json`]) expect([name, await pathsOf(name)]).to.deep.equal([name, [200, 404, 404]]);
      for (const name of ['shared.json', 'classpath:shared.json']) expect([name, await pathsOf(name)]).to.deep.equal([name, [404, 200, 404]]);
    });

    // Here and below: as Apache Camel answers contract-first services, asked in 4.17.
    it('serves the document as it stands under apiContextPath, and nowhere else', async () => {
      const text = readFileSync(join(folder, 'api.yaml'), 'utf8');
      const call = await start(service(', apiContextPath: /doc', 'getOrder', 'addOrder'));
      const reply = await call('/v1/doc');
      expect([reply.status, reply.headers.get('content-type'), await reply.text()]).to.deep.equal([200, 'text/yaml', text.endsWith('\n') ? text : `${text}\n`]);
      expect([(await call('/v1/doc.yaml')).status, (await call('/v1/doc/x')).status, (await call('/doc')).status]).to.deep.equal([404, 404, 404]);
      await mecha?.stop();
      writeFileSync(join(folder, 'api.json'), JSON.stringify(parse(text)));
      const json = await (await start(service(', apiContextPath: doc', 'getOrder', 'addOrder').replace('api.yaml', 'api.json')))('/v1/doc');
      expect([json.headers.get('content-type'), await json.text()]).to.deep.equal(['application/json', `${JSON.stringify(parse(text))}\n`]);
    });

    it('refuses an operation that no route answers, unless that is to be ignored: then what came is sent back', async () => {
      expect(await rejected(service('', 'getOrder'))).to.contain('no route answers `addOrder (POST /orders)`');
      const call = await start(service(', missingOperation: ignore', 'getOrder'));
      expect((await call('/v1/orders/7?lang=en')).status).to.equal(200);
      const ignored = await call('/v1/orders', { method: 'POST', headers: json, body: '{"item":"a","count":1}' });
      expect([ignored.status, ignored.headers.get('content-type'), await ignored.text()]).to.deep.equal([200, 'application/json', '{"item":"a","count":1}']);
      // What the document asks of a request holds there, too.
      expect((await call('/v1/orders', { method: 'POST', headers: { 'Content-Type': 'text/csv' }, body: 'x' })).status).to.equal(415);
    });

    it('calls the route of an operation, which others may call as well', async () => {
      const call = await start(`${service(', routeId: orders', 'getOrder', 'addOrder')}- rest: { get: [ { path: /other, to: "direct:other" } ] }\n- from: { uri: "direct:other", steps: [ { to: "direct:getOrder" }, { setBody: { simple: "again \${body}" } } ] }\n`);
      expect((await (await call('/v1/orders/7?lang=en')).text()).slice(0, 8)).to.equal('getOrder');
      expect((await (await call('/other')).text()).slice(0, 14)).to.equal('again getOrder');
      expect(mecha!.snapshot.routes.map(({ routeId }) => routeId)).to.include.members(['orders:getOrder', 'orders:addOrder']);
    });

    it('tells which methods a path has when it is asked with another', async () => {
      const file = join(folder, 'methods.json');
      const operation = (operationId?: string): object => ({ ...(operationId === undefined ? {} : { operationId }), responses: { 200: { description: 'ok' } } });
      writeFileSync(file, JSON.stringify({ openapi: '3.0.3', info: {}, paths: { '/o': { put: operation(), post: operation('add'), get: operation('list'), trace: operation() }, '/o/{id}': { delete: operation('drop') } } }));
      const call = await start(`- rest: { openApi: { specification: "${file}", missingOperation: ignore } }\n- rest: { get: [ { path: /plain, to: "direct:list" } ] }\n- from: { uri: "direct:list", steps: [ { setBody: { constant: "l" } } ] }\n`);
      const asked = async (path: string, method: string): Promise<string> => {
        const { status, headers } = await call(path, { method });
        return `${status} ${headers.get('allow')}`;
      };
      expect(await asked('/o', 'DELETE')).to.equal('405 GET, POST, PUT, TRACE');
      expect(await asked('/o/7', 'HEAD')).to.equal('405 DELETE');
      // Other paths do not tell, as in Camel.
      expect(await asked('/plain', 'POST')).to.equal('405 ');
    });

    const contract = (version: string, age: string): string => {
      const file = join(folder, `contract-${version}.yaml`);
      writeFileSync(
        file,
        `openapi: ${version}
info: { title: People, version: "1" }
paths:
  /people:
    get: { operationId: people, responses: { "200": { description: ok, content: { application/json: { example: [ { name: Ada } ] } } } } }
    post:
      operationId: addPerson
      requestBody: { content: { application/json: { schema: { $ref: "#/components/schemas/Person" } } } }
      responses: { "201": { description: ok } }
  /nothing:
    get: { responses: { "200": { description: ok } } }
components:
  schemas:
    Person: { type: object, required: [ name ], properties: { name: { type: string }, age: { type: integer, ${age} }, boss: { $ref: "#/components/schemas/Person" } } }
    Broken: { $ref: "#/nowhere" }
`,
      );
      return file;
    };
    const people = (file: string, more: string, ...ids: string[]): string => service(more, ...ids).replace(join(folder, 'api.yaml'), file);

    it('has its path from the document, or from contextPath in place of that, and never from the service', async () => {
      const file = join(folder, 'paths.json');
      writeFileSync(file, JSON.stringify({ openapi: '3.0.3', info: {}, servers: [{ url: '/v1' }], paths: { '/o': { get: { operationId: 'o', responses: {} } } } }));
      const found = async (settings: string): Promise<string[]> => {
        const call = await start(`- restConfiguration: { inlineRoutes: true${settings} }\n- rest: { path: /own, openApi: { specification: "${file}" } }\n- from: { uri: "direct:o", steps: [ { setBody: { constant: "o" } } ] }\n`);
        const paths = ['/v1/o', '/ctx/o', '/ctx/v1/o', '/own/v1/o', '/o'];
        const statuses = await Promise.all(paths.map(async (path) => (await call(path)).status));
        await mecha?.stop();
        mecha = null;
        return paths.filter((_, at) => statuses[at] === 200);
      };
      expect([await found(''), await found(', contextPath: /ctx')]).to.deep.equal([['/v1/o'], ['/ctx/o']]);
    });

    it('gives query parameters the defaults of the document, answers OPTIONS, and checks types only where requests are checked', async () => {
      const file = join(folder, 'defaults.json');
      const parameters = [{ name: 'full', in: 'query', schema: { type: 'boolean', default: true } }, { name: 'list', in: 'query', schema: { type: 'array', default: ['p'] } }, { name: 'X-H', in: 'header', schema: { type: 'string', default: 'x' } }];
      const content = { 'application/json': { schema: { type: 'object' } } };
      const operation = { operationId: 'o', parameters, requestBody: { content }, responses: { 200: { description: 'ok', content } } };
      writeFileSync(file, JSON.stringify({ openapi: '3.0.3', info: {}, paths: { '/o': { post: operation } } }));
      const asked = async (checks: boolean): Promise<string[]> => {
        const call = await start(`- restConfiguration: { clientRequestValidation: ${checks} }\n- rest: { openApi: { specification: "${file}" } }\n- from: { uri: "direct:o", steps: [ { setBody: { simple: "\${header.full} \${header.list} \${header.X-H}" } } ] }\n`);
        const said: string[] = [];
        for (const init of [{ method: 'POST', headers: json, body: '{}' }, { method: 'POST', headers: { 'Content-Type': 'text/plain', Accept: 'application/xml' }, body: 'x' }, { method: 'OPTIONS' }]) {
          const reply = await call('/o', init);
          said.push(`${reply.status} ${reply.headers.get('content-type')} ${await reply.text()}`);
        }
        await mecha?.stop();
        mecha = null;
        return said;
      };
      // As Apache Camel's contract-first answers, of 4.17.
      expect(await asked(false)).to.deep.equal(['200 application/json true ["p"] ', '200 text/plain true ["p"] ', '200 null ']);
      expect(await asked(true)).to.deep.equal(['200 application/json true ["p"] ', '415 null ', '200 null ']);
    });

    for (const [version, age] of [['3.0.3', 'minimum: 0, exclusiveMinimum: true'], ['3.1.0', 'exclusiveMinimum: 0']] as const) {
      it(`checks bodies by their schema in OpenAPI ${version}, and says where they do not fit`, async () => {
        const call = await start(people(contract(version, age), ', missingOperation: ignore', 'addPerson'));
        const post = async (body: unknown): Promise<string> => {
          const reply = await call('/people', { method: 'POST', headers: json, body: JSON.stringify(body) });
          return `${reply.status} ${await reply.text()}`;
        };
        expect(await post({ name: 'Ada', age: 36, boss: { name: 'Charles' } })).to.match(/^200 addPerson/);
        expect(await post({ name: 'Ada', age: 0 })).to.equal('400 The request body does not fit its schema: /age must be > 0.');
        expect(await post({ name: 'Ada', boss: { age: 1 } })).to.equal("400 The request body does not fit its schema: /boss must have required property 'name'.");
        expect(await post([])).to.equal('400 The request body does not fit its schema: must be object.');
      });

      it(`checks bound replies by the schema of their status in OpenAPI ${version}, where replies are checked`, async () => {
        const file = contract(version, age);
        const replies = '{ "201": { description: made, content: { application/json: { schema: { $ref: "#/components/schemas/Person" } } } }, default: { description: other, content: { application/json: { schema: { type: array } } } } }';
        const changed = join(folder, `replies-${version}.yaml`);
        writeFileSync(changed, readFileSync(file, 'utf8').replace('{ "201": { description: ok } }', replies));
        const asked = async (mode: string): Promise<string[]> => {
          const call = await start(`- restConfiguration: { clientResponseValidation: true, bindingMode: "${mode}" }\n- rest: { openApi: { specification: "${changed}", missingOperation: ignore } }\n- from: { uri: "direct:addPerson", steps: [ { setHeader: { name: CamelHttpResponseCode, simple: "\${header.status}" } } ] }\n`);
          const said: string[] = [];
          for (const [status, body] of [['201', { name: 'Ada', age: 1 }], ['201', { name: 'Ada', age: 0 }], ['202', [1]], ['202', { name: 'Ada' }]] as const) {
            const reply = await call(`/people?status=${status}`, { method: 'POST', headers: json, body: JSON.stringify(body) });
            said.push(`${reply.status} ${await reply.text()}`);
          }
          await mecha?.stop();
          mecha = null;
          return said;
        };
        expect(await asked('json')).to.deep.equal(['201 {"name":"Ada","age":1}', '500 The response body does not fit its schema: /age must be > 0.', '202 [1]', '500 The response body does not fit its schema: must be array.']);
        // As in Camel, replies that are not bound are not looked at.
        expect(await asked('off')).to.deep.equal(['201 {"name":"Ada","age":1}', '201 {"name":"Ada","age":0}', '202 [1]', '202 {"name":"Ada"}']);
      });
    }

    it('answers operations without a route by mocks: with the example, with what came, or with nothing', async () => {
      const call = await start(people(contract('3.0.3', 'minimum: 0'), ', missingOperation: mock'));
      const example = await call('/people');
      expect([example.status, example.headers.get('content-type'), await example.json()]).to.deep.equal([200, 'application/json', [{ name: 'Ada' }]]);
      expect(await (await call('/people', { method: 'POST', headers: json, body: '{"name":"Bob"}' })).text()).to.equal('{"name":"Bob"}');
      expect((await call('/people', { method: 'POST', headers: json, body: '{}' })).status).to.equal(400);
      expect((await call('/nothing')).status).to.equal(204);
    });

    it('answers a mocked operation with the file of its path, and of the type that came; each line of it ends', async () => {
      mkdirSync(join(folder, 'mocks', 'orders'), { recursive: true });
      writeFileSync(join(folder, 'mocks', 'people.json'), '[1]');
      writeFileSync(join(folder, 'mocks', 'people.xml'), '<a>\r\n</a>');
      writeFileSync(join(folder, 'mocks', 'orders', '7.json'), '{ "id": 7 }\n');
      const told = async (reply: Response): Promise<string> => `${reply.status} ${reply.headers.get('content-type')} ${await reply.text()}`;
      const call = await start(people(contract('3.0.3', 'minimum: 0'), `, missingOperation: mock, mockIncludePattern: "nowhere/*,file:${folder}/mocks/**"`));
      expect(await told(await call('/people'))).to.equal('200 application/json [1]\n');
      expect(await told(await call('/people', { headers: { 'Content-Type': 'text/xml' } }))).to.equal('200 text/xml <a>\n</a>\n');
      await mecha?.stop();
      const orders = await start(service(`, missingOperation: mock, mockIncludePattern: "file:${folder}/mocks/**"`));
      expect(await told(await orders('/v1/orders/7?lang=en'))).to.equal('200 application/json { "id": 7 }\n');
      // There is a file, but not below the folder.
      writeFileSync(join(folder, 'secret.json'), '"secret"');
      expect((await orders('/v1/orders/..%2F..%2Fsecret?lang=en')).status).to.equal(204);
      expect((await orders('/v1/orders/%2e%2e%2fsecret?lang=en')).status).to.equal(204);
    });

    it('answers a mocked operation with the example of the reply 200 that the client takes', async () => {
      const file = join(folder, 'examples.json');
      const content = { 'application/xml': { example: '<a/>' }, 'application/json': { example: [{ a: 1 }] }, 'text/plain': { examples: { one: { value: 'eins' }, two: { value: 'zwei' } } } };
      writeFileSync(file, JSON.stringify({ openapi: '3.0.3', info: {}, paths: { '/t': { get: { responses: { 200: { description: 'ok', content } } } } } }));
      const call = await start(`- rest: { openApi: { specification: "${file}", missingOperation: mock } }\n`);
      const asked = async (accept: string): Promise<string> => {
        const reply = await call('/t', { headers: { Accept: accept } });
        return `${reply.status} ${reply.headers.get('content-type')} ${await reply.text()}`;
      };
      expect(await asked('*/*')).to.equal('200 application/json [{"a":1}]');
      expect(await asked('text/html, text/plain;q=0.5')).to.equal('200 text/plain eins');
      expect(await asked('application/xml, application/json')).to.equal('200 application/xml <a/>');
      expect(await asked('text/html')).to.equal('204 null ');
    });

    it('says what is wrong with the document', async () => {
      expect(await rejected('- rest: { openApi: { specification: nowhere.yaml } }\n- from: { uri: "direct:a", steps: [ { log: x } ] }\n')).to.contain("can't be read");
    });
  });

  it('answers an operation of a contract by the `direct` route that names it among its parameters', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mecha-contract-'));
    try {
      writeFileSync(join(folder, 'shop.json'), JSON.stringify({ openapi: '3.0.3', info: { title: 'Shop', version: '1' }, paths: { '/order': { get: { operationId: 'readOrder', responses: { 200: { description: 'ok' } } } } } }));
      const ask = await start(`
- rest: { openApi: { specification: "file:${folder}/shop.json" } }
- route: { id: reading, from: { uri: direct, parameters: { name: readOrder }, steps: [ { setBody: { simple: "\${routeId}" } } ] } }
`);
      expect(await (await ask('/order')).text()).to.equal('reading');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('says where verbs stand that were written as steps', async () => {
    const problems = await Mecha.check({ routes: '- rest: { path: /a, steps: [ { get: { path: /x, to: "direct:x" } } ] }\n', configuration: null, settings: { 'state.store': 'memory' } });
    expect(problems.map(({ code, help }) => `${code} ${help}`)).to.deep.equal(['M0212 verbs stand in `rest` itself, each with a list: `get: [ { path: /x, to: "direct:x" } ]`']);
  });

  it('says of two verbs that go to the same route which one it is, wherever its name stands', async () => {
    expect(
      await rejected(`
- rest: { path: /a, get: [ { path: /x, to: "direct:same" }, { path: /y, to: { uri: direct, parameters: { name: same } } } ] }
- from: { uri: "direct:same", steps: [ { log: x } ] }
`),
    ).to.contain('M0620: duplicate target `direct:same` of two `rest` verbs');
  });
});
