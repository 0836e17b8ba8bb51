import type { StepContext } from '../definition.ts';
import type { Exchange } from './exchange.ts';
import { UnitOfWork, isUnhandled } from './exchange.ts';
import { offThread } from './poolThread.ts';
import { leaveTransaction } from './transaction.ts';

const beingHandled = 'CamelFatalFallbackErrorHandler';

/**
 * Gives a copy that goes on when its original may have left an onException a list of its own of the routes whose failures are being handled. Else it
 * would not know of them any more, and could go round for ever, or would know of what came after it. (In Camel all share one list.)
 */
export function keepHandled(copy: Exchange): void {
  const handled = copy.property(beingHandled);
  if (Array.isArray(handled)) copy.properties.set(beingHandled, [...(handled as readonly string[])]);
}

/**
 * Puts a copy on its own: it has a unit of work of its own, which holds the delivery that it came with, unless somebody waits for that
 * one's reply. `finishDetached` ends it, and `ended` runs when it has settled.
 */
export function detach(copy: Exchange, origin: Exchange, ended: () => void): void {
  copy.signal = null;
  copy.lane = null;
  leaveTransaction(copy);
  offThread(copy);
  keepHandled(copy);
  const delivery = origin.unitOfWork;
  const holds = delivery !== null && !delivery.isRequest && !delivery.isDone;
  if (holds) delivery.retain();
  copy.unitOfWork = new UnitOfWork(copy, () => {
    if (holds) delivery.release();
    ended();
  });
}

/** Nobody waits for a detached copy: that it failed is logged, and it is kept where the route keeps such messages. */
export async function finishDetached(copy: Exchange, unitOfWork: UnitOfWork, context: StepContext, what: string): Promise<void> {
  if (isUnhandled(copy)) {
    const { events, info } = context;
    const log = (level: 'warn' | 'error', message: string): void =>
      events.emit('log', { level, logger: `mecha.${info.kind}`, message, routeId: info.routeId, stepId: info.stepId, exchangeId: copy.id });
    log('warn', `${what} failed: ${copy.exception === null ? 'rolled back' : `${copy.exception.type}: ${copy.exception.message}`}`);
    try {
      await context.keepFailed?.(copy);
    } catch (thrown) {
      log('error', `${what} can't be kept: ${String(thrown)}`);
    }
  }
  unitOfWork.release();
}
