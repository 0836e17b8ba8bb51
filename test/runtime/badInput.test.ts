import { expect } from 'chai';
import { systemClock } from '../../src/core/clock.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { eventually, mockOf, routesFile, runtimeWith } from './rig.ts';

const backtracking = `${'a'.repeat(5000)}!`;
const items = '<a id="1"><b>some text</b></a>';

interface Bad {
  readonly steps: readonly unknown[];
  readonly body?: () => unknown;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly says: RegExp;
}

const deepJson = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
const deepXml = `${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}`;

/** What comes to a route and would run for ever, or take all the memory. */
const bad: Readonly<Record<string, Bad>> = {
  'a script that loops for ever': { steps: [{ setBody: { js: 'while (true) {}' } }], says: /js: not done after 1000 ms/ },
  'a jq query that repeats for ever': { steps: [{ setBody: { jq: 'last(repeat(1))' } }], body: () => '{}', says: /not done after|jq/ },
  'a jsonata function that calls itself for ever': { steps: [{ setBody: { jsonata: '($f := function($n) { $f($n + 1) }; $f(1))' } }], body: () => '{}', says: /jsonata: (?:not done after|nested deeper)/ },
  'a pattern of tokenize that backtracks': { steps: [{ split: { tokenize: { token: '(a+)+$', regex: true }, steps: [{ to: 'mock:part' }] } }], body: () => backtracking, says: /backtracks: not done after/ },
  'a pattern of jsonpath that backtracks': { steps: [{ setBody: { jsonpath: '$[?(@.x =~ /(a+)+$/)]' } }], body: () => JSON.stringify([{ x: backtracking }]), says: /backtracks: not done after/ },
  'a pattern of a method that backtracks': { steps: [{ setBody: { simple: "${body.matches('(a+)+')}" } }], body: () => backtracking, says: /backtracks: not done after/ },
  'a pattern out of the message that backtracks': { steps: [{ setBody: { simple: "${body.replaceAll(${header.p},'x')}" } }], body: () => backtracking, headers: { p: '(a+)+$' }, says: /backtracks: not done after/ },
  'a pattern of a condition that looks around and backtracks': { steps: [{ filter: { simple: "${body} regex '(?=a)(a+)+'", steps: [{ to: 'mock:part' }] } }], body: () => backtracking, says: /backtracks: not done after/ },
  'a pattern of header names that backtracks': { steps: [{ removeHeaders: { pattern: '(x+)+y' } }], headers: { ['x'.repeat(5000)]: 1 }, says: /backtracks: not done after/ },
  'a document of 100 MB for xpath': { steps: [{ setBody: { xpath: 'count(/r/a)' } }], body: () => `<r>${items.repeat(3_400_000)}</r>`, says: /more than 67108864 characters/ },
  'a document of 100 MB for jacksonXml': { steps: [{ unmarshal: { jacksonXml: {} } }], body: () => `<r>${items.repeat(3_400_000)}</r>`, says: /more than 67108864 characters/ },
  'a document of 100 MB for xtokenize': { steps: [{ split: { xtokenize: '/r/a', steps: [{ to: 'mock:part' }] } }], body: () => `<r>${items.repeat(3_400_000)}</r>`, says: /more than 67108864 characters/ },
  'a document of millions of elements': { steps: [{ setBody: { xpath: 'count(/r/a)' } }], body: () => `<r>${items.repeat(2_100_000)}</r>`, says: /more than 2000000 nodes/ },
  'XML of 100,000 elements in each other': { steps: [{ setBody: { xpath: 'count(//a)' } }], body: () => deepXml, says: /more than 1000 elements stand in one another/ },
  'JSON of 100,000 lists in each other': { steps: [{ setBody: { jsonpath: '$..x' } }], body: () => deepJson, says: /nested|deep/ },
  'JSON of 100,000 lists for jq': { steps: [{ setBody: { jq: '[..]' } }], body: () => deepJson, says: /nested|deep/ },
  'JSON of 100,000 lists for jsonata': { steps: [{ setBody: { jsonata: '**' } }], body: () => deepJson, says: /nested|deep/ },
};

describe('bad input', function () {
  this.timeout(60_000);
  let runtime: Runtime;

  afterEach(() => runtime.stop(1000));

  for (const [what, { steps, body, headers, says }] of Object.entries(bad)) {
    it(`(${what}) fails with its reason in bounded time and memory, and the other routes go on`, async () => {
      runtime = runtimeWith({ clock: systemClock, keepFailed: () => true });
      await runtime.start([
        routesFile([
          { route: { id: 'bad', errorHandler: { noErrorHandler: {} }, from: { uri: 'direct:bad', steps } } },
          { route: { id: 'good', from: { uri: 'timer:t?period=10', steps: [{ setBody: { simple: '${exchangeProperty.CamelTimerCounter}' } }, { to: 'mock:good' }] } } },
        ]),
      ]);
      await eventually(() => expect(mockOf(runtime, 'good').count).to.be.above(0));
      const text = body?.();
      const [before, cpu] = [process.memoryUsage().rss, process.cpuUsage()];
      const exchange = await runtime.send('direct:bad', text ?? null, { headers: headers ?? {} });
      const { user, system } = process.cpuUsage(cpu);
      expect(`${exchange.exception?.message} ${(exchange.exception?.cause as Error | undefined)?.message ?? ''}`).to.match(says);
      expect((user + system) / 1000, 'milliseconds of processor time').to.be.below(15_000);
      expect((process.memoryUsage().rss - before) / 1e6, 'megabytes more').to.be.below(600);
      const count = mockOf(runtime, 'good').count;
      await eventually(() => expect(mockOf(runtime, 'good').count).to.be.above(count));
    });
  }
});
