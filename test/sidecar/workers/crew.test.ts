import cluster from 'node:cluster';
import type { Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import { createBirpc } from 'birpc';
import { expect } from 'chai';
import { VirtualClock } from '../../../src/core/clock.ts';
import { Diagnostics } from '../../../src/core/diagnostics.ts';
import { MemoryStore } from '../../../src/stores/memory.ts';
import { readConfiguration } from '../../../src/runtime/configuration.ts';
import type { LineSink } from '../../../src/sidecar/admin.ts';
import { ApiError } from '../../../src/sidecar/admin.ts';
import { Crew } from '../../../src/sidecar/workers/crew.ts';
import type { PrimaryCalls, WorkerCalls } from '../../../src/sidecar/workers/protocol.ts';
import { eventually } from '../../eventually.ts';

/** A worker without a process, whose routes run at once. */
class Pretended extends EventEmitter {
  readonly process: { readonly pid: number | undefined };
  private receive: (data: unknown) => void = () => undefined;

  constructor(pid: number | undefined) {
    super();
    this.process = { pid };
    const calls = {
      prepare: () => ({ isReady: true, view: null, printed: '' }),
      conclude: () => ({ isReady: true, view: { result: 'applied' }, printed: '' }),
      modules: () => [],
      becomeFirst: () => undefined,
      admin: () => ({ status: 200, body: {} }),
      stop: () => true,
      end: () => this.emit('exit', 0, null),
    };
    const primary = createBirpc<PrimaryCalls, WorkerCalls>(calls as unknown as WorkerCalls, { post: (data) => void this.emit('message', data), on: (receive) => (this.receive = receive), bind: 'functions' });
    if (pid !== undefined) setImmediate(() => void primary.started([]));
  }

  isConnected(): boolean {
    return true;
  }

  send(data: unknown): void {
    this.receive(data);
  }
}

describe('the processes of mecha run --workers', () => {
  const { fork } = cluster;
  let forks: (() => Pretended)[];
  let said: string[];
  let clock: VirtualClock;
  let crew: Crew;
  let pids: number;

  const begins = (): Pretended => new Pretended(++pids);
  const throws = (): Pretended => {
    throw new Error('spawn EMFILE');
  };
  const fails = (): Pretended => {
    const worker = new Pretended(undefined);
    setImmediate(() => worker.emit('error', new Error('spawn EAGAIN')));
    return worker;
  };

  beforeEach(() => {
    said = [];
    pids = 0;
    clock = new VirtualClock();
    cluster.fork = () => (forks.shift() ?? begins)() as unknown as Worker;
    const given = { files: [] } as never;
    crew = new Crew(
      {
        count: 1,
        clock,
        store: new MemoryStore(clock),
        configuration: readConfiguration({ folder: '.', readFile: () => null }, new Diagnostics()),
        folder: '.',
        program: { pid: 1 } as never,
        environment: {},
        read: () => given,
        print: () => '',
        newDiagnostics: () => new Diagnostics(),
        log: (_level, message) => void said.push(message),
      },
      given,
    );
  });
  afterEach(() => {
    cluster.fork = fork;
  });

  for (const [how, fail] of [['throws', throws], ['emits an error', fails]] as const) {
    it(`come again when the system has a process for them, reload and stop meanwhile (it ${how})`, async () => {
      forks = [];
      expect(await crew.start()).to.equal(null);
      forks = [fail, fail, begins];
      const [first] = (crew as unknown as { members: { worker: Pretended }[] }).members;
      first!.worker.emit('exit', null, 'SIGKILL');
      await clock.advance(150);
      await eventually(() => expect(said.filter((line) => line.includes('no process for a worker in the place of 1'))).to.have.length(1));
      expect((await crew.reload('test')).isTaken).to.equal(true);
      await eventually(async () => {
        await clock.advance(1000);
        expect(said).to.include('a worker has taken the place of 1');
      });
      expect(crew.pids).to.deep.equal([2]);
      expect(await crew.stop()).to.equal(true);
      expect(clock.waiting).to.equal(0);
    });

    it(`are not begun with where the system has none for the first (it ${how})`, async () => {
      forks = [fail];
      expect(await crew.start()).to.match(/^no process for a worker: spawn E/);
      expect(crew.pids).to.deep.equal([]);
    });
  }

  it('are not asked for a route whose name in the path can not be read', async () => {
    forks = [];
    await crew.start();
    for (const [method, url] of [['GET', '/routes/%zz'], ['POST', '/routes/%zz/stop']] as const) {
      const answer = await crew.answer({ method, url, body: '' }, {} as LineSink).catch((thrown: unknown) => thrown);
      expect(answer).to.be.instanceOf(ApiError).and.include({ status: 400 });
    }
    await crew.stop();
  });
});
