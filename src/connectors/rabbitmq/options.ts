import { field } from '../../core/field.ts';

const java = 'there is no Spring container behind it';
const exchangeTypes = ['direct', 'fanout', 'headers', 'topic'] as const;

export const rabbitmqOptions = {
  exchangeName: field.string('Exchange to publish to, or to bind the queues to; `default` is the nameless one, which reaches a queue by its name.').required().inPath(),
  queues: field.string('Queues to consume from (or to declare, for a producer), separated by commas. None: the consumer makes one of its own.'),
  routingKey: field.string('Routing key to publish with, or to bind by.'),
  exchangeType: field.enum('Type of the exchange, where it is declared.', exchangeTypes).default('direct'),

  // where the broker is
  connectionFactory: field.string('Bean that says where the broker is, such as a CachingConnectionFactory.'),
  url: field.url('Broker, with user and virtual host: `amqp://user:password@host:5672/vhost`, or `amqps:`. By default the setting `rabbitmq.url`.').secret(),
  addresses: field.string('Brokers of one cluster, `host:port` separated by commas: tried in turn.'),
  hostname: field.string('Host of the broker.'),
  port: field.integer('Its port; 5672, or 5671 with TLS.').atLeast(1).atMost(65_535),
  username: field.string('User.'),
  password: field.string('Password.').secret(),
  virtualHost: field.string('Virtual host.'),
  tls: field.boolean('Connects with TLS.'),
  sslContextParameters: field.string('Bean with `ca`, `cert`, `key`, `passphrase` and the like, as for node:tls; turns TLS on.'),
  connectionTimeout: field.millis('Time for a connection to come about.').atLeast(1),
  requestedHeartbeat: field.integer('Seconds between signs of life; a connection without any for two of these times counts as cut. 0 = none.').atLeast(0).atMost(65_535),
  reconnectDelay: field.millis('Pause before connecting again; doubles up to 30 seconds.').default(200).atLeast(1),

  // consuming
  acknowledgeMode: field.enum('AUTO: when the route is done with a message; MANUAL: the route does it by the property CamelSpringRabbitmqChannel; NONE: when the broker has sent it.', ['NONE', 'MANUAL', 'AUTO']).default('AUTO'),
  prefetchCount: field.count('Messages under way at once, for each of the concurrent consumers.').default(250).atLeast(1).atMost(65_535),
  concurrentConsumers: field.count('Consumers, each with a channel of its own. Messages of one consumer keep their order.').default(1).atLeast(1).atMost(500),
  asyncConsumer: field.boolean('Messages of one consumer may overtake each other.').default(false),
  exclusive: field.boolean('Nobody else may consume from the queues.').default(false),
  noLocal: field.boolean('Does not take what the same connection has published (RabbitMQ does not look at it).').default(false),
  autoDeclare: field.boolean('Declares exchange, queues and bindings when it starts; otherwise they must be there.').default(true),
  args: field.map('Arguments for what is declared: `arg.queue.x-message-ttl=60000`, `arg.exchange.durable=false`, `arg.binding.`, `arg.consumer.`, `arg.dlq.exchange.`, `arg.dlq.queue.`, `arg.dlq.binding.`.', field.string('Value.')).prefixed('arg.'),
  deadLetterExchange: field.string('Exchange that messages which keep failing are published to, with the reason in their headers.'),
  deadLetterExchangeType: field.enum('Its type.', exchangeTypes).default('direct'),
  deadLetterQueue: field.string('Queue that is bound to it.'),
  deadLetterRoutingKey: field.string('Routing key for it; by default the message’s own.'),
  maximumRetryAttempts: field.count('How often a message is tried that the route fails with, the first time included.').default(5).atLeast(1),
  retryDelay: field.millis('Pause before it is tried again: it waits in a queue beside its own, `QUEUE.retry.MILLIS`.').default(1000).atLeast(0),
  rejectAndDontRequeue: field.boolean(
    'What becomes of a message that keeps failing when no `deadLetterExchange` is named. true: it is rejected, and the broker’s own policy decides; false: it goes back to its queue. By default it is kept in the runtime’s dead letters.',
  ),
  disableReplyTo: field.boolean('Consumer: sends no reply. Producer: waits for none.').default(false),
  exchangePattern: field.enum('Pattern of new exchanges; by default InOut for a message that wants a reply.', ['InOnly', 'InOut']),
  autoStartup: field.boolean('Begins to consume when the route starts.').default(true),
  testConnectionOnStartup: field.boolean('A broker that can not be reached, or refuses user, password or virtual host, is an error when the route starts; otherwise it is waited for.').default(false),
  maxMessageSize: field.bytes('A message that is longer fails: one to send before it is sent, one that came before the route sees it.').default(128 * 1024 * 1024).atLeast(1),

  // publishing
  autoDeclareProducer: field.boolean('The producer declares exchange, queues and bindings.').default(false),
  skipDeclareExchange: field.boolean('It does not declare the exchange.').default(false),
  skipDeclareQueue: field.boolean('It does not declare the queues, and binds none.').default(false),
  skipBindQueue: field.boolean('It binds no queue.').default(false),
  allowNullBody: field.boolean('Sends an empty message when there is no body; otherwise that is an error.').default(false),
  confirm: field.enum('Whether a step waits until the broker has the message: `auto` and `enabled` do, `disabled` does not.', ['auto', 'enabled', 'disabled']).default('auto'),
  confirmTimeout: field.millis('How long, a reconnect in between included; negative = for ever.').default(5000),
  replyTimeout: field.millis('How long to wait for a reply; negative = for ever.').default(30_000),
  mandatory: field.boolean('A message that reaches no queue is an error. By default so for the default and for direct exchanges, not for those with subscribers (`exchangeType` fanout, topic, headers).'),
  lazyStartProducer: field.boolean('Connects with the first message.').default(false),
  headerFilterStrategy: field.string('Bean that decides which headers go out and come in: `applyFilterToCamelHeaders(name, value)` and `applyFilterToExternalHeaders(name, value)`, true = not.'),

  // taken, without effect
  usePublisherConnection: field.boolean('Publishes over a connection of its own.').ignored('publishers always have one, apart from the consumers’'),
  maxConcurrentConsumers: field.count('Most consumers.').ignored('consumers are channels, not threads: concurrentConsumers says how many'),
  messageListenerContainerType: field.enum('Kind of Java container.', ['DMLC', 'SMLC']).ignored(java),
  bridgeErrorHandler: field.boolean('Has errors of the consumer itself handled by the route.').ignored('the consumer tries again by itself; a message that can not be read goes through the route’s failure policy anyway'),
  exceptionHandler: field.string('Bean that is told errors of the consumer.').ignored('errors of the consumer go to the log'),
  retry: field.string('Java object.').ignored(`${java}: maximumRetryAttempts and retryDelay say the same`),
  messageConverter: field.string('Java object.').ignored(java),
  messagePropertiesConverter: field.string('Java object.').ignored(java),
  synchronous: field.boolean('Works on one message after the other.').ignored('prefetchCount=1 does that'),
} as const;
