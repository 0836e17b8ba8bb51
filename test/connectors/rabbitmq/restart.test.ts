import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { connect } from 'amqplib';
import { expect } from 'chai';
import { eventually } from '../../runtime/rig.ts';
import { freePort, Program } from '../../runtime/program.ts';
import { describeWithBroker } from './broker.ts';

const run = promisify(execFile);
const scripts = fileURLToPath(new URL('../../../scripts/services/', import.meta.url));
const control = '/usr/lib/rabbitmq/bin/rabbitmqctl';
const messages = 2000;

/** A broker of its own, since the others go on with theirs. */
class OwnBroker {
  private readonly folder = mkdtempSync(join(tmpdir(), 'mecha-rabbitmq-'));
  port = 0;
  private environment: Record<string, string> = {};

  async start(): Promise<void> {
    const [port, http, distribution, names] = [await freePort(), await freePort(), await freePort(), await freePort()];
    this.port = port;
    this.environment = {
      ...(process.env as Record<string, string>),
      SERVICES_RUN: join(this.folder, 'run'),
      SERVICES_HOME: join(this.folder, 'home'),
      RABBITMQ_PORT: String(port),
      RABBITMQ_HTTP_PORT: String(http),
      RABBITMQ_DIST_PORT: String(distribution),
      RABBITMQ_EPMD_PORT: String(names),
    };
    await this.up();
  }

  get url(): string {
    return `amqp://guest:guest@127.0.0.1:${this.port}`;
  }

  up(): Promise<unknown> {
    return run('bash', [join(scripts, 'up.sh'), 'rabbitmq'], { env: this.environment });
  }

  down(...keep: string[]): Promise<unknown> {
    return run('bash', [join(scripts, 'down.sh'), ...keep, 'rabbitmq'], { env: this.environment });
  }

  /** The share of memory above which it takes no messages. */
  limitMemory(share: string): Promise<unknown> {
    const { SERVICES_RUN, RABBITMQ_EPMD_PORT } = this.environment;
    return run(control, ['-n', 'mecha@localhost', 'set_vm_memory_high_watermark', share], { env: { ...this.environment, HOME: join(SERVICES_RUN!, 'rabbitmq'), ERL_EPMD_PORT: RABBITMQ_EPMD_PORT! } });
  }

  async send(queue: string, texts: readonly string[]): Promise<void> {
    const connection = await connect(this.url);
    const channel = await connection.createConfirmChannel();
    for (const text of texts) channel.sendToQueue(queue, Buffer.from(text), { persistent: true, contentType: 'text/plain' });
    await channel.waitForConfirms();
    await connection.close();
  }

  async counts(...queues: string[]): Promise<number[]> {
    const connection = await connect(this.url);
    try {
      const channel = await connection.createChannel();
      channel.on('error', () => undefined);
      const counts: number[] = [];
      for (const queue of queues) counts.push((await channel.checkQueue(queue)).messageCount);
      return counts;
    } finally {
      await connection.close().catch(() => undefined);
    }
  }

  async take(queue: string): Promise<string[]> {
    const connection = await connect(this.url);
    const channel = await connection.createChannel();
    const texts: string[] = [];
    for (let message = await channel.get(queue, { noAck: true }); message !== false; message = await channel.get(queue, { noAck: true })) texts.push(message.content.toString());
    await connection.close();
    return texts;
  }

  async close(): Promise<void> {
    await this.down();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const broker = 'addresses: "127.0.0.1:1,127.0.0.1:{{port}}", reconnectDelay: 50';
const route = `
- route:
    id: relay
    from:
      uri: spring-rabbitmq:default
      parameters: { ${broker}, queues: in, arg.queue.x-queue-type: quorum, prefetchCount: 100 }
      steps:
        - to: { uri: "spring-rabbitmq:default", parameters: { ${broker}, routingKey: out, queues: out, arg.queue.durable: true, autoDeclareProducer: true } }
`;

describeWithBroker('spring-rabbitmq, whose broker', () => {
  let own: OwnBroker;
  let program: Program;

  before(async function () {
    this.timeout(120_000);
    own = new OwnBroker();
    await own.start();
    program = new Program();
    program.write('routes/relay.yaml', route);
    await program.start('--property', `port=${own.port}`);
    await eventually(async () => expect(await own.counts('in', 'out')).to.deep.equal([0, 0]), 30_000);
  });

  after(async function () {
    this.timeout(60_000);
    await program.end();
    await own.close();
  });

  it('restarts, goes on with all that is in its queues', async () => {
    const texts = Array.from({ length: messages }, (_, i) => String(i));
    program.signal('SIGSTOP');
    await own.send('in', texts);
    program.signal('SIGCONT');
    await eventually(async () => expect((await own.counts('out'))[0]).to.be.above(0), 30_000);
    await own.down('--keep');
    await own.up();
    await eventually(async () => {
      const [left, done] = await own.counts('in', 'out');
      expect(left).to.equal(0);
      expect(done).to.be.at.least(messages);
    }, 60_000);
    const taken = await own.take('out');
    expect(new Set(taken).size, 'messages that came out').to.equal(messages);
    expect(taken.length - messages, 'duplicates').to.be.at.most(2 * 100);
  }).timeout(180_000);

  it('is short of memory, waits with what is to be sent, says so and loses nothing', async () => {
    program.signal('SIGSTOP');
    await own.send('in', ['a', 'b', 'c']);
    await own.limitMemory('0.000001');
    program.signal('SIGCONT');
    await eventually(() => expect(program.out).to.match(/takes no messages for now \(low on memory\)/), 30_000);
    expect((await own.take('out')).length).to.equal(0);
    await own.limitMemory('0.4');
    await eventually(async () => expect(await own.counts('in', 'out')).to.deep.equal([0, 3]), 30_000);
    expect((await own.take('out')).sort()).to.deep.equal(['a', 'b', 'c']);
  }).timeout(120_000);
}, { MECHA_SERVICES: process.env['MECHA_SERVICES'] });
