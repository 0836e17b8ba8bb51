import { mkdirSync, mkdtempSync, readFileSync, rmSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Diagnostic } from '../../src/core/diagnostics.ts';
import { Diagnostics, LoadError } from '../../src/core/diagnostics.ts';
import type { CodeEntry } from '../../src/dsl/codes.ts';
import { codes } from '../../src/dsl/codes.ts';
import { printDiagnostics } from '../../src/dsl/diagnose.ts';
import { liveConfiguration, readConfiguration } from '../../src/runtime/configuration.ts';
import { readSources } from '../../src/runtime/files.ts';
import type { MechaOptions } from '../../src/runtime/mecha.ts';
import { Mecha } from '../../src/runtime/mecha.ts';
import { systemClock } from '../../src/core/clock.ts';
import { lmdbStore } from '../../src/stores/lmdb.ts';
import { setFormat } from '../stores/lmdbRig.ts';
import { runTests } from '../../src/testing/index.ts';
import { withTemporary } from '../temporary.ts';

const folder = fileURLToPath(new URL('golden/', import.meta.url));
const isUpdate = process.env['GOLDEN'] === 'update';

const hello = '- from:\n    uri: direct:hello\n    steps:\n      - setBody: { simple: "Hello ${body}" }\n';

/** A folder of files, and what is said of it. */
class Place {
  readonly folder = mkdtempSync(join(tmpdir(), 'mecha-golden-'));

  write(name: string, text: string | Buffer): this {
    writeFileSync(join(this.folder, name), text);
    return this;
  }

  check(options: MechaOptions = {}): Promise<readonly Diagnostic[]> {
    return Mecha.check({ folder: this.folder, configuration: null, environment: {}, lints: true, ...options });
  }

  async start(options: MechaOptions = {}): Promise<readonly Diagnostic[]> {
    try {
      const mecha = await Mecha.start({ folder: this.folder, configuration: null, environment: {}, ...options });
      await mecha.stop();
      return [];
    } catch (thrown) {
      if (thrown instanceof LoadError) return thrown.diagnostics;
      throw thrown;
    }
  }

  async test(inThisThread = true): Promise<readonly Diagnostic[]> {
    this.write('hello.yaml', hello);
    const { files, problems } = await runTests([], { folder: this.folder, configuration: null, inThisThread });
    return [...problems, ...files.flatMap((file) => file.problems)];
  }
}

/** The complaints of a page's example. */
async function ofExample(place: Place, { file = 'route.yaml' }: CodeEntry, text: string): Promise<readonly Diagnostic[]> {
  place.write(file, text);
  if (file.endsWith('.test.yaml')) return place.test();
  if (file === 'mecha.yaml') return place.write('hello.yaml', hello).check({ routes: ['hello.yaml'], configuration: file });
  return place.check({ routes: [file] });
}

const listening = async <T>(run: (port: number) => Promise<T>): Promise<T> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await run((server.address() as { port: number }).port);
  } finally {
    server.close();
  }
};

