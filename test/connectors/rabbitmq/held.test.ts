import { expect } from 'chai';
import { Mecha } from '../../../src/index.ts';
import { eventually } from '../../contract/operator.ts';
import { failsWith, failure, policies, refused } from '../blocks.ts';
import { amqpUrl, Broker, describeWithBroker, Wiretap } from './broker.ts';

const settings = { 'http.port': 0, 'state.store': 'memory', 'log.level': 'error', 'management.enabled': false, watch: false } as const;
const beans = `
- beans:
    - name: rabbit
      type: org.springframework.amqp.rabbit.connection.CachingConnectionFactory
      properties: { uri: "{{url}}" }
    - name: rabbitManager
      type: org.springframework.amqp.rabbit.transaction.RabbitTransactionManager
      constructors: { 0: "#bean:rabbit" }
${policies('rabbitManager', ['REQUIRED', 'NESTED', 'REQUIRES_NEW', 'NOT_SUPPORTED', 'NEVER'])}
`;
/** One by its factory, the other by its address: the same broker all the same. */
const to = (queue: string): string => `{ to: { uri: "spring-rabbitmq:default", pattern: InOnly, parameters: { connectionFactory: "#bean:rabbit", routingKey: "{{${queue}}}" } } }`;
const toUrl = (queue: string): string => `{ to: { uri: "rabbitmq:default", pattern: InOnly, parameters: { url: "{{url}}", routingKey: "{{${queue}}}" } } }`;

