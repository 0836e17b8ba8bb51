import { spawnSync } from 'node:child_process';
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
