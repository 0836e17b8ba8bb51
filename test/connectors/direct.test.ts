import { expect } from 'chai';
import { VirtualClock } from '../../src/core/clock.ts';
import { direct } from '../../src/connectors/direct.ts';
import { Surroundings, TestRoute } from '../contract/connector.ts';

const definition = direct as never;

describe('direct', () => {
  let clock: VirtualClock;
  let around: Surroundings;

  beforeEach(() => {
    clock = new VirtualClock();
    around = new Surroundings({ clock });
  });

  const consume = async (routeId = 'test'): Promise<TestRoute> => {
    const target = new TestRoute(around.scope, (exchange) => exchange.headers.set('by', routeId), routeId);
    await (await around.consumer(definition, 'direct:a', routeId)).start(target);
    return target;
  };

  it('calls the route in place, with the same exchange', async () => {
    const target = await consume();
    const exchange = around.exchange('x', {}, true);
    const producer = await around.producer(definition, 'direct:a');
    let isBack = false;
    void around.send(producer, exchange).then(() => (isBack = true));
    expect(target.received.map((one) => one === exchange)).to.deep.equal([true]);
    await clock.advance(0);
    expect(isBack).to.equal(true);
  });

  it('waits half a minute for a route that is not there, then fails', async () => {
    const sending = around.send(await around.producer(definition, 'direct:a'), around.exchange('x'));
    await clock.advance(29_999);
    expect(around.clock.waiting).to.equal(1);
    await clock.advance(1);
    const { exception } = await sending;
    expect(exception?.type).to.equal('org.apache.camel.component.direct.DirectConsumerNotAvailableException');
    expect(exception?.message).to.equal('No consumers available on endpoint: direct://a. Exchange[]');
  });

  it('goes to a route that comes meanwhile', async () => {
    const sending = around.send(await around.producer(definition, 'direct:a'), around.exchange('x'));
    await clock.advance(10);
    await consume();
    expect((await sending).headers.get('by')).to.equal('test');
    expect(around.clock.waiting).to.equal(0);
  });

  it('fails at once with block=false, and goes on without failIfNoConsumers', async () => {
    expect((await around.send(await around.producer(definition, 'direct:a?block=false'), around.exchange('x'))).exception?.message).to.equal(
      'No consumers available on endpoint: direct://a?block=false. Exchange[]',
    );
    expect((await around.send(await around.producer(definition, 'direct:a?block=false&failIfNoConsumers=false'), around.exchange('x'))).exception).to.equal(null);
  });

  it('reads its target at each call: a new generation takes over, the old one lets go of nothing that is not its own', async () => {
    const old = new TestRoute(around.scope, () => undefined, 'r');
    const oldConsumer = await around.consumer(definition, 'direct:a', 'r');
    await oldConsumer.start(old);
    const producer = await around.producer(definition, 'direct:a');
    const fresh = await consume('r');
    await oldConsumer.stop();
    await around.send(producer, around.exchange('x'));
    expect([old.received.length, fresh.received.length]).to.deep.equal([0, 1]);
  });

  it('refuses a second route', async () => {
    await consume('one');
    let message = '';
    await consume('two').catch((thrown: Error) => (message = thrown.message));
    expect(message).to.equal('multiple consumers for the same endpoint are not allowed: direct://a feeds route `one` already');
  });

  it('lets waiting exchanges go when the producer is closed', async () => {
    const producer = await around.producer(definition, 'direct:a');
    const sending = around.send(producer, around.exchange('x'));
    await producer.close!();
    expect((await sending).isFailed).to.equal(true);
    expect(around.clock.waiting).to.equal(0);
  });

  it('has no route while that is suspended', async () => {
    const target = new TestRoute(around.scope);
    const consumer = await around.consumer(definition, 'direct:a');
    await consumer.start(target);
    await consumer.suspend!();
    const producer = await around.producer(definition, 'direct:a?block=false');
    expect((await around.send(producer, around.exchange('x'))).isFailed).to.equal(true);
    await consumer.resume!();
    expect((await around.send(producer, around.exchange('x'))).isFailed).to.equal(false);
  });
});
