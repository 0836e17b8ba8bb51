import { brokerKey } from '../../core/beans/rabbitBroker.ts';
import { brokerOf } from './address.ts';
import { defineConnector } from '../../core/connector.ts';
import { rabbitmqOptions } from './options.ts';

export const rabbitmq = defineConnector({
  scheme: 'spring-rabbitmq',
  aliases: ['rabbitmq'],
  syntax: 'spring-rabbitmq:exchangeName',
  summary: 'Consumes from and publishes to RabbitMQ (AMQP 0-9-1), with confirms both ways.',
  isOrdered: true,
  resource: (endpoint, context) => brokerKey(brokerOf(endpoint, context).addresses),
  // A queue of the consumer's own gets a copy of every message.
  isShareable: ({ queues, exclusive }) => queues !== undefined && !exclusive,
  isRemote: true,
  notPromised: {},
  longestWaitMillis: 300_000,
  options: rabbitmqOptions,
  headers: {
    CamelSpringRabbitmqRoutingOverrideKey: 'Routing key for this message.',
    CamelSpringRabbitmqExchangeOverrideName: 'Exchange for this message.',
    CamelSpringRabbitmqRedelivered: 'The broker has sent the message before.',
    CamelSpringRabbitmqDeliveryTag: 'Number of the delivery on its channel.',
    CamelSpringRabbitmqExchangeName: 'Exchange that the message was published to.',
    CamelSpringRabbitmqRoutingKey: 'Routing key that it was published with.',
    CamelSpringRabbitmqDeliveryMode: '`PERSISTENT` or `NON_PERSISTENT`; also 2 or 1 where it is sent.',
    CamelSpringRabbitmqType: 'Type of the message.',
    CamelSpringRabbitmqContentType: 'Content type.',
    CamelSpringRabbitmqContentLength: 'Length in bytes.',
    CamelSpringRabbitmqContentEncoding: 'Content encoding; for text the charset.',
    CamelSpringRabbitmqMessageId: 'Id of the message.',
    CamelSpringRabbitmqCorrelationId: 'Brings request and reply together.',
    CamelSpringRabbitmqReplyTo: 'Queue for the reply.',
    CamelSpringRabbitmqExpiration: 'Milliseconds after which the broker drops it.',
    CamelSpringRabbitmqTimestamp: 'When it was sent, to the second.',
    CamelSpringRabbitmqUserId: 'User that sent it, as the broker has checked.',
    CamelSpringRabbitmqAppId: 'Application that sent it.',
    CamelSpringRabbitmqPriority: 'Priority, 0 to 255.',
    CamelSpringRabbitmqClusterId: 'Cluster.',
  },
  consumer: async (endpoint, context) => {
    const { RabbitConsumer } = await import('./consumer.ts');
    return new RabbitConsumer(endpoint, context);
  },
  producer: async (endpoint, context) => {
    const { RabbitProducer } = await import('./producer.ts');
    return new RabbitProducer(endpoint, context);
  },
});
