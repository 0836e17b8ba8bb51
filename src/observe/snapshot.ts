import type { Refusals } from './refusals.ts';
import type { RouteStatistics, StepStatistics } from './statistics.ts';

/** A step as the outside sees it. */
export interface StepSnapshot {
  readonly info: { readonly stepId: string; readonly kind: string; readonly label: string; readonly at: string | null; readonly stateKey?: string | null };
  readonly statistics: StepStatistics;
  readonly children: readonly StepSnapshot[];
  /** Which of its parent's lists of steps it stands in (one object a list); null on the top level. */
  readonly branch: { readonly label: string } | null;
}

/** A live route as the outside sees it: read when it is asked for, never copied on the hot path. */
export interface RouteSnapshot {
  readonly routeId: string;
  readonly state: string;
  readonly fromUri: string;
  /** Why it is not ready; null when it is. */
  readonly waitingFor: string | null;
  readonly inFlight: number;
  readonly statistics: RouteStatistics;
  readonly steps: readonly StepSnapshot[];
  readonly description: string | null;
  readonly autoStartup: boolean;
  readonly generation: number;
  /** `file:line:column` of the route. */
  readonly at: string | null;
  /** Of several processes only the first runs it, for this reason; null when all do, or there is one. */
  readonly alone: string | null;
}

export interface RuntimeSnapshot {
  readonly name: string;
  readonly isStopping: boolean;
  readonly isRunning: boolean;
  readonly generation: number;
  readonly routes: readonly RouteSnapshot[];
  readonly refusals: readonly Refusals[];
  /** Why the state store can't be written; null: it can, as far as it knows. */
  readonly stateProblem: string | null;
}
