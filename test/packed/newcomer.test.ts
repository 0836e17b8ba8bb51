import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packedFolder, root } from './packed.ts';

describe('a newcomer’s session', function () {
  this.timeout(300_000);

  it('goes from an empty folder to a tested route that calls an HTTP service, in fewer than 15 commands, as it is recorded', function () {
    const folder = join(packedFolder(this), 'newcomer');
    mkdirSync(folder);
    symlinkSync('../node_modules', join(folder, 'node_modules'));
    const { status, stdout, stderr } = spawnSync('bash', [join(root, 'scripts/newcomer.sh'), folder], { cwd: folder, encoding: 'utf8' });
    if (process.env['RECORD'] !== undefined) writeFileSync(join(root, 'docs/newcomer.txt'), stdout);
    expect(stderr).to.equal('');
    expect(status).to.equal(0);
    expect(stdout).to.equal(readFileSync(join(root, 'docs/newcomer.txt'), 'utf8'));
    expect(stdout.match(/^\$ /gm)).to.have.length.lessThan(15);
    expect(stdout).to.contain('{"greeting":"Hello Ann"}').and.to.contain('{"welcome":"Hello Bob!"}').and.to.contain('did you mean `setBody`?').and.to.contain('3 passed');
  });
});
