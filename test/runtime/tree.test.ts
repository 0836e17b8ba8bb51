import { expect } from 'chai';
import fc from 'fast-check';
import { VirtualClock } from '../../src/core/clock.ts';
import type { Clock } from '../../src/core/clock.ts';
import type { ConnectorDefinition, Consumer, Sink } from '../../src/core/connector.ts';
import { defineConnector } from '../../src/core/connector.ts';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import { HANDLED, STOPPED } from '../../src/core/exchange/exchange.ts';
import { field } from '../../src/core/field.ts';
import { routesFile, runtimeWith } from './rig.ts';
import type { Manner, Program } from './trees.ts';
import { isOrdered, manners, Model, programs, routesOf } from './trees.ts';

/** `feed:name` gives its sink to the test. */
const feed = (taken: (sink: Sink) => void): ConnectorDefinition =>
  defineConnector({
    scheme: 'feed',
    syntax: 'feed:name',
    summary: 'Fed by a test.',
    options: { name: field.string('Name.').required().inPath() },
    consumer: (): Consumer => ({ start: async (sink) => taken(sink), stop: async () => {} }),
  }) as unknown as ConnectorDefinition;

/** `act:manner` notes that it was reached, and works or fails in that manner. */
const act = (clock: Clock, traces: Map<unknown, number[]>): ConnectorDefinition => {
  const options = { manner: field.enum('What it does.', manners).required().inPath(), number: field.count('Its number.').required() };
  const visits = new WeakMap<Exchange, Map<number, number>>();
  const later = (): Promise<void> => new Promise((resolve) => void clock.schedule(1, resolve));
  return defineConnector({
    scheme: 'act',
    syntax: 'act:manner',
    summary: 'Does what a test says.',
    options,
    producer: (endpoint) => ({
      send: (exchange): void | Promise<void> => {
        const { manner, number } = endpoint.options as { manner: Manner; number: number };
        traces.get(exchange.property('nr'))!.push(number);
        const counts = visits.get(exchange) ?? new Map<number, number>();
        visits.set(exchange, counts);
        counts.set(number, (counts.get(number) ?? 0) + 1);
        const fails = manner.startsWith('fail') || (manner.startsWith('flaky') && counts.get(number) === 1);
        const finish = (): void => {
          if (fails) throw new Error(`action ${number}`);
        };
        if (/later$/i.test(manner)) return later().then(finish);
        if (/soon$/i.test(manner)) return Promise.resolve().then(finish);
        return finish();
      },
    }),
  }) as unknown as ConnectorDefinition;
};

interface Run {
  readonly nr: number;
  readonly trace: number[];
  readonly exchange: Exchange;
  left: number;
  settled: number;
}

async function runProgram(program: Program, count: number): Promise<{ runs: Run[]; inFlight: number; isDrained: boolean }> {
  const clock = new VirtualClock();
  const traces = new Map<unknown, number[]>();
  let sink!: Sink;
  const runtime = runtimeWith({ clock, connectors: { act: act(clock, traces), feed: feed((taken) => (sink = taken)) } });
  await runtime.start([routesFile(routesOf(program))]);
  const runs: Run[] = [];
  for (let nr = 0; nr < count; nr++) {
    traces.set(nr, []);
    const exchange = sink.exchange('a,b', undefined, nr % 2 === 0);
    exchange.properties.set('nr', nr);
    const run: Run = { nr, trace: traces.get(nr)!, exchange, left: 0, settled: 0 };
    runs.push(run);
    sink.push(exchange, { left: () => void run.left++, settle: () => void run.settled++ });
  }
  for (let turn = 0; turn < 400 && (runtime.inFlight > 0 || clock.waiting > 0); turn++) await clock.advance(5);
  const { inFlight } = runtime;
  const stopping = runtime.stop(1000);
  await clock.advance(2000);
  return { runs, inFlight, isDrained: await stopping };
}

const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);

async function keepsTheContract(program: Program): Promise<void> {
  const { runs, inFlight, isDrained } = await runProgram(program, 2);
  for (const { exchange, trace, left, settled } of runs) {
    expect(left, 'times that the exchange left').to.equal(1);
    expect(settled, 'times that the delivery settled').to.equal(1);
    const model = new Model(program);
    const expected = model.run();
    const order = isOrdered(program) ? (numbers: readonly number[]): readonly number[] => numbers : sorted;
    expect(order(trace), 'actions').to.deep.equal(order(model.trace));
    const outcome = { isFailed: exchange.isFailed, isHandled: (exchange.halt & HANDLED) !== 0, isStopped: (exchange.halt & STOPPED) !== 0, hasException: exchange.exception !== null };
    expect(outcome, 'outcome').to.deep.equal({ isFailed: expected.failed, isHandled: expected.handled, isStopped: expected.stopped, hasException: expected.failed });
  }
  expect(inFlight, 'in flight at the end').to.equal(0);
  expect(isDrained, 'stops cleanly').to.equal(true);
}

describe('random routes', () => {
  it('let each exchange leave once, run no step after a failure, do what the rules of their steps say, and come to rest', async function () {
    this.timeout(60_000);
    await fc.assert(fc.asyncProperty(programs, keepsTheContract), { numRuns: Number(process.env['RUNS'] ?? 400) });
  });
});
