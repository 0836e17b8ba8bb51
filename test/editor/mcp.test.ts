import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { expect } from 'chai';
import { Mecha } from '../../src/runtime/mecha.ts';
import { openAdmin } from '../../src/sidecar/admin.ts';
import { mecha } from '../command.ts';


const hello = '- route:\n    id: hello\n    from:\n      uri: direct:hello\n      steps:\n        - setBody: { id: greet, simple: "Hello ${body}" }\n        - to: mock:greeted\n';

describe('mecha mcp', function () {
  this.timeout(60_000);
  let folder: string;
  let client: Client;

  before(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'mecha-mcp-')));
    writeFileSync(join(folder, 'hello.yaml'), hello);
    writeFileSync(join(folder, 'hello.test.yaml'), 'tests:\n  - name: greets\n    send: { to: direct:hello, body: Ann }\n    reply: Hello Ann\n  - name: is rude\n    send: { to: direct:hello, body: Ann }\n    reply: Go away\n');
    client = new Client({ name: 'test', version: '1' });
    await client.connect(new StdioClientTransport({ command: process.execPath, args: [...mecha, 'mcp'], cwd: folder }));
  });

  after(async () => {
    await client.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const call = async (name: string, given: Record<string, unknown> = {}): Promise<{ text: string; isError: boolean; data: any }> => {
    const answer = await client.callTool({ name, arguments: given });
    const [first] = answer.content as { type: string; text: string }[];
    return { text: first!.text, isError: answer.isError === true, data: answer.structuredContent };
  };

  it('says who it is, how to use it, and what it can do', async () => {
    expect(client.getServerVersion()).to.include({ name: 'mecha' });
    expect(client.getInstructions()).to.contain('validate');
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).to.deep.equal(['catalog', 'validate', 'explain', 'describe', 'eval', 'test', 'trace']);
    for (const { name, description, inputSchema } of tools) {
      expect(description, name).to.be.a('string');
      for (const [key, schema] of Object.entries(inputSchema.properties ?? {})) expect(schema, `${name}.${key}`).to.have.property('description');
    }
  });

  it('looks parts up in the catalogue', async () => {
    expect((await call('catalog', { kind: 'language' })).text).to.contain('jsonata').and.not.contain('aggregate');
    expect((await call('catalog', { name: 'aggregate' })).text).to.contain('completionTimeout');
    const wrong = await call('catalog', { name: 'agregate' });
    expect(wrong).to.include({ isError: true });
    expect(wrong.text).to.contain('did you mean `aggregate`?');
  });

  it('checks text and files, and gives repairs', async () => {
    expect((await call('validate', { text: hello })).data).to.deep.equal({ ok: true, problems: [] });
    const { text, data } = await call('validate', { text: hello.replace('setBody', 'setBodi') });
    expect(text).to.contain('did you mean `setBody`?').and.contain('routes.yaml:6:11');
    expect(data.ok).to.equal(false);
    expect(data.problems[0].problems[0].fix.edits[0]).to.include({ line: 6, column: 11, text: 'setBody' });
    expect((await call('validate', { paths: ['hello.yaml'] })).text).to.equal('nothing wrong');
    expect((await call('validate', { paths: ['gone.yaml'] })).text).to.contain('no file or folder `gone.yaml`');
  });

  it('explains codes', async () => {
    expect((await call('explain', { code: 'M0114' })).text).to.contain('Right:');
    expect(await call('explain', { code: 'M9999' })).to.include({ isError: true });
  });

  it('describes routes', async () => {
    expect((await call('describe', { paths: ['hello.yaml'], format: 'mermaid' })).text).to.contain('flowchart');
  });

  it('evaluates expressions against text and JSON', async () => {
    expect((await call('eval', { expression: 'Hello ${body} ${header.a}', body: 'Ann', headers: { a: 'b' } })).text).to.equal('Hello Ann b\n');
    expect((await call('eval', { expression: '$sum(items.price)', language: 'jsonata', body: { items: [{ price: 2 }, { price: 3 }] } })).text).to.equal('5\n');
    expect((await call('eval', { expression: '-1' })).text).to.equal('-1\n');
    expect((await call('eval', { expression: '${body} == 1', body: '1', predicate: true })).text).to.equal('true\n');
    expect(await call('eval', { expression: '${boddy}' })).to.deep.include({ isError: true });
  });

  it('runs tests', async () => {
    const { text } = await call('test', { paths: ['hello.test.yaml'] });
    const report = JSON.parse(text);
    expect(report).to.include({ passed: 1, failed: 1 });
    expect(text).to.contain('Go away');
    expect(JSON.parse((await call('test', { filter: 'greets' })).text)).to.include({ passed: 1, failed: 0 });
  });

  it('traces a running Mecha, and says that none runs', async () => {
    const none = await call('trace', { seconds: 0.1 });
    expect(none).to.include({ isError: true });
    expect(none.text).to.contain('no running Mecha');
    const mecha = await Mecha.start({ folder, routes: ['hello.yaml'], settings: { 'management.enabled': false } });
    const close = await openAdmin(mecha);
    try {
      expect((await call('trace', { seconds: 0.2 })).text).to.equal('no message came by in that time');
      const tracing = call('trace', { route: 'hello', limit: 3, seconds: 30 });
      const sending = setInterval(() => void mecha.request('direct:hello', 'Eve'), 20);
      const lines = (await tracing).text.trim().split('\n').map((line) => JSON.parse(line));
      clearInterval(sending);
      expect(lines).to.have.length(3);
      expect(new Set(lines.map(({ route }) => route))).to.deep.equal(new Set(['hello']));
    } finally {
      await mecha.stop();
      await close();
    }
  });

  it('refuses what it does not have or understand', async () => {
    await client.callTool({ name: 'nothing', arguments: {} }).then(
      () => expect.fail('it has such a tool'),
      (thrown: Error) => expect(thrown.message).to.contain('there is no tool `nothing`'),
    );
    expect((await call('eval', { expresion: 'x' })).text).to.contain('takes no `expresion`');
    expect((await call('eval', {})).text).to.contain('needs `expression`');
  });
});
