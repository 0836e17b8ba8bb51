import type { Diagnostic } from '../../core/diagnostics.ts';
import type { RuntimeSnapshot } from '../../observe/snapshot.ts';
import type { GivenSources } from '../../runtime/mecha.ts';
import type { Whole } from '../../runtime/sharing.ts';
import type { StoreCalls } from '../../stores/remote.ts';
import type { AdminRequest, Answer } from '../admin.ts';

/** What one process among several gets to begin with. */
export interface Assignment {
  readonly isFirst: boolean;
  readonly isDurable: boolean;
  readonly generation: number;
  readonly given: GivenSources;
  /** A folder for the sockets between workers. */
  readonly folder: string;
}

/** How a process takes a reload. */
export interface Prepared {
  /** Ready for the change, or there is none for it; false: it can't. */
  readonly isReady: boolean;
  /** The reload as the admin API shows it. */
  readonly view: unknown;
  /** The problems as a person reads them. */
  readonly printed: string;
}

/** What a worker asks of the primary. */
export interface PrimaryCalls extends StoreCalls {
  hello(): Assignment;
  /** Its routes run. */
  started(modules: readonly string[]): void;
  /** They can't: what a person reads about it. */
  failed(printed: string): void;
  parked(routeId: string, due: number): void;
  whole(): Promise<Whole>;
  traced(id: number, line: string): void;
}

/** What the primary asks of a worker. */
export interface WorkerCalls {
  prepare(given: GivenSources, reason: string): Promise<Prepared>;
  /** Ends what `prepare` began. */
  conclude(isAgreed: boolean): Promise<Prepared>;
  /** From now on it runs what only one process may run. */
  becomeFirst(): Promise<void>;
  /** The first only: another has put a message aside. */
  expectParked(routeId: string, due: number): void;
  snapshot(): RuntimeSnapshot;
  processMetrics(): Promise<unknown>;
  modules(): readonly string[];
  admin(request: AdminRequest): Promise<Answer>;
  trace(id: number, query: string): Promise<Answer | null>;
  untrace(id: number): void;
  /** Gives whether everything in flight finished. */
  stop(): Promise<boolean>;
  /** Ends the process: what `stop` gave has come. */
  end(): void;
}

/** One problem, as `printDiagnostics` takes it. */
export type Printer = (problems: readonly Diagnostic[]) => string;
