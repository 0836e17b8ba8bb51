import type { ChildProcess } from 'node:child_process';
import { execFile, fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { platformHttp } from '../src/connectors/platform-http/definition.ts';
import { systemClock } from '../src/core/clock.ts';
import type { ConnectorContext, Delivery, Endpoint, Sink } from '../src/core/connector.ts';
import { Exchange } from '../src/core/exchange/exchange.ts';
import type { Headers } from '../src/core/exchange/headers.ts';

/**
 * What the platform-http connector costs beside bare node:http: a POST of 300 bytes of JSON, answered with a short JSON. Each server runs in
 * a process of its own, in turns; printed is the CPU time a request takes, median of the rounds.
 * `node --import tsx bench/http-listener.ts [ROUNDS] [SECONDS]`
 */
const reply = '{"accepted":true,"id":"o-4711","amount":129.5}';

function bare(ready: (port: number) => void): void {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      served++;
      JSON.parse((pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)).toString());
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(reply), 'X-One': 'one', 'X-Two': 'two' });
      response.end(reply);
    });
  });
  server.listen(0, '127.0.0.1', () => ready((server.address() as AddressInfo).port));
}

async function connector(ready: (port: number) => void): Promise<void> {
  const shared = new Map<string, unknown>();
  const context = {
    clock: systemClock,
    setting: () => undefined,
    property: () => undefined,
    log: (_: string, message: string) => console.error(message),
    shared: (name: string, make: () => unknown) => shared.get(name) ?? shared.set(name, make()).get(name),
  } as unknown as ConnectorContext;
  const options: Record<string, unknown> = { path: '/orders', port: 0 };
  for (const [name, { shape }] of Object.entries(platformHttp.options)) if (!(name in options)) options[name] = shape.default;
  const consumer = await platformHttp.consumer!({ options, uri: '', shownUri: '', scheme: 'platform-http', path: '/orders', rest: {} } as unknown as Endpoint<typeof platformHttp.options>, context);
  const sink = {
    routeId: 'bench',
    exchange: (body: unknown, headers: Headers, isInOut: boolean) => new Exchange(undefined, body, headers, isInOut),
    push: (exchange: Exchange, delivery: Delivery) => {
      served++;
      JSON.parse((exchange.body as Buffer).toString());
      exchange.headers.set('X-One', 'one');
      exchange.headers.set('X-Two', 'two');
      exchange.body = reply;
      delivery.left!(exchange);
      void delivery.settle(exchange);
    },
  } as unknown as Sink;
  await consumer.start(sink);
  ready((consumer as unknown as { port: number }).port);
}

let served = 0;

function serve(kind: string): void {
  let servedBefore = 0;
  let cpuBefore = process.cpuUsage();
  process.on('message', (message) => {
    if (message === 'reset') {
      servedBefore = served;
      cpuBefore = process.cpuUsage();
    } else if (message === 'report') {
      const { user, system } = process.cpuUsage(cpuBefore);
      process.send!({ user: user / (served - servedBefore), system: system / (served - servedBefore) });
    } else process.exit(0);
  });
  const ready = (port: number): void => void process.send!({ port });
  if (kind === 'bare') bare(ready);
  else void connector(ready);
}

const answer = <T>(child: ChildProcess): Promise<T> => new Promise((resolve) => child.once('message', (message) => resolve(message as T)));

async function measure(kind: string, seconds: number): Promise<{ user: number; system: number }> {
  const child = fork(import.meta.filename, ['serve', kind], { execArgv: ['--import', 'tsx'] });
  const { port } = await answer<{ port: number }>(child);
  const load = (time: number) => promisify(execFile)(process.execPath, [new URL('http-load.mjs', import.meta.url).pathname, String(port), '/orders', '32', String(time)]);
  await load(1);
  child.send('reset');
  const { stdout } = await load(seconds);
  const { bad } = JSON.parse(stdout.trim().split('\n').pop()!) as { bad: number };
  if (bad > 0) throw new Error(`${kind}: ${bad} bad replies`);
  child.send('report');
  const used = await answer<{ user: number; system: number }>(child);
  child.send('stop');
  return used;
}

const median = (numbers: number[]): number => numbers.sort((a, b) => a - b)[numbers.length >> 1]!;

async function compare(rounds: number, seconds: number): Promise<void> {
  const kinds = ['bare', 'connector'];
  const used: Record<string, { user: number; system: number }[]> = { bare: [], connector: [] };
  for (let round = 0; round < rounds; round++) for (const kind of kinds) used[kind]!.push(await measure(kind, seconds));
  for (const kind of kinds) {
    const total = median(used[kind]!.map(({ user, system }) => user + system));
    console.log(`${kind.padEnd(10)} ${total.toFixed(1)} us CPU a request (user ${median(used[kind]!.map(({ user }) => user)).toFixed(1)}), ${Math.round(1e6 / total)} requests a CPU second`);
  }
}

if (process.argv[2] === 'serve') serve(process.argv[3]!);
else await compare(Number(process.argv[2] ?? 5), Number(process.argv[3] ?? 3));
