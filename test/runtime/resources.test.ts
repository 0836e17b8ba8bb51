import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import type { LoadError } from '../../src/core/diagnostics.ts';
import { Mecha } from '../../src/runtime/mecha.ts';

describe('files that routes name', () => {
  let folder: string;

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'mecha-resources-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const settings = { 'state.store': 'memory', 'management.enabled': false, 'admin.enabled': false };
  const put = (files: Readonly<Record<string, string>>): void => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  };
  const body = (uri: string): string => `- from: { uri: "direct:a", steps: [ { setBody: { constant: "resource:${uri}" } } ] }`;
  async function answer(routes: string): Promise<unknown> {
    const mecha = await Mecha.start({ routes: [routes], folder, configuration: null, settings });
    try {
      return await mecha.request('direct:a');
    } finally {
      await mecha.stop();
    }
  }

  for (const routes of ['routes', 'routes/a.yaml', 'routes/*.yaml', 'routes/**/a.yaml'])
    it(`are on the class path where the routes are: ${routes}`, async () => {
      put({ 'routes/a.yaml': body('classpath:texts/hello.txt'), 'routes/texts/hello.txt': 'of the routes', 'texts/hello.txt': 'of the start' });
      expect(await answer(routes)).to.equal('of the routes');
    });

  it('are on the class path where Mecha was started, when the routes have none of that name', async () => {
    put({ 'routes/a.yaml': body('classpath:/hello.txt'), 'hello.txt': 'of the start' });
    expect(await answer('routes')).to.equal('of the start');
  });

  it('are beside a file of routes in a folder below, behind those of the folder that was given', async () => {
    put({ 'routes/below/a.yaml': body('classpath:hello.txt'), 'routes/below/hello.txt': 'below' });
    expect(await answer('routes')).to.equal('below');
    put({ 'routes/hello.txt': 'above' });
    expect(await answer('routes')).to.equal('above');
  });

  for (const routes of ['shop', 'shop/src/main/resources/camel/a.yaml'])
    it(`are among the resources of a Maven project: ${routes}`, async () => {
      put({ 'shop/src/main/resources/camel/a.yaml': body('classpath:hello.txt'), 'shop/src/main/resources/hello.txt': 'of Maven', 'shop/hello.txt': 'another' });
      expect(await answer(routes)).to.equal('of Maven');
    });

  it('have paths from where Mecha was started with `file:`; the message names what is on the class path', async () => {
    put({ 'routes/a.yaml': body('file:hello.txt'), 'routes/hello.txt': 'of the routes' });
    try {
      await answer('routes');
    } catch (thrown) {
      const [problem] = (thrown as LoadError).diagnostics;
      expect(problem!.code).to.equal('M0302');
      expect(problem!.message).to.equal(`constant: there is no file \`hello.txt\` in ${folder}; \`classpath:hello.txt\` is ${join('routes', 'hello.txt')}`);
      put({ 'hello.txt': 'of the start' });
      expect(await answer('routes')).to.equal('of the start');
      return;
    }
    throw new Error('it started');
  });

  it('are told with the folders in which they were looked for', async () => {
    put({ 'routes/below/a.yaml': body('classpath:hello.txt') });
    const [problem] = await Mecha.check({ routes: ['routes'], folder, configuration: null, settings });
    expect(problem!.message).to.equal(`constant: there is no file \`hello.txt\` in routes, ${join('routes', 'below')}, ${folder}`);
  });

  it('can be modules, templates and kamelets', async () => {
    put({
      'routes/a.yaml': `
- from:
    uri: direct:a
    steps:
      - process: { ref: "#module:./twice.mjs" }
      - to: kamelet:greet?name=you
      - to: mustache:page.mustache
`,
      'routes/twice.mjs': 'export default (exchange) => void (exchange.body = `${exchange.body}${exchange.body}`);',
      'routes/kamelets/greet.kamelet.yaml': `
apiVersion: camel.apache.org/v1
kind: Kamelet
metadata: { name: greet }
spec:
  definition: { required: [name], properties: { name: { type: string } } }
  template:
    from:
      uri: kamelet:source
      steps: [ { setBody: { simple: "{{name}} \${body}" } } ]
`,
      'routes/page.mustache': 'page: {{body}}',
    });
    const mecha = await Mecha.start({ routes: ['routes'], folder, configuration: null, settings });
    try {
      expect(await mecha.request('direct:a', 'x')).to.equal('page: you xx');
    } finally {
      await mecha.stop();
    }
  });
});
