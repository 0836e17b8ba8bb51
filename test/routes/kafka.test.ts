import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Mecha } from '../../src/runtime/mecha.ts';
import { MemoryStore } from '../../src/stores/memory.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Broker, brokers, describeWithKafka, soon } from '../connectors/kafka/broker.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describeWithKafka('routes/kafka-exactly-once.yaml', function () {
  this.timeout(40_000);

  it('prices each paid order once, and puts rejected ones aside', async () => {
    const broker = await Broker.open();
    const topic = await broker.topic(2);
    const [priced, rejected] = [await broker.topic(2, {}, `${topic}.priced`), await broker.topic(1, {}, `${topic}.rejected`)];
    const application = spawn(process.execPath, [join(root, 'examples/pricing/server.mjs')], { env: { ...process.env, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] });
    const port = await new Promise<string>((resolve) => application.stdout.on('data', (piece: Buffer) => void resolve(/:(\d+)/.exec(piece.toString())?.[1] ?? '')));
    const orders = Array.from({ length: 200 }, (_, id) => ({ key: String(id % 7), value: JSON.stringify({ id, item: id % 50 === 49 ? 'nonsense' : 'tea', quantity: id, region: 'EU', status: id % 4 === 0 ? 'open' : 'paid' }) }));
    await broker.send(topic, ...orders);
    const mecha = await Mecha.start({
      routes: [join(root, 'routes/kafka-exactly-once.yaml')],
      configuration: null,
      folder: root,
      settings: { 'micrologic.url': `http://127.0.0.1:${port}` },
      properties: { kafka: brokers, topic, group: topic },
      store: new MemoryStore(systemClock),
    });
    try {
      await soon(async () => expect((await broker.committed(topic, topic)).reduce((sum, offset) => sum + Math.max(0, offset), 0)).to.equal(200), 30_000);
      const paid = orders.map(({ value }) => JSON.parse(value) as { item: string; quantity: number; status: string }).filter(({ status }) => status === 'paid');
      const quantities = (await broker.read(priced)).map(({ text }) => JSON.parse(text!) as { quantity: number; amount: number });
      expect(quantities.map(({ quantity }) => quantity).sort((a, b) => a - b)).to.deep.equal(paid.filter(({ item }) => item === 'tea').map(({ quantity }) => quantity));
      expect(quantities.every(({ amount }) => typeof amount === 'number')).to.equal(true);
      expect((await broker.read(rejected)).map(({ headers }) => String(headers!['reason']))).to.have.length(paid.filter(({ item }) => item !== 'tea').length);
    } finally {
      await mecha.stop();
      application.kill();
      await broker.close();
    }
  });
});
