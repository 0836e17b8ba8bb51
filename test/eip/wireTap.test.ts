import { expect } from 'chai';
import type { EipDefinition } from '../../src/core/definition.ts';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import { UnitOfWork } from '../../src/core/exchange/exchange.ts';
import { wireTap } from '../../src/eip/wireTap.ts';
import type { ContextOverrides, TestContext } from '../contract/operator.ts';
import { exchangeOf, graph, keepsOperatorContract, stepContext, stepOf, subjectOf } from '../contract/operator.ts';

const definition = wireTap as unknown as EipDefinition;
const at = (uri: string): Record<string, unknown> => ({ uri: { uri, parameters: {} } });

function tapping(given: Readonly<Record<string, unknown>>, overrides: ContextOverrides = {}) {
  const context = stepContext(overrides);
  return { context, wired: graph(stepOf(definition, given, context), context) };
}

const taken = (context: TestContext, uri: string): Exchange[] => context.sent.get(uri) ?? [];

keepsOperatorContract('wireTap', subjectOf(definition));

describe('wireTap', () => {
  it('sends a one-way copy and goes on at once with the message as it was', async () => {
    const { context, wired } = tapping(at('mock:tap'), { endpoints: { 'mock:tap': (copy) => void (copy.body = 'changed') } });
    const exchange = exchangeOf('b', { h: 1 });
    exchange.isInOut = true;
    exchange.properties.set('p', 1);
    wired.feed(exchange);
    expect(wired.left.map((one) => one === exchange)).to.deep.equal([true]);
    expect([exchange.body, context.underWay]).to.deep.equal(['b', 1]);
    await context.clock.advance(0);
    const [copy] = taken(context, 'mock:tap');
    expect([copy!.isInOut, copy!.headers.get('h'), copy!.property('p'), exchange.body, context.underWay]).to.deep.equal([false, 1, 1, 'b', 0]);
  });

  it('reads its URI as Simple for each message, unless it is told not to', async () => {
    const dynamic = tapping(at('mock:${header.where}'));
    dynamic.wired.feed(exchangeOf('b', { where: 'there' }));
    await dynamic.context.clock.advance(0);
    expect([...dynamic.context.sent.keys()]).to.deep.equal(['mock:there']);
    const fixed = tapping({ ...at('mock:${header.where}'), dynamicUri: false });
    fixed.wired.feed(exchangeOf('b', { where: 'there' }));
    await fixed.context.clock.advance(0);
    expect([...fixed.context.sent.keys()]).to.deep.equal(['mock:${header.where}']);
  });

  it('sends an empty exchange without copy, or a variable, or what is prepared', async () => {
    for (const [given, expected] of [
      [{ copy: false }, [null, undefined]],
      [{ variableSend: 'v' }, ['value', 1]],
      [{ onPrepare: 'prepare' }, ['b!', 1]],
    ] as const) {
      const { context, wired } = tapping({ ...at('mock:tap'), ...given }, { registry: { prepare: async (copy: Exchange) => void (copy.body = `${String(copy.body)}!`) } });
      const exchange = exchangeOf('b', { h: 1 });
      exchange.variables.set('v', 'value');
      wired.feed(exchange);
      await context.clock.advance(0);
      const [copy] = taken(context, 'mock:tap');
      expect([copy!.body, copy!.headers.get('h')]).to.deep.equal(expected);
    }
  });

  it('does not tell the exchange that the copy failed, but those who keep such messages', async () => {
    const kept: Exchange[] = [];
    const warnings: string[] = [];
    for (const overrides of [{ unknownEndpoints: ['mock:x'] }, { endpoints: { 'mock:x': () => Promise.reject(new Error('down')) } }]) {
      const { context, wired } = tapping(at('mock:${body}'), { ...overrides, keepFailed: (copy) => void kept.push(copy) });
      context.events.on('log', ({ message }) => void warnings.push(message));
      const exchange = exchangeOf('x');
      wired.feed(exchange);
      await context.clock.advance(0);
      expect([exchange.halt, context.underWay]).to.deep.equal([0, 0]);
    }
    expect(kept).to.have.length(2);
    expect(warnings[1]).to.include('down');
  });

  it('sends nothing to what does not exist when it is told so, and nothing to other schemes than allowed', async () => {
    const kept: Exchange[] = [];
    const ignoring = tapping({ ...at('nosuch:x'), ignoreInvalidEndpoint: true }, { unknownEndpoints: ['nosuch:x'], keepFailed: (copy) => void kept.push(copy) });
    ignoring.wired.feed(exchangeOf('x'));
    await ignoring.context.clock.advance(0);
    expect([kept.length, ignoring.context.underWay]).to.deep.equal([0, 0]);
    const allowing = tapping({ ...at('direct:${body}'), allowedSchemes: 'mock' }, { keepFailed: (copy) => void kept.push(copy) });
    allowing.wired.feed(exchangeOf('x'));
    await allowing.context.clock.advance(0);
    expect([kept[0]!.exception!.type, allowing.context.sent.size]).to.deep.equal(['org.apache.camel.ResolveEndpointFailedException', 0]);
  });

  it('holds a one-way delivery until the copy is done, and does not keep a request waiting', async () => {
    for (const isRequest of [false, true]) {
      let finish = (): void => {};
      const { context, wired } = tapping(at('mock:tap'), { endpoints: { 'mock:tap': () => new Promise<void>((resolve) => (finish = resolve)) } });
      const exchange = exchangeOf('b');
      exchange.isInOut = isRequest;
      let isSettled = false;
      exchange.unitOfWork = new UnitOfWork(exchange, () => (isSettled = true));
      wired.feed(exchange);
      exchange.unitOfWork.release();
      await context.clock.advance(0);
      expect(isSettled).to.equal(isRequest);
      finish();
      await context.clock.advance(0);
      expect([isSettled, context.underWay]).to.deep.equal([true, 0]);
    }
  });

  it('lets exchanges wait while a thousand copies are under way', async () => {
    const finish: (() => void)[] = [];
    const { context, wired } = tapping(at('mock:tap'), { endpoints: { 'mock:tap': () => new Promise<void>((resolve) => void finish.push(resolve)) } });
    for (let i = 0; i < 1002; i++) wired.feed(exchangeOf(i));
    await context.clock.advance(0);
    expect([wired.left.length, context.underWay]).to.deep.equal([1000, 1000]);
    finish.shift()!();
    await context.clock.advance(0);
    expect(wired.left).to.have.length(1001);
    while (finish.length > 0) {
      finish.splice(0).forEach((resolve) => resolve());
      await context.clock.advance(0);
    }
    expect([wired.left.length, context.underWay]).to.deep.equal([1002, 0]);
  });
});
