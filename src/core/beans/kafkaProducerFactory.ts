/** What stands for Spring's factory of Kafka producers: where the brokers are, and what transactional ids begin with. */
export class KafkaProducerFactory {
  configurationProperties: unknown = undefined;
  bootstrapServers: unknown = undefined;
  transactionIdPrefix: unknown = undefined;
  // What has no effect here: there is one producer for each open transaction.
  producerPerThread: unknown = undefined;
  physicalCloseTimeout: unknown = undefined;
  maxAge: unknown = undefined;

  constructor(configurationProperties: unknown) {
    this.configurationProperties = configurationProperties;
  }
}

export const kafkaFactoryClass = 'org.springframework.kafka.core.DefaultKafkaProducerFactory';

export const makeKafkaProducerFactory = (className: string, args: readonly unknown[]): KafkaProducerFactory | undefined => (className === kafkaFactoryClass ? new KafkaProducerFactory(args[0]) : undefined);

export interface KafkaConnection {
  readonly brokers: readonly string[];
  readonly transactionIdPrefix: string | null;
}

const entryOf = (map: unknown, name: string): unknown => (map instanceof Map ? map.get(name) : typeof map === 'object' && map !== null ? (map as Readonly<Record<string, unknown>>)[name] : undefined);

/** What a bean says of brokers: a factory, a map of Kafka's own settings, or a text `host:port,...`. @throws Error when it says nothing */
export function kafkaConnection(bean: unknown): KafkaConnection {
  const isFactory = bean instanceof KafkaProducerFactory;
  const settings = isFactory ? bean.configurationProperties : bean;
  const servers = (isFactory ? bean.bootstrapServers : undefined) ?? (typeof settings === 'string' ? settings : entryOf(settings, 'bootstrap.servers') ?? entryOf(settings, 'bootstrapServers'));
  const brokers = (Array.isArray(servers) ? servers.map(String) : String(servers ?? '').split(',')).map((one) => one.trim()).filter((one) => one !== '');
  if (brokers.length === 0) throw new Error('its `transactionManager` does not say which brokers: give it a bean of the type org.springframework.kafka.core.DefaultKafkaProducerFactory with the property `bootstrapServers`');
  const prefix = isFactory ? bean.transactionIdPrefix : undefined;
  return { brokers, transactionIdPrefix: typeof prefix === 'string' && prefix !== '' ? prefix : null };
}

/** The same for the same brokers, in whatever order they are written. */
export const kafkaBrokers = (brokers: readonly string[]): string => `kafka:${[...brokers].map((one) => (/:\d+$/.test(one) ? one : `${one}:9092`)).sort().join(',')}`;
