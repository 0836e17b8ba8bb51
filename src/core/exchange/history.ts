import type { Exchange, StepInfo } from './exchange.ts';

/** A step that a message went through. */
export interface PassedStep {
  readonly info: StepInfo;
  /** Milliseconds of the clock. */
  readonly since: number;
  /** Null while it is under way. */
  elapsed: number | null;
}

const property = 'CamelMessageHistory';
const steps = Symbol('steps');

/** Camel keeps objects of Java here: what they show is kept, and beside it what `${messageHistory}` tells. */
interface History extends Array<string> {
  [steps]?: PassedStep[];
}

/** Puts down that a message has come to a step. As in Camel, copies of a message go on with the same list. */
export function noteStep({ properties }: Exchange, info: StepInfo, now: number): void {
  const found = properties.get(property);
  let history = (Array.isArray(found) ? found : null) as History | null;
  if (history?.[steps] === undefined) {
    history = [...(history ?? [])] as History;
    history[steps] = [];
    properties.set(property, history);
  }
  history.push(`DefaultMessageHistory[routeId=${info.routeId}, node=${info.stepId}]`);
  history[steps]!.push({ info, since: now, elapsed: null });
}

/** Puts down that it has gone through. */
export function noteStepDone(exchange: Exchange, info: StepInfo, now: number): void {
  const passed = passedSteps(exchange) ?? [];
  for (let i = passed.length - 1; i >= 0; i--) {
    const step = passed[i]!;
    if (step.info !== info || step.elapsed !== null) continue;
    step.elapsed = now - step.since;
    return;
  }
}

/** The steps in their order; null where no route has kept them. */
export function passedSteps(exchange: Exchange): readonly PassedStep[] | null {
  const history = exchange.properties.get(property) as History | null | undefined;
  return Array.isArray(history) ? ((history as History)[steps] ?? null) : null;
}
