import { expect } from 'chai';
import { systemClock } from '../../src/core/clock.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { mockOf, routesFile, runtimeWith } from '../runtime/rig.ts';

const route = (from: string, ...steps: unknown[]): unknown => ({ from: { uri: from, steps } });

describe('connectors that work in the process', () => {
  let runtime: Runtime;

  const start = async (routes: readonly unknown[], beans: Record<string, unknown> = {}, resource: (uri: string) => string = () => ''): Promise<void> => {
    runtime = runtimeWith({ clock: systemClock, beans, resource });
    await runtime.start([routesFile(routes)]);
  };
  const body = async (uri: string, sent: unknown = null, headers: Record<string, unknown> = {}): Promise<unknown> => {
    const exchange = await runtime.send(uri, sent, { headers });
    return exchange.exception === null ? exchange.body : exchange.exception.type;
  };

  afterEach(() => runtime.stop(100));

  describe('bean and class', () => {
    it('call a method; what it gives becomes the body, nothing leaves it', async () => {
      const calls: unknown[] = [];
      await start([route('direct:a', { to: 'bean:shop?method=price(%24%7Bbody%7D, 2)' }), route('direct:b', { to: 'bean:shop?method=note' }), route('direct:c', { to: 'class:java.lang.Math?method=abs(%24%7Bbody%7D)' })], {
        shop: { price: (amount: number, times: number) => Promise.resolve(amount * times), note: (text: unknown) => void calls.push(text) },
      });
      expect([await body('direct:a', 4), await body('direct:b', 'x'), await body('direct:c', -3)]).to.deep.equal([8, 'x', 3]);
      expect(calls).to.deep.equal(['x']);
    });

    it('set properties, and fail for a method that is not there', async () => {
      class Greeter {
        greeting = 'Hi';
        greet(name: unknown): string {
          return `${this.greeting} ${String(name)}`;
        }
        other(): void {}
      }
      await start([route('direct:a', { to: 'bean:greeter?method=greet&bean.greeting=Hello&scope=Prototype' }), route('direct:b', { to: 'bean:greeter?method=nosuch' })], { greeter: Greeter });
      expect(await body('direct:a', 'you')).to.equal('Hello you');
      expect(await body('direct:b', 'you')).to.equal('org.apache.camel.component.bean.MethodNotFoundException');
    });
  });

  describe('language', () => {
    it('evaluates the script of the URI or of a resource, and may drop the result', async () => {
      await start(
        [route('direct:a', { to: 'language:simple:Hello%20${body}' }), route('direct:b', { to: 'language:simple:x?transform=false' }), route('direct:c', { to: 'language:simple:file:greet.txt' }), route('direct:d', { to: 'language:constant?script=5&resultType=Integer' })],
        {},
        (uri) => (uri === 'file:greet.txt' ? 'from file ${body}' : 'wrong'),
      );
      expect([await body('direct:a', 'b'), await body('direct:b', 'b'), await body('direct:c', 'b'), await body('direct:d')]).to.deep.equal(['Hello b', 'b', 'from file b', 5]);
    });

    it('takes a script from the header only where that is allowed', async () => {
      await start([route('direct:a', { to: 'language:simple' }), route('direct:b', { to: 'language:simple?allowTemplateFromHeader=true&cacheScript=true' })]);
      const headers = { CamelLanguageScript: 'scripted ${body}' };
      expect([await body('direct:a', 'b', headers), await body('direct:b', 'b', headers)]).to.deep.equal(['org.apache.camel.CamelExchangeException', 'scripted b']);
    });
  });

  describe('dataformat', () => {
    it('marshals and unmarshals, with options from the query', async () => {
      await start([route('direct:a', { to: 'dataformat:jackson:marshal?prettyPrint=true' }), route('direct:b', { to: 'dataformat:json:unmarshal' })]);
      expect(String(await body('direct:a', { a: 1 }))).to.match(/^\{\n/);
      expect(await body('direct:b', '{"a":1}')).to.deep.equal({ a: 1 });
    });
  });

  describe('controlbus', () => {
    const target = { route: { id: 'target', from: { uri: 'seda:target', steps: [{ to: 'mock:target' }] } } };
    const command = route('direct:action', { toD: 'controlbus:route?routeId=${header.id}&action=${header.action}&restartDelay=0' });

    it('stops, starts, suspends, resumes and restarts a route, and tells its state', async () => {
      await start([target, command]);
      const states: unknown[] = [];
      for (const action of ['stop', 'start', 'suspend', 'resume', 'restart']) {
        await body('direct:action', '', { id: 'target', action });
        states.push(await body('direct:action', '', { id: 'target', action: 'status' }));
      }
      expect(states).to.deep.equal(['Stopped', 'Started', 'Suspended', 'Started', 'Started']);
    });

    it('leaves the body as it is where there is no such route', async () => {
      await start([target, command]);
      expect(await body('direct:action', 'b', { id: 'nosuch', action: 'stop' })).to.equal('b');
    });

    it('stops the route that it stands in, which finishes what it has', async () => {
      await start([{ route: { id: 'self', from: { uri: 'direct:self', steps: [{ to: 'controlbus:route?routeId=current&action=stop' }, { to: 'mock:after' }] } } }]);
      await body('direct:self', 'b');
      expect(runtime.routes.get('self')!.state).to.equal('Stopped');
      expect(mockOf(runtime, 'after').count).to.equal(1);
    });

    it('gives figures, and evaluates the body in a language', async () => {
      await start([target, route('direct:stats', { to: 'controlbus:route?routeId=target&action=stats' }), route('direct:language', { to: 'controlbus:language:simple' })]);
      expect(await body('direct:stats', 'b')).to.match(/^<routeStat id="target" state="Started" exchangesTotal="0"/);
      expect(await body('direct:language', '${camelContext.getRoutes().size()} routes')).to.equal('3 routes');
    });
  });
});
