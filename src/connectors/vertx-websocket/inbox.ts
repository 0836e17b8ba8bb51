import type { WebSocket } from 'ws';
import type { Exchange } from '../../core/exchange/exchange.ts';
import type { Sink } from '../../core/connector.ts';

/** What comes over sockets, on its way into the route: while that is full the sockets are not read, so that their senders wait. */
export class Inbox {
  private readonly sink: Sink;
  private readonly sockets = new Set<WebSocket>();
  private readonly waiting: { readonly exchange: Exchange; readonly settle: (exchange: Exchange) => void | Promise<void> }[] = [];
  private credit: number;
  private inFlight = 0;
  private isSuspended = false;

  constructor(sink: Sink, credit: number) {
    this.sink = sink;
    this.credit = credit;
  }

  add(socket: WebSocket): void {
    this.sockets.add(socket);
    if (this.isFull) socket.pause();
  }

  remove(socket: WebSocket): void {
    this.sockets.delete(socket);
  }

  setCredit(credit: number): void {
    this.credit = credit;
    this.go();
  }

  suspend(isSuspended: boolean): void {
    this.isSuspended = isSuspended;
    this.go();
  }

  /** @param settle what is done when the message has settled: a request is answered */
  take(exchange: Exchange, settle: (exchange: Exchange) => void | Promise<void> = () => undefined): void {
    this.waiting.push({ exchange, settle });
    this.go();
  }

  private get isFull(): boolean {
    return this.isSuspended || this.waiting.length > 0 || this.inFlight >= this.credit;
  }

  private go(): void {
    while (this.waiting.length > 0 && !this.isSuspended && this.inFlight < this.credit) {
      this.inFlight++;
      const { exchange, settle } = this.waiting.shift()!;
      this.sink.push(exchange, {
        wouldLose: true,
        left: () => {
          this.inFlight--;
          this.go();
        },
        settle,
      });
    }
    const { isFull } = this;
    for (const socket of this.sockets) {
      if (socket.isPaused === isFull) continue;
      if (isFull) socket.pause();
      else socket.resume();
    }
  }
}
