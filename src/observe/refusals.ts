import type { Events } from '../core/events.ts';

/** Requests that a server of ours has answered by itself, before a route got to see them, of one kind. */
export interface Refusals {
  /** Where it listens: `host:port`. */
  readonly listener: string;
  /** Null: no route in particular would have got it. */
  readonly routeId: string | null;
  readonly status: number;
  readonly reason: string;
  count: number;
}

const keyOf = ({ listener, routeId, status, reason }: Omit<Refusals, 'count'>): string => JSON.stringify([listener, routeId, status, reason]);

/** Counts refused requests: the one subscriber of its event for metrics. What belongs to routes that are gone goes with them. */
export class RefusalCounts {
  private readonly counts = new Map<string, Refusals>();

  constructor(events: Events) {
    events.on('requestRefused', (refused) => add(this.counts, { ...refused, count: 1 }));
    events.on('reloaded', ({ removed }) => {
      for (const [key, { routeId }] of this.counts) if (routeId !== null && removed.includes(routeId)) this.counts.delete(key);
    });
  }

  get all(): readonly Refusals[] {
    return [...this.counts.values()];
  }
}

function add(counts: Map<string, Refusals>, refusals: Refusals): void {
  const key = keyOf(refusals);
  const known = counts.get(key);
  if (known === undefined) counts.set(key, { ...refusals });
  else known.count += refusals.count;
}

/** Those of several processes as one. */
export function addedUp(lists: readonly (readonly Refusals[])[]): readonly Refusals[] {
  const counts = new Map<string, Refusals>();
  for (const refusals of lists.flat()) add(counts, refusals);
  return [...counts.values()];
}
