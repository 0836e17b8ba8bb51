import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Diagnostics, Source } from '../../src/core/diagnostics.ts';
import { propertyLookup } from '../../src/dsl/placeholders.ts';
import { Documents } from '../../src/runtime/documents.ts';
import { Mecha } from '../../src/runtime/mecha.ts';
import { standardParts } from '../../src/runtime/standard.ts';
import { routesFile, runtimeWith } from './rig.ts';

const route = (step: string): string => `- route:\n    from:\n      uri: direct:a\n      steps:\n        - ${step}\n`;

describe('documents of a reload', () => {
  const read = (documents: Documents, files: Record<string, string>, properties: Record<string, string> = {}, environment: Record<string, string> = {}) => {
    const problems = new Diagnostics();
    const models = documents.read(Object.entries(files).map(([name, text]) => new Source(name, text)), propertyLookup({ properties, environment }), problems);
    return { models, codes: problems.list.map(({ code }) => code) };
  };

  it('are read again only where a text has changed', () => {
    const documents = new Documents(standardParts);
    const before = read(documents, { a: route('log: one'), b: route('log: two') }).models;
    const after = read(documents, { a: route('log: one'), b: route('log: three') }).models;
    expect(after[0]).to.equal(before[0]);
    expect(after[1]).not.to.equal(before[1]);
  });

  it('are read again when a placeholder has another value, a default and a function among them', () => {
    const documents = new Documents(standardParts);
    const files = { plain: route('log: one'), asks: route('log: "{{greeting:hello}}"'), env: route('log: "{{env:USER}}"') };
    const before = read(documents, files, {}, { USER: 'ann' }).models;
    expect(read(documents, files, {}, { USER: 'ann' }).models).to.have.ordered.members(before);
    const after = read(documents, files, { greeting: 'hi' }, { USER: 'ann' }).models;
    expect(after.map((model, i) => model === before[i])).to.deep.equal([true, false, true]);
    const last = read(documents, files, { greeting: 'hi' }, { USER: 'bob' }).models;
    expect(last.map((model, i) => model === after[i])).to.deep.equal([true, true, false]);
    expect(JSON.stringify(last.map(({ elements }) => elements), (key, value: unknown) => (key === 'source' ? undefined : value))).to.include('hi').and.to.include('bob');
  });

  it('are complained about each time, however often they are read', () => {
    const documents = new Documents(standardParts);
    const files = { a: route('lgo: one') };
    expect(read(documents, files).codes).to.deep.equal(['M0201']);
    expect(read(documents, files).codes).to.deep.equal(['M0201']);
  });

  it('are forgotten when their file is gone', () => {
    const documents = new Documents(standardParts);
    const [before] = read(documents, { a: route('log: one') }).models;
    read(documents, {});
    expect(read(documents, { a: route('log: one') }).models[0]).not.to.equal(before);
  });
});

describe('properties of a route file', () => {
  it('are there when messages come, and in templates, until the file sets them otherwise', async () => {
    const runtime = runtimeWith();
    const file = (who: string) =>
      routesFile(`# camel-k: property=who=${who}\n- routeTemplate:\n    id: t\n    from:\n      uri: direct:in\n      steps:\n        - setBody: { simple: "\${properties:who} {{who}}" }\n- templatedRoute: { routeTemplateRef: t }\n`);
    await runtime.start([file('you')]);
    try {
      expect((await runtime.send('direct:in', null)).body).to.equal('you you');
      await runtime.reload([file('me')]);
      expect((await runtime.send('direct:in', null)).body).to.equal('me me');
    } finally {
      await runtime.stop();
    }
  });

  it('take the properties of files that their modelines name, beside them or where the program runs, as they are now', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mecha-documents-'));
    try {
      mkdirSync(join(folder, 'routes'));
      writeFileSync(join(folder, 'routes/near.properties'), 'near=one\n');
      writeFileSync(join(folder, 'far.properties'), 'far=two\n');
      writeFileSync(join(folder, 'routes/a.yaml'), '# camel-k: property=file:near.properties property=file:far.properties\n- route:\n    id: a\n    from: { uri: "direct:a", steps: [ { setBody: { constant: "{{near}} {{far}}" } } ] }\n');
      const mecha = await Mecha.start({ folder, configuration: null, settings: { 'routes': ['routes'], 'state.store': 'memory', 'management.enabled': false } });
      try {
        expect(await mecha.request('direct:a', null)).to.equal('one two');
        writeFileSync(join(folder, 'routes/near.properties'), 'near=three\n');
        await mecha.reload();
        expect(await mecha.request('direct:a', null)).to.equal('three two');
      } finally {
        await mecha.stop(0);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
