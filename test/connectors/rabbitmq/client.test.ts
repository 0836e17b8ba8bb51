import { expect } from 'chai';
import type { Address, BrokerChannel, BrokerConnection, WireMessage } from '../../../src/connectors/rabbitmq/client.ts';
import { connect } from '../../../src/connectors/rabbitmq/client.ts';
import { amqpUrl, Broker, describeWithBroker, Wiretap } from './broker.ts';

describeWithBroker('the AMQP client', () => {
  let broker: Broker;
  let connection: BrokerConnection;
  let channel: BrokerChannel;
  let queue: string;

  beforeEach(async () => {
    broker = await Broker.open();
    queue = await broker.queue();
    connection = await open(amqpUrl);
    channel = await connection.channel(false);
  });

  const open = (url: string): Promise<BrokerConnection> => {
    const { hostname, port, username, password } = new URL(url);
    const address: Address = { host: hostname, port: Number(port || 5672), username, password, virtualHost: '/', tls: null };
    return connect(address, { connectTimeoutMillis: 5000, heartbeatSeconds: 10, name: 'mecha-test', signal: new AbortController().signal });
  };

  afterEach(async () => {
    connection.destroy();
    await broker.close();
  });

  const delivered = async (): Promise<WireMessage> => {
    await broker.send(queue, 'a');
    return (await channel.get(queue))!;
  };

  for (const [what, close] of [
    ['channel', () => channel.close()],
    ['connection', () => connection.close()],
  ] as const) {
    it(`lets a settlement that comes while the ${what} closes go, and the broker has the message again`, async () => {
      const { fields } = await delivered();
      const closing = close();
      channel.ack(fields.deliveryTag, false);
      channel.nack(fields.deliveryTag, false, true);
      await closing;
      channel.ack(fields.deliveryTag, false);
      expect((await broker.get(queue))!.content.toString()).to.equal('a');
    });
  }

  it('has closed a channel when the connection goes before the broker answers', async () => {
    const tap = await Wiretap.open();
    const cut = await open(tap.url);
    const closing = (await cut.channel(false)).close();
    tap.cut();
    await closing;
    await tap.close();
  });
});
