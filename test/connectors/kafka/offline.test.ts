import { expect } from 'chai';
import fc from 'fast-check';
import crcOfLibrary from 'kafkajs/src/protocol/recordBatch/crc32C/crc32C.js';
import decodeRecords from 'kafkajs/src/protocol/recordBatch/v0/decoder.js';
import Decoder from 'kafkajs/src/protocol/decoder.js';
import murmurOfLibrary from 'kafkajs/src/producer/partitioners/default/murmur2.js';
import { Exchange } from '../../../src/core/exchange/exchange.ts';
import { hideAborted } from '../../../src/connectors/kafka/aborted.ts';
import type { FetchedMessage } from '../../../src/connectors/kafka/aborted.ts';
import { crc32c } from '../../../src/connectors/kafka/crc32c.ts';
import { kafka } from '../../../src/connectors/kafka/definition.ts';
import { Lane } from '../../../src/connectors/kafka/lane.ts';
import type { RecordDelivery } from '../../../src/connectors/kafka/lane.ts';
import { murmur2 } from '../../../src/connectors/kafka/murmur.ts';
import { encodeBatch } from '../../../src/connectors/kafka/record-batch.ts';
import { Surroundings } from '../../contract/connector.ts';

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));

describe('kafka without a broker', () => {
  it('hashes keys as the Java client does', () => {
    fc.assert(fc.property(bytes, (key) => void expect(murmur2(key)).to.equal((murmurOfLibrary as (key: Buffer) => number)(key))));
  });

  it('computes checksums of any length, from any start', () => {
    fc.assert(fc.property(bytes, fc.nat(20), (data, start) => void expect(crc32c(data, Math.min(start, data.length))).to.equal((crcOfLibrary as (data: Buffer) => number)(data.subarray(Math.min(start, data.length))) >>> 0)));
  });

  it('writes record batches that the library reads', async () => {
    const part = fc.oneof(bytes, fc.string({ maxLength: 50 }), fc.constant(null));
    const record = fc.record({ key: part, value: part, timestamp: fc.integer({ min: 0, max: 2 ** 42 }), headers: fc.option(fc.dictionary(fc.string({ minLength: 1, maxLength: 10 }).filter((name) => name !== '__proto__'), fc.oneof(bytes, fc.string())), { nil: undefined }) });
    const asBytes = (value: Buffer | string | null): Buffer | null => (value === null ? null : Buffer.from(value));
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 20 }), async (records) => {
        const encoded = await encodeBatch(records as never, { producerId: 7n, producerEpoch: 3, firstSequence: 11, isTransactional: true, compression: 0 }, null);
        const decoder: unknown = new (Decoder as new (bytes: Buffer) => unknown)(encoded);
        const decoded = await (decodeRecords as (decoder: unknown) => Promise<{ records: { key: Buffer | null; value: Buffer | null; timestamp: string; headers: Record<string, Buffer> }[]; producerId: string; firstSequence: number; inTransaction: boolean }>)(decoder);
        expect(decoded.inTransaction).to.equal(true);
        expect(decoded.producerId).to.equal('7');
        expect(decoded.firstSequence).to.equal(11);
        expect(decoded.records.map(({ key, value, timestamp }) => ({ key, value, timestamp }))).to.deep.equal(records.map(({ key, value, timestamp }) => ({ key: asBytes(key), value: asBytes(value), timestamp: String(timestamp) })));
      }),
      { numRuns: 50 },
    );
  });

  it('knows the offset below which all is done, in whatever order records settle', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.func(fc.nat()), (count, orderOf) => {
        const lane = new Lane('t', 0, { left: () => undefined, settled: () => undefined, keepsFailed: true });
        lane.add({ topic: 't', partition: 0, nextOffset: 100 + count * 2, records: Array.from({ length: count }, (_, i) => ({ key: null, value: null, timestamp: '0', offset: String(100 + i * 2) })) });
        const deliveries: RecordDelivery[] = [];
        while (lane.hasFetched) deliveries.push(lane.take());
        const order = deliveries.map((_, i) => i).sort((a, b) => (orderOf(a) % 97) - (orderOf(b) % 97));
        const done = new Set<number>();
        for (const index of order) {
          deliveries[index]!.settle(new Exchange());
          done.add(index);
          let low = 0;
          if (done.size % 101 !== 0 && done.size !== count) continue;
          while (done.has(low)) low++;
          expect(lane.finished).to.equal(low === 0 ? -1 : low === count ? 100 + count * 2 : 100 + (low - 1) * 2 + 1);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('has something to commit where the topic was made anew, and its offsets begin again', () => {
    const lane = new Lane('t', 0, { left: () => undefined, settled: () => undefined, keepsFailed: true });
    const settleOne = (offset: number): void => {
      lane.add({ topic: 't', partition: 0, nextOffset: offset + 1, records: [{ key: null, value: null, timestamp: '0', offset: String(offset) }] });
      lane.take().settle(new Exchange());
    };
    for (const offset of [5000, 0, 1]) {
      settleOne(offset);
      expect(lane.canCommit, String(offset)).to.equal(true);
      expect(lane.progress.offset).to.equal(offset + 1);
      lane.wasCommitted(lane.progress);
      expect([lane.canCommit, lane.uncommitted, lane.committed]).to.deep.equal([false, 0, offset + 1]);
    }
  });

  it('commits what a route asks for as far as there is no gap, and where the topic was made anew, too', () => {
    const lane = new Lane('t', 0, { left: () => undefined, settled: () => undefined, keepsFailed: true });
    const take = (offset: number) => {
      lane.add({ topic: 't', partition: 0, nextOffset: offset + 1, records: [{ key: null, value: null, timestamp: '0', offset: String(offset) }] });
      return lane.take();
    };
    const [, , third] = [take(5000), take(5001), take(5002)].map((delivery, at) => ({ delivery, ask: () => lane.ask(delivery.number, 5000 + at, 0) }));
    expect(third!.ask(), 'two are under way before it').to.equal(null);
    lane.settle(0, new Exchange());
    expect(lane.askedProgress).to.deep.equal({ offset: 5001, head: 1 });
    lane.wasCommitted(lane.askedProgress!);
    lane.settle(1, new Exchange());
    expect(lane.askedProgress).to.deep.equal({ offset: 5003, head: 3 });
    lane.wasCommitted(lane.askedProgress!);
    expect([lane.askedProgress, lane.committed]).to.deep.equal([null, 5003]);
    const anew = take(0);
    expect(lane.ask(anew.number, 0, 0)).to.deep.equal({ offset: 1, head: 4 });
    lane.wasCommitted({ offset: 1, head: 4 });
    const failing = take(1);
    const failed = new Exchange();
    failed.fail(new Error('no'));
    lane.settle(failing.number, failed);
    expect(lane.rewind()).to.equal(1);
    expect(lane.ask(anew.number, 0, 0), 'it is committed').to.equal(null);
    expect(lane.ask(failing.number, 1, 0), 'it is delivered again').to.equal(null);
    expect(lane.ask(take(1).number, 1, 1)).to.deep.equal({ offset: 2, head: 1 });
  });

  it('hides what was aborted, where transactions overlap and the broker lists them in any order', () => {
    const marker = (kind: number): Buffer => Buffer.from([0, 0, 0, kind]);
    const message = (offset: number, producerId: string, control: number | null = null): FetchedMessage => ({ offset: String(offset), key: control === null ? marker(0) : marker(control), isControlRecord: control !== null, batchContext: { producerId, inTransaction: true } });
    // The fetch begins in the middle of both aborted transactions; one producer goes on with a good one.
    const messages = [message(12, 'b'), message(13, 'a'), message(14, 'c'), message(15, 'a', 0), message(16, 'b'), message(17, 'a'), message(18, 'b', 0), message(19, 'a', 1), message(20, 'b')];
    hideAborted({ messages, abortedTransactions: [{ producerId: 'b', firstOffset: '11' }, { producerId: 'a', firstOffset: '10' }] });
    expect(messages.filter(({ isControlRecord }) => isControlRecord !== true).map(({ offset }) => offset)).to.deep.equal(['14', '17', '20']);
  });

  it('refuses options that can not work, naming them', async () => {
    const around = new Surroundings();
    const wrong: readonly (readonly [string, RegExp])[] = [
      ['kafka:t', /`brokers` is missing/],
      ['kafka:t?brokers=a:b:c', /must be host:port/],
      ['kafka:t?brokers=a:1&securityProtocol=SASL_SSL', /saslMechanism/],
      ['kafka:t?brokers=a:1&securityProtocol=SSL&sslTruststoreLocation=/nowhere.pem', /sslTruststoreLocation/],
      ['kafka:t?brokers=a:1&exactlyOnce=true&groupId=g&autoCommitEnable=false', /exactlyOnce/],
      ['kafka:t?brokers=a:1&heartbeatIntervalMs=9000&sessionTimeoutMs=6000', /heartbeatIntervalMs/],
    ];
    for (const [uri, complaint] of wrong) {
      let message = '';
      await around.consumer(kafka as never, uri).catch((thrown: unknown) => (message = (thrown as Error).message));
      expect(message, uri).to.match(complaint);
    }
    for (const [uri, complaint] of [
      ['kafka:t?brokers=a:1&transacted=true&requestRequiredAcks=1', /requestRequiredAcks=all/],
      ['kafka:..%2Fetc?brokers=a:1', /`\.\.\/etc` can't be the name of a topic/],
    ] as const) {
      let message = '';
      await around.producer(kafka as never, uri).catch((thrown: unknown) => (message = (thrown as Error).message));
      expect(message, uri).to.match(complaint);
    }
  });
});
