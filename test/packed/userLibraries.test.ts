import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { packedFolder } from './packed.ts';

describe('libraries that the user installs', function () {
  this.timeout(180_000);
  let folder: string;

  before(function () {
    folder = join(packedFolder(this), 'libraries');
    mkdirSync(folder);
  });

  after(() => folder === undefined || rmSync(folder, { recursive: true }));

  const write = (name: string, steps: readonly unknown[]): void => writeFileSync(join(folder, name), JSON.stringify([{ route: { id: 'letters', from: { uri: 'platform-http:/letters', steps } } }], null, 2));

  const mecha = (...args: string[]): { status: number | null; text: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['../node_modules/mecha-runtime/dist/mecha.cjs', ...args], { cwd: folder, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', MECHA_HTTP_PORT: '0' }, timeout: 60_000 });
    return { status, text: `${stdout}${stderr}` };
  };

  for (const [what, file, steps, command] of [
    ['string-template', 'template.yaml', [{ to: 'string-template:letter.st' }], 'npm install stringtemplate4ts@2'],
    ['pgp', 'pgp.yaml', [{ marshal: { pgp: { keyFileName: 'key.asc', keyUserid: 'ann' } } }], 'npm install openpgp@6'],
  ] as const) {
    it(`are asked for by validate and run, at the step and with the command that installs them: ${what}`, () => {
      write(file, steps);
      for (const name of ['key.asc', 'letter.st']) writeFileSync(join(folder, name), 'x');
      for (const args of [['validate', file], ['run', file]]) {
        const { status, text } = mecha(...args);
        expect(text, args.join(' ')).to.match(new RegExp(`^error\\[M\\d+\\]: .*\`${what}\` needs the library .*install it beside it \\(\`${command}\`\\)$`, 'm')).and.to.match(new RegExp(`^ --> ${file}:\\d+:\\d+$`, 'm'));
        expect(status, args.join(' ')).to.equal(2);
      }
    });
  }

  it('fail the message where only that names them, and the program goes on', () => {
    const told = { exception: ['java.lang.Exception'], steps: [{ setBody: { simple: '${exception.message}' } }] };
    write('dynamic.yaml', [{ doTry: { steps: [{ toD: 'string-template:${header.template}' }], doCatch: [told] } }]);
    writeFileSync(
      join(folder, 'dynamic.test.yaml'),
      JSON.stringify({ tests: [{ name: 'x', request: { path: '/letters', headers: { template: 'letter.st' } }, reply: { contains: 'npm install stringtemplate4ts@2' } }] }),
    );
    const { status, text } = mecha('test', 'dynamic.test.yaml');
    expect(status, text).to.equal(0);
  });
});
