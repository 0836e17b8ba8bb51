import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../src/core/clock.ts';
import { refusals } from '../../src/core/http/listener.ts';
import { Metrics } from '../../src/observe/metrics.ts';
import { snapshotOf } from '../../src/runtime/snapshots.ts';
import { routesFile, runtimeWith } from '../runtime/rig.ts';
import { root } from './blocks.ts';

const page = readFileSync(join(root, 'docs/observing.md'), 'utf8');

/** The cells of the table that has such a head. */
function tableOf(head: string): string[][] {
  const lines = page.split('\n');
  const at = lines.indexOf(head);
  const rows = lines.slice(at + 2);
  return rows.slice(0, rows.findIndex((line) => !line.startsWith('|'))).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
}

const codeIn = (cell: string): string[] => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name!);

describe('the page on health and metrics', () => {
  it('tells of every reason for a refusal, with its statuses, and of no other', () => {
    const told = tableOf('| reason | status | |').map(([reason, statuses]) => [codeIn(reason!)[0], statuses!.split(', ').map(Number)] as const);
    expect(Object.fromEntries(told)).to.deep.equal(refusals);
    expect(told).to.have.length(Object.keys(refusals).length);
  });

  it('tells of every metric, with its labels, and of no other', async () => {
    const runtime = runtimeWith({ clock: systemClock });
    await runtime.start([routesFile('- route: { id: a, from: { uri: "direct:a", steps: [ { to: "mock:a" } ] } }')]);
    try {
      runtime.events.emit('requestRefused', { listener: '127.0.0.1:8080', routeId: null, status: 404, reason: 'notServed' });
      const lines = (await new Metrics(() => snapshotOf(runtime)).text()).text.split('\n');
      const own = Object.fromEntries(
        lines.flatMap((line) => {
          const name = /^# TYPE (mecha_\w+) /.exec(line)?.[1];
          if (name === undefined) return [];
          const labels = lines.find((other) => new RegExp(`^${name}(_count)?[{ ]`).test(other))!;
          return [[name, [...labels.matchAll(/(\w+)="/g)].map(([, label]) => label)]];
        }),
      );
      const told = Object.fromEntries(tableOf('| name | labels | |').flatMap(([names, labels]) => codeIn(names!).map((name) => [name, codeIn(labels!)])));
      expect(told).to.deep.equal(own);
    } finally {
      await runtime.stop(0);
    }
  });
});
