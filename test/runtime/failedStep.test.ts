import { expect } from 'chai';
import { Events } from '../../src/core/events.ts';
import { routesFile, runtimeWith } from './rig.ts';

describe('the step of a failure', () => {
  const failures = async (routes: string, uri: string, headers: Record<string, unknown> = {}): Promise<{ steps: unknown[]; counts: Record<string, number> }> => {
    const events = new Events();
    const steps: unknown[] = [];
    events.on('exchangeFailed', ({ routeId, step }) => steps.push(`${routeId}: ${step?.stepId ?? 'nowhere'} (${step?.at ?? '?'})`));
    const runtime = runtimeWith({ events });
    await runtime.start([routesFile(routes)]);
    await runtime.send(uri, 'x', { headers });
    const counts: Record<string, number> = {};
    for (const route of runtime.routes.values()) for (const { info, statistics } of route.current.steps) if (statistics.failed > 0) counts[info.stepId] = statistics.failed;
    await runtime.stop(1000);
    return { steps, counts };
  };

  const nobody = 'direct:nobody?block=false';

  it('is the one that sent the message to what failed', async () => {
    for (const send of [`to: { id: ask, uri: "${nobody}" }`, `toD: { id: ask, uri: "direct:\${header.no}?block=false" }`]) {
      const { steps, counts } = await failures(`- route: { id: a, from: { uri: "direct:a", steps: [ { ${send} } ] } }\n`, 'direct:a', { no: 'nobody' });
      expect(steps, send).to.deep.equal(['a: ask (routes.yaml:1:55)']);
      expect(counts, send).to.deep.equal({ ask: 1 });
    }
  });

  it('stays the one in a called route, and is none that failed before and was caught', async () => {
    const called = await failures(`- route: { id: a, from: { uri: "direct:a", steps: [ { to: { id: call, uri: "direct:b" } } ] } }
- route: { id: b, from: { uri: "direct:b", steps: [ { to: { id: ask, uri: "${nobody}" } } ] } }
`, 'direct:a');
    expect(called.counts).to.deep.equal({ ask: 1 });
    const caught = await failures(`- route:
    id: a
    from:
      uri: direct:a
      steps:
        - doTry: { steps: [ { throwException: { id: first, exceptionType: java.io.IOException, message: m } } ], doCatch: [ { exception: [ java.io.IOException ], steps: [ { setBody: { constant: caught } } ] } ] }
        - to: { id: second, uri: "${nobody}" }
`, 'direct:a');
    expect(caught.steps).to.deep.equal(['a: second (routes.yaml:7:11)']);
  });
});
