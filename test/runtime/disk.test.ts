import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Program } from './program.ts';
import { eventually } from './rig.ts';

/** Files may not grow beyond 2 MB: to the program that is what a full disk is. */
const isFull = 'trap "" XFSZ; ulimit -f 4096;';

const routes = `- beans:
    - name: joined
      type: "#class:org.apache.camel.processor.aggregate.StringAggregationStrategy"
      properties: { delimiter: "," }
- route: { id: copy, from: { uri: "file:in?delay=20&initialDelay=0&sortBy=file:name", steps: [ { to: "file:out" } ] } }
- route: { id: upload, from: { uri: "platform-http:/upload", steps: [ { to: "file:uploads?fileName=u.bin" }, { setBody: { constant: "stored" } } ] } }
- route:
    id: group
    from:
      uri: file:members
      parameters: { delay: 20, initialDelay: 0, maxMessagesPerPoll: 20 }
      steps:
        - convertBodyTo: java.lang.String
        - aggregate:
            id: all
            correlationExpression: { constant: all }
            aggregationStrategy: "#joined"
            completionSize: 120
            steps:
              - setBody: { simple: "\${body.length} letters" }
              - to: "file:groups?fileName=size.txt"
`;

describe('a program whose disk is full', function () {
  this.timeout(120_000);
  let program: Program;

  beforeEach(() => {
    program = new Program();
    program.before = isFull;
    program.write('routes/a.yaml', routes);
  });

  afterEach(() => program.end());

  const restart = async (): Promise<void> => {
    program.signal('SIGTERM');
    await program.exited();
    program.before = '';
    await program.start();
  };

  it('leaves a file that it can not write where it was, and no piece of it elsewhere, goes on with others, and does it when there is room', async () => {
    const big = 'x'.repeat(3_000_000);
    program.write('in/a-big.txt', big);
    await program.start();
    await eventually(() => expect(program.out).to.match(/Cannot store file: [^"]*a-big\.txt \((EFBIG: file too large|the disk is full)/), 20_000);
    program.write('in/b-small.txt', 'small');
    await eventually(() => expect(program.files('out')).to.deep.equal(['b-small.txt']), 20_000);
    expect((await program.get('/upload', { method: 'POST', body: big })).status).to.equal(500);
    expect((await program.get('/upload', { method: 'POST', body: 'small' })).text).to.equal('stored');
    expect(program.files('uploads')).to.deep.equal(['u.bin']);
    // There is room in the state store for others than the big one.
    await eventually(async () => expect((await program.get('/health/ready')).status).to.equal(200), 20_000);
    expect(statSync(join(program.folder, 'in/a-big.txt')).size).to.equal(big.length);
    await restart();
    await eventually(() => expect(program.files('out')).to.deep.equal(['a-big.txt', 'b-small.txt']), 20_000);
    expect(statSync(join(program.folder, 'out/a-big.txt')).size).to.equal(big.length);
  });

  it('is not ready while its state store has no room, says so, and is again as soon as there is some', async () => {
    program.before = isFull.replace('-f', '-S -f');
    for (let i = 0; i < 120; i++) program.write(`members/m${String(i).padStart(3, '0')}`, String(i % 10).repeat(30_000));
    await program.start();
    const health = async (): Promise<{ status: string; reason?: string }> => JSON.parse((await program.get('/health/ready')).text) as { status: string; reason?: string };
    await eventually(async () => expect((await program.get('/health/ready')).status).to.equal(503), 20_000);
    const { status, reason } = await health();
    expect(status).to.equal('DOWN');
    expect(reason).to.match(/^the state store can't be written: the (disk is full|file would be larger than the system allows)/);
    expect((await program.get('/metrics')).text).to.match(/^mecha_state_store_up 0$/m);
    expect((await program.command('get', 'health')).out).to.include(reason!);
    execFileSync('prlimit', ['--pid', String(program.pid), '--fsize=unlimited']);
    await eventually(async () => expect((await health()).status).to.equal('UP'), 20_000);
    expect((await program.get('/metrics')).text).to.match(/^mecha_state_store_up 1$/m);
  });

  it('acknowledges nothing that its state store has no room for', async () => {
    for (let i = 0; i < 120; i++) program.write(`members/m${String(i).padStart(3, '0')}`, String(i % 10).repeat(30_000));
    await program.start();
    await eventually(() => expect(program.out).to.match(/can't write the state store/), 20_000);
    const left = program.files('members').filter((name) => !name.startsWith('.'));
    expect(left.length).to.be.within(1, 119);
    expect((await program.get('/health/live')).status).to.equal(200);
    await restart();
    // Some of those that did not come into their group found room as dead letters.
    await eventually(() => expect(program.files('members')).to.deep.equal(['.camel']), 20_000);
    if (program.files('groups').length === 0) expect((await program.command('deadletters', 'replay', '--route', 'group')).code).to.equal(0);
    await eventually(() => expect(program.files('groups')).to.deep.equal(['size.txt']), 20_000);
    expect(readFileSync(join(program.folder, 'groups/size.txt'), 'utf8')).to.equal(`${120 * 30_001 - 1} letters`);
  });
});
