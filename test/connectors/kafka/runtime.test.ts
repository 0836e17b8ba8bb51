import { expect } from 'chai';
import { LoadError, Mecha } from '../../../src/index.ts';
import { Broker, brokers, describeWithKafka, quick, soon } from './broker.ts';

const running: Mecha[] = [];

async function run(routes: string, properties: Record<string, string> = {}, beans: Record<string, unknown> = {}): Promise<Mecha> {
  const mecha = await Mecha.start({ configuration: null, routes, beans, properties: { brokers, ...properties }, settings: { 'http.port': 0, 'management.enabled': false, 'state.store': 'memory', 'log.level': 'error' } });
  running.push(mecha);
  return mecha;
}

const parameters = (more: string): string => `{ brokers: "{{brokers}}", autoOffsetReset: earliest, ${quick.replaceAll('=', ': ').replaceAll('&', ', ')}, ${more} }`;

describe('kafka in a route', () => {
  it('refuses options that can not work when it is loaded, with their line', async () => {
    const wrong: readonly (readonly [string, RegExp])[] = [
      ['brokers: "a:b:c"', /host:port/],
      ['autoOffsetReset: middle', /autoOffsetReset/],
      ['brokers: "a:1", exactlyOnce: true', /groupId/],
      ['brokers: "a:1", exactlyOnce: true, groupId: g, allowManualCommit: true', /allowManualCommit/],
      ['brokers: "a:1", securityProtocol: SASL_SSL, saslMechanism: GSSAPI', /GSSAPI/],
      ['brokers: "a:1", grupId: g', /grupId/],
      ['brokers: "a:1", partitionAssignor: CooperativeStickyAssignor', /CooperativeSticky/],
      ['brokers: "a:1", valueDeserializer: org.example.None', /org\.example\.None/],
      ['brokers: "a:1", heartbeatIntervalMs: 9000, sessionTimeoutMs: 6000', /heartbeatIntervalMs/],
    ];
    for (const [options, complaint] of wrong) {
      const routes = `# first\n- route:\n    id: reads\n    from:\n      uri: kafka:orders\n      parameters: { ${options} }\n      steps:\n        - to: mock:out\n`;
      let failure: unknown = null;
      const mecha = await Mecha.start({ configuration: null, routes, settings: { 'http.port': 0, 'management.enabled': false, 'state.store': 'memory' } }).catch((thrown: unknown) => void (failure = thrown));
      await (mecha as Mecha | undefined)?.stop();
      expect(failure, options).to.be.instanceOf(LoadError);
      const { message } = failure as LoadError;
      expect(message, options).to.match(complaint);
      expect(message, options).to.match(/:[456]:\d+/);
    }
  });
});

