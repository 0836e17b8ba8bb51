import { expect } from 'chai';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askAdmin, openAdminAnswer } from '../../src/sidecar/client.ts';
import { systemClock } from '../../src/core/clock.ts';
import { mecha } from '../command.ts';
import { eventually } from '../eventually.ts';
import { amqpUrl, Broker, describeWithBroker } from '../connectors/rabbitmq/broker.ts';
import { lmdbStore } from '../../src/stores/lmdb.ts';
import { setFormat } from '../stores/lmdbRig.ts';
import { expectDescribed } from '../sidecar/described.ts';

const route = (id: string, uri: string, ...steps: readonly string[]): string => `- route:\n    id: ${id}\n    from:\n      uri: ${uri}\n      steps:\n${steps.map((step) => `        - ${step}\n`).join('')}`;

const patient = 20_000;

interface Info {
  readonly generation: number;
  readonly workers: readonly { readonly pid: number; readonly isFirst: boolean; readonly isRunning: boolean }[];
}

/** `mecha run --workers` as a process, in a folder of its own. */
class Crew {
  readonly folder = mkdtempSync(join(tmpdir(), 'mecha-workers-'));
  text = '';
  errors = '';
  code: number | null = null;
  private process: ChildProcess | null = null;

  write(name: string, text: string): void {
    mkdirSync(join(this.folder, name, '..'), { recursive: true });
    writeFileSync(join(this.folder, name), text);
  }

  async start(...args: readonly string[]): Promise<this> {
    this.spawn(...args);
    await eventually(() => expect(this.url, `${this.errors}${this.text}`).not.to.equal(''), patient);
    return this;
  }

