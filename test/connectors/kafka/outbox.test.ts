import { expect } from 'chai';
import { VirtualClock } from '../../../src/core/clock.ts';
import type { ExchangeError } from '../../../src/core/errors.ts';
import type { PartitionRecords, Sender } from '../../../src/connectors/kafka/client.ts';
import type { OutboxOptions } from '../../../src/connectors/kafka/outbox.ts';
import { KafkaFailure } from '../../../src/connectors/kafka/client.ts';
import { Outbox } from '../../../src/connectors/kafka/outbox.ts';

/** What was sent, request by request: the values of each partition's batch. */
interface Line {
  readonly outbox: Outbox;
  readonly clock: VirtualClock;
  readonly requests: string[][];
  readonly outcomes: string[];
  add(value: string): void;
}

/** An outbox whose broker answers when it is let. */
function line(options: Partial<OutboxOptions>, answers: () => Promise<void> = () => Promise.resolve(), partitions?: () => number): Line {
  const clock = new VirtualClock();
  const requests: string[][] = [];
  const outcomes: string[] = [];
  const sender = {
    knownPartitions: () => (partitions === undefined ? 1 : null),
    partitions: async () => partitions!(),
    send: async (batches: readonly PartitionRecords[]) => {
      requests.push(...batches.map(({ records }) => records.map(({ value }) => String(value))));
      await answers();
      return batches.map(() => ({ baseOffset: 0, failure: null }));
    },
  } as unknown as Sender;
  const outbox = new Outbox(sender, { clock, brokers: 'b:1', lingerMillis: 0, batchBytes: 100_000, maxRecordBytes: 100_000, bufferBytes: 100_000, maxBlockMillis: 1000, deliveryTimeoutMillis: 1000, retries: null, firstBackoffMillis: 10, longestBackoffMillis: 10, ignoresKeys: false, ...options });
  const add = (value: string): void => outbox.add('t', null, { key: null, value, timestamp: 0 }, { sent: () => void outcomes.push(value), failed: ({ message }: ExchangeError) => void outcomes.push(message) });
  return { outbox, clock, requests, outcomes, add };
}

describe('what waits to be sent to Kafka', () => {
  it('shares its request with what comes within lingerMs', async () => {
    for (const [lingerMillis, expected] of [
      [50, [['a', 'b']]],
      [5, [['a'], ['b']]],
    ] as const) {
      const { clock, requests, add } = line({ lingerMillis });
      add('a');
      await clock.advance(20);
      add('b');
      await clock.advance(100);
      expect(requests).to.deep.equal(expected);
    }
  });

  it('is shared out so that no partition gets more than producerBatchSize in a request', async () => {
    const { clock, requests, add } = line({ batchBytes: 300 });
    for (const letter of ['a', 'b', 'c', 'd', 'e']) add(letter.repeat(100));
    await clock.advance(10);
    expect(requests.map((values) => values.map(([letter]) => letter).join(''))).to.deep.equal(['ab', 'cd', 'e']);
  });

  it('is no more than bufferMemorySize: then senders wait, and fail after maxBlockMs', async () => {
    let answer: () => void = () => undefined;
    const { clock, outcomes, add } = line({ bufferBytes: 300, maxBlockMillis: 100 }, () => new Promise((resolve) => (answer = resolve)));
    for (const letter of ['a', 'b', 'c']) add(letter.repeat(100));
    await clock.advance(50);
    expect(outcomes, 'the third one has no room').to.deep.equal([]);
    answer();
    await clock.advance(10);
    expect(outcomes.map((value) => value[0])).to.deep.equal(['a', 'b']);
    for (const letter of ['d', 'e']) add(letter.repeat(100));
    await clock.advance(200);
    expect(outcomes.at(-1)).to.match(/no room for another record within 100 ms: 300 bytes \(bufferMemorySize\)/);
    answer();
    await clock.advance(10);
  });

  it('fails when it is closed, and whoever waits for its end goes on, knowing that it is not whole', async () => {
    let spoilt = 0;
    const { outbox, clock, outcomes, add } = line({ lingerMillis: 500, lostTrack: () => void spoilt++ });
    add('a');
    let isDrained = false;
    void outbox.drained().then(() => (isDrained = true));
    await clock.advance(10);
    expect(isDrained).to.equal(false);
    outbox.close();
    await clock.advance(0);
    expect([isDrained, spoilt, clock.waiting]).to.deep.equal([true, 1, 0]);
    expect(outcomes.join()).to.match(/was closed before this record was sent/);
  });

  it('is refused at once for a topic that can not be, without asking anybody', () => {
    let asked = 0;
    const { outbox, clock } = line({}, undefined, () => ++asked);
    const types: string[] = [];
    for (const topic of ['../etc', 'a b', '..', '']) outbox.add(topic, null, { key: null, value: 'x', timestamp: 0 }, { sent: () => undefined, failed: ({ type }) => void types.push(type) });
    expect(types).to.deep.equal(Array.from({ length: 4 }, () => 'org.apache.kafka.common.errors.InvalidTopicException'));
    expect([asked, clock.waiting]).to.deep.equal([0, 0]);
  });

  it('leaves no wait behind when it is closed, however many topics were waited for', async () => {
    const { outbox, clock, outcomes } = line({ firstBackoffMillis: 400, longestBackoffMillis: 400 }, undefined, () => {
      throw new KafkaFailure('missing', 'not there');
    });
    for (const topic of ['a', 'b']) outbox.add(topic, null, { key: null, value: topic, timestamp: 0 }, { sent: () => undefined, failed: ({ message }) => void outcomes.push(message) });
    await clock.advance(10);
    expect(clock.waiting).to.equal(2);
    const drained = outbox.drained();
    outbox.close();
    await drained;
    expect([outcomes.length, clock.waiting]).to.deep.equal([2, 0]);
  });

  it('is left out of by nothing when it is closed with nothing in it', () => {
    let spoilt = 0;
    const { outbox } = line({ lostTrack: () => void spoilt++ });
    outbox.close();
    expect(spoilt).to.equal(0);
  });
});
