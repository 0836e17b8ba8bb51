import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Timer } from '../../src/core/clock.ts';
import type { ConnectorDefinition, Consumer, Sink } from '../../src/core/connector.ts';
import { defineConnector } from '../../src/core/connector.ts';
import { field } from '../../src/core/field.ts';
import { isUnhandled } from '../../src/core/exchange/exchange.ts';
import { Headers } from '../../src/core/exchange/headers.ts';
import { standardParts } from '../../src/runtime/standard.ts';
import type { ConnectorPromise, ConnectorRig } from './connector.ts';
import { connectorContract, connectorPromises, keepsConnectorContract, Surroundings } from './connector.ts';

/** What a consumer can get wrong: each flaw breaks one promise. */
const flaws: Readonly<Record<string, ConnectorPromise>> = {
  turnsOrderRound: 'delivers each message once, in the order in which they came',
  acknowledgesWhenLeft: 'acknowledges a message after it has settled, and not before',
  ignoresCredit: 'has no more messages under way than it has credit for',
  dropsFailed: 'delivers again what failed',
  endsAtFailure: 'goes on with the next message when one has failed',
  losesAtDeath: 'delivers again what had not settled when its process died',
  goesOnAfterStop: 'takes nothing any more once it has been stopped',
  dropsSettlingAfterStop: 'stops while a message is under way, which settles all the same',
  ignoresSuspend: 'pauses when it is suspended, and goes on when it is resumed',
  hoardsMessages: 'waits for a slow route, and holds no more in memory meanwhile',
  forgetsTimer: 'leaves no timer, socket or listener behind',
  forgetsSocket: 'leaves no timer, socket or listener behind',
  forgetsListener: 'leaves no timer, socket or listener behind',
  takesAnyOption: 'refuses wrong options when it is loaded, with their line',
  refusesOnlyWhenItReads: 'refuses wrong options when it is loaded, with their line',
  showsSecret: 'shows no secret in what it says',
  needsServerToStart: 'starts while its server is down, says so once, and delivers when it comes',
  saysAgainAndAgain: 'starts while its server is down, says so once, and delivers when it comes',
  endsAtCut: 'delivers everything over a cut connection',
  givesUpWhenSlow: 'is only slower over a slow line',
  waitsForAnswerForEver: 'notices a half-open connection, and goes on by another',
  endsAtRestart: 'delivers everything over a restart of its server',
  forgetsAtRestart: 'delivers everything over a restart of its server',
  turnsKeysRound: 'keeps the order of each key, with orderBy and lanes',
  letsCamelIn: 'hands headers on, and lets none of Camel in',
  letsCamelOut: 'sends headers by the rule by which it takes them, and lets none of Camel out',
  dropsHeadersOut: 'sends headers by the rule by which it takes them, and lets none of Camel out',
  dropsTrace: 'hands the trace context on',
  dropsTraceOut: 'hands the trace context on',
};

interface Message {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
}

class Queue {
  waiting: Message[] = [];
  acknowledged: string[] = [];
}

/** What is between the consumer and its queue. */
class Line {
  isUp = true;
  isStalled = false;
  delayMillis = 0;
  /** Lives of the server. */
  life = 0;
}

/** A source in memory that is looked at every millisecond. */
class QueueConsumer implements Consumer {
  private readonly queue: Queue;
  private readonly surroundings: Surroundings;
  private readonly flaw: string | null;
  private readonly credit: number;
  private readonly line: Line;
  private readonly left: (() => void)[];
  private readonly hoard: Buffer[] = [];
  private readonly taken = new Set<Message>();
  private sink: Sink | null = null;
  private timer: Timer | null = null;
  private underWay = 0;
  private isOn = false;
  private isStopped = false;
  private isDead = false;
  private isWaiting = false;
  private wasUp = false;
  private life = 0;

