import { chmodSync, existsSync, rmSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createHash, timingSafeEqual } from 'node:crypto';
import { convertTo, isByteSource, readBytes, toText } from '../core/conversion/convert.ts';
import { FAILED, HANDLED } from '../core/exchange/exchange.ts';
import type { Predicate } from '../core/expression.ts';
import { makeFolder } from '../core/folder.ts';
import { writeJson } from '../core/conversion/json.ts';
import { deserialisedText } from './deadLetterView.ts';
import { toJson } from '../dsl/diagnose.ts';
import type { RouteSnapshot, StepSnapshot } from '../observe/snapshot.ts';
import type { Configuration } from '../runtime/configuration.ts';
import type { Mecha } from '../runtime/mecha.ts';
import type { Route } from '../runtime/route.ts';
import type { ReloadResult } from '../runtime/runtime.ts';
import { traceRuntime } from '../runtime/trace.ts';
import type { DeadLetter, DeadLetterStore } from '../stores/deadletters.ts';
import { adminDescription } from './openapi.ts';

/** Bodies that clients of the admin API may send. */
const maxBodyBytes = 16 * 1024 * 1024;

/** Longest path of a socket that every system takes. */
const longestSocketPath = 100;

/** Where the admin API of a state folder listens: in the folder, or, where its path is too long for a socket, in the system's folder for temporary files. */
export function adminSocket(folder: string, statePath: string): string {
  const path = join(resolve(folder, statePath), 'admin.sock');
  if (Buffer.byteLength(path) <= longestSocketPath) return path;
  return join(tmpdir(), `mecha-${createHash('sha256').update(path).digest('hex').slice(0, 16)}.sock`);
}

/** Who answers, beside the Mecha itself: only the program knows. */
export interface AdminProgram {
  readonly version: string;
  readonly pid: number;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface AdminRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly body: string;
}

/** Takes the lines of an answer that goes on until the client has enough. */
export type LineSink = Pick<ServerResponse, 'writeHead' | 'flushHeaders' | 'writableLength'> & { write(line: string): unknown; on(event: 'close', run: () => void): unknown };

/** What an admin API is served for. */
export interface AdminTarget {
  readonly configuration: Configuration;
  readonly folder: string;
  log(level: 'warn', logger: string, message: string): void;
  /** Null: the answer goes on by itself. */
  answer(request: AdminRequest, response: LineSink): Promise<Answer | null>;
}

/** What one request asks for. */
interface Asked {
  readonly mecha: Mecha;
  readonly program: AdminProgram | null;
  /** The parts of the path that stand in braces. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: string;
  /** For answers that go on until the client has enough. */
  readonly response: LineSink;
}

export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Serves the admin API: on a socket in the state folder, which only its owner may open, and with `admin.port` on `admin.host`, where every
 * request needs the token. Gives what ends it.
 */
export const openAdmin = (mecha: Mecha, program: AdminProgram | null = null): Promise<() => Promise<void>> =>
  serveAdmin({
    configuration: mecha.configuration,
    folder: mecha.folder,
    log: (level, logger, message) => mecha.runtime.log(level, logger, message),
    answer: (request, response) => answerAdmin(mecha, program, request, response),
  });

/** What one Mecha answers. @throws ApiError */
export async function answerAdmin(mecha: Mecha, program: AdminProgram | null, { method, url, body }: AdminRequest, response: LineSink): Promise<Answer | null> {
  const { pathname, searchParams } = new URL(url, 'http://admin');
  const { run, path } = operationOf(method, pathname);
  return run({ mecha, program, path, query: searchParams, body, response });
}

/** Serves an admin API; gives what ends it. */
export async function serveAdmin(target: AdminTarget): Promise<() => Promise<void>> {
  const { configuration } = target;
  if (configuration.get('admin.enabled') !== true) return () => Promise.resolve();
  const servers: Server[] = [];
  const path = adminSocket(target.folder, String(configuration.get('state.path')));
  let ownsSocket = false;
  // What keeps its state in memory leaves nothing in the folder, unless it is asked to.
  if (configuration.get('state.store') !== 'memory' || configuration.settings.has('admin.enabled')) {
    try {
      makeFolder(resolve(target.folder, String(configuration.get('state.path'))));
      servers.push(await listenOnSocket(path, target));
      ownsSocket = true;
    } catch (thrown) {
      target.log('warn', 'mecha.admin', `the admin API is not served on ${path}: ${(thrown as Error).message}`);
    }
  }
  const close = async (): Promise<void> => {
    await Promise.all(
      servers.map(
        (server) =>
          new Promise<void>((done) => {
            server.close(() => done());
            server.closeAllConnections();
          }),
      ),
    );
    if (ownsSocket) rmSync(path, { force: true });
  };
  const port = configuration.get('admin.port');
  if (port !== undefined) {
    try {
      const token = configuration.get('admin.token');
      if (typeof token !== 'string' || token === '') throw new Error('admin.port needs admin.token');
      servers.push(await listenOnPort(Number(port), String(configuration.get('admin.host')), token, target));
    } catch (thrown) {
      await close();
      throw thrown;
    }
  }
  return close;
}