describe('a transaction of rabbitmq', () => {
  it('is an error at its line without a connection factory, and with a second broker in the block', async () => {
    const refusedHere = (text: string): Promise<string> => refused(text, { url: 'amqp://u:secret@a:1/' });
    expect(await refusedHere('- beans:\n    - { name: m, type: org.springframework.amqp.rabbit.transaction.RabbitTransactionManager }\n- from: { uri: direct:in, steps: [ { transacted: {} }, { log: x } ] }\n')).to.match(/:3:\d+.*needs a connection factory/s);
    const other = '{ to: { uri: "spring-rabbitmq:default", parameters: { url: "amqp://v:secret@b:2/x" } } }';
    const said = await refusedHere(`${beans}\n- from: { uri: direct:in, steps: [ { policy: { ref: required, steps: [ ${other} ] } } ] }\n`);
    expect(said.slice(0, said.indexOf(' ['))).not.to.include('secret');
    expect(said).to.match(/M0507: `spring-rabbitmq:.*no part of the transaction of AMQP `a:1`.*this is AMQP `b:2\/x`.*PROPAGATION_NOT_SUPPORTED/s);
  });
});

describeWithBroker('transactions of steps in rabbitmq', () => {
  let broker: Broker;
  let mecha: Mecha | null = null;

  beforeEach(async () => void (broker = await Broker.open()));

  afterEach(async () => {
    await mecha?.stop();
    mecha = null;
    await broker.close();
  });

  const run = async (routes: string, properties: Readonly<Record<string, string>>, given: Readonly<Record<string, unknown>> = {}): Promise<Mecha> =>
    (mecha = await Mecha.start({ configuration: null, routes: beans + routes, beans: given, properties: { url: amqpUrl, ...properties }, settings }));
  const drain = async (queue: string): Promise<string[]> => {
    const texts: string[] = [];
    for (let message = await broker.get(queue); message !== null; message = await broker.get(queue)) texts.push(message.content.toString());
    return texts;
  };

  it('lets nothing out before the block has gone well, then all of it in order, and nothing when it fails', async () => {
    const [a, b] = [await broker.queue(), await broker.queue()];
    const seen: number[] = [];
    const started = await run(
      `
- from:
    uri: direct:in
    steps:
      - policy: { ref: required, steps: [ { split: { tokenize: { token: "," }, steps: [ ${to('a')} ] } }, { to: direct:called }, { process: { ref: looks } }, ${failsWith('3,4')} ] }
- from: { uri: direct:called, steps: [ ${toUrl('b')} ] }
`,
      { a, b },
      { looks: async () => void seen.push((await broker.count(a)) + (await broker.count(b))) },
    );
    await started.send('direct:in', '1,2');
    expect(seen).to.deep.equal([0]);
    expect([await drain(a), await drain(b)]).to.deep.equal([['1', '2'], ['1,2']]);
    expect(await failure(started.send('direct:in', '3,4'))).to.equal('java.lang.IllegalStateException: no');
    expect([await broker.count(a), await broker.count(b)]).to.deep.equal([0, 0]);
  });

  it('acknowledges the message that the route has come from only after what it sent is confirmed', async () => {
    const [from, out] = [broker.name(), await broker.queue()];
    await run(
      `
- route:
    id: relay
    errorHandler: { noErrorHandler: {} }
    from: { uri: "spring-rabbitmq:default", parameters: { connectionFactory: "#bean:rabbit", queues: "{{from}}", maximumRetryAttempts: 2, retryDelay: 10, arg.queue.durable: true }, steps: [ { transacted: { ref: required } }, ${to('out')}, { process: { ref: failsOnce } } ] }
`,
      { from, out },
      {
        failsOnce: (() => {
          let count = 0;
          return () => {
            if (count++ === 0) throw new Error('not yet');
          };
        })(),
      },
    );
    await broker.send(from, '1');
    await broker.send(from, '2');
    await eventually(async () => expect([await broker.count(from), await broker.count(out)]).to.deep.equal([0, 2]), 8000);
    expect((await drain(out)).sort()).to.deep.equal(['1', '2']);
  });

  it('acknowledges on the wire only when the confirm has come', async () => {
    const tap = await Wiretap.open();
    try {
      const [from, out] = [await broker.queue(), await broker.queue()];
      await broker.send(from, 'x');
      tap.holdsConfirms = true;
      const url = tap.url;
      await run(`\n- from: { uri: "spring-rabbitmq:default", parameters: { connectionFactory: "#bean:rabbit", queues: "{{from}}", arg.queue.durable: true }, steps: [ { transacted: { ref: required } }, ${to('out')} ] }\n`, { from, out, url });
      // It is out and confirmed, but the confirm is held back here.
      await eventually(async () => expect([await broker.count(out), tap.confirms]).to.deep.equal([1, 1]), 8000);
      // A round trip of another client: the acknowledgement would have come by then.
      for (let turn = 0; turn < 20; turn++) expect([await broker.count(from), tap.acknowledged]).to.deep.equal([0, []]);
      tap.letThrough();
      await eventually(() => expect(tap.acknowledged).to.deep.equal(['x']), 8000);
      expect(await broker.count(out)).to.equal(1);
    } finally {
      await mecha?.stop();
      mecha = null;
      await tap.close();
    }
  });

  it('fails a block that would hold more than 64 MB, of which nothing goes out', async () => {
    const a = await broker.queue();
    const steps = Array.from({ length: 5 }, () => to('a')).join(', ');
    const started = await run(`\n- from: { uri: direct:in, steps: [ { policy: { ref: required, steps: [ ${steps} ] } } ] }\n`, { a });
    expect(await failure(started.send('direct:in', Buffer.alloc(13 * 1024 * 1024, 'x')))).to.match(/holds more than 67108864 bytes/);
    expect(await broker.count(a)).to.equal(0);
    await started.send('direct:in', Buffer.alloc(1000, 'x'));
    expect(await broker.count(a)).to.equal(5);
  });

  it('fails the block when the broker does not take what was held, and says what is out by then', async () => {
    const a = await broker.queue();
    const started = await run(`\n- from: { uri: direct:in, steps: [ { policy: { ref: required, steps: [ ${to('a')}, ${to('none')} ] } }, { to: mock:after } ] }\n`, { a, none: broker.name() });
    expect(await failure(started.send('direct:in', 'x'))).to.match(/no queue.*1 of the 2 messages of the transaction are out/);
    expect(started.mock('after').bodies).to.deep.equal([]);
  });

  it('takes a nested part back alone, and lets what is new or outside of the transaction go by itself', async () => {
    const a = await broker.queue();
    const started = await run(
      `
- from:
    uri: direct:in
    steps:
      - policy:
          ref: required
          steps:
            - ${to('a')}
            - { doTry: { steps: [ { to: direct:part } ], doCatch: [ { exception: [java.lang.Exception], steps: [] } ] } }
            - { to: direct:new }
            - { to: direct:not }
            - ${failsWith('bad')}
- from: { uri: direct:part, steps: [ { policy: { ref: nested, steps: [ { setBody: { simple: "part of \${body}" } }, ${to('a')}, ${failsWith('part of good')} ] } }, { setBody: { constant: bad } } ] }
- from: { uri: direct:new, steps: [ { policy: { ref: requires_new, steps: [ { setProperty: { name: was, simple: "\${body}" } }, { setBody: { constant: new } }, ${to('a')}, { setBody: { simple: "\${exchangeProperty.was}" } } ] } } ] }
- from: { uri: direct:not, steps: [ { policy: { ref: not_supported, steps: [ { setBody: { constant: not } }, ${to('a')}, { setBody: { simple: "\${exchangeProperty.was}" } } ] } } ] }
`,
      { a },
    );
    await started.send('direct:in', 'good');
    expect(await drain(a)).to.deep.equal(['new', 'not', 'good']);
    expect(await failure(started.send('direct:in', 'fine'))).to.equal('java.lang.IllegalStateException: no');
    expect(await drain(a)).to.deep.equal(['new', 'not']);
  });

  it('refuses a request in a transaction at once: its reply could not come before the commit', async () => {
    const a = await broker.queue();
    const started = await run(`\n- from: { uri: direct:in, steps: [ { policy: { ref: required, steps: [ { to: { uri: "spring-rabbitmq:default", parameters: { connectionFactory: "#bean:rabbit", routingKey: "{{a}}" } } } ] } } ] }\n`, { a });
    expect(await failure(started.request('direct:in', 'x'))).to.match(/a request in a transaction would never be answered.*InOnly/);
    expect(await broker.count(a)).to.equal(0);
  });
});
