/**
 * `npm run bench -- s3`, or `npx tsx bench/s3.ts [--quick] [--json]` with S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY: small objects in → transform → out, Mecha (as
 * built) against a program by hand on the same client. Rounds of the two take turns; what counts is objects a second of CPU time, the median.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { CreateBucketCommand, DeleteBucketCommand, DeleteObjectsCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Served } from './processes.ts';
import { benchFolder, byHand, cpuMicros, endAll, freePort, mecha, median, residentMegabytes, sleep } from './processes.ts';

const { S3_ENDPOINT: url, S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey } = process.env;
if (url === undefined || accessKey === undefined || secretKey === undefined) throw new Error('S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY must name a server');
const isQuick = process.argv.includes('--quick');
const rounds = isQuick ? 2 : 5;
const count = isQuick ? 200 : 1000;

const client = new S3Client({ endpoint: url, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId: accessKey, secretAccessKey: secretKey } });
const tag = randomUUID().slice(0, 8);
const body = Buffer.from(JSON.stringify({ id: 'o-4711', region: 'eu', amount: 129.5, customer: { name: 'Anna Berg', email: 'anna@example.org' }, note: 'ring twice before noon' }).padEnd(300));

interface Contender {
  readonly server: Served;
  readonly from: string;
  readonly to: string;
  readonly figures: number[];
}

const keys = async (bucket: string): Promise<string[]> => {
  const all: string[] = [];
  let next: string | undefined;
  do {
    const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: next }));
    all.push(...(page.Contents ?? []).map(({ Key }) => Key!));
    next = page.NextContinuationToken === '' ? undefined : page.NextContinuationToken;
  } while (next !== undefined);
  return all;
};

async function empty(bucket: string): Promise<void> {
  const all = await keys(bucket);
  for (let at = 0; at < all.length; at += 1000) await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: all.slice(at, at + 1000).map((Key) => ({ Key })) } }));
}

async function contender(name: string, open: (from: string, to: string) => Promise<Served>): Promise<Contender> {
  const [from, to] = [`mecha-bench-${tag}-${name}-in`, `mecha-bench-${tag}-${name}-out`];
  for (const bucket of [from, to]) await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return { server: await open(from, to), from, to, figures: [] };
}

async function round({ server, from, to, figures }: Contender, isCounted: boolean): Promise<void> {
  const before = cpuMicros(server.pid);
  const amount = isCounted ? count : Math.min(count, 500);
  for (let i = 0; i < amount; i += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, j) => client.send(new PutObjectCommand({ Bucket: from, Key: `o-${i + j}.json`, Body: body, ContentType: 'application/json', Metadata: { number: String(i + j) } }))));
  }
  while ((await keys(from)).length > 0) await sleep(50);
  const used = cpuMicros(server.pid) - before;
  const done = (await keys(to)).length;
  if (done !== amount) throw new Error(`${server.name} wrote ${done} of ${amount} objects`);
  await empty(to);
  if (isCounted) figures.push((amount / used) * 1e6);
}

try {
  const hand = await contender('hand', async (from, to) => byHand('s3.mjs', await freePort(), url, from, to));
  const own = await contender('mecha', async (from, to) => mecha(join(benchFolder, 'routes/s3.yaml'), await freePort(), { url, from, to, accessKey, secretKey }));
  for (let i = -1; i < rounds; i++) for (const each of i % 2 === 0 ? [hand, own] : [own, hand]) await round(each, i >= 0);
  for (const [name, { server, figures }] of [['by hand', hand], ['mecha', own]] as const) {
    console.log(`${name.padEnd(8)} ${Math.round(median(figures))} objects a CPU second (${figures.map(Math.round).join(' ')}), ${Math.round(residentMegabytes(server.pid))} MB`);
  }
  const ratio = median(own.figures.map((figure, i) => figure / hand.figures[i]!));
  console.log(`ratio    ${ratio.toFixed(2)} (goal 0.85)`);
  if (process.argv.includes('--json')) console.log(JSON.stringify({ byHand: median(hand.figures), mecha: median(own.figures), ratio }));
  for (const { server, from, to } of [hand, own]) {
    await server.stop();
    for (const bucket of [from, to]) {
      await empty(bucket);
      await client.send(new DeleteBucketCommand({ Bucket: bucket }));
    }
  }
} finally {
  endAll();
  client.destroy();
}
