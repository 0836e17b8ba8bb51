import { expect } from 'chai';
import fc from 'fast-check';
import type { EipDefinition } from '../../../src/core/definition.ts';
import { DefaultAggregateController } from '../../../src/core/state/aggregateController.ts';
import type { Exchange } from '../../../src/core/exchange/exchange.ts';
import { StringAggregationStrategy, UseLatestAggregationStrategy } from '../../../src/core/graph/strategies.ts';
import { aggregate } from '../../../src/eip/aggregate/definition.ts';
import { bodies, exchangeOf, keepsOperatorContract, subjectOf } from '../../contract/operator.ts';
import { header, Rig } from './rig.ts';

const body = ({ body: value }: Exchange): unknown => value;
const textIs = (wanted: string) => (exchange: Exchange) => exchange.body === wanted;

describe('aggregate', () => {
  it('sends one exchange for each complete group through the inner steps, and every sender on at once', async () => {
    const rig = new Rig({ completionSize: 2 });
    await rig.send('a', 'b', 'c', 'd', 'e');
    expect(rig.bodies).to.deep.equal([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    expect(bodies(rig.wired.left)).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
    expect(rig.groups[0]).to.include({ by: 'size', size: 2, key: 'all' });
    expect([rig.wired.left.some((exchange) => exchange.hasProperties), rig.context.underWay]).to.deep.equal([false, 0]);
  });

  it('keeps groups by key, whatever the type of the key', async () => {
    const rig = new Rig({ completionSize: 2, correlationExpression: header('k') });
    for (const [value, k] of [['a', 1], ['b', '2'], ['c', '1'], ['d', 2]] as const) rig.deliver([value], { headers: { k } });
    await rig.pass(0);
    expect(rig.groups.map(({ body: list, key }) => [key, list])).to.deep.equal([
      ['1', ['a', 'c']],
      ['2', ['b', 'd']],
    ]);
  });

  it('lets the sender go on untouched by what becomes of the group', async () => {
    const rig = new Rig({ completionSize: 1, aggregationStrategy: 'latest' });
    rig.inner = (exchange) => {
      exchange.headers.set('inside', true);
      exchange.body = 'changed';
      throw new Error('no');
    };
    await rig.send('a');
    const [sender] = rig.wired.left;
    expect([sender!.body, sender!.headers.get('inside'), sender!.isFailed]).to.deep.equal(['a', undefined, false]);
  });

  describe('keys', () => {
    it('must be there, unless they may be missing', async () => {
      const strict = new Rig({ completionSize: 2, correlationExpression: body });
      await strict.send(null, '', ' ', 'a');
      expect(strict.wired.left.map(({ exception }) => exception?.message)).to.deep.equal([...Array<string>(3).fill('Invalid correlation key. Exchange[]'), undefined]);
      const lenient = new Rig({ completionSize: 1, correlationExpression: body, ignoreInvalidCorrelationKeys: true });
      await lenient.send(null, 'a');
      expect([lenient.bodies, lenient.wired.left.some(({ isFailed }) => isFailed)]).to.deep.equal([[['a']], false]);
    });

    it('are closed with their group, the last so many of them', async () => {
      const rig = new Rig({ completionSize: 1, correlationExpression: body, closeCorrelationKeyOnCompletion: 2 });
      await rig.send('a', 'a', 'b', 'c', 'a', 'c');
      expect(rig.bodies).to.deep.equal([['a'], ['b'], ['c'], ['a']]);
      expect(rig.wired.left.map(({ exception }) => exception?.type.split('.').pop())).to.deep.equal([undefined, 'ClosedCorrelationKeyException', undefined, undefined, undefined, 'ClosedCorrelationKeyException']);
    });

    it('may come later, and nobody overtakes', async () => {
      const later = Object.assign(async (exchange: Exchange) => {
        if (exchange.body === 'slow') await new Promise((resolve) => setImmediate(resolve));
        return 'k';
      }, { isAsync: true });
      const rig = new Rig({ completionSize: 3, correlationExpression: later });
      await rig.send('slow', 'b', 'c');
      await rig.pass(0);
      expect([rig.bodies, bodies(rig.wired.left)]).to.deep.equal([[['slow', 'b', 'c']], ['slow', 'b', 'c']]);
    });
  });

  describe('a group is complete', () => {
    it('when nothing came for so long, to the millisecond', async () => {
      const rig = new Rig({ completionTimeout: 100, correlationExpression: header('k') });
      rig.deliver(['a'], { headers: { k: 1 } });
      await rig.pass(60);
      rig.deliver(['b'], { headers: { k: 1 } });
      rig.deliver(['c'], { headers: { k: 2 } });
      await rig.pass(99);
      expect(rig.bodies).to.deep.equal([]);
      rig.deliver(['d'], { headers: { k: 2 } });
      await rig.pass(1);
      expect(rig.bodies).to.deep.equal([['a', 'b']]);
      await rig.pass(99);
      expect(rig.groups.map(({ body: list, by }) => [by, list])).to.deep.equal([
        ['timeout', ['a', 'b']],
        ['timeout', ['c', 'd']],
      ]);
      expect(rig.clock.waiting).to.equal(0);
    });

    it('when the time is over that an exchange asks for, also a shorter one', async () => {
      const rig = new Rig({ completionTimeoutExpression: header('t'), completionTimeout: 1000 });
      rig.deliver(['a']);
      rig.deliver(['b'], { headers: { t: '50' } });
      await rig.pass(50);
      expect(rig.groups.map(({ body: list, exchange }) => [list, exchange.property('CamelAggregatedTimeout')])).to.deep.equal([[['a', 'b'], 1000]]);
    });

    it('every so often, with all others', async () => {
      const rig = new Rig({ completionInterval: 100, correlationExpression: header('k'), discardOnCompletionTimeout: true });
      rig.deliver(['a'], { headers: { k: 1 } });
      rig.deliver(['b'], { headers: { k: 2 } });
      await rig.pass(100);
      rig.deliver(['c'], { headers: { k: 2 } });
      await rig.pass(100);
      expect(rig.groups.map(({ body: list, by }) => [by, list])).to.deep.equal([
        ['interval', ['a']],
        ['interval', ['b']],
        ['interval', ['c']],
      ]);
      rig.dispose();
      expect(rig.clock.waiting).to.equal(0);
    });

    it('when the aggregate matches; or, eagerly, the exchange that comes', async () => {
      const seen: unknown[] = [];
      const predicate = (exchange: Exchange): boolean => {
        seen.push([exchange.body, exchange.property('CamelAggregatedSize')]);
        return exchange.body === 'END';
      };
      const lazily = new Rig({ completionPredicate: predicate, aggregationStrategy: 'joined' });
      await lazily.send('a', 'END');
      expect([lazily.bodies, seen.splice(0)]).to.deep.equal([[], [['a', 1], ['a', 2]]]);
      const eagerly = new Rig({ completionPredicate: predicate, aggregationStrategy: 'joined', eagerCheckCompletion: true });
      await eagerly.send('a', 'END');
      expect([eagerly.bodies, seen]).to.deep.equal([['a,END'], [['a', 1], ['END', 2]]]);
      expect(eagerly.groups[0]!.by).to.equal('predicate');
    });

    it('when an asynchronous predicate says so', async () => {
      const predicate = Object.assign(async (exchange: Exchange) => (exchange.property('CamelAggregatedSize') as number) === 2, { isAsync: true });
      for (const eagerCheckCompletion of [false, true]) {
        const rig = new Rig({ completionPredicate: predicate, eagerCheckCompletion });
        await rig.send('a', 'b', 'c', 'd', 'e');
        await rig.pass(0);
        expect([rig.bodies, bodies(rig.wired.left)]).to.deep.equal([[['a', 'b'], ['c', 'd']], ['a', 'b', 'c', 'd', 'e']]);
      }
    });

    it('with as many members as an expression says, else as is fixed', async () => {
      const rig = new Rig({ completionSizeExpression: header('n'), completionSize: 3 });
      for (const n of [undefined, 0, '3', 1]) rig.deliver(['x'], { headers: n === undefined ? {} : { n } });
      await rig.pass(0);
      expect(rig.groups.map(({ size }) => size)).to.deep.equal([3, 1]);
    });

    it('when all of its batch are there', async () => {
      const rig = new Rig({ completionFromBatchConsumer: true, correlationExpression: header('k'), aggregationStrategy: 'latest' });
      for (const [value, k] of [['a', 1], ['b', 2], ['c', 1]] as const) {
        const exchange = exchangeOf(value, { k });
        exchange.properties.set('CamelBatchSize', 3);
        rig.wired.feed(exchange);
      }
      await rig.pass(0);
      expect(rig.groups.map(({ body: value, by, size }) => [value, by, size])).to.deep.equal([
        ['c', 'consumer', 2],
        ['b', 'consumer', 1],
      ]);
    });

    it('when a new group begins', async () => {
      const rig = new Rig({ completionOnNewCorrelationGroup: true, completionTimeout: 1000, correlationExpression: header('k') });
      for (const [value, k] of [[1, 'a'], [2, 'b'], [3, 'b'], [4, 'a']] as const) rig.deliver([value], { headers: { k } });
      await rig.pass(0);
      expect(rig.groups.map(({ body: list, by }) => [list, by])).to.deep.equal([
        [[1], 'force'],
        [[2, 3], 'force'],
      ]);
    });

    it('when a signal comes, which is no member unless it says so', async () => {
      const rig = new Rig({ completionSize: 100, correlationExpression: header('k') });
      rig.deliver(['a'], { headers: { k: 1 } });
      rig.deliver(['b'], { headers: { k: 2 } });
      rig.deliver(['signal'], { headers: { k: 3, CamelAggregationCompleteAllGroups: true } });
      rig.deliver(['c'], { headers: { k: 1 } });
      rig.deliver(['d'], { headers: { k: 2, CamelAggregationCompleteAllGroupsInclusive: true } });
      await rig.pass(0);
      expect([rig.bodies, rig.groups.every(({ by }) => by === 'force')]).to.deep.equal([[['a'], ['b'], ['c'], ['d']], true]);
      expect(rig.wired.left.map(({ headers }) => headers.names())).to.deep.equal(Array(5).fill(['k']));
    });

    it('when its strategy says so: before an exchange is added, by a property, or as a predicate', async () => {
      const joined = new StringAggregationStrategy('');
      const strategy = (more: object): object => ({ aggregate: joined.aggregate.bind(joined), onCompletion: joined.onCompletion.bind(joined), ...more });
      const pre = new Rig({ aggregationStrategy: 's' }, { strategies: { s: strategy({ preComplete: (_: Exchange, { body: value }: Exchange) => value === '|' }) as never } });
      await pre.send('a', 'b', '|', 'c', '|');
      expect(pre.groups.map(({ body: text, by, size }) => [text, by, size])).to.deep.equal([['ab', 'strategy', 2], ['|c', 'strategy', 2]]);
      const latest = new UseLatestAggregationStrategy();
      const marking = {
        aggregate: (old: Exchange | null, next: Exchange) => {
          if (next.body === 'end') next.properties.set('CamelAggregationCompleteCurrentGroup', true);
          return latest.aggregate(old, next);
        },
      };
      const marked = new Rig({ aggregationStrategy: 's', completionSize: 100 }, { strategies: { s: marking } });
      await marked.send('a', 'end', 'b');
      expect(marked.groups.map(({ body: text, by }) => [text, by])).to.deep.equal([['end', 'strategy']]);
      const matching = new Rig({ aggregationStrategy: 's' }, { strategies: { s: { aggregate: latest.aggregate.bind(latest), matches: textIs('x') } } });
      await matching.send('a', 'x');
      expect(matching.groups.map(({ body: text, by }) => [text, by])).to.deep.equal([['x', 'predicate']]);
    });

    it('when its controller says so, or is dropped', async () => {
      const controller = new DefaultAggregateController();
      const rig = new Rig({ completionSize: 100, correlationExpression: body, aggregateController: 'c' }, { registry: { c: controller } });
      await rig.send('a', 'b', 'c');
      expect([controller.openGroups(), controller.forceCompletionOfGroup('b'), controller.forceDiscardingOfGroup('c'), controller.forceCompletionOfGroup('nope'), controller.forceCompletionOfAllGroups(), controller.openGroups()]).to.deep.equal([3, 1, 1, 0, 1, 0]);
      await rig.pass(0);
      expect(rig.bodies).to.deep.equal([['b'], ['a']]);
      rig.dispose();
      expect(controller.forceCompletionOfAllGroups()).to.equal(0);
    });
  });

  describe('what goes wrong', () => {
    const throwing = (on: string): object => ({
      aggregate: (old: Exchange | null, next: Exchange) => {
        if (next.body === on) throw new Error('can not');
        return old ?? next;
      },
    });

    it('in the strategy fails the sender, and the group stays', async () => {
      const rig = new Rig({ completionSize: 2, aggregationStrategy: 's' }, { strategies: { s: throwing('bad') as never } });
      await rig.send('a', 'bad', 'b');
      expect(rig.wired.left.map(({ exception }) => exception?.message)).to.deep.equal([undefined, 'Error occurred during aggregation. Exchange[]', undefined]);
      expect(rig.groups.map(({ size }) => size)).to.deep.equal([2]);
    });

    it('in the strategy drops the group when told so', async () => {
      const rig = new Rig({ completionSize: 2, aggregationStrategy: 's', discardOnAggregationFailure: true }, { strategies: { s: throwing('bad') as never } });
      await rig.send('bad', 'a', 'bad', 'b', 'c');
      expect([rig.bodies, rig.wired.left.some(({ isFailed }) => isFailed)]).to.deep.equal([['b'], false]);
    });

    it('in a predicate fails the sender, whose message is in no group then', async () => {
      const rig = new Rig({ completionSize: 2, completionPredicate: (exchange: Exchange) => { if (exchange.body === 'bad') throw new Error('no'); return false; }, aggregationStrategy: 'latest' });
      await rig.send('bad', 'a', 'b');
      expect(rig.groups.map(({ body: text, size }) => [text, size])).to.deep.equal([['b', 2]]);
    });

    it('in time drops the group when told so', async () => {
      const rig = new Rig({ completionTimeout: 10, completionSize: 2, discardOnCompletionTimeout: true });
      await rig.send('a');
      await rig.pass(10);
      await rig.send('b', 'c');
      expect(rig.bodies).to.deep.equal([['b', 'c']]);
    });

    it('in the inner steps goes to the dead letters, and ends the group', async () => {
      const rig = new Rig({ completionSize: 1 });
      rig.inner = () => {
        throw new Error('inside');
      };
      await rig.send('a');
      expect([bodies(rig.failed), rig.failed[0]!.exception!.message, rig.context.underWay]).to.deep.equal([[['a']], 'inside', 0]);
    });
  });

  describe('complete groups', () => {
    it('go through the inner steps one after the other, in their order', async () => {
      const rig = new Rig({ completionSize: 1 });
      const open: (() => void)[] = [];
      rig.inner = () => new Promise((resolve) => void open.push(resolve));
      await rig.send('a', 'b', 'c');
      expect(rig.bodies).to.deep.equal([['a']]);
      open.shift()!();
      await rig.pass(0);
      expect([rig.bodies, rig.context.underWay]).to.deep.equal([[['a'], ['b']], 1]);
    });

    it('go ten at a time when told so', async () => {
      const rig = new Rig({ completionSize: 1, parallelProcessing: true });
      const open: (() => void)[] = [];
      rig.inner = () => new Promise((resolve) => void open.push(resolve));
      await rig.send(...Array.from({ length: 12 }, (_, i) => i));
      expect(rig.bodies).to.have.length(10);
      open.shift()!();
      await rig.pass(0);
      expect(rig.bodies).to.have.length(11);
    });

    it('wait until their sender is through', async () => {
      const rig = new Rig({ completionSize: 1 });
      const left: number[] = [];
      rig.inner = () => void left.push(rig.wired.left.length);
      rig.deliver(['a', 'b']);
      await rig.pass(0);
      expect(left).to.deep.equal([1, 2]);
    });

    it('hold up senders beyond a thousand of them, and none is lost', async () => {
      const rig = new Rig({ completionSize: 1 });
      let go: () => void = () => {};
      rig.inner = ({ body: list }) => ((list as unknown[])[0] === 0 ? new Promise((resolve) => (go = resolve)) : undefined);
      await rig.send(...Array.from({ length: 1500 }, (_, i) => i));
      expect([rig.wired.left.length, rig.bodies.length]).to.deep.equal([1000, 1]);
      go();
      for (let i = 0; i < 20 && rig.bodies.length < 1500; i++) await rig.pass(0);
      expect([rig.wired.left.length, rig.bodies.flat(2)]).to.deep.equal([1500, Array.from({ length: 1500 }, (_, i) => i)]);
      expect(rig.context.underWay).to.equal(0);
    });

    it('run in constant stack, twenty thousand of them', async () => {
      const rig = new Rig({ completionSize: 1, aggregationStrategy: 'latest' });
      let count = 0;
      rig.inner = () => void count++;
      for (let i = 0; i < 20; i++) {
        rig.deliver(Array.from({ length: 1000 }, (_, n) => n));
        while (count < (i + 1) * 1000) await rig.pass(0);
      }
      expect(count).to.equal(20_000);
    });
  });

  describe('at a stop', () => {
    it('completes its groups when told so', async () => {
      const rig = new Rig({ completionSize: 10, forceCompletionOnStop: true });
      await rig.send('a', 'b');
      for (const stop of rig.stops) await stop();
      expect(rig.groups.map(({ body: list, by }) => [list, by])).to.deep.equal([[['a', 'b'], 'force']]);
    });

    it('completes its groups and waits for them when told so, but not for ever', async () => {
      const rig = new Rig({ completionTimeout: 100, completeAllOnStop: true });
      await rig.send('a');
      for (const stop of rig.stops) await stop();
      expect(rig.groups.map(({ body: list, by }) => [list, by])).to.deep.equal([[['a'], 'force']]);
      const endless = new Rig({ completionSize: 2, completeAllOnStop: true });
      endless.inner = () => new Promise(() => {});
      await endless.send('a');
      let isOver = false;
      const stopping = Promise.all(endless.stops.map((stop) => stop())).then(() => (isOver = true));
      await endless.pass(0);
      expect(isOver).to.equal(false);
      endless.context.abort();
      await stopping;
    });

    it('waits for groups that are under way', async () => {
      const rig = new Rig({ completionSize: 1 });
      let go: () => void = () => {};
      rig.inner = () => new Promise((resolve) => (go = resolve));
      await rig.send('a');
      let isOver = false;
      void Promise.all(rig.stops.map((stop) => stop())).then(() => (isOver = true));
      await rig.pass(0);
      expect(isOver).to.equal(false);
      go();
      await rig.pass(0);
      expect(isOver).to.equal(true);
    });
  });

  it('says what is missing or does not fit together', () => {
    const codes = (options: Record<string, unknown>, overrides = {}): string[] => new Rig(options, overrides).context.problems.list.map(({ code }) => code);
    expect(codes({})).to.deep.equal(['M0221']);
    expect(codes({ completionInterval: 1, completionTimeout: 1 })).to.deep.equal(['M0222']);
    expect(codes({ completionFromBatchConsumer: true, discardOnAggregationFailure: true })).to.deep.equal(['M0223']);
    expect(codes({ completionSize: 1, aggregationRepository: 'r' }, { registry: { r: {} } })).to.deep.equal(['M0224']);
  });

  it('puts every member into exactly one group and sends every sender on once, whatever the keys, sizes and times', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), wait: fc.nat(30) }), { maxLength: 25 }),
        fc.record({ completionSize: fc.integer({ min: 1, max: 4 }), parallelProcessing: fc.boolean(), eagerCheckCompletion: fc.boolean() }),
        fc.boolean(),
        async (sent, options, isSlow) => {
          const rig = new Rig({ ...options, completionTimeout: 40, correlationExpression: header('k') });
          if (isSlow) rig.inner = () => new Promise((resolve) => void rig.clock.schedule(5, resolve));
          for (const [index, { key, wait }] of sent.entries()) {
            rig.deliver([index], { headers: { k: key } });
            await rig.clock.advance(wait);
          }
          await rig.pass(10_000);
          expect((rig.bodies.flat() as number[]).sort((a, b) => a - b)).to.deep.equal(sent.map((_, index) => index));
          expect(bodies(rig.wired.left)).to.deep.equal(sent.map((_, index) => index));
          for (const { size, body: list } of rig.groups) expect(size).to.equal((list as unknown[]).length).and.at.most(options.completionSize);
          expect([rig.context.underWay, rig.clock.waiting]).to.deep.equal([0, 0]);
        },
      ),
      { numRuns: 25 },
    ));

  keepsOperatorContract('aggregate', subjectOf(aggregate as unknown as EipDefinition, ({ context }) => {
    (context as { aggregationStrategy: unknown }).aggregationStrategy = () => new UseLatestAggregationStrategy();
    return { completionSize: 2, completionTimeout: 1000 };
  }));
});
