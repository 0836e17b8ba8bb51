/**
 * `npm run bench [-- NAME...] [-- --quick]`: Mecha (as built, started by `mecha run`, with its default store, logs and metrics) against the same
 * programs written by hand in plain Node. Rounds of the two take turns; what counts is CPU time (of all threads), the median of the rounds.
 * A whole run writes the table of bench/RESULTS.md.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { printLanguageFigures } from './languages.ts';
import type { Served } from './processes.ts';
import { answering, ask, benchFolder, byHand, cpuMicros, endAll, freePort, load, mecha, mechaCommand, median, residentMegabytes, sleep } from './processes.ts';

interface Row {
  readonly benchmark: string;
  readonly figure: string;
  readonly unit: string;
  readonly byHand: number | null;
  /** What the program by hand must reach on such a machine (within 15 %), or the run is void. */
  readonly expected: number | null;
  readonly mecha: number;
  /** Median of what each round of Mecha gave by what the neighbouring round by hand gave; null without a program by hand. */
  readonly ratio: number | null;
  /** At least (a speed) or at most (a time, a size). */
  readonly goal: number;
  readonly isRatio: boolean;
  readonly isMost: boolean;
}

const args = process.argv.slice(2);
const isQuick = args.includes('--quick');
const wanted = args.filter((arg) => !arg.startsWith('--'));
const launches = isQuick ? 1 : 3;
const rounds = isQuick ? 3 : 5;
const seconds = isQuick ? 1 : 1.5;
const rows: Row[] = [];

const inRoutes = (name: string): string => join(benchFolder, 'routes', name);

interface Figures {
  readonly byHand: number;
  readonly mecha: number;
  readonly ratio: number;
}

const figuresOf = (byHandRounds: readonly number[], mechaRounds: readonly number[]): Figures => ({
  byHand: median(byHandRounds),
  mecha: median(mechaRounds),
  ratio: median(mechaRounds.map((figure, round) => figure / byHandRounds[round]!)),
});

/** Both servers, each in fresh processes `launches` times, loaded in turns. */
async function compareServers(path: string, open: () => Promise<Served>[]): Promise<Figures> {
  const measured: Record<string, number[]> = {};
  for (let launched = 0; launched < launches; launched++) {
    const servers: Served[] = [];
    for (const opening of open()) servers.push(await opening);
    for (const server of servers) {
      await answering(server);
      await load(server, path, 0.1, isQuick ? 2 : 6);
    }
    for (let round = 0; round < rounds; round++) {
      for (const server of round % 2 === 0 ? servers : [...servers].reverse()) {
        const { perCpuSecond } = await load(server, path, seconds, 0.3);
        (measured[server.name] ??= []).push(perCpuSecond);
      }
    }
    for (const server of servers) await server.stop();
  }
  return figuresOf(measured['by hand']!, measured['mecha']!);
}

async function orders(): Promise<void> {
  const figures = await compareServers('/orders', () => [freePort().then((port) => byHand('orders.mjs', port)), freePort().then((port) => mecha(inRoutes('orders.yaml'), port))]);
  rows.push({ benchmark: 'orders', figure: 'HTTP POST, JSON, choice, Simple, reply', unit: 'requests a CPU second', ...figures, expected: 38_100, goal: 0.9, isRatio: true, isMost: false });
}

async function proxy(): Promise<void> {
  const backendPort = await freePort();
  const backend = byHand('backend.mjs', backendPort);
  await answering(backend);
  const figures = await compareServers('/proxy', () => [
    freePort().then((port) => byHand('proxy.mjs', port, String(backendPort))),
    freePort().then((port) => mecha(inRoutes('proxy.yaml'), port, { 'backend.port': String(backendPort) })),
  ]);
  await backend.stop();
  rows.push({ benchmark: 'proxy', figure: 'HTTP in, `http:` to a backend, header, reply', unit: 'requests a CPU second', ...figures, expected: 14_800, goal: 1.3, isRatio: true, isMost: false });
}

