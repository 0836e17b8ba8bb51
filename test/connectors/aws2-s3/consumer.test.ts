import { expect } from 'chai';
import type { Consumer } from '../../../src/core/connector.ts';
import { readBytes } from '../../../src/core/conversion/convert.ts';
import type { Exchange } from '../../../src/core/exchange/exchange.ts';
import { StreamCache } from '../../../src/core/conversion/stream.ts';
import { aws2S3 } from '../../../src/connectors/aws2-s3/definition.ts';
import { eventually, Surroundings, TestRoute } from '../../contract/connector.ts';
import { connection, credentials, describeWithServer, Gate, Storage } from './rig.ts';

const definition = aws2S3 as never;
const soon = (holds: () => void): Promise<void> => eventually(holds, 8000);

async function until<T>(ask: () => Promise<T>, holds: (answer: T) => void): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const answer = await ask();
    try {
      holds(answer);
      return;
    } catch (thrown) {
      if (attempt === 200) throw thrown;
    }
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
}

describeWithServer('aws2-s3 consumer', () => {
  let around: Surroundings;
  let storage: Storage;
  let bucket: string;
  let consumers: Consumer[];

  beforeEach(async () => {
    around = new Surroundings();
    storage = new Storage();
    bucket = await storage.bucket();
    consumers = [];
  });

  afterEach(async () => {
    for (const consumer of consumers) {
      await consumer.stop();
      await consumer.close?.();
    }
    await storage.close();
  });

  const uri = (more = '', of = bucket, server?: string): string => `aws2-s3:${of}?${connection(server)}&initialDelay=0${more.includes('delay=') ? '' : '&delay=20'}${more === '' ? '' : `&${more}`}`;

  async function consume(more = '', work?: (exchange: Exchange) => unknown, of = bucket, server?: string): Promise<TestRoute & { consumer: Consumer }> {
    const target = new TestRoute(around.scope, work);
    const consumer = await around.consumer(definition, uri(more, of, server));
    consumers.push(consumer);
    await consumer.start(target);
    return Object.assign(target, { consumer });
  }

  const keysOf = (target: TestRoute): unknown[] => target.received.map(({ headers }) => headers.get('CamelAwsS3Key'));
  const end = async (target: { consumer: Consumer }): Promise<void> => {
    await target.consumer.stop();
    await target.consumer.close?.();
    consumers.splice(consumers.indexOf(target.consumer), 1);
  };

  it('tells what the object is like, and gives its content as bytes', async () => {
    await storage.put(bucket, 'in/a b+ü.txt', 'hello', { ContentType: 'text/plain', Metadata: { color: 'red', traceparent: '00-11111111111111111111111111111111-2222222222222222-01' }, CacheControl: 'no-cache' });
    const target = await consume();
    await soon(() => expect(target.settled).to.equal(1));
    const [{ body, headers } = { body: null, headers: null as never }] = target.received;
    expect(Buffer.isBuffer(body)).to.equal(true);
    expect(String(body)).to.equal('hello');
    expect(headers.get('CamelAwsS3Key')).to.equal('in/a b+ü.txt');
    expect(headers.get('CamelAwsS3BucketName')).to.equal(bucket);
    expect(headers.get('CamelAwsS3ContentType')).to.equal('text/plain');
    expect(headers.get('CamelAwsS3ContentLength')).to.equal(5);
    expect(headers.get('CamelAwsS3ContentControl')).to.equal('no-cache');
    expect(headers.get('CamelAwsS3ETag')).to.match(/^[0-9a-f]{32}$/);
    expect(headers.get('CamelAwsS3LastModified')).to.be.instanceOf(Date);
    expect(headers.get('CamelMessageTimestamp')).to.be.a('number');
    expect(headers.get('CamelAwsS3Metadata')).to.include({ color: 'red' });
    expect(headers.get('traceparent')).to.equal('00-11111111111111111111111111111111-2222222222222222-01');
    expect(target.deliveries[0]!.id).to.contain(`${bucket}/in/a b+ü.txt/${String(headers.get('CamelAwsS3ETag'))}`);
  });

  it('takes what prefix and delimiter leave, and no folders where they are not wanted', async () => {
    for (const key of ['in/', 'in/a', 'in/deep/b', 'other']) await storage.put(bucket, key, key.endsWith('/') ? '' : key);
    const target = await consume('prefix=in/&delimiter=/&includeFolders=false');
    await soon(() => expect(target.settled).to.equal(1));
    await until(() => storage.keys(bucket), (keys) => expect(keys).to.include.members(['in/deep/b', 'other']).and.not.include('in/a'));
    expect(keysOf(target)).to.deep.equal(['in/a']);
  });

  it('takes one object by its name, and waits while it is not there', async () => {
    await storage.put(bucket, 'other', 'x');
    const target = await consume('fileName=wanted');
    await storage.put(bucket, 'wanted', 'y');
    await soon(() => expect(keysOf(target)).to.deep.equal(['wanted']));
    expect(around.waits).to.deep.equal([]);
  });

  it('waits for the done file, and does not take it', async () => {
    await storage.put(bucket, 'a', 'x');
    const target = await consume('doneFileName=done');
    await storage.put(bucket, 'done', '');
    await soon(() => expect(keysOf(target)).to.deep.equal(['a']));
    expect(await storage.keys(bucket)).to.include('done');
  });

  it('waits for a done file of each object, which goes with it', async () => {
    await storage.put(bucket, 'in/a.csv', 'x');
    await storage.put(bucket, 'in/b.csv', 'x');
    await storage.put(bucket, 'in/b.done', '');
    const target = await consume('doneFileName=${file:name.noext}.done');
    await soon(() => expect(target.settled).to.equal(1));
    expect(keysOf(target)).to.deep.equal(['in/b.csv']);
    expect(await storage.keys(bucket)).to.deep.equal(['in/a.csv']);
  });

  it('moves what was handled to another bucket, under a new name', async () => {
    const archive = storage.name();
    await storage.put(bucket, 'in/a.txt', 'x', { Metadata: { m: '1' } });
    const target = await consume(`prefix=in/&moveAfterRead=true&destinationBucket=${archive}&destinationBucketPrefix=RAW(done/\${header.CamelAwsS3ContentLength}/)&destinationBucketSuffix=.bak&removePrefixOnMove=true&autoCreateBucket=true`);
    await soon(() => expect(target.settled).to.equal(1));
    expect(await storage.keys(bucket)).to.deep.equal([]);
    expect(await storage.keys(archive)).to.deep.equal(['done/1/a.txt.bak']);
    expect((await storage.head(archive, 'done/1/a.txt.bak')).Metadata).to.deep.equal({ m: '1' });
  });

  it('moves within the bucket, and does not take the moved ones again', async () => {
    await storage.put(bucket, 'a', 'x');
    const target = await consume('moveAfterRead=true&destinationBucketPrefix=old/');
    await soon(() => expect(target.settled).to.equal(1));
    await storage.put(bucket, 'z', 'x');
    await soon(() => expect(target.settled).to.equal(2));
    expect(keysOf(target)).to.deep.equal(['a', 'z']);
    expect(await storage.keys(bucket)).to.deep.equal(['old/a', 'old/z']);
  });

  it('takes each version of an object that stays once, over a restart too', async () => {
    await storage.put(bucket, 'a', '1');
    const first = await consume('deleteAfterRead=false');
    await soon(() => expect(first.settled).to.equal(1));
    await end(first);
    const second = await consume('deleteAfterRead=false');
    await storage.put(bucket, 'b', '1');
    await soon(() => expect(second.settled).to.equal(1));
    await storage.put(bucket, 'a', '2');
    await soon(() => expect(keysOf(second)).to.deep.equal(['b', 'a']));
  });

  it('takes what stays again and again with idempotent=false, as Camel does', async () => {
    await storage.put(bucket, 'a', '1');
    const target = await consume('deleteAfterRead=false&idempotent=false');
    await soon(() => expect(target.received.length).to.be.greaterThan(2));
  });

  it('keeps what was written under the key while the old content was under way', async () => {
    await storage.put(bucket, 'a', 'old');
    const target = await consume();
    target.isHolding = true;
    await soon(() => expect(target.held).to.have.length(1));
    await storage.put(bucket, 'a', 'new');
    target.releaseAll();
    await soon(() => expect(target.received.map(({ body }) => String(body))).to.deep.equal(['old', 'new']));
    await until(() => storage.keys(bucket), (keys) => expect(keys).to.deep.equal([]));
  });

  it('tries a poison object a few times, goes on with the others, and tries again when it changes', async () => {
    await storage.put(bucket, 'a', 'bad');
    await storage.put(bucket, 'b', 'good');
    const target = await consume('', ({ body }) => {
      if (String(body) === 'bad') throw new Error('no');
    });
    await soon(() => expect(around.logs.join()).to.match(/failed 5 times/));
    expect(keysOf(target).filter((key) => key === 'a')).to.have.length(5);
    expect(await storage.keys(bucket)).to.deep.equal(['a']);
    await storage.put(bucket, 'a', 'better');
    await soon(() => expect(target.received.at(-1)!.body!.toString()).to.equal('better'));
  });

  it('moves an object whose message failed where moveFailedPrefix says', async () => {
    await storage.put(bucket, 'a', 'bad');
    const target = await consume('moveFailedPrefix=failed/', () => {
      throw new Error('no');
    });
    await soon(() => expect(target.settled).to.equal(1));
    expect(target.deliveries[0]!.wouldLose).to.equal(false);
    expect(await storage.keys(bucket)).to.deep.equal(['failed/a']);
  });

  it('gives a stream where the content is not wanted at once, and closes it with the message', async () => {
    await storage.put(bucket, 'a', 'x'.repeat(200_000));
    const streams: AsyncIterable<Uint8Array>[] = [];
    const gate = await Gate.open();
    const target = await consume('includeBody=false', ({ body }) => void streams.push(body as never), bucket, gate.url);
    target.isHolding = true;
    await soon(() => expect(target.held).to.have.length(1));
    expect((await readBytes(streams[0]!)).length).to.equal(200_000);
    await storage.put(bucket, 'b', 'x'.repeat(5_000_000));
    await soon(() => expect(target.held).to.have.length(2));
    target.releaseAll();
    await soon(() => expect(target.settled).to.equal(2));
    const failure = await readBytes(streams[1]!).catch((thrown: Error) => thrown);
    expect(String(failure)).to.match(/closed/);
    await end(target);
    await soon(() => expect(gate.connections).to.equal(0));
    await gate.close();
  });

  it('gives the stream as often as somebody reads it while the message is under way, and never the content of another version', async () => {
    await storage.put(bucket, 'a', 'x'.repeat(200_000));
    const target = await consume('includeBody=false');
    target.isHolding = true;
    await soon(() => expect(target.held).to.have.length(1));
    const stream = target.held[0]!.body as AsyncIterable<Uint8Array>;
    for (let i = 0; i < 3; i++) expect((await readBytes(stream)).toString()).to.equal('x'.repeat(200_000));
    await storage.put(bucket, 'a', 'new');
    const failure = await readBytes(stream).catch((thrown: Error) => thrown);
    expect(String(failure)).to.match(/`a` was refused.*no more/);
    expect(String(failure)).to.contain(bucket);
  });

  it('keeps large content in a file that goes with the message, and little content in memory', async () => {
    await storage.put(bucket, 'large', Buffer.alloc(3_000_000, 'x'));
    const target = await consume();
    target.isHolding = true;
    await soon(() => expect(target.held).to.have.length(1));
    const body = target.held[0]!.body as StreamCache;
    expect(body).to.be.instanceOf(StreamCache);
    expect(body.bytes().length).to.equal(3_000_000);
    target.releaseAll();
    await soon(() => expect(target.settled).to.equal(1));
    expect(() => body.bytes()).to.throw(/gone/);
  });

  it('leaves the content where it is with ignoreBody', async () => {
    await storage.put(bucket, 'a', 'x', { ContentType: 'text/x' });
    const target = await consume('ignoreBody=true');
    await soon(() => expect(target.settled).to.equal(1));
    expect(target.received[0]!.body).to.equal(null);
    expect(target.received[0]!.headers.get('CamelAwsS3ContentType')).to.equal('text/x');
  });

  it('takes all of more keys than a page of the listing has', async () => {
    for (let at = 0; at < 1100; at += 50) await Promise.all(Array.from({ length: 50 }, (_, i) => storage.put(bucket, `k${String(at + i).padStart(5, '0')}`, 'x')));
    const target = await consume('maxInFlight=30&ignoreBody=true&deleteAfterRead=false');
    await eventually(() => expect(target.settled).to.equal(1100), 20_000);
    expect(keysOf(target)).to.deep.equal([...keysOf(target)].sort());
  }).timeout(40_000);

  it('takes so many objects a poll, and polls again at once only when it is greedy', async () => {
    for (const key of ['a', 'b', 'c', 'd', 'e']) await storage.put(bucket, key, 'x');
    const seldom = 'maxMessagesPerPoll=2&delay=600000&deleteAfterRead=false&idempotent=false';
    const modest = await consume(`${seldom}&greedy=false`);
    await soon(() => expect(modest.settled).to.equal(2));
    expect(modest.received.map(({ properties }) => [properties.get('CamelBatchIndex'), properties.get('CamelBatchSize'), properties.get('CamelBatchComplete')])).to.deep.equal([[0, 2, false], [1, 2, true]]);
    await end(modest);
    expect(keysOf(modest)).to.deep.equal(['a', 'b']);
    const greedy = await consume(seldom);
    await soon(() => expect(greedy.settled).to.be.at.least(5));
    expect(keysOf(greedy).slice(0, 5)).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
  });

  it('moves what failed to the bucket that moveFailedBucket names', async () => {
    const other = await storage.bucket();
    await storage.put(bucket, 'a', 'bad');
    const target = await consume(`moveFailedBucket=${other}`, () => {
      throw new Error('no');
    });
    await soon(() => expect(target.settled).to.equal(1));
    expect([await storage.keys(bucket), await storage.keys(other)]).to.deep.equal([[], ['a']]);
  });

  it('leaves alone what a repository of objects in progress says somebody else has, and what an idempotent one knows', async () => {
    const busy = { add: (key: string) => key !== 'a', contains: () => false, remove: () => true, confirm: () => true, clear: () => undefined };
    const known = new Set<string>();
    const seen = { add: (key: string) => !known.has(key) && (known.add(key), true), contains: (key: string) => [...known].some((one) => one === key) || key.startsWith('b/'), remove: () => true, confirm: () => true, clear: () => undefined };
    around = new Surroundings({ beans: { busy, seen } });
    for (const key of ['a', 'b', 'c']) await storage.put(bucket, key, 'x');
    const target = await consume('inProgressRepository=#busy&idempotentRepository=#seen&deleteAfterRead=false');
    await soon(() => expect(target.settled).to.equal(1));
    await storage.put(bucket, 'd', 'x');
    await soon(() => expect(target.settled).to.equal(2));
    expect(keysOf(target)).to.deep.equal(['c', 'd']);
    expect([...known].map((key) => key.slice(0, 2))).to.deep.equal(['c/', 'd/']);
  });

  it('leaves the stream open behind the message with autocloseBody=false', async () => {
    await storage.put(bucket, 'a', 'x'.repeat(300_000));
    const target = await consume('includeBody=false&autocloseBody=false&deleteAfterRead=false');
    await soon(() => expect(target.settled).to.equal(1));
    expect((await readBytes(target.received[0]!.body as never)).length).to.equal(300_000);
  });

  it('sends an empty message when it is idle and should', async () => {
    const target = await consume('sendEmptyMessageWhenIdle=true');
    await soon(() => expect(target.received.length).to.be.greaterThan(1));
    expect(target.received[0]!.body).to.equal(null);
  });

  it('polls one object for those who ask', async () => {
    const consumer = await around.consumer(definition, uri());
    consumers.push(consumer);
    expect(await consumer.receive!(0)).to.equal(null);
    await storage.put(bucket, 'a', 'x');
    const polled = await consumer.receive!(2000);
    expect(String(polled!.body)).to.equal('x');
    await polled!.settle(around.exchange(null));
    expect(await storage.keys(bucket)).to.deep.equal([]);
  });

  describe('when the server fails', () => {
    let gate: Gate;
    beforeEach(async () => {
      gate = await Gate.open();
    });
    afterEach(() => gate.close());

    it('starts while it is down, says so once, and is ready when it comes', async () => {
      gate.cut();
      await storage.put(bucket, 'a', 'x');
      const target = await consume('maxAttempts=1', undefined, bucket, gate.url);
      await soon(() => expect(around.waits).to.have.length(1));
      expect(around.waits[0]).to.contain(gate.url).and.contain('route test').and.not.contain(credentials.secretKey);
      gate.mend();
      await soon(() => expect(target.settled).to.equal(1));
      expect(around.waits.slice(1)).to.deep.equal(['ready']);
    });

    it('waits for a bucket that is not there, and names it', async () => {
      const missing = storage.name();
      const target = await consume('', undefined, missing);
      await soon(() => expect(around.waits).to.have.length(1));
      expect(around.waits[0]).to.match(new RegExp(`no bucket \`${missing}\``));
      await consume('autoCreateBucket=true', undefined, missing);
      await soon(() => expect(around.waits).to.include('ready'));
      expect(target.received).to.have.length(0);
    });

    it('says what is wrong with credentials, without showing them', async () => {
      const target = new TestRoute(around.scope);
      const consumer = await around.consumer(definition, `aws2-s3:${bucket}?${connection().replace(/secretKey=[^&]*/, 'secretKey=wrongsecret')}&initialDelay=0&delay=20`);
      consumers.push(consumer);
      await consumer.start(target);
      await soon(() => expect(around.waits).to.have.length(1));
      expect(around.waits[0]).to.match(/check the credentials/).and.not.contain('wrongsecret');
    });

    it('goes on with a download from where the connection broke', async () => {
      const content = Buffer.alloc(4_000_000, 'abcdefg');
      await storage.put(bucket, 'a', content);
      gate.cutAfterBytes = 1_500_000;
      const target = await consume('', undefined, bucket, gate.url);
      target.isHolding = true;
      await soon(() => expect(target.held).to.have.length(1));
      expect((target.held[0]!.body as StreamCache).bytes().equals(content)).to.equal(true);
      expect(gate.cutAfterBytes, 'it was cut').to.equal(Infinity);
      target.releaseAll();
    });

    it('deletes later what it could not delete at once, without delivering it again', async () => {
      await storage.put(bucket, 'a', 'x');
      const target = await consume('maxAttempts=1', undefined, bucket, gate.url);
      target.isHolding = true;
      await soon(() => expect(target.held).to.have.length(1));
      gate.cut();
      target.releaseAll();
      await soon(() => expect(around.logs.join()).to.match(/can't be moved or deleted/));
      gate.mend();
      await until(() => storage.keys(bucket), (keys) => expect(keys).to.deep.equal([]));
      expect(target.received).to.have.length(1);
    });

    it('survives a connection that falls silent', async () => {
      await storage.put(bucket, 'a', 'x');
      gate.stall();
      const target = await consume('maxAttempts=1&socketTimeout=200', undefined, bucket, gate.url);
      await soon(() => expect(around.waits).to.have.length(1));
      gate.mend();
      await soon(() => expect(target.settled).to.equal(1));
    });

    it('leaves no connection behind', async () => {
      for (let i = 0; i < 20; i++) await storage.put(bucket, `k${i}`, 'x');
      const target = await consume('', undefined, bucket, gate.url);
      await soon(() => expect(target.settled).to.equal(20));
      expect(gate.opened).to.be.greaterThan(0);
      await end(target);
      await soon(() => expect(gate.connections).to.equal(0));
    });
  });
});
