import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/core/clock.ts';
import { KafkaJsClient } from '../../../src/connectors/kafka/kafkajs.ts';
import type { GroupMember, Offset } from '../../../src/connectors/kafka/client.ts';
import { mecha } from '../../command.ts';
import { Broker, brokers, pause, soon } from './broker.ts';

export interface Killing {
  readonly kills: number;
  readonly messages: number;
  readonly partitions: number;
  readonly isExactlyOnce: boolean;
  /** One exchange, and one transaction, for several records. */
  readonly isInBatches?: boolean;
  /** A `transacted` step's transaction for each record, in place of `exactlyOnce`. */
  readonly isInSteps?: boolean;
  /** Records of one partition under way at once. */
  readonly inFlight: number;
  /** The command to run in place of the program. */
  readonly command?: readonly string[];
}

export interface Killed {
  /** At each kill: records that had gone out but were not committed. */
  readonly unsettled: readonly number[];
  readonly lost: number;
  readonly duplicates: number;
  readonly isInOrder: boolean;
  /** What may be there twice at most. */
  readonly bound: number;
  readonly exitCode: unknown;
}

const send = `              - to:
                  uri: kafka:{{to}}
                  parameters: { brokers: "{{brokers}}" }
`;
const wait = (millis: number): string => `              - delay: { simple: "\${random(1,${millis})}" }
`;

/** What a transaction holds open for a while is sent first; what is delivered again anyway is sent as late as can be. */
const routes = ({ isExactlyOnce, isInBatches = false, isInSteps = false, inFlight }: Killing): string => `
- beans:
    - { name: producers, type: org.springframework.kafka.core.DefaultKafkaProducerFactory, properties: { bootstrapServers: "{{brokers}}" } }
    - { name: manager, type: org.springframework.kafka.transaction.KafkaTransactionManager, constructors: { 0: "#bean:producers" } }
- route:
    id: relay
    from:
      uri: kafka:{{from}}
      parameters:
        brokers: "{{brokers}}"
        groupId: "{{from}}"
        autoOffsetReset: earliest
        recordsInFlight: ${inFlight}
        maxPollRecords: ${inFlight}
        exactlyOnce: ${isExactlyOnce && !isInSteps}
        batching: ${isInBatches}
        batchingIntervalMs: 50
        sessionTimeoutMs: 6000
        heartbeatIntervalMs: 500
      steps:${isInSteps ? '\n        - transacted: {}' : ''}
        - filter:
            simple: "\${body} != 'nothing'"
            steps:
${(isExactlyOnce ? [send, wait(isInSteps ? 20 : 400)] : [wait(4), send]).join('')}`;

/** Kills a relay again and again while records are under way, then lets it end its work. */
export async function killRelay(options: Killing): Promise<Killed> {
  const { kills, messages, partitions, isExactlyOnce, inFlight } = options;
  const broker = await Broker.open();
  const [from, to] = [await broker.topic(partitions), await broker.topic(partitions)];
  const folder = mkdtempSync(join(tmpdir(), 'kafka-kill-'));
  writeFileSync(join(folder, 'relay.yaml'), routes(options));
  const looking = new KafkaJsClient({
    clock: systemClock,
    settings: { brokers: brokers.split(','), clientId: 'looking', tls: null, sasl: null, requestTimeoutMillis: 10_000, metadataMaxAgeMillis: 60_000, firstBackoffMillis: 50, longestBackoffMillis: 500 },
    log: () => undefined,
  });
  const nobody = { assigned: () => Promise.resolve(), revoking: () => Promise.resolve(), revoked: () => undefined, wants: () => false, records: () => undefined, waiting: () => undefined, ready: () => undefined };
  const bounds = (readsCommittedOnly: boolean): GroupMember =>
    looking.member(
      { groupId: 'looking', topics: [], isFromBeginning: true, assignors: ['range'], sessionTimeoutMillis: 10_000, rebalanceTimeoutMillis: 10_000, heartbeatIntervalMillis: 3000, minBytes: 1, maxBytes: 1, maxPartitionBytes: 1, maxWaitMillis: 1, readsCommittedOnly },
      nobody,
    );
  // (kafkajs's admin client gives the end of what is committed alone.)
  const [stable, whole] = [bounds(true), bounds(false)];
  const places = Array.from({ length: partitions }, (_, partition) => ({ topic: to, partition }));
  const committed = async (): Promise<number> => (await broker.committed(from, from)).reduce((sum, offset) => sum + Math.max(0, offset), 0);
  /** Gone out, and not committed. */
  const openNow = async (): Promise<number> => {
    if (!isExactlyOnce) {
      const done = await committed();
      return (await broker.count(to)) - done;
    }
    const sum = (offsets: readonly Offset[]): number => offsets.reduce((total, { offset }) => total + offset, 0);
    const ends = sum(await whole.bounds(places, 'next'));
    return ends - sum(await stable.bounds(places, 'next'));
  };
  const [command, ...args] = options.command ?? [process.execPath, ...mecha];
  const start = (): ChildProcess =>
    spawn(command!, [...args, 'run', 'relay.yaml', '--port', '0', '--property', `brokers=${brokers}`, '--property', `from=${from}`, '--property', `to=${to}`], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = (child: ChildProcess): Promise<unknown> => new Promise((resolve) => child.once('exit', resolve));
  try {
    await broker.send(from, ...Array.from({ length: messages }, (_, i) => ({ value: String(i), partition: i % partitions })));
    const unsettled: number[] = [];
    let duplicatesBefore = 0;
    for (let kill = 0; kill < kills; kill++) {
      const before = await committed();
      const child = start();
      const end = ended(child);
      const wanted = before + Math.floor((messages / (kills + 3) / 2) * (0.5 + Math.random()));
      for (;;) {
        if (child.exitCode !== null) throw new Error(`it ended by itself with ${child.exitCode}`);
        if ((await committed()) >= messages) throw new Error('there are too few records for so many kills');
        if ((await committed()) >= wanted && (await openNow()) > duplicatesBefore) break;
        await pause(1);
      }
      child.kill('SIGKILL');
      await end;
      // What it had sent last is on its way in the broker still.
      await pause(50);
      const open = (await openNow()) - duplicatesBefore;
      if (open <= 0) {
        // It was done with everything just then: does not count.
        if ((await committed()) > messages * 0.9) throw new Error('there are too few records for so many kills');
        kill--;
        continue;
      }
      unsettled.push(open);
      if (!isExactlyOnce) duplicatesBefore += open;
    }
    const last = start();
    const end = ended(last);
    await soon(async () => {
      if ((await committed()) < messages) throw new Error(`${await committed()} of ${messages} are committed`);
    }, 60_000 + messages * 10);
    last.kill('SIGTERM');
    const exitCode = await end;
    const seen = new Map<string, number>();
    const order = new Map<number, number>();
    let isInOrder = true;
    for (const { text, partition } of await broker.read(to)) {
      const times = (seen.get(text!) ?? 0) + 1;
      seen.set(text!, times);
      if (times > 1 || partition < 0) continue;
      const source = Number(text) % partitions;
      if (Number(text) < (order.get(source) ?? -1)) isInOrder = false;
      order.set(source, Number(text));
    }
    return {
      unsettled,
      lost: messages - seen.size,
      duplicates: [...seen.values()].reduce((sum, count) => sum + count - 1, 0),
      isInOrder: partitions > 1 || isInOrder,
      bound: isExactlyOnce ? 0 : kills * partitions * (inFlight + Math.max(inFlight, 100)),
      exitCode,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await looking.close();
    await broker.close();
  }
}
