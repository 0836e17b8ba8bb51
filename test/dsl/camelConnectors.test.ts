import { expect } from 'chai';
import { connectors } from '../../src/connectors/index.ts';
import { insteadOfConnector } from '../../src/dsl/camelConnectors.ts';

/** The schemes of the components in the catalogue of Apache Camel 4.22. */
const schemes = (
  'a2a activemq activemq6 ai-tool amqp arangodb as2 asterisk atmosphere-websocket atom avro aws-bedrock aws-bedrock-agent aws-bedrock-agent-runtime ' +
  'aws-cloudtrail aws-config aws-secrets-manager aws-security-hub aws2-athena aws2-comprehend aws2-cw aws2-ddb aws2-ddbstream aws2-ec2 aws2-ecs aws2-eks ' +
  'aws2-eventbridge aws2-iam aws2-kinesis aws2-kinesis-firehose aws2-kms aws2-lambda aws2-mq aws2-msk aws2-polly aws2-redshift-data aws2-rekognition ' +
  'aws2-s3 aws2-s3-vectors aws2-ses aws2-sns aws2-sqs aws2-step-functions aws2-sts aws2-textract aws2-timestream aws2-transcribe aws2-translate ' +
  'azure-cosmosdb azure-eventhubs azure-files azure-functions azure-key-vault azure-servicebus azure-storage-blob azure-storage-datalake ' +
  'azure-storage-queue bean bean-validator bonita box braintree browse caffeine-cache caffeine-loadcache camunda chatscript chunk class clickhouse clickup ' +
  'cm-sms coap coap+tcp coaps coaps+tcp cometd cometds consul controlbus couchbase couchdb cql cron crypto cxf cxfrs cyberark-vault dapr dataformat ' +
  'dataset dataset-test debezium-db2 debezium-mongodb debezium-mysql debezium-oracle debezium-postgres debezium-sqlserver dfdl dhis2 digitalocean direct ' +
  'disruptor disruptor-vm djl dns docker docling drill dropbox duckdb dynamic-router dynamic-router-control ehcache elasticsearch ' +
  'elasticsearch-rest-client event exec fhir file file-watch flatpack flink flowable fop freemarker ftp ftps geocoder git github2 google-bigquery ' +
  'google-bigquery-sql google-calendar google-calendar-stream google-drive google-firestore google-functions google-mail google-mail-stream google-pubsub ' +
  'google-secret-manager google-sheets google-sheets-stream google-speech-to-text google-storage google-text-to-speech google-vertexai google-vision ' +
  'graphql grpc hashicorp-vault hazelcast-atomicvalue hazelcast-instance hazelcast-list hazelcast-map hazelcast-multimap hazelcast-pncounter ' +
  'hazelcast-queue hazelcast-replicatedmap hazelcast-ringbuffer hazelcast-seda hazelcast-set hazelcast-topic http https huggingface hwcloud-dms ' +
  'hwcloud-frs hwcloud-functiongraph hwcloud-iam hwcloud-imagerecognition hwcloud-obs hwcloud-smn ibm-cos ibm-secrets-manager ibm-watson-discovery ' +
  'ibm-watson-language ibm-watson-speech-to-text ibm-watson-text-to-speech ibm-watsonx-ai ibm-watsonx-data iec60870-client iec60870-server iggy ' +
  'ignite-cache ignite-compute ignite-events ignite-idgen ignite-messaging ignite-queue ignite-set imap imaps infinispan infinispan-embedded influxdb ' +
  'influxdb2 irc ironmq jcache jcr jdbc jetty jgroups jgroups-raft jira jms jmx jolt jooq jpa jslt json-patch json-validator jsonata jt400 jte kafka ' +
  'kamelet keycloak knative kserve kubernetes-config-maps kubernetes-cronjob kubernetes-custom-resources kubernetes-deployments kubernetes-events ' +
  'kubernetes-hpa kubernetes-job kubernetes-namespaces kubernetes-nodes kubernetes-persistent-volumes kubernetes-persistent-volumes-claims kubernetes-pods ' +
  'kubernetes-replication-controllers kubernetes-resources-quota kubernetes-secrets kubernetes-service-accounts kubernetes-services kudu langchain4j-agent ' +
  'langchain4j-chat langchain4j-embeddings langchain4j-embeddingstore langchain4j-tools langchain4j-web-search language ldap ldif log lpr lucene ' +
  'lumberjack mapstruct master metrics micrometer milo-browse milo-client milo-server milvus mina mina-sftp minio mllp mock mongodb mongodb-gridfs ' +
  'mustache mvel mybatis mybatis-bean nats neo4j netty netty-http oaipmh olingo2 olingo4 once openai opensearch openshift-build-configs openshift-builds ' +
  'openshift-deploymentconfigs openstack-cinder openstack-glance openstack-keystone openstack-neutron openstack-nova openstack-swift opentelemetry-metrics ' +
  'optaplanner paho paho-mqtt5 pdf pg-replication-slot pgevent pgvector pinecone platform-http plc4x pop3 pop3s pqc pubnub pulsar qdrant quartz quickfix ' +
  'reactive-streams ref rest rest-api rest-openapi robotframework rocketmq rss saga salesforce sap-netweaver scheduler schematron scp seda servicenow ' +
  'servlet sftp shell sjms sjms2 slack smb smooks smpp smpps smtp smtps snmp solr splunk splunk-hec spring-ai-chat spring-ai-embeddings spring-ai-image ' +
  'spring-ai-vector-store spring-batch spring-event spring-jdbc spring-ldap spring-rabbitmq spring-redis spring-ws sql sql-stored ssh stax stitch stream ' +
  'string-template stripe stub tahu-edge tahu-host telegram tensorflow-serving thrift thymeleaf tika timer twilio twitter-directmessage twitter-search ' +
  'twitter-timeline undertow validator velocity vertx vertx-http vertx-websocket wasm weather weaviate web3j webhook whatsapp wordpress workday xchange xj ' +
  'xmlsecurity-sign xmlsecurity-verify xmpp xquery xslt xslt-saxon zeebe zendesk zookeeper zookeeper-master'
).split(' ');

describe('The connectors of Camel', () => {
  it('are built in or known by name, each with what to write in its place', () => {
    const unknown = schemes.filter((scheme) => !Object.hasOwn(connectors, scheme) && insteadOfConnector(scheme) === null);
    expect(unknown).to.deep.equal([]);
    expect(insteadOfConnector('frobnicate')).to.equal(null);
  });

  it('that are not built in name only what is', () => {
    const advised = new Set<string>();
    for (const scheme of schemes) for (const [, name] of (insteadOfConnector(scheme) ?? '').matchAll(/`([a-z][a-z0-9-]+):[^`/]*`/g)) advised.add(name!);
    advised.delete('type');
    advised.delete('global');
    expect([...advised].filter((name) => !Object.hasOwn(connectors, name))).to.deep.equal([]);
    expect(advised).to.include('http').and.include('seda');
  });

  it('from before 4.0 that are gone are known, too', () => {
    for (const gone of ['vm', 'direct-vm', 'aws-s3', 'quartz2', 'netty4-http', 'mongodb3', 'websocket', 'twitter']) expect(Object.hasOwn(connectors, gone) || insteadOfConnector(gone) !== null, gone).to.equal(true);
  });
});
