import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { standardParts } from '../../src/runtime/standard.ts';
import { Mecha } from '../../src/runtime/mecha.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('examples of the reference', () => {
  it('are there for every step', () => expect(Object.values(standardParts.eips).filter(({ examples = [] }) => examples.length === 0).map(({ name }) => name)).to.deep.equal([]));

  it('stand on the page of every step with what is sent, what comes of it, and a diagram', () => {
    const folder = join(root, 'docs/eip');
    const missing = readdirSync(folder).flatMap((page) => {
      const text = readFileSync(join(folder, page), 'utf8');
      return [/^```yaml\n- /m, /^Sent to `direct:start`: `/m, /^`mock:[^`]+` gets (`|nothing)/m, /^```mermaid\nflowchart/m].flatMap((part) => (part.test(text) ? [] : [`${page}: ${part}`]));
    });
    expect(missing).to.deep.equal([]);
    expect(readdirSync(folder)).to.have.members(Object.values(standardParts.eips).map(({ name }) => `${name}.md`));
  });

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
