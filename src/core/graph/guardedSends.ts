import type { StepContext } from '../definition.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Call, Inlet, StepSubscriber } from './flow.ts';
import { callStep, pumped } from './flow.ts';

/**
 * Sends of one step that the route's error handler stands around one by one, as in Camel: a failing one is redelivered to its own endpoint, and
 * is handled or goes to the dead letters by itself. The exchange comes back along its way.
 */
export class GuardedSends {
  private readonly calls = new WeakMap<Exchange, Call>();
  private readonly inlet: Inlet | null;

  /** @param leavesTried a doTry around the route takes what fails in them, as in Camel */
  constructor(step: StepSubscriber, context: StepContext, leavesTried = true) {
    const guarded = context.guard?.(callStep((exchange) => this.calls.get(exchange)!(exchange), context.info), leavesTried) ?? null;
    this.inlet = guarded === null ? null : step.branch(guarded);
  }

  send(exchange: Exchange, call: Call): void {
    if (this.inlet === null) return pumped(exchange, call);
    this.calls.set(exchange, call);
    pumped(exchange, (sent) => this.inlet!.next(sent));
  }
}
