import { expect } from 'chai';
import { Mecha } from '../../../src/index.ts';
import { blocksOf } from '../../docs/blocks.ts';
import { failsWith, failure, policies, refused } from '../blocks.ts';
import { Broker, brokers, describeWithKafka, quick, soon } from './broker.ts';

const running: Mecha[] = [];

const beans = `
- beans:
    - name: producers
      type: org.springframework.kafka.core.DefaultKafkaProducerFactory
      properties: { bootstrapServers: "{{brokers}}" }
    - name: kafkaManager
      type: org.springframework.kafka.transaction.KafkaTransactionManager
      constructors: { 0: "#bean:producers" }
${policies('kafkaManager', ['REQUIRED', 'REQUIRES_NEW', 'NOT_SUPPORTED', 'MANDATORY'])}
`;
const to = (topic: string): string => `{ to: { uri: "kafka:{{${topic}}}", parameters: { brokers: "{{brokers}}" } } }`;
const source = (more = ''): string => `{ brokers: "{{brokers}}", groupId: "{{from}}", autoOffsetReset: earliest, ${quick.replaceAll('=', ': ').replaceAll('&', ', ')}${more} }`;

async function run(routes: string, properties: Record<string, string> = {}, given: Record<string, unknown> = {}): Promise<Mecha> {
  const mecha = await Mecha.start({ configuration: null, routes: beans + routes, beans: given, properties: { brokers, ...properties }, settings: { 'http.port': 0, 'management.enabled': false, 'state.store': 'memory', 'log.level': 'error' } });
  running.push(mecha);
  return mecha;
}

describe('a transaction of kafka', () => {
  const refusedHere = (text: string): Promise<string> => refused(text, { brokers: 'a:1' });

  it('is an error at its line with what Kafka has not, without brokers, and with a second resource in the block', async () => {
    const route = (...steps: string[]): string => `- from: { uri: direct:in, steps: [ ${steps.join(', ')} ] }\n`;
    const nested = beans.replace('PROPAGATION_MANDATORY', 'PROPAGATION_NESTED');
    expect(await refusedHere(nested + route('{ policy: { ref: mandatory, steps: [ { log: x } ] } }'))).to.match(/:\d+:\d+.*PROPAGATION_NESTED.*not for Kafka/s);
    const nowhere = '- beans:\n    - { name: m, type: org.springframework.kafka.transaction.KafkaTransactionManager }\n';
    expect(await refusedHere(nowhere + route('{ transacted: {} }', '{ log: x }'))).to.match(/:\d+:\d+.*which brokers.*bootstrapServers/s);
    const other = '{ to: { uri: "kafka:t", parameters: { brokers: "b:2" } } }';
    expect(await refusedHere(beans + route('{ policy: { ref: required, steps: [ ' + other + ' ] } }'))).to.match(/:\d+:\d+: M0507: `kafka:\/\/t.*no part of the transaction of Kafka `a:1`.*this is Kafka `b:2`/s);
    const data = '- beans:\n    - { name: data, type: org.apache.commons.dbcp2.BasicDataSource, properties: { url: "jdbc:sqlite::memory:" } }\n';
    expect(await refusedHere(beans + data + route('{ transacted: { ref: required } }', '{ to: "sql:select 1?dataSource=#data" }'))).to.match(/M0507: `sql:\/\/.*no part of the transaction of Kafka/s);
    const rabbit = '- beans:\n    - { name: rabbit, type: org.springframework.amqp.rabbit.connection.CachingConnectionFactory, properties: { host: r } }\n    - { name: rm, type: org.springframework.amqp.rabbit.transaction.RabbitTransactionManager, constructors: { 0: "#bean:rabbit" } }\n    - { name: inRabbit, type: org.apache.camel.spring.spi.SpringTransactionPolicy, properties: { transactionManager: "#bean:rm" } }\n';
    expect(await refusedHere(beans + rabbit + route('{ policy: { ref: required, steps: [ { policy: { ref: inRabbit, steps: [ { log: x } ] } } ] } }'))).to.match(/M0507: a transaction of AMQP `r:5672` stands within one of Kafka `a:1`.*PROPAGATION_REQUIRES_NEW/s);
  });
});

