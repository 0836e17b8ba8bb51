import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packedFolder, root } from './packed.ts';

describe('the packed library', function () {
  this.timeout(180_000);
  let folder: string;

  const node = (...args: string[]): { status: number | null; text: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } });
    return { status, text: `${stdout}${stderr}` };
  };

  before(function () {
    const packed = packedFolder(this);
    folder = join(packed, 'embedding');
    cpSync(join(root, 'test/embedding'), folder, { recursive: true });
    execFileSync('npx', ['--no-install', 'tsc', '-p', '.'], { cwd: folder, stdio: 'inherit' });
  });

  it('has types that refuse what is wrong and take what is right, and does what it says, by import', () => {
    const { status, text } = node('built/main.js');
    expect(text.split('\n').filter((line) => !line.startsWith('ok '))).to.deep.equal(['all is so', '']);
    expect(status).to.equal(0);
  });

  it('can be required', () => {
    const { status, text } = node('built/required.cjs');
    expect(text).to.contain('required it');
    expect(status).to.equal(0);
  });

  it('does nothing when it is imported: no handle is open, no global is new, the process ends by itself', () => {
    writeFileSync(
      join(folder, 'quiet.mjs'),
      `const globals = Object.getOwnPropertyNames(globalThis).join();
const environment = JSON.stringify(process.env);
const before = process.getActiveResourcesInfo().filter((name) => !/^(TTYWrap|PipeWrap)$/.test(name)).length;
const listeners = process.eventNames().map((name) => [name, process.listenerCount(name)]).join();
const library = await import('mecha-runtime');
const changed = [];
if (Object.getOwnPropertyNames(globalThis).join() !== globals) changed.push('globals');
if (JSON.stringify(process.env) !== environment) changed.push('environment');
if (process.eventNames().map((name) => [name, process.listenerCount(name)]).join() !== listeners) changed.push('listeners');
await new Promise((resolve) => setImmediate(resolve));
const after = process.getActiveResourcesInfo().filter((name) => !/^(TTYWrap|PipeWrap|CloseReq|FSReq.*|Immediate)$/.test(name));
if (after.length > before) changed.push('handles: ' + after.join());
console.log(typeof library.Mecha.start, changed.join(' ') || 'unchanged');
`,
    );
    expect(node('quiet.mjs')).to.deep.equal({ status: 0, text: 'function unchanged\n' });
  });
});