interface Measured {
  readonly done: number;
  readonly cpuMicros: number;
  readonly millis: number;
}

/** Loops in the processes themselves: how many a second of CPU time. */
async function compareLoops(ways: { byHand: string; mecha: string }, counts: { byHand: number; mecha: number }): Promise<Figures> {
  const figures = { byHand: [] as number[], mecha: [] as number[] };
  for (let launched = 0; launched < launches; launched++) {
    const hand = byHand('in-process.mjs', await freePort());
    const own = mecha(inRoutes('in-process.yaml'), await freePort());
    await answering(hand, '/steps?count=1');
    await answering(own);
    const once = async ({ port }: Served, path: string): Promise<number> => {
      const reply = (await ask(port, path))!;
      const { done, cpuMicros: micros } = JSON.parse(/\{.*\}/s.exec(reply)?.[0] ?? reply) as Measured;
      return (done / micros) * 1e6;
    };
    for (let round = -2; round < rounds; round++) {
      const handFigure = await once(hand, `/${ways.byHand}?count=${counts.byHand}`);
      const ownFigure = await once(own, `/feed/${ways.mecha}?count=${counts.mecha}`);
      if (round < 0) continue;
      figures.byHand.push(handFigure);
      figures.mecha.push(ownFigure);
    }
    await hand.stop();
    await own.stop();
  }
  return figuresOf(figures.byHand, figures.mecha);
}

async function steps(): Promise<void> {
  const figures = await compareLoops({ byHand: 'steps', mecha: 'steps' }, { byHand: 4_000_000, mecha: 1_000_000 });
  rows.push({ benchmark: 'steps', figure: 'ten steps in process', unit: 'exchanges a CPU second', ...figures, expected: 4_500_000, goal: 1_000_000, isRatio: false, isMost: false });
}

async function split(): Promise<void> {
  const figures = await compareLoops({ byHand: 'split', mecha: 'split' }, { byHand: 200, mecha: 60 });
  rows.push({ benchmark: 'split', figure: 'a JSON list of 10,000: split, header, body, aggregate by 100', unit: 'items a CPU second', ...figures, expected: 2_970_000, goal: 700_000, isRatio: false, isMost: false });
}

/** Milliseconds from the start of a process to its first reply. */
async function firstReply(server: Served, path: string): Promise<{ millis: number; cpuMillis: number }> {
  const start = performance.now();
  for (;;) {
    const reply = await ask(server.port, path);
    if (reply !== null && reply.startsWith('HTTP/1.1 2')) break;
    if (server.hasEnded) throw new Error(`${server.name} has ended`);
    await sleep(1);
  }
  return { millis: performance.now() - start, cpuMillis: cpuMicros(server.pid) / 1000 };
}

async function start(): Promise<void> {
  const figures = { byHand: [] as number[], mecha: [] as number[], byHandMemory: [] as number[], mechaMemory: [] as number[], byHandCpu: [] as number[], mechaCpu: [] as number[] };
  for (let round = 0; round < (isQuick ? 3 : 11); round++) {
    const bare = byHand('bare.mjs', await freePort());
    const bareStart = await firstReply(bare, '/');
    const own = mecha(inRoutes('hello.yaml'), await freePort());
    const ownStart = await firstReply(own, '/hello');
    await sleep(1500);
    figures.byHand.push(bareStart.millis);
    figures.byHandCpu.push(bareStart.cpuMillis);
    figures.mecha.push(ownStart.millis);
    figures.mechaCpu.push(ownStart.cpuMillis);
    figures.byHandMemory.push(residentMegabytes(bare.pid));
    figures.mechaMemory.push(residentMegabytes(own.pid));
    await bare.stop();
    await own.stop();
  }
  const row = (figure: string, unit: string, hand: readonly number[], own: readonly number[], goal: number, expected: number | null): void => {
    rows.push({ benchmark: 'start', figure, unit, ...figuresOf(hand, own), expected, goal, isRatio: true, isMost: true });
  };
  row('start to the first reply', 'ms', figures.byHand, figures.mecha, 1.8, 81);
  row('CPU time until then', 'ms', figures.byHandCpu, figures.mechaCpu, 1.8, null);
  row('memory when idle', 'MB', figures.byHandMemory, figures.mechaMemory, 1.5, null);
}

