import { expect } from 'chai';
import type { AggregationStrategy } from '../../../src/core/definition.ts';
import { unpackTar } from 'modern-tar';
import { unzipped, zipEntries } from '../../../src/core/conversion/zip.ts';
import type { ArchiveStrategy } from '../../../src/core/graph/archiveStrategies.ts';
import { failureOf } from '../../dataformats/format.ts';
import { Exchange, FAILED, HANDLED, ROLLBACK_ONLY, STOPPED } from '../../../src/core/exchange/exchange.ts';
import { Headers } from '../../../src/core/exchange/headers.ts';
import { Message } from '../../../src/core/exchange/message.ts';
import { builtInStrategies, builtInStrategy, strategyFrom } from '../../../src/core/graph/strategies.ts';

const exchangeWith = (body: unknown, headers: Readonly<Record<string, unknown>> = {}): Exchange => new Exchange(undefined, body, Headers.from(headers));

/** What a group of bodies becomes. */
function grouped(strategy: AggregationStrategy, ...members: Exchange[]): Exchange {
  let result: Exchange | null = null;
  for (const member of members) result = strategy.aggregate(result, member);
  strategy.onCompletion?.(result!);
  return result!;
}

const strategy = (name: string, properties: Readonly<Record<string, unknown>> = {}): AggregationStrategy => builtInStrategy(name, [], properties)!;

describe('built-in aggregation strategies', () => {
  it('go by Camel\'s class names, with or without the package', () => {
    for (const name of builtInStrategies) {
      expect(builtInStrategy(name), name).to.not.equal(undefined);
      expect(builtInStrategy(name.split('.').pop()!), name).to.not.equal(undefined);
    }
    expect(builtInStrategy('org.acme.GroupedBodyAggregationStrategy')).to.equal(undefined);
    expect(builtInStrategy('toString')).to.equal(undefined);
  });

  it('put bodies into one archive, by the id of the message or its file name, what is empty left out', () => {
    const members = (): Exchange[] => ['a', '', Buffer.from('b'), null].map((body, i) => exchangeWith(body, { CamelFileName: `d/${i}.txt` }));
    const [first] = members();
    const zip = grouped(strategy('ZipAggregationStrategy'), first!, ...members().slice(1));
    expect(zip).to.equal(first);
    expect(zip.headers.get('CamelFileName')).to.equal(`camel${first!.id}.zip`);
    expect(zip.headers.get('CamelFileLength')).to.equal((zip.body as Buffer).length);
    expect(zipEntries(zip.body as Buffer).map((entry) => String(unzipped(zip.body as Buffer, entry, -1)))).to.deep.equal(['a', 'b']);
    const named = strategy('ZipAggregationStrategy') as ArchiveStrategy;
    named.useFilenameHeader = true;
    const byName = grouped(named, ...members()).body as Buffer;
    expect(zipEntries(byName).map(({ name }) => name)).to.deep.equal(['d/0.txt', 'd/2.txt']);
    expect(failureOf(() => grouped(strategy('ZipAggregationStrategy'), exchangeWith(5)))).to.equal('GenericFileOperationFailedException');
  });

  it('put a file with a long name into a tar archive, and refuse one that has no place there', async () => {
    const tar = builtInStrategy('org.apache.camel.processor.aggregate.tarfile.TarAggregationStrategy', [false, true])!;
    const long = `${'folder/'.repeat(15)}file.txt`;
    const archive = grouped(tar, exchangeWith('content', { CamelFileName: long })).body as Buffer;
    expect((await unpackTar(archive)).map(({ header, data }) => [header.name, Buffer.from(data!).toString()])).to.deep.equal([[long, 'content']]);
    expect(failureOf(() => grouped(tar, exchangeWith('content', { CamelFileName: 'x'.repeat(120) })))).to.equal('IllegalArgumentException');
  });

  it('group bodies in the first exchange, null left out, the list only at the end', () => {
    const first = exchangeWith('a', { h: 1 });
    const bodies = strategy('GroupedBodyAggregationStrategy');
    const result = bodies.aggregate(bodies.aggregate(bodies.aggregate(null, first), exchangeWith(null)), exchangeWith('b'));
    expect([result, result.body]).to.deep.equal([first, 'a']);
    bodies.onCompletion!(result);
    expect([result.body, result.headers.get('h'), result.property('CamelGroupedExchange')]).to.deep.equal([['a', 'b'], 1, undefined]);
  });

  it('group exchanges and messages in a new exchange', () => {
    const first = exchangeWith('a', { h: 1 });
    const exchanges = grouped(strategy('GroupedExchangeAggregationStrategy'), first, exchangeWith('b'));
    expect((exchanges.body as Exchange[]).map(({ body }) => body)).to.deep.equal(['a', 'b']);
    expect(exchanges).to.not.equal(first);
    expect(exchanges.headers.size).to.equal(0);
    const messages = grouped(strategy('GroupedMessageAggregationStrategy'), first).body as Message[];
    expect([messages[0] instanceof Message, String(messages[0]), messages[0]!.headers.get('h')]).to.deep.equal([true, 'a', 1]);
  });

  it('join texts', () => {
    const of = (properties: Readonly<Record<string, unknown>>, ...bodies: unknown[]): unknown => grouped(strategy('StringAggregationStrategy', properties), ...bodies.map((body) => exchangeWith(body))).body;
    expect(of({}, 'a', 1, true)).to.equal('a1true');
    expect(of({ delimiter: '+' }, 'a', null, 'b')).to.equal('a+b');
    expect(of({ delimiter: '+' }, null, 'b')).to.equal('+b');
    expect(of({ delimiter: ',', pick: (exchange: Exchange) => String(exchange.body).toUpperCase() }, 'a', 'b')).to.equal('A,B');
    expect(() => of({ pick: '${body}' }, 'a')).to.throw(/pick/);
  });

  it('go on with the list that their first member carries, of a group that nobody has finished', () => {
    const member = exchangeWith('a');
    member.properties.set('CamelGroupedExchange', ['old']);
    expect(grouped(strategy('GroupedBodyAggregationStrategy'), member, exchangeWith('b')).body).to.deep.equal(['old', 'a', 'b']);
  });

  it('use the latest, with the failure of an older one; handled and rolled back ones stay', () => {
    const latest = strategy('UseLatestAggregationStrategy');
    const after = (halt: number): Exchange => {
      const old = exchangeWith('old');
      if (halt === FAILED) old.fail(new Error('old failure'));
      old.halt |= halt;
      return grouped(latest, old, exchangeWith('new'));
    };
    expect(after(0)).to.include({ body: 'new', halt: 0 });
    expect(after(STOPPED)).to.include({ body: 'new', halt: 0 });
    expect(after(FAILED)).to.include({ body: 'new', halt: FAILED });
    expect(after(HANDLED)).to.include({ body: 'old', halt: HANDLED });
    expect(after(ROLLBACK_ONLY)).to.include({ body: 'old', halt: ROLLBACK_ONLY });
    expect(latest.aggregate(exchangeWith('old'), null as unknown as Exchange).body).to.equal('old');
  });

  it('use the original, with the last failure and the last caught exception', () => {
    const input = exchangeWith('input');
    const original = strategy('UseOriginalAggregationStrategy');
    const failed = exchangeWith('a');
    failed.fail(new Error('no'));
    const caught = exchangeWith('b');
    caught.properties.set('CamelExceptionCaught', 'error');
    let result = original.aggregate(null, failed, input);
    result = original.aggregate(result, caught, input);
    expect(result).to.equal(input);
    expect([input.body, input.exception!.message, input.halt, input.property('CamelExceptionCaught')]).to.deep.equal(['input', 'no', FAILED, 'error']);
    const silent = strategy('UseOriginalAggregationStrategy', { propagateException: 'false' });
    expect(silent.aggregate(null, failed, exchangeWith('x')).halt).to.equal(0);
  });

  it('share what ended a part, handled or not', () => {
    const input = exchangeWith('input');
    const shared = strategy('ShareUnitOfWorkAggregationStrategy', { strategy: strategy('UseOriginalAggregationStrategy') });
    const handled = exchangeWith('a');
    handled.halt = HANDLED;
    shared.aggregate(null, handled, input);
    expect(input.halt).to.equal(HANDLED);
  });
});

