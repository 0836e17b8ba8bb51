import type { Endpoint } from '../../core/connector.ts';
import { field } from '../../core/field.ts';

const stringDeserializer = 'org.apache.kafka.common.serialization.StringDeserializer';
const stringSerializer = 'org.apache.kafka.common.serialization.StringSerializer';
const noThreads = 'there are no worker threads here: work goes on when the broker has answered';
const noJmx = "the runtime's own metrics are there instead";
const noKerberos = 'Kerberos needs Java; SASL PLAIN, SCRAM and OAUTHBEARER are there';
const noProviders = "Node's own TLS is used";

export const kafkaOptions = {
  topic: field.string('Topic to send to, or topics to read, with commas between them; with topicIsPattern a regular expression.').inPath().required(),

  // Both ends.
  brokers: field.string('Brokers to begin with, `host1:port1,host2:port2`; the property camel.component.kafka.brokers says them once for all endpoints.'),
  clientId: field.string('Name that the brokers see in requests and show in their logs.'),
  additionalProperties: field
    .map("Kafka's own settings by their own names, such as `additionalProperties.transactional.id`; those without an option here have no effect.", field.any('The value.'))
    .prefixed('additionalProperties.'),
  headerFilterStrategy: field.string('Bean that decides which headers go out and come in, beside those of Camel, which never do.'),
  metadataMaxAgeMs: field.millis('After this time brokers, partitions and topics that match a pattern are looked up again.').default(300_000),
  reconnectBackoffMaxMs: field.millis('Longest wait before connecting again.').default(1000),
  reconnectBackoffMs: field.millis('First wait before connecting again; it doubles.').default(50),
  retryBackoffMaxMs: field.millis('Longest wait before a request, or a record that failed, is tried again.').default(1000),
  retryBackoffMs: field.millis('First wait before a request, or a record that failed, is tried again; it doubles.').default(100),
  shutdownTimeout: field.millis('How long closing may take: the last commit, leaving the group, sending what is buffered.').default(30_000),

  // The consumer.
  groupId: field.string('Consumer group; those with the same one share the partitions. Without it a group of its own with a random name.'),
  groupInstanceId: field.string('Static member of the group.').ignored('the client has no static membership: a restart costs a rebalance'),
  groupProtocol: field.enum('How the group agrees on who reads what.', ['classic', 'consumer']).default('classic').ignored('the client speaks the classic protocol, which all brokers understand'),
  groupRemoteAssignor: field.string("The broker's assignor for the new group protocol.").ignored('the client speaks the classic protocol, where members assign'),
  partitionAssignor: field.string('How partitions are shared: RangeAssignor, RoundRobinAssignor, or both, the preferred one first.').default('org.apache.kafka.clients.consumer.RangeAssignor'),
  consumersCount: field.integer('Members that this endpoint has in the group.').default(1).atLeast(1),
  recordsInFlight: field
    .integer('Records of one partition that may be under way at once; they pass each step in order. 1: strictly one after the other.')
    .default(500)
    .atLeast(1),
  exactlyOnce: field
    .boolean(
      "What the route's exchanges send to the same brokers, and the offset of the records they came from, are committed in one transaction a partition. Reads only what is committed; needs `groupId`. A record that fails is kept in the dead letters, and what it has sent by then is committed; with breakOnFirstError the transaction is taken back.",
    )
    .default(false),
  transactionTimeoutMs: field.millis('With exactlyOnce or transacted: an open transaction is aborted by the broker after this time.').default(60_000).atLeast(1000),
  autoOffsetReset: field.enum('Where a group begins that has no offset yet; none: it fails.', ['latest', 'earliest', 'none']).default('latest'),
  seekTo: field.enum('Where to begin at every start, whatever the group has committed.', ['BEGINNING', 'END']),
  topicIsPattern: field.boolean('The topic is a regular expression; topics that match later are found after metadataMaxAgeMs.').default(false),
  autoCommitEnable: field.boolean('Commits the offsets of records whose exchanges are done. False: only the route commits (allowManualCommit).').default(true),
  autoCommitIntervalMs: field
    .millis("Longest time that the offset of a finished record stays uncommitted while more are coming; half of recordsInFlight, or nothing left to do, commits earlier. Kafka's own default is 5000: shorter means fewer duplicates after a crash.")
    .default(200),
  allowManualCommit: field.boolean('Sets the header CamelKafkaManualCommit, whose `commit()` commits up to the record.').default(false),
  kafkaManualCommitFactory: field.string('Bean that makes what stands in the header CamelKafkaManualCommit: `newInstance({ topic, partition, offset, commit })`.'),
  commitTimeoutMs: field.millis('How long a commit that the route asks for may take, before it fails.').default(5000).atLeast(1),
  offsetRepository: field.string('Bean that keeps the offsets in place of Kafka: `getState(key)`, `setState(key, offset)`, where the key is `topic/partition`.'),
  breakOnFirstError: field
    .boolean('A record whose exchange fails is delivered again, and those after it wait. False: it goes to the dead letters and the next ones go on.')
    .default(false),
  batching: field.boolean('One exchange for several records of a partition: its body is the list of their exchanges. With exactlyOnce each batch is a transaction.').default(false),
  batchingIntervalMs: field.millis('A batch that is not full goes on after this time; without it after pollTimeoutMs.'),
  maxPollRecords: field.integer('Most records of one batch (batching), or of one transaction (exactlyOnce).').default(500).atLeast(1),
  pollTimeoutMs: field.millis('With batching, and without batchingIntervalMs: how long a batch waits for more.').default(5000),
  pollOnError: field
    .enum('What becomes of a record whose value, key or headers can not be deserialised. ERROR_HANDLER: it goes to the error handler of the route with its bytes as the body, and past the steps; what no handler takes is kept in the dead letters. RECONNECT and RETRY deliver it again.', ['DISCARD', 'ERROR_HANDLER', 'RECONNECT', 'RETRY', 'STOP'])
    .default('ERROR_HANDLER'),
  maxPollIntervalMs: field.millis('How long a rebalance waits for the members, and these for their records under way.').default(60_000).atLeast(1000),
  sessionTimeoutMs: field.millis('A member that is silent for so long is taken for dead.').default(45_000).atLeast(1000),
  heartbeatIntervalMs: field.millis('Time between signs of life, and how soon a rebalance is noticed.').default(3000).atLeast(10),
  fetchMinBytes: field.bytes('A broker waits until it has so much, or fetchWaitMaxMs have passed.').default(1),
  fetchMaxBytes: field.bytes('Most that one fetch brings from a broker.').default(52_428_800),
  maxPartitionFetchBytes: field.bytes('Most that one fetch brings of a partition; at most twice as much of it is in memory.').default(1_048_576),
  fetchWaitMaxMs: field.millis('How long a broker may wait for something to send.').default(500),
  consumerRequestTimeoutMs: field.millis('After this time without an answer the connection is dropped and made anew.').default(30_000).atLeast(100),
  checkCrcs: field.boolean('Checks the checksum of what was fetched.').default(true).ignored('the client leaves it to TCP'),
  isolationLevel: field.enum('Whether records of transactions are read before these are committed.', ['read_uncommitted', 'read_committed']).default('read_uncommitted'),
  keyDeserializer: field.string('Java class of the key as it comes in: String, ByteArray, Integer, Long, Double, ..., Json; or a bean with `deserialize(topic, bytes)`.').default(stringDeserializer),
  valueDeserializer: field.string('Java class of the value as it comes in: String, ByteArray, Integer, Long, Double, ..., Json; or a bean with `deserialize(topic, bytes)`.').default(stringDeserializer),
  headerDeserializer: field.string('Bean with `deserialize(name, bytes)` for header values. Without it UTF-8 becomes text, other bytes stay bytes.'),
  specificAvroReader: field.boolean('Avro records as instances of generated classes.').default(false).ignored('there are no generated Java classes here'),
  preValidateHostAndPort: field.boolean('Refuses brokers that are not written as host:port. One that can not be resolved yet is waited for.').default(true),
  bridgeErrorHandler: field.boolean('Errors of polling go through the error handler.').default(false).ignored('a record that can not be read always becomes an exchange (pollOnError), a broker that is down is waited for'),
  exceptionHandler: field.string('Bean for errors outside of exchanges.').ignored('they are logged, and show in health'),
  exchangePattern: field.enum('Pattern of the exchanges.', ['InOnly', 'InOut']),

  // The producer.
  key: field.string('Key of every record; wins over the header CamelKafkaKey.'),
  partitionKey: field.integer('Partition of every record; wins over the header CamelKafkaPartitionKey.').atLeast(0),
  partitioner: field.string('Partitioner class.').ignored("records with a key go where Kafka's default partitioner sends them, others stay with one partition for a request and then change"),
  partitionerIgnoreKeys: field.boolean('Keys do not decide about the partition.').default(false),
  requestRequiredAcks: field.enum('Who must have a record before it counts as sent: all replicas in sync, the leader, nobody.', ['all', '-1', '0', '1']).default('all'),
  enableIdempotence: field.boolean('A request that is sent again after an error leaves no record twice. Only with acks of all.').default(true),
  compressionCodec: field.enum('Compression of what is sent.', ['none', 'gzip', 'snappy', 'lz4', 'zstd']).default('none'),
  lingerMs: field.millis('A record waits so long for others to share its request. What comes while a request is under way goes together into the next one in any case.').default(0),
  producerBatchSize: field.bytes('Most bytes of one partition in one request; without it half of maxRequestSize.'),
  maxRequestSize: field.bytes('A record that is larger is refused before it is sent.').default(1_048_576),
  bufferMemorySize: field.bytes('Bytes that may wait to be sent; then senders are held up, for maxBlockMs at most.').default(33_554_432),
  queueBufferingMaxMessages: field.integer('Records that may wait.').default(10_000).deprecated('write `bufferMemorySize`').ignored('bufferMemorySize bounds what waits'),
  maxBlockMs: field.millis('How long a send may wait for room in the buffer, or for the topic to be there.').default(60_000),
  deliveryTimeoutMs: field.millis('After this time without success a send fails.').default(120_000).atLeast(1),
  requestTimeoutMs: field.millis('How long an answer may take before the connection is dropped and the request sent again.').default(30_000).atLeast(100),
  retries: field.integer('How often a request is sent again; without it until deliveryTimeoutMs.').atLeast(0),
  maxInFlightRequest: field.integer('Requests that are unanswered at once.').default(5).ignored('one request a broker is under way, and what comes meanwhile goes into the next: order holds, and no record is written twice'),
  connectionMaxIdleMs: field.millis('Closes connections that idle.').default(540_000).ignored('the broker closes them, and they are made anew when they are needed'),
  receiveBufferBytes: field.bytes("TCP's receive buffer.").default(65_536).ignored('the operating system tunes it'),
  sendBufferBytes: field.bytes("TCP's send buffer.").default(131_072).ignored('the operating system tunes it'),
  recordMetadata: field.boolean('Puts topic, partition, offset and time of what was sent into the header CamelKafkaRecordMeta, as a list.').default(false),
  useIterator: field.boolean('A body that is a list is sent as one record an element. False: as one record.').default(true),
  batchWithIndividualHeaders: field.boolean('Elements of such a list that are exchanges or messages bring headers, key and partition of their own.').default(false),
  keySerializer: field.string('Java class of the key as it goes out: String, ByteArray, Integer, Long, Double, ..., Json; or a bean with `serialize(topic, value)`.').default(stringSerializer),
  valueSerializer: field.string('Java class of the value as it goes out: String, ByteArray, Integer, Long, Double, ..., Json; or a bean with `serialize(topic, value)`.').default(stringSerializer),
  headerSerializer: field.string('Bean with `serialize(name, value)` for header values; null leaves the header out. Without it texts, numbers and booleans go out as text, bytes as they are.'),
  transacted: field.boolean("What one exchange's delivery sends here is committed when the delivery is done, and aborted when it fails.").default(false),
  transactionalId: field.string('As transacted, with this transactional id. No two processes may use the same one at a time.'),
  lazyStartProducer: field.boolean('Connects with the first message.').default(false).ignored('it always does: a broker that is down holds up no start'),
  workerPool: field.string('Thread pool for what follows.').ignored(noThreads),
  workerPoolCoreSize: field.integer('Threads for what follows.').default(10).ignored(noThreads),
  workerPoolMaxSize: field.integer('Most threads for what follows.').default(20).ignored(noThreads),

  // Others.
  kafkaClientFactory: field.string('Bean that makes Java clients.').ignored('the client is not a Java client'),
  synchronous: field.boolean('Waits in place.').default(false).ignored(noThreads),
  interceptorClasses: field.string('Java classes that see records pass.').ignored('steps of the route see them'),
  metricReporters: field.string('Java classes that report metrics.').ignored(noJmx),
  metricsSampleWindowMs: field.millis('Window of a metrics sample.').default(30_000).ignored(noJmx),
  noOfMetricsSample: field.integer('Samples kept for metrics.').default(2).ignored(noJmx),
  schemaRegistryURL: field.string('Schema registry for Avro (de)serialisers.').ignored('the data formats avro and protobuf (un)marshal in a step'),

  // Security.
  securityProtocol: field.enum('With or without TLS, with or without a login.', ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL', 'plaintext', 'ssl', 'sasl_plaintext', 'sasl_ssl']),
  saslAuthType: field.enum('Short for securityProtocol and saslMechanism; over TLS, unless securityProtocol says otherwise.', ['NONE', 'PLAIN', 'SCRAM_SHA_256', 'SCRAM_SHA_512', 'SSL', 'OAUTH', 'AWS_MSK_IAM', 'KERBEROS']),
  saslMechanism: field.string('PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER.'),
  saslUsername: field.string('User.'),
  saslPassword: field.string('Password.').secret(),
  saslJaasConfig: field.string("User and password as Java writes them: `... required username='u' password='p';`.").secret(),
  oauthClientId: field.string('Client that fetches tokens.'),
  oauthClientSecret: field.string("The client's secret.").secret(),
  oauthScope: field.string('Scope of the tokens.'),
  oauthTokenEndpointUri: field.string('Where tokens are fetched (client credentials).'),
  saslKerberosServiceName: field.string('Kerberos service.').ignored(noKerberos),
  kerberosBeforeReloginMinTime: field.millis('Kerberos login.').default(60_000).ignored(noKerberos),
  kerberosConfigLocation: field.string('Kerberos configuration.').ignored(noKerberos),
  kerberosInitCmd: field.string('Kerberos login command.').default('/usr/bin/kinit').ignored(noKerberos),
  kerberosPrincipalToLocalRules: field.string('Kerberos names.').default('DEFAULT').ignored(noKerberos),
  kerberosRenewJitter: field.number('Kerberos login.').default(0.05).ignored(noKerberos),
  kerberosRenewWindowFactor: field.number('Kerberos login.').default(0.8).ignored(noKerberos),
  sslContextParameters: field.string("Bean with options of Node's TLS (`ca`, `cert`, `key`, ...); the options below win over it."),
  sslTruststoreLocation: field.string('PEM file with the authorities to trust.'),
  sslTruststorePassword: field.string('Password of the trust store.').secret().ignored('PEM files of certificates have none'),
  sslTruststoreType: field.string('Format of the trust store.').ignored('PEM is read'),
  sslKeystoreLocation: field.string("PEM or PKCS12 file with the client's key and certificate."),
  sslKeystorePassword: field.string('Password of the key store.').secret(),
  sslKeystoreType: field.string('PEM or PKCS12; without it what the file looks like.'),
  sslKeyPassword: field.string('Password of the private key.').secret(),
  sslEndpointAlgorithm: field.string("`none` or `false`: the server's certificate need not be made out to its host name.").default('https'),
  sslEnabledProtocols: field.string('TLS versions to take, such as `TLSv1.2,TLSv1.3`.'),
  sslProtocol: field.string('TLS version, where sslEnabledProtocols is absent.'),
  sslCipherSuites: field.string("Cipher suites by OpenSSL's names, with commas or colons between them."),
  sslKeymanagerAlgorithm: field.string("Java's key manager.").default('SunX509').ignored(noProviders),
  sslProvider: field.string("Java's security provider.").ignored(noProviders),
  sslTrustmanagerAlgorithm: field.string("Java's trust manager.").default('PKIX').ignored(noProviders),
};

export type KafkaOptions = typeof kafkaOptions;
export type KafkaEndpoint = Endpoint<KafkaOptions>;
