/**
 * `npm run bench -- kafka`, or `npx tsx bench/kafka.ts [--quick] [--partitions 1,4] [--json]`: Kafka to Kafka, 300 bytes of JSON a record, filter and transform; Mecha against a
 * program by hand on kafkajs. Rounds take turns, each in a fresh process with a new group; what counts is CPU time a record once it runs.
 * Needs KAFKA_BROKERS, and Mecha as built (or MECHA_DIST).
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import kafkajs from 'kafkajs';
import { systemClock } from '../src/core/clock.ts';
import { KafkaJsClient } from '../src/connectors/kafka/kafkajs.ts';
import type { Served } from './processes.ts';
import { benchFolder, cpuMicros, endAll, launch, median, mechaCommand, residentMegabytes, sleep } from './processes.ts';

const args = process.argv.slice(2);
const isQuick = args.includes('--quick');
const isJson = args.includes('--json');
const brokers = process.env['KAFKA_BROKERS'];
const rounds = isQuick ? 2 : 5;
const records = isQuick ? 150_000 : 300_000;
/** Share of the records that passes before the measurement begins. */
const warmUp = 0.3;
const passing = 0.8;

if (brokers === undefined) throw new Error('KAFKA_BROKERS is not set');

const client = new KafkaJsClient({
  clock: systemClock,
  settings: { brokers: brokers.split(','), clientId: 'bench', tls: null, sasl: null, requestTimeoutMillis: 30_000, metadataMaxAgeMillis: 300_000, firstBackoffMillis: 50, longestBackoffMillis: 1000 },
  log: () => undefined,
});
const sender = client.sender({ acks: -1, isIdempotent: false, compression: 'none', transactionalId: null, transactionTimeoutMillis: 60_000, requestTimeoutMillis: 30_000, patienceMillis: 0 });
const admin = new kafkajs.Kafka({ brokers: brokers.split(','), logLevel: kafkajs.logLevel.NOTHING }).admin();
const run = `bench-${process.pid}`;

/** Topics come with as many partitions as asked for. (The records have old time stamps: they must not be deleted for their age meanwhile.) */
const createTopic = async (topic: string, partitions: number): Promise<void> => void (await admin.createTopics({ topics: [{ topic, numPartitions: partitions, replicationFactor: 1, configEntries: [{ name: 'retention.ms', value: '-1' }] }], waitForLeaders: true }));

async function fill(topic: string, partitions: number, records: number): Promise<void> {
  for (let tries = 0; (await sender.partitions(topic).catch(() => 0)) !== partitions; tries++) {
    if (tries > 100) throw new Error(`${topic} has not come`);
    await sleep(50);
  }
  const note = 'n'.repeat(170);
  const regions = ['us', 'cn', 'de'];
  const size = 1000;
  for (let from = 0; from < records; from += size * partitions) {
    const batches = Array.from({ length: partitions }, (_, partition) => ({
      topic,
      partition,
      records: Array.from({ length: size }, (_item, i) => {
        const id = from + partition * size + i;
        const amount = (id * 7919) % 1000 < passing * 1000 ? 101 + (id % 900) : id % 100;
        return { timestamp: 1_700_000_000_000 + id, key: `k${id}`, value: JSON.stringify({ id: `order-${id}`, region: regions[id % 3], amount, customer: { id, name: `customer ${id % 1000}` }, note }) };
      }),
    }));
    for (const { failure } of await sender.send(batches)) if (failure !== null) throw failure;
  }
}

/** A topic that has just come is not known everywhere at once. */
async function count(topic: string): Promise<number> {
  for (let tries = 1; ; tries++) {
    try {
      return (await admin.fetchTopicOffsets(topic)).reduce((sum, { offset }) => sum + Number(offset), 0);
    } catch (thrown) {
      if (tries === 20) throw thrown;
      await sleep(50);
    }
  }
}

interface Figures {
  readonly perCpuSecond: number;
  readonly perSecond: number;
  readonly megabytes: number;
}