  spawn(...args: readonly string[]): void {
    const { MECHA_WORKER: _, ...environment } = process.env;
    const child = spawn(process.execPath, [...mecha, 'run', 'routes', '--port', '0', '--log-format', 'text', '--workers', '2', ...args], { cwd: this.folder, env: { ...environment, MECHA_SUMMARY: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (data) => (this.text += String(data)));
    child.stderr.on('data', (data) => (this.errors += String(data)));
    child.on('exit', (code, signal) => (this.code = code ?? (signal === null ? 0 : 255)));
    this.process = child;
  }

  get url(): string {
    return /http:\/\/[\d.]+:\d+/.exec(this.text)?.[0] ?? '';
  }

  /** Each request comes by a connection of its own, so that the workers take turns. */
  async get(path: string, method = 'GET', body?: string): Promise<string> {
    const answer = await fetch(`${this.url}${path}`, { method, headers: { connection: 'close' }, ...(body === undefined ? {} : { body }) });
    return `${answer.status} ${await answer.text()}`;
  }

  async admin<T>(method: string, path: string): Promise<T> {
    return (await askAdmin(join(this.folder, '.mecha/admin.sock'), method, path)).body as T;
  }

  info(): Promise<Info> {
    return this.admin<Info>('GET', '/info');
  }

  signal(signal: NodeJS.Signals): void {
    this.process?.kill(signal);
  }

  async ended(): Promise<number> {
    await eventually(() => expect(this.code).not.to.equal(null), patient);
    return this.code!;
  }

  async clean(): Promise<void> {
    if (this.process !== null && this.code === null) {
      this.process.kill('SIGKILL');
      await this.ended();
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

const collect = route('collect', 'platform-http:/collect', 'aggregate: { correlationExpression: { constant: all }, completionSize: 20, aggregationStrategy: GroupedBodyAggregationStrategy, steps: [{ log: "a group of ${body.size}" }] }', 'setBody: { constant: taken }');
const who = '- beans:\n    - name: process\n      type: "#module:./who.mjs"\n' + route('who', 'platform-http:/who', 'bean: { ref: process, method: pid }');
const tick = route('tick', "'timer:tick?period=100&includeMetadata=true'", 'log: "tick ${exchangeProperty.CamelTimerCounter}"');

describe('mecha run --workers', function () {
  this.timeout(90_000);
  let crew: Crew;
  beforeEach(() => {
    crew = new Crew();
    crew.write('who.mjs', "export const pid = () => String(process.pid);\n");
  });
  afterEach(() => crew.clean());

  it('shares requests among processes, and runs what only one may run in the first', async () => {
    crew.write('routes/a.yaml', who + collect + tick);
    await crew.start();
    expect(crew.text).to.contain('mecha runs 3 routes in 2 workers').and.contain('(first worker: aggregate)').and.contain('(first worker: timer)');
    const { workers } = await crew.info();
    const pids = new Set<string>();
    await eventually(async () => {
      for (const pid of await Promise.all([1, 2, 3, 4, 5, 6].map(() => crew.get('/who')))) pids.add(pid);
      expect([...pids].sort()).to.deep.equal(workers.map(({ pid }) => `200 ${pid}`).sort());
    });
    // Wherever a request comes in, its group is the same one.
    for (let i = 0; i < 40; i++) expect(await crew.get('/collect', 'POST', `body ${i}`)).to.equal('200 taken');
    await eventually(() => expect(crew.text.match(/a group of 20/g)).to.have.length(2));
    const ticks = (): string[] => [...crew.text.matchAll(/tick: tick (\d+)/g)].map(([, count]) => count!);
    await eventually(() => expect(ticks().length).to.be.greaterThan(5));
    expect(ticks().slice(0, 5), 'one timer').to.deep.equal(['1', '2', '3', '4', '5']);
    crew.signal('SIGTERM');
    expect(await crew.ended(), crew.text).to.equal(0);
  });

  it('streams events to all subscribers, whichever worker they come to, also when another worker becomes the first', async () => {
    crew.write('routes/a.yaml', who + route('news', 'platform-http:/news', "to: 'sse:/events?history=50'", 'setBody: { simple: "${header.CamelSseSubscribers}" }'));
    await crew.start();
    expect(crew.text).to.contain('(first worker: sse)');
    const got: string[] = [];
    const statuses: number[] = [];
    const open: AbortController[] = [];
    const subscribe = async (name: string, lastId?: string): Promise<void> => {
      const stopping = new AbortController();
      open.push(stopping);
      const reply = await fetch(`${crew.url}/events`, { signal: stopping.signal, headers: { connection: 'close', ...(lastId === undefined ? {} : { 'Last-Event-ID': lastId }) } });
      statuses.push(reply.status);
      const read = async (): Promise<void> => {
        const decoder = new TextDecoder();
        for await (const piece of reply.body!) for (const [, data] of decoder.decode(piece as Uint8Array).matchAll(/^data: (.*)$/gm)) got.push(`${name} ${data}`);
      };
      read().catch(() => undefined);
    };
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const name of names) await subscribe(name);
    expect(statuses).to.deep.equal(names.map(() => 200));
    // Wherever an event comes in, it goes to all of them.
    for (const event of ['1', '2', '3', '4']) expect(await crew.get('/news', 'POST', event)).to.equal('200 6');
    const expected = (from: readonly string[], events: readonly string[]): string[] => from.flatMap((name) => events.map((event) => `${name} ${event}`));
    await eventually(() => expect([...got].sort()).to.deep.equal(expected(names, ['1', '2', '3', '4'])));
    // Who comes later, with an id that nobody knows, is given what is kept.
    await subscribe('late', 'gone');
    await subscribe('later', 'gone');
    await eventually(() => expect(got.filter((event) => event.startsWith('late')).sort()).to.deep.equal(expected(['late', 'later'], ['1', '2', '3', '4'])));
    const { workers } = await crew.info();
    process.kill(workers.find(({ isFirst }) => isFirst)!.pid, 'SIGKILL');
    await eventually(async () => expect((await crew.info()).workers.filter(({ pid, isRunning }) => isRunning && !workers.some((before) => before.isFirst && before.pid === pid))).to.have.length(2), patient);
    got.length = 0;
    statuses.length = 0;
    await eventually(async () => {
      for (const stopping of open.splice(0)) stopping.abort();
      statuses.length = 0;
      for (const name of names) await subscribe(name);
      expect(statuses).to.deep.equal(names.map(() => 200));
    }, patient);
    await eventually(async () => expect(await crew.get('/news', 'POST', 'after')).to.equal('200 6'), patient);
    await eventually(() => expect([...new Set(got)].sort()).to.deep.equal(expected(names, ['after'])));
    for (const stopping of open) stopping.abort();
  });

  it('counts what all of them do', async () => {
    crew.write('routes/a.yaml', who + collect);
    await crew.start();
    for (let i = 0; i < 10; i++) await crew.get('/who');
    for (let i = 0; i < 5; i++) await crew.get('/collect', 'POST', 'x');
    await eventually(async () => {
      const metrics = await crew.get('/metrics');
      expect(metrics).to.match(/^mecha_route_exchanges_completed_total\{route="who"\} 10$/m).and.match(/^mecha_route_exchanges_completed_total\{route="collect"\} 5$/m).and.match(/^process_resident_memory_bytes \d+$/m);
    });
    const { routes } = await crew.admin<{ routes: { id: string; completed: number }[] }>('GET', '/routes');
    expect(routes.map(({ id, completed }) => `${id} ${completed}`)).to.deep.equal(['who 10', 'collect 5']);
    const collected = await crew.admin<{ steps: { id: string; exchanges: number }[] }>('GET', '/routes/collect');
    expect(collected.steps[0]!.exchanges).to.equal(5);
    expect(await crew.get('/health/ready')).to.match(/^200 .*"UP"/);
  });

  it('goes on when the first is killed under load: another takes its place with the groups, and a new one comes', async () => {
    crew.write('routes/a.yaml', who + collect + tick);
    await crew.start();
    for (let i = 0; i < 15; i++) expect(await crew.get('/collect', 'POST', `body ${i}`)).to.equal('200 taken');
    const first = (await crew.info()).workers.find(({ isFirst }) => isFirst)!;
    const answers = { good: 0, cut: 0, odd: [] as string[] };
    let isOver = false;
    const load = Promise.all(
      [1, 2, 3].map(async () => {
        while (!isOver) {
          try {
            const answer = await crew.get('/who');
            if (/^200 \d+$/.test(answer)) answers.good++;
            else answers.odd.push(answer);
          } catch {
            answers.cut++;
          }
        }
      }),
    );
    await eventually(() => expect(answers.good).to.be.greaterThan(20));
    process.kill(first.pid, 'SIGKILL');
    await eventually(async () => {
      const { workers } = await crew.info();
      expect(workers.map(({ pid }) => pid)).to.not.include(first.pid);
      expect(workers.map(({ isFirst, isRunning }) => `${isFirst} ${isRunning}`).sort()).to.deep.equal(['false true', 'true true']);
    }, patient);
    const soFar = answers.good;
    await eventually(() => expect(answers.good).to.be.greaterThan(soFar + 20));
    isOver = true;
    await load;
    expect(answers.odd).to.deep.equal([]);
    expect(answers.cut, 'only what the killed one had under way').to.be.at.most(3);
    // The group that the killed one had open is the new first's.
    for (let i = 0; i < 5; i++) expect(await crew.get('/collect', 'POST', `more ${i}`)).to.equal('200 taken');
    await eventually(() => expect(crew.text).to.contain('a group of 20'));
    const ticks = (): number => (crew.text.match(/tick: tick/g) ?? []).length;
    const before = ticks();
    await eventually(() => expect(ticks(), 'the timer goes on').to.be.greaterThan(before + 3));
    expect(crew.text).to.contain(`worker ${first.pid} was ended by SIGKILL`);
    crew.signal('SIGTERM');
    expect(await crew.ended()).to.equal(0);
  });

  it('reloads in all workers or in none, and loses no request meanwhile', async () => {
    crew.write('routes/a.yaml', route('hello', 'platform-http:/hello', 'setBody: { constant: one }'));
    await crew.start();
    const seen: string[] = [];
    let isOver = false;
    const agent = new Agent({ keepAlive: true });
    const load = (async () => {
      while (!isOver) {
        seen.push(
          await new Promise<string>((resolve) => {
            request(`${crew.url}/hello`, { agent }, (answer) => {
              let text = '';
              answer.on('data', (data) => (text += String(data)));
              answer.on('end', () => resolve(text));
            })
              .on('error', (error) => resolve(String(error)))
              .end();
          }),
        );
      }
    })();
    crew.write('routes/a.yaml', route('hello', 'platform-http:/hello', 'setBody: { constant: two }') + route('more', 'platform-http:/more', 'setBody: { constant: more }'));
    await eventually(async () => {
      expect((await crew.info()).generation).to.equal(2);
    }, patient);
    for (let i = 0; i < 6; i++) {
      expect(await crew.get('/hello')).to.equal('200 two');
      expect(await crew.get('/more')).to.equal('200 more');
    }
    crew.write('routes/a.yaml', route('hello', 'platform-http:/hello', 'setBodi: { constant: three }'));
    await eventually(() => expect(crew.text + crew.errors).to.match(/rejected, generation 2 goes on: M0\d+: .*setBodi/), patient);
    for (let i = 0; i < 6; i++) expect(await crew.get('/hello')).to.equal('200 two');
    expect((await crew.info()).generation).to.equal(2);
    isOver = true;
    await load;
    agent.destroy();
    expect(new Set(seen)).to.deep.equal(new Set(['one', 'two']));
    crew.signal('SIGTERM');
    expect(await crew.ended()).to.equal(0);
  });

  it('suspends and resumes a route in all of them, in one that comes later too', async () => {
    crew.write('routes/a.yaml', who);
    await crew.start();
    expect(await crew.admin('POST', '/routes/who/suspend')).to.deep.equal({ id: 'who', state: 'Suspended' });
    for (let i = 0; i < 6; i++) expect(await crew.get('/who')).to.match(/^503/);
    const second = (await crew.info()).workers.find(({ isFirst }) => !isFirst)!;
    process.kill(second.pid, 'SIGKILL');
    await eventually(async () => {
      const { workers } = await crew.info();
      expect(workers.filter(({ isRunning }) => isRunning)).to.have.length(2);
      expect(workers.map(({ pid }) => pid)).to.not.include(second.pid);
    }, patient);
    await eventually(async () => {
      for (let i = 0; i < 6; i++) expect(await crew.get('/who')).to.match(/^503/);
    });
    await crew.admin('POST', '/routes/who/resume');
    for (let i = 0; i < 6; i++) expect(await crew.get('/who')).to.match(/^200/);
  });

  it('has an admin API that answers as its document says', async () => {
    crew.write('routes/a.yaml', who + tick + route('fails', 'direct:fails', 'throwException: { exceptionType: java.lang.IllegalStateException, message: "broken" }'));
    await crew.start();
    const asked: readonly [method: string, path: string, url: string, body?: unknown][] = [
      ['GET', '/info', '/info'],
      ['GET', '/health', '/health'],
      ['GET', '/inflight', '/inflight'],
      ['GET', '/routes', '/routes'],
      ['GET', '/routes/{id}', '/routes/tick'],
      ['GET', '/routes/{id}', '/routes/gone'],
      ['POST', '/routes/{id}/stop', '/routes/tick/stop'],
      ['GET', '/health', '/health'],
      ['POST', '/routes/{id}/start', '/routes/tick/start'],
      ['POST', '/routes/{id}/start', '/routes/gone/start'],
      ['GET', '/reload', '/reload'],
      ['POST', '/reload', '/reload'],
      ['POST', '/reload', '/reload', '- from: {'],
      ['POST', '/send', '/send', { uri: 'direct:fails' }],
      ['GET', '/deadletters', '/deadletters'],
      ['GET', '/deadletters/{id}', '/deadletters/gone'],
    ];
    for (const [method, path, url, body] of asked) expectDescribed(method, path, url, await askAdmin(join(crew.folder, '.mecha/admin.sock'), method, url, body));
    expect((await askAdmin(join(crew.folder, '.mecha/admin.sock'), 'GET', '/trace?route=gone')).status).to.equal(404);
    // What enters a route in any of them is traced.
    const response = await openAdminAnswer(join(crew.folder, '.mecha/admin.sock'), 'GET', '/trace?route=who');
    let lines = '';
    response.on('data', (data) => (lines += String(data)));
    const { workers } = await crew.info();
    const pids = new Set<string>();
    await eventually(async () => {
      for (const answer of await Promise.all([1, 2, 3, 4, 5, 6].map(() => crew.get('/who')))) pids.add(answer);
      expect(pids.size).to.equal(workers.length);
    });
    await eventually(() => {
      for (const { pid } of workers) expect(lines).to.contain(String(pid));
    });
    response.destroy();
  });

  it('finishes what all of them have under way before it ends', async () => {
    crew.write('routes/a.yaml', route('slow', 'platform-http:/slow', 'delay: { constant: 700 }', 'setBody: { constant: done }'));
    await crew.start();
    const replies = Array.from({ length: 6 }, () => crew.get('/slow'));
    await eventually(async () => {
      expect((await crew.admin<{ total: number }>('GET', '/inflight')).total).to.equal(6);
    });
    crew.signal('SIGTERM');
    expect(await Promise.all(replies)).to.deep.equal(Array.from({ length: 6 }, () => '200 done'));
    expect(await crew.ended()).to.equal(0);
  });

  it('answers 2 and says what is wrong with the state folder as one process does', async () => {
    crew.write('routes/a.yaml', who);
    const state = join(crew.folder, '.mecha/state');
    await (await lmdbStore(state, systemClock)).close();
    await setFormat(state, 2);
    crew.spawn();
    expect(await crew.ended(), crew.errors).to.equal(2);
    expect(crew.errors).to.match(/^error\[M0712\]: the state folder .*was written by a later version of Mecha: .*\n *= help: /);
  });

  it('answers 2 and says once what is wrong when the routes can not start, and refuses --dev', async () => {
    crew.write('routes/a.yaml', route('bad', 'nowhere:x', 'log: x'));
    crew.spawn();
    expect(await crew.ended()).to.equal(2);
    expect(crew.errors.match(/M0401/g)).to.have.length(1);
    crew.code = null;
    crew.errors = '';
    crew.spawn('--dev');
    expect(await crew.ended()).to.equal(2);
    expect(crew.errors).to.contain('leave --workers away');
  });
});

describeWithBroker('mecha run --workers on a queue', function (this: void) {
  let crew: Crew;
  let broker: Broker;
  beforeEach(async () => {
    crew = new Crew();
    crew.write('who.mjs', "export const pid = () => String(process.pid);\n");
    broker = await Broker.open();
  });
  afterEach(async () => {
    await crew.clean();
    await broker.close();
  });

  it('shares its messages, and does each of them though one worker is killed', async () => {
    const queue = await broker.queue();
    const steps = ['delay: { constant: 10 }', 'setHeader: { name: text, simple: "${body}" }', 'bean: { ref: process, method: pid }', 'log: "did ${header.text} in ${body}"'];
    crew.write('routes/a.yaml', who.slice(0, who.indexOf('- route:')) + route('work', `"spring-rabbitmq:default?queues=${queue}&prefetchCount=10&autoDeclare=false"`, ...steps));
    await crew.start('--property', `rabbitmq.url=${amqpUrl}`);
    const wanted = Array.from({ length: 300 }, (_, n) => `message-${n}`);
    for (const text of wanted) await broker.send(queue, text);
    const done = (): Set<string> => new Set([...crew.text.matchAll(/did (message-\d+) in/g)].map(([, text]) => text!));
    await eventually(() => expect(done().size).to.be.greaterThan(20), patient);
    const { workers } = await crew.info();
    for (const { pid } of workers) await eventually(() => expect(crew.text).to.contain(` in ${pid}\n`), patient);
    process.kill(workers.find(({ isFirst }) => !isFirst)!.pid, 'SIGKILL');
    await eventually(() => expect(wanted.filter((text) => !done().has(text))).to.deep.equal([]), patient);
    crew.signal('SIGTERM');
    expect(await crew.ended(), crew.text.slice(-2000)).to.equal(0);
    expect(await broker.count(queue)).to.equal(0);
  }).timeout(90_000);
});
