import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { http } from '../../../src/connectors/http/definition.ts';
import type { ConnectorDefinition, Producer } from '../../../src/core/connector.ts';
import { toText } from '../../../src/core/conversion/convert.ts';
import { StreamCache } from '../../../src/core/conversion/stream.ts';
import { classDistance } from '../../../src/core/errors.ts';
import { Exchange } from '../../../src/core/exchange/exchange.ts';
import { Headers } from '../../../src/core/exchange/headers.ts';
import { echo, HttpRig, readBody, send, sendExchange } from '../httpRig.ts';

interface Echo {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

describe('http', () => {
  let rig: HttpRig;
  let port: number;

  beforeEach(async () => {
    rig = new HttpRig({ beans: { trust: { ca: 'x' } } });
    port = await rig.backend(echo);
  });

  afterEach(() => rig.close());

  const producer = (uri: string): Promise<Producer> => rig.producer(http as unknown as ConnectorDefinition, uri);
  const echoed = (exchange: Exchange): Echo => {
    if (exchange.exception !== null) throw exchange.exception;
    return JSON.parse((exchange.body as Buffer).toString()) as Echo;
  };
  const call = async (path: string, body: unknown, headers: Record<string, unknown> = {}): Promise<Exchange> => send(await producer(`http://127.0.0.1:${port}${path}`), body, headers);
  const asked = async (path: string, body: unknown, headers: Record<string, unknown> = {}): Promise<Echo> => echoed(await call(path, body, headers));

  describe('what is called', () => {
    it('GET without a body, POST with one, GET again when the URL has a query', async () => {
      expect(await asked('/a', null)).to.include({ method: 'GET', url: '/a' });
      expect(await asked('/a', 'text')).to.include({ method: 'POST', body: 'text' });
      expect(await asked('/a', '')).to.include({ method: 'POST', body: '' });
      expect(await asked('/a?x=1', 'text')).to.include({ method: 'GET', url: '/a?x=1', body: '' });
    });

    it('the method of the header, and before it that of the endpoint', async () => {
      expect(await asked('/a', 'b', { CamelHttpMethod: 'put' })).to.include({ method: 'PUT', body: 'b' });
      expect(await asked('/a?httpMethod=PATCH', 'b', { CamelHttpMethod: 'PUT' })).to.include({ method: 'PATCH' });
      expect((await call('/a', 'b', { CamelHttpMethod: 'FOO' })).exception!.type).to.equal('org.apache.camel.TypeConversionException');
    });

    it('GET and DELETE without a body, unless asked to', async () => {
      expect(await asked('/a?httpMethod=DELETE', 'x')).to.include({ method: 'DELETE', body: '' });
      expect(await asked('/a?httpMethod=DELETE&deleteWithBody=true', 'x')).to.include({ body: 'x' });
      expect(await asked('/a?httpMethod=GET&getWithBody=true', 'x')).to.include({ body: 'x' });
    });

    it('the query sorted and encoded, options taken out of it', async () => {
      expect(await asked('/a b?x=1 2&httpMethod=POST&foo=%26', 'x')).to.include({ url: '/a%20b?foo=%26&x=1+2' });
    });

    it('the path, query and URL that headers say', async () => {
      expect(await asked('/a', null, { CamelHttpPath: 'extra', CamelHttpQuery: 'h=1 2' })).to.include({ url: '/a/extra?h=1%202' });
      expect(await asked('/a', null, { CamelHttpRawQuery: 'r=1', CamelHttpQuery: 'h=1' })).to.include({ url: '/a?r=1' });
      const uri = { CamelHttpUri: `http://127.0.0.1:${port}/u?o=1`, CamelHttpPath: '/p', CamelHttpQuery: 'q=2' };
      expect(await asked('/a', null, uri)).to.include({ url: '/u/p?q=2' });
      expect(await asked('/a?bridgeEndpoint=true', null, uri)).to.include({ url: '/a/p?q=2' });
      expect(await asked('/a?skipControlHeaders=true', null, { ...uri, CamelHttpMethod: 'PUT' })).to.include({ url: '/a', method: 'GET' });
    });

    it('tells who forwards a request without bridgeEndpoint what to do', async () => {
      const { exception } = await call('/a', null, { CamelHttpUri: '/x?y=1' });
      expect(exception!.type).to.equal('java.lang.IllegalArgumentException');
      expect(exception!.message).to.contain('bridgeEndpoint=true');
    });
  });

  describe('what is sent', () => {
    it('the headers of the message, but no Camel, null or connection ones, and traceparent as it is', async () => {
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const { headers } = await asked('/a', 'x', {
        foo: [1, 2], one: [1], n: null, b: true, m: { a: 1 }, e: '', CamelX: 1, camelY: 2, Host: 'h', Connection: 'x', 'Transfer-Encoding': 'chunked', 'Keep-Alive': '1',
        'Cache-Control': 'no-cache', Via: 'v', Upgrade: 'u', TE: 't', Expect: 'e', 'Content-Length': '500', 'sp ace': 1, traceparent, nl: 'a\r\nb', euro: '€',
      });
      expect(headers).to.include({ foo: '[1, 2]', one: '1', b: 'true', m: 'a=1', e: '', traceparent, nl: 'a  b', host: `127.0.0.1:${port}`, connection: 'keep-alive', 'content-length': '1' });
      expect(headers).to.not.have.any.keys('n', 'camelx', 'camely', 'cache-control', 'via', 'upgrade', 'te', 'expect', 'sp ace', 'transfer-encoding', 'keep-alive');
      expect(Buffer.from(headers['euro']!, 'latin1').toString()).to.equal('€');
    });

    it('none of them with skipRequestHeaders', async () => {
      const { headers } = await asked('/a?skipRequestHeaders=true', 'x', { foo: 'bar', 'Content-Type': 'text/plain' });
      expect(headers).to.not.have.property('foo');
      expect(headers['content-type']).to.equal('text/plain');
    });

    it('text by its charset, bytes and streams as they are', async () => {
      expect(await asked('/a', 'é', { 'Content-Type': 'text/plain' })).to.include({ body: 'é' });
      expect((await asked('/a', 'é', { 'Content-Type': 'text/plain; charset=iso-8859-1' })).headers['content-length']).to.equal('1');
      expect(await asked('/a', Buffer.from('abc'))).to.include({ body: 'abc' });
      expect(await asked('/a', Readable.from([Buffer.from('a'), Buffer.from('b')]))).to.include({ body: 'ab' });
    });

    it('no map, list or number: the exchange fails and says to marshal it', async () => {
      for (const body of [{ a: 1 }, [1], 5, true]) {
        const exchange = await call('/a', body);
        expect(exchange.exception!.type).to.equal('org.apache.camel.InvalidPayloadException');
        expect(exchange.body).to.deep.equal(body);
      }
    });

    it('user and password, when asked for or at once; or a token', async () => {
      let challenges = 0;
      const secured = await rig.backend((request, reply) => {
        if (request.headers.authorization === undefined) {
          challenges++;
          reply.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"' }).end();
        } else echo(request, reply);
      });
      const asking = await producer(`http://127.0.0.1:${secured}/?authMethod=Basic&authUsername=u&authPassword=p`);
      for (let i = 0; i < 2; i++) expect(echoed(await send(asking, 'x')).headers['authorization']).to.equal('Basic dTpw');
      expect(challenges).to.equal(1);
      expect((await asked('/a?authMethod=Basic&authUsername=u&authPassword=p&authenticationPreemptive=true', null)).headers['authorization']).to.equal('Basic dTpw');
      expect((await asked('/a?authMethod=Bearer&authBearerToken=tok', null)).headers['authorization']).to.equal('Bearer tok');
    });

    it('a token that it asks for by client credentials, and keeps when told to', async () => {
      let asks = 0;
      const tokens = await rig.backend((request, reply) => {
        asks++;
        void readBody(request).then((body) => {
          reply.writeHead(200, { 'Content-Type': 'application/json' });
          reply.end(JSON.stringify({ access_token: `${body} ${request.headers.authorization}`, expires_in: 60 }));
        });
      });
      const options = `oauth2ClientId=c&oauth2ClientSecret=s&oauth2Scope=r&oauth2CacheTokens=true&oauth2TokenEndpoint=RAW(http://127.0.0.1:${tokens}/t)`;
      const calling = await producer(`http://127.0.0.1:${port}/a?${options}`);
      for (let i = 0; i < 2; i++) expect(echoed(await send(calling, 'x')).headers['authorization']).to.equal('Bearer grant_type=client_credentials&scope=r Basic Yzpz');
      expect(asks).to.equal(1);
    });

    it('the host, agent and connection header that the endpoint says', async () => {
      const { headers } = await asked('/a?userAgent=me&customHostHeader=h.example&connectionClose=true', null, { 'User-Agent': 'you' });
      expect(headers).to.include({ 'user-agent': 'me', host: 'h.example', connection: 'close' });
      expect((await asked('/a?preserveHostHeader=true', null, { Host: 'front.example' })).headers['host']).to.equal('front.example');
    });

    it('the body as a part of a form', async () => {
      const { headers, body } = await asked('/a?multipartUpload=true&multipartUploadName=doc', 'hello', { 'Content-Type': 'text/plain' });
      expect(headers['content-type']).to.match(/^multipart\/form-data; boundary=/);
      expect(body).to.contain('name="doc"').and.to.contain('\r\n\r\nhello\r\n');
    });

    it('only what a filter lets through, both ways', async () => {
      await rig.close();
      rig = new HttpRig({
        beans: { strict: { applyFilterToCamelHeaders: (name: string) => name !== 'keep', applyFilterToExternalHeaders: (name: string) => name === 'X-Server' } },
      });
      port = await rig.backend(echo);
      const exchange = await call('/a?headerFilterStrategy=#strict', 'x', { keep: '1', drop: '2' });
      expect(echoed(exchange).headers).to.include({ keep: '1' }).and.not.to.have.property('drop');
      expect(exchange.headers.has('X-Server')).to.equal(false);
    });
  });

  describe('what comes back', () => {
    it('lies over the message: body, headers, status; Camel and connection headers stay out', async () => {
      const backend = await rig.backend((_, reply) => {
        reply.writeHead(201, { 'X-Server': 's', CamelFileName: '../x', 'Set-Cookie': ['a=1', 'b=2'], foo: 'theirs' });
        reply.end('made');
      });
      const exchange = await send(await producer(`http://127.0.0.1:${backend}/`), null, { foo: 'ours', bar: 'ours', 'User-Agent': 'x', 'Content-Type': 'text/csv', gone: null });
      const headers = exchange.headers.toObject();
      delete headers['Date'];
      expect({ ...headers }).to.deep.equal({ bar: 'ours', foo: 'theirs', 'X-Server': 's', 'Set-Cookie': ['a=1', 'b=2'], CamelHttpResponseCode: 201, CamelHttpResponseText: 'Created' });
      expect(exchange.headers.get('FOO')).to.equal('theirs');
      expect((exchange.body as Buffer).toString()).to.equal('made');
    });

    it('takes the place of the headers with copyHeaders=false, and leaves them with skipResponseHeaders', async () => {
      expect((await call('/a?copyHeaders=false', null, { foo: 1 })).headers.has('foo')).to.equal(false);
      const { headers } = await call('/a?skipResponseHeaders=true', null, { foo: 1 });
      expect([headers.get('foo'), headers.has('X-Server'), headers.get('CamelHttpResponseCode')]).to.deep.equal([1, false, 200]);
    });

    it('is null for 204, HEAD and ignoreResponseBody', async () => {
      const empty = await rig.backend((_, reply) => reply.writeHead(204).end());
      expect((await send(await producer(`http://127.0.0.1:${empty}/`), 'x')).body).to.equal(null);
      expect((await call('/a?httpMethod=HEAD', null)).body).to.equal(null);
      expect((await call('/a?ignoreResponseBody=true', null)).body).to.equal(null);
    });

    it('fails the exchange over 299, with all that is known, the body as it was', async () => {
      const failing = await rig.backend((_, reply) => reply.writeHead(404, { 'X-Why': 'w' }).end('no such order'));
      const exchange = await send(await producer(`http://u:p@127.0.0.1:${failing}/o?token=t`), 'mine');
      const { type, message, details } = exchange.exception!;
      expect(type).to.equal('org.apache.camel.http.base.HttpOperationFailedException');
      expect(message).to.equal(`HTTP operation failed invoking http://127.0.0.1:${failing}/o?token=xxxxxx with statusCode: 404`);
      expect(details).to.include({ statusCode: 404, statusText: 'Not Found', responseBody: 'no such order', redirectLocation: null });
      expect((details['responseHeaders'] as Record<string, string>)['X-Why']).to.equal('w');
      expect([exchange.body, exchange.headers.get('CamelHttpResponseCode'), exchange.headers.has('X-Why')]).to.deep.equal(['mine', 404, false]);
    });

    it('is a reply like any other when it may be', async () => {
      const failing = await rig.backend((_, reply) => reply.writeHead(404).end('no'));
      expect((await send(await producer(`http://127.0.0.1:${failing}/?throwExceptionOnFailure=false`), null)).exception).to.equal(null);
      expect((await send(await producer(`http://127.0.0.1:${failing}/?okStatusCodeRange=200-299,404`), null)).exception).to.equal(null);
      expect((await send(await producer(`http://127.0.0.1:${failing}/?okStatusCodeRange=200-299`), null)).isFailed).to.equal(true);
    });

    it('names where it is redirected to, or goes there', async () => {
      const redirecting = await rig.backend((request, reply) => {
        if (request.url === '/s') echo(request, reply);
        else reply.writeHead(302, { Location: `http://127.0.0.1:${port}/there` }).end();
      });
      expect((await send(await producer(`http://127.0.0.1:${redirecting}/`), null)).exception!.message).to.match(/statusCode: 302, redirectLocation: http:\/\/127.0.0.1:\d+\/there$/);
      expect(echoed(await send(await producer(`http://127.0.0.1:${redirecting}/?followRedirects=true`), null))).to.include({ url: '/there', method: 'GET' });
    });

    it('is unpacked, within bounds', async () => {
      const packing = await rig.backend((request, reply) => {
        reply.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Type': 'text/plain' });
        reply.end(gzipSync(request.url === '/bomb' ? Buffer.alloc(20_000_000) : 'plain'));
      });
      const exchange = await send(await producer(`http://127.0.0.1:${packing}/`), null);
      expect((exchange.body as Buffer).toString()).to.equal('plain');
      expect(exchange.headers.has('Content-Encoding')).to.equal(false);
      const bomb = await send(await producer(`http://127.0.0.1:${packing}/bomb`), null);
      expect(bomb.exception!.message).to.contain('unpacked');
      const left = await send(await producer(`http://127.0.0.1:${packing}/?contentCompressionDisabled=true`), null);
      expect(left.headers.get('Content-Encoding')).to.equal('gzip');
    });

    it('is a stream when it is long and that is wanted', async () => {
      const long = await rig.backend((_, reply) => reply.end('z'.repeat(300_000)));
      const streamed = await send(await producer(`http://127.0.0.1:${long}/?disableStreamCache=true`), null);
      expect(streamed.body).to.be.instanceOf(Readable);
      expect((await text(streamed.body as Readable)).length).to.equal(300_000);
      const kept = await send(await producer(`http://127.0.0.1:${long}/`), null);
      expect((kept.body as Buffer).length).to.equal(300_000);
    });

    it('can be read as often as one likes when it is longer than what is kept in memory', async () => {
      const long = await rig.backend((_, reply) => reply.end('z'.repeat(300_000)));
      const kept = await send(await producer(`http://127.0.0.1:${long}/?maxResponseSize=100000`), null);
      expect(kept.exception).to.equal(null);
      expect(kept.body).to.be.instanceOf(StreamCache);
      expect((kept.body as StreamCache).isInMemory).to.equal(false);
      for (let i = 0; i < 2; i++) expect(toText(kept.body, kept)).to.equal('z'.repeat(300_000));
      (kept.body as StreamCache).dispose();
    });

    it('fails when it breaks off behind what is kept in memory', async () => {
      const broken = await rig.backend((request, reply) => {
        reply.writeHead(200, { 'Content-Length': '300000' });
        reply.write('z'.repeat(200_000), () => request.socket.destroy());
      });
      const exchange = await send(await producer(`http://127.0.0.1:${broken}/?maxResponseSize=100000`), null);
      expect(exchange.exception).not.to.equal(null);
    });

    it('keeps cookies for later calls only where asked to', async () => {
      const giving = await rig.backend((request, reply) => {
        reply.setHeader('Set-Cookie', 'sid=1; Path=/');
        reply.end(request.headers.cookie ?? 'none');
      });
      const bodyOf = async (calling: Producer): Promise<string> => String((await send(calling, null)).body);
      const with_ = await producer(`http://127.0.0.1:${giving}/?cookieStore=memory`);
      expect([await bodyOf(with_), await bodyOf(with_)]).to.deep.equal(['none', 'sid=1']);
      const without = await producer(`http://127.0.0.1:${giving}/`);
      expect([await bodyOf(without), await bodyOf(without)]).to.deep.equal(['none', 'none']);
    });

    it('does not send the headers of an HTTP request back to its client, but those of the backend', async () => {
      const bridge = await producer(`http://127.0.0.1:${port}/?bridgeEndpoint=true`);
      const front = await rig.serve('/front', async (exchange) => {
        const sent = await sendExchange(bridge, Object.assign(new Exchange(undefined, exchange.body, exchange.headers, true)));
        exchange.body = sent.body;
        exchange.headers = sent.headers;
      });
      const answer = await fetch(`http://127.0.0.1:${front.port}/front?q=1`, { method: 'POST', body: '{}', headers: { 'X-In': 'i', Authorization: 's' } });
      const seen = (await answer.json()) as Echo;
      expect(seen).to.include({ url: '/front?q=1', method: 'POST', body: '{}' });
      expect(seen.headers).to.include({ 'x-in': 'i', authorization: 's' });
      expect([answer.headers.get('x-server'), answer.headers.get('x-in'), answer.headers.get('authorization'), answer.headers.get('q')]).to.deep.equal(['s', null, null, null]);
    });
  });

  describe('a server with no manners', () => {
    const failure = async (uri: string): Promise<{ type: string; message: string }> => {
      const { exception } = await send(await producer(uri), 'x');
      return exception!;
    };

    it('is a ConnectException when it is not there', async () => {
      const { type, message } = await failure('http://127.0.0.1:1/nothing?token=t');
      expect(classDistance(type, 'java.net.ConnectException')).to.equal(0);
      expect(message).to.equal('http://127.0.0.1:1/nothing?token=xxxxxx: connection refused');
    });

    it('is an UnknownHostException when nobody knows it', async () => {
      expect((await failure('http://no.such.host.invalid/')).type).to.equal('java.net.UnknownHostException');
    });

    it('is a SocketTimeoutException when it does not answer, or stops answering', async () => {
      const silent = await rig.rudeBackend(() => {});
      expect((await failure(`http://127.0.0.1:${silent}/?responseTimeout=50`)).type).to.equal('java.net.SocketTimeoutException');
      const stopping = await rig.rudeBackend((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'));
      expect((await failure(`http://127.0.0.1:${stopping}/?soTimeout=50`)).type).to.equal('java.net.SocketTimeoutException');
    });

    it('is a SocketException when it hangs up', async () => {
      const resetting = await rig.rudeBackend((socket) => socket.on('data', () => socket.resetAndDestroy()));
      expect((await failure(`http://127.0.0.1:${resetting}/`)).type).to.equal('java.net.SocketException');
      const half = await rig.rudeBackend((socket) => socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')));
      expect((await failure(`http://127.0.0.1:${half}/`)).type).to.equal('java.net.SocketException');
    });

    it('is an IOException when it speaks something else', async () => {
      const garbage = await rig.rudeBackend((socket) => socket.on('data', () => socket.end('220 smtp ready\r\n')));
      const { type, message } = await failure(`http://127.0.0.1:${garbage}/`);
      expect(classDistance(type, 'java.io.IOException')).to.be.at.least(0);
      expect(message).to.contain('no HTTP');
    });

    it('is given up on after connectionRequestTimeout, also while the call still waits for a connection', async () => {
      const silent = await rig.rudeBackend(() => {});
      const calling = await producer(`http://127.0.0.1:${silent}/?connectionsPerRoute=1&connectionRequestTimeout=60`);
      const [one, two] = await Promise.all([send(calling, 'x'), send(calling, 'x')]);
      expect([one.exception!.type, two.exception!.type]).to.deep.equal(['java.net.SocketTimeoutException', 'java.net.SocketTimeoutException']);
      expect(one.exception!.message).to.match(/: no reply within 60 ms/);
      expect(two.exception!.message).to.match(/: never sent: no connection was free or could be made within 60 ms/);
    });

    it('is given up on when nobody waits any more', async () => {
      const silent = await rig.rudeBackend(() => {});
      const abort = new AbortController();
      const exchange = new Exchange(undefined, 'x', new Headers(), true);
      exchange.signal = abort.signal;
      const calling = sendExchange(await producer(`http://127.0.0.1:${silent}/`), exchange);
      abort.abort(new Error('stopped'));
      expect((await calling).exception!.message).to.equal('stopped');
    });
  });

  it('refuses an option value that can not be used, before any call', async () => {
    const error = await producer('http://127.0.0.1:1/?okStatusCodeRange=2xx').then(() => null, (thrown: Error) => thrown);
    expect(error!.message).to.contain('200-299');
  });

  it('goes through a forward proxy, but for hosts that are excepted', async () => {
    const seen: string[] = [];
    const proxy = await rig.backend((request, reply) => {
      seen.push(request.url!);
      echo(request, reply);
    });
    await send(await producer(`http://127.0.0.1:${port}/direct?proxyHost=127.0.0.1&proxyPort=${proxy}&nonProxyHosts=127.0.*`), null);
    expect(seen).to.deep.equal([]);
    const exchange = await send(await producer(`http://127.0.0.1:${port}/proxied?proxyHost=127.0.0.1&proxyPort=${proxy}`), null);
    expect(exchange.exception).to.equal(null);
    expect(seen).to.have.length(1);
  });
});