  constructor(queue: Queue, surroundings: Surroundings, flaw: string | null, credit: number, line: Line, left: (() => void)[]) {
    this.queue = queue;
    this.surroundings = surroundings;
    this.flaw = flaw;
    this.credit = credit;
    this.line = line;
    this.left = left;
  }

  async start(sink: Sink): Promise<void> {
    if (this.flaw === 'needsServerToStart' && !this.line.isUp) throw new Error('the server is down');
    this.sink = sink;
    if (this.flaw === 'forgetsSocket') await this.leaveSocket();
    return this.resume();
  }

  private leaveSocket(): Promise<void> {
    return new Promise((resolve) => {
      const server = createServer((other) => void this.left.push(() => other.destroy())).listen(0, '127.0.0.1', () => {
        const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', resolve);
        this.left.push(() => socket.destroy(), () => server.close());
      });
    });
  }

  stop(): Promise<void> {
    if (this.flaw === 'goesOnAfterStop') return Promise.resolve();
    this.isStopped = true;
    this.halt();
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.halt();
    switch (this.flaw) {
      case 'forgetsTimer':
        this.surroundings.clock.schedule(60_000, () => undefined);
        break;
      case 'forgetsListener': {
        const listener = (): void => undefined;
        process.on('SIGUSR2', listener);
        this.left.push(() => process.off('SIGUSR2', listener));
      }
    }
    return Promise.resolve();
  }

  suspend(): Promise<void> {
    if (this.flaw !== 'ignoresSuspend') this.halt();
    return Promise.resolve();
  }

  resume(): Promise<void> {
    this.isOn = true;
    this.look();
    return Promise.resolve();
  }

  /** Its process has died: the queue has back what was not acknowledged. */
  die(): void {
    this.isDead = true;
    this.halt();
    if (this.flaw !== 'losesAtDeath') this.queue.waiting.unshift(...this.taken);
  }

  /** Its server has died: so have the connections, and what came over them comes again. */
  serverDied(): void {
    if (this.flaw !== 'forgetsAtRestart') this.queue.waiting.unshift(...this.taken);
    this.taken.clear();
  }

  private halt(): void {
    this.isOn = false;
    this.timer?.cancel();
  }

  private get canReach(): boolean {
    const { line, flaw, surroundings } = this;
    if (line.life !== this.life) {
      this.life = line.life;
      if (flaw === 'endsAtRestart') this.halt();
    }
    if (!line.isUp) {
      if (flaw === 'endsAtCut' && this.wasUp) this.halt();
      if (!this.isWaiting || flaw === 'saysAgainAndAgain') if (!this.wasUp) surroundings.context.waiting('the server is down');
      this.isWaiting = true;
      return false;
    }
    if (line.isStalled) {
      if (flaw === 'waitsForAnswerForEver') this.halt();
      return false;
    }
    if (line.delayMillis > 0 && flaw === 'givesUpWhenSlow') return false;
    if (this.isWaiting && !this.wasUp) surroundings.context.ready();
    this.isWaiting = false;
    this.wasUp = true;
    return true;
  }

  private look(): void {
    this.timer?.cancel();
    const credit = this.flaw === 'ignoresCredit' ? Math.max(3, this.credit) : this.credit;
    if (this.canReach) {
      if (this.flaw === 'hoardsMessages') for (const { name } of this.queue.waiting) if (name.length > 1000 && this.hoard.length < this.queue.waiting.length) this.hoard.push(Buffer.from(name));
      while (this.isOn && this.underWay < credit && this.queue.waiting.length > 0) this.take();
    }
    if (this.isOn) this.timer = this.surroundings.clock.schedule(1, () => this.look());
  }

