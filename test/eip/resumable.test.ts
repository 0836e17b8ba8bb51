import { expect } from 'chai';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { MemoryStore } from '../../src/stores/memory.ts';
import { VirtualClock } from '../../src/core/clock.ts';
import { eventually, mockOf, routesFile, runtimeWith } from '../runtime/rig.ts';

const kafkaStrategy = 'org.apache.camel.processor.resume.kafka.SingleNodeKafkaResumeStrategy';

describe('resumable', () => {
  let runtime: Runtime;
  afterEach(() => runtime.stop(1000));

  const offset = { setHeader: { name: 'CamelOffset', jq: '{offsetKey: .key, lastOffset: .at}' } };
  const fails = { filter: { jq: '.bad', steps: [{ throwException: { exceptionType: 'java.lang.IllegalStateException', message: 'oh' } }] } };
  const last = { from: { uri: 'direct:last', steps: [{ setBody: { method: { ref: 'offsets', method: 'lastOffset(${body})' } } }] } };
  const route = (...steps: unknown[]): unknown => ({ from: { uri: 'direct:in', steps } });
  const lastOf = async (key: string): Promise<unknown> => (await runtime.send('direct:last', key)).body;

  it('keeps in the state store, under its topic, how far each source is, over restarts, and nothing for what failed', async () => {
    const store = new MemoryStore(new VirtualClock());
    const routes = (topic: string): unknown => [{ beans: [{ name: 'offsets', type: kafkaStrategy, properties: { topic } }] }, route(offset, { resumable: { resumeStrategy: 'offsets' } }, fails), last];
    runtime = runtimeWith({ store });
    await runtime.start([routesFile(routes('orders'))]);
    expect(await lastOf('a')).to.equal(null);
    await runtime.send('direct:in', { key: 'a', at: 3 });
    await runtime.send('direct:in', { key: 'b', at: { line: 7 } });
    expect((await runtime.send('direct:in', { key: 'a', at: 4, bad: true })).exception?.message).to.equal('oh');
    expect(await lastOf('a')).to.equal(3);
    await runtime.stop(1000);

    runtime = runtimeWith({ store });
    await runtime.start([routesFile(routes('orders'))]);
    expect([await lastOf('a'), await lastOf('b')]).to.deep.equal([3, { line: 7 }]);
    await runtime.stop(1000);

    runtime = runtimeWith({ store });
    await runtime.start([routesFile(routes('others'))]);
    expect(await lastOf('a')).to.equal(null);
  });

  it('tells a strategy of one\'s own of the offset that the message has when it is done, before its source is told', async () => {
    const told: unknown[] = [];
    class Own {
      start(): Promise<void> {
        told.push('start');
        return Promise.resolve();
      }
      stop(): void {
        told.push('stop');
      }
      updateLastOffset(resumable: unknown): void {
        told.push(resumable);
      }
    }
    runtime = runtimeWith({ beans: { own: Own } });
    await runtime.start([routesFile([route({ resumable: { resumeStrategy: 'own' } }, { setBody: { constant: 'done' } }, { setHeader: { name: 'CamelOffset', expression: { jq: { expression: '{offsetKey: "k", lastOffset: 9}', source: 'header:doc' } } } })])]);
    const replied = await runtime.send('direct:in', 'x', { headers: { doc: '{}' } });
    expect(replied.body).to.equal('done');
    await eventually(() => expect(told).to.deep.equal(['start', { offsetKey: 'k', lastOffset: 9 }]));
    await runtime.send('direct:in', 'x', { headers: { doc: '{}' } });
    await runtime.stop(1000);
    expect(told).to.deep.equal(['start', { offsetKey: 'k', lastOffset: 9 }, { offsetKey: 'k', lastOffset: 9 }, 'stop']);
  });

  it('says so when a strategy can not keep an offset, and lets the message be', async () => {
    const lines: string[] = [];
    runtime = runtimeWith({ beans: { own: { updateLastOffset: () => Promise.reject(new Error('full')) } } });
    runtime.events.on('log', ({ level, message }) => lines.push(`${level}: ${message}`));
    await runtime.start([routesFile([route(offset, { resumable: { resumeStrategy: 'own', loggingLevel: 'INFO' } }, fails, { to: 'mock:out' })])]);
    expect((await runtime.send('direct:in', { key: 'a', at: 1 })).exception).to.equal(null);
    await runtime.send('direct:in', { key: 'a', at: 1, bad: true });
    expect(mockOf(runtime, 'out').received).to.have.length(1);
    expect(lines).to.deep.equal(['error: Unable to update the offset: full', "info: Skipping offset update with address 'a' and offset value '1' due to failure in processing: oh"]);
  });

  it('fails a message that says no offset, a part on its own, unless offsets may be missing', async () => {
    runtime = runtimeWith({ beans: { own: { updateLastOffset: () => {} } } });
    await runtime.start([
      routesFile([
        route({ resumable: { resumeStrategy: 'own' } }, { to: 'mock:out' }),
        { from: { uri: 'direct:parts', steps: [{ split: { tokenize: { token: ',' }, steps: [{ resumable: { resumeStrategy: 'own' } }] } }, { to: 'mock:behind' }] } },
        { from: { uri: 'direct:may', steps: [{ resumable: { resumeStrategy: 'own', intermittent: true } }] } },
      ]),
    ]);
    // Nobody waits for the end of what is sent from outside: it shows on the exchange.
    const typeOf = async (uri: string, type: string | undefined): Promise<void> => {
      const exchange = await runtime.send(uri, 'a,b');
      await eventually(() => expect(exchange.exception?.type).to.equal(type));
    };
    await typeOf('direct:in', 'org.apache.camel.processor.resume.NoOffsetException');
    await typeOf('direct:parts', 'org.apache.camel.processor.resume.NoOffsetException');
    await typeOf('direct:may', undefined);
    expect([mockOf(runtime, 'out').received.length, mockOf(runtime, 'behind').received.length]).to.deep.equal([1, 0]);
  });

  it('refuses a bean that keeps no offsets', async () => {
    runtime = runtimeWith({ beans: { own: {} } });
    let problems = '';
    await runtime.start([routesFile([route({ resumable: { resumeStrategy: 'own' } })])]).catch((thrown: unknown) => (problems = JSON.stringify(thrown instanceof Error ? thrown.message : '')));
    expect(problems).to.contain('the bean `own` keeps no offsets');
  });
});
