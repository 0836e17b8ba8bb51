/**
 * `npm run bench -- rabbitmq`, or `npx tsx bench/rabbitmq.ts [--quick] [--memory] [--json]`: RabbitMQ → transform → RabbitMQ, Mecha (as built) against a
 * program written by hand on the same client with confirms. Rounds of the two take turns; what counts is messages a second of CPU time, the median of
 * the rounds. `--memory` only looks at memory over a million messages. Needs AMQP_URL.
 */
import { randomUUID } from 'node:crypto';
import { connect } from 'amqplib';
import { byHand, cpuMicros, endAll, freePort, mecha, median, residentMegabytes, sleep } from './processes.ts';
import type { Served } from './processes.ts';
import { join } from 'node:path';
import { benchFolder } from './processes.ts';

const url = process.env['AMQP_URL'];
if (url === undefined) throw new Error('AMQP_URL must name a broker');
const isQuick = process.argv.includes('--quick');
const isJson = process.argv.includes('--json');
const onlyMemory = process.argv.includes('--memory');
const rounds = isQuick ? 3 : 7;
const usual = isQuick ? 10_000 : 30_000;

const connection = await connect(url);
const channel = await connection.createConfirmChannel();
const tag = randomUUID().slice(0, 8);
const body = Buffer.from(
  JSON.stringify({
    id: 'o-4711',
    region: 'eu',
    amount: 129.5,
    customer: { name: 'Anna Berg', email: 'anna@example.org', address: { street: 'Hauptstrasse 1', city: 'Berlin', zip: '10115' } },
    lines: [{ sku: 'A-1', quantity: 2, price: 49.75 }, { sku: 'B-7', quantity: 1, price: 30.25 }],
    note: 'ring twice before noon',
  }).padEnd(300),
);

interface Contender {
  readonly server: Served;
  readonly from: string;
  readonly to: string;
  readonly figures: number[];
  readonly seconds: number[];
}

async function contender(name: string, open: (from: string, to: string) => Promise<Served>): Promise<Contender> {
  const [from, to] = [`mecha-bench-${tag}-${name}-in`, `mecha-bench-${tag}-${name}-out`];
  for (const queue of [from, to]) await channel.assertQueue(queue, { durable: false });
  return { server: await open(from, to), from, to, figures: [], seconds: [] };
}

async function round({ server, from, to, figures, seconds }: Contender, isCounted: boolean, count = usual): Promise<void> {
  const before = cpuMicros(server.pid);
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    channel.publish('', from, body, { contentType: 'application/json', messageId: `m-${i}`, persistent: false, headers: { number: i } });
    if (i % 2000 === 1999) await channel.waitForConfirms();
  }
  for (let isDone = false; !isDone; ) {
    const [{ messageCount: done }, { messageCount: left }] = [await channel.checkQueue(to), await channel.checkQueue(from)];
    isDone = done >= count && left === 0;
    if (!isDone) await sleep(5);
  }
  const used = cpuMicros(server.pid) - before;
  await channel.purgeQueue(to);
  if (!isCounted) return;
  figures.push((count / used) * 1e6);
  seconds.push(count / ((performance.now() - start) / 1000));
}

/** The most memory over a million messages, and over the first 300,000 of them. */
async function memory(): Promise<void> {
  const own = await contender('mecha', async (from, to) => mecha(join(benchFolder, 'routes/rabbitmq.yaml'), await freePort(), { url: url!, from, to }));
  const most: [number, number] = [0, 0];
  const figures: number[] = [];
  for (let i = 1; i <= 50; i++) {
    await round(own, false, 20_000);
    const megabytes = residentMegabytes(own.server.pid);
    if (i <= 15) most[0] = Math.max(most[0], megabytes);
    most[1] = Math.max(most[1], megabytes);
    if (i % 5 === 0) figures.push(Math.round(megabytes));
  }
  console.log(`mecha    MB after each 100,000 of a million messages: ${figures.join(' ')}`);
  if (isJson) console.log(JSON.stringify({ memory: most }));
  await own.server.stop();
  for (const queue of [own.from, own.to]) await channel.deleteQueue(queue);
}

async function compare(): Promise<void> {
  const hand = await contender('hand', async (from, to) => byHand('rabbitmq.mjs', await freePort(), url!, from, to));
  const own = await contender('mecha', async (from, to) => mecha(join(benchFolder, 'routes/rabbitmq.yaml'), await freePort(), { url: url!, from, to }));
  for (let i = -1; i < rounds; i++) for (const each of i % 2 === 0 ? [hand, own] : [own, hand]) await round(each, i >= 0);
  for (const [name, { server, figures, seconds }] of [['by hand', hand], ['mecha', own]] as const) {
    console.log(`${name.padEnd(8)} ${Math.round(median(figures))} messages a CPU second (${figures.map(Math.round).join(' ')}), ${Math.round(median(seconds))} a second, ${Math.round(residentMegabytes(server.pid))} MB`);
  }
  const ratio = median(own.figures.map((figure, i) => figure / hand.figures[i]!));
  console.log(`ratio    ${ratio.toFixed(2)} (goal 0.85)`);
  if (isJson) console.log(JSON.stringify({ byHand: median(hand.figures), mecha: median(own.figures), ratio }));
  await hand.server.stop();
  await own.server.stop();
  for (const { from, to } of [hand, own]) for (const queue of [from, to]) await channel.deleteQueue(queue);
}

try {
  if (!onlyMemory) await compare();
  if (onlyMemory || !isQuick) await memory();
} finally {
  endAll();
  await connection.close();
}