/** A thousand routes of four steps each. */
async function thousand(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mecha-bench-'));
  const file = join(folder, 'thousand.yaml');
  const texts = Array.from(
    { length: 1000 },
    (_, i) => `- route:
    id: route-${i}
    from:
      uri: ${i === 999 ? 'platform-http:/hello' : `direct:in-${i}`}
      steps:
        - setHeader: { name: number, simple: "${i}-\${body}" }
        - choice:
            when:
              - simple: "\${header.number} == '${i}'"
                steps:
                  - setBody: { constant: "same" }
            otherwise:
              steps:
                - setBody: { simple: "other \${header.number}" }
        - log: { message: "done \${body}", loggingLevel: DEBUG }
`,
  );
  writeFileSync(file, texts.join(''));
  const millis: number[] = [];
  const cpu: number[] = [];
  const memory: number[] = [];
  for (let round = 0; round < (isQuick ? 1 : 5); round++) {
    const own = mecha(file, await freePort());
    const started = await firstReply(own, '/hello');
    millis.push(started.millis);
    cpu.push(started.cpuMillis);
    await sleep(1000);
    memory.push(residentMegabytes(own.pid));
    await own.stop();
  }
  rmSync(folder, { recursive: true });
  const row = (figure: string, unit: string, own: readonly number[], goal: number): void => {
    rows.push({ benchmark: 'thousand', figure, unit, byHand: null, expected: null, mecha: median(own), ratio: null, goal, isRatio: false, isMost: true });
  };
  row('1,000 routes: start to the first reply', 'ms', millis, 2000);
  row('1,000 routes: CPU time until then', 'ms', cpu, 2000);
  row('1,000 routes: memory', 'MB', memory, 200);
}

/** What a figure of a program of its own says: one line of JSON each. */
interface Line extends Figures {
  readonly partitions?: number;
  /** Megabytes: the most over the first part, and over the whole. */
  readonly memory?: [number, number];
  readonly peak?: number;
  readonly way?: string;
}

/** Runs a benchmark that is a program of its own, where there is the server that it needs. */
function linesOf(name: string, program: string, server: string): Line[] {
  if ((process.env[server] ?? '') === '') {
    console.log(`${name}: left out, ${server} is not set (scripts/services/with.sh npm run bench)`);
    return [];
  }
  const output = execFileSync(process.execPath, ['--import', import.meta.resolve('tsx'), join(benchFolder, program), '--json', ...(isQuick ? ['--quick'] : [])], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return output.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Line] : []));
}

const inServers = { expected: null, goal: 0.85, isRatio: true, isMost: false };

const memoryRow = (benchmark: string, figure: string, [first, whole]: [number, number]): Row => ({
  ...inServers,
  benchmark,
  figure: `${figure}, by that over the first 300,000`,
  unit: 'MB',
  byHand: first,
  mecha: whole,
  ratio: whole / first,
  goal: 1.2,
  isMost: true,
});

/** Kafka to Kafka (bench/kafka.ts). */
async function kafka(): Promise<void> {
  for (const { partitions, memory, ...figures } of linesOf('kafka', 'kafka.ts', 'KAFKA_BROKERS')) {
    if (memory !== undefined) rows.push(memoryRow('kafka', 'Kafka: most memory over a million records', memory));
    else rows.push({ ...inServers, ...figures, benchmark: 'kafka', figure: `Kafka, ${partitions === 1 ? 'one partition' : `${partitions} partitions`}: JSON, filter, body, to Kafka`, unit: 'records a CPU second' });
  }
}

