import { systemClock } from '../../src/core/clock.ts';
import { randomFrom } from '../random.ts';
import { Pricing, Relay } from './program.ts';
import type { CourseName } from './routes.ts';
import { courses } from './routes.ts';
import { servers } from './servers.ts';

export interface SoakOptions {
  readonly kills: number;
  readonly messages: number;
  /** Servers are restarted, where they are ours. */
  readonly restarts: boolean;
  readonly seed: number;
  say(line: string): void;
}

export interface SoakResult {
  readonly route: string;
  readonly promise: string;
  readonly messages: number;
  /** At each kill that counts: messages given out that were not settled. */
  readonly unsettled: readonly number[];
  /** Kills at which nothing was under way: they do not count. */
  readonly idleKills: number;
  readonly restarts: number;
  readonly cuts: number;
  readonly reloads: number;
  /** Rebalances, or connections made anew, that reloads have brought. Null: could not be seen. */
  readonly disturbedByReload: number | null;
  readonly lost: number;
  readonly duplicates: number;
  readonly allowed: number;
  readonly exitCode: number | string;
  readonly seconds: number;
  readonly problems: readonly string[];
}

const pause = (millis: number): Promise<void> => new Promise((resolve) => void systemClock.schedule(millis, resolve));

const lifeMillis = 120_000;

/** Runs one route: kills it, restarts its servers, cuts its connections, changes it, and counts what came out. */
export async function soak(name: CourseName, { kills, messages, restarts, seed, say }: SoakOptions): Promise<SoakResult> {
  const began = systemClock.now();
  const random = randomFrom(seed);
  const { pricing, url } = await Pricing.start();
  const course = await courses[name](url);
  const relay = new Relay(course.route, course.properties);
  const problems: string[] = [];
  const unsettled: number[] = [];
  let idleKills = 0;
  let restarted = 0;
  let cuts = 0;
  let reloads = 0;
  let disturbed: number | null = 0;
  let underWayAtCuts = 0;
  let fed = 0;
  const portion = Math.ceil(messages / (kills + 1) / 50) * 50;
  const feed = async (): Promise<void> => {
    const to = fed + portion;
    await course.feed(fed, to);
    fed = to;
  };
  const untilProgress = async (wanted: number, end: number): Promise<void> => {
    while ((await course.progress()) < wanted) {
      if (relay.hasEnded) throw new Error(`it has ended by itself:\n${relay.log.slice(-3000)}`);
      if (systemClock.now() > end) throw new Error(`${wanted} messages did not come out in time (${await course.progress()} have):\n${relay.log.slice(-3000)}`);
      await pause(2);
    }
  };
  /** What a reload must leave alone. */
  const joints = (): number | null => (course.group === undefined ? (course.connections?.() ?? 0) : servers.rebalances(course.group));
  const until = async (isSo: () => boolean | Promise<boolean>, what: string): Promise<void> => {
    const end = systemClock.now() + 20_000;
    while (!(await isSo())) {
      if (relay.hasEnded) throw new Error(`it has ended by itself:\n${relay.log.slice(-3000)}`);
      if (systemClock.now() > end) throw new Error(`it does not ${what}:\n${relay.log.slice(-3000)}`);
      await pause(10);
    }
  };
  const reload = async (): Promise<void> => {
    // What came out may be the last of the one that was killed; a change before this one reads its route would be none to it.
    await until(() => relay.hasStarted(), 'start');
    const [before, done] = [joints(), relay.reloads];
    relay.change();
    await until(() => relay.reloads > done, 'reload');
    await pause(50);
    const after = joints();
    disturbed = before === null || after === null || disturbed === null ? null : disturbed + after - before;
    reloads++;
  };
  const disturb = async (life: number): Promise<void> => {
    const server = course.servers[life % course.servers.length]!;
    if (life % 3 === 1) await reload();
    if (life % 5 === 2) {
      underWayAtCuts += Math.max(await course.unsettled(), course.mostUnderWay);
      await servers.cut(server);
      await pause(100 + random() * 900);
      await servers.mend(server);
      cuts++;
    }
    if (restarts && life % 10 === (kills > 3 ? 3 : 0)) {
      underWayAtCuts += Math.max(await course.unsettled(), course.mostUnderWay);
      await servers.restart(server);
      restarted++;
    }
  };
  try {
    await feed();
    for (let life = 0; unsettled.length < kills; life++) {
      if (idleKills > kills * 4) throw new Error('the kills come when nothing is under way');
      await feed();
      const before = await course.progress();
      relay.start();
      const end = systemClock.now() + lifeMillis;
      await untilProgress(before + 1, end);
      await disturb(life);
      // Somewhere in what it has to do now.
      await untilProgress(Math.max(await course.progress(), Math.min(before + portion * (0.05 + random() * 0.7), fed - portion * 0.3)), end);
      relay.freeze();
      // What is on its way through sockets arrives.
      await pause(30);
      const open = await course.unsettled();
      await relay.kill();
      course.killed?.();
      if (open > 0) unsettled.push(open);
      else idleKills++;
      say(`${name}: kill ${unsettled.length} of ${kills}, ${open} unsettled, ${await course.progress()} of ${fed} out`);
    }
    do await feed();
    while (fed < messages);
    const end = systemClock.now() + lifeMillis + fed * 10;
    const before = await course.progress();
    relay.start();
    await untilProgress(before + 1, end);
    await reload();
    while (!(await course.isDone(fed))) {
      if (relay.hasEnded || systemClock.now() > end) {
        problems.push(`it did not finish: ${await course.progress()} of ${fed} out\n${relay.log.slice(-3000)}`);
        break;
      }
      await pause(100);
    }
    const exitCode = relay.hasEnded ? 'ended before' : await relay.stop();
    const seen = new Set<number>();
    let duplicates = 0;
    for (const id of await course.results()) {
      if (seen.has(id)) duplicates++;
      seen.add(id);
    }
    let lost = 0;
    for (let id = 0; id < fed; id++) if (!seen.has(id)) lost++;
    const allowed = course.repeatsNothing ? 0 : unsettled.reduce((total, count) => total + count, 0) + underWayAtCuts;
    if (lost > 0) problems.push(`${lost} lost`);
    if (duplicates > allowed) problems.push(`${duplicates} duplicates, at most ${allowed} are explained`);
    if (exitCode !== 0) problems.push(`exit code ${exitCode}`);
    if (disturbed !== null && disturbed > 0) problems.push(`${disturbed} rebalances or connections at reloads`);
    return { route: course.route, promise: course.promise, messages: fed, unsettled, idleKills, restarts: restarted, cuts, reloads, disturbedByReload: disturbed, lost, duplicates, allowed, exitCode, seconds: Math.round((systemClock.now() - began) / 1000), problems };
  } finally {
    relay.dispose();
    pricing.stop();
    await course.close().catch(() => undefined);
  }
}
