import { expect } from 'chai';
import { Headers } from '../../src/core/exchange/headers.ts';
import { UnitOfWork } from '../../src/core/exchange/exchange.ts';
import { poll } from '../../src/eip/poll.ts';
import { exchangeOf, runLater, stepContext } from '../contract/operator.ts';

const options = { uri: { uri: 'seda:${header.from}', parameters: {} }, variableReceive: undefined, timeout: 100 };

describe('poll', () => {
  const polling = (message: { body: unknown; headers: Record<string, unknown> } | null) => {
    const asked: unknown[] = [];
    const settled: string[] = [];
    const context = stepContext({
      polled: async (uri, timeoutMillis) => {
        asked.push(uri, timeoutMillis);
        return message === null ? null : { body: message.body, headers: Headers.from(message.headers), settle: ({ isFailed }) => void settled.push(isFailed ? 'failed' : 'done') };
      },
    });
    return { context, asked, settled };
  };

  it('goes on with the message that it got; own headers stay', async () => {
    const { context, asked } = polling({ body: 'polled', headers: { h: 2 } });
    const [exchange] = await runLater(poll.operator(options, context), context, [exchangeOf('a', { from: 'x', h: 1 }, context.scope)]);
    expect([asked, exchange!.body, exchange!.headers.get('h'), exchange!.headers.get('from'), exchange!.property('CamelToEndpoint')]).to.deep.equal([['seda:x', 100], 'polled', 2, 'x', 'seda://x']);
  });

  it('has a null body when nothing came', async () => {
    const { context } = polling(null);
    const [exchange] = await runLater(poll.operator(options, context), context, [exchangeOf('a', {}, context.scope)]);
    expect(exchange!.body).to.equal(null);
  });

  it('puts the message into a variable, which there is not when nothing came', async () => {
    const received = async (message: { body: unknown; headers: Record<string, unknown> } | null) => {
      const { context } = polling(message);
      const [exchange] = await runLater(poll.operator({ ...options, variableReceive: 'v' }, context), context, [exchangeOf('a', {}, context.scope)]);
      return [exchange!.body, exchange!.variable('v'), exchange!.variable('header:v.h')];
    };
    expect([await received({ body: 'polled', headers: { h: 2 } }), await received(null)]).to.deep.equal([
      ['a', 'polled', 2],
      ['a', undefined, undefined],
    ]);
  });

  it('settles what it took with the exchange', async () => {
    const { context, settled } = polling({ body: 'polled', headers: {} });
    const exchange = exchangeOf('a', {}, context.scope);
    exchange.unitOfWork = new UnitOfWork(exchange, () => {});
    await runLater(poll.operator(options, context), context, [exchange]);
    expect(settled).to.deep.equal([]);
    exchange.unitOfWork.release();
    await context.clock.advance(0);
    expect(settled).to.deep.equal(['done']);
  });

  it('gives back what came for an exchange for which nobody waits any more', async () => {
    const { context, settled } = polling({ body: 'polled', headers: {} });
    const exchange = exchangeOf('a', {}, context.scope);
    exchange.signal = AbortSignal.abort();
    await runLater(poll.operator(options, context), context, [exchange]);
    expect([exchange.isFailed, settled]).to.deep.equal([true, ['failed']]);
  });
});
