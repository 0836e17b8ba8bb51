import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parse, stringify } from 'yaml';
import { systemClock } from '../../src/core/clock.ts';
import type { Diagnostic } from '../../src/core/diagnostics.ts';
import { Source } from '../../src/core/diagnostics.ts';
import { codes } from '../../src/dsl/codes.ts';
import { printDiagnostics } from '../../src/dsl/diagnose.ts';
import { applyFixes } from '../../src/dsl/fixes.ts';
import { propertyLookup } from '../../src/dsl/placeholders.ts';
import { Mecha } from '../../src/runtime/mecha.ts';
import { Runtime } from '../../src/runtime/runtime.ts';
import { standardParts } from '../../src/runtime/standard.ts';
import { MemoryStore } from '../../src/stores/memory.ts';

const check = (sources: readonly Source[], properties: Record<string, string> = {}): Promise<readonly Diagnostic[]> =>
  new Runtime({
    parts: standardParts,
    store: new MemoryStore(systemClock),
    baseDir: '/tmp',
    properties: propertyLookup({ properties, environment: { HOME: '/', ORDERS_PASSWORD: 'x', AUTH_PASSWORD: 'x', PASSWORD: 'x', AUTHORIZATION: 'x' }, readFile: () => 'x' }),
    environment: {},
    keepFailed: () => true,
    resource: () => '',
  }).check(sources, { lints: true });

const lintsOf = async (text: string): Promise<string[]> => (await check([new Source('a.yaml', text)])).map(({ code, message }) => `${code} ${message}`);

const golden = fileURLToPath(new URL('lints/', import.meta.url));
const cases = fileURLToPath(new URL('../compat/cases/', import.meta.url));

/** What is said of cases that Camel starts, by code, each looked at and right for the reason that stands beside it. Of all others nothing is said. */
const deserved: Readonly<Record<string, { readonly why: string; readonly cases: Readonly<Record<string, readonly string[]>> }>> = JSON.parse(readFileSync(`${golden}deserved.json`, 'utf8'));

