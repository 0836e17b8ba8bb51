/**
 * `npm run soak`: kills the built program while messages are under way on the example routes, restarts their servers, cuts the
 * connections, changes the routes meanwhile, and counts what was lost or came twice. Needs the servers' addresses (scripts/soak.sh sees to it).
 *
 *   --kills N       kills that count, for each route (30)
 *   --messages N    numbered messages for each route (100000)
 *   --route NAME    this route alone (repeatable)
 *   --seed N        the order of events
 *   --no-restart    servers are not restarted
 *   --report FILE   writes a report
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import type { CourseName } from '../test/soak/routes.ts';
import { courses } from '../test/soak/routes.ts';
import { servers } from '../test/soak/servers.ts';
import type { SoakResult } from '../test/soak/soak.ts';
import { soak } from '../test/soak/soak.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '30' },
    messages: { type: 'string', default: '100000' },
    route: { type: 'string', multiple: true },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    'no-restart': { type: 'boolean', default: false },
    report: { type: 'string' },
  },
});
const names = (values.route ?? Object.keys(courses)) as CourseName[];
const unknown = names.find((name) => !(name in courses));
if (unknown !== undefined) {
  console.error(`there is no route ${unknown}: ${Object.keys(courses).join(', ')}`);
  process.exit(2);
}
const [kills, messages, seed] = [Number(values.kills), Number(values.messages), Number(values.seed)];
const restarts = !values['no-restart'] && servers.canRestart;

const results: SoakResult[] = [];
const broken: string[] = [];
for (const name of names) {
  try {
    const result = await soak(name, { kills, messages, restarts, seed, say: (line) => console.log(`  ${line}`) });
    results.push(result);
    for (const problem of result.problems) broken.push(`${name}: ${problem}`);
    console.log(
      `${result.problems.length === 0 ? 'ok' : 'FAILED'} ${name}: ${result.messages} messages, ${result.unsettled.length} kills with ${Math.min(...result.unsettled)} to ${Math.max(...result.unsettled)} unsettled, ${result.restarts} restarts, ${result.cuts} cuts, ${result.reloads} reloads: ${result.lost} lost, ${result.duplicates} twice (at most ${result.allowed}), ${result.seconds} s`,
    );
  } catch (thrown) {
    broken.push(`${name}: ${(thrown as Error).stack ?? String(thrown)}`);
    console.log(`FAILED ${name}: ${(thrown as Error).message}`);
  }
}
for (const problem of broken) console.error(problem);
if (values.report !== undefined && broken.length === 0) writeFileSync(values.report, report());
process.exit(broken.length === 0 ? 0 : 1);

function report(): string {
  const commit = execFileSync('git', ['log', '-1', '--format=%h of %cs'], { encoding: 'utf8' }).trim();
  const lines = [
    '# Soak',
    '',
    '<!-- Written by scripts/soak.ts -->',
    '',
    'What `npm run soak` has found: the built program (`dist/mecha.cjs`) runs each of the example routes over real servers and is ended by `kill -9` while',
    'messages are under way. Meanwhile servers are restarted, connections are cut (Toxiproxy), and the route is changed under load. Messages are',
    'numbered; those that come out are counted.',
    '',
    'A kill counts only when deliveries were unsettled. They are counted from outside, with the process stopped: for Kafka the records in open',
    'transactions, for RabbitMQ the deliveries that are not acknowledged on the wire, for S3 the objects that were read and not yet removed. A',
    'duplicate is allowed for each message that was unsettled at a kill, a cut or a restart (there at least as many as the prefetch allows: nothing',
    'can be stopped to be counted).',
    '',
    `Commit ${commit}, Node ${process.version}, ${cpus().length} cores (${cpus()[0]!.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB, seed ${seed}:`,
    `\`npm run soak -- --kills ${kills} --messages ${messages} --seed ${seed}\``,
    '',
    '| route | messages | kills | unsettled at the kills | restarts of servers | cuts | reloads | rebalances or new connections by reloads | lost | twice | allowed | time |',
    '|---|---|---|---|---|---|---|---|---|---|---|---|',
    ...results.map(
      ({ route, messages: count, unsettled, restarts: restarted, cuts, reloads, disturbedByReload, lost, duplicates, allowed, seconds }) =>
        `| [${route}](../routes/${route}) | ${count} | ${unsettled.length} | ${unsettled.reduce((sum, each) => sum + each, 0)} (${Math.min(...unsettled)} to ${Math.max(...unsettled)}) | ${restarted} | ${cuts} | ${reloads} | ${disturbedByReload ?? 'not seen'} | ${lost} | ${duplicates} | ${allowed} | ${seconds} s |`,
    ),
    '',
    ...results.flatMap(({ route, promise, unsettled }) => [`**${route}**: ${promise}. Unsettled at each kill: ${unsettled.join(', ')}.`, '']),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}
