import type { ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';

/** What Node keeps of a reply: its head as text once `writeHead` was called, and whether that is out. */
interface HeadState {
  _header: string | null;
  _headerSent: boolean;
  readonly _hasBody: boolean;
}

/** More replies than this don't wait for each other. */
const mostWaiting = 32;

/**
 * Short replies on their way out. Those of one turn of the event loop are written one right after the other at its end, as long as the turn takes no
 * more than a millisecond: the first write wakes the program at the other end of the connections (an interrupt for another core, and the most
 * expensive part of a write), the next find it awake. A reply on its own waits for the end of the turn, which follows at once.
 *
 * Each is one plain write. Node's own `end` corks the socket, queues the head with the text and an empty piece behind them, and has both gathered by
 * `writev`, which costs more (see bench/RESULTS.md).
 */
export class Outbox {
  private readonly clock: Clock;
  private readonly replies: ServerResponse[] = [];
  private readonly texts: string[] = [];
  private since = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Ends a reply, whose head has been given, with a text of single bytes. */
  end(reply: ServerResponse, text: string): void {
    const { socket } = reply;
    const state = reply as unknown as HeadState;
    // Behind another reply of its connection, or behind bytes that the other end has not taken: Node keeps the order.
    if (socket === null || state._header === null || state._headerSent || !state._hasBody || socket.writableCorked > 0 || socket.writableLength > 0) {
      reply.end(text, 'latin1');
      return;
    }
    const now = this.clock.now();
    if (this.replies.length === 0) {
      this.since = now;
      setImmediate(this.send);
    }
    this.replies.push(reply);
    this.texts.push(text);
    if (now !== this.since || this.replies.length === mostWaiting) this.send();
  }

  /** Writes what waits. */
  readonly send = (): void => {
    const { replies, texts } = this;
    for (let i = 0; i < replies.length; i++) write(replies[i]!, texts[i]!);
    replies.length = 0;
    texts.length = 0;
  };
}

function write(reply: ServerResponse, text: string): void {
  const { socket } = reply;
  // The client has gone in the meantime.
  if (socket === null || socket.destroyed) return;
  const state = reply as unknown as HeadState;
  state._headerSent = true;
  socket.write(state._header + text, 'latin1');
  reply.end();
}
