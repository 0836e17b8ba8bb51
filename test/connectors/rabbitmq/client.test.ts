import { expect } from 'chai';
import type { Address, BrokerChannel, BrokerConnection, WireMessage } from '../../../src/connectors/rabbitmq/client.ts';
import { connect } from '../../../src/connectors/rabbitmq/client.ts';
import { amqpUrl, Broker, describeWithBroker } from './broker.ts';

describeWithBroker('the AMQP client', () => {
  let broker: Broker;
  let connection: BrokerConnection;
  let channel: BrokerChannel;
  let queue: string;

  beforeEach(async () => {
    broker = await Broker.open();
    queue = await broker.queue();
    const { hostname, port, username, password } = new URL(amqpUrl);
    const address: Address = { host: hostname, port: Number(port || 5672), username, password, virtualHost: '/', tls: null };
    connection = await connect(address, { connectTimeoutMillis: 5000, heartbeatSeconds: 10, name: 'mecha-test', signal: new AbortController().signal });
    channel = await connection.channel(false);
  });

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
});