  private take(): void {
    const { queue, flaw } = this;
    const isTurned = flaw === 'turnsOrderRound' && this.credit < 4 && queue.waiting.length > 1 && queue.waiting.length < 4;
    const message = isTurned ? queue.waiting.splice(1, 1)[0]! : flaw === 'turnsKeysRound' && this.credit > 4 ? queue.waiting.pop()! : queue.waiting.shift()!;
    const { name } = message;
    const { life } = this.line;
    this.underWay++;
    this.taken.add(message);
    const headers = new Headers();
    for (const [header, value] of Object.entries(passing(message.headers, flaw === 'letsCamelIn'))) {
      if (header === 'traceparent' && flaw === 'dropsTrace') continue;
      headers.set(header, value);
    }
    this.sink!.push(this.sink!.exchange(name, headers), {
      left: (exchange) => {
        this.underWay--;
        if (flaw === 'acknowledgesWhenLeft' && !exchange.isFailed) queue.acknowledged.push(name);
      },
      settle: (exchange) => {
        if (this.isDead || life !== this.line.life) return Promise.resolve();
        this.taken.delete(message);
        if (isUnhandled(exchange)) {
          if (flaw === 'endsAtFailure' && queue.waiting.length > 0) this.halt();
          if (flaw !== 'dropsFailed') queue.waiting.push(message);
          return Promise.resolve();
        }
        // Never comes to an end.
        if (flaw === 'dropsSettlingAfterStop' && this.isStopped) return new Promise<void>(() => undefined);
        if (flaw !== 'acknowledgesWhenLeft') queue.acknowledged.push(name);
        return Promise.resolve();
      },
    });
  }
}

/** Headers of which none that steers Camel may pass, in or out. */
const passing = (headers: Readonly<Record<string, string>>, letsCamel: boolean): Record<string, string> => Object.fromEntries(Object.entries(headers).filter(([name]) => letsCamel || !/^camel/i.test(name)));

const unstarted = (flaw: string | null): Consumer => ({
  start: () => (flaw === 'refusesOnlyWhenItReads' ? Promise.resolve() : Promise.reject(new Error('no queue to read'))),
  stop: () => Promise.resolve(),
});

const definitionOf = (flaw: string | null): ConnectorDefinition =>
  defineConnector({
    scheme: 'queue',
    syntax: 'queue:name',
    summary: 'A queue in memory.',
    options: {
      name: field.string('Name.').inPath(),
      size: flaw === 'takesAnyOption' || flaw === 'refusesOnlyWhenItReads' ? field.string('Most messages.') : field.count('Most messages.'),
    },
    consumer: () => unstarted(flaw === 'takesAnyOption' ? 'refusesOnlyWhenItReads' : flaw),
  }) as ConnectorDefinition;

