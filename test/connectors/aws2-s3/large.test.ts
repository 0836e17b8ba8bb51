import { expect } from 'chai';
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { systemClock } from '../../../src/core/clock.ts';

import { Program } from '../../runtime/program.ts';
import { eventually } from '../../runtime/rig.ts';
import { credentials, describeWithServer, serverUrl, Storage } from './rig.ts';

const megabytes = 300;
/** Of memory that it may take beside what it has when idle (85 as built): together less than 150. bench/s3-large.ts has the figures for 2 GB. */
const mostMegabytes = 65;

const server = 'overrideEndpoint: true, uriEndpointOverride: "{{s3}}", forcePathStyle: true, accessKey: "{{accessKey}}", secretKey: "{{secretKey}}"';
const relay = (id: string, more: string, streamCache: boolean): string => `
- route:
    id: ${id}
    streamCache: ${streamCache}
    from:
      uri: aws2-s3:{{from}}
      parameters: { ${server}, initialDelay: 0, delay: 100, prefix: ${id}/${more} }
      steps:
        - to: { uri: "aws2-s3:{{to}}", parameters: { ${server} } }
`;

describeWithServer(`aws2-s3 with an object of ${megabytes} MB`, () => {
  const piece = randomBytes(1024 * 1024);

  function* pieces(): Generator<Buffer> {
    for (let i = 0; i < megabytes; i++) {
      const next = Buffer.from(piece);
      next.writeUInt32BE(i);
      yield next;
    }
  }

  for (const [id, what, more, isCached] of [
    ['file', 'by way of a file', '', true],
    ['cached', 'as a stream that the route keeps', ', includeBody: false', true],
    ['stream', 'as a stream that goes on as it comes', ', includeBody: false', false],
  ] as const) {
    it(`reads and writes it ${what} without having it in memory`, async () => {
      const storage = new Storage();
      const program = new Program();
      try {
        const [from, to] = [await storage.bucket(), await storage.bucket()];
        const properties = { s3: serverUrl, from, to, ...credentials };
        program.write('routes/relay.yaml', relay(id, more, isCached));
        await program.start(...Object.entries(properties).flatMap(([name, value]) => ['--property', `${name}=${value}`]));
        // Once the client library is there.
        await storage.put(from, `${id}/first`, 'a');
        await eventually(async () => expect(await storage.keys(to)).to.have.length(1), 15_000);
        const idle = program.peakMegabytes;
        await new Upload({ client: storage.client, params: { Bucket: from, Key: `${id}/large`, Body: Readable.from(pieces()) }, partSize: 32 * 1024 * 1024, queueSize: 1 }).done();
        const end = systemClock.now() + 150_000;
        while ((await storage.keys(from)).length > 0 && systemClock.now() < end) await new Promise<void>((resolve) => void systemClock.schedule(100, resolve));
        const taken = program.peakMegabytes - idle;
        const [sent, came] = [createHash('sha1'), createHash('sha1')];
        for (const one of pieces()) sent.update(one);
        for await (const one of (await storage.client.send(new GetObjectCommand({ Bucket: to, Key: `${id}/large` }))).Body as Readable) came.update(one as Buffer);
        expect(came.digest('hex')).to.equal(sent.digest('hex'));
        expect(taken, 'MB of memory for it').to.be.below(mostMegabytes);
      } finally {
        await program.end();
        await storage.close();
      }
    }).timeout(240_000);
  }
});
