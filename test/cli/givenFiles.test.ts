import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createWebServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { Desk } from './desk.ts';

const routes = '- route:\n    id: ok\n    from:\n      uri: direct:ok\n      steps:\n        - setBody: { constant: hi }\n';
const snapshotTest = 'tests:\n  - name: says hi\n    send: { to: direct:ok, body: x }\n    reply: { snapshot: true }\n';

describe('what a command line names', function () {
  this.timeout(20_000);
  let desk: Desk;

  beforeEach(() => {
    desk = new Desk().write('r.yaml', routes);
  });

  afterEach(() => desk.clear());

  const at = (name: string): string => join(desk.folder, name);

  it('is refused where it is a pipe, a device, or no text', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    writeFileSync(at('latin1.yaml'), Buffer.from(routes.replace('hi', 'caf\xe9'), 'latin1'));
    for (const [args, said] of [
      [['eval', '${body}', '--body', '@pipe'], "the body can't be read: it is no file"],
      [['eval', '${body}', '--body', '@/dev/zero'], "the body can't be read: it is no file"],
      [['send', 'direct:ok', '--body', '@pipe'], "the body can't be read: it is no file"],
      [['send', 'direct:ok', '--body', '@latin1.yaml'], "the body can't be read: it is no text in UTF-8"],
      [['reload', 'pipe'], "`pipe` can't be read: it is no file"],
      [['add', 'aggregate', '--into', 'pipe'], "`pipe` can't be read: it is no file"],
      [['add', 'aggregate', '--into', 'latin1.yaml'], "`latin1.yaml` can't be read: it is no text in UTF-8"],
    ] as const) {
      const { code, err } = await desk.mecha(...args);
      expect([code, err], args.join(' ')).to.deep.equal([2, `error: ${said}\n`]);
    }
    expect((await desk.mecha('eval', '${body}', '--body', '@latin1.yaml')).code).to.equal(0);
  });

  it('keeps its rights when it is changed, and stays a link', async () => {
    chmodSync(at('r.yaml'), 0o640);
    symlinkSync('r.yaml', at('link.yaml'));
    expect((await desk.mecha('add', 'aggregate', '--into', 'link.yaml')).code).to.equal(0);
    expect(lstatSync(at('link.yaml')).isSymbolicLink()).to.equal(true);
    expect(statSync(at('r.yaml')).mode & 0o777).to.equal(0o640);
    expect(readFileSync(at('r.yaml'), 'utf8')).to.contain('aggregate');
    expect(readdirSync(desk.folder).sort()).to.deep.equal(['link.yaml', 'r.yaml']);
  });

  it('is told where a report, snapshots or repairs can not be written', async () => {
    desk.write('r.test.yaml', snapshotTest).write('bad.yaml', routes.replace('setBody', 'setBodi'));
    const report = await desk.mecha('test', '--format', 'junit', '--output', 'r.yaml/report.xml');
    expect([report.code, report.err.replace(/: E.*\n/, '')]).to.deep.equal([2, "error: the report can't be written"]);
    // The name of a snapshot file that nobody can take.
    mkdirSync(at('r.test.snapshots.json'));
    const unread = await desk.mecha('test', '--update', '--in-process');
    expect([unread.code, /^error\[M0805\]: .*/.exec(unread.err)?.[0]]).to.deep.equal([2, "error[M0805]: the snapshots can't be read: EISDIR: illegal operation on a directory, read"]);
    expect(existsSync(at('r.yaml/report.xml'))).to.equal(false);
  });

  it('is told what answers where a Mecha should', async () => {
    const servers: readonly (readonly [what: Server, url: (port: number) => string, says: RegExp])[] = [
      [createWebServer((_, response) => response.end('<!DOCTYPE html>')), (port) => `http://127.0.0.1:${port}`, /what answers at http:.* is no Mecha/],
      [createServer((socket) => socket.on('error', () => {}).end()), (port) => `http://127.0.0.1:${port}`, /what answers at http:.* is no Mecha/],
      [createServer((socket) => socket.on('error', () => {}).end('-ERR unknown command\r\n')), (port) => `http://127.0.0.1:${port}`, /what answers at http:.* is no Mecha/],
      [createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\nnothing')), (port) => `http://127.0.0.1:${port}/`, /what answers at http:.* is no Mecha/],
    ];
    for (const [server, urlOf, says] of servers) {
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      const url = urlOf((server.address() as AddressInfo).port);
      try {
        for (const args of [['get', 'routes'], ['trace'], ['send', 'direct:ok', 'x'], ['reload'], ['deadletters', 'list']]) {
          const { code, err } = await desk.mecha(...args, '--url', url);
          expect([code, says.test(err)], `${args.join(' ')}: ${err}`).to.deep.equal([1, true]);
        }
        const { code, out } = await desk.mecha('doctor', '--url', url);
        expect([code, says.test(out)], out).to.deep.equal([1, true]);
      } finally {
        server.close();
      }
    }
  });

  it('is told where it is no address', async () => {
    for (const args of [['get', 'routes'], ['trace'], ['send', 'direct:ok', 'x'], ['deadletters', 'list']]) {
      const { code, err } = await desk.mecha(...args, '--url', 'nonsense');
      expect([code, err]).to.deep.equal([2, 'error: `nonsense` is no address of an admin API: Invalid URL\nhelp: write it as `--url http://host:port`\n']);
    }
    expect((await desk.mecha('doctor', '--url', 'http://127.0.0.1:1')).code).to.equal(1);
    expect((await desk.mecha('doctor')).code).to.equal(0);
  });
});
