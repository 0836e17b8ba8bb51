/**
 * What stands in for each connector of Camel's that is not built in: printed as the help of the load error. Families, since the answer
 * is the same for many; a scheme is in one of them.
 */
const module = 'a JavaScript module with its client library (a bean `type: "#module:./x.mjs"`, called with `bean:`)';
const both = `to send, call ${module}; to receive, let a program beside it post to a \`platform-http:\` endpoint`;
const api = (what: string): string => `${what} has an HTTP API: call it with \`http:\``;

const families: readonly (readonly [help: string, schemes: string])[] = [
  ['this runtime has it, but it was left out of the parts that are in use here: add its definition', 'aws2-s3 bean browse class controlbus cron dataformat dataset dataset-test direct dns exec file file-watch freemarker graphql http https jetty jslt json-validator jsonata kafka kamelet language log mock mustache netty-http once platform-http quartz ref rest rest-api rest-openapi saga scheduler seda servlet spring-rabbitmq sql stream string-template stub timer undertow validator velocity vertx-websocket xslt'],
  // Within the program
  ['`seda:` queues within the program: use `seda:x` in its place', 'disruptor disruptor-vm vm vertx hazelcast-seda'],
  ['`direct:` calls within the program: use `direct:x` in its place', 'direct-vm guava-eventbus reactive-streams'],
  ['events of routes are in the log and on the admin API (`mecha trace`, `mecha describe`): leave the route out', 'event spring-event jmx'],
  ['write the endpoint behind its name alone; with `--workers` what only one may run runs in the first', 'master zookeeper-master kubernetes-master jgroups-raft'],
  ['routes are chosen by `toD` or `recipientList` from a header, a variable or a bean that holds the subscriptions', 'dynamic-router dynamic-router-control'],
  ['use `quartz:` with the same `cron` and `trigger.*` parameters', 'quartz2'],
  // HTTP
  ['use `platform-http:` to serve and `http:` to call', 'restlet spark-rest webhook http4 jetty8 jetty9 netty4-http knative-http'],
  ['use `http:`', 'vertx-http ahc ahc-ws asynchttp'],
  ['use `rest-openapi:`, with the address of the OpenAPI document', 'rest-swagger'],
  ['use `vertx-websocket:host:port/path`', 'atmosphere-websocket websocket vertx-websocket-client websocket-jsr356 cometd cometds'],
  ['write `http:` with the address of the broker or channel, and `platform-http:` for what it sends', 'knative'],
  ["dapr's sidecar speaks HTTP: call `http:localhost:3500/v1.0/...`, and let it call a `platform-http:` endpoint", 'dapr'],
  ['there is no SOAP stack here: post the envelope with `http:` (data format `soap`), and serve it with `platform-http:`', 'cxf spring-ws'],
  ['use `http:` to call it and the `rest` DSL or `platform-http:` to serve', 'cxfrs'],
  ['use `http:` for a feed over HTTP, polled by a `timer:`, and unmarshal with `rss`', 'rss'],
  ['poll it with a `timer:` and `http:`, and read it with `jacksonXml` or `xpath`', 'atom oaipmh'],
  // Messaging
  ['there is no JMS without a JVM: use `spring-rabbitmq:` or `kafka:`, or a bridge between the two brokers', 'activemq activemq6 jms sjms sjms2 sjms-batch sjms2-batch amqp mqseries wmq jt400 stomp'],
  ['Event Hubs speaks the protocol of Kafka: use `kafka:NAME?brokers=NAMESPACE.servicebus.windows.net:9093`, with `securityProtocol=SASL_SSL` and the connection string as the password of `saslJaasConfig`', 'azure-eventhubs'],
  ['use `kafka:`', 'vertx-kafka'],
  [`use \`kafka:\` or \`spring-rabbitmq:\` where you may choose; else ${both}`, 'nats paho paho-mqtt5 mqtt pulsar rocketmq pubnub zeromq ironmq iggy disque jgroups beanstalk'],
  [`there is no connector for it: ${both}`, 'aws2-sqs aws2-sns aws2-kinesis aws2-kinesis-firehose aws2-ddbstream aws2-mq aws2-msk aws-sqs aws-sns aws-kinesis azure-servicebus azure-storage-queue google-pubsub google-pubsub-lite hwcloud-dms hwcloud-smn ignite-messaging ignite-events ignite-queue hazelcast-queue hazelcast-topic hazelcast-ringbuffer'],
  // Files
  [`a store that speaks S3 is reached with \`aws2-s3:\` (\`overrideEndpoint=true&uriEndpointOverride=...\`)`, 'minio ibm-cos hwcloud-obs aws-s3 google-storage'],
  ['there is no file transfer over the network here: let a program beside it bring the files to a folder, and read that with `file:`', 'ftp ftps sftp scp mina-sftp smb azure-files hdfs jcifs'],
  [`${api('it')}; or ${module}`, 'azure-storage-blob azure-storage-datalake dropbox box google-drive mongodb-gridfs ipfs cmis jcr'],
  // Mail and people
  [`there is no mail connector: post to the HTTP API of a mail service with \`http:\`, or call ${module}`, 'smtp smtps aws2-ses aws-ses'],
  ['there is no mail connector: let the mail service call a `platform-http:` endpoint, or poll its HTTP API with a `timer:` and `http:`', 'imap imaps pop3 pop3s google-mail-stream google-mail'],
  [api('it'), 'slack telegram whatsapp twilio cm-sms twitter-directmessage twitter-search twitter-timeline twitter facebook wordpress github github2 jira clickup zendesk servicenow salesforce workday stripe braintree sap-netweaver stitch splunk-hec weather geocoder google-calendar google-calendar-stream google-sheets google-sheets-stream fhir dhis2 olingo2 olingo4 odata xchange yammer linkedin gora consul keycloak camunda flowable bonita digitalocean chatscript zeebe nagios'],
  [both, 'irc xmpp smpp smpps asterisk sip sips slack-rtm'],
  // Databases
  ['use `sql:` with the statement in the URI: `sql:select ...`; the data source is a bean', 'jdbc spring-jdbc jpa mybatis mybatis-bean jooq hibernate duckdb clickhouse drill'],
  [`SQLite has no stored procedures: write the statements of the procedure as \`sql:\` steps (within \`transacted\`, where they belong together); for another database call ${module}`, 'sql-stored'],
  [`${api('it')}; or ${module}`, 'couchdb couchbase elasticsearch elasticsearch-rest elasticsearch-rest-client opensearch solr influxdb influxdb2 neo4j arangodb qdrant milvus weaviate pinecone google-firestore google-bigquery google-bigquery-sql azure-cosmosdb ibm-watsonx-data aws2-athena aws2-ddb aws2-redshift-data aws2-timestream aws-ddb'],
  [`there is no connector for this database: call ${module}`, 'mongodb mongodb3 cassandra cql redis spring-redis kudu lucene nitrite pgvector pgevent pg-replication-slot infinispan infinispan-embedded ldap ldif spring-ldap zookeeper etcd etcd3 hbase rdbms iotdb'],
  ['there is no capture of changes here: let Debezium write to Kafka and read its topic with `kafka:`', 'debezium-db2 debezium-mongodb debezium-mysql debezium-oracle debezium-postgres debezium-sqlserver'],
  [`what has to outlive a message stands in a \`global:\` variable or in a \`sql:\` table; for the cache itself call ${module}`, 'caffeine-cache caffeine-loadcache ehcache jcache ignite-cache ignite-compute ignite-idgen ignite-set hazelcast-atomicvalue hazelcast-instance hazelcast-list hazelcast-map hazelcast-multimap hazelcast-pncounter hazelcast-replicatedmap hazelcast-set memcached'],
  // Clouds
  [`its HTTP API wants signed requests: call ${module}`, 'aws-bedrock aws-bedrock-agent aws-bedrock-agent-runtime aws-cloudtrail aws-config aws-security-hub aws2-comprehend aws2-cw aws2-ec2 aws2-ecs aws2-eks aws2-eventbridge aws2-iam aws2-kms aws2-lambda aws2-polly aws2-rekognition aws2-s3-vectors aws2-step-functions aws2-sts aws2-textract aws2-transcribe aws2-translate aws-lambda aws-cw aws-ec2 hwcloud-frs hwcloud-functiongraph hwcloud-iam hwcloud-imagerecognition'],
  [api('it'), 'azure-functions google-functions google-vision google-speech-to-text google-text-to-speech openstack-cinder openstack-glance openstack-keystone openstack-neutron openstack-nova openstack-swift'],
  ['give secrets as environment variables or files: `{{env:NAME}}`, `{{file:/run/secrets/name}}`', 'aws-secrets-manager azure-key-vault cyberark-vault google-secret-manager hashicorp-vault ibm-secrets-manager'],
  ["Kubernetes has an HTTP API: call it with `http:` and the service account's token; configuration and secrets come as files or environment variables", 'kubernetes-config-maps kubernetes-cronjob kubernetes-custom-resources kubernetes-deployments kubernetes-events kubernetes-hpa kubernetes-job kubernetes-namespaces kubernetes-nodes kubernetes-persistent-volumes kubernetes-persistent-volumes-claims kubernetes-pods kubernetes-replication-controllers kubernetes-resources-quota kubernetes-secrets kubernetes-service-accounts kubernetes-services openshift-build-configs openshift-builds openshift-deploymentconfigs'],
  ['Docker has an HTTP API: call it with `http:` over TCP, or run its command with `exec:`', 'docker'],
  // Models
  ["a model's provider has an HTTP API: post the prompt as JSON with `http:`, with the key in the header `Authorization`", 'openai langchain4j-agent langchain4j-chat langchain4j-embeddings langchain4j-embeddingstore langchain4j-tools langchain4j-web-search spring-ai-chat spring-ai-embeddings spring-ai-image spring-ai-vector-store huggingface ibm-watsonx-ai ibm-watson-discovery ibm-watson-language ibm-watson-speech-to-text ibm-watson-text-to-speech google-vertexai kserve tensorflow-serving docling llm'],
  ['a tool for a model is a route: serve it with `platform-http:`, and name its address to the model', 'a2a ai-tool'],
  [`there is no such engine here: call ${module}, or a service that runs the model with \`http:\``, 'djl optaplanner'],
  // Transformations and checks
  ['there is no Jolt engine here: write the transformation for `jsonata:` or `jslt:`, or as an expression in `jq`', 'jolt'],
  ['MVEL calls Java: write the template for `mustache:`, `velocity:` or `freemarker:`', 'mvel'],
  ['write the template for `freemarker:`, `handlebars:` or `mustache:`', 'chunk jte thymeleaf'],
  ['use `xslt:`, which takes XSLT 1.0; for what needs 2.0 write `jsonata` or `js`', 'xslt-saxon'],
  ['there is no XQuery engine here: use `xslt:`, or `xpath`', 'xquery'],
  ['XML and JSON: unmarshal with `jacksonXml` and marshal with `json`, or the other way round', 'xj'],
  ['Java classes are not mapped here: write the mapping in `jsonata:`, `jslt:` or `js`', 'mapstruct dozer'],
  ['change the map with `jsonata` or `js`', 'json-patch'],
  ['check the body with `json-validator:` and a JSON schema, or with `validate`', 'bean-validator'],
  ['check it with `validator:` (XSD), or with `validate` and `xpath`', 'schematron'],
  ['marshal and unmarshal with the data format `crypto` or `pgp`', 'crypto pqc'],
  ['the data format `xmlSecurity` encrypts XML; there are no signatures of XML here', 'xmlsecurity-sign xmlsecurity-verify'],
  ['use `csv`, or `univocityFixed` for columns of fixed length', 'flatpack'],
  ['read the document with `jacksonXml`, `xpath` or `xtokenize`', 'stax'],
  ['there is no library for it here: use `jacksonXml`, `csv` or `jsonata`', 'smooks dfdl'],
  [`there is no engine for it here: call ${module}, or run a program with \`exec:\``, 'fop pdf tika wasm'],
  // Machines and systems
  ['run the program with `exec:`', 'shell git ssh lpr robotframework spring-batch'],
  ["counts and times of routes, steps and connectors are at the admin API's `/metrics` without any step: take it out, or put your own number into a log line", 'metrics micrometer opentelemetry opentelemetry-metrics microprofile-metrics ganglia'],
  [both, 'netty netty4 mina mina2 as2 avro coap coaps coap+tcp coaps+tcp grpc thrift iec60870-client iec60870-server lumberjack milo-browse milo-client milo-server mllp plc4x quickfix snmp splunk syslog tahu tahu-edge tahu-host web3j corda flink spark nsq'],
  ['the data of the test is in `mecha test` files: expectations on `mock:` endpoints', 'test'],
  ['no Groovy runs without a JVM, and there is nothing to fetch: take it out', 'grape'],
];

let helps: Map<string, string> | null = null;

/** What to write in the place of a connector of Camel's that there is not; null where Camel has none of that name, either. */
export function insteadOfConnector(scheme: string): string | null {
  helps ??= new Map(families.flatMap(([help, schemes]) => schemes.split(' ').map((one): [string, string] => [one, help])));
  return helps.get(scheme) ?? null;
}
