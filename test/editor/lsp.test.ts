import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { mecha } from '../command.ts';
import { absentFunctions } from '../../src/languages/simple/functions/absent.ts';
import { functionNames } from '../../src/languages/simple/functions.ts';
import { functionNotes } from '../../src/languages/simple/functionNotes.ts';
import { standardParts } from '../../src/runtime/standard.ts';
import type { Range } from './languageClient.ts';
import { atCursor, LanguageClient } from './languageClient.ts';


const files = {
  'mecha.yaml': 'routes: [routes]\nproperties:\n  outbox:\n    folder: /var/outbox\n  password: hush\n  shop: { color: red }\n',
  'application.properties': 'greeting=Hello\n',
  'routes/orders.yaml': `- beans:
    - name: pricing
      type: "#module:./pricing.mjs"
- route:
    id: orders
    description: Takes orders
    from:
      uri: direct:orders
      steps:
        - setBody: { id: greet, simple: "{{greeting}} \${body}" }
        - to: "direct:store"
        - to: "kamelet:slow"
`,
  'routes/store.yaml': `- routeTemplate:
    id: slow
    from:
      uri: kamelet:source
      steps:
        - log: slow
- route:
    id: store
    from:
      uri: direct:store
      steps:
        - to: "file:{{outbox.folder}}"
        - to: "controlbus:route?routeId=orders&action=stop"
`,
  'routes/orders.test.yaml': 'tests:\n  - name: greets\n    send: { route: orders, body: x }\n',
  'pricing.mjs': 'export default {};\n',
  'kamelets/order-source.kamelet.yaml':
    'apiVersion: camel.apache.org/v1\nkind: Kamelet\nmetadata: { name: order-source }\nspec:\n  definition:\n    required: [period]\n    properties:\n      period: { title: Period, description: How often., type: integer, default: 1000 }\n      shop: { description: Which shop., type: string, enum: [north, south] }\n  template:\n    from: { uri: "timer:orders", steps: [ { to: "kamelet:sink" } ] }\n',
};

