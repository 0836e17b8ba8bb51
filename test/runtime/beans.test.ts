import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Mecha } from '../../src/runtime/mecha.ts';

describe('beans', () => {
  let folder: string;
  let mecha: Mecha | null = null;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mecha-beans-'));
    writeFileSync(join(folder, 'function.mjs'), 'export default (exchange) => { exchange.body = `f(${exchange.body})`; };');
    writeFileSync(join(folder, 'object.mjs'), 'export const shout = { process(exchange) { exchange.body = String(exchange.body).toUpperCase(); } };');
    writeFileSync(join(folder, 'class.mjs'), 'export default class { greeting = "Hello"; setName(name) { this.name = `<${name}>`; } init() { this.ready = true; } greet(body) { return `${this.greeting} ${this.name} ${body} ${this.ready}`; } }');
    writeFileSync(join(folder, 'broken.mjs'), 'export default (exchange => {;');
  });

  afterEach(async () => {
    await mecha?.stop(0);
    mecha = null;
    rmSync(folder, { recursive: true, force: true });
  });

  const run = async (routes: string, beans: Record<string, unknown> = {}): Promise<unknown> => {
    mecha = await Mecha.start({ folder, routes, beans, settings: { 'state.store': 'memory', 'management.enabled': false } });
    return mecha.request('direct:a', 'x');
  };
  const route = (steps: string): string => `- route:\n    id: a\n    from:\n      uri: direct:a\n      steps:\n${steps}`;
  const problems = async (routes: string): Promise<string[]> =>
    (await Mecha.check({ folder, routes })).map(({ code, message, at }) => `${code} ${at === null ? '' : `${at.source.text.slice(0, at.start).split('\n').length}:${at.start - at.source.text.lastIndexOf('\n', at.start - 1)}`} ${message}`);

  it('may be functions of a module', async () => {
    expect(await run(route('        - process: { ref: "#module:./function.mjs" }\n'))).to.equal('f(x)');
  });

  it('may be exports of a module by name, with a method process', async () => {
    expect(await run(route('        - process: { ref: "#module:./object.mjs#shout" }\n'))).to.equal('X');
  });

  it('are told what stands for a component of Camel that they are, under a name of its own', async () => {
    const said = async (type: string): Promise<string> => (await problems(`- beans:\n    - { name: mine, type: "#class:${type}" }\n${route('        - log: x\n')}`)).join();
    expect(await said('org.apache.camel.component.sql.SqlComponent')).to.contain('write `sql:` where its name stands, with its properties as parameters');
    expect(await said('org.apache.camel.component.salesforce.SalesforceComponent')).to.contain('it has an HTTP API: call it with `http:`');
    expect(await said('com.acme.SqlComponent')).to.contain('write a JavaScript module in its place, `type: "#module:./sqlcomponent.mjs"`');
  });

  it('may be made by a builder, and by a script', async () => {
    writeFileSync(join(folder, 'builder.mjs'), 'export default class { withName(name) { this.name = name; return this; } make() { const { name, size } = this; return { tell: () => `${name} of ${size}` }; } }');
    const routes = `- beans:
    - { name: built, type: Object, builderClass: "#module:./builder.mjs", builderMethod: make, properties: { withName: box, size: 3 } }
    - { name: scripted, type: java.lang.String, scriptLanguage: simple, script: "\${camelId}!" }
${route('        - bean: { ref: built, method: tell }\n        - setBody: { simple: "${body} ${bean:scripted?method=toString}" }\n')}`;
    expect(await run(routes)).to.equal('box of 3 mecha!');
  });

  it('leave the placeholders of a script to it when it says so', async () => {
    const beans = '- beans:\n    - { name: text, type: java.lang.String, scriptLanguage: constant, scriptPropertyPlaceholders: false, script: "{{nobody}}" }\n';
    expect(await run(beans + route('        - setBody: { simple: "${ref:text}" }\n'))).to.equal('{{nobody}}');
  });

  it("say once what can't be made, whatever asks for its methods", async () => {
    const found = await problems(`- beans: [ { name: gone, type: com.acme.Gone } ]\n${route('        - setHeader: { name: n, method: { ref: gone, method: next } }\n        - bean: { ref: gone, method: next }\n')}`);
    expect(found.map((one) => one.replace(/:.*/s, ''))).to.deep.equal(['M0502 1']);
  });

  it('that endpoints name are missed before anything starts', async () => {
    const found = await problems(route('        - to: bean:gone\n        - to: { uri: "sql:select 1", parameters: { dataSource: "#nowhere" } }\n        - to: "https://localhost/x?sslContextParameters=#bean:tls"\n'));
    expect(found).to.deep.equal([
      'M0501 6:15 no bean named `gone`: declare it under `beans:`',
      'M0501 7:64 `dataSource` of `sql`: no bean named `nowhere`: declare it under `beans:`',
      'M0501 8:36 `sslContextParameters` of `http`: no bean named `tls`: declare it under `beans:`',
    ]);
  });

  it('may be classes of a module, with properties, setters and an init method', async () => {
    const routes = `- beans:
    - name: greeter
      type: "#module:./class.mjs"
      initMethod: init
      properties: { greeting: Moin, name: Ada }
${route('        - bean: { ref: greeter, method: greet }\n')}`;
    expect(await run(routes)).to.equal('Moin <Ada> x true');
  });

  it('are given by the program that embeds', async () => {
    expect(await run(route('        - process: { ref: mine }\n'), { mine: (exchange: { body: unknown }) => void (exchange.body = 'mine') })).to.equal('mine');
  });

  it('whose module is missing are complained about where they stand', async () => {
    expect(await problems(route('        - process: { ref: "#module:./gone.mjs" }\n'))).to.deep.include('M0503 6:27 no module `./gone.mjs`');
    expect((await problems(`- beans:\n    - name: b\n      type: "#module:./gone.mjs"\n${route('        - to: mock:x\n')}`))[0]).to.match(/^M0503 3:13 /);
  });

  it('whose module is broken, or has not the export, are complained about', async () => {
    expect((await problems(route('        - process: { ref: "#module:./broken.mjs" }\n')))[0]).to.match(/^M0504 6:27 the module `\.\/broken\.mjs` can't be loaded/);
    expect((await problems(route('        - process: { ref: "#module:./object.mjs#whisper" }\n')))[0]).to.match(/exports no `whisper`; it exports shout/);
  });

  it('that nobody has are complained about, with the nearest name', async () => {
    const found = await problems(`- beans:\n    - { name: greeter, type: "#module:./class.mjs" }\n${route('        - bean: { ref: greter, method: greet }\n')}`);
    expect(found.join('\n')).to.contain('did you mean `greeter`?');
    expect((await problems(`- beans:\n    - { name: b, type: "#class:com.example.Pricing" }\n${route('        - to: mock:x\n')}`))[0]).to.contain('M0502').and.to.contain('#module:./pricing.mjs');
  });
});
