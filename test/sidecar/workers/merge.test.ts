import { expect } from 'chai';
import type { RuntimeSnapshot } from '../../../src/observe/snapshot.ts';
import { mergeSnapshots } from '../../../src/sidecar/workers/merge.ts';

const refused = (routeId: string | null, reason: string, count: number) => ({ listener: '0.0.0.0:8080', routeId, status: 503, reason, count });

const snapshot = (of: Partial<RuntimeSnapshot>): RuntimeSnapshot => ({ name: 'one', generation: 1, isRunning: true, isStopping: false, routes: [], refusals: [], stateProblem: null, ...of });

describe('snapshots of several processes', () => {
  const merged = (...snapshots: RuntimeSnapshot[]): RuntimeSnapshot => mergeSnapshots(snapshots, snapshot({}));

  it('have the refused requests of all, added up by kind', () => {
    const first = snapshot({ refusals: [refused('a', 'busy', 2), refused(null, 'stopping', 1)] });
    const second = snapshot({ refusals: [refused('a', 'busy', 3), refused('b', 'busy', 1)] });
    expect(merged(first, second).refusals).to.have.deep.members([refused('a', 'busy', 5), refused(null, 'stopping', 1), refused('b', 'busy', 1)]);
    expect(first.refusals[0]!.count).to.equal(2);
  });
});
