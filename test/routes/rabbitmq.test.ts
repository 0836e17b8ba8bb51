import { expect } from 'chai';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Mecha } from '../../src/index.ts';
import { amqpUrl, Broker, describeWithBroker } from '../connectors/rabbitmq/broker.ts';
import { eventually } from '../contract/operator.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const kafka = process.env['KAFKA_BROKERS'];

describeWithBroker('routes/rabbitmq-request-reply.yaml', () => {
  let pricing: ChildProcess;
  let url: string;
  let broker: Broker;
  let mecha: Mecha;
  let queue: string;
  let replies: string;

  before(async () => {
    pricing = spawn(process.execPath, [join(root, 'examples/pricing/server.mjs')], { env: { ...process.env, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] });
    url = await new Promise<string>((resolve) => pricing.stdout!.once('data', (piece) => resolve(/http:\/\/\S+/.exec(String(piece))![0])));
    broker = await Broker.open();
    queue = broker.name();
    replies = await broker.queue();
    mecha = await Mecha.start({
      folder: root,
      routes: [join(root, 'routes/rabbitmq-request-reply.yaml')],
      properties: { rabbitmq: amqpUrl, queue, retryDelay: '50' },
      settings: { 'http.port': 0, 'micrologic.url': url, 'state.store': 'memory', watch: false },
    });
  });

  after(async () => {
    expect(await mecha.stop()).to.equal(true);
    pricing.kill();
    await broker.close();
  });

  const ask = async (body: string): Promise<{ text: string; headers: unknown; correlationId: unknown; contentType: unknown }> => {
    await broker.send(queue, body, { replyTo: replies, correlationId: body, contentType: 'application/json' });
    let message = await broker.get(replies);
    const end = performance.now() + 5000;
    while (message === null && performance.now() < end) message = await broker.get(replies);
    const { properties, content } = message!;
    return { text: content.toString(), headers: properties.headers, correlationId: properties.correlationId, contentType: properties.contentType };
  };

  it('answers a request with what the application says', async () => {
    const body = '{"item":"tea","quantity":3,"region":"EU"}';
    const reply = await ask(body);
    expect(JSON.parse(reply.text)).to.deep.equal({ item: 'tea', quantity: 3, unitPrice: 5.04, amount: 15.12 });
    expect(reply).to.deep.include({ headers: { status: 'ok' }, correlationId: body, contentType: 'application/json' });
  });

  it('answers with the reason when the application rejects it', async () => {
    const reply = await ask('{"item":"moon","quantity":1}');
    expect(reply.headers).to.deep.equal({ status: 'rejected' });
    expect(reply.text).to.match(/moon|422/);
  });

  it('asks again while the application fails', async () => {
    await (await fetch(`${url}/mood`, { method: 'PUT', body: '{"fails":true}' })).text();
    setTimeout(() => void fetch(`${url}/mood`, { method: 'PUT', body: '{"fails":false}' }), 60);
    expect(JSON.parse((await ask('{"item":"mug","quantity":1,"region":"EU"}')).text)).to.include({ amount: 11.88 });
  });
});

describeWithBroker(
  'routes/rabbitmq-to-kafka.yaml',
  () => {
    it('sends each line of a batch to Kafka', async () => {
      const { Kafka, logLevel } = (await import('kafkajs')).default;
      const broker = await Broker.open();
      const [exchange, queue] = [broker.name('exchange'), broker.name()];
      const topic = queue;
      const client = new Kafka({ brokers: kafka!.split(','), logLevel: logLevel.NOTHING });
      const admin = client.admin();
      await admin.connect();
      await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
      const mecha = await Mecha.start({
        folder: root,
        routes: [join(root, 'routes/rabbitmq-to-kafka.yaml')],
        properties: { rabbitmq: amqpUrl, kafka: kafka!, exchange, queue, topic },
        settings: { 'http.port': 0, 'state.store': 'memory', watch: false },
      });
      try {
        await broker.send('batch', '{"id":1,"customer":"Ann"}\n{"id":2,"customer":"Bob"}\n\n{"id":3,"customer":"Ann"}\n', { contentType: 'application/x-ndjson', persistent: true }, exchange);
        const end = async (): Promise<number> => Number((await admin.fetchTopicOffsets(topic))[0]!.high);
        const limit = performance.now() + 10_000;
        while ((await end()) < 3 && performance.now() < limit) await new Promise((resolve) => setTimeout(resolve, 20));
        expect(await end()).to.equal(3);
        await eventually(() => expect(mecha.runtime.inFlight).to.equal(0));
        expect(await broker.count(queue)).to.equal(0);
      } finally {
        expect(await mecha.stop()).to.equal(true);
        await admin.deleteTopics({ topics: [topic] });
        await admin.disconnect();
        await broker.channel.deleteQueue(`${queue}.dead`);
        await broker.channel.deleteExchange(`${exchange}.dead`);
        await broker.close();
      }
    }).timeout(30_000);
  },
  { KAFKA_BROKERS: kafka },
);
