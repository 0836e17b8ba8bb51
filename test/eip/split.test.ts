import { PerformanceObserver, monitorEventLoopDelay } from 'node:perf_hooks';
import { expect } from 'chai';
import fc from 'fast-check';
import { systemClock } from '../../src/core/clock.ts';
import type { AggregationStrategy } from '../../src/core/definition.ts';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import { EXHAUSTED, FAILED, HANDLED, SPENDINGS, STOPPED, UnitOfWork } from '../../src/core/exchange/exchange.ts';
import type { Expression } from '../../src/core/expression.ts';
import type { Pipe } from '../../src/core/graph/flow.ts';
import { perform } from '../../src/core/graph/flow.ts';
import { Message } from '../../src/core/exchange/message.ts';
import { Headers } from '../../src/core/exchange/headers.ts';
import { builtInStrategy, strategyFrom } from '../../src/core/graph/strategies.ts';
import { split } from '../../src/eip/split.ts';
import type { TestContext } from '../contract/operator.ts';
import { bodies, eventually, exchangeOf, graph, run, runLater, stepContext } from '../contract/operator.ts';

type Given = Partial<Parameters<typeof split.operator>[0]>;

const body: Expression = (exchange) => exchange.body;

const defaults = {
  expression: body,
  delimiter: ',',
  aggregationStrategy: undefined,
  aggregationStrategyMethodName: undefined,
  aggregationStrategyMethodAllowNull: false,
  parallelAggregate: false,
  parallelProcessing: false,
  synchronous: false,
  streaming: false,
  stopOnException: false,
  timeout: 0,
  executorService: undefined,
  onPrepare: undefined,
  shareUnitOfWork: false,
  group: undefined,
  errorThreshold: undefined,
  maxFailedRecords: undefined,
  resumeStrategy: undefined,
  watermarkKey: undefined,
  watermarkExpression: undefined,
};

const strategies: Record<string, AggregationStrategy> = {
  grouped: builtInStrategy('GroupedBodyAggregationStrategy')!,
  concat: builtInStrategy('StringAggregationStrategy', ['+'])!,
  latest: builtInStrategy('UseLatestAggregationStrategy')!,
};

const contextWith = (overrides: Parameters<typeof stepContext>[0] = {}): TestContext => stepContext({ strategies, ...overrides });

const splitting = (steps: Pipe, given: Given = {}, context = contextWith()): Pipe => split.operator({ ...defaults, steps, ...given } as Parameters<typeof split.operator>[0], context);

/** Splits one body; gives the parts seen and the exchange that left. */
function parts(value: unknown, given: Given = {}): { seen: Exchange[]; left: Exchange } {
  const seen: Exchange[] = [];
  const [left] = run(splitting(perform((part) => void seen.push(part)), given), [exchangeOf(value)]);
  return { seen, left: left! };
}

const properties = (part: Exchange): unknown[] => ['CamelSplitIndex', 'CamelSplitSize', 'CamelSplitComplete'].map((name) => part.property(name));

const failOn =
  (wrong: string, error = new Error(`no ${wrong}`)) =>
  (part: Exchange): void => {
    if (part.body === wrong) throw error;
  };

