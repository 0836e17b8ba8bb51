import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { micrologic } from '../../../src/connectors/micrologic/definition.ts';
import type { ConnectorDefinition, Producer } from '../../../src/core/connector.ts';
import { classDistance } from '../../../src/core/errors.ts';
import { echo, eventually, HttpRig, send } from '../httpRig.ts';

interface Echo {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

describe('micrologic', () => {
  let rig: HttpRig;

  afterEach(() => rig.close());

  const open = (uri: string): Promise<Producer> => rig.producer(micrologic as unknown as ConnectorDefinition, uri);
  /** A rig whose application answers as `listener` says. */
  const beside = async (listener: Parameters<HttpRig['backend']>[0], settings: Record<string, unknown> = {}): Promise<void> => {
    const backend = new HttpRig();
    const port = await backend.backend(listener);
    rig = new HttpRig({ settings: { 'micrologic.url': `http://127.0.0.1:${port}/app`, ...settings } });
    const close = rig.close.bind(rig);
    rig.close = async () => {
      await close();
      await backend.close();
    };
  };
  const seen = async (uri: string, body: unknown, headers: Record<string, unknown> = {}): Promise<Echo> => {
    const exchange = await send(await open(uri), body, headers);
    if (exchange.exception !== null) throw exchange.exception;
    return JSON.parse(String(exchange.body)) as Echo;
  };

  it('calls a path below the configured URL: POST with a body, GET without one, or as told', async () => {
    await beside(echo, { 'micrologic.headers': { 'X-Api': 'k' }, 'micrologic.token': 't' });
    expect(await seen('micrologic:/price?x=1', 'b')).to.include({ method: 'POST', url: '/app/price?x=1', body: 'b' });
    expect(await seen('micrologic:price', null)).to.include({ method: 'GET', url: '/app/price' });
    expect(await seen('micrologic:price?method=PUT', 'b', { CamelHttpMethod: 'DELETE', CamelHttpPath: '/x', CamelHttpUri: '/y' })).to.include({ method: 'PUT', url: '/app/price' });
    expect((await seen('micrologic:price', 'b', { traceparent: 'tp', CamelX: 1 })).headers).to.include({ 'x-api': 'k', authorization: 'Bearer t', traceparent: 'tp' }).and.not.to.have.property('camelx');
  });

  it('sends maps and lists as JSON, and keeps a JSON reply as it is, or parses it when told to', async () => {
    await beside((_, reply) => reply.writeHead(200, { 'Content-Type': 'application/json', 'X-App': 'a' }).end('{"price":5.0}'));
    const kept = await send(await open('micrologic:/p'), { sku: 'a' });
    expect(String(kept.body)).to.equal('{"price":5.0}');
    expect(kept.headers.toObject()).to.include({ 'Content-Type': 'application/json', 'X-App': 'a', CamelHttpResponseCode: 200 });
    const parsed = await send(await open('micrologic:/p?parse=true'), [1]);
    expect(parsed.body).to.be.an('object').and.to.have.property('price');
    await rig.close();
    await beside(echo);
    const { body, headers } = await seen('micrologic:/p', { sku: 'a' });
    expect([body, headers['content-type']]).to.deep.equal(['{"sku":"a"}', 'application/json']);
  });

  it('gives null for an empty reply', async () => {
    await beside((_, reply) => reply.writeHead(204).end());
    expect((await send(await open('micrologic:/p'), 'x')).body).to.equal(null);
  });

  it('fails over 299, and tells what the caller has to change from what the application could not do', async () => {
    await beside((request, reply) => reply.writeHead(request.url === '/app/bad' ? 422 : 503).end('why'));
    const bad = (await send(await open('micrologic:/bad'), 'x')).exception!;
    expect(bad.type).to.equal('mecha.MicrologicRejectedException');
    expect(classDistance(bad.type, 'mecha.MicrologicException')).to.equal(1);
    expect(bad.details).to.include({ statusCode: 422, responseBody: 'why', uri: 'micrologic:/bad', reason: 'status' });
    const down = (await send(await open('micrologic:/down'), 'x')).exception!;
    expect([down.type, down.details['statusCode']]).to.deep.equal(['mecha.MicrologicException', 503]);
    expect((await send(await open('micrologic:/down?throwExceptionOnFailure=false'), 'x')).headers.get('CamelHttpResponseCode')).to.equal(503);
  });

  it('fails for a late reply, a cut one, one that is too long, and one that is no JSON although it says so', async () => {
    await beside((request, reply) => {
      if (request.url === '/app') reply.end();
      else if (request.url === '/app/cut') request.socket.destroy();
      else if (request.url === '/app/long') reply.end('x'.repeat(5000));
      else if (request.url === '/app/garbage') reply.writeHead(200, { 'Content-Type': 'application/json' }).end('<html>');
    });
    const failure = async (uri: string): Promise<[string, unknown]> => {
      const { exception } = await send(await open(uri), 'x');
      return [exception!.type, exception!.details['reason']];
    };
    expect(await failure('micrologic:/late?timeout=30')).to.deep.equal(['mecha.MicrologicException', 'timeout']);
    expect(await failure('micrologic:/cut')).to.deep.equal(['mecha.MicrologicException', 'network']);
    expect(await failure('micrologic:/long?maxResponseSize=1000')).to.deep.equal(['mecha.MicrologicException', 'garbage']);
    expect(await failure('micrologic:/garbage')).to.deep.equal(['mecha.MicrologicException', 'garbage']);
  });

  it('tells a call that waited in vain for its turn from one that got no reply', async () => {
    let calls = 0;
    await beside((request, reply) => void (request.url === '/app' ? reply.end() : calls++), { 'micrologic.concurrency': 1 });
    const calling = await open('micrologic:/late?timeout=300');
    const [one, two] = await Promise.all([send(calling, 'x'), send(calling, 'x')]);
    expect(one.exception!.message).to.match(/no reply within 300 ms/);
    expect(two.exception!.message).to.match(/never sent: all 1 connections \(micrologic\.concurrency\) were busy.* within 300 ms/);
    expect(two.exception!.details['reason']).to.equal('timeout');
    expect(calls).to.equal(1);
  });

  it('starts without the application, says so once, lets calls wait for it, and goes on when it is there', async () => {
    const reserved = createServer();
    await new Promise<void>((resolve) => reserved.listen(0, '127.0.0.1', resolve));
    const { port } = reserved.address() as AddressInfo;
    await new Promise((resolve) => reserved.close(resolve));
    rig = new HttpRig({ settings: { 'micrologic.url': `http://127.0.0.1:${port}`, 'micrologic.readiness': '/ready' } });
    const producer = await open('micrologic:/p');
    const early = await send(await open('micrologic:/p?waitMillis=20'), 'x');
    expect(early.exception!.type).to.equal('mecha.MicrologicUnavailableException');
    const waiting = send(producer, 'x');
    await eventually(() => expect(rig.waits[0]).to.contain('connection refused'));
    let isReady = false;
    let asked = 0;
    const server = createServer((request, reply) => {
      if (request.url === '/ready') {
        asked++;
        reply.writeHead(isReady ? 200 : 503).end();
      }
      else echo(request, reply);
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    await eventually(() => expect(asked).to.be.at.least(3), 10_000);
    expect(rig.waits.filter((reason) => reason.includes('answers 503'))).to.have.length(1);
    isReady = true;
    expect((await waiting).exception).to.equal(null);
    expect(rig.waits.at(-1)).to.equal('ready');
    await rig.close();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  });

  it('waits again when the application has gone away', async () => {
    const server = createServer(echo);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    rig = new HttpRig({ settings: { 'micrologic.url': `http://127.0.0.1:${port}` } });
    const producer = await open('micrologic:/p?waitMillis=50');
    expect((await send(producer, 'x')).exception).to.equal(null);
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    let type = '';
    for (let i = 0; i < 20 && type !== 'mecha.MicrologicUnavailableException'; i++) type = (await send(producer, 'x')).exception!.type;
    expect(type).to.equal('mecha.MicrologicUnavailableException');
    expect(rig.waits.at(-1)).to.contain('not ready');
  });

  it('says what to configure when no URL is', async () => {
    rig = new HttpRig();
    const error = await open('micrologic:/p').then(() => null, (thrown: Error) => thrown);
    expect(error!.message).to.contain('micrologic.url');
  });

  it('speaks CloudEvents in binary mode', async () => {
    let sent: Record<string, unknown> = {};
    await beside((request, reply) => {
      sent = request.headers;
      reply.writeHead(200, { 'ce-specversion': '1.0', 'ce-id': '9', 'ce-source': '/app', 'ce-type': 'priced', 'ce-subject': 'a%20b', 'Content-Type': 'application/json' }).end('{}');
    });
    const exchange = await send(await open('micrologic:/p?cloudEvents=true&ceType=order.created&ceSource=/orders'), '{}', { 'Content-Type': 'application/json', CamelCloudEventSubject: 'ö 1' });
    expect(exchange.exception).to.equal(null);
    expect(sent).to.include({ 'ce-specversion': '1.0', 'ce-type': 'order.created', 'ce-source': '/orders', 'ce-subject': '%C3%B6%201', 'content-type': 'application/json' });
    expect(sent['ce-id']).to.be.a('string');
    expect(sent['ce-time']).to.match(/^\d{4}-\d\d-\d\dT/);
    expect(exchange.headers.toObject()).to.include({ CamelCloudEventType: 'priced', CamelCloudEventID: '9', CamelCloudEventSubject: 'a b', 'ce-source': '/app' });
  });

  it('speaks CloudEvents in structured mode, and takes a reply in either', async () => {
    let sent: { type?: string; body?: Record<string, unknown> } = {};
    await beside((request, reply) => {
      let text = '';
      request.setEncoding('utf8').on('data', (piece: string) => (text += piece)).on('end', () => {
        if (text !== '') sent = { type: request.headers['content-type']!, body: JSON.parse(text) as Record<string, unknown> };
        reply.writeHead(200, { 'Content-Type': 'application/cloudevents+json' }).end('{"specversion":"1.0","id":"9","source":"/app","type":"priced","trace":"t2","datacontenttype":"application/json","data":{"price":5}}');
      });
    });
    const exchange = await send(await open('micrologic:/p?cloudEvents=true&ceMode=structured&ceType=order.created&ceSource=/orders'), '{"a":1}', { 'Content-Type': 'application/json', CamelCloudEventSubject: 'ö 1', 'ce-trace': 't1' });
    expect(exchange.exception).to.equal(null);
    expect(sent.type).to.equal('application/cloudevents+json; charset=utf-8');
    expect(sent.body).to.include({ specversion: '1.0', type: 'order.created', source: '/orders', subject: 'ö 1', trace: 't1', datacontenttype: 'application/json' });
    expect(sent.body!['data']).to.deep.equal({ a: 1 });
    expect(exchange.headers.toObject()).to.include({ CamelCloudEventType: 'priced', CamelCloudEventID: '9', 'ce-trace': 't2', 'Content-Type': 'application/json' });
    expect(exchange.body).to.equal('{"price":5}');
    await send(await open('micrologic:/p?cloudEvents=true&ceMode=structured&ceSource=/s'), Buffer.from([1, 255]), { 'Content-Type': 'image/png' });
    expect(sent.body).to.include({ datacontenttype: 'image/png', data_base64: 'Af8=' });
    const parsed = await send(await open('micrologic:/p?cloudEvents=true&parse=true&ceSource=/s'), '{}');
    expect(parsed.body).to.deep.equal({ price: 5 });
  });

  it('fails on a reply that says that it is an event, and is none', async () => {
    await beside((_request, reply) => reply.writeHead(200, { 'Content-Type': 'application/cloudevents+json' }).end('{"specversion":"1.0","data":{}}'));
    const { exception } = await send(await open('micrologic:/p?cloudEvents=true&ceSource=/s'), '{}');
    expect(exception!.type).to.equal('mecha.MicrologicException');
    expect(exception!.message).to.contain('it has no `id`, `source`, `type`');
  });
});