describe('aggregation strategies from JavaScript', () => {
  it('work on exchanges with a method `aggregate`', () => {
    const bean = {
      aggregate: (old: Exchange | null, next: Exchange): Exchange => {
        if (old === null) return next;
        old.body = `${String(old.body)},${String(next.body)}`;
        return old;
      },
      onCompletion: (exchange: Exchange): void => void (exchange.body = `[${String(exchange.body)}]`),
    };
    expect(grouped(strategyFrom(bean), exchangeWith('a'), exchangeWith('b')).body).to.equal('[a,b]');
  });

  it('work on bodies when they are functions or a method is named', () => {
    const sum = (old: number, next: number): number => old + next;
    expect(grouped(strategyFrom(sum), exchangeWith(1), exchangeWith(2), exchangeWith(3)).body).to.equal(6);
    expect(grouped(strategyFrom({ sum, other: sum }, { methodName: 'sum' }), exchangeWith(1), exchangeWith(2)).body).to.equal(3);
    expect(grouped(strategyFrom({ sum }), exchangeWith(1), exchangeWith(2)).body).to.equal(3);
  });

  it('call a method with headers and properties too, by the number of its parameters', () => {
    const four = (old: string, oldHeaders: { h: number }, next: string, headers: { h: number }): string => `${old}${oldHeaders.h}${next}${headers.h}`;
    expect(grouped(strategyFrom(four), exchangeWith('a', { h: 1 }), exchangeWith('b', { h: 2 })).body).to.equal('a1b2');
    const six = (_: string, __: object, properties: { p?: number }, ___: string, ____: object, next: { p?: number }): string => `${properties.p}${next.p}`;
    const [first, second] = [exchangeWith('a'), exchangeWith('b')];
    first.properties.set('p', 1);
    second.properties.set('p', 2);
    expect(grouped(strategyFrom(six), first, second).body).to.equal('12');
  });

  it('leave the first body alone, unless null is allowed', () => {
    const count = (old: number | null): number => (old ?? 0) + 1;
    expect(grouped(strategyFrom(count), exchangeWith(10), exchangeWith(10)).body).to.equal(11);
    expect(grouped(strategyFrom(count, { methodAllowNull: true }), exchangeWith(10), exchangeWith(10)).body).to.equal(2);
  });

  it('keep the old body when a method gives nothing', () => expect(grouped(strategyFrom(() => undefined), exchangeWith('a'), exchangeWith('b')).body).to.equal('a'));

  it('say what is wrong with a bean', () => {
    expect(() => strategyFrom(5)).to.throw(/must be an object or a function/);
    expect(() => strategyFrom({ a: () => 1, b: () => 2 })).to.throw(/it has a, b/);
    expect(() => strategyFrom({ a: () => 1 }, { methodName: 'c' })).to.throw(/no method `c`; it has a/);
    expect(() => strategyFrom({ aggregate: () => 'text' as never }).aggregate(null, exchangeWith('a'))).to.throw(/must return one of its exchanges/);
    expect(() => strategyFrom(async () => 1, { methodAllowNull: true }).aggregate(null, exchangeWith('a'))).to.throw(/not a promise/);
  });
});
