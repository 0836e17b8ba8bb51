import { expect } from 'chai';
import { systemClock } from '../../src/core/clock.ts';
import { routesFile, runtimeWith } from './rig.ts';

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
