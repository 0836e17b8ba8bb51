import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { LoadError } from '../../src/core/diagnostics.ts';
import { Mecha } from '../../src/runtime/mecha.ts';

describe('Mecha.start', () => {
  let folder: string;

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'mecha-start-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const settings = { 'state.store': 'memory', 'management.enabled': false, 'admin.enabled': false };

  for (const routes of ['- from: { uri: "direct:a", steps: [ { setBody: { constant: b } } ] }', ' [{ "from": { "uri": "direct:a", "steps": [ { "setBody": { "constant": "b" } } ] } }]']) {
    it(`takes one line of YAML for routes: ${routes}`, async () => {
      const mecha = await Mecha.start({ routes, folder, configuration: null, settings });
      try {
        expect(await mecha.request('direct:a', 'x')).to.equal('b');
      } finally {
        await mecha.stop();
      }
    });
  }

  const failure = async (options: Parameters<typeof Mecha.start>[0]): Promise<LoadError> => {
    try {
      await (await Mecha.start({ folder, configuration: null, ...options })).stop();
    } catch (thrown) {
      expect(thrown).to.be.instanceOf(LoadError);
      return thrown as LoadError;
    }
    throw new Error('it started');
  };

  it('takes a name, a pattern with braces and what is in a list for paths', async () => {
    for (const routes of ['a.yaml', '{a,b}.yaml', 'C:\\routes\\a.yaml', ['- from: a']]) expect((await failure({ routes, settings })).diagnostics[0]!.code, String(routes)).to.equal('M0706');
  });

  it('says where its state can not be kept, and does not hang, when no folder can be made there', async () => {
    const { diagnostics } = await failure({ routes: '- from: { uri: "direct:a", steps: [ { log: x } ] }', settings: { 'state.path': '/proc/self/fdinfo/state' } });
    expect(diagnostics[0]!.code).to.equal('M0710');
    expect(diagnostics[0]!.help).to.contain('state.path');
  });
});