async function listenOnSocket(path: string, target: AdminTarget): Promise<Server> {
  if (existsSync(path)) {
    const isAlive = await new Promise<boolean>((done) => {
      const probe = connect(path, () => {
        probe.destroy();
        done(true);
      });
      probe.on('error', () => done(false));
    });
    if (isAlive) throw new Error('another Mecha answers there');
    rmSync(path, { force: true });
  }
  const server = createServer((request, response) => void handle(request, response, target, null));
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen(path, () => done());
  });
  chmodSync(path, 0o600);
  return server;
}

async function listenOnPort(port: number, host: string, token: string, target: AdminTarget): Promise<Server> {
  const server = createServer((request, response) => void handle(request, response, target, token));
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen(port, host, () => done());
  });
  return server;
}

const isToken = (given: string, token: string): boolean => {
  const a = Buffer.from(given);
  const b = Buffer.from(`Bearer ${token}`);
  return a.length === b.length && timingSafeEqual(a, b);
};

async function handle(request: IncomingMessage, response: ServerResponse, target: AdminTarget, token: string | null): Promise<void> {
  let answer: Answer | null;
  try {
    if (token !== null && !isToken(request.headers.authorization ?? '', token)) throw new ApiError(401, 'send the header `Authorization: Bearer <admin.token>`');
    answer = await target.answer({ method: request.method ?? 'GET', url: request.url ?? '/', body: await readBody(request) }, response);
  } catch (thrown) {
    answer = { status: thrown instanceof ApiError ? thrown.status : 500, body: { error: (thrown as Error).message } };
  }
  if (answer === null) return;
  const text = Buffer.from(JSON.stringify(answer.body));
  response.writeHead(answer.status, { 'Content-Type': 'application/json', 'Content-Length': text.length });
  response.end(text);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > maxBodyBytes) throw new ApiError(413, `bodies may have ${maxBodyBytes} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export function reloadView(result: ReloadResult): unknown {
  const files = new Set(result.problems.map(({ at }) => at?.source.file ?? ''));
  return { ...result, problems: [...files].map((file) => toJson(file, result.problems)) };
}

export const stepView = ({ info, statistics, children }: StepSnapshot): unknown => ({ id: info.stepId, kind: info.kind, label: info.label, at: info.at, exchanges: statistics.total, failures: statistics.failed, steps: children.map(stepView) });

/** A part of a path. @throws ApiError 400 */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new ApiError(400, `\`${part}\` is no part of a path`);
  }
}

export const routeView = ({ routeId, fromUri, state, waitingFor, inFlight, statistics, generation, at, alone }: RouteSnapshot) => ({
  id: routeId,
  from: fromUri,
  state,
  waitingFor,
  inFlight,
  completed: statistics.completed,
  failed: statistics.failed,
  handled: statistics.handled,
  generation,
  at,
  alone,
});

/** What changes the state of a route. */
const steering =
  (steer: (route: Route) => Promise<void>) =>
  async ({ mecha, path }: Asked): Promise<Answer> => {
    const live = mecha.runtime.routes.get(path['id']!);
    if (live === undefined) throw new ApiError(404, `there is no route \`${path['id']}\``);
    // Another process runs it, and is told as well.
    if (live.current.plan.isElsewhere !== true || live.current.plan.autoStartup) await steer(live);
    return { status: 200, body: { id: live.routeId, state: live.state } };
  };