describeWithKafka('kafka in a running route', function () {
  this.timeout(30_000);
  let broker: Broker;

  beforeEach(async () => void (broker = await Broker.open()));

  afterEach(async () => {
    for (const mecha of running.splice(0)) await mecha.stop();
    await broker.close();
  });

  it('keeps the order of each key with orderBy and lanes, and lets other keys overtake', async () => {
    const topic = await broker.topic();
    const keys = ['a', 'b', 'c', 'd'];
    await broker.send(topic, ...Array.from({ length: 80 }, (_, i) => ({ key: keys[i % 4]!, value: `${keys[i % 4]!}${String(i).padStart(2, '0')}` })));
    const mecha = await run(
      `
- route:
    id: ordered
    from:
      uri: kafka:{{topic}}
      orderBy: { header: CamelKafkaKey }
      lanes: 4
      parameters: ${parameters('groupId: "{{topic}}"')}
      steps:
        - choice:
            when:
              - simple: "\${header.CamelKafkaKey} == 'a'"
                steps: [{ delay: { constant: "30" } }]
        - to: mock:out
`,
      { topic },
    );
    await soon(() => expect(mecha.mock('out').bodies).to.have.length(80));
    const bodies = mecha.mock('out').bodies.map(String);
    for (const key of keys) {
      const own = bodies.filter((body) => body.startsWith(key));
      expect(own).to.deep.equal([...own].sort());
    }
    expect(bodies.indexOf('b77'), 'before the last of the slow key').to.be.below(bodies.indexOf('a76'));
    await soon(async () => expect(await broker.committed(topic, topic)).to.deep.equal([80]));
  });

  it('reads no further behind a record that failed while its source pauses, and tries that one again when it goes on', async () => {
    const topic = await broker.topic();
    let isUp = false;
    const tried: string[] = [];
    const work = ({ body }: { body: unknown }): void => {
      tried.push(String(body));
      if (!isUp && String(body) === '2') throw new Error('the other system is away');
    };
    let asked = 0;
    const isBack = (): boolean => {
      asked++;
      return isUp;
    };
    const mecha = await run(
      `
- beans:
    - { name: listener, type: org.apache.camel.component.kafka.consumer.errorhandler.KafkaConsumerListener }
- route:
    id: careful
    from:
      uri: kafka:{{topic}}
      parameters: ${parameters('groupId: "{{topic}}", breakOnFirstError: true, maxPollRecords: 1')}
      steps:
        - pausable: { consumerListener: listener, untilCheck: isBack }
        - process: { ref: work }
`,
      { topic },
      { work, isBack },
    );
    await broker.send(topic, '1', '2');
    await soon(() => expect([tried.at(-1), mecha.runtime.routes.get('careful')?.state]).to.deep.equal(['2', 'Suspended']));
    await broker.send(topic, '3');
    await soon(() => expect(asked).to.be.at.least(2));
    const whilePaused = tried.length;
    expect(tried).not.to.include('3');
    isUp = true;
    await soon(() => expect(tried.slice(whilePaused)).to.deep.equal(['2', '3']));
    await soon(async () => expect(await broker.committed(topic, topic)).to.deep.equal([3]));
  });

  it('applies the error handler to a record that fails and to one that can not be read, and the rest goes on', async () => {
    const [topic, dead] = [await broker.topic(), await broker.topic()];
    await broker.send(topic, '{"n":1}', 'no json', '{"n":2}', '{"n":3}');
    const mecha = await run(
      `
- onException:
    exception: [java.lang.Exception]
    redeliveryPolicy: { maximumRedeliveries: 1, redeliveryDelay: 5 }
    handled: { constant: "true" }
    steps:
      - setHeader: { name: reason, simple: "\${exception.message}" }
      - setHeader: { name: place, simple: "\${header.CamelKafkaTopic}/\${header.CamelKafkaOffset}" }
      - choice:
          when:
            - simple: "\${body} is 'java.util.Map'"
              steps: [{ marshal: { json: {} } }]
      - to: { uri: "kafka:{{dead}}", parameters: { brokers: "{{brokers}}" } }
- route:
    id: strict
    from:
      uri: kafka:{{topic}}
      parameters: ${parameters('groupId: "{{topic}}", valueDeserializer: org.springframework.kafka.support.serializer.JsonDeserializer')}
      steps:
        - filter:
            simple: "\${body[n]} == 2"
            steps: [{ throwException: { exceptionType: java.lang.IllegalStateException, message: two is too many } }]
        - marshal: { json: {} }
        - to: mock:out
`,
      { topic, dead },
    );
    await soon(() => expect(mecha.mock('out').bodies.map(String)).to.deep.equal(['{"n":1}', '{"n":3}']));
    await soon(async () => expect(await broker.committed(topic, topic)).to.deep.equal([4]));
    const letters = (await broker.read(dead)).map(({ text, headers }) => [text, String(headers!['place']), String(headers!['reason'])]);
    expect(letters).to.have.length(2);
    const [unreadable, failed] = letters.sort(([, a], [, b]) => (a! < b! ? -1 : 1)) as [string[], string[]];
    expect(unreadable.slice(0, 2), 'as it came').to.deep.equal(['no json', `${topic}/1`]);
    expect(unreadable[2]).to.match(/the value is no JSON/);
    expect(failed).to.deep.equal(['{"n":2}', `${topic}/2`, 'two is too many']);
    expect(await mecha.deadLetters!.count('strict')).to.equal(0);
  });

  it('gives a record that can not be read to the dead letter channel, and keeps it where no handler takes it', async () => {
    const topic = await broker.topic();
    await broker.send(topic, '{"n":1}', 'no json', '{"n":2}');
    const route = (id: string, more: string): string => `
- route:
    id: ${id}
    ${more}
    from:
      uri: kafka:{{topic}}
      parameters: ${parameters(`groupId: "${id}-{{topic}}", valueDeserializer: JsonDeserializer`)}
      steps:
        - marshal: { json: {} }
        - to: mock:${id}
`;
    const mecha = await run(route('channel', 'errorHandler: { deadLetterChannel: { deadLetterUri: "mock:dead" } }') + route('plain', ''), { topic });
    for (const id of ['channel', 'plain']) {
      await soon(() => expect(mecha.mock(id).bodies.map(String)).to.deep.equal(['{"n":1}', '{"n":2}']));
      await soon(async () => expect(await broker.committed(`${id}-${topic}`, topic)).to.deep.equal([3]));
    }
    expect(mecha.mock('dead').bodies.map(String)).to.deep.equal(['no json']);
    expect(await mecha.deadLetters!.count('channel')).to.equal(0);
    expect(await mecha.deadLetters!.count('plain')).to.equal(1);
    expect(JSON.stringify(await mecha.deadLetters!.list({ routeId: 'plain' }))).to.match(/SerializationException/);
  });

  it('takes a record whose key or header can not be read for unreadable, too, and keeps their bytes', async () => {
    const topic = await broker.topic();
    const key = (number: number): Buffer => Buffer.from([0, 0, 0, 0, 0, 0, 0, number]);
    await broker.send(topic, { key: key(1), value: 'a' }, { key: 'no long', value: 'bad key' }, { key: key(2), value: 'bad header', headers: { fragile: 'x' } }, { key: key(3), value: 'b' });
    const mecha = await run(
      `
- route:
    id: keys
    from:
      uri: kafka:{{topic}}
      parameters: ${parameters('groupId: "{{topic}}", keyDeserializer: LongDeserializer, headerDeserializer: "#headers"')}
      steps:
        - setBody: { simple: "\${header.CamelKafkaKey} \${body}" }
        - to: mock:out
`,
      { topic },
      {
        headers: {
          deserialize: () => {
            throw new Error('it is broken');
          },
        },
      },
    );
    await soon(() => expect(mecha.mock('out').bodies).to.deep.equal(['1 a', '3 b']));
    await soon(async () => expect(await broker.committed(topic, topic)).to.deep.equal([4]));
    const { entries } = await mecha.deadLetters!.list({ routeId: 'keys' });
    expect(entries).to.have.length(2);
    expect(JSON.stringify(entries)).to.match(/LongDeserializer is not 8, but 7/).and.match(/it is broken/);
  });

  it('keeps in the dead letters what no handler takes, and says which route and endpoint a send failed for', async () => {
    const topic = await broker.topic();
    await broker.send(topic, 'small', 'x'.repeat(3000), 'last');
    const mecha = await run(
      `
- route:
    id: narrow
    from:
      uri: kafka:{{topic}}
      parameters: ${parameters('groupId: "{{topic}}"')}
      steps:
        - to: { uri: "kafka:{{topic}}.out", parameters: { brokers: "{{brokers}}", maxRequestSize: 2000 } }
        - to: mock:out
`,
      { topic },
    );
    await soon(() => expect(mecha.mock('out').bodies).to.deep.equal(['small', 'last']));
    await soon(async () => expect(await broker.committed(topic, topic)).to.deep.equal([3]));
    expect(await mecha.deadLetters!.count('narrow')).to.equal(1);
    expect(JSON.stringify(await mecha.deadLetters!.list({ routeId: 'narrow' }))).to.match(/kafka:.*\.out.*narrow.*larger than maxRequestSize/);
    await broker.admin.deleteTopics({ topics: [`${topic}.out`] });
  });
});
