import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { toText } from '../../../src/core/conversion/convert.ts';
import { ExchangeError } from '../../../src/core/errors.ts';
import { attachmentsOf } from '../../../src/core/exchange/attachments.ts';
import type { Exchange } from '../../../src/core/exchange/exchange.ts';
import { Headers } from '../../../src/core/exchange/headers.ts';
import { isNetworkBytes } from '../../../src/core/conversion/network-bytes.ts';
import { httpListeners } from '../../../src/core/http/listener.ts';
import { eventually, HttpRig, rawRequest } from '../httpRig.ts';

const reply = (body: unknown, headers: Record<string, unknown> = {}) => (exchange: Exchange): void => {
  exchange.body = body;
  for (const [name, value] of Object.entries(headers)) exchange.headers.set(name, value);
};

describe('platform-http', () => {
  let rig: HttpRig;

  beforeEach(() => {
    rig = new HttpRig();
  });

  afterEach(() => rig.close());

  const ask = (port: number, path: string, init: RequestInit = {}): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`, init);

  describe('what a route sees of a request', () => {
    it('gives headers, query and path parameters as headers, a repeated one as a list, in that order', async () => {
      let seen: Record<string, unknown> = {};
      const { port } = await rig.serve('/cap/{x}/{y}', (exchange) => {
        seen = exchange.headers.toObject();
        exchange.body = 'ok';
      });
      await ask(port, '/cap/1/a%2Fb?x=9&a=1&a=2&b&c=&%20d=%20e+f', { headers: { x: 'h', 'X-Empty': '' } });
      expect(seen).to.include({ 'X-Empty': '', b: '', c: '', ' d': ' e f', y: 'a/b', CamelHttpMethod: 'GET', CamelHttpPath: '/cap/1/a%2Fb' });
      expect(seen['x']).to.deep.equal(['h', '9', '1']);
      expect(seen['a']).to.deep.equal(['1', '2']);
      expect(seen['CamelHttpQuery']).to.equal('x=9&a=1&a=2&b&c=&%20d=%20e+f');
      expect(seen['CamelHttpUrl']).to.equal(`http://127.0.0.1:${port}/cap/1/a%2Fb?x=9&a=1&a=2&b&c=&%20d=%20e+f`);
    });

    it('takes CloudEvents in both modes for the same message with cloudEvents=true, and refuses what is none', async () => {
      const seen: Record<string, unknown>[] = [];
      const { port } = await rig.serve('/ev?cloudEvents=true', (exchange) => {
        const { CamelCloudEventID: id, CamelCloudEventType: type, CamelCloudEventSubject: subject, CamelCloudEventExtensions: extensions, 'Content-Type': contentType } = exchange.headers.toObject();
        seen.push({ id, type, subject, extensions, contentType, body: toText(exchange.body) });
        exchange.body = 'ok';
      });
      const headers = { 'Content-Type': 'application/json', 'ce-specversion': '1.0', 'ce-id': '7', 'ce-source': '/shop', 'ce-type': 'order', 'ce-subject': 'a%20b', 'ce-trace': 't1' };
      const event = { specversion: '1.0', id: '7', source: '/shop', type: 'order', subject: 'a b', trace: 't1', datacontenttype: 'application/json', data: { a: 1 } };
      const structured = (body: unknown): Promise<Response> => ask(port, '/ev', { method: 'POST', headers: { 'Content-Type': 'application/cloudevents+json; charset=utf-8' }, body: JSON.stringify(body) });
      expect((await ask(port, '/ev', { method: 'POST', headers, body: '{"a":1}' })).status).to.equal(200);
      expect((await structured(event)).status).to.equal(200);
      const wanted = { id: '7', type: 'order', subject: 'a b', extensions: { trace: 't1' }, contentType: 'application/json', body: '{"a":1}' };
      expect(seen).to.deep.equal([wanted, wanted]);
      await structured({ ...event, datacontenttype: 'text/plain', data: undefined, data_base64: 'aGk=' });
      expect(seen[2]).to.deep.equal({ ...wanted, contentType: 'text/plain', body: 'hi' });
      const refused = [await structured({ ...event, id: undefined, type: '' }), await structured([event]), await ask(port, '/ev', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' })];
      expect(refused.map(({ status }) => status)).to.deep.equal([400, 400, 400]);
      expect(await refused[0]!.text()).to.equal('no CloudEvent: it has no `id`, `type`');
      expect(await refused[2]!.text()).to.contain('`ce-specversion`, `ce-id`');
      expect(seen).to.have.length(3);
    });

    it('finds one header in any case without putting all together', async () => {
      const seen: unknown[] = [];
      const { port } = await rig.serve('/h', (exchange) => {
        seen.push(exchange.headers.get('x-one'), exchange.headers.get('X-ONE'), exchange.headers.get('CamelHttpQuery'), exchange.headers.get('constructor'), exchange.headers.has('CamelHttpQuery'));
        exchange.body = 'ok';
      });
      await ask(port, '/h', { headers: { 'X-One': 'first, second' } });
      expect(seen).to.deep.equal(['first, second', 'first, second', null, undefined, true]);
    });

    it('lets no header that steers Camel come in, however it is spelled', async () => {
      let seen: string[] = [];
      const { port } = await rig.serve('/h', (exchange) => {
        seen = exchange.headers.names();
        exchange.body = `${String(exchange.headers.get('CamelFileName'))} ${String(exchange.headers.get('CAMELFOO'))} ${String(exchange.headers.get('camelHttpResponseCode'))}`;
      });
      const answer = await ask(port, '/h?CamelFoo=1&camelHttpResponseCode=418', { headers: { 'cAmElFileName': '../x' } });
      expect(answer.status).to.equal(200);
      expect(await answer.text()).to.equal('undefined undefined undefined');
      expect(seen.filter((name) => /^camel/i.test(name) && !/^CamelHttp(Method|Path|Query|RawQuery|Uri|Url)$/.test(name))).to.deep.equal([]);
    });

    it('keeps a body as bytes, and a request without one has null', async () => {
      const seen: unknown[] = [];
      const { port } = await rig.serve('/b', (exchange) => {
        seen.push(exchange.body);
        exchange.body = 'ok';
      });
      await ask(port, '/b', { method: 'POST', body: '{"a":1}' });
      await ask(port, '/b', { method: 'POST', body: '' });
      await ask(port, '/b');
      expect(Buffer.isBuffer(seen[0]) && seen[0].toString()).to.equal('{"a":1}');
      expect(isNetworkBytes(seen[0])).to.equal(true);
      expect(Buffer.isBuffer(seen[1]) && seen[1].length).to.equal(0);
      expect(seen[2]).to.equal(null);
    });

    it('puts a body that comes in many pieces together', async () => {
      const { port } = await rig.serve('/b', (exchange) => void (exchange.body = `${(exchange.body as Buffer).length}`));
      const answer = await ask(port, '/b', { method: 'POST', body: 'x'.repeat(3_000_000) });
      expect(await answer.text()).to.equal('3000000');
    });

    it('makes a map of a form, and headers of its fields', async () => {
      const seen: unknown[] = [];
      const { port } = await rig.serve('/f', (exchange) => {
        seen.push({ ...(exchange.body as object) }, exchange.headers.get('b'));
        exchange.body = 'ok';
      });
      await ask(port, '/f', { method: 'POST', body: 'a=1&a=2&b=%20x+y&CamelZ=1', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
      expect(seen).to.deep.equal([{ a: ['1', '2'], b: ' x y' }, ' x y']);
    });

    describe('of a form with files', () => {
      interface Seen {
        body: unknown;
        headers: Record<string, unknown>;
        files: Record<string, [name: string | null, type: string | null, content: string]>;
      }

      /** What the route sees of each request. */
      const formsAt = async (uri: string): Promise<{ seen: Seen[]; send: (body: FormData | string, type?: string) => Promise<number> }> => {
        const seen: Seen[] = [];
        const { port } = await rig.serve(uri, (exchange) => {
          const files = Object.fromEntries([...attachmentsOf(exchange)].map(([key, { name, contentType, content }]) => [key, [name, contentType, content.toString()] as [string | null, string | null, string]]));
          seen.push({ body: exchange.body instanceof Buffer ? exchange.body.toString() : exchange.body === null ? null : { ...(exchange.body as object) }, headers: exchange.headers.toObject(), files });
          exchange.body = 'ok';
        });
        const path = uri.replace(/\?.*/, '');
        return { seen, send: async (body, type) => (await ask(port, path, { method: 'POST', body, ...(type === undefined ? {} : { headers: { 'Content-Type': type } }) })).status };
      };

      const filled = (...entries: [name: string, value: string | File][]): FormData => {
        const form = new FormData();
        for (const [name, value] of entries) {
          if (typeof value === 'string') form.append(name, value);
          else form.append(name, value, value.name);
        }
        return form;
      };

      const message = (...parts: string[]): string => `${parts.map((part) => `--XX\r\n${part}\r\n`).join('')}--XX--\r\n`;
      const xx = 'multipart/form-data; boundary=XX';

      it('makes a map of the fields, headers of them, and attachments of the files', async () => {
        const { seen, send } = await formsAt('/f');
        await send(filled(['a', 'wörld "x"'], ['a', '2'], ['CamelFileName', 'no'], ['one "1"', new File(['first'], 'one.txt', { type: 'text/plain' })], ['two', new File(['\0\r\n--'], 'zwei ü.bin')]));
        expect(seen[0]!.body).to.deep.equal({ a: ['wörld "x"', '2'] });
        expect(seen[0]!.headers).to.deep.include({ a: ['wörld "x"', '2'], CamelAttachmentsSize: 2 });
        expect(seen[0]!.headers).not.to.have.any.keys('CamelFileName', 'one "1"', 'two');
        expect(seen[0]!.files).to.deep.equal({ 'one "1"': ['one.txt', 'text/plain', 'first'], two: ['zwei ü.bin', 'application/octet-stream', '\0\r\n--'] });
      });

      it('takes the only file for the body, and says its name without folders, its length and type', async () => {
        const { seen, send } = await formsAt('/f');
        expect(await send(message('Content-Disposition: form-data; name="a"\r\n\r\n1', 'Content-Disposition: form-data; name="f"; filename="../../etc/n.csv"\r\nContent-Type: text/csv\r\n\r\nx,y'), xx)).to.equal(200);
        expect(seen[0]!.body).to.equal('x,y');
        expect(seen[0]!.headers).to.include({ a: '1', CamelAttachmentsSize: 1, CamelFileName: 'n.csv', CamelFileLength: 3, CamelFileContentType: 'text/csv' });
        expect(seen[0]!.files).to.deep.equal({ f: ['n.csv', 'text/csv', 'x,y'] });
      });

      it('loses none of several files of one field: the last has its name, earlier ones a number', async () => {
        const { seen, send } = await formsAt('/f');
        await send(filled(['f', new File(['1'], 'a')], ['f', new File(['2'], 'b')], ['f', new File(['3'], 'c')]));
        expect(Object.entries(seen[0]!.files).map(([key, [name]]) => [key, name])).to.have.deep.members([['f-1', 'a'], ['f-2', 'b'], ['f', 'c']]);
        expect(seen[0]!.body).to.equal(null);
      });

      it('attaches only files whose extension is allowed, and gives no map with populateBodyWithForm=false', async () => {
        const { seen, send } = await formsAt('/f?fileNameExtWhitelist=txt,.CSV&populateBodyWithForm=false');
        await send(filled(['x', '1'], ['a', new File(['1'], 'a.exe')], ['b', new File(['2'], 'b.TXT')], ['c', new File(['3'], 'c.csv')], ['d', new File(['4'], 'txt')]));
        await send(filled(['a', new File(['1'], 'a.exe')]));
        expect(Object.keys(seen[0]!.files)).to.deep.equal(['b', 'c']);
        expect(seen[0]!.body).to.equal(null);
        expect(seen[0]!.headers).to.include({ x: '1', CamelAttachmentsSize: 4 });
        expect(seen[1]).to.deep.include({ body: null, files: {} });
      });

      it('refuses with 400 what is cut, has no boundary, no name or too many parts, and no route sees it', async () => {
        const { seen, send } = await formsAt('/f?maxInFlight=1');
        const field = (name: string): string => `Content-Disposition: form-data; name="${name}"\r\n\r\nv`;
        const whole = message(field('a'));
        const statuses: number[] = [];
        for (const [body, type] of [
          [whole.replace(/--XX--.*$/s, ''), xx],
          [whole, 'multipart/form-data'],
          ['nothing', xx],
          [message(field('')), xx],
          [message('\r\nno head'), xx],
          [message(...Array.from({ length: 1001 }, (_all, i) => field(`n${i}`))), xx],
          [message(`X: ${'y'.repeat(70_000)}\r\n${field('a')}`), xx],
        ] as const) statuses.push(await send(body, type));
        expect(statuses).to.deep.equal([400, 400, 400, 400, 400, 400, 400]);
        expect(seen).to.deep.equal([]);
        // None of them keeps the only place.
        expect([await send(whole, xx), await send('', xx)]).to.deep.equal([200, 200]);
        expect(seen.map(({ body }) => body)).to.deep.equal([{ a: 'v' }, null]);
      });

      it('refuses a form that is longer than a body may be with 413', async () => {
        const { seen, send } = await formsAt('/f?maxRequestSize=1000');
        expect(await send(filled(['f', new File(['x'.repeat(2000)], 'f')]))).to.equal(413);
        expect(seen).to.deep.equal([]);
      });

      it('reads no form with useStreaming', async () => {
        const { port } = await rig.serve('/s?useStreaming=true', async (exchange) => {
          const pieces: Buffer[] = [];
          for await (const piece of exchange.body as Readable) pieces.push(piece as Buffer);
          exchange.body = Buffer.concat(pieces).toString();
        });
        const answer = await ask(port, '/s', { method: 'POST', body: message('x'), headers: { 'Content-Type': xx } });
        expect(await answer.text()).to.equal(message('x'));
      });
    });

    it('refuses a form with a field that has no name, or with too many, with 400', async () => {
      const seen: unknown[] = [];
      const { port } = await rig.serve('/f', (exchange) => {
        seen.push(exchange.body === null ? null : { ...(exchange.body as object) });
        exchange.body = 'ok';
      });
      const status = async (body: string): Promise<number> => (await ask(port, '/f', { method: 'POST', body, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } })).status;
      for (const form of ['=', '=b', 'a=1&=2', '=&a=1', 'a&'.repeat(1001)]) expect([form, await status(form)]).to.deep.equal([form, 400]);
      for (const form of ['&', 'a', 'a==b', 'a&&b=2']) expect([form, await status(form)]).to.deep.equal([form, 200]);
      expect(seen).to.deep.equal([null, { a: '' }, { a: '=b' }, { a: '', b: '2' }]);
    });

    it('gives the body as it comes with useStreaming', async () => {
      const { port } = await rig.serve('/s?useStreaming=true', async (exchange) => {
        let size = 0;
        for await (const piece of exchange.body as Readable) size += (piece as Buffer).length;
        exchange.body = `${size}`;
      });
      const answer = await ask(port, '/s', { method: 'POST', body: 'y'.repeat(200_000) });
      expect(await answer.text()).to.equal('200000');
    });
  });

  describe('what a client gets', () => {
    const status = async (body: unknown, headers: Record<string, unknown> = {}): Promise<[number, string]> => {
      const { port } = await rig.serve('/r', reply(body, headers));
      const answer = await ask(port, '/r');
      return [answer.status, await answer.text()];
    };

    it('answers 204 for null and blank, unless the route says otherwise', async () => {
      expect(await status(null)).to.deep.equal([204, '']);
    });

    it('answers a blank text with 204', async () => {
      expect(await status(' ')).to.deep.equal([204, '']);
    });

    it('keeps the status that the route sets, also without a body', async () => {
      expect(await status(null, { CamelHttpResponseCode: 200 })).to.deep.equal([200, '']);
    });

    it('takes a status written as text', async () => {
      expect(await status('teapot', { CamelHttpResponseCode: '418' })).to.deep.equal([418, 'teapot']);
    });

    it('writes a number as text', async () => {
      expect(await status(9)).to.deep.equal([200, '9']);
    });

    it('answers 500 for what can not be written, and says why in the log', async () => {
      expect(await status({ a: 1 })).to.deep.equal([500, 'Internal Server Error']);
      expect(rig.logs[0]).to.match(/warn .*map can't be sent.*marshal/);
    });

    it('answers 500 for a status that is none', async () => {
      expect(await status('x', { CamelHttpResponseCode: 'abc' })).to.deep.equal([500, 'Internal Server Error']);
    });

    it('answers 500 for a header that HTTP can not carry', async () => {
      expect(await status('x', { 'X-Bad': 'a\r\nSet-Cookie: b' })).to.deep.equal([500, 'Internal Server Error']);
    });

    it('sends a stream', async () => {
      expect(await status(Readable.from(['a', 'b', 'c']))).to.deep.equal([200, 'abc']);
    });

    it('sends large bytes whole', async () => {
      const { port } = await rig.serve('/big', reply(Buffer.alloc(1_000_000, 7)));
      expect((await (await ask(port, '/big')).arrayBuffer()).byteLength).to.equal(1_000_000);
    });

    it('keeps bytes as they are, whatever they hold', async () => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      const { port } = await rig.serve('/bytes', reply(bytes));
      expect(Buffer.from(await (await ask(port, '/bytes')).arrayBuffer()).equals(bytes)).to.equal(true);
    });

    it('answers requests that came at once one after the other, each whole, and HEAD without a body', async () => {
      const { port } = await rig.serve('/p', async (exchange) => {
        const text = String(exchange.headers.get('n'));
        // The first is answered last: the others wait for it.
        if (text === 'one') await new Promise((resolve) => setImmediate(resolve));
        exchange.body = text === 'four' ? 'vi\u00eb r' : text;
      });
      const line = (method: string, n: string, last = ''): string => `${method} /p?n=${n} HTTP/1.1\r\nHost: x\r\n${last}\r\n`;
      const answers = await rawRequest(port, line('GET', 'one') + line('GET', 'two') + line('HEAD', 'three') + line('GET', 'four') + line('GET', 'five', 'Connection: close\r\n'));
      const bodies = answers.split(/HTTP\/1\.1 200 OK\r\n/).slice(1).map((answer) => answer.split('\r\n\r\n'));
      expect(bodies.map(([, body]) => body)).to.deep.equal(['one', 'two', '', Buffer.from('vi\u00eb r').toString('latin1'), 'five']);
      expect(bodies.map(([head]) => /content-length: (\d+)/i.exec(head!)?.[1])).to.deep.equal(['3', '3', '5', '6', '4']);
    });

    it('encodes a text by the charset of its content type', async () => {
      const { port } = await rig.serve('/c', reply('é', { 'Content-Type': 'text/plain; charset=iso-8859-1' }));
      expect(Buffer.from(await (await ask(port, '/c')).arrayBuffer())).to.deep.equal(Buffer.from([0xe9]));
    });

    it('does not echo headers and query of the request, but keeps the type of the body', async () => {
      const { port } = await rig.serve('/e', (exchange) => {
        exchange.headers.set('X-Out', 'o');
        exchange.body = 'ok';
      });
      const answer = await ask(port, '/e?q=secret', { method: 'POST', body: '{}', headers: { 'X-In': 'i', Authorization: 'Bearer t', 'Content-Type': 'application/json' } });
      expect(answer.headers.get('x-out')).to.equal('o');
      expect(answer.headers.get('content-type')).to.equal('application/json');
      for (const name of ['q', 'x-in', 'authorization']) expect(answer.headers.get(name), name).to.equal(null);
    });

    it('does not echo them either when the message was put together anew', async () => {
      const { port } = await rig.serve('/e', (exchange) => {
        exchange.headers = Headers.from(exchange.headers.toObject());
        exchange.headers.set('X-Out', 'o');
        exchange.body = 'ok';
      });
      const answer = await ask(port, '/e?q=secret', { headers: { 'X-In': 'i' } });
      expect(answer.headers.get('x-out')).to.equal('o');
      for (const name of ['q', 'x-in', 'accept', 'user-agent']) expect(answer.headers.get(name), name).to.equal(null);
    });

    it('sends back what the route sets anew, even if the request had it', async () => {
      const { port } = await rig.serve('/e', (exchange) => {
        exchange.headers.set('X-Id', exchange.headers.get('x-id'));
        exchange.body = 'ok';
      });
      expect((await ask(port, '/e', { headers: { 'X-Id': '7' } })).headers.get('x-id')).to.equal('7');
    });

    it('sends the headers of the request back when asked to', async () => {
      const { port } = await rig.serve('/e?returnHttpRequestHeaders=true', reply('ok'));
      expect((await ask(port, '/e', { headers: { 'X-In': 'i' } })).headers.get('x-in')).to.equal('i');
    });

    it('keeps Camel and connection headers to itself, and writes a list as several lines', async () => {
      const { port } = await rig.serve('/e', reply('ok', { CamelInternal: 'x', Connection: 'x-y', 'Content-Length': '1', 'X-List': [1, 2], 'X-Map': { a: 'b' }, 'X-Null': null }));
      const { headers } = await ask(port, '/e');
      expect(headers.get('camelinternal')).to.equal(null);
      expect(headers.get('connection')).to.equal('keep-alive');
      expect(headers.get('content-length')).to.equal('2');
      expect(headers.get('x-list')).to.equal('1, 2');
      expect(headers.get('x-map')).to.equal('a=b');
      expect(headers.get('x-null')).to.equal(null);
    });

    it('answers a failure with 500 and an empty text', async () => {
      const { port } = await rig.serve('/f', (exchange) => {
        exchange.headers.set('X', 'y');
        throw new ExchangeError('java.lang.IllegalStateException', 'password is 123');
      });
      const answer = await ask(port, '/f');
      expect([answer.status, await answer.text(), answer.headers.get('content-type'), answer.headers.get('x')]).to.deep.equal([500, '', 'text/plain; charset=utf-8', 'y']);
    });

    it('shows the failure with muteException=false, under the status that the route set', async () => {
      const { port } = await rig.serve('/f?muteException=false', (exchange) => {
        exchange.headers.set('CamelHttpResponseCode', 422);
        throw new ExchangeError('java.lang.IllegalStateException', 'boom');
      });
      const answer = await ask(port, '/f');
      expect([answer.status, await answer.text()]).to.deep.equal([422, 'java.lang.IllegalStateException: boom']);
    });

    for (const code of [200, '202', 302]) {
      it(`answers a failure with 500 though a backend has answered an earlier step with ${code}`, async () => {
        const { port } = await rig.serve('/f', (exchange) => {
          exchange.headers.set('CamelHttpResponseCode', code);
          throw new ExchangeError('java.lang.IllegalStateException', 'boom');
        });
        expect((await ask(port, '/f')).status).to.equal(500);
      });
    }

    it('does not answer before the exchange has settled', async () => {
      let finish = (): void => {};
      const { port } = await rig.serve('/slow', (exchange) => {
        exchange.body = 'ok';
        exchange.unitOfWork!.onCompletion(() => new Promise<void>((resolve) => (finish = resolve)));
      });
      let isAnswered = false;
      const asked = ask(port, '/slow').then(() => (isAnswered = true));
      await eventually(() => expect(finish.name).to.equal(''));
      await new Promise((resolve) => setImmediate(resolve));
      expect(isAnswered).to.equal(false);
      finish();
      await asked;
    });

    it('sets cookies with the attributes of the endpoint', async () => {
      interface Handler { addCookie(name: string, value: string): void; getCookieValue(name: string): string | null }
      const { port } = await rig.serve('/k?useCookieHandler=true&cookieHttpOnly=true&cookieMaxAge=60', (exchange) => {
        const cookies = exchange.property('CamelCookieHandler') as Handler;
        exchange.body = cookies.getCookieValue('a');
        cookies.addCookie('b', '2');
      });
      const answer = await ask(port, '/k', { headers: { Cookie: 'x=y; a=1' } });
      expect(await answer.text()).to.equal('1');
      expect(answer.headers.get('set-cookie')).to.equal('b=2; Max-Age=60; Path=/; HttpOnly; SameSite=Lax');
    });
  });

  describe('what it refuses', () => {
    it('answers 404, 405, 415 and 406', async () => {
      const { port } = await rig.serve('/j?httpMethodRestrict=GET,POST&consumes=application/json&produces=application/json', reply('ok'));
      const json = { 'Content-Type': 'application/json; charset=utf-8' };
      expect((await ask(port, '/nothing')).status).to.equal(404);
      expect((await ask(port, '/j', { method: 'PUT', body: 'x' })).status).to.equal(405);
      expect((await ask(port, '/j', { method: 'POST', body: 'x', headers: { 'Content-Type': 'text/plain' } })).status).to.equal(415);
      expect((await ask(port, '/j', { headers: { ...json, Accept: 'text/html' } })).status).to.equal(406);
      expect((await ask(port, '/j', { headers: { ...json, Accept: 'text/html, application/*;q=0.1' } })).status).to.equal(200);
    });

    it('refuses a body that is longer than allowed, announced or not, and keeps nothing of it', async () => {
      let calls = 0;
      const { port } = await rig.serve('/b?maxRequestSize=1000', () => void calls++);
      const announced = await rawRequest(port, `POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n`);
      expect(announced).to.match(/^HTTP\/1.1 413 /);
      const chunk = `3e8\r\n${'x'.repeat(1000)}\r\n`;
      const chunked = await rawRequest(port, `POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}${chunk}`);
      expect(chunked).to.match(/^HTTP\/1.1 413 /);
      expect(calls).to.equal(0);
    });

    it('refuses too many headers, and too long ones', async () => {
      const { port } = await rig.serve('/b', reply('ok'));
      const many = Array.from({ length: 300 }, (_, i) => `x${i}: 1\r\n`).join('');
      expect(await rawRequest(port, `GET /b HTTP/1.1\r\nHost: x\r\n${many}\r\n`)).to.match(/^HTTP\/1.1 431 /);
      expect(await rawRequest(port, `GET /b HTTP/1.1\r\nHost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)).to.match(/^HTTP\/1.1 431 /);
    });

    it('refuses what is no HTTP and goes on', async () => {
      const { port } = await rig.serve('/b', reply('ok'));
      expect(await rawRequest(port, 'hello\r\n\r\n')).to.match(/^HTTP\/1.1 400 /);
      expect((await ask(port, '/b')).status).to.equal(200);
    });

    it('gives up on a request that does not come in time', async () => {
      await rig.close();
      rig = new HttpRig({ settings: { 'http.requestTimeoutMillis': 100 } });
      const { port } = await rig.serve('/b', reply('ok'));
      expect(await rawRequest(port, 'POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc')).to.match(/^HTTP\/1.1 408 /);
    });

    it('answers 503 when the route takes longer than requestTimeout, and drops the late reply', async () => {
      let finish = (): void => {};
      const { port } = await rig.serve('/b?requestTimeout=30', (exchange) => {
        exchange.body = 'late';
        return new Promise<void>((resolve) => (finish = resolve));
      });
      expect((await ask(port, '/b')).status).to.equal(503);
      finish();
      await new Promise((resolve) => setImmediate(resolve));
    });

    it('has so many requests under way, lets so many wait, and sends the others away', async () => {
      const held: (() => void)[] = [];
      const consumer = await rig.serve('/b?maxInFlight=2&maxQueued=1', (exchange) => {
        exchange.body = 'ok';
        return new Promise<void>((resolve) => held.push(resolve));
      });
      const asked = [ask(consumer.port, '/b'), ask(consumer.port, '/b')];
      await eventually(() => expect(held).to.have.length(2));
      const waiting = ask(consumer.port, '/b');
      await eventually(() => expect((consumer as unknown as { queue: unknown[] }).queue).to.have.length(1));
      const refused = await ask(consumer.port, '/b');
      expect([refused.status, refused.headers.get('retry-after')]).to.deep.equal([503, '1']);
      held[0]!();
      await eventually(() => expect(held).to.have.length(3));
      for (const release of held) release();
      for (const answer of await Promise.all([...asked, waiting])) expect(answer.status).to.equal(200);
    });

    describe('of the bodies of all requests together', () => {
      const big = 'x'.repeat(60_000);
      let finish: (() => void)[] = [];

      const serve = async (): Promise<number> => {
        await rig.close();
        rig = new HttpRig({ settings: { 'http.port': 0, 'http.maxBufferedBytes': 100_000 } });
        finish = [];
        const { port } = await rig.serve('/b', (exchange) => {
          exchange.body = 'ok';
          return new Promise<void>((resolve) => finish.push(resolve));
        });
        return port;
      };
      const post = (port: number, body: string): Promise<Response> => ask(port, '/b', { method: 'POST', body });

      it('takes so many bytes, sends longer bodies away meanwhile, and short ones never', async () => {
        const port = await serve();
        const first = post(port, big);
        await eventually(() => expect(finish).to.have.length(1));
        const refused = await post(port, big);
        expect([refused.status, refused.headers.get('retry-after')]).to.deep.equal([503, '1']);
        const short = post(port, 'short');
        await eventually(() => expect(finish).to.have.length(2));
        for (const done of finish) done();
        expect([(await first).status, (await short).status]).to.deep.equal([200, 200]);
        const next = post(port, big);
        await eventually(() => expect(finish).to.have.length(3));
        finish[2]!();
        expect((await next).status).to.equal(200);
      });

      it('takes one that is longer on its own, counts it while it is handled though its client has gone, and forgets it then', async () => {
        const port = await serve();
        const socket = connect(port, '127.0.0.1', () => socket.write(`POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 120000\r\n\r\n${big}${big}`));
        await eventually(() => expect(finish).to.have.length(1));
        socket.destroy();
        await once(socket, 'close');
        expect((await post(port, big)).status).to.equal(503);
        finish[0]!();
        const next = post(port, big);
        await eventually(() => expect(finish).to.have.length(2));
        finish[1]!();
        expect((await next).status).to.equal(200);
      });

      it('forgets one whose client goes away before it is whole', async () => {
        const port = await serve();
        const socket = connect(port, '127.0.0.1', () => socket.write(`POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n${big}`));
        const buffered = (): number => httpListeners(rig.context).all()[0]!.buffered;
        await eventually(() => expect(buffered()).to.equal(60_000));
        expect((await post(port, big)).status).to.equal(503);
        socket.destroy();
        await eventually(() => expect(buffered()).to.equal(0));
      });
    });

    it('tells of each with its route, status and reason, and of no other', async () => {
      await rig.close();
      rig = new HttpRig({ settings: { 'http.port': 0, 'http.maxBufferedBytes': 100_000, 'http.requestTimeoutMillis': 200 } });
      const told: string[] = [];
      rig.events.on('requestRefused', ({ listener, routeId, status, reason }) => told.push(`${listener} ${routeId} ${status} ${reason}`));
      const held: (() => void)[] = [];
      const consumer = await rig.serve('/b?maxInFlight=1&maxQueued=1&maxRequestSize=90000&httpMethodRestrict=GET,POST', (exchange) => {
        exchange.body = 'ok';
        return new Promise<void>((resolve) => held.push(resolve));
      });
      await rig.serve('/t?requestTimeout=30', () => new Promise(() => {}));
      const { port } = consumer;
      const expected: string[] = [];
      const refuses = async (reason: string, routeId: string | null, answered: Promise<{ status: number }>): Promise<void> => {
        expected.push(`127.0.0.1:${port} ${routeId} ${(await answered).status} ${reason}`);
        expect(told).to.deep.equal(expected);
      };
      const raw = async (text: string): Promise<{ status: number }> => ({ status: Number(/^HTTP\/1.1 (\d+)/.exec(await rawRequest(port, text))?.[1]) });
      await refuses('notServed', null, ask(port, '/nothing'));
      await refuses('notServed', null, ask(port, '/b', { method: 'PUT' }));
      await refuses('tooLarge', 'test', raw('POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 90001\r\n\r\n'));
      await refuses('malformed', 'test', ask(port, '/b', { method: 'POST', body: 'x', headers: { 'Content-Type': 'multipart/form-data; boundary=b' } }));
      await refuses('malformed', null, raw('hello\r\n\r\n'));
      await refuses('malformed', null, raw('GET /b?a=%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'));
      await refuses('tooLarge', 'test', raw(`POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;${'e'.repeat(20_000)}\r\na\r\n0\r\n\r\n`));
      await refuses('tooManyHeaders', null, raw(`GET /b HTTP/1.1\r\nHost: x\r\n${'x: 1\r\n'.repeat(300)}\r\n`));
      await refuses('tooManyHeaders', null, raw(`GET /b HTTP/1.1\r\nHost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`));
      await refuses('tooSlow', 'test', raw('POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc'));
      await refuses('timeout', 'test', ask(port, '/t'));
      const big = { method: 'POST', body: 'x'.repeat(60_000) };
      const first = ask(port, '/b', big);
      await eventually(() => expect(held).to.have.length(1));
      await refuses('noRoom', 'test', ask(port, '/b', big));
      const waiting = ask(port, '/b');
      await eventually(() => expect((consumer as unknown as { queue: unknown[] }).queue).to.have.length(1));
      await refuses('busy', 'test', ask(port, '/b'));
      held[0]!();
      await eventually(() => expect(held).to.have.length(2));
      await consumer.suspend();
      await refuses('suspended', 'test', ask(port, '/b'));
      await consumer.resume();
      const stopped = ask(port, '/b');
      await eventually(() => expect((consumer as unknown as { queue: unknown[] }).queue).to.have.length(1));
      const stopping = consumer.stop();
      await refuses('stopping', 'test', stopped);
      held[1]!();
      await stopping;
      expect([(await first).status, (await waiting).status]).to.deep.equal([200, 200]);
      expect(told).to.deep.equal(expected);
    });

    it('tells of a streamed body that gets too long, which the route has begun with', async () => {
      const told: string[] = [];
      rig.events.on('requestRefused', ({ routeId, status, reason }) => told.push(`${routeId} ${status} ${reason}`));
      let failure: unknown = null;
      const { port } = await rig.serve('/s?useStreaming=true&maxRequestSize=10', async (exchange) => {
        try {
          for await (const piece of exchange.body as Readable) expect(piece).to.be.instanceOf(Buffer);
        } catch (thrown) {
          failure = thrown;
        }
      });
      expect(await rawRequest(port, 'POST /s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n01234567890123456789\r\n0\r\n\r\n')).to.match(/^HTTP\/1.1 413 /);
      expect(told).to.deep.equal(['test 413 tooLarge']);
      await eventually(() => expect(String(failure)).to.contain('longer than 10 bytes'));
    });

    it('tells of connections beyond maxConnections', async () => {
      await rig.close();
      rig = new HttpRig({ settings: { 'http.port': 0, 'http.maxConnections': 1 } });
      const told: unknown[] = [];
      rig.events.on('requestRefused', (refused) => told.push(refused));
      const { port } = await rig.serve('/b', reply('ok'));
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      await ask(port, '/b').catch(() => null);
      await eventually(() => expect(told[0]).to.deep.equal({ listener: `127.0.0.1:${port}`, routeId: null, status: 0, reason: 'tooManyConnections' }));
      socket.destroy();
    });

    it('answers 503 while it is suspended', async () => {
      const consumer = await rig.serve('/b', reply('ok'));
      await consumer.suspend();
      expect((await ask(consumer.port, '/b')).status).to.equal(503);
      await consumer.resume();
      expect((await ask(consumer.port, '/b')).status).to.equal(200);
    });

    it('lives on when a client goes away before the answer', async () => {
      let finish = (): void => {};
      const { port } = await rig.serve('/b', (exchange) => {
        exchange.body = 'ok';
        return new Promise<void>((resolve) => (finish = resolve));
      });
      const socket = connect(port, '127.0.0.1', () => socket.write('POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na'));
      await eventually(() => expect(finish.name).to.equal(''));
      await new Promise((resolve) => setTimeout(resolve, 20));
      socket.destroy();
      await once(socket, 'close');
      finish();
      const second = ask(port, '/b');
      await new Promise((resolve) => setTimeout(resolve, 20));
      finish();
      expect((await second).status).to.equal(200);
    });
  });

  describe('routes that come and go', () => {
    it('shares a port, and keeps it while one of them stays', async () => {
      const one = await rig.serve('/one', reply('1'));
      const two = await rig.serve('/two', reply('2'));
      expect(two.port).to.equal(one.port);
      await one.stop();
      await one.close();
      expect((await ask(two.port, '/one')).status).to.equal(404);
      expect(await (await ask(two.port, '/two')).text()).to.equal('2');
    });

    it('lets the port go with the last one', async () => {
      const { port, stop, close } = await rig.serve('/one', reply('1')).then((consumer) => ({ port: consumer.port, stop: () => consumer.stop(), close: () => consumer.close() }));
      await stop();
      await close();
      const error = await ask(port, '/one').catch((thrown: unknown) => thrown);
      expect((error as { cause: { code: string } }).cause.code).to.equal('ECONNREFUSED');
    });

    it('says which port is taken', async () => {
      const port = await rig.backend(() => {});
      const { HttpListeners } = await import('../../../src/core/http/listener.ts');
      const { systemClock } = await import('../../../src/core/clock.ts');
      const mount = { path: '/', methods: null, consumes: null, produces: null, maxBodyBytes: 1, handle: () => {} };
      const refused = (await new HttpListeners(systemClock).at('127.0.0.1', port).mount(mount).catch((thrown: unknown) => thrown)) as NodeJS.ErrnoException;
      expect(refused.code).to.equal('EADDRINUSE');
      expect(refused.message).to.equal(`port ${port} on 127.0.0.1 is in use by another program`);
    });

    it('finishes what is under way when it stops, and tells kept connections to close', async () => {
      let finish = (): void => {};
      const consumer = await rig.serve('/slow', (exchange) => {
        exchange.body = 'done';
        return new Promise<void>((resolve) => (finish = resolve));
      });
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const asked = new Promise<{ status: number; connection: string | undefined; text: string }>((resolve) => {
        get({ port: consumer.port, host: '127.0.0.1', path: '/slow', agent }, (answer) => {
          let text = '';
          answer.on('data', (piece: Buffer) => (text += piece.toString()));
          answer.on('end', () => resolve({ status: answer.statusCode!, connection: answer.headers.connection, text }));
        });
      });
      await eventually(() => expect((consumer as unknown as { inFlight: number }).inFlight).to.equal(1));
      await consumer.stop();
      const closed = consumer.close();
      finish();
      expect(await asked).to.deep.equal({ status: 200, connection: 'close', text: 'done' });
      await closed;
      agent.destroy();
    });

    it('answers who is connected when it stops, and has only just asked', async () => {
      const consumer = await rig.serve('/b', reply('ok'));
      const sockets = Array.from({ length: 20 }, () => connect(consumer.port, '127.0.0.1'));
      await Promise.all(sockets.map((socket) => once(socket, 'connect')));
      const answers = sockets.map(async (socket) => {
        let text = '';
        socket.on('data', (piece: Buffer) => (text += piece.toString()));
        await once(socket, 'close');
        return text.slice(0, 12);
      });
      for (const socket of sockets) socket.write('GET /b HTTP/1.1\r\nHost: x\r\n\r\n');
      await consumer.stop();
      expect(new Set(await Promise.all(answers))).to.deep.equal(new Set(['HTTP/1.1 503']));
    });

    it('is replaced by another consumer of the same path without a refused request', async () => {
      const first = await rig.serve('/swap', reply('old'));
      const { port } = first;
      let isRunning = true;
      const answers = new Set<string>();
      const load = (async () => {
        while (isRunning) answers.add(await (await ask(port, '/swap')).text());
      })();
      await eventually(() => expect(answers.has('old')).to.equal(true));
      const second = await rig.serve('/swap', reply('new'));
      await first.stop();
      await eventually(() => expect(answers.has('new')).to.equal(true));
      isRunning = false;
      await load;
      expect([...answers].sort()).to.deep.equal(['new', 'old']);
      expect(second.port).to.equal(port);
    });
  });
});
