/** What Camel has and this runtime does not: an honest answer instead of "no such step". */
const names = (list: string): ReadonlySet<string> => new Set(list.split(/\s+/));

export const camelSteps = names(
  'a2aSubTask aggregate bean choice circuitBreaker claimCheck convertBodyTo convertHeaderTo convertVariableTo delay doTry dynamicRouter enrich filter idempotentConsumer kamelet loadBalance ' +
    'log loop marshal multicast pausable pipeline policy poll pollEnrich process recipientList removeHeader removeHeaders removeProperties removeProperty removeVariable resequence resumable ' +
    'rollback routingSlip saga sample script setBody setExchangePattern setHeader setHeaders setProperty setVariable setVariables sort split step stop threads throttle throwException to toD ' +
    'tokenizer transacted transform transformDataType unmarshal validate wireTap',
);

export const camelLanguages = names(
  'constant csimple datasonnet exchangeProperty groovy header hl7terser jactl java joor jq js jsonpath language method mvel ognl python ref simple spel tokenize variable wasm xpath xquery xtokenize',
);

export const camelDataFormats = names(
  'asn1 avro barcode base64 beanio bindy cbor crypto csv custom dfdl fhirJson fhirXml flatpack fory grok groovyJson groovyXml gzipDeflater hl7 ical iso8583 jacksonXml jaxb json jsonApi lzf ' +
    'mimeMultipart ocsf parquetAvro pgp pqc protobuf rss smooks soap swiftMt swiftMx syslog tarFile thrift univocityCsv univocityFixed univocityTsv xmlSecurity yaml zipDeflater zipFile',
);

/** Parts of a step, by the step (and the key there) that they belong to. */
export const camelStepParts: Readonly<Record<string, string>> = {
  when: 'choice',
  otherwise: 'choice',
  doCatch: 'doTry',
  doFinally: 'doTry',
  onFallback: 'circuitBreaker',
};

export const camelComponents = names(
  'activemq amqp arangodb as2 asterisk atmosphere-websocket atom avro aws2-athena aws2-ddb aws2-eventbridge aws2-kinesis aws2-lambda aws2-s3 aws2-ses aws2-sns aws2-sqs azure-eventhubs ' +
    'azure-servicebus azure-storage-blob azure-storage-queue bean bonita box browse caffeine-cache cassandra class coap controlbus couchbase couchdb cql cron cxf cxfrs dapr dataformat dataset ' +
    'dataset-test debezium-mysql debezium-postgres direct disruptor dns docker drill dropbox ehcache elasticsearch elasticsearch-rest-client etcd3 exec facebook file flatpack fop freemarker ftp ' +
    'ftps git github google-calendar google-drive google-mail google-pubsub google-sheets google-storage graphql grape grpc hashicorp-vault hazelcast-map hazelcast-queue hdfs http https hwcloud-obs ' +
    'ibm-cos imap imaps infinispan influxdb2 irc ironmq jcr jdbc jgroups jira jms jmx jolt jooq jpa jslt json-patch json-validator jsonata jt400 kafka kamelet knative kubernetes-pods kudu ' +
    'langchain4j-chat language ldap ldif llm log lpr lucene lumberjack master micrometer milo-client mina minio mllp mock mongodb mongodb-gridfs mustache mvel mybatis nats neo4j netty netty-http ' +
    'nitrite oaipmh olingo4 once opensearch opentelemetry paho paho-mqtt5 pdf pg-replication-slot pgevent pinecone platform-http pop3 pop3s pubnub pulsar qdrant quartz quickfix reactive-streams ' +
    'redis ref rest rest-api rest-openapi rss saga salesforce sap-netweaver scheduler schematron scp seda servicenow servlet sftp sip sjms sjms2 slack smb smpp smtp smtps snmp solr splunk ' +
    'spring-batch spring-event spring-jdbc spring-ldap spring-rabbitmq spring-redis spring-ws sql sql-stored ssh stax stitch stomp stream string-template stub syslog tahu telegram thrift tika timer ' +
    'twilio twitter-search undertow validator velocity vertx vertx-http vertx-websocket weather web3j webhook whatsapp wordpress workday xmpp xquery xslt xslt-saxon zeebe zendesk zookeeper',
);

/** Options of Camel's components that none of their endpoints has, and that mean nothing here; in small letters, without dashes. */
export const camelComponentOptions: ReadonlySet<string> = new Set(
  [...names(
    'allowJavaSerializedObject amqpAdmin authCachingDisabled autowiredEnabled beanInfoCacheSize bindingPackageScan configuration connectionStateDisabled cookieManagementDisabled ' +
      'createConsumerBackoffInterval createConsumerBackoffMaxAttempts cronService defaultHost defaultPort defaultQueueFactory defaultUserAgentDisabled deserializationFilter enableJmx engine ' +
      'errorHandler exchangeFormatter functions healthCheckConsumerEnabled healthCheckProducerEnabled httpBinding httpConfiguration ignoreDeclarationExceptions interruptJobsOnShutdown languages ' +
      'listenerContainerFactory localizedLookup mustacheFactory objectFilter pollExceptionStrategy prefixInstanceName properties propertiesFile propertiesRef redirectHandlingDisabled ' +
      'routeProperties routeTemplateLoaderListener scheduler schedulerFactory serviceLocationEnabled shadow shadowPattern shutdownTimeout sslContextParameters ' +
      'subscribeConsumerBackoffInterval subscribeConsumerBackoffMaxAttempts subscribeConsumerTopicMustExists templateProperties uriResolverFactory useDefaultObjectMapper ' +
      'useGlobalSslContextParameters velocityEngine vertx vertxOptions specificationUri apiContextPath clientRequestValidation clientResponseValidation missingOperation consumerComponentName ' +
      'mockIncludePattern restOpenapiProcessorStrategy bridgeErrorHandler lazyStartProducer',
  )].map((name) => name.toLowerCase()),
);
