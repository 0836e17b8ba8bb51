import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { standardParts } from '../../src/runtime/standard.ts';
import { Mecha } from '../../src/runtime/mecha.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('examples of the reference', () => {
  it('are there for every step', () => expect(Object.values(standardParts.eips).filter(({ examples = [] }) => examples.length === 0).map(({ name }) => name)).to.deep.equal([]));

  for (const { name, examples = [] } of Object.values(standardParts.eips)) {
    for (const { title, route, in: sent, out } of examples) {
      it(`${name}: ${title}`, async () => {
        const mecha = await Mecha.start({ configuration: null, folder: root, settings: { 'state.store': 'memory', 'management.enabled': false }, routes: `${route}\n` });
        try {
          for (const body of sent) await mecha.runtime.send('direct:start', body);
          for (const [uri, bodies] of Object.entries(out)) {
            const mock = mecha.mock(uri);
            if (bodies.length > 0) await mock.waitFor(bodies.length, 5000);
            expect(mock.bodies).to.deep.equal(bodies);
          }
        } finally {
          await mecha.stop(1000);
        }
      });
    }
  }
});
