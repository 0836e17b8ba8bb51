import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { complete, explainAt } from '../../src/editor/knowledge.ts';
import { Workspace } from '../../src/editor/workspace.ts';
import { blocksOf, pages, root } from '../docs/blocks.ts';

const isRoutes = (text: string): boolean => /^- +(?:route|from|onException|beans|errorHandler|dataFormats|rest|routeConfiguration|routeTemplate)\s*:/m.test(text);

/** Not the page of the kamelets: its parameters are those of a template. */
const texts: readonly (readonly [string, string])[] = [
  ...readdirSync(join(root, 'routes')).filter((name) => name.endsWith('.yaml') && !name.endsWith('.test.yaml')).map((name) => [`routes/${name}`, readFileSync(join(root, 'routes', name), 'utf8')] as const),
  ...pages().filter((page) => !page.startsWith('docs/errors/') && page !== 'docs/eip/kamelet.md').flatMap((page) => blocksOf(page).filter(({ language, text }) => language === 'yaml' && isRoutes(text)).map(({ line, text }) => [`${page}:${line}`, text] as const)),
];

/** A key of a text, by its name and offset; the keys below `map` keys have names of their own. */
interface Key {
  readonly name: string;
  readonly at: number;
}

function keysOf(text: string): Key[] {
  const found: Key[] = [];
  const named = /^( *)(?:- +)*(properties|constructors|arguments|mappingFile|definition|spec|metadata|headers)\s*:/;
  let own = -1;
  let block = -1;
  let at = 0;
  for (const line of text.split('\n')) {
    const start = at;
    at += line.length + 1;
    const indent = line.search(/\S/);
    if (indent < 0) continue;
    if (block >= 0 && indent > block) continue;
    block = /[|>][+-]?\d?\s*$/.test(line) ? indent : -1;
    if (own >= 0 && indent > own) continue;
    const key = /^( *(?:- +)*)([A-Za-z][\w-]*):(?:\s|$)/.exec(line);
    if (key !== null) found.push({ name: key[2]!, at: start + key[1]!.length });
    own = named.test(line) ? indent : -1;
  }
  return found;
}

/** Ways in which a text is while its key is being written: the text, with the cursor behind the key's first two letters. */
const ways: Readonly<Record<string, (text: string, key: Key) => { text: string; at: number }>> = {
  'nothing stands behind it': (text, { at, name }) => ({ text: text.slice(0, at) + name.slice(0, 2), at: at + 2 }),
  'the rest of the file stands below it': (text, { at, name }) => ({ text: `${text.slice(0, at)}${name.slice(0, 2)}${text.slice(text.indexOf('\n', at))}`, at: at + 2 }),
  'lines end as on Windows': (text, { at, name }) => {
    const before = `${text.slice(0, at)}${name.slice(0, 2)}`.replaceAll('\n', '\r\n');
    return { text: before, at: before.length };
  },
  'the file is indented by tabs': (text, { at, name }) => {
    const before = `${text.slice(0, at)}${name.slice(0, 2)}`.replace(/^ +/gm, (blanks) => '\t'.repeat(blanks.length / 2));
    return { text: before, at: before.length };
  },
  'its own line is indented by tabs': (text, { at, name }) => {
    const line = text.lastIndexOf('\n', at - 1) + 1;
    const before = text.slice(0, line) + text.slice(line, at).replace(/^ +/, (blanks) => '\t'.repeat(blanks.length / 2)) + name.slice(0, 2);
    return { text: `${before}${text.slice(text.indexOf('\n', at))}`, at: before.length };
  },
};

describe('what an editor is told', () => {
  const workspace = new Workspace(join(tmpdir(), 'mecha-nowhere'));
  // None of the texts names what stands elsewhere.
  Object.assign(workspace, { declarations: () => [], kamelets: () => [], parametersOf: () => null });

  for (const [way, write] of Object.entries(ways)) {
    it(`offers each key of the examples where it is being written while ${way}`, function () {
      this.timeout(60_000);
      let count = 0;
      const missed: string[] = [];
      for (const [name, text] of texts) {
        for (const key of keysOf(text)) {
          const { text: written, at } = write(text, key);
          const offer = complete(written, at, workspace).find(({ label }) => label === key.name);
          count++;
          if (offer === undefined || written.slice(offer.start, offer.end).trimEnd() !== key.name.slice(0, 2)) missed.push(`${name}: ${key.name}`);
        }
      }
      expect(count).to.be.at.least(800);
      expect(missed).to.deep.equal([]);
    });
  }

  it('offers required keys first, also as those of an entry that has not begun', () => {
    const first = (text: string): string[] => complete(text, text.length, workspace).filter(({ order }) => order === 0).map(({ insert }) => insert);
    expect(first('- beans:\n    ')).to.deep.equal(['- name: ', '- type: ']);
    expect(first('- beans:\n    - ')).to.deep.equal(['name: ', 'type: ']);
    expect(first('- routeTemplate:\n    id: x\n    parameters:\n      ')).to.deep.equal(['- name: ']);
  });

  it('explains each key of the examples', () => {
    const missed = texts.flatMap(([name, text]) => keysOf(text).filter(({ at }) => explainAt(text, at + 1, workspace) === null).map((key) => `${name}: ${key.name}`));
    expect(missed).to.deep.equal([]);
  });
});
