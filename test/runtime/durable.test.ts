import { readFileSync, rmSync, writeFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { adminSocket } from '../../src/sidecar/admin.ts';
import { askAdmin } from '../../src/sidecar/client.ts';
import { eventually } from './rig.ts';
import { Program } from './program.ts';

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

/** Files of text go into groups of four (kept in the state store), and each text once to a file of its own. */
const routes = `- beans:
    - name: joined
      type: "#class:org.apache.camel.processor.aggregate.StringAggregationStrategy"
      properties: { delimiter: "," }
    - name: seen
      type: "#class:org.apache.camel.support.processor.idempotent.FileIdempotentRepository"
- route:
    id: groups
    from:
      uri: file:in
      parameters: { delay: 10, initialDelay: 0 }
      steps:
        - convertBodyTo: java.lang.String
        - aggregate:
            id: fours
            correlationExpression: { constant: all }
            aggregationStrategy: "#joined"
            completionSize: 4
            completionTimeout: 1500
            steps:
              - delay: { constant: "20" }
              - to: "file:out?fileName=groups.txt&fileExist=Append&appendChars=\\\\n"
- route:
    id: once
    from:
      uri: file:ids
      parameters: { delay: 10, initialDelay: 0 }
      steps:
        - convertBodyTo: java.lang.String
        - idempotentConsumer:
            id: once
            idempotentRepository: "#seen"
            expression: { simple: "\${body}" }
            steps:
              - delay: { constant: "5" }
              - to: "file:out?fileName=once.txt&fileExist=Append&appendChars=\\\\n"
`;

describe('a killed program', function () {
  this.timeout(120_000);
  let program: Program;

  beforeEach(() => {
    program = new Program();
  });

  afterEach(() => program.end());

  const lines = (name: string): string[] => {
    try {
      return readFileSync(join(program.folder, name), 'utf8').split('\n').filter((line) => line !== '');
    } catch {
      return [];
    }
  };

  it('loses nothing that it had taken: groups go on, files come again, and what is done is not done again', async () => {
    program.write('routes/a.yaml', routes);
    let count = 0;
    const rounds = 3;
    for (let round = 0; round < rounds; round++) {
      await program.start();
      for (let i = 0; i < 15; i++, count++) {
        program.write(`in/f${String(count).padStart(3, '0')}.txt`, `m${count}`);
        // Every id comes twice.
        program.write(`ids/f${count}.txt`, `id${count}`);
        program.write(`ids/g${count}.txt`, `id${count}`);
      }
      await pause(20 + Math.random() * 400);
      program.signal('SIGKILL');
      await program.exited();
    }
    await program.start();
    const isText = (name: string): boolean => name.endsWith('.txt');
    await eventually(() => {
      expect(program.files('in').filter(isText)).to.deep.equal([]);
      expect(program.files('ids').filter(isText)).to.deep.equal([]);
      expect(new Set(lines('out/groups.txt').flatMap((line) => line.split(','))).size).to.equal(count);
      expect(new Set(lines('out/once.txt')).size).to.equal(count);
    }, 30_000);
    program.signal('SIGTERM');
    expect((await program.exited()).code).to.equal(0);
    const members = lines('out/groups.txt').flatMap((line) => line.split(','));
    expect(members.length - count, 'members that came twice').to.be.at.most(rounds * 4);
    // One file at a time is under way: at most that one is done again.
    expect(lines('out/once.txt').length - count, 'ids that were done twice').to.be.at.most(rounds);
    expect((await program.command('deadletters', 'list')).out).to.equal('no dead letters\n');
  });

  it('loses nothing of what waits in its store for another attempt', async () => {
    const count = 30;
    program.write(
      'routes/a.yaml',
      `- errorHandler: { defaultErrorHandler: { redeliveryPolicy: { maximumRedeliveries: -1, redeliveryDelay: 1000 } } }
- route:
    id: files
    from:
      uri: file:in?delay=10&initialDelay=0
      steps:
        - convertBodyTo: java.lang.String
        - to: "file:out?fileName=before.txt&fileExist=Append&appendChars=\\\\n"
        - process: { id: work, ref: "#module:./work.mjs" }
        - to: "file:out?fileName=done.txt&fileExist=Append&appendChars=\\\\n"
`,
    );
    program.write('work.mjs', "import { existsSync } from 'node:fs';\nexport default async () => { if (!existsSync('repaired')) throw new Error('out of order'); await new Promise((resolve) => setTimeout(resolve, 30)); };");
    const names = Array.from({ length: count }, (_, i) => `f${i}`);
    for (const name of names) program.write(`in/${name}`, name);
    const wait = ['--property', 'redelivery.longestWait=100'];
    await program.start(...wait);
    // All of them wait, none of them in the folder.
    await eventually(() => expect(program.files('in')).to.deep.equal(['.camel']), 20_000);
    const parked = async (): Promise<number> => Number(/^mecha_route_exchanges_parked{route="files"} (\d+)$/m.exec((await program.get('/metrics')).text)?.[1]);
    await eventually(async () => expect(await parked()).to.equal(count));
    program.signal('SIGKILL');
    await program.exited();
    program.write('repaired', '');
    const done = (): string[] => (program.files('out').includes('done.txt') ? lines('out/done.txt') : []);
    // Killed again while they go on.
    for (let kills = 0; kills < 2; kills++) {
      const before = done().length;
      await program.start(...wait);
      await eventually(() => expect(done().length).to.be.greaterThan(before), 20_000);
      program.signal('SIGKILL');
      await program.exited();
    }
    await program.start(...wait);
    await eventually(async () => expect(await parked()).to.equal(0), 20_000);
    await eventually(() => expect(new Set(done()).size).to.equal(count));
    expect(lines('out/before.txt').sort()).to.deep.equal([...names].sort());
    expect((await program.command('deadletters', 'list')).out).to.equal('no dead letters\n');
  });

  it('keeps one-way messages that fail (of a timer, seda, a file), shows them and sends them again', async () => {
    program.write(
      'routes/a.yaml',
      `- route: { id: ticks, from: { uri: "timer:t?repeatCount=1&delay=0", steps: [ { setBody: { constant: "tick" } }, { to: "direct:work" } ] } }
- route: { id: queue, from: { uri: "seda:queue", steps: [ { to: "direct:work" } ] } }
- route: { id: feed, from: { uri: "timer:f?repeatCount=1&delay=0", steps: [ { setBody: { constant: "queued" } }, { to: "seda:queue?waitForTaskToComplete=Never" } ] } }
- route: { id: files, from: { uri: "file:in?delay=10&initialDelay=0", steps: [ { to: "direct:work" } ] } }
- route: { id: work, errorHandler: { noErrorHandler: {} }, from: { uri: "direct:work", steps: [ { process: { ref: "#module:./work.mjs" } }, { to: "file:out?fileName=done.txt&fileExist=Append&appendChars=\\\\n" } ] } }
`,
    );
    program.write('work.mjs', "import { existsSync } from 'node:fs';\nexport default () => { if (!existsSync('repaired')) throw new Error('out of order'); };");
    program.write('in/a.txt', 'file');
    await program.start();
    interface Entry {
      readonly id: string;
      readonly routeId: string;
      readonly exception: { readonly message: string };
    }
    const listed = async (): Promise<readonly Entry[]> => (JSON.parse((await program.command('deadletters', 'list', '--json')).out) as { entries: Entry[] }).entries;
    const asked = async (): Promise<readonly Entry[]> => ((await askAdmin(adminSocket(program.folder, '.mecha'), 'GET', '/deadletters')).body as { entries: Entry[] }).entries;
    await eventually(async () => expect((await asked()).map(({ routeId }) => routeId).sort()).to.deep.equal(['files', 'queue', 'ticks']), 20_000);
    await eventually(() => expect(program.files('in')).to.deep.equal(['.camel']));
    const entries = await asked();
    expect(entries.every(({ exception }) => exception.message === 'out of order')).to.equal(true);
    const file = entries.find(({ routeId }) => routeId === 'files')!;
    const shown = await program.command('deadletters', 'show', file.id);
    expect(shown.out).to.contain('out of order').and.to.contain('body       file');
    const failed = await program.command('deadletters', 'replay', file.id);
    expect(failed).to.include({ code: 1 });
    expect(failed.out).to.contain('failed again: out of order');
    program.write('repaired', '');
    expect((await program.command('deadletters', 'replay', file.id)).out).to.contain('replayed');
    expect((await program.command('deadletters', 'replay', '--route', 'queue')).code).to.equal(0);
    expect(lines('out/done.txt').sort()).to.deep.equal(['file', 'queued']);
    program.signal('SIGTERM');
    await program.exited();
    // Without the program the store is read as it lies there.
    const stopped = await listed();
    expect(stopped).to.have.length(3);
    expect((await program.command('deadletters', 'show', file.id)).out).to.contain('out of order');
    const late = await program.command('deadletters', 'replay', file.id);
    expect(late.code).to.equal(1);
    expect(late.err).to.contain('no running Mecha');
  });

  it('undoes, when it starts again, the sagas that were under way', async () => {
    program.write(
      'routes/a.yaml',
      `- beans: [ { name: sagaService, type: org.apache.camel.saga.InMemorySagaService, initMethod: start } ]
- from:
    uri: platform-http:/order
    steps:
      - saga:
          compensation: direct:cancel
          option: [ { key: order, simple: "\${header.number}" } ]
          steps:
            - to: direct:pay
            - to: "file:out?fileName=begun.txt&fileExist=Append&appendChars=\\\\n"
            - delay: { simple: "\${header.wait}" }
- from: { uri: "direct:pay", steps: [ { saga: { propagation: MANDATORY, compensation: "direct:refund", option: [ { key: order, simple: "\${header.number}" } ], steps: [ { setBody: { simple: "\${header.number}" } } ] } } ] }
- from: { uri: "direct:cancel", steps: [ { setBody: { simple: "cancel \${header.order}" } }, { to: "direct:write" } ] }
- from: { uri: "direct:refund", steps: [ { setBody: { simple: "refund \${header.order}" } }, { to: "direct:write" } ] }
- from: { uri: "direct:write", steps: [ { to: "file:out?fileName=undone.txt&fileExist=Append&appendChars=\\\\n" } ] }
`,
    );
    await program.start();
    expect((await program.get('/order?number=1&wait=0')).status).to.equal(200);
    const cut = program.get('/order?number=2&wait=600000').catch(() => null);
    await eventually(() => expect(lines('out/begun.txt')).to.deep.equal(['1', '2']), 20_000);
    program.signal('SIGKILL');
    await program.exited();
    await cut;
    expect(lines('out/undone.txt')).to.deep.equal([]);
    await program.start();
    await eventually(() => expect(lines('out/undone.txt')).to.deep.equal(['refund 2', 'cancel 2']), 20_000);
    program.signal('SIGTERM');
    expect((await program.exited()).code).to.equal(0);
    await program.start();
    program.signal('SIGTERM');
    await program.exited();
    expect(lines('out/undone.txt')).to.deep.equal(['refund 2', 'cancel 2']);
  });

  it('says what is wrong with a store that is damaged, and starts nothing', async () => {
    program.write('routes/a.yaml', routes);
    await program.start();
    program.signal('SIGTERM');
    await program.exited();
    const state = join(program.folder, '.mecha/state');
    for (const name of readdirSync(state)) if (/\.mdb$/.test(name) && !name.startsWith('lock')) writeFileSync(join(state, name), Buffer.alloc(8192, 7));
    program.spawn(['run', 'routes', '--port', String(program.port)]);
    const { code } = await program.exited();
    expect(program.err).to.contain("the state folder can't be used");
    expect(code).to.equal(2);
    rmSync(state, { recursive: true });
  });

  it('says who uses its state folder already', async () => {
    program.write('routes/a.yaml', routes);
    await program.start();
    const second = await program.command('run', 'routes', '--port', '0');
    expect(second.code).to.equal(2);
    expect(second.err).to.match(/error\[M0710\]: .*process \d+/);
  });
});
