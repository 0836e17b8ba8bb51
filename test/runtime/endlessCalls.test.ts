import { expect } from 'chai';
import { systemClock } from '../../src/core/clock.ts';
import { Events } from '../../src/core/events.ts';
import { eventually, mockOf, routesFile, runtimeWith } from './rig.ts';

describe('routes that call one another', () => {
  const answer = async (routes: readonly unknown[], headers: Record<string, unknown> = {}): Promise<{ type: string | null; message: string; n: unknown }> => {
    const runtime = runtimeWith({ clock: systemClock });
    await runtime.start([routesFile(routes)]);
    const reply = await runtime.send('direct:a', 'x', { headers, isInOut: true });
    await runtime.stop(1000);
    return { type: reply.exception?.type ?? null, message: reply.exception?.message ?? '', n: reply.headers.get('n') ?? null };
  };
  const route = (name: string, ...steps: unknown[]) => ({ from: { uri: `direct:${name}`, steps } });
  const call = (name: string) => ({ to: `direct:${name}` });

  it('may do so as deep as they need', async () => {
    const down = { choice: { when: [{ simple: '${header.n} < 30000', steps: [call('a')] }] } };
    expect(await answer([route('a', { setHeader: { name: 'n', simple: '${header.n}++' } }, down)], { n: 0 })).to.deep.equal({ type: null, message: '', n: 30_000 });
  }).timeout(60_000);

  const endless: Readonly<Record<string, readonly unknown[]>> = {
    'in a circle': [route('a', call('b')), route('b', call('a'))],
    'in a split': [route('a', { split: { constant: 'x', steps: [call('a')] } })],
    'in branches, side by side': [route('a', { multicast: { parallelProcessing: true, steps: [call('a')] } })],
    'by enrich': [route('a', { enrich: { constant: 'direct:a' } })],
    'through a circuit breaker': [route('a', { circuitBreaker: { steps: [call('a')] } })],
    'when a route that they call completes': [{ onCompletion: { mode: 'BeforeConsumer', steps: [call('b')] } }, route('a', { log: 'a' }), route('b', { log: 'b' })],
  };

  for (const [name, routes] of Object.entries(endless)) {
    it(`fail a message that would never be done: ${name}`, async () => {
      const { type, message } = await answer(routes);
      expect(type).to.equal('java.lang.StackOverflowError');
      expect(message).to.match(/^routes call one another without end: 100000 calls are under way in each other/);
    }).timeout(120_000);
  }
});

describe('an onCompletion that comes to a route to which it applies', () => {
  const run = async (completion: Record<string, unknown>): Promise<{ failures: string[]; rounds: number; reply: string | null }> => {
    const events = new Events();
    const failures: string[] = [];
    events.on('exchangeFailed', ({ routeId, error }) => void failures.push(`${routeId}: ${error.message}`));
    const runtime = runtimeWith({ clock: systemClock, events });
    await runtime.start([
      routesFile([
        { onCompletion: { ...completion, steps: [{ to: 'mock:done' }, { to: 'direct:again' }] } },
        { route: { id: 'main', from: { uri: 'direct:main', steps: [{ log: 'main' }] } } },
        { route: { id: 'again', from: { uri: 'direct:again', steps: [{ setHeader: { name: 'n', simple: '${header.n}++' } }] } } },
      ]),
    ]);
    const reply = await runtime.send('direct:main', 'x', { headers: { n: 0 }, isInOut: true });
    await eventually(() => expect(runtime.inFlight).to.equal(0));
    const rounds = mockOf(runtime, 'done').received.length;
    await runtime.stop(1000);
    return { failures, rounds, reply: reply.exception?.message ?? null };
  };

  it('comes to its end by its condition', async () => {
    expect(await run({ onWhen: { simple: '${header.n} < 400' } })).to.deep.equal({ failures: [], rounds: 400, reply: null });
  });

  it('is ended, and told, where nothing else ends it; who sent the message has its reply', async () => {
    const { failures, rounds, reply } = await run({});
    expect(failures).to.deep.equal(['again: onCompletion of route again starts itself without end: its steps come to a route to which it applies']);
    expect(rounds).to.be.within(900, 1001);
    expect(reply).to.equal(null);
  });

  it('goes on for as long as it wants where it runs beside the route', async () => {
    expect(await run({ parallelProcessing: true, onWhen: { simple: '${header.n} < 3000' } })).to.deep.equal({ failures: [], rounds: 3000, reply: null });
  });

  it('tells what fails in it, of which nobody else hears', async () => {
    const events = new Events();
    const failures: string[] = [];
    events.on('exchangeFailed', ({ routeId, step, error, isHandled }) => void failures.push(`${routeId} ${step?.stepId} ${error.message} ${isHandled}`));
    const runtime = runtimeWith({ clock: systemClock, events });
    const failing = { throwException: { id: 'bad', exceptionType: 'java.lang.IllegalStateException', message: 'in the block' } };
    await runtime.start([routesFile([{ onCompletion: { steps: [failing] } }, { route: { id: 'main', from: { uri: 'direct:main', steps: [{ log: 'main' }] } } }])]);
    const reply = await runtime.send('direct:main', 'x', { isInOut: true });
    await eventually(() => expect(failures).to.deep.equal(['main bad in the block false']));
    await runtime.stop(1000);
    expect(reply.exception).to.equal(null);
  });
});