describe('mecha lsp', function () {
  this.timeout(60_000);
  let folder: string;
  let client: LanguageClient;
  const uri = (name: string): string => pathToFileURL(join(folder, name)).href;

  before(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'mecha-lsp-')));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    client = new LanguageClient(process.execPath, [...mecha, 'lsp', '--stdio'], fileURLToPath(new URL('../..', import.meta.url)));
    const { capabilities, serverInfo } = await client.start(pathToFileURL(folder).href);
    expect(serverInfo.name).to.equal('mecha');
    expect(capabilities).to.include({ hoverProvider: true, definitionProvider: true });
  });

  after(async () => {
    const code = await client.stop();
    rmSync(folder, { recursive: true, force: true });
    expect(code, client.log).to.equal(0);
  });

  const route = (steps: string): string => `- route:\n    id: x\n    from:\n      uri: direct:x\n      steps:\n${steps}`;
  const labels = async (marked: string, name = 'routes/new.yaml'): Promise<string[]> => (await client.completions(uri(name), marked)).map(({ label }) => label);

  describe('completes', () => {
    it('elements of a file, steps, and options of a step that are not there yet', async () => {
      expect(await labels('- |')).to.include.members(['route', 'onException', 'beans']).and.not.include('setBody');
      expect(await labels(route('        - |'))).to.include.members(['setBody', 'aggregate', 'split']).and.not.include('route');
      const options = await labels(route('        - aggregate:\n            completionSize: 3\n            compl|\n'));
      expect(options).to.include.members(['completionTimeout', 'correlationExpression']).and.not.include('completionSize');
      expect(await labels(route('        - aggregate:\n            |\n            completionSize: 3\n'))).not.to.include('completionSize');
    });

    it('in flow style, and steps inside of steps', async () => {
      expect(await labels(route('        - log: { message: x, | }'))).to.include('loggingLevel').and.not.include('message');
      expect(await labels(route('        - split:\n            simple: "${body}"\n            steps:\n              - |'))).to.include('setBody');
      expect(await labels(route('        - choice:\n            when:\n              - |'))).to.include.members(['simple', 'steps']);
      expect(await labels(route('        - filter: { simple: "x", steps: [ { | } ] }'))).to.include('setBody');
    });

    it('steps of a list whose dashes stand under their key', async () => {
      expect(await labels('- from:\n    uri: direct:x\n    steps:\n    - |')).to.include('setBody');
    });

    it('steps and options in lines that are indented wrongly, below lines that are half typed', async () => {
      for (const step of ['          - se|', '         - se|', '       - se|', '        se|', '        -se|']) expect(await labels(route(`        - log: a\n${step}\n`)), step).to.include('setBody').and.not.include('loggingLevel');
      for (const above of ['- log: "a', '- log: { message: a', '- aggregate']) expect(await labels(route(`        ${above}\n        - se|\n`)), above).to.include('setBody');
      for (const option of ['           compl|', '             compl|']) expect(await labels(route(`        - aggregate:\n            completionSize: 3\n${option}\n`)), option).to.include('completionTimeout');
      for (const above of ['completionSize', 'completionSize:3']) expect(await labels(route(`        - aggregate:\n            ${above}\n            compl|\n   foo: [\n  - "x\n`)), above).to.include('completionTimeout');
      for (const key of ['   aut|', '      aut|']) expect(await labels(`- route:\n    id: x\n${key}\n`), key).to.include('autoStartup');
    });

    it('options that are written one level too shallow, and moves them to where they belong', async () => {
      const [size, ...others] = (await client.completions(uri('routes/new.yaml'), route('        - aggregate:\n          completionSi|\n          steps:\n'))).filter(({ label }) => label.startsWith('completionSi'));
      expect(size!.textEdit).to.deep.equal({ newText: '  completionSize: ', range: { start: { line: 6, character: 10 }, end: { line: 6, character: 22 } } });
      expect(others.map(({ label }) => label)).to.deep.equal(['completionSizeExpression']);
      expect(await client.hover(uri('routes/new.yaml'), route('        - aggregate:\n          completion|Size: 3\n'))).to.contain(standardParts.eips['aggregate']!.options['completionSize']!.shape.description);
    });

    it('what stands in lines that are indented by tabs', async () => {
      const tabs = '- route:\n\tid: x\n\tfrom:\n\t\turi: direct:x\n\t\tsteps:\n\t\t\t- aggregate:\n\t\t\t\t\tcompl|\n';
      const [size] = (await client.completions(uri('routes/new.yaml'), tabs)).filter(({ label }) => label === 'completionSize');
      expect(size!.textEdit!.range).to.deep.equal({ start: { line: 6, character: 5 }, end: { line: 6, character: 10 } });
      expect((await client.problemsOf(uri('routes/new.yaml'))).map(({ code, range }) => [code, range.start.line])).to.deep.include(['M0102', 1]);
      expect(await labels(route('\t\t\t\t- |'))).to.include('setBody');
      expect(await client.hover(uri('routes/new.yaml'), tabs.replace('aggregate', 'aggre|gate').replace('compl|', 'completionSize: 3'))).to.contain(standardParts.eips['aggregate']!.summary);
    });

    it('beans, data formats and what stands among them', async () => {
      expect(await labels('- beans:\n    - name: a\n      |\n')).to.include.members(['type', 'properties', 'factoryMethod']).and.not.include('name');
      expect(await labels('- beans:\n    |\n')).to.include('name');
      expect(await labels('- dataFormats:\n    - |\n')).to.include.members(['json', 'csv']);
      expect(await labels(route('        - marshal: { custom: { | } }'))).to.include('ref');
      expect(await labels(route('        - to: { uri: "seda:x", parameters: { s| } }'))).to.include('size');
    });

    it('languages, data formats and their options', async () => {
      expect(await labels(route('        - setBody:\n            |'))).to.include.members(['simple', 'jsonpath', 'constant']);
      expect(await labels(route('        - setBody:\n            jsonpath:\n              |'))).to.include.members(['expression', 'resultType']);
      expect(await labels(route('        - marshal:\n            |'))).to.include.members(['json', 'csv']);
      expect(await labels(route('        - marshal:\n            csv:\n              |'))).to.include('delimiter');
    });

    it('values of enums and flags', async () => {
      expect(await labels(route('        - log:\n            message: x\n            loggingLevel: |'))).to.deep.equal(['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'OFF']);
      expect(await labels(route('        - split:\n            streaming: |'))).to.deep.equal(['true', 'false']);
    });

    it('URIs: connectors, the routes that there are, and options', async () => {
      const uris = await labels(route('        - to: |'));
      expect(uris).to.include.members(['seda:', 'file:', 'http:', 'direct:orders', 'direct:store', 'kamelet:slow']);
      expect(await labels(route('        - to: "seda:x?|'))).to.include.members(['size', 'waitForTaskToComplete']);
      expect(await labels(route('        - to: "seda:x?size=3&waitForTaskToComplete=|'))).to.include.members(['Never', 'Always']);
      expect(await labels(route('        - to:\n            uri: seda:x\n            parameters:\n              |'))).to.include('size');
      expect(await labels('- from:\n    uri: timer:x\n    parameters:\n      |')).to.include('period');
    });

    it('properties and functions of Simple', async () => {
      expect(await labels(route('        - setBody: { simple: "{{|'))).to.include.members(['greeting', 'outbox.folder', 'shop.color']);
      expect(await labels(route('        - setBody: { simple: "${|'))).to.include('body');
    });

    it('names of headers, variables and properties that the file gives, and headers of its connectors', async () => {
      const steps = '        - setHeader:\n            constant: 1\n            name: region\n        - setHeaders: { headers: [ { name: first, constant: 1 }, { name: second.one, constant: 2 } ] }\n        - setVariable: { name: total, constant: 3 }\n        - setProperty:\n            name: shop\n            constant: 4\n';
      expect(await labels(route(`${steps}        - setBody: { simple: "\${header.|`))).to.deep.equal(['region', 'first', 'second.one']);
      expect(await labels(route(`        - log: "\${headers[re|]}"\n${steps}`))).to.include('region').and.not.include('body');
      expect(await labels(route(`${steps}        - log: "\${variable.|}"\n`))).to.deep.equal(['total']);
      expect(await labels(route(`${steps}        - log: "\${exchangeProperty.|}"\n`))).to.deep.equal(['shop']);
      expect(await labels('- from:\n    uri: file:in\n    steps:\n      - log: "${header.|}"\n')).to.include('CamelFileName');
      const [region] = await client.completions(uri('routes/new.yaml'), route(`${steps}        - log: "\${header.re|}"\n`));
      expect(region!.textEdit).to.deep.equal({ newText: 'region', range: { start: { line: 13, character: 25 }, end: { line: 13, character: 27 } } });
    });

    it('classes of failures where one is caught or thrown', async () => {
      expect(await labels('- onException:\n    exception:\n      - java.io.|\n')).to.include.members(['java.io.IOException', 'java.lang.Throwable']);
      expect(await labels('- onException:\n    exception: [ | ]\n')).to.include('org.apache.camel.http.base.HttpOperationFailedException');
      expect(await labels(route('        - doTry:\n            steps: []\n            doCatch:\n              - exception: [ java.lang.Exception, IO| ]\n'))).to.include('java.io.IOException');
      expect(await labels(route('        - throwException:\n            exceptionType: |\n'))).to.include('java.lang.IllegalArgumentException');
    });

    it('kamelets, and their parameters wherever they are given', async () => {
      const from = (uri: string, more = ''): string => `- route:\n    from:\n      uri: ${uri}\n${more}      steps:\n        - log: x\n`;
      expect(await labels(from('kamelet:|'))).to.include.members(['kamelet:slow', 'kamelet:order-source']);
      expect((await labels(from('"kamelet:order-source?|"'))).slice(0, 2)).to.deep.equal(['period', 'shop']);
      expect(await labels(from('"kamelet:order-source?period=5&|"'))).to.include('shop').and.not.include('period');
      expect((await labels(from('kamelet:order-source', '      parameters:\n        |\n'))).slice(0, 2)).to.deep.equal(['period', 'shop']);
      expect(await labels(from('kamelet:order-source', '      parameters:\n        shop: |\n'))).to.deep.equal(['north', 'south']);
      expect(await labels(route('        - kamelet:\n            name: order-source\n            parameters:\n              |'))).to.deep.equal(['period', 'shop']);
      const pipe = 'apiVersion: camel.apache.org/v1\nkind: Pipe\nmetadata: { name: p }\nspec:\n  source:\n    ref: { kind: Kamelet, name: order-source }\n    properties:\n      |\n  sink: { uri: "log:x" }\n';
      expect(await labels(pipe, 'routes/pipe.yaml')).to.deep.equal(['period', 'shop']);
    });

    it('values of an endpoint’s parameters, and strategies that are built in', async () => {
      expect(await labels(route('        - to:\n            uri: file:out\n            parameters:\n              fileExist: |'))).to.include.members(['Override', 'Append', 'Fail']);
      expect(await labels(route('        - aggregate:\n            aggregationStrategy: |'))).to.include.members(['GroupedBodyAggregationStrategy', '#pricing']);
    });

    it('the first entry of a list that has not begun, with its dash', async () => {
      const [empty] = await client.completions(uri('routes/new.yaml'), '|');
      expect(empty!.textEdit!.newText).to.equal('- route:');
      const steps = await client.completions(uri('routes/new.yaml'), route('          |'));
      expect(steps.find(({ label }) => label === 'log')!.textEdit!.newText).to.equal('- log: ');
    });

    it('beans where one is wanted', async () => {
      expect(await labels(route('        - bean:\n            ref: |'))).to.deep.equal(['pricing']);
      expect(await labels(route('        - aggregate:\n            aggregationStrategy: |'))).to.include('#pricing');
    });

    it('in a resource of Camel K', async () => {
      expect(await labels('kind: Integration\nmetadata:\n  name: x\nspec:\n  flows:\n    - from:\n        uri: direct:a\n        steps:\n          - |')).to.include('setBody');
    });

    it('with documentation, and text that fits into the line', async () => {
      const items = await client.completions(uri('routes/new.yaml'), route('        - st|'));
      const stop = items.find(({ label }) => label === 'stop')!;
      expect(stop.textEdit).to.deep.equal({ newText: 'stop: {}', range: { start: { line: 5, character: 10 }, end: { line: 5, character: 12 } } });
      expect(stop.documentation).to.deep.include({ kind: 'markdown' });
    });
  });

  describe('shows on hover', () => {
    it('what a step, an option, a connector and its options are', async () => {
      const name = uri('routes/new.yaml');
      expect(await client.hover(name, route('        - aggre|gate:\n            completionSize: 3\n'))).to.contain(standardParts.eips['aggregate']!.summary);
      expect(await client.hover(name, route('        - split:\n            stream|ing: true\n'))).to.contain(standardParts.eips['split']!.options['streaming']!.shape.description).and.contain('default false');
      expect(await client.hover(name, route('        - to: "se|da:x?size=3"\n'))).to.contain(standardParts.connectors['seda']!.summary);
      expect(await client.hover(name, route('        - to: "seda:x?si|ze=3"\n'))).to.contain(standardParts.connectors['seda']!.options['size']!.shape.description);
      expect(await client.hover(name, '- ro|ute:\n    id: x\n')).to.contain('route');
    });

    it('what a function of Simple gives, each of them', async () => {
      const name = uri('routes/new.yaml');
      expect(await client.hover(name, route('        - setBody: { simple: "a ${up|percase(${body})} b" }\n'))).to.contain('Text in upper case.');
      expect(await client.hover(name, route('        - log: "${in.hea|der.region}"\n'))).to.contain('**in.header**');
      expect(await client.hover(name, route('        - log: "${date-with-tim|ezone:now:UTC:HH}"\n'))).to.contain('in a time zone');
      expect((await client.completions(name, route('        - log: "${|'))).find(({ label }) => label === 'collate')!.documentation).to.deep.include({ kind: 'markdown' });
      expect(functionNames().filter((one) => functionNotes[one] === undefined && !Object.hasOwn(absentFunctions, one))).to.deep.equal([]);
      expect(Object.keys(functionNotes).filter((one) => !functionNames().includes(one))).to.deep.equal([]);
    });

    it('what a parameter of a kamelet is', async () => {
      const hover = await client.hover(uri('routes/new.yaml'), '- route:\n    from:\n      uri: kamelet:order-source\n      parameters:\n        sh|op: north\n      steps:\n        - log: x\n');
      expect(hover).to.contain('Which shop.').and.contain('north, south');
    });

    it('what a property stands for, but no secret', async () => {
      expect(await client.hover(uri('routes/new.yaml'), route('        - log: "{{gree|ting}}"\n'))).to.contain('Hello');
      expect(await client.hover(uri('routes/new.yaml'), route('        - log: "{{pass|word}}"\n'))).to.contain('password').and.not.contain('hush');
    });
  });

  describe('tells what is wrong', () => {
    it('while one types, with the code and its help, and takes it back when it is right', async () => {
      const name = uri('routes/new.yaml');
      await client.open(name, route('        - setBodi: { constant: x }\n'));
      const [problem] = await client.problemsOf(name, (list) => list.some(({ code }) => code === 'M0201'));
      expect(problem).to.deep.include({ code: 'M0201', severity: 1, range: { start: { line: 5, character: 10 }, end: { line: 5, character: 17 } } });
      expect(problem!.message).to.contain('did you mean `setBody`?');
      const [action] = await client.connection.sendRequest<any[]>('textDocument/codeAction', { textDocument: { uri: name }, range: problem!.range, context: { diagnostics: [] } });
      expect(action.edit.changes[name]).to.deep.equal([{ range: problem!.range, newText: 'setBody' }]);
      await client.open(name, route('        - setBody: { constant: x }\n'));
      expect(await client.problemsOf(name, (list) => list.every(({ code }) => code !== 'M0201'))).to.satisfy((list: { severity: number }[]) => list.every(({ severity }) => severity !== 1));
    });

    it('across files: a call of a route that is in none of them, as a lint', async () => {
      const name = uri('routes/new.yaml');
      await client.open(name, route('        - to: direct:stor\n        - to: direct:store\n'));
      const list = await client.problemsOf(name, (problems) => problems.some(({ code }) => code === 'M0902'));
      expect(list.filter(({ code }) => code === 'M0902').map(({ severity, range }) => [severity, range.start.line])).to.deep.equal([[2, 5]]);
    });
  });

  describe('goes to the definition', () => {
    const definition = async (marked: string): Promise<{ name: string; range: Range }[]> => {
      const { text, position } = atCursor(marked);
      await client.open(uri('routes/new.yaml'), text);
      const list = await client.ask<{ uri: string; range: Range }[]>('definition', uri('routes/new.yaml'), position);
      return list.map(({ uri: target, range }) => ({ name: target.slice(pathToFileURL(folder).href.length + 1), range }));
    };

    it('of a direct: route, a bean, a kamelet and a property', async () => {
      expect(await definition(route('        - to: "direct:st|ore"\n'))).to.deep.equal([{ name: 'routes/store.yaml', range: { start: { line: 9, character: 11 }, end: { line: 9, character: 23 } } }]);
      expect(await definition(route('        - bean: { ref: pri|cing }\n'))).to.deep.equal([{ name: 'routes/orders.yaml', range: { start: { line: 1, character: 12 }, end: { line: 1, character: 19 } } }]);
      expect(await definition(route('        - to: kamelet:sl|ow\n'))).to.deep.equal([{ name: 'routes/store.yaml', range: { start: { line: 1, character: 8 }, end: { line: 1, character: 12 } } }]);
      expect(await definition(route('        - log: "{{greet|ing}}"\n'))).to.deep.equal([{ name: 'application.properties', range: { start: { line: 0, character: 0 }, end: { line: 0, character: 8 } } }]);
      expect(await definition(route('        - log: "{{outbox.fol|der}}"\n'))).to.deep.equal([{ name: 'mecha.yaml', range: { start: { line: 3, character: 4 }, end: { line: 3, character: 10 } } }]);
      expect(await definition(route('        - log: "no|thing"\n'))).to.deep.equal([]);
    });
  });

  describe('renames', () => {
    const renamed = async (name: keyof typeof files, marked: string, newName: string): Promise<Record<string, string>> => {
      const { text, position } = atCursor(marked);
      await client.open(uri(name), text);
      expect(await client.ask('prepareRename', uri(name), position)).to.have.property('placeholder');
      const { changes } = await client.ask<{ changes: Record<string, { range: Range; newText: string }[]> }>('rename', uri(name), position, { newName });
      const after: Record<string, string> = {};
      for (const [target, edits] of Object.entries(changes)) {
        const lines = readFileSync(fileURLToPath(target), 'utf8').split('\n');
        for (const { range, newText } of [...edits].sort((a, b) => b.range.start.character - a.range.start.character)) lines[range.start.line] = lines[range.start.line]!.slice(0, range.start.character) + newText + lines[range.start.line]!.slice(range.end.character);
        after[target.slice(pathToFileURL(folder).href.length + 1)] = lines.join('\n');
      }
      return after;
    };

    it('the id of a route where it is given and wherever routes and tests name it', async () => {
      await client.open(uri('routes/new.yaml'), '# nothing\n');
      const after = await renamed('routes/orders.yaml', files['routes/orders.yaml'].replace('id: orders', 'id: ord|ers'), 'intake');
      expect(after).to.deep.equal({
        'routes/orders.yaml': files['routes/orders.yaml'].replace('id: orders', 'id: intake'),
        'routes/store.yaml': files['routes/store.yaml'].replace('routeId=orders', 'routeId=intake'),
        'routes/orders.test.yaml': files['routes/orders.test.yaml'].replace('route: orders', 'route: intake'),
      });
    });

    it('a direct: endpoint in all files', async () => {
      const after = await renamed('routes/store.yaml', files['routes/store.yaml'].replace('direct:store', 'direct:sto|re'), 'keep');
      expect(Object.keys(after).sort()).to.deep.equal(['routes/orders.yaml', 'routes/store.yaml']);
      expect(after['routes/orders.yaml']).to.contain('to: "direct:keep"');
      expect(after['routes/store.yaml']).to.contain('uri: direct:keep').and.contain('id: store');
    });

    it('nothing to what can be no id', async () => {
      const { text, position } = atCursor(files['routes/orders.yaml'].replace('id: orders', 'id: ord|ers'));
      await client.open(uri('routes/orders.yaml'), text);
      const refused = await client.ask('rename', uri('routes/orders.yaml'), position, { newName: 'a: b' }).then(
        () => null,
        (thrown: Error) => thrown.message,
      );
      expect(refused).to.contain('can be no id');
    });
  });
});