/** Queue to queue (bench/rabbitmq.ts). */
async function rabbitmq(): Promise<void> {
  for (const { memory, ...figures } of linesOf('rabbitmq', 'rabbitmq.ts', 'AMQP_URL')) {
    if (memory !== undefined) rows.push(memoryRow('rabbitmq', 'RabbitMQ: most memory over a million messages', memory));
    else rows.push({ ...inServers, ...figures, benchmark: 'rabbitmq', figure: 'RabbitMQ, confirmed: JSON, header, body, to RabbitMQ', unit: 'messages a CPU second' });
  }
}

/** Bucket to bucket: small objects (bench/s3.ts), and a large one (bench/s3-large.ts). */
async function s3(): Promise<void> {
  for (const figures of linesOf('s3', 's3.ts', 'S3_ENDPOINT')) rows.push({ ...inServers, ...figures, benchmark: 's3', figure: 'S3, objects of 300 bytes: JSON, body, to S3', unit: 'objects a CPU second' });
  if ((process.env['S3_ENDPOINT'] ?? '') === '') return;
  for (const { way, peak } of linesOf('s3', 's3-large.ts', 'S3_ENDPOINT')) {
    rows.push({ ...inServers, benchmark: 's3', figure: `S3, ${isQuick ? '256 MB' : '2 GB'} in and out, ${way}: most memory`, unit: 'MB', byHand: null, mecha: peak!, ratio: null, goal: 150, isRatio: false, isMost: true });
  }
}

/** The compiled form of each language: figures in microseconds, with goals of their own. */
const languages = async (): Promise<void> => {
  if (!(await printLanguageFigures())) process.exitCode = 1;
};

const benchmarks: Readonly<Record<string, () => Promise<void>>> = { languages, orders, proxy, steps, split, start, thousand, kafka, rabbitmq, s3 };

/** Three digits are enough. */
const shown = (value: number | null): string => (value === null ? '' : value >= 10_000 ? `${Number((value / 1000).toPrecision(3))}k` : String(Number(value.toPrecision(3))));

function cells(row: Row): string[] {
  const { ratio } = row;
  const achieved = row.isRatio ? ratio! : row.mecha;
  const isMet = row.isMost ? achieved <= row.goal : achieved >= row.goal;
  const slowness = row.expected === null ? 0 : row.isMost ? row.byHand! / row.expected - 1 : 1 - row.byHand! / row.expected;
  const goal = `${row.isMost ? '≤' : '≥'} ${row.isRatio ? `${row.goal} ×` : shown(row.goal)}`;
  return [row.figure, row.unit, shown(row.byHand), row.expected === null ? '' : shown(row.expected), shown(row.mecha), ratio === null ? '' : ratio.toFixed(2), goal, slowness > 0.15 ? 'void' : isMet ? 'yes' : 'no'];
}

const head = ['what', 'unit', 'by hand', 'known by hand', 'Mecha', 'ratio', 'goal', 'reached'];

function table(): string {
  const lines = [head, head.map(() => '---'), ...rows.map(cells)];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}

if (!existsSync(mechaCommand)) execFileSync(process.execPath, [join(benchFolder, '../scripts/build.mjs'), 'dist'], { stdio: 'inherit' });
process.on('exit', endAll);
const loadBefore = loadavg()[1]!;
for (const [name, run] of Object.entries(benchmarks)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const before = rows.length;
  await run();
  for (const row of rows.slice(before)) console.log(cells(row).join(' | '));
}
if (wanted.length === 0 && !isQuick) {
  const path = join(benchFolder, 'RESULTS.md');
  const [beginning, rest = ''] = readFileSync(path, 'utf8').split('<!-- begin figures -->\n');
  const facts = `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]!.model}, ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}, Node ${process.version}; the machine's load before the run was ${loadBefore.toFixed(1)}`;
  writeFileSync(path, `${beginning}<!-- begin figures -->\n${facts}\n\n${table()}\n<!-- end figures -->${rest.split('<!-- end figures -->')[1] ?? ''}`);
}
