import { ExchangeError } from '../errors.ts';
import type { Clock, Timer } from '../clock.ts';
import type { Exchange } from './exchange.ts';

interface Wait {
  readonly exchange: Exchange;
  readonly resume: (exchange: Exchange) => void;
  timer: Timer | null;
}

export const shutdownError = (): ExchangeError => new ExchangeError('mecha.ShutdownException', 'the runtime stopped before the exchange was done');

/**
 * Exchanges that wait for a time. When the time for stopping is over, or nobody waits for an exchange any more (`exchange.signal`), it fails with
 * mecha.ShutdownException and goes on at once. Every exchange is resumed exactly once, unless `dispose` came before.
 */
export class Waits {
  private readonly clock: Clock;
  private readonly stopping: AbortSignal;
  private readonly waiting = new Set<Wait>();
  private readonly wakeAll = (): void => {
    for (const wait of [...this.waiting]) this.fail(wait);
  };

  constructor({ clock, stopping }: { readonly clock: Clock; readonly stopping: AbortSignal }) {
    this.clock = clock;
    this.stopping = stopping;
    stopping.addEventListener('abort', this.wakeAll);
  }

  wait(exchange: Exchange, millis: number, resume: (exchange: Exchange) => void): void {
    const wait: Wait = { exchange, resume, timer: null };
    if (this.stopping.aborted || exchange.signal?.aborted === true) {
      exchange.fail(shutdownError());
      resume(exchange);
      return;
    }
    this.waiting.add(wait);
    wait.timer = this.clock.schedule(millis, () => this.resume(wait));
    exchange.signal?.addEventListener('abort', () => this.fail(wait), { once: true });
  }

  dispose(): void {
    this.stopping.removeEventListener('abort', this.wakeAll);
    for (const { timer } of this.waiting) timer?.cancel();
    this.waiting.clear();
  }

  private fail(wait: Wait): void {
    if (!this.waiting.has(wait)) return;
    wait.timer?.cancel();
    wait.exchange.fail(shutdownError());
    this.resume(wait);
  }

  private resume(wait: Wait): void {
    if (this.waiting.delete(wait)) wait.resume(wait.exchange);
  }
}
