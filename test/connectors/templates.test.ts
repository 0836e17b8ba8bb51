import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { expect } from 'chai';
import { systemClock } from '../../src/core/clock.ts';
import { browseBox } from '../../src/connectors/browse.ts';
import { checkLibrary } from '../../src/connectors/stringTemplate.ts';
import { splitArguments } from '../../src/connectors/exec.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { eventually, mockOf, routesFile, runtimeWith } from '../runtime/rig.ts';

const route = (from: string, ...steps: unknown[]): unknown => ({ from: { uri: from, steps } });

describe('connectors with templates, schemas, programs and streams', () => {
  let runtime: Runtime;
  const folder = mkdtempSync(join(tmpdir(), 'mecha-connectors-'));

  const start = async (routes: readonly unknown[], files: Record<string, string> = {}, settings: Record<string, unknown> = {}): Promise<void> => {
    const resource = (uri: string): string => {
      const text = files[uri.replace(/^file:/, '')];
      if (text === undefined) throw new Error(`no file ${uri}`);
      return text;
    };
    runtime = runtimeWith({ clock: systemClock, resource, baseDir: folder, settings: (key) => settings[key] });
    await runtime.start([routesFile(routes)]);
  };
  const body = async (uri: string, sent: unknown = null, headers: Record<string, unknown> = {}): Promise<unknown> => {
    const exchange = await runtime.send(uri, sent, { headers });
    return exchange.exception === null ? exchange.body : exchange.exception.type;
  };

  afterEach(() => runtime.stop(100));
  after(() => rmSync(folder, { recursive: true, force: true }));

  describe('mustache', () => {
    it('fills a template in, escaped unless it says otherwise', async () => {
      await start([route('direct:a', { to: 'mustache:file:t' })], { t: 'Hello {{body}} {{headers.h}} {{{headers.h}}} {{#headers.list}}<{{.}}>{{/headers.list}}{{^none}}!{{/none}}' });
      expect(await body('direct:a', 'b', { h: `<'="`, list: [1, 2] })).to.equal(`Hello b &lt;&#39;&#61;&quot; <'=" <1><2>!`);
    });

    it('reaches nothing but the message', async () => {
      await start([route('direct:a', { to: 'mustache:t' })], { t: '[{{body.constructor}}{{constructor.name}}{{headers.__proto__}}{{exchange.exchangeId}}{{body.at}}{{body.list.length}}{{headers.n.toFixed}}]' });
      expect(await body('direct:a', 'b', { n: 1 })).to.equal('[]');
      expect(await body('direct:a', { list: [1] })).to.equal('[]');
    });

    it('takes a template from the header only where that is allowed, and other tags', async () => {
      await start([route('direct:a', { to: 'mustache:t?startDelimiter=<<&endDelimiter=>>' }), route('direct:b', { to: 'mustache:t?allowTemplateFromHeader=true' })], { t: 'fixed <<body>>' });
      const headers = { MustacheTemplate: 'given {{body}}' };
      expect([await body('direct:a', 'b', headers), await body('direct:b', 'b', headers)]).to.deep.equal(['fixed b', 'given b']);
    });

    it('takes partials from files that the template names, says which is missing, and takes 0 for something', async () => {
      await start([route('direct:a', { to: 'mustache:file:t.mustache' }), route('direct:b', { to: 'mustache:file:u.mustache' }), route('direct:c', { to: 'mustache:file:v.mustache' })], {
        't.mustache': '{{#body.items}}{{> item}}{{/body.items}}{{> end.txt}}',
        'item.mustache': '{{#n}}n{{.}}{{/n}}{{^n}}none{{/n}};',
        'end.txt': 'end of {{body.name}}',
        'u.mustache': '{{> nosuch}}',
        'v.mustache': '{{#open}}',
      });
      expect(await body('direct:a', { name: 'it', items: [{ n: 1 }, { n: 0 }, {}] })).to.equal('n1;n0;none;end of it');
      expect(await body('direct:b')).to.equal('com.github.mustachejava.MustacheNotFoundException');
      expect(await body('direct:c')).to.equal('com.github.mustachejava.MustacheException');
    });

    it('fails the messages where the template is missing', async () => {
      await start([route('direct:a', { to: 'mustache:file:nosuch' })]);
      expect(await body('direct:a', 'b')).to.equal('java.io.FileNotFoundException');
    });
  });

  describe('dataset-test', () => {
    it('fails what the other endpoint did not have, and counts what it had', async () => {
      writeFileSync(join(folder, 'expected.txt'), 'a\nb\n\nc\n');
      writeFileSync(join(folder, 'words.txt'), 'a\nb\n\nc\n');
      await start([
        route('direct:a', { to: 'dataset-test:file:.?fileName=expected.txt&noop=true&split=true&timeout=50' }),
        route('direct:b', { to: 'dataset-test:file:.?fileName=words.txt&noop=true&split=true&delimiter=\\s%2B&anyOrder=true&timeout=50' }),
      ]);
      expect([await body('direct:a', 'a'), await body('direct:a', 'x'), await body('direct:a', 'b'), await body('direct:a', '')]).to.deep.equal(['a', 'java.lang.AssertionError', 'b', '']);
      expect(await body('direct:a', 'c')).to.equal('c');
      expect(await body('direct:a', 'c')).to.equal('java.lang.AssertionError');
      expect([await body('direct:b', 'c'), await body('direct:b', 'a'), await body('direct:b', 'c')]).to.deep.equal(['c', 'a', 'java.lang.AssertionError']);
      expect(mockOf(runtime, 'dataset-test:file:.').expectations.expectedCount).to.be.oneOf([3, 4]);
    });

    it('shows at the start when the other endpoint can not be polled', async () => {
      let problem = '';
      await start([route('direct:a', { to: 'dataset-test:direct:x' })]).catch((thrown: unknown) => (problem = (thrown as Error).message));
      expect(problem).to.match(/can't be polled/);
    });
  });

  describe('string-template', () => {
    it('fills a template in, with conditions, lists and other delimiters', async () => {
      await start([route('direct:a', { to: 'string-template:t' }), route('direct:b', { to: 'string-template:d?delimiterStart=$&delimiterStop=$' })], {
        t: 'Dear <headers.name>, <body.who> $x$ <if(headers.q)>yes<else>no<endif> <headers.list:{x|[<x>]}; separator=", "><body.nope>',
        d: 'a < $body$',
      });
      expect(await body('direct:a', { who: 'you' }, { name: 'N', list: [1, 'b'] })).to.equal('Dear N, you $x$ no [1], [b]');
      expect(await body('direct:b', 'b')).to.equal('a < b');
    });

    it('takes template and values from headers only where that is allowed', async () => {
      await start([route('direct:a', { to: 'string-template:t' }), route('direct:b', { to: 'string-template:t?allowTemplateFromHeader=true' })], { t: 'fixed <body>' });
      const headers = { CamelStringTemplateTemplate: 'given <x>', CamelStringTemplateVariableMap: { x: 1 } };
      expect([await body('direct:a', 'b', headers), await body('direct:b', 'b', headers)]).to.deep.equal(['fixed b', 'given 1']);
    });

    it('reaches nothing but the message, and fails for a template that is wrong', async () => {
      await start([route('direct:a', { to: 'string-template:t' }), route('direct:b', { to: 'string-template:bad' })], { t: '[<body.constructor><body.toString><headers.__proto__><exchange.exchangeId>]', bad: '<if(x)>' });
      expect(await body('direct:a', { a: 1 })).to.equal('[]');
      expect(await body('direct:b')).to.equal('org.stringtemplate.v4.compiler.STException');
      expect(await body('direct:a', 'still')).to.equal('[]');
    });
  });

  it('jsonata transforms with the expression of a file', async () => {
    await start([route('direct:a', { to: 'jsonata:file:t?inputType=JsonString&outputType=JsonString' }), route('direct:b', { to: 'jsonata:t' })], { t: '{"sum": a + b}' });
    expect([await body('direct:a', '{"a":1,"b":2}'), await body('direct:b', { a: 1, b: 2 })]).to.deep.equal(['{"sum":3}', { sum: 3 }]);
  });

  describe('json-validator', () => {
    const rules = { type: 'object', required: ['a'], properties: { a: { type: 'integer' }, d: { type: 'string', format: 'date' } } };
    const wrong = 'org.apache.camel.component.jsonvalidator.JsonValidationException';

    it('lets what holds pass, and says what does not', async () => {
      await start([route('direct:a', { to: 'json-validator:s' })], { s: JSON.stringify(rules) });
      expect([await body('direct:a', '{"a":1}'), await body('direct:a', { a: 1 }), await body('direct:a', '{}'), await body('direct:a', 'nope')]).to.deep.equal(['{"a":1}', wrong, wrong, wrong]);
      const { exception } = await runtime.send('direct:a', '{"a":"x"}');
      expect(exception!.message).to.equal('JSON validation error with 1 errors:\n$.a: must be integer');
    });

    for (const [draft, checksFormats] of [
      ['http://json-schema.org/draft-04/schema#', true],
      ['http://json-schema.org/draft-06/schema#', true],
      ['http://json-schema.org/draft-07/schema#', true],
      ['https://json-schema.org/draft/2019-09/schema', false],
      ['https://json-schema.org/draft/2020-12/schema', false],
    ] as const) {
      it(`knows ${draft}`, async () => {
        await start([route('direct:a', { to: 'json-validator:s' })], { s: JSON.stringify({ $schema: draft, ...rules }) });
        expect(await body('direct:a', '{}')).to.equal(wrong);
        expect((await body('direct:a', '{"a":1,"d":"x"}')) === wrong).to.equal(checksFormats);
      });
    }

    it('checks a header in place of the body, and takes none where that is allowed', async () => {
      await start([route('direct:a', { to: 'json-validator:s?headerName=h' }), route('direct:b', { to: 'json-validator:s?failOnNullBody=false' })], { s: JSON.stringify(rules) });
      expect([await body('direct:a', 'x', { h: '{"a":1}' }), await body('direct:a', 'x'), await body('direct:b', null)]).to.deep.equal(['x', 'org.apache.camel.component.jsonvalidator.NoJsonHeaderValidationException', null]);
    });

    it('takes a schema that comes later, and keeps it', async () => {
      const files: Record<string, string> = {};
      await start([route('direct:a', { to: 'json-validator:s' })], files);
      expect(await body('direct:a', '{}')).to.match(/Exception$/);
      files.s = JSON.stringify(rules);
      expect([await body('direct:a', '{}'), await body('direct:a', '{"a":1}')]).to.deep.equal([wrong, '{"a":1}']);
      files.s = '{}';
      expect(await body('direct:a', '{}')).to.equal(wrong);
    });
  });

  describe('exec', () => {
    it('runs only programs that the settings name', async () => {
      let problem = '';
      await start([route('direct:a', { to: 'exec:echo' })]).catch((thrown: unknown) => (problem = (thrown as Error).message));
      expect(problem).to.contain('`echo` may not be run: add it to `exec.allowed`');
    });

    it('gives the body to the program, and takes what it says', async () => {
      await start([route('direct:a', { to: 'exec:cat' }), route('direct:b', { to: { uri: 'exec:echo', parameters: { args: '"a  b" $HOME' } } })], {}, { 'exec.allowed': ['cat', 'echo'] });
      const { body: result, headers } = await runtime.send('direct:a', 'piped');
      expect([String(result), headers.get('CamelExecExitValue')]).to.deep.equal(['piped', 0]);
      expect(String(await body('direct:b'))).to.equal('a  b $HOME\n');
    });

    it('fails for an exit value that is not wanted, and for a program that takes too long', async () => {
      await start([route('direct:a', { to: 'exec:false?exitValues=0' }), route('direct:b', { to: 'exec:sleep?args=10&timeout=50' })], {}, { 'exec.allowed': 'false, sleep' });
      expect([await body('direct:a'), await body('direct:b')]).to.deep.equal(['org.apache.camel.component.exec.ExecException', 'org.apache.camel.component.exec.ExecException']);
    });

    it('obeys headers only where that is allowed, and takes those away', async () => {
      mkdirSync(join(folder, 'wd'), { recursive: true });
      const headers = { CamelExecCommandExecutable: 'sh', CamelExecCommandArgs: ['-c', 'echo told >&2; exit 3'], CamelExecExitValues: '3', CamelExecUseStderrOnEmptyStdout: 'true', CamelExecCommandLogLevel: 'INFO', CamelExecCommandWorkingDir: 'wd', CamelExecCommandTimeout: '9000' };
      await start([route('direct:a', { to: 'exec:echo?args=plain&exitValues=0' }), route('direct:b', { to: 'exec:echo?args=plain&exitValues=0&allowControlHeaders=true' }), route('direct:c', { to: 'exec:false?exitValues=0' })], {}, { 'exec.allowed': 'echo,sh,false' });
      const ignored = await runtime.send('direct:a', null, { headers });
      expect([String(ignored.body), ignored.headers.get('CamelExecExitValue'), ignored.headers.has('CamelExecExitValues')]).to.deep.equal(['plain\n', 0, true]);
      const obeyed = await runtime.send('direct:b', null, { headers });
      expect([String(obeyed.body), obeyed.headers.get('CamelExecExitValue')]).to.deep.equal(['told\n', 3]);
      expect(Object.keys(headers).filter((name) => obeyed.headers.has(name))).to.deep.equal([]);
      const folderOf = await runtime.send('direct:b', null, { headers: { CamelExecCommandExecutable: 'sh', CamelExecCommandArgs: '-c "pwd > out.txt"', CamelExecCommandWorkingDir: 'wd', CamelExecCommandOutFile: 'out.txt' } });
      expect(String(folderOf.body).trim()).to.match(/\/wd$/);
      expect((await runtime.send('direct:b', null, { headers: { CamelExecCommandExecutable: 'sleep' } })).exception?.message).to.contain('`sleep` may not be run');
      expect(await body('direct:b', null, { CamelExecCommandTimeout: 'soon' })).to.equal('org.apache.camel.component.exec.ExecException');
      // A sender can't make a failure a success.
      expect(await body('direct:c', null, { CamelExecExitValues: '1' })).to.equal('org.apache.camel.component.exec.ExecException');
    });

    it('cuts arguments at blanks outside of quotes', () => expect(splitArguments('a "b c"  d')).to.deep.equal(['a', 'b c', 'd']));
  });

  describe('stream', () => {
    it('writes lines to a file, and reads them', async () => {
      await start([route('direct:a', { to: 'stream:file?fileName=s.txt&autoCloseCount=1' })]);
      await body('direct:a', 'one');
      await body('direct:a', 'two');
      expect(readFileSync(join(folder, 's.txt'), 'utf8')).to.equal('one\ntwo\n');
      await runtime.stop(100);
      await start([route('stream:file?fileName=s.txt', { to: 'mock:lines' })]);
      await eventually(() => void expect(mockOf(runtime, 'lines').received.map((one) => [one.body, one.headers.get('CamelStreamComplete')])).to.deep.equal([['one', false], ['two', true]]));
    });

    it('stays below the folder of the routes', async () => {
      let problem = '';
      await start([route('direct:a', { to: 'stream:file?fileName=../s.txt' })]).catch((thrown: unknown) => (problem = (thrown as Error).message));
      expect(problem).to.contain('is outside of');
    });

    it('writes to the streams of the process', async () => {
      const out = new PassThrough();
      runtime = runtimeWith({ clock: systemClock });
      runtime.shared('standard streams', () => ({ input: () => Readable.from([Buffer.from('x\ny\n')]), out: () => out, err: () => out }));
      await runtime.start([routesFile([route('direct:a', { to: 'stream:out' }), route('stream:in', { to: 'mock:in' })])]);
      await body('direct:a', 'said');
      expect(String(out.read())).to.equal('said\n');
      await eventually(() => void expect(mockOf(runtime, 'in').bodies).to.deep.equal(['x', 'y']));
    });

    it('asks for each line of the process, and waits before it does', async () => {
      const out = new PassThrough();
      runtime = runtimeWith({ clock: systemClock });
      runtime.shared('standard streams', () => ({ input: () => Readable.from([Buffer.from('x\ny\n')]), out: () => out, err: () => out }));
      await runtime.start([routesFile([route('stream:in?promptMessage=RAW(> )&initialPromptDelay=1&promptDelay=1', { to: 'stream:out' })])]);
      let said = '';
      await eventually(() => void expect((said += String(out.read() ?? ''))).to.equal('> x\n> y\n> '));
    });

    it('puts lines together as a bean says', async () => {
      writeFileSync(join(folder, 's.txt'), 'a\nb\nc\n');
      runtime = runtimeWith({ clock: systemClock, baseDir: folder, beans: { together: { groupLines: (lines: readonly string[]) => lines.join('+') } } });
      await runtime.start([routesFile([route('stream:file?fileName=s.txt&groupLines=2&groupStrategy=%23together', { to: 'mock:lines' })])]);
      await eventually(() => void expect(mockOf(runtime, 'lines').bodies).to.deep.equal(['a+b', 'c']));
    });

    it('waits for a file that is looked at again and again, and begins anew with one that takes its place', async () => {
      await start([route('stream:file?fileName=log.txt&scanStream=true&scanStreamDelay=1&retry=true', { to: 'mock:lines' })]);
      writeFileSync(join(folder, 'log.txt'), 'first\nsecond\n');
      await eventually(() => void expect(mockOf(runtime, 'lines').bodies).to.deep.equal(['first', 'second']));
      writeFileSync(join(folder, 'next.txt'), 'a line of the new file\nand more\n');
      renameSync(join(folder, 'next.txt'), join(folder, 'log.txt'));
      await eventually(() => void expect(mockOf(runtime, 'lines').bodies.slice(2)).to.deep.equal(['a line of the new file', 'and more']));
    });

    describe('of a server', () => {
      let seen: (string | undefined)[] = [];
      let hold = false;
      const server = createServer(({ url, headers }, reply) => {
        seen.push(`${url} ${String(headers['x-key'])} ${String(headers['x-more'])}`);
        if (url === '/gone') return void reply.writeHead(404).end('no');
        reply.write('one\ntwo\n');
        if (!hold) reply.end('three');
      });
      let url = '';
      before(async () => {
        await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
        url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      });
      beforeEach(() => {
        seen = [];
        hold = false;
      });
      after(() => {
        server.closeAllConnections();
        server.close();
      });

      it('comes line by line, with the headers that are said', async () => {
        await start([route(`stream:http?httpUrl=${encodeURIComponent(`${url}/lines`)}&httpHeaders=X-Key=k,X-More: m`, { to: 'mock:lines' })]);
        await eventually(() => void expect(mockOf(runtime, 'lines').received.map((one) => [one.body, one.headers.get('CamelStreamComplete')])).to.deep.equal([['one', false], ['two', false], ['three', true]]));
        expect(seen).to.deep.equal(['/lines k m']);
      });

      it('is asked again with scanStream, also after it said nothing for too long or was not there', async () => {
        hold = true;
        await start([route(`stream:http?httpUrl=${encodeURIComponent(`${url}/slow`)}&readTimeout=50&scanStream=true&scanStreamDelay=1`, { to: 'mock:lines' }), route(`stream:http?httpUrl=${encodeURIComponent(`${url}/gone`)}&scanStream=true&scanStreamDelay=1`, { to: 'mock:gone' })]);
        await eventually(() => void expect(seen.filter((one) => one!.startsWith('/slow')).length).to.be.greaterThan(1));
        await eventually(() => void expect(seen.filter((one) => one!.startsWith('/gone')).length).to.be.greaterThan(1));
        await eventually(() => void expect(mockOf(runtime, 'lines').bodies.slice(0, 1)).to.deep.equal(['one']));
        expect(mockOf(runtime, 'gone').bodies).to.deep.equal([]);
      });

      it('needs an address', async () => {
        let problem = '';
        await start([route('stream:http', { to: 'mock:lines' })]).catch((thrown: unknown) => (problem = (thrown as Error).message));
        expect(problem).to.contain('stream:http needs `httpUrl`');
      });
    });
  });

  it('string-template says how to install its library where that is not there', () => {
    checkLibrary();
    expect(() =>
      checkLibrary(() => {
        throw new Error('not found');
      }),
    ).to.throw('`string-template` needs the library stringtemplate4ts, which does not come with this program for its size: install it beside it (`npm install stringtemplate4ts@2`)');
  });

  describe('dataset and browse', () => {
    const beans = { beans: [{ name: 'set', type: 'org.apache.camel.component.dataset.ListDataSet', properties: { size: 3 } }, { name: 'simple', type: 'org.apache.camel.component.dataset.SimpleDataSet', properties: { size: 2, defaultBody: 'ds' } }] };

    it('sends each message of a set once, with its number', async () => {
      await start([beans, route('dataset:simple?initialDelay=0&produceDelay=0', { to: 'mock:out' })]);
      await eventually(() => void expect(mockOf(runtime, 'out').received.map((one) => [one.body, one.headers.get('CamelDataSetIndex')])).to.deep.equal([['ds', 0], ['ds', 1]]));
    });

    it('fails what is not the next message of a set', async () => {
      await start([beans, route('direct:a', { to: 'dataset:simple' })]);
      expect([await body('direct:a', 'ds'), await body('direct:a', 'other'), await body('direct:a', 'ds', { CamelDataSetIndex: 7 })]).to.deep.equal(['ds', 'java.lang.AssertionError', 'java.lang.AssertionError']);
    });

    it('browse keeps what goes through, and feeds a route', async () => {
      await start([route('direct:a', { to: 'browse:box?browseLimit=1' }), route('browse:fed', { to: 'mock:fed' }), route('direct:b', { to: 'browse:fed' })]);
      await body('direct:a', 'one');
      await body('direct:a', 'two');
      await body('direct:b', 'three');
      expect(browseBox(runtime, 'box').received.map((one) => one.body)).to.deep.equal(['two']);
      expect(mockOf(runtime, 'fed').bodies).to.deep.equal(['three']);
    });
  });
});
