import { expect } from 'chai';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/core/clock.ts';
import { mecha } from '../../command.ts';
import { Broker, describeWithBroker, Wiretap } from './broker.ts';

const messages = 1500;
const prefetch = 100;
const kills = 3;

const pause = (millis: number): Promise<void> => new Promise((resolve) => void systemClock.schedule(millis, resolve));

const routes = `
- route:
    id: relay
    from:
      uri: spring-rabbitmq:default
      parameters:
        url: "{{in}}"
        queues: "{{from}}"
        arg.queue.durable: true
        prefetchCount: ${prefetch}
      steps:
        - setHeader: { name: seen, constant: "yes" }
        - delay: { constant: 2 }
        - to:
            uri: spring-rabbitmq:default
            parameters: { url: "{{out}}", routingKey: "{{to}}" }
`;

describeWithBroker('spring-rabbitmq, killed', () => {
  it(`loses nothing when the process is killed ${kills} times with messages under way`, async () => {
    const broker = await Broker.open();
    const tap = await Wiretap.open();
    const [from, to] = [await broker.queue(), await broker.queue()];
    const folder = mkdtempSync(join(tmpdir(), 'rabbit-kill-'));
    writeFileSync(join(folder, 'relay.yaml'), routes);
    for (let i = 0; i < messages; i += 500) await Promise.all(Array.from({ length: 500 }, (_, j) => broker.send(from, String(i + j))));
    const start = (): ChildProcess =>
      spawn(process.execPath, [...mecha, 'run', 'relay.yaml', '--port', '0', '--property', `in=${tap.url}`, '--property', `out=${process.env['AMQP_URL']!}`, '--property', `from=${from}`, '--property', `to=${to}`], {
        cwd: folder,
        stdio: ['ignore', 'ignore', 'inherit'],
      });
    const ended = (child: ChildProcess): Promise<unknown> => new Promise((resolve) => child.once('exit', resolve));
    const unsettled: number[] = [];
    try {
      for (let kill = 0; kill < kills; kill++) {
        const before = tap.acknowledged.length;
        const child = start();
        const end = ended(child);
        while (child.exitCode === null && (tap.acknowledged.length < before + 100 || tap.unsettled < 20)) await pause(1);
        expect(child.exitCode, 'it ended by itself').to.equal(null);
        child.kill('SIGKILL');
        unsettled.push(tap.unsettled);
        await end;
      }
      const last = start();
      const end = ended(last);
      const seen = new Map<string, number>();
      const limit = systemClock.now() + 40_000;
      while (seen.size < messages && systemClock.now() < limit) {
        const message = await broker.get(to);
        if (message === null) await pause(5);
        else seen.set(message.content.toString(), (seen.get(message.content.toString()) ?? 0) + 1);
      }
      last.kill('SIGTERM');
      expect(await end, 'exit code').to.equal(0);
      for (let message = await broker.get(to); message !== null; message = await broker.get(to)) seen.set(message.content.toString(), (seen.get(message.content.toString()) ?? 0) + 1);
      const duplicates = [...seen.values()].reduce((sum, count) => sum + count - 1, 0);
      const inFlight = unsettled.reduce((sum, count) => sum + count, 0);
      console.log(`        ${messages} messages, unsettled at the kills: ${unsettled.join(', ')}; lost ${messages - seen.size}, duplicates ${duplicates}`);
      expect(unsettled.every((count) => count > 0)).to.equal(true);
      expect(messages - seen.size, 'lost').to.equal(0);
      expect(duplicates, 'duplicates').to.be.at.most(inFlight);
      expect(await broker.count(from)).to.equal(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
      await tap.close();
      await broker.close();
    }
  }).timeout(90_000);
});
