import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Diagnostic } from '../../src/core/diagnostics.ts';
import { Source } from '../../src/core/diagnostics.ts';
import { applyFixes } from '../../src/dsl/fixes.ts';
import { RepairBudget, syntaxRepair } from '../../src/dsl/syntaxFixes.ts';
import { checkFiles } from './check.ts';

const folder = fileURLToPath(new URL('golden/', import.meta.url));

/** Applies the fixes of all complaints, again while they bring others to light. */
function mend(file: string, text: string, isWanted?: Parameters<typeof applyFixes>[2]): { text: string; left: readonly Diagnostic[]; made: readonly Diagnostic[] } {
  const made: Diagnostic[] = [];
  let current = text;
  for (let round = 0; ; round++) {
    const source = new Source(file, current);
    const left = checkFiles([source]);
    const { text: next, count } = applyFixes(source, left, isWanted);
    if (left.length === 0 || count === 0 || round === 10) return { text: current, left, made };
    made.push(...left.filter(({ fix }) => fix !== null));
    current = next;
  }
}

/** Mistakes that people make: in each of these files every complaint brings its repair. */
const mistakes = [
  'bad-enum',
  'bad-indentation',
  'bad-indentation-of-a-key',
  'boolean-that-is-none',
  'brackets-around-a-block',
  'comma-missing',
  'duplicate-key',
  'duplicate-route-ids',
  'endpoint-with-a-trailing-ampersand',
  'endpoint-with-html-ampersand',
  'environment-without-value',
  'expression-twice',
  'expression-without-language',
  'integration-with-a-wrong-step',
  'list-instead-of-a-text',
  'missing-dataformat',
  'missing-expression',
  'missing-header-name',
  'missing-property',
  'option-beside-its-step',
  'option-misspelt-and-required',
  'placeholder-without-quotes',
  'property-with-blanks',
  'several-documents',
  'step-among-options',
  'step-in-kebab-case',
  'steps-beside-from',
  'steps-not-a-list',
  'template-with-a-wrong-step',
  'text-for-a-step-with-options',
  'text-without-quotes',
  'top-level-mapping',
  'two-expressions',
  'two-keys-in-a-step',
  'unclosed-bracket',
  'unclosed-function',
  'unclosed-quote',
  'unknown-dataformat',
  'unknown-endpoint-option',
  'unknown-endpoint-option-in-parameters',
  'unknown-function',
  'unknown-key-in-from',
  'unknown-language',
  'unknown-option',
  'unknown-scheme',
  'onException-after-a-route',
  'parameters-in-two-places',
  'when-not-a-list',
  'when-outside-of-choice',
  'wrong-predicate',
];

