import { expect } from 'chai';
import { VirtualClock } from '../../src/core/clock.ts';
import type { ConnectorDefinition, Delivery, Sink } from '../../src/core/connector.ts';
import { defineConnector } from '../../src/core/connector.ts';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import { isUnhandled } from '../../src/core/exchange/exchange.ts';
import { field } from '../../src/core/field.ts';
import { Headers } from '../../src/core/exchange/headers.ts';
import type { StateStore } from '../../src/core/state/store.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { MemoryStore } from '../../src/stores/memory.ts';
import { eventually, mockOf, routesFile, runtimeWith } from './rig.ts';

/** Keeps what a runtime leaves for the next one. */
class Durable extends MemoryStore {
  override readonly isDurable = true;
}

/** A source that says how its messages were settled. */
class Source {
  sink: Sink | null = null;
  readonly settled: { readonly id: string; readonly isAcknowledged: boolean; readonly at: number }[] = [];

  connector(longestWaitMillis?: number): ConnectorDefinition {
    return defineConnector({
      scheme: 'source',
      syntax: 'source:name',
      summary: 'For tests.',
      options: { name: field.string('Name.').inPath() },
      ...(longestWaitMillis === undefined ? {} : { longestWaitMillis }),
      consumer: () => ({
        start: async (sink: Sink) => void (this.sink = sink),
        stop: async () => {},
      }),
    }) as unknown as ConnectorDefinition;
  }

  push(body: unknown, { id = 'm1', headers = {}, isInOut = false, now = () => 0 }: { id?: string; headers?: Record<string, unknown>; isInOut?: boolean; now?: () => number } = {}): void {
    const delivery: Delivery = { id, comesAgain: true, settle: (exchange) => void this.settled.push({ id, isAcknowledged: !isUnhandled(exchange), at: now() }) };
    this.sink!.push(this.sink!.exchange(body, Headers.from(headers), isInOut), delivery);
  }
}

const hour = 3_600_000;

/** A step that fails so many times, and what it saw. */
class Work {
  readonly seen: { readonly body: unknown; readonly counter: unknown; readonly at: number }[] = [];
  private failures: number;
  private readonly clock: VirtualClock;

  constructor(clock: VirtualClock, failures: number) {
    this.clock = clock;
    this.failures = failures;
  }

  readonly run = (exchange: Exchange): void => {
    this.seen.push({ body: exchange.body, counter: exchange.headers.get('CamelRedeliveryCounter'), at: this.clock.now() });
    exchange.body = 'spoilt';
    if (this.failures-- > 0) throw new Error('out of order');
    exchange.body = 'done';
  };
}

const policy = `- errorHandler: { deadLetterChannel: { deadLetterUri: "mock:dead", redeliveryPolicy: { maximumRedeliveries: 3, redeliveryDelay: ${hour}, maximumRedeliveryDelay: 0 } } }
`;

const routes = `${policy}- route:
    id: a
    from:
      uri: source:a
      steps:
        - to: mock:before
        - setProperty: { name: kept, simple: "\${header.x}!" }
        - setVariable: { name: v, constant: "of the exchange" }
        - process: { id: work, ref: work }
        - setHeader: { name: after, simple: "\${exchangeProperty.kept} \${variable.v}" }
        - to: mock:after
`;

/** What the system's clock says may jump; waits do not. */
class Settable extends VirtualClock {
  shift = 0;

  override now(): number {
    return super.now() + this.shift;
  }
}