const open = (flaw: string | null) => (): Promise<ConnectorRig> => {
  const surroundings = new Surroundings();
  const queue = new Queue();
  const consumers: QueueConsumer[] = [];
  const left: (() => void)[] = [];
  const line = new Line();
  const make = (credit: number, way = new Line()): Promise<Consumer> => {
    const consumer = new QueueConsumer(queue, surroundings, flaw, credit, way, left);
    consumers.push(consumer);
    return Promise.resolve(consumer);
  };
  const send = (messages: readonly Message[]): Promise<void> => {
    queue.waiting.push(...messages);
    return Promise.resolve();
  };
  const change = (change: Partial<Line>): Promise<void> => {
    Object.assign(line, change);
    return Promise.resolve();
  };
  return Promise.resolve({
    surroundings,
    definition: definitionOf(flaw) as never,
    patienceMillis: flaw === null ? 2000 : 250,
    consumer: (credit = 1) => make(credit),
    send: (...names) => send(names.map((name) => ({ name, headers: {} }))),
    sendWith: (name, headers) => send([{ name, headers }]),
    sendLarge: (count, bytes) => send(Array.from({ length: count }, (_, i) => ({ name: `${i} `.padEnd(bytes), headers: {} }))),
    nameOf: (exchange) => String(exchange.body),
    acknowledged: () => Promise.resolve([...queue.acknowledged]),
    abandon: (consumer) => {
      (consumer as QueueConsumer).die();
      return Promise.resolve();
    },
    sendOut: (headers) => {
      const dropped = flaw === 'dropsHeadersOut' ? 'color' : flaw === 'dropsTraceOut' ? 'traceparent' : '';
      return Promise.resolve(passing(Object.fromEntries(Object.entries(headers).filter(([name]) => name !== dropped)), flaw === 'letsCamelOut'));
    },
    server: () =>
      Promise.resolve({
        consumer: () => make(1, line),
        send: (...names) => send(names.map((name) => ({ name, headers: {} }))),
        nameOf: (exchange) => String(exchange.body),
        acknowledged: () => Promise.resolve([...queue.acknowledged]),
        kill: () => {
          for (const consumer of consumers) consumer.serverDied();
          return change({ isUp: false, life: line.life + 1 });
        },
        restart: () => change({ isUp: true }),
        close: () => Promise.resolve(),
      }),
    wrong: [
      ['queue:x?size=many', /size/],
      ['queue:x?syze=5', /syze/],
    ],
    secret: { uri: 'queue:x?password=open-sesame', text: 'open-sesame' },
    open: (uri) => {
      if (uri.includes('password')) return Promise.reject(new Error(`can't log in${flaw === 'showsSecret' ? ` with ${uri}` : ''}`));
      return make(1);
    },
    network: {
      consumer: () => make(1, line),
      cut: () => change({ isUp: false }),
      mend: () => change({ isUp: true }),
      delay: (delayMillis) => change({ delayMillis }),
      stall: () => change({ isStalled: true }),
      heal: () => change({ isStalled: false, delayMillis: 0 }),
    },
    close: async () => {
      for (const consumer of consumers) await consumer.close();
      for (const end of left) end();
      // Sockets are gone a moment after they were destroyed.
      if (left.length > 0) await new Promise<void>((resolve) => void surroundings.clock.schedule(20, resolve));
    },
  });
};

keepsConnectorContract('a queue in memory', open(null), {});

describe("the connectors' contract", () => {
  it('has a flaw for each of its lines', () => {
    expect([...new Set(Object.values(flaws))].sort()).to.deep.equal([...connectorPromises].sort());
  });

  it('is spoken to by each connector that can be consumed from: every line is run, or not promised for a reason', () => {
    const files = readdirSync(new URL('../connectors', import.meta.url), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts'));
    const tests = files.map((file) => readFileSync(new URL(`../connectors/${file}`, import.meta.url), 'utf8')).filter((text) => text.includes('keepsConnectorContract('));
    const silent = Object.values(standardParts.connectors).filter(({ consumer, notPromised, promisesOfOthers }) => consumer !== undefined && (notPromised === undefined) === (promisesOfOthers === undefined));
    expect(silent.map(({ scheme }) => scheme), 'says nothing, or both').to.deep.equal([]);
    const promising = Object.values(standardParts.connectors).filter(({ notPromised }) => notPromised !== undefined);
    const unseen = promising.filter(({ scheme }) => !tests.some((text) => new RegExp(`'${scheme}',|\\[\\w+, '${scheme}:`).test(text)));
    expect(unseen.map(({ scheme }) => scheme), 'not run').to.deep.equal([]);
    for (const { scheme, notPromised } of promising) {
      for (const [promise, reason] of Object.entries(notPromised!)) {
        expect(connectorPromises, scheme).to.include(promise);
        expect(reason, `${scheme}: ${promise}`).to.match(/\w+ \w+/);
      }
    }
  });

  for (const [flaw, broken] of Object.entries(flaws)) {
    it(`fails for a connector that ${flaw.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}, in that line alone`, async () => {
      const failed: ConnectorPromise[] = [];
      // One after the other: memory, sockets and listeners are the whole process's.
      for (const promise of connectorPromises) {
        const rig = await open(flaw)();
        try {
          await connectorContract[promise](rig);
        } catch {
          failed.push(promise);
        } finally {
          await rig.close();
        }
      }
      expect(failed).to.deep.equal([broken]);
    }).timeout(20_000);
  }
});
