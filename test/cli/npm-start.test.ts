import { expect } from 'chai';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '../contract/operator.ts';
import { freePort } from '../runtime/program.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('npm start', function () {
  this.timeout(90_000);
  let npm: ChildProcess;
  let folder: string;
  let out = '';

  const start = async (args?: readonly string[]): Promise<number> => {
    folder = mkdtempSync(join(tmpdir(), 'npm-start-'));
    writeFileSync(join(folder, 'slow.yaml'), '- route: { id: slow, from: { uri: "platform-http:/slow", steps: [ { delay: { constant: 1500 } }, { setBody: { constant: done } } ] } }\n');
    const port = await freePort();
    out = '';
    const own = args === undefined ? {} : { MECHA_HTTP_PORT: String(port), PRICING_PORT: String(await freePort()) };
    npm = spawn('npm', args ?? ['start', '--', join(folder, 'slow.yaml'), '--port', String(port)], { cwd: root, env: { PATH: process.env['PATH'], HOME: process.env['HOME'], MECHA_STATE_STORE: 'memory', ...own }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    for (const stream of [npm.stdout!, npm.stderr!]) stream.setEncoding('utf8').on('data', (text: string) => (out += text));
    // It builds the program first where its sources are newer.
    await eventually(async () => {
      if (npm.exitCode !== null) throw new Error(out);
      expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status, out).to.equal(200);
    }, 60_000);
    return port;
  };

  afterEach(() => {
    if (npm.exitCode === null) process.kill(-npm.pid!, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`hands ${signal} on to the program, which answers what is in flight, and ends with 0`, async () => {
      const port = await start();
      const ended = new Promise<number | null>((resolve) => npm.once('exit', resolve));
      const reply = fetch(`http://127.0.0.1:${port}/slow`);
      await eventually(async () => expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).to.match(/mecha_route_exchanges_in_flight\{route="slow"\} 1/));
      npm.kill(signal);
      expect(await (await reply).text()).to.equal('done');
      expect(await ended, out).to.equal(0);
      expect(out).to.contain(`${signal}: stopping, 1 in flight`);
    });
  }

  it('runs the example with its micrologic where nothing is named', async () => {
    const port = await start(['start']);
    const ended = new Promise<number | null>((resolve) => npm.once('exit', resolve));
    const reply = await fetch(`http://127.0.0.1:${port}/orders`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ id: 'n-1', customer: 'ann', region: 'EU', lines: [{ item: 'tea', quantity: 2 }] }) });
    expect(await reply.json()).to.include({ id: 'n-1', desk: 'europe', total: 10.08 });
    expect(out).to.contain('curl -s localhost:').and.contain('/orders');
    npm.kill('SIGTERM');
    expect(await ended, out).to.equal(0);
  });
});
