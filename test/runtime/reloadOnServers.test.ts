import { expect } from 'chai';
import LibraryBroker from 'kafkajs/src/broker/index.js';
import { Mecha } from '../../src/index.ts';
import { connection, describeWithServer, Gate, Storage } from '../connectors/aws2-s3/rig.ts';
import { Broker as KafkaBroker, brokers, describeWithKafka, quick, soon } from '../connectors/kafka/broker.ts';
import { amqpUrl, Broker as RabbitBroker, describeWithBroker } from '../connectors/rabbitmq/broker.ts';

const reloads = 5;

const parametersOf = (query: string): string =>
  query
    .split('&')
    .map((option) => `        ${option.slice(0, option.indexOf('='))}: ${JSON.stringify(decodeURIComponent(option.slice(option.indexOf('=') + 1)))}`)
    .join('\n');

/** A route with a version: its consumer's endpoint stays the same, its steps do not. */
const routeOf = (uri: string, query: string) => (version: number): string => `
- route:
    id: changing
    from:
      uri: "${uri}"
      parameters:
${parametersOf(query)}
      steps:
        - delay: { simple: "\${random(0,4)}" }
        - setHeader: { name: version, constant: "v${version}" }
        - convertBodyTo: { type: String }
        - to: mock:out
`;

/** Feeds while the route is changed again and again; gives how often each message came out, and by which versions. */
async function reloadUnderLoad(route: (version: number) => string, names: readonly string[], feed: (names: readonly string[]) => Promise<unknown>): Promise<{ mecha: Mecha; times: Map<string, number>; versions: Set<unknown> }> {
  const mecha = await Mecha.start({ configuration: null, routes: route(0), settings: { 'http.port': 0, 'management.enabled': false, 'state.store': 'memory', 'log.level': 'off' } });
  try {
    const out = mecha.mock('out');
    const portion = Math.ceil(names.length / (reloads + 1));
    for (let version = 0; version <= reloads; version++) {
      const feeding = feed(names.slice(version * portion, (version + 1) * portion));
      // Some are under way, and more are coming.
      await soon(() => expect(out.received.length).to.be.above(version * portion));
      if (version < reloads) {
        const result = await mecha.reload(route(version + 1));
        expect(result.problems).to.deep.equal([]);
        expect(result.changed).to.have.length(1);
      }
      await feeding;
    }
    await soon(() => expect(out.received.length).to.be.at.least(names.length), 20_000);
    const times = new Map<string, number>();
    for (const { body } of out.received) times.set(String(body), (times.get(String(body)) ?? 0) + 1);
    return { mecha, times, versions: new Set(out.received.map(({ headers }) => headers.get('version'))) };
  } catch (thrown) {
    await mecha.stop();
    throw thrown;
  }
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `n${i}`);

const each = (names: readonly string[]): [string, number][] => names.map((name) => [name, 1]);

describeWithKafka('a reload under load, from kafka', function () {
  this.timeout(60_000);

  it('loses nothing, repeats nothing and does not join the group again', async () => {
    const { joinGroup } = LibraryBroker.prototype as unknown as { joinGroup: (...all: unknown[]) => unknown };
    let joins = 0;
    (LibraryBroker.prototype as unknown as { joinGroup: unknown }).joinGroup = function (this: unknown, ...all: unknown[]) {
      joins++;
      return joinGroup.apply(this, all);
    };
    const broker = await KafkaBroker.open();
    const topic = await broker.topic(2);
    const names = numbers(3000);
    try {
      const { mecha, times, versions } = await reloadUnderLoad(routeOf(`kafka:${topic}`, `brokers=${brokers}&groupId=${topic}&autoOffsetReset=earliest&${quick}`), names, (some) => broker.send(topic, ...some.map((value) => ({ value, key: value }))));
      expect([...times].sort()).to.deep.equal(each(names).sort());
      expect(versions.size).to.equal(reloads + 1);
      expect(joins, 'times it has joined').to.equal(1);
      await soon(async () => expect((await broker.committed(topic, topic)).reduce((sum, offset) => sum + offset, 0)).to.equal(names.length));
      await mecha.stop();
    } finally {
      Object.assign(LibraryBroker.prototype, { joinGroup });
      await broker.close();
    }
  });
});

describeWithBroker('a reload under load, from spring-rabbitmq', () => {
  it('loses nothing, repeats nothing and keeps its connection', async () => {
    const broker = await RabbitBroker.open();
    const gate = await Gate.open(amqpUrl);
    const queue = await broker.queue();
    const names = numbers(3000);
    const url = new URL(amqpUrl);
    url.host = `127.0.0.1:${gate.port}`;
    try {
      const { mecha, times, versions } = await reloadUnderLoad(routeOf('spring-rabbitmq:default', `queues=${queue}&arg.queue.durable=true&prefetchCount=100&url=${encodeURIComponent(url.toString())}`), names, (some) => Promise.all(some.map((name) => broker.send(queue, name))));
      expect([...times].sort()).to.deep.equal(each(names).sort());
      expect(versions.size).to.equal(reloads + 1);
      expect(gate.opened, 'connections').to.equal(1);
      await soon(async () => expect(await broker.count(queue)).to.equal(0));
      await mecha.stop();
    } finally {
      await broker.close();
      await gate.close();
    }
  }).timeout(60_000);
});

describeWithServer('a reload under load, from aws2-s3', () => {
  it('loses nothing, and repeats nothing', async () => {
    const storage = new Storage();
    const bucket = await storage.bucket();
    const names = numbers(600);
    try {
      const { mecha, times, versions } = await reloadUnderLoad(routeOf(`aws2-s3:${bucket}`, `${connection()}&initialDelay=0&delay=10&greedy=true`), names, (some) => Promise.all(some.map((name) => storage.put(bucket, name, name))));
      expect([...times].sort()).to.deep.equal(each(names).sort());
      expect(versions.size).to.equal(reloads + 1);
      await soon(async () => expect(await storage.keys(bucket)).to.deep.equal([]));
      await mecha.stop();
    } finally {
      await storage.close();
    }
  }).timeout(60_000);
});
