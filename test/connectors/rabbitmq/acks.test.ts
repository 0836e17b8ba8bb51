import { expect } from 'chai';
import fc from 'fast-check';
import { Acks } from '../../../src/connectors/rabbitmq/acks.ts';
import type { BrokerChannel } from '../../../src/connectors/rabbitmq/client.ts';
import type { Clock, Timer } from '../../../src/core/clock.ts';

/** Follows what the broker would do: an acknowledgement of what is not open closes the channel. */
class Ledger {
  readonly open = new Set<number>();
  readonly acknowledged: number[] = [];
  readonly givenBack: number[] = [];
  frames = 0;

  ack(tag: number, isAllUpTo: boolean): void {
    if (!this.open.has(tag)) throw new Error(`unknown delivery tag ${tag}`);
    this.frames++;
    for (const each of [...this.open].filter((other) => (isAllUpTo ? other <= tag : other === tag))) {
      this.open.delete(each);
      this.acknowledged.push(each);
    }
  }

  nack(tag: number): void {
    if (!this.open.delete(tag)) throw new Error(`unknown delivery tag ${tag}`);
    this.givenBack.push(tag);
  }
}

describe('acknowledgements of spring-rabbitmq', () => {
  let turns: (() => void)[];
  const turn = (): void => {
    for (const run of turns.splice(0)) run();
  };
  const made = (): { acks: Acks; ledger: Ledger } => {
    turns = [];
    const ledger = new Ledger();
    const later = (run: () => void): Timer => {
      turns.push(run);
      return { cancel: () => (turns = turns.filter((other) => other !== run)) };
    };
    const clock = { yield: later, schedule: (_millis: number, run: () => void) => later(run) } as unknown as Clock;
    return { acks: new Acks(ledger as unknown as BrokerChannel, clock, () => 4), ledger };
  };

  it('go out together for all that finished in one turn', () => {
    const { acks, ledger } = made();
    for (let tag = 1; tag <= 100; tag++) {
      ledger.open.add(tag);
      acks.received(tag);
    }
    for (let tag = 1; tag <= 100; tag++) acks.done(tag);
    turn();
    expect(ledger.frames).to.equal(1);
    expect(ledger.acknowledged).to.have.length(100);
  });

  it('cover exactly what is done, whatever the order', () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('receive', 'done', 'back', 'turn'), fc.nat(30)), { maxLength: 200 }), (steps) => {
        const { acks, ledger } = made();
        const done = new Set<number>();
        const back = new Set<number>();
        let last = 0;
        for (const [step, number] of steps) {
          const tag = 1 + (number % Math.max(1, last));
          if (step === 'receive') {
            ledger.open.add(++last);
            acks.received(last);
          } else if (step === 'turn') turn();
          else if (tag <= last && !done.has(tag) && !back.has(tag)) {
            (step === 'done' ? done : back).add(tag);
            if (step === 'done') acks.done(tag);
            else acks.giveBack(tag, true);
          }
        }
        turn();
        expect(new Set(ledger.acknowledged)).to.deep.equal(done);
        expect(new Set(ledger.givenBack)).to.deep.equal(back);
        expect(acks.open).to.equal(last - done.size - back.size);
      }),
    ));
});
