import { expect } from 'chai';
import fc from 'fast-check';
import type { EipDefinition } from '../../src/core/definition.ts';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import { EXHAUSTED, SPENT, FAILED, HANDLED, STOPPED, UnitOfWork } from '../../src/core/exchange/exchange.ts';
import type { Pipe } from '../../src/core/graph/flow.ts';
import { perform } from '../../src/core/graph/flow.ts';
import { builtInStrategy } from '../../src/core/graph/strategies.ts';
import { multicast } from '../../src/eip/multicast.ts';
import type { TestContext } from '../contract/operator.ts';
import { exchangeOf, graph, keepsOperatorContract, run, runLater, stepContext, stepOf, subjectOf } from '../contract/operator.ts';

const definition = multicast as unknown as EipDefinition;
const strategies = { concat: builtInStrategy('StringAggregationStrategy')!, grouped: builtInStrategy('GroupedBodyAggregationStrategy')! };
const contextWith = (): TestContext => stepContext({ strategies });
const casting = (steps: readonly Pipe[], given: Readonly<Record<string, unknown>> = {}, context = contextWith()): Pipe => stepOf(definition, { steps, ...given }, context);

const says = (text: string): Pipe => perform((branch) => void (branch.body = text));
const later = (context: TestContext, millis: number, text: string): Pipe =>
  perform(
    (branch) =>
      new Promise<void>((resolve) => {
        context.clock.schedule(millis, () => {
          branch.body = text;
          resolve();
        });
      }),
  );
const fails = perform(() => {
  throw new Error('bad');
});
const ends = (halt: number, body?: string): Pipe =>
  perform((branch) => {
    if (body !== undefined) branch.body = body;
    branch.halt |= halt;
  });

keepsOperatorContract('multicast', subjectOf(definition));

