import { expect } from 'chai';
import { Mecha } from '../../../src/index.ts';
import { OwnServer } from '../../contract/ownServer.ts';
import { Broker, describeWithKafka, quick, soon } from './broker.ts';

describeWithKafka('kafka, where topics are not made by themselves', function () {
  this.timeout(180_000);
  let server: OwnServer;
  let broker: Broker;
  let address: string;
  let mecha: Mecha | null = null;

  before(async () => {
    server = await OwnServer.start('kafka', { KAFKA_MORE_CONFIG: 'auto.create.topics.enable=false' });
    address = `127.0.0.1:${server.port}`;
    broker = await Broker.open(address);
  });

  after(async () => {
    await mecha?.stop();
    await broker.close();
    await server.close();
  });

  it('says by endpoint and route what is missing, keeps what can not be sent, goes on with the rest, and reads the topic when it comes', async () => {
    const topic = await broker.topic();
    const late = broker.name('late');
    const parameters = (more: string): string => `{ brokers: "${address}", autoOffsetReset: earliest, ${quick.replaceAll('=', ': ').replaceAll('&', ', ')}, ${more} }`;
    const routes = `
- route:
    id: reads-late
    from:
      uri: kafka:${late}
      parameters: ${parameters('groupId: late')}
      steps:
        - to: mock:late
- route:
    id: sends
    from:
      uri: kafka:${topic}
      parameters: ${parameters('groupId: sends')}
      steps:
        - choice:
            when:
              - simple: "\${body} == 'astray'"
                steps:
                  - to: { uri: "kafka:no-such-topic", parameters: { brokers: "${address}", retryBackoffMs: 20, retryBackoffMaxMs: 50 } }
        - to: mock:sent
`;
    mecha = await Mecha.start({ configuration: null, routes, settings: { 'http.port': 0, 'management.enabled': false, 'state.store': 'memory', 'log.level': 'off' } });
    await broker.send(topic, 'first', 'astray', 'last');
    await soon(() => expect(mecha!.mock('sent').bodies).to.deep.equal(['first', 'last']));
    await soon(async () => expect(await broker.committed('sends', topic)).to.deep.equal([3]));
    const { entries: letters } = await mecha.deadLetters!.list({ routeId: 'sends' });
    expect(letters).to.have.length(1);
    expect(JSON.stringify(letters)).to.match(/UnknownTopicOrPartitionException.*kafka:no-such-topic.*\(route sends\)/);
    const waitingFor = (): string | null => mecha!.snapshot.routes.find(({ routeId }) => routeId === 'reads-late')!.waitingFor;
    await soon(() => expect(waitingFor()).to.match(new RegExp(`^kafka:${late}.*: there is no topic ${late}`)));
    expect(mecha.mock('late').bodies).to.deep.equal([]);
    await broker.topic(1, {}, late);
    await broker.send(late, 'here');
    await soon(() => expect(mecha!.mock('late').bodies).to.deep.equal(['here']), 30_000);
    await soon(() => expect(waitingFor()).to.equal(null));
  });
});
