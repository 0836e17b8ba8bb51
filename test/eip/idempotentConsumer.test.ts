import { expect } from 'chai';
import fc from 'fast-check';
import type { Exchange} from '../../src/core/exchange/exchange.ts';
import { UnitOfWork } from '../../src/core/exchange/exchange.ts';
import type { Pipe } from '../../src/core/graph/flow.ts';
import { perform } from '../../src/core/graph/flow.ts';
import type { IdempotentRepository } from '../../src/core/state/repositories.ts';
import { MemoryKeys, StoredKeys } from '../../src/core/state/repositories.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import type { EipDefinition } from '../../src/core/definition.ts';
import { idempotentConsumer } from '../../src/eip/idempotentConsumer.ts';
import { bodies, eventually, exchangeOf, graph, keepsOperatorContract, optionsFor, stepContext, subjectOf } from '../contract/operator.ts';
import type { Kit, TestContext } from '../contract/operator.ts';

class Arrived {
  readonly outer = null;
  back(): void {}
}

describe('idempotentConsumer', () => {
  let keys: IdempotentRepository;
  let context: TestContext;
  let inside: unknown[];

  beforeEach(() => {
    inside = [];
    useKeys(new MemoryKeys());
  });

  const useKeys = (repository: IdempotentRepository): void => {
    keys = repository;
    context = stepContext({ registry: { seen: keys } });
  };

  const inner = (exchange: Exchange): void => {
    inside.push(exchange.body);
    if (String(exchange.body).startsWith('bad')) throw new Error('bad');
  };

  const pipe = (options: Record<string, unknown> = {}, steps: Pipe = perform(inner)): Pipe =>
    idempotentConsumer.operator(
      optionsFor(idempotentConsumer.options, {} as Kit, { expression: Object.assign(({ headers }: Exchange) => headers.get('id') ?? null, { label: 'header(id)' }), idempotentRepository: '#seen', steps, ...options }) as never,
      context,
    );

  /** Sends exchanges one after the other, each to its end: body, id, what happens after the block. */
  const send = async (options: Record<string, unknown>, ...sent: [body: unknown, id: unknown, after?: (exchange: Exchange) => void][]): Promise<Exchange[]> => {
    const wired = graph(pipe(options), context);
    for (const [body, id, after] of sent) {
      const count = wired.left.length;
      const exchange = exchangeOf(body, { id });
      let isSettled = false;
      exchange.way = new Arrived();
      exchange.unitOfWork = new UnitOfWork(exchange, () => (isSettled = true));
      wired.feed(exchange);
      await eventually(() => expect(wired.left).to.have.length(count + 1));
      after?.(exchange);
      exchange.leave();
      exchange.unitOfWork.release();
      await eventually(() => expect(isSettled).to.equal(true));
    }
    return wired.left;
  };

  const repositories: Record<string, () => IdempotentRepository> = {
    'keys in memory': () => new MemoryKeys(),
    'stored keys': () => new StoredKeys(memoryStore(context.clock), context.clock),
  };

  for (const [name, make] of Object.entries(repositories)) {
    describe(`with ${name}`, () => {
      beforeEach(() => useKeys(make()));

      it('lets the first with an id in, and marks the others', async () => {
        const left = await send({}, ['a', 1], ['b', '1'], ['c', 2]);
        expect(inside).to.deep.equal(['a', 'c']);
        expect(left.map((exchange) => exchange.property('CamelDuplicateMessage'))).to.deep.equal([undefined, true, undefined]);
      });

      it('fails an exchange without an id', async () => {
        const [left] = await send({}, ['a', null]);
        expect(left!.exception).to.include({ type: 'org.apache.camel.processor.idempotent.NoMessageIdException', message: 'No message ID could be found using expression: header(id) on message exchange: Exchange[]' });
      });

      it('lets duplicates in when they are not skipped', async () => {
        const left = await send({ skipDuplicate: false }, ['a', 1], ['b', 1]);
        expect([inside, left[1]!.property('CamelDuplicateMessage')]).to.deep.equal([['a', 'b'], true]);
      });

      it('forgets the id of one that failed', async () => {
        await send({}, ['bad', 1], ['good', 1], ['again', 1]);
        expect(inside).to.deep.equal(['bad', 'good']);
      });

      it('keeps the id of one that failed when told so', async () => {
        await send({ removeOnFailure: false }, ['bad', 1], ['good', 1]);
        expect(inside).to.deep.equal(['bad']);
      });

      it('forgets the id of one that failed after the block, also when the failure was handled', async () => {
        await send({}, ['a', 1, (exchange) => exchange.fail(new Error('later'))], ['b', 1, (exchange) => void (exchange.halt = 4)], ['c', 1]);
        expect(inside).to.deep.equal(['a', 'b', 'c']);
      });

      it('is done with the block when told so', async () => {
        await send({ completionEager: true }, ['a', 1, (exchange) => exchange.fail(new Error('later'))], ['b', 1], ['bad', 2], ['good', 2]);
        expect(inside).to.deep.equal(['a', 'bad', 'good']);
      });

      it('adds the id only at the end when it is not eager', async () => {
        const seen: unknown[] = [];
        const look = perform(async () => void seen.push(await keys.contains('1')));
        await send({ eager: false, steps: look }, ['a', 1], ['b', 1]);
        expect([seen, await keys.contains('1')]).to.deep.equal([[false], true]);
      });

      it('takes an id that comes later (an asynchronous expression)', async () => {
        const expression = Object.assign(async ({ headers }: Exchange) => headers.get('id'), { isAsync: true });
        await send({ expression }, ['a', 1], ['b', 1]);
        expect(inside).to.deep.equal(['a']);
      });
    });
  }

  it('leaves an id open until the delivery is safe', async () => {
    useKeys(new StoredKeys(memoryStore(context.clock), context.clock));
    const wired = graph(pipe(), context);
    const exchange = exchangeOf('a', { id: 1 });
    exchange.way = new Arrived();
    const unitOfWork = (exchange.unitOfWork = new UnitOfWork(exchange, () => {}));
    unitOfWork.beforeSettling(() => {
      throw new Error('disk full');
    });
    wired.feed(exchange);
    await eventually(() => expect(wired.left).to.have.length(1));
    exchange.leave();
    unitOfWork.release();
    await eventually(() => expect(exchange.isFailed).to.equal(true));
    await send({}, ['again', 1]);
    expect(inside).to.deep.equal(['a', 'again']);
  });

  it('lets each id in exactly once, whatever comes', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.nat(5), { maxLength: 20 }), async (ids) => {
        inside = [];
        useKeys(new MemoryKeys());
        const left = await send({}, ...ids.map((id): [unknown, unknown] => [id, id]));
        expect(bodies(left)).to.deep.equal(ids);
        expect(inside).to.deep.equal([...new Set(ids)]);
      }),
      { numRuns: 20 },
    ));

  keepsOperatorContract(
    'idempotentConsumer',
    {
      build: (kit) => {
        const { context: own } = kit;
        (own as { bean: unknown }).bean = () => new MemoryKeys();
        return subjectOf(idempotentConsumer as unknown as EipDefinition, () => ({ skipDuplicate: false })).build(kit);
      },
    },
  );
});
