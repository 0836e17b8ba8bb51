import { expect } from 'chai';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/core/clock.ts';
import { mecha } from '../../command.ts';
import { credentials, describeWithServer, serverUrl, Storage } from './rig.ts';

const objects = 150;
const credit = 10;
const kills = 3;

const pause = (millis: number): Promise<void> => new Promise((resolve) => void systemClock.schedule(millis, resolve));

const server = '{ overrideEndpoint: true, uriEndpointOverride: "{{s3}}", forcePathStyle: true, accessKey: "{{accessKey}}", secretKey: "{{secretKey}}"';
const routes = `
- route:
    id: relay
    from:
      uri: aws2-s3:{{from}}
      parameters: ${server}, initialDelay: 0, delay: 50, maxInFlight: ${credit} }
      steps:
        - delay: { constant: 20 }
        - setHeader: { name: CamelAwsS3Key, simple: "\${header.CamelAwsS3Key}/\${exchangeId}" }
        - to:
            uri: aws2-s3:{{to}}
            parameters: ${server} }
`;

describeWithServer('aws2-s3, killed', () => {
  it(`loses nothing when the process is killed ${kills} times with objects under way`, async () => {
    const storage = new Storage();
    const [from, to] = [await storage.bucket(), await storage.bucket()];
    const folder = mkdtempSync(join(tmpdir(), 's3-kill-'));
    writeFileSync(join(folder, 'relay.yaml'), routes);
    for (let i = 0; i < objects; i += 50) await Promise.all(Array.from({ length: 50 }, (_, j) => storage.put(from, `k${i + j}`, String(i + j))));
    const properties = { s3: serverUrl, from, to, ...credentials };
    const start = (): ChildProcess =>
      spawn(process.execPath, [...mecha, 'run', 'relay.yaml', '--port', '0', ...Object.entries(properties).flatMap(([name, value]) => ['--property', `${name}=${value}`])], {
        cwd: folder,
        stdio: ['ignore', 'ignore', 'ignore'],
      });
    const ended = (child: ChildProcess): Promise<unknown> => new Promise((resolve) => child.once('exit', resolve));
    const handled = async (): Promise<Set<string>> => new Set((await storage.keys(to)).map((key) => key.split('/')[0]!));
    const unsettled: number[] = [];
    try {
      for (let kill = 0; kill < kills; ) {
        const before = (await storage.keys(to)).length;
        const child = start();
        const end = ended(child);
        while (child.exitCode === null && (await storage.keys(to)).length < before + 15) await pause(5);
        expect(child.exitCode, 'it ended by itself').to.equal(null);
        child.kill('SIGKILL');
        await end;
        const done = await handled();
        // Written, and not deleted yet: what will come again. The others under way leave no trace.
        const half = (await storage.keys(from)).filter((key) => done.has(key)).length;
        unsettled.push(half);
        kill++;
      }
      const last = start();
      const end = ended(last);
      const limit = systemClock.now() + 120_000;
      while ((await storage.keys(from)).length > 0 && systemClock.now() < limit) await pause(20);
      last.kill('SIGTERM');
      expect(await end, 'exit code').to.equal(0);
      const written = await storage.keys(to);
      const lost = objects - (await handled()).size;
      const duplicates = written.length - (objects - lost);
      console.log(`        ${objects} objects, written but not deleted at the kills: ${unsettled.join(', ')}; lost ${lost}, duplicates ${duplicates}`);
      expect(await storage.keys(from)).to.deep.equal([]);
      expect(lost, 'lost').to.equal(0);
      expect(duplicates, 'duplicates').to.be.at.most(unsettled.reduce((sum, count) => sum + count, 0));
      expect(Math.max(...unsettled), 'no more under way than credit, and as many being deleted').to.be.at.most(2 * credit);
    } finally {
      rmSync(folder, { recursive: true, force: true });
      await storage.close();
    }
  }).timeout(240_000);
});
