import { expect } from 'chai';
import type { ServerResponse } from 'node:http';
import { VirtualClock } from '../../../src/core/clock.ts';
import { Outbox } from '../../../src/core/http/outbox.ts';

/** The time that a test says it is. */
class Now extends VirtualClock {
  millis = 0;
  override now(): number {
    return this.millis;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('an outbox of replies', () => {
  let clock: Now;
  let outbox: Outbox;
  let sent: string[];

  beforeEach(() => {
    clock = new Now();
    outbox = new Outbox(clock);
    sent = [];
  });

  function reply(name: string, socket: Record<string, unknown> | null = {}): ServerResponse {
    const connection = socket === null ? null : { destroyed: false, writableCorked: 0, writableLength: 0, write: (text: string, encoding: string) => sent.push(`${text} ${encoding}`), ...socket };
    const ended = (text?: string): unknown => sent.push(text === undefined ? `${name} ended` : `${name} ended with ${text}`);
    return { socket: connection, _header: `head of ${name}: `, _headerSent: false, _hasBody: true, end: ended } as unknown as ServerResponse;
  }

  it('writes those of one turn of the event loop together at its end, each in one piece with its head', async () => {
    outbox.end(reply('a'), 'one');
    outbox.end(reply('b'), 'two');
    expect(sent).to.deep.equal([]);
    await turn();
    expect(sent).to.deep.equal(['head of a: one latin1', 'a ended', 'head of b: two latin1', 'b ended']);
    outbox.end(reply('c'), 'three');
    await turn();
    expect(sent.slice(4)).to.deep.equal(['head of c: three latin1', 'c ended']);
  });

  it('does not let a reply wait for a turn that takes long', () => {
    outbox.end(reply('a'), 'one');
    clock.millis = 1;
    outbox.end(reply('b'), 'two');
    expect(sent).to.have.length(4);
  });

  it('does not let many wait', () => {
    for (let i = 0; i < 31; i++) outbox.end(reply('a'), '');
    expect(sent).to.have.length(0);
    outbox.end(reply('a'), '');
    expect(sent).to.have.length(64);
  });

  it('writes at once what waits when it is told to', async () => {
    outbox.end(reply('a'), 'one');
    outbox.send();
    expect(sent).to.have.length(2);
    await turn();
    expect(sent).to.have.length(2);
  });

  it('leaves to Node what has to wait for other bytes of its connection', () => {
    outbox.end(reply('a', null), 'one');
    outbox.end(reply('b', { writableLength: 1 }), 'two');
    outbox.end(reply('c', { writableCorked: 1 }), 'three');
    expect(sent).to.deep.equal(['a ended with one', 'b ended with two', 'c ended with three']);
  });

  it('drops the reply of a client that has gone, and sends the others', async () => {
    const gone = reply('a');
    outbox.end(gone, 'one');
    outbox.end(reply('b'), 'two');
    (gone.socket as unknown as { destroyed: boolean }).destroyed = true;
    await turn();
    expect(sent).to.deep.equal(['head of b: two latin1', 'b ended']);
  });
});