/** What no file alone brings about. */
const situations: Readonly<Record<string, (place: Place) => Promise<readonly Diagnostic[]>>> = {
  M0608: (place) => {
    const kamelet = (name: string, to: string): string => `apiVersion: camel.apache.org/v1\nkind: Kamelet\nmetadata: { name: ${name} }\nspec:\n  template:\n    from:\n      uri: kamelet:source\n      steps:\n        - to: ${to}\n`;
    place.write('first.kamelet.yaml', kamelet('first', 'kamelet:second')).write('second.kamelet.yaml', kamelet('second', 'kamelet:first'));
    return place.write('route.yaml', '- from:\n    uri: direct:start\n    steps:\n      - to: kamelet:first\n').check({ routes: ['*.yaml'] });
  },
  M0504: (place) => place.write('prices.mjs', "throw new Error('no prices today');\n").write('route.yaml', '- beans:\n    - name: prices\n      type: "#module:./prices.mjs"\n').check({ routes: ['route.yaml'] }),
  M0505: (place) => place.write('prices.mjs', 'export const prices = { total: 1 };\n').write('route.yaml', '- onException:\n    exception: [ java.lang.Exception ]\n    handled: { constant: "true" }\n    onRedeliveryRef: "#bean:prices"\n- beans:\n    - name: prices\n      type: java.util.HashMap\n- from:\n    uri: direct:start\n    steps:\n      - to: mock:out\n').check({ routes: ['route.yaml'] }),
  M0610: (place) => listening((port) => place.write('route.yaml', '- from:\n    uri: platform-http:/hello\n    steps:\n      - to: mock:out\n').start({ routes: ['route.yaml'], settings: { 'http.port': port, 'http.host': '127.0.0.1' } })),
  M0611: (place) => {
    const route = (id: string): string => `- route:\n    id: ${id}\n    from:\n      uri: direct:order\n      steps:\n        - to: mock:${id}\n`;
    return place.write('route.yaml', route('first') + route('second')).start({ routes: ['route.yaml'] });
  },
  M0612: async (place) => {
    place.write('route.yaml', hello);
    const mecha = await Mecha.start({ folder: place.folder, configuration: null, environment: {}, routes: ['route.yaml'] });
    await mecha.stop();
    return (await mecha.reload()).problems;
  },
  M0613: (place) => place.write('kamelets.tar', 'no archive').write('route.yaml', '- from:\n    uri: kamelet:tick-source\n    steps:\n      - to: mock:out\n').check({ routes: ['route.yaml'], settings: { kamelets: ['kamelets.tar'] } }),
  M0701: (place) => place.write('route.yaml', hello).check({ routes: ['route.yaml'], configuration: 'other.yaml' }),
  M0706: (place) => place.check({ routes: ['rotues'] }),
  M0707: (place) => place.write('route.yaml', `# ${'x'.repeat(60 * 1024 * 1024)}\n`).check({ routes: ['route.yaml'] }),
  M0708: (place) => place.write('route.yaml', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 1])).check({ routes: ['route.yaml'] }),
  M0709: ({ folder }) => {
    // It went away between the look for files and the reading.
    const problems = new Diagnostics();
    readSources([join(folder, 'route.yaml')], folder, problems);
    return Promise.resolve(problems.sorted());
  },
  M0710: (place) => place.write('route.yaml', hello).write('state', 'no folder').start({ routes: ['route.yaml'], settings: { 'state.path': 'state' } }),
  M0712: async (place) => {
    const state = join(place.folder, '.mecha', 'state');
    await (await lmdbStore(state, systemClock)).close();
    await setFormat(state, 2);
    return place.write('route.yaml', hello).start({ routes: ['route.yaml'] });
  },
  M0713: (place) => place.write('route.yaml', hello).write('More.java', 'public class More extends RouteBuilder {}\n').check({ routes: ['.'] }),
  M0711: (place) => {
    const problems = new Diagnostics();
    const read = (port: number) => readConfiguration({ folder: place.write('mecha.yaml', `http: { port: ${port} }\n`).folder, file: 'mecha.yaml', environment: {} }, problems);
    liveConfiguration(read(8080), read(8081), problems);
    return Promise.resolve(problems.sorted());
  },
  M0805: (place) => place.write('hello.test.yaml', 'tests:\n  - name: greets\n    send: { to: direct:hello, body: Ann }\n    reply: { snapshot: true }\n').write('hello.test.snapshots.json', '{ "greets > reply": ').test(),
  // The thread is that of the file before, whose module has taken the port and ends it when the next one comes.
  M0806: (place) =>
    place
      .write('last.mjs', "import { parentPort } from 'node:worker_threads';\nexport const last = { say: () => void parentPort.removeAllListeners('message').once('message', () => process.exit(3)) };\n")
      .write('a.yaml', '- from:\n    uri: direct:a\n    steps:\n      - bean: { ref: last, method: say }\n')
      .write('a.test.yaml', 'beans: [ last.mjs ]\ntests:\n  - name: leaves something behind\n    send: { to: direct:a, body: x }\n')
      .write('hello.test.yaml', 'tests:\n  - name: greets\n    send: { to: direct:hello, body: Ann }\n    reply: Hello Ann\n')
      .test(false),
  // Below a file: nobody else who wants a folder there can make it meanwhile.
  M0808: (place) => withTemporary(join(place.folder, 'hello.yaml', 'gone'), () => place.write('hello.test.yaml', 'tests:\n  - name: greets\n    send: { to: direct:hello, body: Ann }\n    reply: Hello Ann\n').test()),
};

describe('what is said of a whole program', function () {
  this.timeout(30_000);
  let place: Place;

  beforeEach(() => {
    place = new Place();
  });

  afterEach(() => rmSync(place.folder, { recursive: true, force: true }));

  const holds = (code: string, complaints: readonly Diagnostic[]): void => {
    expect(complaints.map((problem) => problem.code)).to.include(code);
    // Folders and ports of this run.
    const printed = `${printDiagnostics([...complaints]).replaceAll(place.folder, '/project').replace(/\b127\.0\.0\.1:\d+|\bport \d+/g, (at) => at.replace(/\d+$/, '8080'))}\n`;
    const path = `${folder}${code}.txt`;
    if (isUpdate) writeFileSync(path, printed);
    expect(printed).to.equal(existsSync(path) ? readFileSync(path, 'utf8') : '');
  };

  for (const [code, entry] of Object.entries(codes)) {
    const situation = situations[code];
    if (entry.wrong !== undefined) {
      it(`is ${code} for the example of its page, and nothing for the repair`, async () => {
        holds(code, await ofExample(place, entry, entry.wrong!));
        rmSync(place.folder, { recursive: true });
        mkdirSync(place.folder);
        const left = await ofExample(place, entry, entry.right!);
        expect(left.filter((problem) => problem.severity === 'error' || problem.code === code).map(({ code: other, message }) => `${other} ${message}`)).to.deep.equal([]);
      });
    } else if (situation !== undefined) it(`is ${code} where ${entry.title.toLowerCase()}`, async () => holds(code, await situation(place)));
  }

  it('has a golden file for every code, and at least eighty in all', () => {
    const golden = readdirSync(folder).map((name) => name.replace('.txt', ''));
    expect(Object.keys(codes).filter((code) => !golden.includes(code))).to.deep.equal([]);
    expect(golden.filter((code) => !Object.hasOwn(codes, code))).to.deep.equal([]);
    expect(golden.length).to.be.at.least(80);
    // What to do stands in the message itself.
    const saysItself = ['M0501', 'M0502', 'M0611', 'M0705'];
    expect(golden.filter((code) => !/^ *= help: /m.test(readFileSync(`${folder}${code}.txt`, 'utf8')))).to.deep.equal(saysItself);
    expect(Object.entries(codes).filter(([, { wrong }]) => wrong === undefined).map(([code]) => code)).to.have.members(Object.keys(situations));
  });
});
