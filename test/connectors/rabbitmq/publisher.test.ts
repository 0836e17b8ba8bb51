import { expect } from 'chai';
import { VirtualClock } from '../../../src/core/clock.ts';
import type { ExchangeError } from '../../../src/core/errors.ts';
import type { BrokerChannel, BrokerConnection, WireMessage } from '../../../src/connectors/rabbitmq/client.ts';
import { Publisher } from '../../../src/connectors/rabbitmq/publisher.ts';
import type { Link, LinkUser } from '../../../src/connectors/rabbitmq/link.ts';

/** A broker in memory that confirms when it is told to. */
class FakeChannel {
  isOpen = true;
  isRoomy = true;
  readonly published: { readonly content: string; readonly done: (error: Error | null) => void }[] = [];
  private drained: () => void = () => undefined;
  private returned: (message: WireMessage, reason: string) => void = () => undefined;

  onClose(): void {}
  onReturn(returned: (message: WireMessage, reason: string) => void): void {
    this.returned = returned;
  }
  onDrain(drained: () => void): void {
    this.drained = drained;
  }
  publish(_exchange: string, _key: string, content: Buffer, _properties: unknown, _isMandatory: boolean, done: (error: Error | null) => void): boolean {
    this.published.push({ content: content.toString(), done });
    return this.isRoomy;
  }
  drain(): void {
    this.isRoomy = true;
    this.drained();
  }
  giveBack(content: string): void {
    this.returned({ fields: { exchange: '', routingKey: 'q', deliveryTag: 0, redelivered: false }, properties: {}, content: Buffer.from(content) }, 'NO_ROUTE');
  }
  async close(): Promise<void> {}
}

describe('the publisher of spring-rabbitmq', () => {
  let clock: VirtualClock;
  let user: LinkUser;
  let channel: FakeChannel;
  let publisher: Publisher;
  let said: string[];
  let ends: string[];

  const connect = async (): Promise<void> => {
    channel = new FakeChannel();
    user.connected({ channel: () => Promise.resolve(channel as unknown as BrokerChannel) } as unknown as BrokerConnection);
    await clock.advance(0);
  };

  const publish = (content: string, isMandatory = true): void =>
    publisher.publish({
      exchange: '',
      routingKey: 'q',
      content: Buffer.from(content),
      properties: {},
      isMandatory,
      isConfirmed: true,
      timeoutMillis: 1000,
      shownUri: 'spring-rabbitmq:default',
      done: (error: ExchangeError | null) => void ends.push(error === null ? content : `${content}: ${error.message}`),
    });

  const written = (): string[] => channel.published.map(({ content }) => content);

  beforeEach(async () => {
    clock = new VirtualClock();
    said = [];
    ends = [];
    publisher = new Publisher({ join: (joined: LinkUser) => (user = joined), leave: () => undefined } as unknown as Link, clock, false, () => Promise.resolve());
    publisher.listen({ waiting: (reason) => said.push(`waiting: ${reason}`), blocked: (reason) => said.push(`blocked: ${reason}`), ready: () => said.push('ready') });
    await connect();
  });

  it('holds everything back while the broker is blocked, says so once, and no time runs out meanwhile', async () => {
    user.blocked!('low on memory');
    user.blocked!('low on memory');
    publish('a');
    publish('b');
    await clock.advance(60_000);
    expect(written()).to.deep.equal([]);
    expect(ends).to.deep.equal([]);
    user.unblocked!();
    expect(written()).to.deep.equal(['a', 'b']);
    expect(said).to.deep.equal(['blocked: low on memory', 'ready']);
    for (const { done } of channel.published) done(null);
    expect(ends).to.deep.equal(['a', 'b']);
  });

  it('waits for a full channel to drain', () => {
    channel.isRoomy = false;
    publish('a');
    publish('b');
    expect(written()).to.deep.equal(['a']);
    channel.drain();
    expect(written()).to.deep.equal(['a', 'b']);
  });

  it('has a bounded number of messages without a confirm', () => {
    for (let i = 0; i < 2010; i++) publish(String(i));
    expect(written()).to.have.length(2000);
    channel.published[0]!.done(null);
    expect(written()).to.have.length(2001);
  });

  it('gives up a message that is not confirmed in time, and does not mind a late confirm', async () => {
    publish('a');
    await clock.advance(1001);
    expect(ends).to.deep.equal(['a: spring-rabbitmq:default: the broker has not confirmed the message within 1000 ms']);
    channel.published[0]!.done(null);
    expect(ends).to.have.length(1);
    expect(clock.waiting).to.equal(0);
  });

  it('knows by its content which message was returned', () => {
    for (const content of ['a', 'b', 'c']) publish(content);
    channel.giveBack('b');
    for (const { done } of channel.published) done(null);
    expect(ends.map((end) => end.slice(0, 2))).to.deep.equal(['a', 'b:', 'c']);
  });

  it('fails what the broker refuses', () => {
    publish('a');
    channel.published[0]!.done(new Error('message nacked'));
    expect(ends[0]).to.match(/a: .*did not take the message/);
  });

  it('sends again what was not confirmed when the connection went, in the same order', async () => {
    for (const content of ['a', 'b', 'c']) publish(content);
    channel.published[1]!.done(null);
    const before = channel;
    user.lost(Object.assign(new Error('cut'), {}) as ExchangeError);
    before.published[0]!.done(new Error('channel closed'));
    publish('d');
    await connect();
    expect(written()).to.deep.equal(['a', 'c', 'd']);
    expect(said).to.deep.equal(['waiting: cut', 'ready']);
  });

  it('fails what is left when it is closed', async () => {
    publish('a');
    await publisher.close();
    publish('b');
    expect(ends).to.have.length(2);
    expect(clock.waiting).to.equal(0);
  });
});
