import type { WebSocket } from 'ws';
import type { Exchange } from '../../core/exchange/exchange.ts';
import type { Sink } from '../../core/connector.ts';

/** What comes over sockets, on its way into the route: while that is full the sockets are not read, so that their senders wait. */
export class Inbox {
  private readonly sink: Sink;
  private readonly sockets = new Set<WebSocket>();
  private readonly waiting: Exchange[] = [];
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

  take(exchange: Exchange): void {
    this.waiting.push(exchange);
    this.go();
  }

  private get isFull(): boolean {
    return this.isSuspended || this.waiting.length > 0 || this.inFlight >= this.credit;
  }

  private go(): void {
    while (this.waiting.length > 0 && !this.isSuspended && this.inFlight < this.credit) {
      this.inFlight++;
      this.sink.push(this.waiting.shift()!, {
        wouldLose: true,
        left: () => {
          this.inFlight--;
          this.go();
        },
        settle: () => undefined,
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
