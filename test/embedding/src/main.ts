import type { EventMap, ReloadResult } from 'mecha-runtime';
import { LoadError, Mecha, MemoryStore, VirtualClock } from 'mecha-runtime';
import type { TestReport } from 'mecha-runtime/testing';
import { runTests } from 'mecha-runtime/testing';
import type { CatalogEntry } from 'mecha-runtime/tools';
import { catalog, codes, schema, snippetOf } from 'mecha-runtime/tools';
import { boxes, feeds, longest, memory, pipes, reversed, shout } from './parts.js';

const check = (name: string, isTrue: boolean): void => {
  if (!isTrue) throw new Error(`not so: ${name}`);
  console.log(`ok ${name}`);
};

const routes = `
- route:
    id: own
    from:
      uri: direct:own
      steps:
        - unmarshal: { pipes: { mark: ";" } }
        - split:
            simple: "\${body}"
            aggregationStrategy: longest
            steps:
              - setBody: { reversed: { expression: "B hello", upper: true } }
        - shout: { times: 2 }
        - to: memory:out
        - bean: { ref: greeter, method: greet }
- route:
    id: fed
    from:
      uri: memory:in
      steps:
        - to: mock:fed
        - filter: { simple: "\${body} == 'bad'", steps: [ { throwException: { exceptionType: java.io.IOException, message: no } } ] }
`;

const own = { connectors: [memory], eips: [shout], languages: [reversed], dataFormats: [pipes], aggregationStrategies: { longest } };
const quiet = { configuration: null, settings: { 'management.enabled': false, 'state.store': 'memory', 'deadLetters.enabled': false } };

async function run(): Promise<void> {
  const parts: readonly CatalogEntry[] = catalog();
  check('the library knows what the commands know', parts.some(({ name }) => name === 'kafka') && schema({ tests: true })['$schema'] === schema()['$schema'] && codes['M0212']!.title !== '' && snippetOf('kafka', true)!.step!.includes('kafka:'));
  const mecha = await Mecha.start({
    ...quiet,
    ...own,
    routes,
    properties: { name: 'World', count: 3, isFine: true },
    beans: { greeter: { greet: (text: string) => `greeted ${text}` } },
  });
  const completed: string[] = [];
  const off = mecha.on('exchangeCompleted', ({ routeId, millis }: EventMap['exchangeCompleted']) => void completed.push(`${routeId} ${millis >= 0}`));

  const reply: unknown = await mecha.request('direct:own', 'a;bcd;ef', { headers: { x: 1 } });
  check('one’s own parts work together', reply === 'greeted OLLEH BCD!!');
  check('what a producer of one’s own got', boxes.get('out')?.[0] === 'OLLEH BCD!!');
  check('a consumer of one’s own feeds a route', (await feeds.get('in')!('good')) === 'acknowledged');
  check('and hears of a failure', (await feeds.get('in')!('bad')) === 'rejected');
  check('mocks tell what they got', mecha.mock('fed').bodies.join() === 'good,bad');
  check('events come', completed.includes('own true'));
  off();

  await mecha.send('memory:direct', { any: 'body' });
  check('send is one way', boxes.get('direct')!.length === 1);
  const failure = await mecha.request('direct:nowhere?timeout=1', null).then(() => null, (error: Error) => error);
  check('request rejects with what failed', failure instanceof Error);

  const wrong: ReloadResult = await mecha.reload('- from: { uri: "direct:x", steps: [ { shoot: {} } ] }\n');
  check('a reload that is wrong changes nothing', wrong.result === 'rejected' && wrong.problems[0]!.help === 'did you mean `shout`?');
  const right = await mecha.reload(`${routes}- route: { id: more, from: { uri: "direct:more", steps: [ { shout: {} } ] } }\n`);
  check('one that is right does', right.result === 'applied' && right.added.join() === 'more' && (await mecha.request('direct:more', 'a')) === 'a!');
  check('it stops when all is done', (await mecha.stop()) === true);

  const refusal = (wrong: string): Promise<unknown> => Mecha.start({ ...quiet, ...own, routes: wrong }).then(() => null, (error: unknown) => (error instanceof LoadError ? error.diagnostics[0]!.help : error));
  check('options of one’s own steps are checked', (await refusal('- from:\n    uri: direct:x\n    steps:\n      - shout: { tims: 3 }\n')) === 'did you mean `times`?');
  check('and those of one’s own connectors', (await refusal('- from:\n    uri: memory:x?limt=1\n    steps:\n      - shout: {}\n')) === 'did you mean `limit`?');

  const clock = new VirtualClock();
  const timed = await Mecha.start({ ...quiet, clock, store: new MemoryStore(clock), routes: '- from:\n    uri: timer:t?period=60000\n    steps:\n      - to: mock:t\n' });
  await clock.advance(3_600_000);
  check('time can be virtual', timed.mock('t').count === 60);
  await timed.stop();

  check('an expression by itself', (await Mecha.evaluate('${body} and ${header.x}', { body: 'b', headers: { x: 'y' }, configuration: null })) === 'b and y');
  const report: TestReport = await runTests(['tests'], { folder: process.cwd(), configuration: null });
  check('tests of routes', report.passed === 1 && report.failed === 0);
}

run().then(
  () => console.log('all is so'),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
