import { Agent } from 'node:http';
import { expect } from 'chai';
import { eventually } from './rig.ts';
import { Program } from './program.ts';

const slow = `- route:
    id: slow
    from:
      uri: platform-http:/slow
      steps:
        - delay: { constant: "3000" }
        - setBody: { constant: "done" }
- route:
    id: quick
    from:
      uri: platform-http:/quick
      steps:
        - setBody: { constant: "quick" }
`;

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

describe('stopping', function () {
  this.timeout(60_000);
  let program: Program;

  beforeEach(() => {
    program = new Program();
  });

  afterEach(() => program.end());

  it('finishes what is in flight under load, says so to readiness, and exits with 0', async () => {
    program.write('routes/slow.yaml', slow).write('routes/files.yaml', '- route: { id: files, from: { uri: "file:in?delay=10&initialDelay=0", steps: [ { delay: { constant: "20" } }, { to: "file:out" } ] } }');
    for (let i = 0; i < 50; i++) program.write(`in/f${i}.txt`, 'x');
    await program.start();
    const agent = new Agent({ keepAlive: true });
    await Promise.all([program.get('/quick', { agent }), program.get('/quick', { agent })]);
    const asked = Array.from({ length: 20 }, (_, i) => program.get('/slow', i % 2 === 0 ? { agent } : {}));
    await program.underWay('slow', 20);
    program.signal('SIGTERM');
    await eventually(async () => expect((await program.get('/health/ready')).status).to.equal(503));
    const late = await program.get('/quick').catch(() => ({ status: 503 }));
    expect(late.status).to.equal(503);
    const answers = await Promise.all(asked);
    expect(answers.map(({ status, text }) => `${status} ${text}`)).to.deep.equal(asked.map(() => '200 done'));
    expect(await program.exited()).to.deep.equal({ code: 0, signal: null });
    // Each file is where it was, or done: none twice, none half.
    const left = program.files('in').filter((name) => name.endsWith('.txt'));
    expect(program.files('in/.camel').length + left.length).to.equal(50);
    expect(program.files('out')).to.deep.equal(program.files('in/.camel'));
    agent.destroy();
  });

  it('exits at once at the second signal', async () => {
    program.write('routes/slow.yaml', slow.replace('"3000"', '"20000"'));
    await program.start();
    const asked = program.get('/slow').catch(() => null);
    await program.underWay('slow', 1);
    program.signal('SIGTERM');
    await pause(400);
    expect(program.isRunning).to.equal(true);
    const before = performance.now();
    program.signal('SIGTERM');
    expect((await program.exited()).code).to.equal(130);
    expect(performance.now() - before).to.be.lessThan(2000);
    await asked;
  });

  it('takes no longer than shutdownTimeout, and says by its exit code that something did not finish', async () => {
    program.write('mecha.yaml', 'shutdownTimeout: 500').write('routes/slow.yaml', slow.replace('"3000"', '"20000"'));
    await program.start();
    const asked = program.get('/slow').catch(() => ({ status: 0 }));
    await program.underWay('slow', 1);
    const before = performance.now();
    program.signal('SIGTERM');
    expect((await program.exited()).code).to.equal(1);
    expect(performance.now() - before).to.be.lessThan(4000);
    expect((await asked).status).to.not.equal(200);
  });

  it('wakes who waits for another attempt: the file stays, past the dead letters', async () => {
    program.write(
      'routes/files.yaml',
      `- errorHandler: { deadLetterChannel: { deadLetterUri: "file:dead", redeliveryPolicy: { maximumRedeliveries: 100, redeliveryDelay: 20000 } } }
- route:
    id: files
    from: { uri: "file:in?delay=10&initialDelay=0", steps: [ { to: "file:tried" }, { throwException: { exceptionType: java.io.IOException, message: "down" } } ] }
`,
    );
    program.write('in/a.txt', 'x');
    await program.start();
    await eventually(() => expect(program.files('tried')).to.deep.equal(['a.txt']));
    await pause(50);
    const before = performance.now();
    program.signal('SIGTERM');
    expect((await program.exited()).code).to.equal(0);
    expect(performance.now() - before).to.be.lessThan(4000);
    expect(program.files('in')).to.deep.equal(['a.txt']);
    expect(program.files('dead')).to.deep.equal([]);
    expect((await program.command('deadletters', 'list')).out).to.equal('no dead letters\n');
  });

  it('gives who waits for a reply the attempts that there is time for', async () => {
    program.write(
      'routes/a.yaml',
      `- errorHandler: { defaultErrorHandler: { redeliveryPolicy: { maximumRedeliveries: 3, redeliveryDelay: 700 } } }
- route:
    id: a
    from:
      uri: platform-http:/a
      steps:
        - process: { ref: "#module:./flaky.mjs" }
`,
    );
    program.write('flaky.mjs', 'let calls = 0; export default (exchange) => { if (++calls < 4) throw new Error("down"); exchange.body = "at last"; };');
    await program.start();
    const asked = program.get('/a');
    await program.underWay('a', 1);
    program.signal('SIGTERM');
    expect(await asked).to.deep.equal({ status: 200, text: 'at last' });
    expect((await program.exited()).code).to.equal(0);
  });
});