describe('a message that has longer to wait than its source can', () => {
  let clock: Settable;
  let store: MemoryStore;
  let source: Source;
  let runtimes: Runtime[];
  let deadLetters: string[];

  beforeEach(() => {
    clock = new Settable();
    store = new Durable(clock);
    source = new Source();
    runtimes = [];
    deadLetters = [];
  });

  const stop = async (runtime: Runtime): Promise<void> => {
    const stopping = runtime.stop(1000);
    await clock.advance(3000);
    await stopping;
  };

  afterEach(async () => {
    for (const runtime of runtimes) await stop(runtime);
  });

  async function start(text: string, beans: Record<string, unknown>, { longestWaitMillis, into = store }: { longestWaitMillis?: number; into?: StateStore } = {}): Promise<Runtime> {
    const runtime = runtimeWith({
      clock,
      store: into,
      beans,
      connectors: { source: source.connector(longestWaitMillis) },
      keepFailed: (exchange) => {
        deadLetters.push(exchange.exception!.message);
        return true;
      },
    });
    runtimes.push(runtime);
    await runtime.start([routesFile(text)]);
    runtime.takeUpParked();
    return runtime;
  }

  it('is put aside, its source is settled at once, and it goes on at the step that failed when it is time', async () => {
    const work = new Work(clock, 1);
    const runtime = await start(routes, { work: work.run });
    const began = clock.now();
    source.push('fresh', { headers: { x: 'X' }, now: () => clock.now() });
    await clock.advance(10);
    expect(source.settled).to.deep.equal([{ id: 'm1', isAcknowledged: true, at: began }]);
    expect(runtime.inFlight).to.equal(0);
    expect(runtime.routes.get('a')!.statistics).to.include({ parked: 1, completed: 0, failed: 0, handled: 0 });
    await clock.advance(hour - 20);
    expect(work.seen).to.have.length(1);
    await clock.advance(20);
    await eventually(() => expect(store.size).to.equal(0));
    expect(work.seen.map(({ body, counter, at }) => ({ body, counter, at: at - began }))).to.deep.equal([
      { body: 'fresh', counter: undefined, at: 0 },
      { body: 'fresh', counter: 1, at: hour },
    ]);
    expect(mockOf(runtime, 'before').count).to.equal(1);
    const [after] = mockOf(runtime, 'after').received;
    expect(after!.body).to.equal('done');
    expect(after!.headers.get('after')).to.equal('X! of the exchange');
    expect(mockOf(runtime, 'dead').count).to.equal(0);
    expect(source.settled).to.have.length(1);
    expect(runtime.routes.get('a')!.statistics).to.include({ parked: 0, completed: 1 });
  });

  it('goes on after a restart, at its time or at once when that has passed, and the steps before it do not run again', async () => {
    const work = new Work(clock, 1);
    const first = await start(routes, { work: work.run });
    source.push('one', { id: 'm1' });
    await clock.advance(10);
    await stop(first);
    const began = clock.now();
    const second = await start(routes, { work: work.run });
    await clock.advance(hour / 2);
    expect(work.seen).to.have.length(1);
    expect(second.routes.get('a')!.statistics.parked).to.equal(1);
    await stop(second);
    await clock.advance(hour);
    const third = await start(routes, { work: work.run });
    await clock.advance(1);
    await eventually(() => expect(mockOf(third, 'after').count).to.equal(1));
    expect(mockOf(third, 'before').count).to.equal(0);
    expect(work.seen.map(({ body }) => body)).to.deep.equal(['one', 'one']);
    expect(work.seen[1]!.at - began).to.be.greaterThan(hour);
    await eventually(() => expect(store.size).to.equal(0));
  });

  it('waits no longer when the clock is set back meanwhile', async () => {
    const work = new Work(clock, 1);
    await start(routes, { work: work.run });
    source.push('one');
    await clock.advance(hour / 2);
    clock.shift = -10 * hour;
    await clock.advance(hour / 2 - 1);
    expect(work.seen).to.have.length(1);
    await clock.advance(1);
    await eventually(() => expect(work.seen).to.have.length(2));
    await eventually(() => expect(store.size).to.equal(0));
  });

  it('waits no longer either when another one was due first, or is put aside then, and the clock was set back by less than its delay', async () => {
    for (const back of [hour / 4, 10 * hour]) {
      const times = new Map<string, number[]>();
      const runtime = await start(routes, {
        work: (exchange: Exchange) => {
          const body = String(exchange.body);
          times.set(body, [...(times.get(body) ?? []), clock.elapsed()]);
          if (times.get(body)!.length === 1) throw new Error('not now');
        },
      });
      source.push('one');
      await clock.advance(hour / 2);
      source.push('two');
      await clock.advance(hour / 4);
      clock.shift -= back;
      source.push('three');
      await clock.advance(3 * hour);
      const waited = (body: string): number => times.get(body)![1]! - times.get(body)![0]!;
      for (const body of ['one', 'two', 'three']) expect(waited(body), `${body}, ${back} ms back`).to.be.within(hour, hour + 10);
      await eventually(() => expect(store.size).to.equal(0));
      await stop(runtime);
      source = new Source();
    }
  });

  it('waits no longer than its delay anew when the clock was set back before a restart, one that was put aside then too', async () => {
    const work = new Work(clock, 3);
    const first = await start(routes, { work: work.run });
    source.push('one', { id: 'm1' });
    await clock.advance(10);
    await stop(first);
    clock.shift = -10 * hour;
    await start(routes, { work: work.run });
    source.push('two', { id: 'm2' });
    await clock.advance(hour - 10);
    expect(work.seen.map(({ body }) => body)).to.deep.equal(['one', 'two']);
    await clock.advance(20);
    await eventually(() => expect(work.seen.map(({ body }) => body).sort()).to.deep.equal(['one', 'one', 'two', 'two']));
  });

  it('is put aside again and again until its attempts are over, and goes to its dead letters then, once', async () => {
    const work = new Work(clock, 99);
    let runtime = await start(routes, { work: work.run });
    source.push('never');
    for (let attempt = 0; attempt < 3; attempt++) {
      await clock.advance(hour / 2);
      expect(store.size, 'entries').to.equal(1);
      await stop(runtime);
      runtime = await start(routes, { work: work.run });
      await clock.advance(hour / 2);
    }
    await eventually(() => expect(mockOf(runtime, 'dead').count).to.equal(1));
    expect(work.seen.map(({ counter }) => counter)).to.deep.equal([undefined, 1, 2, 3]);
    expect(mockOf(runtime, 'dead').received[0]!.body).to.equal('spoilt');
    expect(deadLetters).to.deep.equal([]);
    await eventually(() => expect(store.size).to.equal(0));
  });

  it('goes on inside of filters and choices, which have error handlers of their own', async () => {
    const nested = `${policy}- route:
    id: a
    from:
      uri: source:a
      steps:
        - filter:
            simple: "\${body} == 'fresh'"
            steps:
              - choice:
                  when:
                    - simple: "\${header.x} == 'X'"
                      steps:
                        - process: { ref: work }
                        - to: mock:inside
              - to: mock:between
        - to: mock:after
`;
    const work = new Work(clock, 2);
    const first = await start(nested, { work: work.run });
    source.push('fresh', { headers: { x: 'X' } });
    await clock.advance(10);
    await stop(first);
    const second = await start(nested, { work: work.run });
    await clock.advance(2 * hour + 100);
    await eventually(() => expect(mockOf(second, 'after').count).to.equal(1));
    expect([mockOf(second, 'inside').count, mockOf(second, 'between').count]).to.deep.equal([1, 1]);
    expect(work.seen).to.have.length(3);
  });

  const called = `${policy}- route: { id: a, from: { uri: "source:a", steps: [ { filter: { simple: "true", steps: [ { to: "direct:b" }, { to: "mock:inside" } ] } }, { to: "mock:after" } ] } }
- route: { id: b, from: { uri: "direct:b", steps: [ { to: "direct:c" }, { setBody: { simple: "\${body} b" } } ] } }
- route: { id: c, from: { uri: "direct:c", steps: [ { setHeader: { name: where, simple: "\${routeId}" } }, { process: { ref: work } }, { setBody: { simple: "\${body} \${routeId}" } } ] } }
`;

  it('goes on in a route that others called, and back through these', async () => {
    const work = new Work(clock, 2);
    const first = await start(called, { work: work.run });
    source.push('fresh');
    await clock.advance(10);
    expect(source.settled.map(({ isAcknowledged }) => isAcknowledged)).to.deep.equal([true]);
    expect(['a', 'b', 'c'].map((id) => first.routes.get(id)!.inFlight)).to.deep.equal([0, 0, 0]);
    await stop(first);
    const second = await start(called, { work: work.run });
    await clock.advance(hour + 10);
    expect(work.seen).to.have.length(2);
    expect(store.size).to.equal(1);
    await clock.advance(hour + 10);
    await eventually(() => expect(mockOf(second, 'after').received.map(({ body }) => body)).to.deep.equal(['done c b']));
    expect(mockOf(second, 'inside').count).to.equal(1);
    expect(mockOf(second, 'after').received[0]!.headers.get('where')).to.equal('c');
    expect(['a', 'b', 'c'].map((id) => second.routes.get(id)!.inFlight)).to.deep.equal([0, 0, 0]);
    expect(second.routes.get('a')!.statistics).to.include({ completed: 1, failed: 0, parked: 0 });
    await eventually(() => expect(store.size).to.equal(0));
  });

  it('goes to the dead letters of the called route when its attempts are over, and its callers end with it', async () => {
    const work = new Work(clock, 99);
    const first = await start(called, { work: work.run });
    source.push('fresh');
    await clock.advance(10);
    await stop(first);
    const second = await start(called, { work: work.run });
    await clock.advance(3 * hour + 100);
    await eventually(() => expect(mockOf(second, 'dead').count).to.equal(1));
    expect(work.seen.map(({ counter }) => counter)).to.deep.equal([undefined, 1, 2, 3]);
    expect([mockOf(second, 'inside').count, mockOf(second, 'after').count, source.settled.length]).to.deep.equal([0, 0, 1]);
    await eventually(() => expect(store.size).to.equal(0));
  });

  it('goes on in a called route whose callers try nothing again: without error handlers, with a default one, inside of filters, with clauses that only handle', async () => {
    const retries = `errorHandler: { defaultErrorHandler: { redeliveryPolicy: { maximumRedeliveries: 3, redeliveryDelay: ${hour}, maximumRedeliveryDelay: 0 } } }`;
    const mixed = `- onException: { exception: [ "java.io.IOException" ], handled: { constant: "true" } }
- route: { id: a, errorHandler: { noErrorHandler: {} }, from: { uri: "source:a", steps: [ { to: "mock:outer" }, { to: "direct:b" }, { setBody: { simple: "\${body} a" } }, { to: "mock:after" } ] } }
- route: { id: b, from: { uri: "direct:b", steps: [ { filter: { simple: "\${body} != null", steps: [ { to: "mock:inside" }, { to: { id: further, uri: "direct:c" } }, { setBody: { simple: "\${body} f" } } ] } }, { setBody: { simple: "\${body} b" } } ] } }
- route: { id: c, ${retries}, from: { uri: "direct:c", steps: [ { process: { ref: work } }, { setBody: { simple: "\${body} c" } } ] } }
`;
    const work = new Work(clock, 2);
    const first = await start(mixed, { work: work.run });
    source.push('fresh');
    await clock.advance(10);
    expect(source.settled.map(({ isAcknowledged }) => isAcknowledged)).to.deep.equal([true]);
    expect(['a', 'b', 'c'].map((id) => first.routes.get(id)!.inFlight)).to.deep.equal([0, 0, 0]);
    await stop(first);
    const second = await start(mixed, { work: work.run });
    await clock.advance(2 * hour + 100);
    await eventually(() => expect(mockOf(second, 'after').received.map(({ body }) => body)).to.deep.equal(['done c f b a']));
    expect(work.seen.map(({ body }) => body)).to.deep.equal(['fresh', 'fresh', 'fresh']);
    expect([mockOf(second, 'outer').count, mockOf(second, 'inside').count]).to.deep.equal([0, 0]);
    expect(['a', 'b', 'c'].map((id) => second.routes.get(id)!.inFlight)).to.deep.equal([0, 0, 0]);
    await eventually(() => expect(store.size).to.equal(0));
  });

  it('is tried once more and ends as the route says now when its policy was taken away', async () => {
    const work = new Work(clock, 1);
    const first = await start(called, { work: work.run });
    source.push('fresh');
    await clock.advance(10);
    await stop(first);
    const second = await start(called.replace(policy, '- onException: { exception: [ "java.io.IOException" ], handled: { constant: "true" } }\n'), { work: work.run });
    await clock.advance(hour + 100);
    await eventually(() => expect(mockOf(second, 'after').received.map(({ body }) => body)).to.deep.equal(['done c b']));
    expect(work.seen.map(({ body }) => body)).to.deep.equal(['fresh', 'fresh']);
    await eventually(() => expect(store.size).to.equal(0));
  });

  it('stays where a doTry waits for its end', async () => {
    const retries = `errorHandler: { defaultErrorHandler: { redeliveryPolicy: { maximumRedeliveries: 3, redeliveryDelay: ${hour}, maximumRedeliveryDelay: 0 } } }`;
    await waitsInPlace(`- route: { id: a, from: { uri: "source:a", steps: [ { doTry: { steps: [ { to: "direct:b" } ], doFinally: { steps: [ { to: "mock:finally" } ] } } } ] } }
- route: { id: b, ${retries}, from: { uri: "direct:b", steps: [ { process: { ref: work } } ] } }
`, {});
  });

  it('finds its step when others come and go around it, by its id though it has changed, and by its definition', async () => {
    const withHash = routes.replace('{ id: work, ref: work }', '{ ref: work }');
    for (const [before, after] of [
      [routes, routes.replace('id: work, ref: work', 'id: work, ref: other')],
      [withHash, withHash.replace('- to: mock:before\n', '- log: "more"\n        - setBody: { constant: x }\n')],
    ] as const) {
      const work = new Work(clock, 1);
      const first = await start(before, { work: work.run, other: work.run });
      source.push('fresh');
      await clock.advance(10);
      await stop(first);
      const second = await start(after, { work: work.run, other: work.run });
      await clock.advance(hour);
      await eventually(() => expect(mockOf(second, 'after').count).to.equal(1));
      expect(work.seen[1]!.body).to.equal('fresh');
      await stop(second);
    }
  });

  it('goes to the dead letters at its time when its step is no more', async () => {
    const work = new Work(clock, 1);
    const runtime = await start(routes, { work: work.run });
    source.push('fresh');
    await clock.advance(10);
    await runtime.reload([routesFile(routes.replace('process: { id: work, ref: work }', 'log: "gone"'))]);
    await clock.advance(hour);
    await eventually(() => expect(deadLetters).to.have.length(1));
    expect(deadLetters[0]).to.contain('is no more').and.to.contain('out of order');
    await eventually(() => expect(store.size).to.equal(0));
  });

  it('comes again when the process ends before it is done', async () => {
    const work = new Work(clock, 1);
    const first = await start(routes, { work: work.run });
    source.push('fresh');
    await clock.advance(10);
    await stop(first);
    let release = (): void => {};
    const isHeld = new Promise<void>((resolve) => (release = resolve));
    // Another process on the same store: this one takes it up and never gets to the end.
    const stuck = await start(routes, { work: () => isHeld });
    await clock.advance(hour);
    expect(stuck.inFlight).to.equal(1);
    const next = new Work(clock, 0);
    const last = await start(routes, { work: next.run });
    await clock.advance(10);
    await eventually(() => expect(mockOf(last, 'after').count).to.equal(1));
    release();
  });

  it('runs onCompletion when it is done, and not when it is put aside', async () => {
    const work = new Work(clock, 1);
    const text = `- onCompletion: { steps: [ { to: "mock:completed" } ] }\n- onCompletion: { mode: BeforeConsumer, steps: [ { to: "mock:leaving" } ] }\n${routes}`;
    const first = await start(text, { work: work.run });
    source.push('fresh');
    await clock.advance(100);
    expect([mockOf(first, 'completed').count, mockOf(first, 'leaving').count]).to.deep.equal([0, 0]);
    await stop(first);
    const second = await start(text, { work: work.run });
    await clock.advance(hour);
    await eventually(() => expect([mockOf(second, 'completed').count, mockOf(second, 'leaving').count]).to.deep.equal([1, 1]));
  });

  it('gets its original message back after a restart', async () => {
    const text = `- onException: { exception: [ java.lang.Exception ], redeliveryPolicy: { maximumRedeliveries: 1, redeliveryDelay: ${hour}, maximumRedeliveryDelay: 0 }, handled: { constant: "true" }, useOriginalMessage: true, steps: [ { to: "mock:failed" } ] }
- route: { id: a, from: { uri: "source:a", steps: [ { setBody: { constant: changed } }, { process: { ref: work } } ] } }
`;
    const work = new Work(clock, 99);
    const first = await start(text, { work: work.run });
    source.push('as it came');
    await clock.advance(10);
    await stop(first);
    const second = await start(text, { work: work.run });
    await clock.advance(hour);
    await eventually(() => expect(mockOf(second, 'failed').received[0]!.body).to.equal('as it came'));
    expect(work.seen.map(({ body }) => body)).to.deep.equal(['changed', 'changed']);
  });

  const waitsInPlace = async (text: string, options: Parameters<typeof start>[2], push: Parameters<Source['push']>[1] = {}): Promise<void> => {
    const work = new Work(clock, 1);
    const runtime = await start(text, { work: work.run }, options);
    source.push('fresh', push);
    await clock.advance(hour - 100);
    expect(source.settled).to.have.length(0);
    expect(runtime.routes.get('a')!.inFlight).to.equal(1);
    await clock.advance(200);
    await eventually(() => expect(source.settled).to.have.length(1));
    expect(work.seen).to.have.length(2);
  };

  it('stays with a source that can wait that long', () => waitsInPlace(routes, { longestWaitMillis: hour }));

  it('stays where somebody waits for a reply', () => waitsInPlace(routes, {}, { isInOut: true }));

  it('stays where the store would forget it', () => waitsInPlace(routes, { into: new MemoryStore(clock) }));

  it('stays where it is a part of another one', () => waitsInPlace(`${policy}- route: { id: a, from: { uri: "source:a", steps: [ { split: { simple: "\${body}", steps: [ { process: { ref: work } } ] } } ] } }\n`, {}));

  for (const [what, step] of [
    ['a branch of a multicast', 'multicast: { steps: [ { process: { ref: work } } ] }'],
    ['a recipient of a list', 'recipientList: { constant: "direct:b" }'],
    ['a turn of a loop', 'loop: { constant: 1, steps: [ { process: { ref: work } } ] }'],
    ['an enrichment', 'enrich: { constant: "direct:b" }'],
  ] as const) {
    it(`stays where it is ${what}`, () => waitsInPlace(`${policy}- route: { id: a, from: { uri: "source:a", steps: [ { ${step} } ] } }\n- route: { id: b, from: { uri: "direct:b", steps: [ { process: { ref: work } } ] } }\n`, {}));
  }

  it('stays where its caller does something with the reply that can not be taken up again', () =>
    waitsInPlace(`${policy}- route: { id: a, from: { uri: "source:a", steps: [ { to: { uri: "direct:b", variableReceive: v } } ] } }
- route: { id: b, from: { uri: "direct:b", steps: [ { process: { ref: work } } ] } }
`, {}));

  it('stays where what it carries can not be stored', () => waitsInPlace(routes, {}, { headers: { x: () => 'a function' } }));
});