describe('lints', () => {
  for (const file of readdirSync(golden).filter((name) => name.endsWith('.yaml')).sort()) {
    it(`say what is hardly meant in ${file.replace('.yaml', '').replaceAll('-', ' ')}`, async () => {
      const printed = `${printDiagnostics(await check([new Source(file, readFileSync(golden + file, 'utf8'))]))}\n`;
      const expected = `${golden}${file.replace(/yaml$/, 'txt')}`;
      if (process.env['GOLDEN'] === 'update') writeFileSync(expected, printed);
      expect(printed).to.equal(existsSync(expected) ? readFileSync(expected, 'utf8') : '');
    });
  }

  for (const [code, { wrong, right }] of Object.entries(codes)) {
    if (code.startsWith('M09')) {
      it(`give ${code} for the example of its page, and nothing for the repair`, async () => {
        expect((await check([new Source('wrong.yaml', wrong!)])).map((problem) => problem.code)).to.deep.equal([code]);
        expect(await lintsOf(right!)).to.deep.equal([]);
      });
    }
  }

  it('and errors find nothing in routes that Camel starts, but what is really there', async function () {
    this.timeout(120_000);
    const found: Record<string, Record<string, string[]>> = {};
    let looked = 0;
    for (const file of readdirSync(cases).filter((name) => name.endsWith('.yaml'))) {
      const answer = `${cases}${file.replace('.yaml', '.expected.json')}`;
      if (!existsSync(answer) || JSON.parse(readFileSync(answer, 'utf8')).startupError !== null) continue;
      const folder = mkdtempSync(join(tmpdir(), 'mecha-lints-'));
      try {
        const spec = parse(readFileSync(cases + file, 'utf8'), { logLevel: 'silent' });
        const put = (name: string, text: string | Buffer): void => {
          mkdirSync(dirname(join(folder, name)), { recursive: true });
          writeFileSync(join(folder, name), text);
        };
        for (const [name, text] of Object.entries(spec.files ?? {})) put(name, String(text));
        const names = [spec.routesFiles ?? []].flat().map(String);
        for (const name of names) put(name, readFileSync(cases + name));
        if (spec.routes != null) {
          names.push(file);
          put(file, typeof spec.routes === 'string' ? spec.routes : stringify(spec.routes, { aliasDuplicateObjects: false, lineWidth: 0 }));
        }
        const environment = { HOME: '/', ORDERS_PASSWORD: 'x', AUTH_PASSWORD: 'x', PASSWORD: 'x', AUTHORIZATION: 'x' };
        const fill = (value: unknown): string => String(value).replaceAll('{{workDir}}', folder);
        const properties = Object.fromEntries(Object.entries({ workDir: folder, httpPort: '1', ...spec.properties }).map(([key, value]) => [key, fill(value)]));
        for (const { code, message } of await Mecha.check({ folder, configuration: null, routes: names, environment, properties, lints: true })) ((found[code] ??= {})[file] ??= []).push(message.replaceAll(folder, ''));
        looked++;
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }
    if (process.env['GOLDEN'] === 'update') writeFileSync(`${golden}deserved.json`, `${JSON.stringify(Object.fromEntries(Object.entries(found).sort().map(([code, list]) => [code, { why: deserved[code]?.why ?? '', cases: list }])), null, 2)}\n`);
    expect(looked).to.be.greaterThan(300);
    expect(Object.fromEntries(Object.entries(deserved).map(([code, { cases: list }]) => [code, list]))).to.deep.equal(found);
    for (const [code, { why }] of Object.entries(deserved)) expect(why, code).not.to.equal('');
  });

  describe('about unused routes', () => {
    const timer = '- from: { uri: "timer:t", steps: [ { to: "direct:used" } ] }\n- from: { uri: "direct:used", steps: [ { to: "mock:out" } ] }\n';
    const route = (uri: string, steps = '{ to: "mock:x" }'): string => `- from: { uri: "${uri}", steps: [ ${steps} ] }\n`;

    it('do not speak where a name is made at run time, is found in an expression, or a route waits to be started', async () => {
      expect(await lintsOf(timer + route('direct:lonely'))).to.deep.equal(['M0901 nothing sends to `direct:lonely`: the route never runs']);
      expect(await lintsOf(timer + route('direct:lonely') + route('timer:u', '{ toD: "direct:${header.where}" }'))).to.deep.equal([]);
      expect(await lintsOf(timer + route('direct:lonely') + route('timer:u', '{ recipientList: { constant: "direct:lonely,direct:used" } }'))).to.deep.equal([]);
      expect(await lintsOf(timer + '- route: { autoStartup: false, from: { uri: "direct:lonely", steps: [ { to: "mock:x" } ] } }\n')).to.deep.equal([]);
      expect(await lintsOf(timer + '- onException: { exception: [ "java.lang.Exception" ], steps: [ { to: "direct:lonely" } ] }\n'.replace(/^/, '') + route('direct:lonely'))).to.satisfy((list: string[]) => list.every((line) => !line.startsWith('M0901')));
    });

    it('do not speak where all such routes are fed from outside', async () => {
      expect(await lintsOf(route('direct:a') + route('direct:b'))).to.deep.equal([]);
      expect(await lintsOf(route('timer:t') + route('direct:a') + route('direct:b'))).to.deep.equal([]);
    });

    it('take a longer name for another one', async () => {
      expect(await lintsOf(timer + route('direct:use'))).to.deep.equal(['M0901 nothing sends to `direct:use`: the route never runs']);
    });
  });

  describe('about secrets', () => {
    const uri = (text: string): Promise<string[]> => lintsOf(`- from: { uri: "direct:a", steps: [ { to: "${text}" } ] }\n`);

    it('know them in parameters, in the address and in a header, and leave placeholders alone', async () => {
      expect(await uri('http:x.test/a?authPassword=tiger7')).to.deep.equal(['M0904 `authPassword` stands in clear text']);
      expect(await uri('http:x.test/a?authPassword=RAW(tiger&7)')).to.deep.equal(['M0904 `authPassword` stands in clear text']);
      expect(await uri('http:x.test/a?authPassword={{env:PASSWORD}}')).to.deep.equal([]);
      expect(await uri('http:x.test/a?authPassword=RAW({{env:PASSWORD}})')).to.deep.equal([]);
      expect(await lintsOf('- from: { uri: "direct:a", steps: [ { to: { uri: "http:x.test/a", parameters: { authPassword: tiger7 } } } ] }\n')).to.deep.equal(['M0904 `authPassword` stands in clear text']);
      expect(await lintsOf('- from: { uri: "direct:a", steps: [ { setHeader: { name: Authorization, constant: "Bearer abcdef123456" } } ] }\n')).to.deep.equal(['M0904 `Authorization` stands in clear text']);
      expect(await lintsOf('- from: { uri: "direct:a", steps: [ { setHeader: { name: Authorization, simple: "Bearer ${header.t}" } } ] }\n')).to.deep.equal([]);
    });

    it('offer a placeholder that is right', async () => {
      const source = new Source('a.yaml', '- from: { uri: "direct:a", steps: [ { to: { uri: "http:x.test/a", parameters: { authPassword: tiger7 } } } ] }\n');
      const list = await check([source]);
      const { text, count } = applyFixes(source, list, () => true);
      expect(count).to.equal(1);
      expect(text).to.contain('authPassword: "{{env:AUTH_PASSWORD}}"');
      expect(await lintsOf(text)).to.deep.equal([]);
    });
  });

  it('leave steps behind a failing one alone where an error handler lets messages go on', async () => {
    const steps = '- throwException: { exceptionType: java.lang.IllegalStateException, message: x }\n      - to: mock:out\n';
    const route = `- from:\n    uri: direct:a\n    steps:\n      ${steps}`;
    expect(await lintsOf(route)).to.deep.equal(['M0903 `to` is never reached']);
    expect(await lintsOf(`- onException:\n    exception: [ java.lang.IllegalStateException ]\n    continued: { constant: "true" }\n    steps:\n      - log: x\n${route}`)).to.deep.equal([]);
  });

  it('leave a branch behind one that fails or stops alone: each has its own copy of the message', async () => {
    for (const fork of ['multicast: {', 'loadBalance: { roundRobinLoadBalancer: {},']) {
      const steps = (last: string): string => `- from: { uri: "direct:a", steps: [ { ${fork} steps: [ { stop: {} }, { to: "mock:b" }, { pipeline: { steps: [ { stop: {} }${last} ] } } ] } } ] }\n`;
      expect(await lintsOf(steps(''))).to.deep.equal([]);
      expect(await lintsOf(steps(', { to: "mock:c" }'))).to.deep.equal(['M0903 `to` is never reached']);
    }
  });

  it('do not speak of a call that is intercepted, or that may find nobody', async () => {
    expect(await lintsOf('- from: { uri: "direct:a", steps: [ { to: "direct:nobody?failIfNoConsumers=false" } ] }\n')).to.deep.equal([]);
    expect(await lintsOf('- interceptSendToEndpoint: { uri: "direct:no*", skipSendToOriginalEndpoint: "true", steps: [ { to: "mock:x" } ] }\n- from: { uri: "direct:a", steps: [ { to: "direct:nobody" } ] }\n')).to.deep.equal([]);
  });
});