describeWithKafka('transactions of steps in kafka', function () {
  this.timeout(60_000);
  let broker: Broker;
  const texts = async (topic: string): Promise<(string | null)[]> => (await broker.read(topic)).map(({ text }) => text);

  beforeEach(async () => void (broker = await Broker.open()));

  afterEach(async () => {
    for (const mecha of running.splice(0)) await mecha.stop();
    await broker.close();
  });

  it('shows what a block has sent, to whoever reads what is committed, only when it has gone well', async () => {
    const [a, b] = [await broker.topic(), await broker.topic()];
    let inside: (() => void) | null = null;
    let go = (): void => undefined;
    const entered = new Promise<void>((resolve) => (inside = resolve));
    const gate = new Promise<void>((resolve) => (go = resolve));
    const mecha = await run(
      `
- from:
    uri: direct:in
    steps:
      - policy: { ref: required, steps: [ ${to('a')}, { to: direct:called }, ${failsWith('2')}, { filter: { simple: "\${body} == '3'", steps: [ { process: { ref: waits } } ] } } ] }
      - to: mock:after
- from: { uri: direct:called, steps: [ ${to('b')} ] }
`,
      { a, b },
      {
        waits: async () => {
          inside!();
          await gate;
        },
      },
    );
    await mecha.send('direct:in', '1');
    expect(await failure(mecha.send('direct:in', '2'))).to.equal('java.lang.IllegalStateException: no');
    const third = mecha.send('direct:in', '3');
    await entered;
    expect(await broker.count(a), 'it is at the broker already').to.be.at.least(4);
    expect([await texts(a), await texts(b)]).to.deep.equal([['1'], ['1']]);
    go();
    await third;
    expect([await texts(a), await texts(b)]).to.deep.equal([['1', '3'], ['1', '3']]);
    expect(mecha.mock('after').bodies).to.deep.equal(['1', '3']);
  });

  it('takes all that a route sends with its record, as the page on the route language shows it', async () => {
    const [orders, invoices, audit] = [await broker.topic(), await broker.topic(), await broker.topic()];
    const { text } = blocksOf('docs/route-language.md').find(({ heading }) => heading === 'Transactions')!;
    const routes = text
      .replaceAll('localhost:9092', brokers)
      .replace('kafka:orders', `kafka:${orders}`)
      .replace('kafka:invoices', `kafka:${invoices}`)
      .replace('kafka:audit', `kafka:${audit}`)
      .replace('groupId: billing', `groupId: ${orders}, autoOffsetReset: earliest`)
      // What the page has not: a failure behind both sends.
      .concat(`      - ${failsWith('bad')}\n`);
    await broker.send(orders, 'one', 'bad', 'two');
    running.push(await Mecha.start({ configuration: null, routes, settings: { 'http.port': 0, 'management.enabled': false, 'state.store': 'memory', 'log.level': 'error' } }));
    await soon(async () => expect([await texts(invoices), await texts(audit)]).to.deep.equal([['one', 'two'], ['one', 'two']]));
    // The second was sent, and is seen by nobody who reads what is committed.
    expect(await broker.count(invoices)).to.be.at.least(3);
  });

  it('joins, demands, leaves or begins a transaction, as the policy says', async () => {
    const topic = await broker.topic();
    const mecha = await run(
      `
- from: { uri: direct:must, steps: [ { policy: { ref: mandatory, steps: [ ${to('topic')} ] } } ] }
- from: { uri: direct:in, steps: [ { transacted: { ref: required } }, ${to('topic')}, { to: direct:must }, { to: direct:new }, { to: direct:not }, ${failsWith('x')} ] }
- from: { uri: direct:new, steps: [ { policy: { ref: requires_new, steps: [ { setBody: { simple: "new \${body}" } }, ${to('topic')}, { setBody: { constant: x } } ] } } ] }
- from: { uri: direct:not, steps: [ { policy: { ref: not_supported, steps: [ { setBody: { constant: not } }, ${to('topic')}, { setBody: { constant: x } } ] } } ] }
`,
      { topic },
    );
    expect(await failure(mecha.send('direct:must', 'a'))).to.include('mandatory');
    expect(await failure(mecha.send('direct:in', 'b'))).to.equal('java.lang.IllegalStateException: no');
    expect((await texts(topic)).sort()).to.deep.equal(['new b', 'not']);
  });

  it('sends together with the offset of the record that the route has come from, one transaction a record', async () => {
    const [from, out] = [await broker.topic(), await broker.topic()];
    let fences = 0;
    const mecha = await run(
      `
- route:
    id: relay
    from: { uri: "kafka:{{from}}", parameters: ${source()}, steps: [ { transacted: { ref: required } }, ${to('out')}, { process: { ref: fence } }, { to: mock:out } ] }
`,
      { from, out },
      {
        // Somebody takes the transactional id over, in the middle of a transaction: it can't be committed any more.
        fence: async ({ body }: { body: unknown }) => {
          if (String(body) === '2' && fences++ === 0) await broker.fence(`mecha-${from}-${from}-0`);
        },
      },
    );
    await broker.send(from, '1', '2', '3');
    await soon(async () => expect(await broker.committed(from, from)).to.deep.equal([3]), 40_000);
    expect(fences).to.equal(2);
    expect(mecha.mock('out').bodies, 'the second one came again').to.deep.equal(['1', '2', '2', '3']);
    expect(await texts(out)).to.deep.equal(['1', '2', '3']);
  });

  it('takes back what the block of a record has sent that fails, and goes on behind it', async () => {
    const [from, out, audit] = [await broker.topic(), await broker.topic(), await broker.topic()];
    await run(
      `
- route:
    id: relay
    from:
      uri: kafka:{{from}}
      parameters: ${source()}
      steps:
        - ${to('audit')}
        - policy: { ref: required, steps: [ ${to('out')}, ${failsWith('2')} ] }
        - policy: { ref: required, steps: [ { setBody: { simple: "again \${body}" } }, ${to('out')}, { filter: { simple: "\${body} == 'again 3'", steps: [ { rollback: { markRollbackOnlyLast: true } } ] } } ] }
`,
      { from, out, audit },
    );
    await broker.send(from, '1', '2', '3');
    await soon(async () => expect(await broker.committed(from, from)).to.deep.equal([3]));
    expect([await texts(audit), await texts(out)]).to.deep.equal([['1', '2', '3'], ['1', 'again 1', '3']]);
  });

  it('commits offsets the other way when a reload brings the first transaction', async () => {
    const [from, out] = [await broker.topic(), await broker.topic()];
    const route = (steps: string): string => `${beans}\n- route: { id: relay, from: { uri: "kafka:{{from}}", parameters: ${source()}, steps: [ ${steps} ${to('out')}, { to: mock:out } ] } }\n`;
    const mecha = await run(route('').slice(beans.length), { from, out });
    await broker.send(from, '1');
    await soon(async () => expect(await broker.committed(from, from)).to.deep.equal([1]));
    expect((await mecha.reload(route(`{ transacted: { ref: required } }, ${failsWith('2')},`))).result).to.equal('applied');
    await broker.send(from, '2', '3');
    await soon(async () => expect(await broker.committed(from, from)).to.deep.equal([3]));
    expect(await texts(out)).to.deep.equal(['1', '3']);
    // Control records of transactions have offsets, too.
    expect(await broker.count(out)).to.equal(3);
  });
});