/** Words that a help puts before people, without what only points at them. */
const piecesOf = (help: string): string[] => [...help.matchAll(/`+([^`]+)`/g)].map(([, piece]) => piece!.trim());

describe('fixes of complaints', () => {
  for (const name of mistakes) {
    it(`make a valid file of ${name.replaceAll('-', ' ')}, and the message says what to write`, () => {
      const { left, made } = mend(`${name}.yaml`, readFileSync(`${folder}${name}.yaml`, 'utf8'), () => true);
      expect(left.map(({ message }) => message)).to.deep.equal([]);
      expect(made).not.to.deep.equal([]);
      for (const { help, message, fix } of made) {
        expect(help, message).to.be.a('string');
        const inserted = fix!.edits.map(({ text }) => text).join('');
        // A fix that takes something away, or moves it, has nothing new to write.
        const removed = fix!.edits.map(({ at }) => at.source.text.slice(at.start, at.end)).join('');
        const isMove = inserted.replace(/[\s-]/g, '') === removed.replace(/[\s-]/g, '') || inserted.trim() === '' || removed.endsWith(inserted);
        if (!isMove) expect(piecesOf(help!).some((piece) => inserted.includes(piece) || piece.includes(inserted.trim())) || help!.includes(inserted.trim()), `${help} / ${inserted}`).to.equal(true);
      }
    });
  }

  it('are there for at least thirty common mistakes', () => expect(mistakes.length).to.be.at.least(30));

  it('that are sure leave what a person must choose', () => {
    const { left, text } = mend('a.yaml', '- from:\n    uri: direct:a\n    steps:\n      - set-body: { constant: x }\n      - setHeader: { constant: x }\n');
    expect(text).to.contain('- setBody: { constant: x }');
    expect(left.map(({ code }) => code)).to.deep.equal(['M0206']);
  });

  it('leave the rest of the file as it is, letter by letter', () => {
    const text = '# mine\n- from:   # a comment\n    uri: "direct:a"\n    steps:\n      - lgo:   "hello"\n      # another\n      - to: mock:out\n';
    expect(mend('a.yaml', text).text).to.equal(text.replace('lgo', 'log'));
  });

  it('put a step that stands beside `steps` in line with the others, however these are indented', () => {
    const file = (dash: string): string => `- from:\n    uri: direct:start\n    steps:\n      - filter:\n          simple: "\${body}"\n          steps:\n${dash}- to: mock:a\n          setBody: { constant: x }\n`;
    for (const dash of ['          ', '            ', '             ']) expect(mend('a.yaml', file(dash)).text).to.contain(`\n${dash}- setBody: { constant: x }\n`);
  });

  it('move what belongs before the routes there, in its order, with its comments inside', () => {
    const routes = '- from:\n    uri: direct:a\n    steps:\n      - to: mock:out\n';
    const first = '- onException:\n    exception: [ "java.lang.Exception" ] # all\n    handled: { constant: "true" }\n';
    const second = '- intercept:\n    steps:\n      - to: mock:seen\n';
    expect(mend('a.yaml', `# head\n${routes}\n${first}${second}`)).to.deep.include({ text: `# head\n${first}${second}${routes}\n`, left: [] });
    expect(mend('a.yaml', `${routes}${first.trimEnd()}`).text).to.equal(`${first}${routes}`);
  });

  it('move parameters of a URI to those below it, where they mean the same there', () => {
    const file = (uri: string, parameters: string): string => `- from:\n    uri: direct:a\n    steps:\n      - to:\n          uri: "${uri}"\n          parameters: ${parameters}\n`;
    expect(mend('a.yaml', file('mock:c?retainFirst=1&retainLast=2', '{ reportGroup: 5 }')).text).to.equal(file('mock:c', '{ retainFirst: "1", retainLast: "2", reportGroup: 5 }'));
    for (const uri of ['mock:c?name=%20', 'mock:c?reportGroup=5']) expect(mend('a.yaml', file(uri, '{ reportGroup: 5 }')).text).to.equal(file(uri, '{ reportGroup: 5 }'));
  });

  it('put a `when` that stands alone into a choice, and leave several to a person', () => {
    const when = (by: string, body: string): string => `${by}simple: "\${body} == '${body}'"\n${by}steps:\n${by}  - to: mock:${body}\n`;
    const head = '- from:\n    uri: direct:a\n    steps:\n      - to: mock:first\n';
    const last = '      - to: mock:last\n';
    expect(mend('a.yaml', `${head}      - when:\n${when('          ', 'x')}${last}`)).to.deep.include({ text: `${head}      - choice:\n          when:\n            - ${when('              ', 'x').trimStart()}${last}`, left: [] });
    for (const more of [`      - when:\n${when('          ', 'y')}`, '      - otherwise:\n          steps:\n            - to: mock:z\n']) {
      const text = `${head}      - when:\n${when('          ', 'x')}${more}${last}`;
      expect(mend('a.yaml', text).text).to.equal(text);
    }
  });

  it('start an entry with its dash below the one before it, however far that stands from its key', () => {
    for (const blanks of [' ', '   ']) {
      const file = (second: string): string => `- from:\n    uri: direct:a\n    steps:\n      -${blanks}log: x\n      ${second}to: mock:out\n`;
      expect(mend('a.yaml', file(` ${blanks}`)).text).to.equal(file(`-${blanks}`));
    }
  });

  it('move steps beside a `from` into it, in whatever form it stands, and take no step away', () => {
    const route = (from: string, steps: string): string => `- route:\n    id: r1\n    from:${from}\n${steps.replace(/^(?=.)/gm, '    ')}`;
    const beside = 'steps:\n  - to: mock:out\n';
    const within = (by: string): string => beside.replace(/^(?=.)/gm, by);
    for (const by of ['  ', '    ', ' ']) expect(mend('a.yaml', route(`\n    ${by}uri: direct:start`, beside)).text).to.equal(route(`\n    ${by}uri: direct:start`, within(by)));
    for (const from of [' { uri: direct:start }', ' direct:start']) expect(mend('a.yaml', route(from, beside)).text).to.equal(route('\n      uri: direct:start', within('  ')));
    expect(mend('a.yaml', '- route: { id: r, steps: [ { to: "mock:out" } ], from: { uri: "direct:r" } }\n').text).to.equal('- route: { id: r, from: { uri: "direct:r", steps: [ { to: "mock:out" } ] } }\n');
    expect(mend('a.yaml', `- route:\n    id: r\n${beside.replace(/^(?=.)/gm, '    ')}    from:\n      uri: direct:r\n`)).to.deep.include({ text: `- route:\n    id: r\n    from:\n      uri: direct:r\n${beside.replace(/^(?=.)/gm, '      ')}`, left: [] });
    const name = 'steps-beside-from-in-all-forms.yaml';
    const text = readFileSync(folder + name, 'utf8');
    expect(checkFiles([new Source(name, text)])).to.have.length(text.match(/\bid: |^- from/gm)!.length);
    const { text: mended, left } = mend(name, text);
    expect(left).to.deep.equal([]);
    expect(mended.match(/mock:/g)).to.have.length(text.match(/mock:/g)!.length);
    // Steps in it and beside it: which of them is meant, only a person knows.
    const both = readFileSync(`${folder}steps-beside-from-and-in-it.yaml`, 'utf8');
    expect(mend('a.yaml', both).text).to.equal(both);
  });

  it('put quotes around a placeholder that is all of a value, of the kind that its text needs', () => {
    const file = (value: string): string => `- from:\n    uri: direct:start\n    steps:\n      - to: ${value}\n`;
    for (const [bare, whole] of [
      ['{{goal:mock:out}}', '"{{goal:mock:out}}"'],
      ['{{goal:mock:out}}  # there', '"{{goal:mock:out}}"  # there'],
      ['{ uri: {{goal:mock:out}} }', '{ uri: "{{goal:mock:out}}" }'],
      ['{ uri: {{goal:mock:out}}, description: {{d:x}}}', '{ uri: "{{goal:mock:out}}", description: "{{d:x}}"}'],
      ['{{goal:mock:o"ut}}', `'{{goal:mock:o"ut}}'`],
    ] as const) expect(mend('a.yaml', file(bare))).to.deep.include({ text: file(whole), left: [] });
    const handler = (exception: string): string => `- onException:\n    exception: [${exception}]\n    handled: { constant: "true" }\n`;
    expect(mend('a.yaml', handler('{{x:java.lang.Exception}}'))).to.deep.include({ text: handler('"{{x:java.lang.Exception}}"'), left: [] });
    for (const bare of ['{{goal:mock:out}}: ', '{{goal:mock:out}} : x']) expect(mend('a.yaml', file(bare)).text).to.equal(file(bare));
  });

  it('name a property only where its name stands by itself in any quotes', () => {
    const file = (key: string, name = 'greeting'): string => `# camel-k: property=${name}=x\nkind: Integration\nmetadata: { name: a }\nspec:\n  flows:\n    - from:\n        uri: direct:a\n        steps:\n          - log: "{{${key}}}"\n`;
    expect(mend('a.yaml', file('greetin')).text).to.equal(file('greeting'));
    expect(mend('a.yaml', file('greetin', '"greeting')).text).to.equal(file('greetin', '"greeting'));
  });

  it('leave a `from` in brackets alone that has an entry without key or value', () => {
    const file = (from: string): string => `- route:\n    id: a\n    from: ${from}\n    steps:\n      - to: mock:out\n`;
    expect(mend('a.yaml', file('{ uri: seda:e, parameters: { size: 10 } }')).left).to.deep.equal([]);
    expect(mend('a.yaml', file('{ uri,: seda:e, parameters: { size: 10 } }')).text).to.equal(file('{ uri,: seda:e, parameters: { size: 10 } }'));
  });

  it('are looked for nearest to the place first, and in bounded work, however much an element has that could be mended', () => {
    const text = `- a: { ${Array.from({ length: 900 }, (_, i) => `k${i}: a:b ${i}`).join(', ')} }\n`;
    const source = new Source('a.yaml', text);
    const offset = text.indexOf('k600:') + 6;
    let read = 0;
    const never = (tried: string): number[] => {
      read += tried.length;
      return [1];
    };
    const budget = new RepairBudget();
    for (let i = 0; i < 5; i++) expect(syntaxRepair(source, offset, never, budget)).to.equal(null);
    expect(read).to.be.within(text.length, 400_000);
    const found = syntaxRepair(source, offset, (tried) => (tried.includes('"') ? [] : [1]), new RepairBudget());
    expect(found!.at).to.deep.include({ start: offset, end: offset + 'a:b 600'.length });
  });

  it('of a step without a colon leave no tab before its key', () => {
    const file = (step: string): string => `- from:\n    uri: direct:start\n    steps:\n      -${step}\n`;
    for (const blanks of ['\t', ' \t ']) expect(mend('a.yaml', file(`${blanks}stop`))).to.deep.include({ text: file(' stop: {}'), left: [] });
    expect(mend('a.yaml', file('  stop')).text).to.equal(file('  stop: {}'));
  });

  it('that touch each other are not made at once', () => {
    const source = new Source('a.yaml', 'abc');
    const fix = (start: number, end: number, text: string) => ({ edits: [{ at: { source, start, end }, text }], isSure: true });
    const problem = (one: ReturnType<typeof fix>): Diagnostic => ({ code: 'M0101', severity: 'error', message: '', at: null, label: null, help: null, docs: null, fix: one, values: {} });
    expect(applyFixes(source, [problem(fix(0, 2, 'X')), problem(fix(1, 3, 'Y')), problem(fix(2, 3, 'Z'))])).to.deep.equal({ text: 'XZ', count: 2 });
  });

  it('never throw, and never make a file that can not be read of one that can, whatever line is broken', () => {
    const good = readdirSync(folder)
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => readFileSync(folder + name, 'utf8'));
    fc.assert(
      fc.property(fc.constantFrom(...good), fc.nat(), fc.constantFrom('', ' ', '  ', '- ', '"', "'", '{', '}', ',', '\t', ': ', ' #', '{{a}}'), (text, at, piece) => {
        const place = at % (text.length + 1);
        const source = new Source('a.yaml', text.slice(0, place) + piece + text.slice(place));
        const before = checkFiles([source]);
        const isUnreadable = (list: readonly Diagnostic[]): boolean => list.some(({ code }) => /^M010[1236]$/.test(code));
        const { text: after, count } = applyFixes(source, before);
        if (count > 0 && !isUnreadable(before)) expect(isUnreadable(checkFiles([new Source('a.yaml', after)]))).to.equal(false);
      }),
      { numRuns: 150 },
    );
  });
});