/** Records that came in, judged by those that went out. */
async function measure(server: Served, out: string, expected: number): Promise<Figures> {
  let begin: { at: number; cpu: number; time: number } | null = null;
  const started = performance.now();
  for (;;) {
    if (server.hasEnded || performance.now() - started > 240_000) throw new Error(`${server.name} did not get to the end: ${await count(out)} of ${expected} records are there`);
    const at = await count(out);
    const cpu = cpuMicros(server.pid);
    const time = performance.now();
    if (begin === null && at >= expected * warmUp) begin = { at, cpu, time };
    if (at >= expected && begin !== null) {
      const done = (at - begin.at) * (records / expected);
      return { perCpuSecond: (done / (cpu - begin.cpu)) * 1e6, perSecond: (done / (time - begin.time)) * 1000, megabytes: residentMegabytes(server.pid) };
    }
    await sleep(10);
  }
}

/** Most memory of the process up to each of these numbers of records that came out. */
async function memoryAt(server: Served, out: string, marks: readonly number[]): Promise<number[]> {
  const most: number[] = [];
  const started = performance.now();
  for (const mark of marks) {
    let peak = 0;
    for (;;) {
      if (server.hasEnded || performance.now() - started > 600_000) throw new Error(`${server.name} did not get to the end`);
      peak = Math.max(peak, residentMegabytes(server.pid));
      if ((await count(out)) >= mark) break;
      await sleep(20);
    }
    most.push(peak);
  }
  return most;
}

const mechaArgs = (from: string, to: string, group: string): string[] => [
  ...(mechaCommand.endsWith('.ts') ? ['--import', fileURLToPath(import.meta.resolve('tsx'))] : []),
  mechaCommand,
  'run',
  join(benchFolder, 'routes', 'kafka.yaml'),
  '--port',
  '0',
  ...Object.entries({ brokers: brokers!, from, to, group }).flatMap(([key, value]) => ['--property', `${key}=${value}`]),
];

await admin.connect();
try {
  const wanted = args.includes('--partitions') ? args[args.indexOf('--partitions') + 1]!.split(',').map(Number) : [1, 4];
  for (const partitions of wanted) {
    const from = `${run}-in-${partitions}`;
    await createTopic(from, partitions);
    await fill(from, partitions, records);
    let expected = 0;
    for (let id = 0; id < records; id++) if ((id * 7919) % 1000 < passing * 1000) expected++;
    const figures: Record<string, Figures[]> = {};
    for (let round = 0; round < rounds; round++) {
      const names = round % 2 === 0 ? ['by hand', 'mecha'] : ['mecha', 'by hand'];
      for (const name of names) {
        const out = `${run}-out-${partitions}-${round}-${name === 'mecha' ? 'm' : 'h'}`;
        await createTopic(out, partitions);
        const server = name === 'mecha' ? launch(name, mechaArgs(from, out, out), 0) : launch('by hand', [join(benchFolder, 'by-hand', 'kafka.mjs'), brokers!, from, out, out], 0);
        const measured = await measure(server, out, expected);
        await server.stop();
        (figures[name] ??= []).push(measured);
        console.log(`${partitions} partition(s), round ${round + 1}, ${name}: ${Math.round(measured.perCpuSecond)} records a CPU second, ${Math.round(measured.perSecond)} a second, ${Math.round(measured.megabytes)} MB`);
      }
    }
    const of = (name: string): number => median(figures[name]!.map(({ perCpuSecond }) => perCpuSecond));
    const ratio = median(figures['mecha']!.map(({ perCpuSecond }, round) => perCpuSecond / figures['by hand']![round]!.perCpuSecond));
    if (isJson) console.log(JSON.stringify({ partitions, byHand: of('by hand'), mecha: of('mecha'), ratio }));
    console.log(`${partitions} partition(s): by hand ${Math.round(of('by hand'))}, mecha ${Math.round(of('mecha'))} records a CPU second: ${(of('mecha') / of('by hand')).toFixed(2)} (goal 0.85)`);
  }
  if (!isQuick || args.includes('--memory')) {
    const million = 1_000_000;
    const [from, out] = [`${run}-in-million`, `${run}-out-million`];
    await createTopic(from, 1);
    await createTopic(out, 1);
    await fill(from, 1, million);
    const server = launch('mecha', mechaArgs(from, out, out), 0);
    const memory = await memoryAt(server, out, [0.3, 1].map((share) => million * passing * share));
    await server.stop();
    console.log(`memory after 300,000 and after 1,000,000 records: ${memory.map(Math.round).join(', ')} MB`);
    if (isJson) console.log(JSON.stringify({ memory }));
  }
} finally {
  endAll();
  await admin.disconnect();
  await client.close();
}
