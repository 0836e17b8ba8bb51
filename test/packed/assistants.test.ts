import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { expect } from 'chai';
import { packedFolder } from './packed.ts';

describe('the packed command, asked by an assistant', function () {
  this.timeout(180_000);

  it('answers over the Model Context Protocol in the folder of a project', async function () {
    const packed = packedFolder(this);
    const folder = join(packed, 'assisted');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'hello.yaml'), '- route: { id: hello, from: { uri: "direct:hello", steps: [ { setBody: { simple: "Hello ${body}" } } ] } }\n');
    const client = new Client({ name: 'assistant', version: '1.0.0' });
    await client.connect(new StdioClientTransport({ command: process.execPath, args: [join(packed, 'node_modules/mecha-runtime/dist/mecha.cjs'), 'mcp'], cwd: folder }));
    const textOf = async (name: string, given: Record<string, unknown>): Promise<string> => ((await client.callTool({ name, arguments: given })).content as { text: string }[])[0]!.text;
    try {
      expect(await textOf('validate', { paths: ['hello.yaml'] })).to.equal('nothing wrong');
      expect(await textOf('catalog', { name: 'aggregate' })).to.contain('completionTimeout');
      expect(await textOf('explain', { code: 'M0114' })).to.contain('Right:');
      expect(await textOf('eval', { expression: 'Hello ${body}', body: 'you' })).to.contain('Hello you');
      expect(await textOf('describe', { paths: ['hello.yaml'], format: 'mermaid' })).to.contain('flowchart');
    } finally {
      await client.close();
    }
  });
});