describe('split', () => {
  it('sends each part with its place, and goes on with the message of before', () => {
    const { seen, left } = parts('a,b,c');
    expect(bodies(seen)).to.deep.equal(['a', 'b', 'c']);
    expect(seen.map(properties)).to.deep.equal([
      [0, 3, false],
      [1, 3, false],
      [2, 3, true],
    ]);
    expect(left.body).to.equal('a,b,c');
    expect(left.property('CamelSplitIndex')).to.equal(undefined);
  });

  it('takes apart what Camel takes apart', () => {
    const cut = (value: unknown, given: Given = {}): unknown[] => bodies(parts(value, given).seen).map((part) => (typeof part === 'object' && part !== null && !Array.isArray(part) ? String(part) : part));
    expect(cut([1, 'two', [3]])).to.deep.equal([1, 'two', [3]]);
    expect(cut({ a: 1, b: null })).to.deep.equal(['a=1', 'b=null']);
    expect(cut(new Map([['k', 1]]))).to.deep.equal(['k=1']);
    expect(cut('')).to.deep.equal([]);
    expect(cut('  ')).to.deep.equal([]);
    expect(cut(null)).to.deep.equal([]);
    expect(cut(12)).to.deep.equal([12]);
    expect(cut(' a , b ,,c ')).to.deep.equal([' a ', ' b ', '', 'c ']);
    expect(cut(',a')).to.deep.equal(['a']);
    expect(cut('a,,')).to.deep.equal(['a', '']);
    expect(cut('f(a,b,c),g(d,e)')).to.deep.equal(['f(a,b,c)', 'g(d,e)']);
    expect(cut(Buffer.from('ab'))).to.deep.equal([97, 98]);
    expect(cut(new Set(['x', 'y']))).to.deep.equal(['x', 'y']);
    expect(cut(['p', 'q'].values())).to.deep.equal(['p', 'q']);
    expect(cut([1, null, 2, null])).to.deep.equal([1, 2]);
    expect(cut('a|b', { delimiter: '|' })).to.deep.equal(['a', 'b']);
    expect(cut('a;;b;c', { delimiter: ';;' })).to.deep.equal(['a', 'b;c']);
    expect(cut('a,b', { delimiter: 'false' })).to.deep.equal(['a,b']);
    expect(cut([1, 2], { delimiter: 'single' })).to.deep.equal([[1, 2]]);
    expect(cut('', { delimiter: 'single' })).to.deep.equal(['']);
    expect(cut('a,b,c', { group: 2 })).to.deep.equal([['a', 'b'], ['c']]);
  });

  it('gives a part that is a message its headers too', () => {
    const { seen } = parts([new Message('text', Headers.from({ name: 'x' }))]);
    expect(seen[0]!.body).to.equal('text');
    expect(seen[0]!.headers.toObject()).to.deep.equal({ ...seen[0]!.headers.toObject(), name: 'x' });
  });

  it('tells the number of parts only with the last when it streams', () => {
    expect(parts('a,b,c', { streaming: true }).seen.map(properties)).to.deep.equal([
      [0, undefined, false],
      [1, undefined, false],
      [2, 3, true],
    ]);
    expect(parts([1, null, 2, null], { streaming: true }).seen.map(properties)).to.deep.equal([
      [0, undefined, false],
      [1, undefined, false],
    ]);
  });

  it('takes only one part more than it has sent when it streams', () => {
    let taken = 0;
    const atSend: number[] = [];
    function* source(): Generator<number> {
      for (let i = 0; i < 5; i++) {
        taken++;
        yield i;
      }
    }
    run(splitting(perform(() => void atSend.push(taken)), { streaming: true }), [exchangeOf(source())]);
    expect(atSend).to.deep.equal([2, 3, 4, 5, 5]);
  });

  it('closes an iterator that it does not read to its end', () => {
    let isClosed = false;
    function* source(): Generator<string> {
      try {
        yield* ['a', 'bad', 'c', 'd', 'e'];
      } finally {
        isClosed = true;
      }
    }
    const [left] = run(splitting(perform(failOn('bad')), { streaming: true, stopOnException: true }), [exchangeOf(source())]);
    expect(isClosed).to.equal(true);
    expect(left!.isFailed).to.equal(true);
  });

  it('fails with what the iterator threw, after the parts before it', async () => {
    async function* source(): AsyncGenerator<string> {
      yield 'a';
      yield 'b';
      throw new Error('torn');
    }
    for (const streaming of [true, false]) {
      const seen: Exchange[] = [];
      const context = contextWith();
      const [left] = await runLater(splitting(perform((part) => void seen.push(part)), { streaming }, context), context, [exchangeOf(source())]);
      expect(bodies(seen)).to.deep.equal(streaming ? ['a', 'b'] : []);
      expect(left!.exception!.message).to.equal('torn');
      expect(left!.halt & EXHAUSTED).to.equal(0);
    }
  });

  it('keeps the headers and properties of the first part with a grouping strategy', () => {
    const steps = perform((part) => {
      part.headers.set('h', part.body);
      part.body = `<${String(part.body)}>`;
    });
    const [left] = run(splitting(steps, { aggregationStrategy: 'grouped' }), [exchangeOf('a,b,c', { keep: 1 })]);
    expect(left!.body).to.deep.equal(['<a>', '<b>', '<c>']);
    expect(left!.headers.toObject()).to.include({ h: 'a', keep: 1 });
    expect(properties(left!)).to.deep.equal([0, 3, false]);
  });

  it('goes on with the message of before when there are no parts', () => {
    const [left] = run(splitting(perform(() => {}), { aggregationStrategy: 'grouped' }), [exchangeOf([])]);
    expect(left!.body).to.deep.equal([]);
    expect(left!.halt).to.equal(0);
  });

  describe('with parts that do not end well', () => {
    const sent = (steps: Pipe, value: string, given: Given = {}): { seen: unknown[]; left: Exchange } => {
      const seen: unknown[] = [];
      const [left] = run(splitting((source) => perform((part) => void seen.push(part.body))(steps(source)), given), [exchangeOf(value)]);
      return { seen, left: left! };
    };

    it('sends all parts and fails with the last exception', () => {
      const { left } = sent(perform((part) => { if (String(part.body).startsWith('bad')) throw new Error(`no ${String(part.body)}`); }), 'a,bad1,b,bad2,c');
      expect(left.exception!.message).to.equal('no bad2');
      expect(left.halt).to.equal(FAILED | SPENDINGS);
      expect(left.body).to.equal('a,bad1,b,bad2,c');
    });

    it('stops at the first with stopOnException, and keeps the message of before', () => {
      const { seen, left } = sent(perform(failOn('bad')), 'a,bad,b', { stopOnException: true });
      expect(seen).to.deep.equal(['a']);
      expect(left.exception!.type).to.equal('org.apache.camel.CamelExchangeException');
      expect(left.exception!.message).to.match(/^Multicast processing failed for number 1\. Exchange\[.+\]\. Caused by: \[java\.lang\.Exception - no bad\]$/);
      expect(left.body).to.equal('a,bad,b');
    });

    it('takes a failed part for a good one with a grouping strategy', () => {
      const { left } = sent(perform(failOn('bad')), 'a,bad,b', { aggregationStrategy: 'grouped' });
      expect(left.body).to.deep.equal(['a', 'bad', 'b']);
      expect(left.halt).to.equal(0);
    });

    it('ends only the part at a stop, unless that part is the result', () => {
      const stop = perform((part) => { if (part.body === 'x') part.halt |= STOPPED; });
      expect(sent(stop, 'a,x,b').left.halt).to.equal(0);
      expect(sent(stop, 'x,a', { aggregationStrategy: 'concat' }).left.halt).to.equal(STOPPED);
      expect(sent(stop, 'a,x', { aggregationStrategy: 'latest' }).left.halt).to.equal(STOPPED);
      expect(sent(stop, 'a,x,b', { stopOnException: true }).left).to.include({ body: 'x', halt: STOPPED });
    });

    it('goes on after a handled part, but for stopOnException and shareUnitOfWork', () => {
      const handled = perform((part) => {
        if (part.body !== 'bad') return;
        part.body = 'handled';
        part.halt |= HANDLED;
      });
      expect(sent(handled, 'a,bad,c', { aggregationStrategy: 'grouped' }).left).to.deep.include({ body: ['a', 'handled', 'c'], halt: 0 });
      expect(sent(handled, 'a,bad,c', { stopOnException: true }).left).to.include({ body: 'handled', halt: HANDLED });
      expect(sent(handled, 'a,bad,c', { shareUnitOfWork: true }).left).to.include({ body: 'a,bad,c', halt: HANDLED });
    });

    it('gives up when too many have failed, and counts those below', () => {
      const failing = perform((part) => { if (String(part.body).startsWith('bad')) throw new Error(`no ${String(part.body)}`); });
      const result = (value: string, given: Given): string => String(sent(failing, value, given).left.property('CamelSplitResult'));
      expect(result('a,b,c,bad1,d', { errorThreshold: 0.5 })).to.equal('SplitResult[total=5, processed=5, success=4, failures=1, aborted=false]');
      expect(result('a,bad1,b,c', { errorThreshold: 0.5 })).to.equal('SplitResult[total=4, processed=2, success=1, failures=1, aborted=true]');
      expect(result('a,bad1,b,bad2,c,d', { maxFailedRecords: 2 })).to.equal('SplitResult[total=6, processed=4, success=2, failures=2, aborted=true]');
      const { left } = sent(failing, 'a,bad1,b,c', { errorThreshold: 0.5 });
      expect(left).to.include({ body: 'bad1', halt: FAILED | SPENDINGS });
      expect(left.property('CamelSplitIndex')).to.equal(1);
      expect(sent(failing, 'a,bad1,b,c', { maxFailedRecords: 2 }).left).to.include({ body: 'a,bad1,b,c', halt: 0 });
    });
  });

  describe('in parallel', () => {
    const slow = (context: TestContext, millisByBody: Record<string, number>): Pipe =>
      perform((part) => {
        const millis = millisByBody[part.body as string];
        if (millis !== undefined) return new Promise<void>((resolve) => void context.clock.schedule(millis, resolve));
      });

    it('puts results together in the order of the parts, with streaming in that of arrival', async () => {
      for (const [streaming, expected] of [[false, 'slow+b'], [true, 'b+slow']] as const) {
        const context = contextWith();
        const [left] = await runLater(splitting(slow(context, { slow: 200 }), { parallelProcessing: true, streaming, aggregationStrategy: 'concat' }, context), context, [exchangeOf('slow,b')]);
        expect(left!.body).to.equal(expected);
      }
    });

    it('has no more under way than its pool allows', async () => {
      const context = contextWith({ registry: { pool: { poolSize: 3, maxPoolSize: 3 } } });
      let underWay = 0;
      let most = 0;
      const steps = perform(async () => {
        most = Math.max(most, ++underWay);
        await new Promise<void>((resolve) => void context.clock.schedule(10, resolve));
        underWay--;
      });
      const [left] = await runLater(splitting(steps, { executorService: 'pool', aggregationStrategy: 'grouped' }, context), context, [exchangeOf(Array.from({ length: 20 }, (_, i) => i))]);
      expect(left!.body).to.have.length(20);
      expect(most).to.equal(3);
    });

    it('goes on without the parts that miss the time limit, and drops their results', async () => {
      const context = contextWith();
      const signals: (AbortSignal | null)[] = [];
      const steps = perform((part) => {
        signals.push(part.signal);
        if (part.body === 'slow') return new Promise<void>((resolve) => void context.clock.schedule(1500, resolve));
      });
      const wired = graph(splitting(steps, { parallelProcessing: true, timeout: 250, aggregationStrategy: 'grouped' }, context), context);
      const exchange = exchangeOf('a,slow,c');
      let isSettled = false;
      exchange.unitOfWork = new UnitOfWork(exchange, () => (isSettled = true));
      wired.feed(exchange);
      await context.clock.advance(249);
      expect(wired.left).to.have.length(0);
      await context.clock.advance(1);
      expect(wired.left).to.have.length(1);
      expect(exchange.body).to.deep.equal(['a', 'c']);
      expect(signals[1]!.aborted).to.equal(true);
      exchange.unitOfWork.release();
      expect([context.underWay, isSettled]).to.deep.equal([1, false]);
      await context.clock.advance(2000);
      expect([context.underWay, isSettled, wired.left.length]).to.deep.equal([0, true, 1]);
      expect(exchange.body).to.deep.equal(['a', 'c']);
    });

    it('waits for the parts in flight when one ends the split', async () => {
      const context = contextWith();
      const back: unknown[] = [];
      const steps = perform(async (part) => {
        await new Promise<void>((resolve) => void context.clock.schedule(part.body === 'bad' ? 1 : 50, resolve));
        back.push(part.body);
        if (part.body === 'bad') throw new Error('no');
      });
      const [left] = await runLater(splitting(steps, { parallelProcessing: true, stopOnException: true }, context), context, [exchangeOf('a,bad,c')]);
      expect(back).to.have.members(['a', 'bad', 'c']);
      expect(left!.exception!.message).to.match(/number 1/);
    });
  });

  it('reports options that exclude each other', () => {
    const problems = (given: Given): string[] => {
      const context = contextWith();
      splitting(perform(() => {}), given, context);
      return context.problems.list.map(({ message }) => message);
    };
    expect(problems({ timeout: 100 })).to.have.length(1);
    expect(problems({ stopOnException: true, errorThreshold: 0.5 })).to.have.length(1);
  });

  describe('with a watermark', () => {
    const resuming = async (given: Given, store: Map<string, string>, value: unknown, steps: Pipe = perform(() => {})): Promise<{ seen: unknown[]; left: Exchange }> => {
      const context = contextWith({ registry: { marks: store } });
      const seen: unknown[] = [];
      const watched: Pipe = (source) => steps(perform((part) => void seen.push(part.body))(source));
      const [left] = await runLater(splitting(watched, { resumeStrategy: 'marks', watermarkKey: 'job', ...given }, context), context, [exchangeOf(value)]);
      return { seen, left: left! };
    };

    it('goes on after the part that the last split ended with', async () => {
      const store = new Map<string, string>();
      expect((await resuming({}, store, 'a,b,c')).seen).to.deep.equal(['a', 'b', 'c']);
      expect(store.get('job')).to.equal('2');
      const { seen, left } = await resuming({}, store, ['a', 'b', 'c', 'd', 'e']);
      expect([seen, left.property('CamelSplitWatermark'), store.get('job')]).to.deep.equal([['d', 'e'], '2', '4']);
      expect((await resuming({ streaming: true }, store, ['x'])).seen).to.deep.equal([]);
    });

    it('keeps a value of the parts, and leaves it to the route to filter by', async () => {
      const store = new Map([['job', 'a']]);
      const { seen, left } = await resuming({ watermarkExpression: '${body}' }, store, 'b,c');
      expect([seen, left.property('CamelSplitWatermark'), store.get('job')]).to.deep.equal([['b', 'c'], 'a', 'c']);
    });

    it('stays where it was when the split fails', async () => {
      const store = new Map<string, string>();
      const { left } = await resuming({ maxFailedRecords: 1 }, store, 'a,bad', perform(failOn('bad')));
      expect([left.isFailed, store.size]).to.deep.equal([true, 0]);
    });

    it('needs both of its options, and keeps its own state when told so', async () => {
      const context = contextWith();
      splitting(perform(() => {}), { watermarkKey: 'job' }, context);
      expect(context.problems.list[0]!.message).to.match(/need each other/);
      const own = contextWith();
      await runLater(splitting(perform(() => {}), { resumeStrategy: '#store', watermarkKey: 'job' }, own), own, [exchangeOf('a,b')]);
      expect(own.store.entries.get('watermark/job')!.value.toString()).to.equal('1');
    });
  });

  it('lets a bean prepare each part', () => {
    const context = contextWith({ registry: { prepare: { process: (part: Exchange) => void (part.body = `${String(part.body)}!`) } } });
    const [left] = run(splitting(perform(() => {}), { onPrepare: 'prepare', aggregationStrategy: 'concat' }, context), [exchangeOf('a,b')]);
    expect(left!.body).to.equal('a!+b!');
  });

  it('fails the exchange when the strategy throws, and asks no more of it', () => {
    let asked = 0;
    const broken = strategyFrom({
      aggregate: () => {
        asked++;
        throw new Error('broken');
      },
    });
    const context = contextWith({ strategies: { broken } });
    const [left] = run(splitting(perform(() => {}), { aggregationStrategy: 'broken' }, context), [exchangeOf('a,b')]);
    expect([left!.exception!.message, asked, left!.halt]).to.deep.equal(['broken', 1, FAILED]);
  });

  it('gives its parts an original message of their own, the shared one with shareUnitOfWork', () => {
    for (const shareUnitOfWork of [false, true]) {
      const originals: unknown[] = [];
      const exchange = exchangeOf('a,b');
      exchange.unitOfWork = new UnitOfWork(exchange, () => {});
      exchange.unitOfWork.originalBody = 'first';
      exchange.unitOfWork.originalHeaders = new Headers();
      run(splitting(perform((part) => void originals.push(part.unitOfWork!.originalBody)), { shareUnitOfWork }), [exchange]);
      expect(originals).to.deep.equal(shareUnitOfWork ? ['first', 'first'] : ['a', 'b']);
    }
  });

  describe('of a million', () => {
    for (const [what, value] of [
      ['list', () => Array.from({ length: 1_000_000 }, (_, i) => i)],
      ['text', () => 'ab,'.repeat(1_000_000)],
      ['iterator', () => new Array(1_000_000).fill(1).values()],
    ] as const) {
      it(`(${what}) runs in constant stack and lets the event loop have its turn`, async () => {
        let count = 0;
        const context = contextWith({ clock: systemClock as TestContext['clock'] });
        const wired = graph(splitting(perform(() => void count++), {}, context));
        const source = exchangeOf(value());
        let pauses = 0;
        new PerformanceObserver((list) => (pauses += list.getEntries().reduce((sum, { duration }) => sum + duration, 0))).observe({ entryTypes: ['gc'] });
        const delay = monitorEventLoopDelay({ resolution: 1 });
        await new Promise((resolve) => setImmediate(resolve));
        delay.enable();
        wired.feed(source);
        await eventually(() => expect(wired.left).to.have.length(1), 20_000);
        delay.disable();
        expect(count).to.equal(1_000_000);
        // The machine may be busy with others: what nearly all turns kept to is what the split is judged by.
        expect(delay.percentile(90) / 1e6).to.be.below(20 + pauses);
      });
    }
  });

  it('gives the list back when its parts are grouped again', () =>
    fc.assert(
      fc.property(fc.array(fc.jsonValue().filter((value) => value !== null)), fc.boolean(), fc.boolean(), (list, streaming, parallelProcessing) => {
        const [left] = run(splitting(perform(() => {}), { aggregationStrategy: 'grouped', streaming, parallelProcessing }), [exchangeOf(list)]);
        expect(left!.body).to.deep.equal(list);
      }),
    ));

  it('lets every part and the exchange leave exactly once, whatever becomes of the parts', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('ok', 'later', 'throws', 'rejects', 'stops', 'handled', 'inner'), { maxLength: 30 }),
        fc.record({
          streaming: fc.boolean(),
          parallelProcessing: fc.boolean(),
          stopOnException: fc.boolean(),
          shareUnitOfWork: fc.boolean(),
          aggregationStrategy: fc.constantFrom(undefined, 'grouped', 'latest', 'concat'),
        }),
        fc.boolean(),
        async (fates, given, hasTimeout) => {
          const context = contextWith();
          const entered = new Map<Exchange, number>();
          let inner: Pipe | null = null;
          const steps: Pipe = perform((part) => {
            entered.set(part, (entered.get(part) ?? 0) + 1);
            switch (part.body) {
              case 'later':
                return new Promise<void>((resolve) => void context.clock.schedule(10, resolve));
              case 'throws':
                throw new Error('throws');
              case 'rejects':
                return new Promise<void>((_, reject) => void context.clock.schedule(5, () => reject(new Error('rejects'))));
              case 'stops':
                part.halt |= STOPPED;
                return;
              case 'handled':
                part.halt |= HANDLED;
                return;
              default:
                return;
            }
          });
          inner = splitting(perform(() => {}), { expression: () => 'x,y' }, context);
          const nested: Pipe = (source) => inner!(steps(source));
          const exchange = exchangeOf(fates);
          let settled = 0;
          exchange.unitOfWork = new UnitOfWork(exchange, () => settled++);
          const timeout = hasTimeout && given.parallelProcessing ? 7 : 0;
          const wired = graph(splitting(nested, { ...given, timeout }, context), context);
          wired.feed(exchange);
          await context.clock.advance(1000);
          expect(wired.left.map((one) => one === exchange)).to.deep.equal([true]);
          exchange.unitOfWork.release();
          expect([...entered.values()].every((times) => times === 1)).to.equal(true);
          expect([context.underWay, context.clock.waiting, settled]).to.deep.equal([0, 0, 1]);
        },
      ),
      { numRuns: 60 },
    ));
});
