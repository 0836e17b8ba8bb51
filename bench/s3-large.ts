/**
 * `npm run bench -- s3`, or `npx tsx bench/s3-large.ts [MEGABYTES] [--quick] [--json]` with S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY: one large object (2 GB) in and out: by way
 * of a temporary file (the default), the same from the route's beginning on (`includeBody=false`), and as it comes (`streamCache: false`, too). What
 * counts is the most memory that Mecha (as built) ever had, of its whole process, from start to end. With 150 MB or more it fails.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { CopyObjectCommand, CreateBucketCommand, DeleteBucketCommand, DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { benchFolder, cpuMicros, endAll, freePort, mecha, sleep } from './processes.ts';

const { S3_ENDPOINT: url, S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey } = process.env;
if (url === undefined || accessKey === undefined || secretKey === undefined) throw new Error('S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY must name a server');
const megabytes = Number(process.argv.slice(2).find((arg) => /^\d+$/.test(arg)) ?? (process.argv.includes('--quick') ? 256 : 2048));
const mostMegabytes = 150;
const longestMillis = 600_000;
const ways = [
  { key: 'file', way: 'by a file', includeBody: 'true', streamCache: 'true' },
  { key: 'cached stream', way: 'by a stream that is kept', includeBody: 'false', streamCache: 'true' },
  { key: 'stream', way: 'by a stream', includeBody: 'false', streamCache: 'false' },
];

const client = new S3Client({ endpoint: url, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId: accessKey, secretAccessKey: secretKey } });
const tag = randomUUID().slice(0, 8);
const [source, from, to] = [`mecha-bench-${tag}-source`, `mecha-bench-${tag}-in`, `mecha-bench-${tag}-out`];
const piece = randomBytes(1024 * 1024);

const peakMegabytes = (pid: number): number => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

/** No two megabytes of it are the same. */
function* pieces(): Generator<Buffer> {
  for (let i = 0; i < megabytes; i++) {
    const next = Buffer.from(piece);
    next.writeUInt32BE(i);
    yield next;
  }
}

async function digest(bucket: string, key: string): Promise<string> {
  const hash = createHash('sha1');
  for await (const part of (await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))).Body as Readable) hash.update(part as Buffer);
  return hash.digest('hex');
}

const size = async (bucket: string, key: string): Promise<number | null> =>
  client.send(new HeadObjectCommand({ Bucket: bucket, Key: key })).then(
    ({ ContentLength }) => ContentLength ?? null,
    () => null,
  );

const whole = createHash('sha1');
for (const next of pieces()) whole.update(next);
const expected = whole.digest('hex');
try {
  for (const bucket of [source, from, to]) await client.send(new CreateBucketCommand({ Bucket: bucket }));
  await new Upload({ client, params: { Bucket: source, Key: 'object', Body: Readable.from(pieces()) }, partSize: 64 * 1024 * 1024, queueSize: 1 }).done();
  for (const { key, way, ...options } of ways) {
    const server = mecha(join(benchFolder, 'routes/s3-large.yaml'), await freePort(), { url, from, to, accessKey, secretKey, ...options });
    await sleep(3000);
    const idle = peakMegabytes(server.pid);
    const [cpu, start] = [cpuMicros(server.pid), performance.now()];
    await client.send(new CopyObjectCommand({ Bucket: from, Key: key, CopySource: `${source}/object` }));
    while ((await size(from, key)) !== null || (await size(to, key)) === null) {
      if (server.hasEnded || performance.now() - start > longestMillis) throw new Error(`${key}: mecha ${server.hasEnded ? 'has ended' : 'does not get it done'}`);
      await sleep(50);
    }
    const seconds = (performance.now() - start) / 1000;
    const peak = peakMegabytes(server.pid);
    if (peak >= mostMegabytes) process.exitCode = 1;
    console.log(
      `${key.padEnd(14)} ${megabytes} MB: at most ${Math.round(peak)} MB of memory (${Math.round(idle)} when idle), ${Math.round(megabytes / seconds)} MB/s, ${((cpuMicros(server.pid) - cpu) / 1e6).toFixed(1)} s of CPU`,
    );
    if (process.argv.includes('--json')) console.log(JSON.stringify({ way, peak }));
    if ((await digest(to, key)) !== expected) throw new Error(`${key} came out other than it went in`);
    await client.send(new DeleteObjectCommand({ Bucket: to, Key: key }));
    await server.stop();
  }
} finally {
  endAll();
  await client.send(new DeleteObjectCommand({ Bucket: source, Key: 'object' })).catch(() => undefined);
  for (const bucket of [from, to]) for (const { key } of ways) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key })).catch(() => undefined);
  for (const bucket of [source, from, to]) await client.send(new DeleteBucketCommand({ Bucket: bucket })).catch(() => undefined);
  client.destroy();
}
