import { expect } from 'chai';
import { systemClock } from '../../../src/core/clock.ts';
import { toText } from '../../../src/core/conversion/convert.ts';
import type { LoadError } from '../../../src/core/diagnostics.ts';
import type { Runtime } from '../../../src/runtime/runtime.ts';
import { httpListeners } from '../../../src/core/http/listener.ts';
import { routesFile, runtimeWith } from '../../runtime/rig.ts';

const route = (from: string, ...steps: unknown[]): unknown => ({ from: { uri: from, steps } });
const seen = { setBody: { simple: '${header.CamelHttpMethod}|${header.CamelHttpPath}|${header.CamelHttpUri}|${header.CamelHttpQuery}|${header.q}|${header.a}|${bodyAs(String)}' } };
const clean = { removeHeaders: { pattern: '*' } };

describe("Camel's other HTTP servers", () => {
  let runtime: Runtime;

  const start = async (properties: Record<string, string>, ...routes: unknown[]): Promise<void> => {
    runtime = runtimeWith({ clock: systemClock, properties: { get: (name: string) => properties[name], names: () => Object.keys(properties), functions: {} }, settings: (key: string) => (key === 'http.port' ? 0 : undefined) } as never);
    await runtime.start([routesFile(routes)]);
  };
  const address = (): string => httpListeners({ clock: systemClock, events: runtime.events, shared: (name, make) => runtime.shared(name, make), setting: () => undefined }).all()[0]!.url;
  const ask = async (path: string, init: RequestInit = {}): Promise<string> => {
    const reply = await fetch(`${address()}${path}`, init);
    return `${reply.status} ${await reply.text()}`;
  };

  afterEach(() => runtime.stop(1000));

  for (const scheme of ['jetty', 'undertow', 'netty-http']) {
    it(`${scheme} serves at the address in its URI, with headers as it has them in Camel`, async () => {
      await start({}, route(`${scheme}:http://127.0.0.1:0/x?matchOnUriPrefix=true&httpMethodRestrict=GET,POST`, seen, clean));
      expect(await ask('/x')).to.equal('200 GET||/x||||');
      expect(await ask('/x/sub/y?q=1', { method: 'POST', body: 'text' })).to.equal('200 POST|/sub/y|/x/sub/y|q=1|1||text');
      expect(await ask('/x', { method: 'POST', body: new URLSearchParams({ a: '1', b: '2' }) })).to.equal('200 POST||/x|||1|a=1&b=2');
      expect(await ask('/x', { method: 'DELETE' })).to.match(/^405/);
      expect(await ask('/y')).to.match(/^404/);
    });
  }

  it('answer a map with its text, a failure with 500, and nothing with 204', async () => {
    await start({}, route('jetty:http://127.0.0.1:0/map', { setBody: { constant: '{"a":1}' } }, { unmarshal: { json: {} } }), route('jetty:http://127.0.0.1:0/null', { setBody: { simple: '${null}' } }), route('jetty:http://127.0.0.1:0/fails', { throwException: { exceptionType: 'java.lang.Exception', message: 'boo' } }));
    expect(await ask('/map')).to.equal('200 {a=1}');
    expect(await ask('/null')).to.equal('204 ');
    expect(await ask('/fails')).to.equal('500 ');
  });

  it('are behind the mapping of the servlet', async () => {
    await start({}, route('servlet:orders', seen, clean));
    expect(await ask('/camel/orders')).to.equal('200 GET||/camel/orders||||');
    await runtime.stop(1000);
    await start({ 'camel.servlet.mapping.context-path': '/api/*' }, route('servlet:/orders?matchOnUriPrefix=true', seen, clean));
    expect(await ask('/api/orders/7')).to.equal('200 GET|/7|/api/orders/7||||');
  });

  it('are called, where Camel calls with them, and pass on what are no options of theirs', async () => {
    await start({}, route('undertow:http://127.0.0.1:0/echo', seen, clean));
    const served = runtime;
    const url = address();
    await start({}, route('direct:undertow', { to: `undertow:${url}/echo?q=2` }), route('direct:netty', { to: `netty-http:${url}/echo` }), route('direct:bridge', { to: `undertow:${url}/echo?bridgeEndpoint=true` }), route('direct:fails', { to: `netty-http:${url}/none` }), route('direct:calm', { to: `netty-http:${url}/none?throwExceptionOnFailure=false` }));
    try {
      expect(toText((await runtime.send('direct:undertow', 'b')).body)).to.match(/^(GET|POST)\|\|\/echo\|q=2\|2\|/);
      expect(toText((await runtime.send('direct:netty', 'b')).body)).to.equal('POST||/echo||||b');
      expect(toText((await runtime.send('direct:bridge', 'b', { headers: { CamelHttpUri: '/orders' } })).body)).to.equal('POST||/echo||||b');
      expect((await runtime.send('direct:fails', 'b')).exception!.type).to.match(/HttpOperationFailedException$/);
      expect((await runtime.send('direct:calm', 'b')).headers.get('CamelHttpResponseCode')).to.equal(404);
    } finally {
      await served.stop(1000);
    }
  });

  it('say what can not be served, and that jetty does not call', async () => {
    await start({}, route('direct:x', { to: 'mock:x' }));
    const refused = async (...routes: unknown[]): Promise<string> => {
      const other = runtimeWith({ clock: systemClock });
      const message = await other.start([routesFile(routes)]).then(() => '', (thrown: unknown) => (thrown as LoadError).message);
      await other.stop(100);
      return message;
    };
    expect(await refused(route('jetty:https://127.0.0.1:0/x', seen))).to.match(/let a proxy before it speak TLS/);
    expect(await refused(route('jetty:/x', seen))).to.match(/is no address: write `http:\/\/0\.0\.0\.0:8080\/path`/);
    expect(await refused(route('direct:a', { to: 'jetty:http://localhost/x' }))).to.match(/jetty/);
  });
});
