import type { ChildProcess, ChildProcessByStdio } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { expect } from 'chai';
import { mecha } from '../command.ts';
import { Program } from './program.ts';
import { eventually } from './rig.ts';

describe('output that nobody reads any more', function () {
  this.timeout(60_000);

  it('ends no routes: messages go on, and the program stops gracefully', async () => {
    for (const format of ['text', 'json']) {
      const program = new Program();
      try {
        program.write('routes/hello.yaml', '- route: { id: hello, from: { uri: "platform-http:/hello", steps: [ { log: "${header.n}" }, { setBody: { constant: hello } } ] } }');
        await program.start('--log-format', format);
        program.closeOutput();
        for (let n = 0; n < 20; n++) expect((await program.get('/hello')).text).to.equal('hello');
        program.signal('SIGTERM');
        await eventually(async () => expect(await program.exited()).to.deep.equal({ code: 0, signal: null }));
      } finally {
        await program.end();
      }
    }
  });

  it('ends a command without a complaint', () => {
    const command = [process.execPath, ...mecha].map((part) => `'${part}'`).join(' ');
    for (const args of ['catalog --json', 'schema', 'validate --help', 'run --help']) {
      const { stderr, status } = spawnSync('bash', ['-c', `${command} ${args} | head -c 5 >/dev/null; exit "\${PIPESTATUS[0]}"`], { encoding: 'utf8' });
      expect(stderr, args).to.equal('');
      expect(status, args).to.equal(0);
    }
  });
});

describe('output that is read slowly', function () {
  this.timeout(60_000);

  const start = (...args: string[]): ChildProcessByStdio<null, Readable, null> => spawn(process.execPath, [...mecha, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = (child: ChildProcess): Promise<unknown[]> => once(child, 'exit');

  it('is read to its end, however much more a command writes than a pipe takes', async () => {
    for (const args of [['schema'], ['catalog', '--json']]) {
      const child = start(...args);
      const exit = ended(child);
      let isOver = false;
      void exit.then(() => (isOver = true));
      const pieces: Buffer[] = [];
      // Only what has come is taken, and only now and then.
      for await (const piece of child.stdout) {
        pieces.push(piece as Buffer);
        await new Promise(setImmediate);
      }
      const text = Buffer.concat(pieces).toString();
      expect(text.length, args[0]).to.be.greaterThan(200_000);
      expect(() => void JSON.parse(text), args[0]).not.to.throw();
      await eventually(() => expect(isOver).to.equal(true));
      expect(child.exitCode).to.equal(0);
    }
  });

  it('keeps a command waiting for its reader, which a signal ends', async () => {
    const child = start('schema');
    const exit = ended(child);
    await once(child.stdout, 'readable');
    child.kill('SIGTERM');
    await exit;
    expect(child.signalCode).to.equal('SIGTERM');
    child.stdout.destroy();
  });

  it('does not keep a program that was told to stop', async () => {
    const program = new Program();
    try {
      program.write('routes/loud.yaml', `- route: { id: loud, from: { uri: "platform-http:/loud", steps: [ { log: "${'x'.repeat(50_000)}" }, { setBody: { constant: ok } } ] } }`);
      await program.start();
      program.pauseOutput();
      for (let n = 0; n < 20; n++) expect((await program.get('/loud')).text).to.equal('ok');
      program.signal('SIGTERM');
      await eventually(() => expect(program.isRunning).to.equal(false), 20_000);
    } finally {
      program.resumeOutput();
      await program.end();
    }
  });
});
