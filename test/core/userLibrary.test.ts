import { expect } from 'chai';
import { UserLibrary } from '../../src/core/userLibrary.ts';

describe('a library that its user installs', () => {
  it('is loaded once, when it is first asked for', async () => {
    const library = new UserLibrary<typeof import('stringtemplate4ts')>('stringtemplate4ts', '`x` needs it', '2');
    library.check();
    const loaded = await library.load();
    expect(new loaded.ST('<a>').add('a', 1).render()).to.equal('1');
    expect(await library.load()).to.equal(loaded);
  });

  it('says how to install it where it is not there', () => {
    const library = new UserLibrary('mecha-has-no-such-library', '`x` needs a library for y', '2');
    expect(() => library.check()).to.throw(/^`x` needs a library for y: install it beside it \(`npm install mecha-has-no-such-library@2`\)$/);
  });
});
