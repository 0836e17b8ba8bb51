import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { jsonSchema } from '../../src/dsl/schema.ts';
import { standardParts } from '../../src/runtime/standard.ts';
import { LanguageClient } from './languageClient.ts';

const server = createRequire(import.meta.url).resolve('yaml-language-server/bin/yaml-language-server');

describe('the JSON Schema in an editor (the YAML language server)', function () {
  this.timeout(60_000);
  let folder: string;
  let client: LanguageClient;
  let uri: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mecha-editor-'));
    writeFileSync(join(folder, 'routes.schema.json'), JSON.stringify(jsonSchema(standardParts)));
    uri = pathToFileURL(join(folder, 'a.yaml')).href;
    client = new LanguageClient(process.execPath, [server, '--stdio'], folder);
    client.settings = { yaml: { schemas: { [pathToFileURL(join(folder, 'routes.schema.json')).href]: '*.yaml' }, completion: true, hover: true, validate: true, schemaStore: { enable: false } } };
    await client.start(pathToFileURL(folder).href);
    await client.connection.sendNotification('workspace/didChangeConfiguration', { settings: client.settings });
    // Until it has read the schema it has nothing to say.
    for (let text = '- nonsense: 1\n'; ; text += ' ') {
      await client.open(uri, text);
      if ((await client.problemsOf(uri)).length > 0) break;
    }
  });

  after(async () => {
    await client.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const labels = async (marked: string): Promise<string[]> => (await client.completions(uri, marked)).map(({ label }) => label);

  it('completes the elements of a file, the steps of a route and the options of a step', async () => {
    expect(await labels('- |')).to.include.members(['route', 'from', 'onException', 'rest', 'beans']);
    const steps = '- from:\n    uri: direct:a\n    steps:\n      - ';
    expect(await labels(`${steps}|`)).to.include.members(['setBody', 'aggregate', 'choice', 'to', 'split']);
    expect(await labels(`${steps}aggregate:\n          |`)).to.include.members(['completionSize', 'completionTimeout', 'correlationExpression', 'aggregationStrategy']);
    expect(await labels(`${steps}setBody:\n          |`)).to.include.members(['simple', 'constant', 'jsonpath']);
  });

  it('completes values that are one of a few', async () => {
    expect(await labels('- from:\n    uri: direct:a\n    steps:\n      - log:\n          message: x\n          loggingLevel: |')).to.include.members(['INFO', 'WARN', 'ERROR']);
    expect(await labels('- from:\n    uri: direct:a\n    steps:\n      - setExchangePattern:\n          pattern: |')).to.include.members(['InOnly', 'InOut']);
  });

  it('shows what a step and an option mean, with the default', async () => {
    const step = await client.hover(uri, '- from:\n    uri: direct:a\n    steps:\n      - aggre|gate:\n          completionSize: 3\n');
    expect(step).to.contain(standardParts.eips['aggregate']!.summary);
    const { description } = standardParts.eips['split']!.options['streaming']!.shape;
    const option = await client.hover(uri, '- from:\n    uri: direct:a\n    steps:\n      - split:\n          simple: "${body}"\n          stream|ing: true\n          steps:\n            - to: mock:a\n');
    expect(option).to.contain(description);
    expect(option.toLowerCase()).to.contain('default');
  });

  it('complains about what is wrong, in its place, and about nothing that is right', async () => {
    await client.open(uri, '- from:\n    uri: direct:a\n    steps:\n      - log:\n          mesage: hello\n');
    const problems = await client.problemsOf(uri, (list) => list.length > 0);
    expect(problems.some(({ range, message }) => range.start.line === 4 && message.includes('mesage'))).to.equal(true);
    await client.open(uri, '- from:\n    uri: direct:a\n    steps:\n      - log:\n          message: hello\n      - choice:\n          when:\n            - simple: "${body} == 1"\n              steps:\n                - to: mock:one\n          otherwise:\n            steps:\n              - marshal: { json: {} }\n');
    expect(await client.problemsOf(uri)).to.deep.equal([]);
  });
});