/** All that the API can do, by method and path as its description has them. Null: the answer goes on by itself. */
export const operations: Readonly<Record<string, (asked: Asked) => Answer | null | Promise<Answer | null>>> = {
  'GET /': () => ({ status: 200, body: adminDescription }),
  'GET /openapi.json': () => ({ status: 200, body: adminDescription }),
  'GET /info': ({ mecha, program }) => ({
    status: 200,
    body: {
      name: mecha.runtime.name,
      version: program?.version ?? null,
      pid: program?.pid ?? null,
      folder: mecha.folder,
      routes: mecha.runtime.routes.size,
      generation: mecha.runtime.generation,
      port: mecha.port,
      store: String(mecha.configuration.get('state.store')),
    },
  }),
  'GET /health': ({ mecha }) => {
    const health = mecha.health.ready();
    return { status: health.status === 'UP' ? 200 : 503, body: health };
  },
  'GET /inflight': ({ mecha }) => ({ status: 200, body: { total: mecha.runtime.inFlight, routes: Object.fromEntries(mecha.snapshot.routes.map(({ routeId, inFlight }) => [routeId, inFlight])) } }),
  'GET /routes': ({ mecha: { snapshot } }) => ({ status: 200, body: { generation: snapshot.generation, routes: snapshot.routes.map(routeView) } }),
  'GET /routes/{id}': ({ mecha, path }) => {
    const one = mecha.snapshot.routes.find(({ routeId }) => routeId === path['id']);
    if (one === undefined) throw new ApiError(404, `there is no route \`${path['id']}\``);
    return { status: 200, body: { ...routeView(one), steps: one.steps.map(stepView) } };
  },
  'POST /routes/{id}/suspend': steering((route) => route.suspend()),
  'POST /routes/{id}/resume': steering((route) => route.resume()),
  'POST /routes/{id}/start': steering((route) => route.resume()),
  'POST /routes/{id}/stop': steering((route) => route.stop()),
  'POST /reload': async ({ mecha, body }) => {
    const result = await mecha.reload(body.trim() === '' ? undefined : body, 'admin API');
    return { status: result.result === 'rejected' ? 422 : 200, body: reloadView(result) };
  },
  'GET /reload': ({ mecha }) => ({ status: 200, body: mecha.runtime.lastReload === null ? {} : reloadView(mecha.runtime.lastReload) }),
  'POST /send': send,
  'GET /trace': trace,
  'GET /deadletters': async (asked) => {
    const { query } = asked;
    const routeId = query.get('route');
    const after = query.get('after');
    const page = await storeOf(asked).list({ ...(routeId === null ? {} : { routeId }), ...(after === null ? {} : { after }), limit: Math.min(1000, Number(query.get('limit') ?? 100) || 100) });
    return { status: 200, body: page };
  },
  'GET /deadletters/{id}': async (asked) => {
    const entry = await entryOf(asked);
    return { status: 200, body: { ...entry, body: deserialisedText(entry.body), headers: Object.fromEntries(entry.headers.map(([name, value]) => [name, convertTo(value, 'String')])), properties: undefined } };
  },
  'PUT /deadletters/{id}': async (asked) => {
    const { id } = await entryOf(asked);
    const change = readMessage(asked.body);
    await storeOf(asked).edit(id, { ...('body' in change ? { body: change.body } : {}), ...(change.headers === undefined ? {} : { headers: Object.entries(change.headers) }) });
    return { status: 200, body: { id, isEdited: true } };
  },
  'DELETE /deadletters/{id}': async (asked) => {
    const { id } = await entryOf(asked);
    return { status: 200, body: { id, isRemoved: await storeOf(asked).remove(id) } };
  },
  'POST /deadletters/{id}/replay': async (asked) => {
    const { id } = await entryOf(asked);
    try {
      await asked.mecha.replay(id);
    } catch (thrown) {
      return { status: 409, body: { id, isReplayed: false, error: (thrown as Error).message } };
    }
    return { status: 200, body: { id, isReplayed: true } };
  },
};

const patterns = Object.entries(operations).map(([key, run]) => {
  const [method, path] = key.split(' ') as [string, string];
  return { method, parts: path.split('/').filter((part) => part !== ''), run };
});

function operationOf(method: string, pathname: string): { run: (typeof patterns)[number]['run']; path: Record<string, string> } {
  const given = pathname.split('/').filter((part) => part !== '').map(decoded);
  const fitting = patterns.filter(({ parts }) => parts.length === given.length && parts.every((part, at) => part.startsWith('{') || part === given[at]));
  const found = fitting.find((pattern) => pattern.method === method);
  if (found === undefined && fitting.length > 0) throw new ApiError(405, `${method} is not possible here; ${[...new Set(fitting.map((pattern) => pattern.method))].join(' and ')} is`);
  if (found === undefined) throw new ApiError(404, `there is nothing at ${method} ${pathname}; see /openapi.json`);
  return { run: found.run, path: Object.fromEntries(found.parts.flatMap((part, at) => (part.startsWith('{') ? [[part.slice(1, -1), given[at]!]] : []))) };
}