describe('multicast', () => {
  it('gives every branch the message of before, and goes on with the last one\'s', () => {
    const seen: unknown[] = [];
    const watch = perform((branch) => void seen.push([branch.body, branch.headers.get('h'), branch.property('CamelMulticastIndex'), branch.property('CamelMulticastComplete')]));
    const change = perform((branch) => {
      branch.headers.set('h', 'changed');
      branch.properties.set('p', 1);
      branch.variables.set('v', 2);
      branch.body = 'changed';
    });
    const [left] = run(casting([says('lost'), watch, change]), [exchangeOf('b', { h: 1 })]);
    expect(seen).to.deep.equal([['b', 1, 1, false]]);
    expect([left!.body, left!.headers.get('h'), left!.property('p'), left!.variable('v'), left!.property('CamelMulticastIndex')]).to.deep.equal(['changed', 'changed', 1, 2, 2]);
  });

  it('shares bodies among the copies, as they are not copied deep', () => {
    const [left] = run(casting([perform((branch) => void (branch.body as unknown[]).push('x')), perform(() => {})]), [exchangeOf([1])]);
    expect(left!.body).to.deep.equal([1, 'x']);
  });

  it('runs the branches after a failed one too, and fails at the end', () => {
    let reached = false;
    const [left] = run(casting([says('fast'), fails, perform(() => void (reached = true))]), [exchangeOf('x')]);
    expect(reached).to.equal(true);
    expect([left!.exception!.message, left!.body, left!.halt]).to.deep.equal(['bad', 'x', FAILED | EXHAUSTED | SPENT]);
  });

  it('stops at the first failure with stopOnException', () => {
    let reached = false;
    const [left] = run(casting([says('fast'), fails, perform(() => void (reached = true))], { stopOnException: true }), [exchangeOf('x')]);
    expect(reached).to.equal(false);
    expect(left!.exception!.message).to.match(/^Multicast processing failed for number 1\. Exchange\[.+\]\. Caused by: \[java\.lang\.Exception - bad\]$/);
    expect(left!.body).to.equal('x');
  });

  it('puts failed branches together like good ones with a strategy of its own', () => {
    const [left] = run(casting([says('fast'), fails, perform(() => {})], { aggregationStrategy: 'concat' }), [exchangeOf('x')]);
    expect([left!.body, left!.halt]).to.deep.equal(['fastxx', 0]);
  });

  it('stops with the last branch, not with another one', () => {
    expect(run(casting([ends(STOPPED), says('b')]), [exchangeOf('x')])[0]).to.include({ halt: 0, body: 'b' });
    expect(run(casting([says('b'), ends(STOPPED)]), [exchangeOf('x')])[0]).to.include({ halt: STOPPED });
  });

  it('keeps a handled branch before all later ones', () => {
    let reached = false;
    const [left] = run(casting([ends(HANDLED, 'handled'), perform(() => void (reached = true))]), [exchangeOf('x')]);
    expect(reached).to.equal(true);
    expect(left!).to.include({ halt: HANDLED, body: 'handled' });
  });

  it('puts replies together in the order of the branches, with streaming in that of arrival', async () => {
    for (const [streaming, expected] of [[false, 'slowfast'], [true, 'fastslow']] as const) {
      const context = contextWith();
      const [left] = await runLater(casting([later(context, 150, 'slow'), says('fast')], { parallelProcessing: true, streaming, aggregationStrategy: 'concat' }, context), context, [exchangeOf('x')]);
      expect(left!.body).to.equal(expected);
    }
  });

  it('leaves out a branch that misses the time limit', async () => {
    const context = contextWith();
    const missed: unknown[] = [];
    const strategy = { ...strategies.concat, aggregate: strategies.concat.aggregate.bind(strategies.concat), onCompletion: strategies.concat.onCompletion!.bind(strategies.concat) };
    const asked = { ...strategy, timeout: (_: Exchange, index: number, total: number, millis: number) => void missed.push([index, total, millis]) };
    const timed = stepContext({ strategies: { asked }, clock: context.clock });
    const wired = graph(casting([says('fast'), later(context, 1000, 'slow'), says('third')], { parallelProcessing: true, timeout: 400, aggregationStrategy: 'asked' }, timed));
    wired.feed(exchangeOf('x'));
    await context.clock.advance(400);
    expect(wired.left.map(({ body }) => body)).to.deep.equal(['fastthird']);
    expect(missed).to.deep.equal([[1, 3, 400]]);
    await context.clock.advance(1000);
    expect(wired.left).to.have.length(1);
    expect(timed.underWay).to.equal(0);
  });

  it('refuses new exchanges while a thousand late branches are under way', async () => {
    const context = contextWith();
    const never = perform(() => new Promise<void>(() => {}));
    const wired = graph(casting([never, never], { parallelProcessing: true, timeout: 1 }, context));
    for (let i = 0; i < 500; i++) wired.feed(exchangeOf('x'));
    await context.clock.advance(1);
    expect(wired.left).to.have.length(500);
    const refused = exchangeOf('y');
    wired.feed(refused);
    expect(refused.exception!.type).to.equal('java.util.concurrent.RejectedExecutionException');
  });

  it('lets the exchange leave exactly once, whatever becomes of the branches', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('ok', 'later', 'fails', 'stops', 'handled'), { minLength: 1, maxLength: 6 }),
        fc.record({ parallelProcessing: fc.boolean(), streaming: fc.boolean(), stopOnException: fc.boolean(), shareUnitOfWork: fc.boolean(), aggregationStrategy: fc.constantFrom(undefined, 'grouped') }),
        fc.constantFrom(0, 5, 20),
        async (fates, given, limit) => {
          const context = contextWith();
          const branch = { ok: perform(() => {}), later: later(context, 10, 'later'), fails, stops: ends(STOPPED), handled: ends(HANDLED) };
          const wired = graph(casting(fates.map((fate) => branch[fate]), { ...given, timeout: given.parallelProcessing ? limit : 0 }, context), context);
          const exchange = exchangeOf('x');
          let settled = 0;
          exchange.unitOfWork = new UnitOfWork(exchange, () => settled++);
          wired.feed(exchange);
          await context.clock.advance(100);
          expect(wired.left.map((one) => one === exchange)).to.deep.equal([true]);
          exchange.unitOfWork.release();
          expect([context.underWay, context.clock.waiting, settled]).to.deep.equal([0, 0, 1]);
        },
      ),
      { numRuns: 60 },
    ));
});
