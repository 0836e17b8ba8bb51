import { expect } from 'chai';
import type { Timer } from '../../src/core/clock.ts';
import type { Consumer, Sink } from '../../src/core/connector.ts';
import { isUnhandled } from '../../src/core/exchange.ts';
import type { ConnectorPromise, ConnectorRig } from './connector.ts';
import { connectorContract, connectorPromises, keepsConnectorContract, Surroundings } from './connector.ts';

/** What a consumer can get wrong: each flaw breaks one promise. */
const flaws: Readonly<Record<string, ConnectorPromise>> = {
  turnsOrderRound: 'delivers each message once, in the order in which they came',
  acknowledgesWhenLeft: 'acknowledges a message after it has settled, and not before',
  ignoresCredit: 'has no more messages under way than it has credit for',
  dropsFailed: 'delivers again what failed',
  endsAtFailure: 'goes on with the next message when one has failed',
  goesOnAfterStop: 'takes nothing any more once it has been stopped',
  dropsSettlingAfterStop: 'stops while a message is under way, which settles all the same',
  ignoresSuspend: 'pauses when it is suspended, and goes on when it is resumed',
  forgetsTimer: 'leaves no timer behind',
  takesAnyOption: 'refuses options that can not work, by name',
};

class Queue {
  waiting: string[] = [];
  acknowledged: string[] = [];
}

/** A source in memory that is looked at every millisecond. */
class QueueConsumer implements Consumer {
  private readonly queue: Queue;
  private readonly surroundings: Surroundings;
  private readonly flaw: string | null;
  private readonly credit: number;
  private sink: Sink | null = null;
  private timer: Timer | null = null;
  private underWay = 0;
  private isOn = false;
  private isStopped = false;

  constructor(queue: Queue, surroundings: Surroundings, flaw: string | null, credit: number) {
    this.queue = queue;
    this.surroundings = surroundings;
    this.flaw = flaw;
    this.credit = credit;
  }

  start(sink: Sink): Promise<void> {
    this.sink = sink;
    return this.resume();
  }

  stop(): Promise<void> {
    if (this.flaw === 'goesOnAfterStop') return Promise.resolve();
    this.isStopped = true;
    this.halt();
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.halt();
    if (this.flaw === 'forgetsTimer') this.surroundings.clock.schedule(60_000, () => undefined);
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

  private halt(): void {
    this.isOn = false;
    this.timer?.cancel();
  }

  private look(): void {
    this.timer?.cancel();
    const credit = this.flaw === 'ignoresCredit' ? 100 : this.credit;
    while (this.isOn && this.underWay < credit && this.queue.waiting.length > 0) this.take();
    if (this.isOn) this.timer = this.surroundings.clock.schedule(1, () => this.look());
  }

  private take(): void {
    const { queue, flaw } = this;
    const isTurned = flaw === 'turnsOrderRound' && queue.waiting.length > 1;
    const name = isTurned ? queue.waiting.pop()! : queue.waiting.shift()!;
    this.underWay++;
    this.sink!.push(this.sink!.exchange(name), {
      left: (exchange) => {
        this.underWay--;
        if (flaw === 'acknowledgesWhenLeft' && !exchange.isFailed) queue.acknowledged.push(name);
      },
      settle: (exchange) => {
        if (isUnhandled(exchange)) {
          if (flaw === 'endsAtFailure' && queue.waiting.length > 0) this.halt();
          if (flaw !== 'dropsFailed') queue.waiting.push(name);
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

const open = (flaw: string | null) => (): Promise<ConnectorRig> => {
  const surroundings = new Surroundings();
  const queue = new Queue();
  const consumers: QueueConsumer[] = [];
  const make = (credit: number): Promise<Consumer> => {
    const consumer = new QueueConsumer(queue, surroundings, flaw, credit);
    consumers.push(consumer);
    return Promise.resolve(consumer);
  };
  return Promise.resolve({
    surroundings,
    patienceMillis: flaw === null ? 2000 : 150,
    consumer: (credit = 1) => make(credit),
    send: (...names) => {
      queue.waiting.push(...names);
      return Promise.resolve();
    },
    nameOf: (exchange) => String(exchange.body),
    acknowledged: () => Promise.resolve([...queue.acknowledged]),
    wrong: [['queue:x?size=many', /size/]],
    open: () => (flaw === 'takesAnyOption' ? make(1) : Promise.reject(new Error('size: `many` is no number'))),
    close: async () => {
      for (const consumer of consumers) await consumer.close();
    },
  });
};

keepsConnectorContract('a queue in memory', open(null));

describe("the connectors' contract", () => {
  it('has a flaw for each of its lines', () => {
    expect(Object.values(flaws).sort()).to.deep.equal([...connectorPromises].sort());
  });

  for (const [flaw, broken] of Object.entries(flaws)) {
    it(`fails for a connector that ${flaw.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}, in that line alone`, async () => {
      const results = await Promise.all(
        connectorPromises.map(async (promise) => {
          const rig = await open(flaw)();
          try {
            await connectorContract[promise](rig);
            return null;
          } catch {
            return promise;
          } finally {
            await rig.close();
          }
        }),
      );
      expect(results.filter((promise) => promise !== null)).to.deep.equal([broken]);
    });
  }
});
