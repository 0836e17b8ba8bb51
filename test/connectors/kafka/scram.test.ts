import { expect } from 'chai';
import { kafka } from '../../../src/connectors/kafka/definition.ts';
import { Mecha } from '../../../src/index.ts';
import { Surroundings } from '../../contract/connector.ts';
import { OwnServer } from '../../contract/ownServer.ts';
import { Broker, describeWithKafka, quick, soon } from './broker.ts';

describeWithKafka('kafka, where brokers take SCRAM-SHA-512 only', function () {
  this.timeout(180_000);
  let server: OwnServer;
  let broker: Broker;
  let address: string;

  before(async () => {
    server = await OwnServer.start('kafka', { KAFKA_MORE_CONFIG: 'sasl.enabled.mechanisms=SCRAM-SHA-512' });
    address = `127.0.0.1:${server.environment['KAFKA_SASL_PORT']!}`;
    broker = await Broker.open(`127.0.0.1:${server.port}`);
  });

  after(async () => {
    await broker.close();
    await server.close();
  });

  it('sends and reads by a login that properties of the component say once for all endpoints', async () => {
    const topic = await broker.topic();
    const properties: Record<string, string> = { brokers: address, 'security-protocol': 'SASL_PLAINTEXT', saslMechanism: 'SCRAM-SHA-512', 'sasl-username': 'mecha', saslPassword: 'mecha', 'auto-offset-reset': 'earliest' };
    for (const option of quick.split('&')) properties[option.split('=')[0]!] = option.split('=')[1]!;
    const mecha = await Mecha.start({
      configuration: null,
      routes: `
- from: { uri: "direct:in", steps: [{ to: "kafka:${topic}" }] }
- from: { uri: "kafka:${topic}?groupId=readers", steps: [{ to: "mock:out" }] }
`,
      properties: Object.fromEntries(Object.entries(properties).map(([name, value]) => [`camel.component.kafka.${name}`, value])),
      settings: { 'http.port': 0, 'management.enabled': false, 'state.store': 'memory', 'log.level': 'off' },
    });
    try {
      await mecha.send('direct:in', 'a');
      await soon(() => expect(mecha.mock('out').bodies).to.deep.equal(['a']));
      await soon(async () => expect(await broker.committed('readers', topic)).to.deep.equal([1]));
    } finally {
      await mecha.stop();
    }
  });

  it('says that it is refused with another mechanism, or another password, and shows none', async () => {
    const topic = await broker.topic();
    const around = new Surroundings();
    for (const [mechanism, password] of [['SCRAM-SHA-256', 'mecha'], ['SCRAM-SHA-512', 'open-sesame']] as const) {
      const uri = `kafka:${topic}?brokers=${address}&securityProtocol=SASL_PLAINTEXT&saslMechanism=${mechanism}&saslUsername=mecha&saslPassword=${password}&deliveryTimeoutMs=2000&maxBlockMs=1500`;
      const producer = await around.producer(kafka as never, uri);
      const { exception } = await around.send(producer, around.exchange('a'));
      await producer.close!();
      expect(exception?.message, mechanism).to.match(mechanism === 'SCRAM-SHA-256' ? /SCRAM-SHA-256|mechanism/i : /[Aa]uthentication failed/).and.not.include('open-sesame');
    }
    expect(await broker.count(topic)).to.equal(0);
  });
});