/** Sends a message to an endpoint and gives what comes back. */
async function send({ mecha, body }: Asked): Promise<Answer> {
  const message = readMessage(body);
  const { uri, isInOut = true } = message;
  if (typeof uri !== 'string' || uri === '') throw new ApiError(400, '`uri` must name an endpoint, such as `direct:orders`');
  if (typeof isInOut !== 'boolean') throw new ApiError(400, '`isInOut` must be true or false');
  const exchange = await mecha.runtime.send(uri, message.body ?? null, { headers: message.headers ?? {}, isInOut });
  if ((exchange.halt & (FAILED | HANDLED)) === FAILED) {
    // That which stands for whoever asks is no step of theirs.
    const step = exchange.failedStep?.routeId === '' ? null : exchange.failedStep;
    return { status: 409, body: { error: exchange.exception?.message ?? 'the exchange failed', type: exchange.exception?.type ?? null, route: step?.routeId ?? null, step: step?.stepId ?? null, at: step?.at ?? null } };
  }
  const headers: Record<string, string | null> = {};
  exchange.headers.forEach((name, value) => {
    headers[name] = toText(value);
  });
  return { status: 200, body: { exchange: exchange.id, body: await shownBody(exchange.body), headers } };
}

/** A body as JSON: text and bytes as they are, lists and mappings as such, all else as its text. */
async function shownBody(body: unknown): Promise<unknown> {
  if (isByteSource(body)) return deserialisedText(await readBytes(body));
  if (body instanceof Uint8Array) return deserialisedText(body);
  if (typeof body === 'object' && body !== null && (Array.isArray(body) || Object.getPrototypeOf(body) === Object.prototype)) return JSON.parse(writeJson(body)) as unknown;
  return typeof body === 'number' || typeof body === 'boolean' ? body : toText(body);
}

/** Lines that may wait for a client that reads slowly; what comes then is left out, and counted. */
const maxWaitingBytes = 1024 * 1024;

const hasStep = (steps: readonly StepSnapshot[], id: string): boolean => steps.some(({ info, children }) => info.stepId === id || hasStep(children, id));

/** One line of JSON for every exchange that enters a step or leaves a route, until the client hangs up. */
function trace({ mecha, query, response }: Asked): null {
  const route = query.get('route');
  const when = query.get('when');
  if (route !== null && !mecha.runtime.routes.has(route)) throw new ApiError(404, `there is no route \`${route}\``);
  const wanted = query.get('step');
  if (wanted !== null && !mecha.snapshot.routes.some(({ routeId, steps }) => (route === null || routeId === route) && hasStep(steps, wanted))) throw new ApiError(404, `there is no step \`${wanted}\`${route === null ? '' : ` in route \`${route}\``}`);
  const language = query.get('language') ?? 'simple';
  let predicate: Predicate | null = null;
  if (when !== null) {
    try {
      predicate = mecha.runtime.languages.context.predicate(language, when);
    } catch (thrown) {
      throw new ApiError(400, `\`when\`: ${(thrown as Error).message}`);
    }
    if (predicate.isAsync === true) throw new ApiError(400, `\`when\` can't use ${language}: it gives its value later; use simple, header or jsonpath`);
  }
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
  response.flushHeaders();
  const write = boundedLines(response);
  const end = traceRuntime(mecha.runtime, { route, step: wanted, when: predicate }, (entry) => write(`${JSON.stringify(entry)}\n`));
  response.on('close', end);
  return null;
}

/** Writes lines to a client; those that it is too slow for are left out, and counted. */
export function boundedLines(response: LineSink): (line: string) => void {
  let left = 0;
  return (line) => {
    if (response.writableLength > maxWaitingBytes) {
      left++;
      return;
    }
    if (left > 0) response.write(`${JSON.stringify({ event: 'left out', count: left })}\n`);
    left = 0;
    response.write(line);
  };
}

function storeOf({ mecha }: Asked): DeadLetterStore {
  if (mecha.deadLetters === null) throw new ApiError(404, 'dead letters are not kept: `deadLetters.enabled` is false');
  return mecha.deadLetters;
}

async function entryOf(asked: Asked): Promise<DeadLetter> {
  const entry = await storeOf(asked).get(asked.path['id']!);
  if (entry === null) throw new ApiError(404, `there is no dead letter \`${asked.path['id']}\``);
  return entry;
}

/** A message that a client gives. */
function readMessage(text: string): { uri?: unknown; isInOut?: unknown; body?: unknown; headers?: Record<string, unknown> } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw new ApiError(400, `the body is no JSON: ${(thrown as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ApiError(400, 'the body must be an object with `body`, `headers` or both');
  const { headers } = value as { headers?: unknown };
  if (headers !== undefined && (typeof headers !== 'object' || headers === null || Array.isArray(headers))) throw new ApiError(400, '`headers` must be an object');
  return value;
}
