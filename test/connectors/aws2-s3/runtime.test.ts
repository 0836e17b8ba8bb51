import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Events } from '../../../src/core/events.ts';
import { Mecha } from '../../../src/index.ts';
import { eventually } from '../../contract/operator.ts';
import { FakeServer } from './fake.ts';
import { credentials, describeWithServer, serverUrl, Storage } from './rig.ts';

const settings = { 'http.port': 0, 'state.store': 'memory', watch: false } as const;
const access = 'overrideEndpoint: true, uriEndpointOverride: "{{s3}}", forcePathStyle: true, accessKey: "{{accessKey}}", secretKey: "{{secretKey}}"';

/** What the events of a run say in words. */
function said(events: Events): string[] {
  const lines: string[] = [];
  events.on('connectorWaiting', ({ uri, routeId, reason }) => void lines.push(`${uri} ${routeId} ${reason}`));
  events.on('log', ({ message, routeId }) => void lines.push(`${routeId} ${message}`));
  return lines;
}

describe('aws2-s3 in a runtime', () => {
  let folder: string;
  let mecha: Mecha | null;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mecha-s3-run-'));
    mecha = null;
  });

  afterEach(async () => {
    await mecha?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('writes objects to files by their keys: none leaves the folder, and one that can be no file is kept while the others go on', async () => {
    const fake = await FakeServer.open();
    const good = ['ok.txt', 'ordner/ü b.txt', '/lead.txt', 'zuletzt.txt'];
    const bad = ['../../evil.txt', 'a/../../../up.txt', 'nul\0l.txt', `${'n'.repeat(300)}.txt`];
    for (const key of [...good, ...bad]) fake.objects.set(key, `content of ${key}`);
    mecha = await Mecha.start({
      folder,
      settings,
      properties: { s3: `http://localhost:${fake.port}`, accessKey: 'a', secretKey: 's' },
      routes: `
- route:
    id: to-files
    from:
      uri: aws2-s3:drop
      parameters: { ${access}, initialDelay: 0, delay: 20 }
      steps:
        - setHeader: { name: CamelFileName, simple: "\${header.CamelAwsS3Key}" }
        - to: file:inner/out
`,
    });
    await eventually(() => expect(fake.objects.size).to.equal(0), 8000);
    await eventually(() => expect(mecha!.runtime.inFlight).to.equal(0), 5000);
    const out = join(folder, 'inner/out');
    expect((readdirSync(out, { recursive: true }) as string[]).filter((name) => name.endsWith('.txt')).sort()).to.deep.equal(['lead.txt', 'ok.txt', 'ordner/ü b.txt', 'zuletzt.txt']);
    expect(readFileSync(join(out, 'ordner/ü b.txt'), 'utf8')).to.equal('content of ordner/ü b.txt');
    expect(readdirSync(folder).sort()).to.deep.equal(['inner']);
    expect(existsSync(join(folder, '../evil.txt'))).to.equal(false);
    const { entries } = await mecha.deadLetters!.list();
    const kept = await Promise.all(entries.map(({ id }) => mecha!.deadLetters!.get(id)));
    expect(kept.map((letter) => String(letter!.body)).sort()).to.deep.equal(bad.map((key) => `content of ${key}`).sort());
    for (const letter of kept) expect(`${letter!.fromEndpoint} ${letter!.failedRouteId} ${letter!.exception?.message}`).to.match(/^aws2-s3:.*drop.* to-files .*\S/);
    await fake.close();
  }).timeout(20_000);

  describeWithServer('with the real server', () => {
    it('says which endpoint of which route has no bucket, wrong credentials or no server, and the other routes go on', async () => {
      const storage = new Storage();
      const [from, to, missing] = [await storage.bucket(), await storage.bucket(), storage.name()];
      const route = (id: string, bucket: string, options: string): string => `
- route:
    id: ${id}
    from:
      uri: aws2-s3:${bucket}
      parameters: { ${options}, initialDelay: 0, delay: 50, maxAttempts: 1 }
      steps:
        - to: { uri: "aws2-s3:${to}", parameters: { ${access} } }
`;
      mecha = await Mecha.start({
        folder,
        settings,
        properties: { s3: serverUrl, ...credentials },
        routes: [route('no-bucket', missing, access), route('wrong-key', from, access.replace('{{secretKey}}', 'not-the-secret')), route('no-server', from, access.replace('{{s3}}', 'http://127.0.0.1:9')), route('works', from, `${access}, prefix: w/`)].join(''),
      });
      const lines = said(mecha.runtime.events);
      await storage.put(from, 'w/a', 'x');
      await eventually(() => {
        const health = JSON.stringify(mecha!.health.ready());
        for (const [id, reason] of [['no-bucket', `there is no bucket \`${missing}\``], ['wrong-key', 'check the credentials'], ['no-server', "the server can't be reached"]] as const) {
          expect(health, id).to.contain(`route ${id}`).and.contain(reason);
        }
        expect(health).to.not.contain('not-the-secret');
      }, 8000);
      let keys: string[] = [];
      const end = performance.now() + 8000;
      while (keys.length === 0 && performance.now() < end) keys = await storage.keys(to);
      expect(keys).to.deep.equal(['w/a']);
      expect(lines.join('\n')).to.not.contain('not-the-secret');
      expect(await mecha.stop()).to.equal(true);
      mecha = null;
      await storage.close();
    }).timeout(30_000);

    it('applies the failure policy to an object that can not be written, and loses nothing', async () => {
      const storage = new Storage();
      const from = await storage.bucket();
      const missing = storage.name();
      mecha = await Mecha.start({
        folder,
        settings,
        properties: { s3: serverUrl, ...credentials },
        routes: `
- onException:
    exception: [software.amazon.awssdk.services.s3.model.NoSuchBucketException]
    handled: { constant: "true" }
    redeliveryPolicy: { maximumRedeliveries: 1, redeliveryDelay: 10 }
    steps:
      - setHeader: { name: CamelFileName, simple: "\${header.CamelAwsS3Key}" }
      - setBody: { simple: "\${body}: \${exception.message}" }
      - to: file:failed
- route:
    id: copies
    from:
      uri: aws2-s3:${from}
      parameters: { ${access}, initialDelay: 0, delay: 50 }
      steps:
        - convertBodyTo: String
        - filter: { simple: "\${body} == 'bad'", steps: [{ to: { uri: "aws2-s3:${missing}", parameters: { ${access} } } }] }
        - to: { uri: file:fine, parameters: { fileName: "\${header.CamelAwsS3Key}" } }
`,
      });
      const tried: string[] = [];
      mecha.runtime.events.on('exchangeRedelivered', ({ routeId, step, error }) => void tried.push(`${routeId} ${step.stepId}: ${error.message}`));
      await storage.put(from, 'a', 'bad');
      await storage.put(from, 'b', 'good');
      await eventually(() => expect([existsSync(join(folder, 'failed/a')), existsSync(join(folder, 'fine/b'))]).to.deep.equal([true, true]), 8000);
      expect(readFileSync(join(folder, 'failed/a'), 'utf8')).to.match(new RegExp(`^bad: aws2-s3://${missing} .*there is no bucket`));
      expect(tried).to.have.length(1);
      expect(tried[0]).to.match(new RegExp(`^copies to2: aws2-s3://${missing} .*there is no bucket`));
      await eventually(() => expect(mecha!.runtime.inFlight).to.equal(0), 5000);
      expect(await mecha.stop()).to.equal(true);
      mecha = null;
      expect(await storage.keys(from)).to.deep.equal([]);
      await storage.close();
    }).timeout(30_000);
  });
});
