import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parse, stringify } from 'yaml';
import { Source } from '../../src/core/diagnostics.ts';
import { Mecha } from '../../src/runtime/mecha.ts';
import { randomFrom } from '../random.ts';

const folder = new URL('../compat/cases/', import.meta.url);

/** What takes the place of some value of a good route. */
const wrong: readonly unknown[] = [{}, null, [], '', 0, -1, 1e400, true, 'x', '{{', [{}], [null], { x: 1 }, { simple: '${' }, { steps: [{}] }, { expression: {} }, { uri: '' }, { uri: 'direct:a', steps: [] }];

/** The same seed gives the same whole numbers below a bound. */
function randomNumbers(seed: number): (below: number) => number {
  const random = randomFrom(seed);
  return (below) => (random() * 2 ** 32) % below;
}

type Holder = Record<string, unknown>;

/** Each value within a document, as what holds it and its key there. */
function placesIn(value: unknown, found: [Holder, string][] = []): [Holder, string][] {
  if (typeof value !== 'object' || value === null) return found;
  for (const key of Object.keys(value)) {
    found.push([value as Holder, key]);
    placesIn((value as Holder)[key], found);
  }
  return found;
}

function broken(routes: unknown, random: (below: number) => number): unknown {
  const copy = structuredClone(routes);
  for (let left = random(2); left >= 0; left--) {
    const places = placesIn(copy);
    if (places.length === 0) break;
    const [holder, key] = places[random(places.length)]!;
    if (random(6) > 0) holder[key] = structuredClone(wrong[random(wrong.length)]);
    else if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
  }
  return copy;
}

/** Words of an engine that fell over something, which nobody who writes routes should read. */
const accident = /\bundefined\b|is not a function|Cannot read|\[object|not iterable/;

describe('good routes that are broken in a place or two', function () {
  // MUTATIONS=20 SEED=7 looks further.
  const seed = Number(process.env['SEED'] ?? 1);
  const each = Number(process.env['MUTATIONS'] ?? 1);
  this.timeout(60_000 * each);

  it('are complained about in words of the language, and nothing is thrown', async () => {
    const random = randomNumbers(seed);
    const accidents: string[] = [];
    let complaints = 0;
    let documents = 0;
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
      const { routes } = parse(readFileSync(new URL(file, folder), 'utf8'), { logLevel: 'silent' }) as { routes?: unknown };
      if (!Array.isArray(routes)) continue;
      for (let i = 0; i < each; i++) {
        const text = stringify(broken(routes, random));
        documents++;
        try {
          const problems = await Mecha.check({ sources: [new Source(file, text)], configuration: null, settings: { 'state.store': 'memory' } });
          if (problems.some(({ severity }) => severity === 'error')) complaints++;
          accidents.push(...problems.filter(({ message }) => accident.test(message)).map(({ code, message }) => `${file}: ${code} ${message}`));
        } catch (thrown) {
          accidents.push(`${file}: ${(thrown as Error).stack ?? String(thrown)}\n${text}`);
        }
      }
    }
    expect(accidents).to.deep.equal([]);
    expect(complaints).to.be.above(documents / 2);
    expect(documents).to.be.above(300);
  });

  it('where they have steps that are nothing: in a pipeline, a breaker, a doTry', async () => {
    for (const step of ['pipeline: { steps: [{}] }', 'circuitBreaker: { steps: [~] }', 'doTry: { steps: [{}] }', 'multicast: { steps: [{}] }', 'choice: { when: [{}] }', 'aggregate: { strategy-ref: x }']) {
      const problems = await Mecha.check({ sources: [new Source('a.yaml', `- from:\n    uri: direct:a\n    steps:\n      - ${step}\n`)], configuration: null });
      expect(problems, step).to.not.be.empty;
      expect(problems.filter(({ message }) => accident.test(message)), step).to.deep.equal([]);
    }
  });
});
