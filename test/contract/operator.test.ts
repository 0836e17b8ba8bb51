import { expect } from 'chai';
import { Observable } from 'rxjs';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import type { Pipe } from '../../src/core/graph/flow.ts';
import { StepSubscriber, operator, perform } from '../../src/core/graph/flow.ts';
import type { Kit, OperatorLaw, Subject } from './operator.ts';
import { operatorContract } from './operator.ts';

/** A step written by hand, whose `next` may do anything. */
const raw = (next: (exchange: Exchange, send: (exchange: Exchange) => void) => void): Pipe =>
  operator(
    (out) =>
      new (class extends StepSubscriber {
        override next(exchange: Exchange): void {
          next(exchange, (sent) => this.out.next(sent));
        }
        protected step(): boolean {
          return true;
        }
      })(out),
  );

const letPass: Subject = { build: (kit) => kit.steps() };

/** Operators broken on purpose, each in one way. */
const broken: Record<string, { breaks: OperatorLaw; subject: Subject }> = {
  'one that loses every second exchange when it fails inside': {
    breaks: 'sends on every exchange exactly once when its inner steps are asynchronous or fail',
    subject: {
      build: (kit) => {
        const inner = kit.steps();
        return (source) => raw((exchange, send) => (exchange.isFailed && exchange.exception?.message === 'inner' ? undefined : send(exchange)))(inner(source));
      },
    },
  },
  'one that sends twice': {
    breaks: 'sends on every exchange exactly once',
    subject: {
      build: () =>
        raw((exchange, send) => {
          send(exchange);
          if (exchange.halt === 0 && exchange.body === 'c') send(exchange);
        }),
    },
  },
  'one that lets the second overtake the first': {
    breaks: 'keeps their order',
    subject: {
      build: () => {
        let held: Exchange | null = null;
        return raw((exchange, send) => {
          if (exchange.halt === 0 && exchange.body === 'a') {
            held = exchange;
            return;
          }
          send(exchange);
          if (held !== null) send(held);
          held = null;
        });
      },
    },
  },
  'one that works on halted exchanges': {
    breaks: 'passes halted exchanges on untouched',
    subject: {
      build: () =>
        raw((exchange, send) => {
          exchange.body = 'worked on';
          send(exchange);
        }),
    },
  },
  'one that goes on failing after a throw': {
    breaks: 'fails only the exchange whose expression throws',
    subject: {
      build: (kit: Kit) => {
        const expression = kit.expression(1);
        let hasFailed = false;
        return perform((exchange) => {
          if (hasFailed) throw new Error('still broken');
          try {
            expression(exchange);
          } catch (thrown) {
            hasFailed = true;
            throw thrown;
          }
        });
      },
    },
  },
  'one that wires its steps for every message': {
    breaks: 'subscribes nothing per message',
    subject: {
      build: (kit: Kit) => {
        const steps = kit.steps();
        return raw((exchange, send) => {
          if (exchange.halt === 0) steps(new Observable()).subscribe();
          send(exchange);
        });
      },
    },
  },
  'one that forgets its timer': {
    breaks: 'leaves no timer behind when it is taken down',
    subject: {
      build: ({ context }: Kit) =>
        perform((exchange) => {
          if (exchange.body === 'a') context.clock.schedule(1000, () => {});
        }),
    },
  },
};

describe('the contract of operators', () => {
  const failures = async (subject: Subject): Promise<string[]> => {
    const failed: string[] = [];
    for (const [law, holds] of Object.entries(operatorContract)) {
      await holds(subject).catch(() => failed.push(law));
    }
    return failed;
  };

  it('is kept by one that lets everything pass', async () => expect(await failures(letPass)).to.deep.equal([]));

  for (const [name, { breaks, subject }] of Object.entries(broken)) {
    it(`catches ${name}, and says exactly that`, async () => expect(await failures(subject)).to.deep.equal([breaks]));
  }

  it('has a broken operator for each of its laws', () => expect(Object.values(broken).map(({ breaks }) => breaks)).to.have.members(Object.keys(operatorContract)));
});
