import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import type { Producer } from '../../../src/core/connector.ts';
import { readBytes, toText } from '../../../src/core/conversion/convert.ts';
import type { ExchangeError } from '../../../src/core/errors.ts';
import type { Exchange } from '../../../src/core/exchange/exchange.ts';
import { exactNumber } from '../../../src/core/conversion/exactNumber.ts';
import { FileBody } from '../../../src/core/conversion/file-body.ts';
import { copyObject, listPage } from '../../../src/connectors/aws2-s3/bucket.ts';
import { openObjectStore } from '../../../src/connectors/aws2-s3/client.ts';
import { aws2S3 } from '../../../src/connectors/aws2-s3/definition.ts';
import { eventually, Surroundings } from '../../contract/connector.ts';
import { connection, describeWithServer, Gate, serverUrl, Storage } from './rig.ts';

const definition = aws2S3 as never;

describeWithServer('aws2-s3 producer', () => {
  let around: Surroundings;
  let storage: Storage;
  let bucket: string;
  let producers: Producer[];

  beforeEach(async () => {
    around = new Surroundings();
    storage = new Storage();
    bucket = await storage.bucket();
    producers = [];
  });

  afterEach(async () => {
    for (const producer of producers) await producer.close?.();
    await storage.close();
  });

  async function open(more = '', of = bucket, server?: string): Promise<Producer> {
    const producer = await around.producer(definition, `aws2-s3:${of}?${connection(server, more)}`);
    producers.push(producer);
    return producer;
  }

  async function send(more: string, body: unknown, headers: Readonly<Record<string, unknown>> = {}): Promise<Exchange> {
    const sent = await around.send(await open(more), around.exchange(body, headers));
    if (sent.exception !== null) throw sent.exception;
    return sent;
  }

  async function failure(more: string, body: unknown, headers: Readonly<Record<string, unknown>> = {}, of = bucket, server?: string): Promise<ExchangeError> {
    const { exception } = await around.send(await open(more, of, server), around.exchange(body, headers));
    if (exception === null) throw new Error('it did not fail');
    return exception;
  }

  describe('writing', () => {
    it('writes text and bytes, and says what it has written', async () => {
      for (const [body, text] of [['héllo', 'héllo'], [Buffer.from('bytes'), 'bytes'], ['', '']] as const) {
        const { headers } = await send('', body, { CamelAwsS3Key: 'a' });
        expect(await storage.text(bucket, 'a')).to.equal(text);
        expect(headers.get('CamelAwsS3ETag')).to.equal(createHash('md5').update(text).digest('hex'));
        expect(headers.get('CamelAwsS3ProducedKey')).to.equal('a');
        expect(headers.get('CamelAwsS3ProducedBucketName')).to.equal(bucket);
      }
    });

    it('refuses what has no bytes, and writes no object', async () => {
      for (const body of [{ a: 1 }, [1], 5, exactNumber('5.0'), true, new Set(['a']), new Date(0), ['a'][Symbol.iterator](), null]) {
        expect((await failure('', body, { CamelAwsS3Key: 'a' })).message).to.match(/can't be written to an object: marshal or convert it first/);
      }
      expect(await storage.keys(bucket)).to.deep.equal([]);
    });

    it('gives the object what the headers say, and its trace context, but no Camel header', async () => {
      await send('storageClass=STANDARD', 'x', {
        CamelAwsS3Key: 'a',
        CamelAwsS3ContentType: 'application/json',
        CamelAwsS3ContentControl: 'max-age=5',
        CamelAwsS3ContentEncoding: 'identity',
        CamelAwsS3ContentDisposition: 'inline',
        CamelAwsS3Metadata: { Owner: 'me', CamelFileName: '../x' },
        CamelAwsS3ObjectTags: { team: 'a b+c' },
        traceparent: '00-11111111111111111111111111111111-2222222222222222-01',
      });
      const { ContentType, CacheControl, ContentDisposition, Metadata } = await storage.head(bucket, 'a');
      expect([ContentType, CacheControl, ContentDisposition]).to.deep.equal(['application/json', 'max-age=5', 'inline']);
      expect(Metadata).to.deep.equal({ owner: 'me', traceparent: '00-11111111111111111111111111111111-2222222222222222-01' });
      expect((await send('operation=getObjectTagging', null, { CamelAwsS3Key: 'a' })).body).to.deep.equal([{ key: 'team', value: 'a b+c' }]);
    });

    it('takes the key from keyName, an expression, where no header has one', async () => {
      await send('keyName=RAW(out/${header.id}.txt)', 'x', { id: 7 });
      await send('keyName=other', 'y', { CamelAwsS3Key: 'own' });
      expect(await storage.keys(bucket)).to.deep.equal(['out/7.txt', 'own']);
      expect((await failure('', 'x')).message).to.match(/CamelAwsS3Key.*keyName/);
    });

    it('never evaluates a key that came with a message', async () => {
      await send('', 'x', { CamelAwsS3Key: 'a${body}' });
      expect(await storage.keys(bucket)).to.deep.equal(['a${body}']);
    });

    it('keeps odd keys as they are', async () => {
      const keys = ['a b', 'a+b', 'ü/ß', 'q?x=1&y#z', "it's", 'a%2Fb', '...'];
      for (const key of keys) await send('', key, { CamelAwsS3Key: key });
      expect((await storage.keys(bucket)).sort()).to.deep.equal([...keys].sort());
      for (const key of keys) expect(String((await send('operation=getObject', null, { CamelAwsS3Key: key })).body)).to.equal(key);
    });

    it('hands on keys with path tricks, and what the server says to them', async () => {
      expect((await failure('', 'x', { CamelAwsS3Key: '../../etc/passwd' })).message).to.match(/passwd.*400/);
      expect((await failure('', 'x', { CamelAwsS3Key: 'k'.repeat(1025) })).message).to.match(/1024 bytes/);
      expect(existsSync('etc/passwd')).to.equal(false);
    });

    it('refuses bodies that have no bytes', async () => {
      for (const body of [null, { a: 1 }, [1]]) expect((await failure('', body, { CamelAwsS3Key: 'a' })).type).to.equal('org.apache.camel.InvalidPayloadException');
    });

    it('writes a stream of unknown length, and removes what was begun when the stream fails', async () => {
      const pieces = Array.from({ length: 24 }, (_, i) => Buffer.alloc(512 * 1024, i));
      await send('', Readable.from(pieces), { CamelAwsS3Key: 'a' });
      const { ContentLength, ETag } = await storage.head(bucket, 'a');
      expect(ContentLength).to.equal(24 * 512 * 1024);
      expect(ETag, 'three parts').to.match(/-3"$/);
      await send('', Readable.from([Buffer.from('few')]), { CamelAwsS3Key: 'b' });
      expect(await storage.text(bucket, 'b')).to.equal('few');
      async function* broken(): AsyncGenerator<Buffer> {
        yield* pieces;
        throw new Error('the source is broken');
      }
      expect((await failure('', Readable.from(broken()), { CamelAwsS3Key: 'c' })).message).to.match(/the source is broken/);
      expect(await storage.keys(bucket)).to.deep.equal(['a', 'b']);
    });

    it('writes large bytes in parts where that is asked for', async () => {
      const bytes = Buffer.alloc(11 * 1024 * 1024, 'x');
      await send('multiPartUpload=true&partSize=5MB', bytes, { CamelAwsS3Key: 'a' });
      expect((await storage.head(bucket, 'a')).ETag).to.match(/-3"$/);
    });

    it('writes a file, and deletes it with deleteAfterWrite', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'mecha-s3-'));
      try {
        const path = join(folder, 'f');
        writeFileSync(path, 'content');
        await send('deleteAfterWrite=true', new FileBody({ path, name: 'f', length: 7, lastModified: 0 }), { CamelAwsS3Key: 'a' });
        expect(await storage.text(bucket, 'a')).to.equal('content');
        expect(existsSync(path)).to.equal(false);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    it('writes only where nothing is with conditionalWritesEnabled', async () => {
      await send('conditionalWritesEnabled=true', 'first', { CamelAwsS3Key: 'a' });
      const error = await failure('conditionalWritesEnabled=true', 'second', { CamelAwsS3Key: 'a' });
      expect(error.details['statusCode']).to.equal(412);
      expect(await storage.text(bucket, 'a')).to.equal('first');
    });

    it('makes the bucket where it should', async () => {
      const made = storage.name();
      const producer = await open('autoCreateBucket=true', made);
      await Promise.all(['a', 'b', 'c'].map((key) => around.send(producer, around.exchange(key, { CamelAwsS3Key: key }))));
      expect(await storage.keys(made)).to.deep.equal(['a', 'b', 'c']);
    });
  });

  describe('many messages to one object', () => {
    const streaming = 'streamingUploadMode=true&keyName=out/log.txt';

    it('writes every so many messages, and acknowledges them then', async () => {
      const producer = await open(`${streaming}&batchMessageNumber=3`);
      const settled: string[] = [];
      for (let i = 0; i < 7; i++) await around.send(producer, around.exchange(`${i};`), ({ body }) => void settled.push(String(body)));
      await eventually(() => expect(settled).to.have.length(6), 5000);
      expect(await storage.keys(bucket)).to.have.members(['out/log.txt', 'out/log-1.txt']);
      await producer.close!();
      expect(settled).to.have.length(7);
      producers = [];
      expect(await storage.text(bucket, 'out/log.txt')).to.equal('0;1;2;');
      expect(await storage.text(bucket, 'out/log-2.txt')).to.equal('6;');
    });

    it('writes what has come when a message has waited long enough, or the bytes are enough', async () => {
      const producer = await open(`${streaming}&streamingUploadTimeout=50&batchSize=10&batchMessageNumber=100`);
      for (const body of ['123456', '7890ab', 'c']) await around.send(producer, around.exchange(body));
      let texts: string[] = [];
      for (let i = 0; i < 300 && texts.length < 2; i++) texts = await Promise.all((await storage.keys(bucket)).sort().map((key) => storage.text(bucket, key)));
      expect(texts.sort()).to.deep.equal(['1234567890ab', 'c']);
    });

    it('goes on behind the last object with restartingPolicy=lastPart', async () => {
      for (const key of ['out/log.txt', 'out/log-1.txt', 'out/log-7.txt', 'out/log-x.txt']) await storage.put(bucket, key, 'old');
      const producer = await open(`${streaming}&restartingPolicy=lastPart&batchMessageNumber=1`);
      await around.send(producer, around.exchange('new'));
      await producer.close!();
      producers = [];
      expect(await storage.text(bucket, 'out/log-8.txt')).to.equal('new');
    });

    it('tells the objects apart by UUIDs or by the time, as namingStrategy says', async () => {
      for (const namingStrategy of ['random', 'timestamp']) {
        const producer = await open(`${streaming.replace('log', namingStrategy)}&namingStrategy=${namingStrategy}&batchMessageNumber=1`);
        for (const body of ['a', 'b']) await around.send(producer, around.exchange(body));
        await producer.close!();
      }
      producers = [];
      const keys = (await storage.keys(bucket)).sort();
      expect(keys).to.have.length(4);
      for (const key of keys.slice(0, 2)) expect(key).to.match(/^out\/random-[0-9a-f]{8}-[0-9a-f-]{27}\.txt$/);
      for (const key of keys.slice(2)) expect(key).to.match(/^out\/timestamp-\d{13}(-1)?\.txt$/);
    });

    it('takes the time of a message from the header of timestampHeaderName', async () => {
      const producer = await open(`${streaming}&timestampGroupingEnabled=true&timestampHeaderName=at&timestampWindowSizeMillis=60000&batchMessageNumber=5`);
      for (const [body, at] of [['a', Date.UTC(2026, 0, 1)], ['b', Date.UTC(2026, 0, 2)]] as const) await around.send(producer, around.exchange(body, { at, CamelMessageTimestamp: 5 }));
      await producer.close!();
      producers = [];
      expect(await storage.keys(bucket)).to.deep.equal(['out/log-20260101T000000Z.txt', 'out/log-20260102T000000Z.txt']);
    });

    it('gathers by windows of time', async () => {
      const producer = await open(`${streaming}&timestampGroupingEnabled=true&timestampWindowSizeMillis=1000&batchMessageNumber=2`);
      for (const [body, time] of [['a', 500], ['b', 1500], ['c', 600], ['d', 1600]] as const) await around.send(producer, around.exchange(body, { CamelMessageTimestamp: time }));
      await producer.close!();
      producers = [];
      expect(await storage.text(bucket, 'out/log-19700101T000000Z.txt')).to.equal('ac');
      expect(await storage.text(bucket, 'out/log-19700101T000001Z.txt')).to.equal('bd');
    });

    it('gives the messages back whose object can not be written', async () => {
      const producer = await open(`${streaming}&batchMessageNumber=2`, storage.name());
      const settled: Exchange[] = [];
      for (const body of ['a', 'b']) await around.send(producer, around.exchange(body), (exchange) => void settled.push(exchange));
      await eventually(() => expect(settled.map(({ isFailed }) => isFailed)).to.deep.equal([true, true]), 5000);
    });
  });

  describe('operations', () => {
    beforeEach(async () => {
      for (const key of ['a', 'dir/b', 'dir/c']) await storage.put(bucket, key, `content of ${key}`, { ContentType: 'text/plain' });
    });

    it('gets an object, a range of it, and its content as a stream', async () => {
      const { body, headers } = await send('operation=getObject', null, { CamelAwsS3Key: 'a' });
      expect(toText(body)).to.equal('content of a');
      expect(headers.get('CamelAwsS3ContentType')).to.equal('text/plain');
      expect(toText((await send('operation=getObjectRange', null, { CamelAwsS3Key: 'a', CamelAwsS3RangeStart: 3, CamelAwsS3RangeEnd: 6 })).body)).to.equal('tent');
      expect((await failure('operation=getObjectRange', null, { CamelAwsS3Key: 'a', CamelAwsS3RangeStart: 3 })).message).to.match(/CamelAwsS3RangeEnd/);
      const producer = await open('operation=getObject&includeBody=false');
      const exchange = around.exchange(null, { CamelAwsS3Key: 'a' });
      await producer.send!(exchange);
      expect((await readBytes(exchange.body as never)).toString()).to.equal('content of a');
    });

    it('gets only what meets the conditions', async () => {
      expect((await failure('operation=getObject', null, { CamelAwsS3Key: 'a', CamelAwsS3IfMatchCondition: '"other"' })).details['statusCode']).to.equal(412);
      expect((await failure('operation=getObject', null, { CamelAwsS3Key: 'a', CamelAwsS3IfUnmodifiedSinceCondition: new Date(Date.UTC(2001, 0, 1)) })).details['statusCode']).to.equal(412);
    });

    it('lists objects, over pages, by prefix and delimiter', async () => {
      const keys = async (more: string, headers = {}): Promise<string[]> => ((await send(more, null, headers)).body as { key: string }[]).map(({ key }) => key);
      expect(await keys('operation=listObjects')).to.deep.equal(['a', 'dir/b', 'dir/c']);
      expect(await keys('operation=listObjects&prefix=dir/')).to.deep.equal(['dir/b', 'dir/c']);
      expect(await keys('', { CamelAwsS3Operation: 'listObjects', CamelAwsS3Delimiter: '/' })).to.deep.equal(['a']);
      const store = await openObjectStore(around.endpoint(definition, `aws2-s3:${bucket}?${connection()}`) as never, around.context);
      const page = await listPage(store, { Bucket: bucket, MaxKeys: 2 });
      expect(page.objects.map(({ key }) => key)).to.deep.equal(['a', 'dir/b']);
      expect((await listPage(store, { Bucket: bucket, MaxKeys: 2, ContinuationToken: page.next! })).objects.map(({ key }) => key)).to.deep.equal(['dir/c']);
      store.close();
    });

    it('copies an object, a large one part by part', async () => {
      const { headers } = await send('operation=copyObject', null, { CamelAwsS3Key: 'dir/b', CamelAwsS3BucketDestinationName: bucket, CamelAwsS3DestinationKey: 'copy of b' });
      expect(headers.get('CamelAwsS3ETag')).to.match(/^[0-9a-f]{32}$/);
      expect(await storage.text(bucket, 'copy of b')).to.equal('content of dir/b');
      await storage.put(bucket, 'large', Buffer.alloc(12 * 1024 * 1024, 'y'), { Metadata: { m: '1' } });
      const store = await openObjectStore(around.endpoint(definition, `aws2-s3:${bucket}?${connection()}`) as never, around.context);
      await copyObject(store, { from: { bucket, key: 'large', size: 12 * 1024 * 1024 }, to: { bucket, key: 'large copy' }, input: {} }, { atOnce: 6 * 1024 * 1024, part: 5 * 1024 * 1024 });
      store.close();
      const { ContentLength, Metadata, ETag } = await storage.head(bucket, 'large copy');
      expect([ContentLength, Metadata, ETag!.slice(-3)]).to.deep.equal([12 * 1024 * 1024, { m: '1' }, '-3"']);
    });

    it('deletes one object, and many', async () => {
      expect((await send('operation=deleteObject', null, { CamelAwsS3Key: 'a' })).body).to.equal(true);
      expect(await storage.keys(bucket)).to.deep.equal(['dir/b', 'dir/c']);
      const { body } = await send('operation=deleteObjects', null, { CamelAwsS3KeysToDelete: ['dir/b', 'dir/c'] });
      expect((body as { deleted: unknown[] }).deleted).to.have.length(2);
      expect(await storage.keys(bucket)).to.deep.equal([]);
    });

    it('makes, finds, lists and deletes buckets', async () => {
      const other = storage.name();
      const on = { CamelAwsS3OverrideBucketName: other };
      expect((await send('operation=headBucket', null, on)).headers.get('CamelAwsS3BucketExists')).to.equal(false);
      await send('operation=createBucket', null, on);
      expect((await send('operation=headBucket', null, on)).headers.get('CamelAwsS3BucketExists')).to.equal(true);
      expect(((await send('operation=listBuckets', null)).body as { name: string }[]).map(({ name }) => name)).to.include.members([bucket, other]);
      await send('operation=deleteBucket', null, on);
      expect((await send('operation=headBucket', null, on)).headers.get('CamelAwsS3BucketExists')).to.equal(false);
    });

    it('tells what an object is like', async () => {
      const { body, headers } = await send('operation=headObject', null, { CamelAwsS3Key: 'a' });
      expect(body).to.include({ contentLength: 12, contentType: 'text/plain' });
      expect(headers.get('CamelAwsS3ContentLength')).to.equal(12);
    });

    it('makes links that need no credentials', async () => {
      const { body } = await send('operation=createDownloadLink', null, { CamelAwsS3Key: 'dir/b', CamelAwsS3DowloadLinkExpirationTime: 60_000 });
      expect(body).to.match(/X-Amz-Expires=60&/).and.not.match(/secretKey/);
      expect(await (await fetch(body as string)).text()).to.equal('content of dir/b');
      const upload = await send('operation=createUploadLink', null, { CamelAwsS3Key: 'uploaded' });
      expect((await fetch(upload.body as string, { method: 'PUT', body: 'by link' })).status).to.equal(200);
      expect(await storage.text(bucket, 'uploaded')).to.equal('by link');
    });

    it('reads and writes tags, and those of buckets, versions and policies', async () => {
      await send('operation=putObjectTagging', null, { CamelAwsS3Key: 'a', CamelAwsS3ObjectTags: { k: 'v' } });
      expect((await send('operation=getObjectTagging', null, { CamelAwsS3Key: 'a' })).body).to.deep.equal([{ key: 'k', value: 'v' }]);
      await send('operation=deleteObjectTagging', null, { CamelAwsS3Key: 'a' });
      await send('operation=putBucketTagging', null, { CamelAwsS3BucketTags: { k: 'v' } });
      expect((await send('operation=getBucketTagging', null)).body).to.deep.equal([{ key: 'k', value: 'v' }]);
      await send('operation=deleteBucketTagging', null);
      const policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` }] });
      await send('operation=putBucketPolicy', null, { CamelAwsS3BucketPolicy: policy });
      expect(JSON.parse(toText((await send('operation=getBucketPolicy', null)).body)!)).to.have.property('Statement');
      await send('operation=deleteBucketPolicy', null);
    });

    it('refuses an operation that does not exist', async () => {
      expect((await failure('', 'x', { CamelAwsS3Operation: 'explode' })).message).to.match(/explode/);
    });
  });

  describe('failures', () => {
    it('name the endpoint, the route, and what to look at', async () => {
      const missing = storage.name();
      const noBucket = await failure('', 'x', { CamelAwsS3Key: 'a' }, missing);
      expect(noBucket.message).to.contain(`aws2-s3://${missing}`).and.contain('route test').and.contain(serverUrl).and.match(/there is no bucket/);
      expect(noBucket.type).to.equal('software.amazon.awssdk.services.s3.model.NoSuchBucketException');
      const noKey = await failure('operation=getObject', null, { CamelAwsS3Key: 'nothing' });
      expect(noKey.message).to.match(/no object `nothing`/);
      expect(noKey.type).to.equal('software.amazon.awssdk.services.s3.model.NoSuchKeyException');
      const unreachable = await failure('maxAttempts=1', 'x', { CamelAwsS3Key: 'a' }, bucket, 'http://127.0.0.1:9');
      expect(unreachable.message).to.match(/127\.0\.0\.1:9.*can't be reached/);
      const producer = await around.producer(definition, `aws2-s3:${bucket}?${connection().replace(/secretKey=[^&]*/, 'secretKey=wrongsecret')}`);
      producers.push(producer);
      const { exception } = await around.send(producer, around.exchange('x', { CamelAwsS3Key: 'a' }));
      expect(exception!.message).to.match(/check the credentials/).and.not.contain('wrongsecret');
    });

    it('of a cut are tried again, part by part', async () => {
      const gate = await Gate.open();
      const producer = await open('', bucket, gate.url);
      async function* cutInTheMiddle(): AsyncGenerator<Buffer> {
        for (let i = 0; i < 40; i++) {
          if (i === 30) {
            gate.cut();
            gate.mend();
          }
          yield Buffer.alloc(512 * 1024, i);
        }
      }
      const sent = await around.send(producer, around.exchange(Readable.from(cutInTheMiddle()), { CamelAwsS3Key: 'a' }));
      expect(sent.exception).to.equal(null);
      expect((await storage.head(bucket, 'a')).ContentLength).to.equal(40 * 512 * 1024);
      await producer.close!();
      producers = [];
      await eventually(() => expect(gate.connections).to.equal(0), 3000);
      await gate.close();
    });
  });
});
