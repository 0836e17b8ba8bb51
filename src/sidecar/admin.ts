import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { timingSafeEqual } from 'node:crypto';
import { convertTo } from '../core/convert.ts';
import { deserialisedText } from './deadLetterView.ts';
import { toJson } from '../dsl/diagnose.ts';
import type { StepSnapshot } from '../observe/snapshot.ts';
import type { Mecha } from '../runtime/mecha.ts';
import type { ReloadResult } from '../runtime/runtime.ts';
import { adminDescription } from './openapi.ts';

/** Bodies that clients of the admin API may send. */
const maxBodyBytes = 16 * 1024 * 1024;

/** Where the admin API of a state folder listens. */
export const adminSocket = (folder: string, statePath: string): string => join(resolve(folder, statePath), 'admin.sock');

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Serves the admin API: on a socket in the state folder, which only its owner may open, and with `admin.port` on loopback, where every
 * request needs the token. Gives what ends it.
 */
export async function openAdmin(mecha: Mecha): Promise<() => Promise<void>> {
  const { configuration } = mecha;
  if (configuration.get('admin.enabled') !== true) return () => Promise.resolve();
  const servers: Server[] = [];
  const path = adminSocket(mecha.folder, String(configuration.get('state.path')));
  if (configuration.get('state.store') !== 'memory') {
    try {
      mkdirSync(resolve(mecha.folder, String(configuration.get('state.path'))), { recursive: true });
      servers.push(await listenOnSocket(path, mecha));
    } catch (thrown) {
      mecha.runtime.log('warn', 'mecha.admin', `the admin API is not served on ${path}: ${(thrown as Error).message}`);
    }
  }
  const port = configuration.get('admin.port');
  if (port !== undefined) {
    const token = configuration.get('admin.token');
    if (typeof token !== 'string' || token === '') throw new Error('admin.port needs admin.token');
    servers.push(await listenOnPort(Number(port), token, mecha));
  }
  return async () => {
    await Promise.all(
      servers.map(
        (server) =>
          new Promise<void>((done) => {
            server.close(() => done());
            server.closeAllConnections();
          }),
      ),
    );
    rmSync(path, { force: true });
  };
}

async function listenOnSocket(path: string, mecha: Mecha): Promise<Server> {
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
  const server = createServer((request, response) => void handle(request, response, mecha, null));
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen(path, () => done());
  });
  chmodSync(path, 0o600);
  return server;
}

async function listenOnPort(port: number, token: string, mecha: Mecha): Promise<Server> {
  const server = createServer((request, response) => void handle(request, response, mecha, token));
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen(port, '127.0.0.1', () => done());
  });
  return server;
}

const isToken = (given: string, token: string): boolean => {
  const a = Buffer.from(given);
  const b = Buffer.from(`Bearer ${token}`);
  return a.length === b.length && timingSafeEqual(a, b);
};

async function handle(request: IncomingMessage, response: ServerResponse, mecha: Mecha, token: string | null): Promise<void> {
  let answer: Answer;
  try {
    if (token !== null && !isToken(request.headers.authorization ?? '', token)) throw new ApiError(401, 'send the header `Authorization: Bearer <admin.token>`');
    const body = await readBody(request);
    answer = await route(request.method ?? 'GET', new URL(request.url ?? '/', 'http://admin'), body, mecha);
  } catch (thrown) {
    answer = { status: thrown instanceof ApiError ? thrown.status : 500, body: { error: (thrown as Error).message } };
  }
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

function reloadView(result: ReloadResult): unknown {
  const files = new Set(result.problems.map(({ at }) => at?.source.file ?? ''));
  return { ...result, problems: [...files].map((file) => toJson(file, result.problems)) };
}

const stepView = ({ info, statistics, children }: StepSnapshot): unknown => ({ id: info.stepId, kind: info.kind, label: info.label, at: info.at, exchanges: statistics.total, failures: statistics.failed, steps: children.map(stepView) });

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new ApiError(400, `\`${part}\` is no part of a path`);
  }
}

async function route(method: string, url: URL, body: string, mecha: Mecha): Promise<Answer> {
  const parts = url.pathname.split('/').filter((part) => part !== '').map(decoded);
  const key = `${method} ${parts[0] ?? ''}`;
  const snapshot = mecha.snapshot;
  if (key === 'GET ' || key === 'GET openapi.json') return { status: 200, body: adminDescription };
  if (key === 'GET health') {
    const health = mecha.health.ready();
    return { status: health.status === 'UP' ? 200 : 503, body: health };
  }
  if (key === 'GET inflight') return { status: 200, body: { total: mecha.runtime.inFlight, routes: Object.fromEntries(snapshot.routes.map(({ routeId, inFlight }) => [routeId, inFlight])) } };
  if (key === 'GET routes') {
    const views = snapshot.routes.map(({ routeId, fromUri, state, waitingFor, inFlight, statistics, steps, generation, at }) => ({
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
      ...(parts[1] === undefined ? {} : { steps: steps.map(stepView) }),
    }));
    if (parts[1] === undefined) return { status: 200, body: { generation: snapshot.generation, routes: views } };
    const one = views.find(({ id }) => id === parts[1]);
    if (one === undefined) throw new ApiError(404, `there is no route \`${parts[1]}\``);
    return { status: 200, body: one };
  }
  if (key === 'POST routes' && (parts[2] === 'suspend' || parts[2] === 'resume' || parts[2] === 'stop' || parts[2] === 'start')) {
    const live = mecha.runtime.routes.get(parts[1]!);
    if (live === undefined) throw new ApiError(404, `there is no route \`${parts[1]}\``);
    if (parts[2] === 'suspend') await live.suspend();
    else if (parts[2] === 'stop') await live.stop();
    else await live.resume();
    return { status: 200, body: { id: live.routeId, state: live.state } };
  }
  if (key === 'POST reload') {
    const result = await mecha.reload(body.trim() === '' ? undefined : body, 'admin API');
    return { status: result.result === 'rejected' ? 422 : 200, body: reloadView(result) };
  }
  if (key === 'GET reload') return { status: 200, body: mecha.runtime.lastReload === null ? {} : reloadView(mecha.runtime.lastReload) };
  if (parts[0] === 'deadletters') return deadLetters(method, parts.slice(1), url, body, mecha);
  throw new ApiError(404, `there is nothing at ${method} ${url.pathname}; see /openapi.json`);
}

/** What a dead letter is to become. */
function readJson(text: string): { body?: unknown; headers?: Record<string, unknown> } {
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

async function deadLetters(method: string, parts: readonly string[], url: URL, body: string, mecha: Mecha): Promise<Answer> {
  const store = mecha.deadLetters;
  if (store === null) throw new ApiError(404, 'dead letters are not kept: `deadLetters.enabled` is false');
  const [id, action] = parts;
  if (id === undefined && method === 'GET') {
    const routeId = url.searchParams.get('route');
    const after = url.searchParams.get('after');
    const page = await store.list({ ...(routeId === null ? {} : { routeId }), ...(after === null ? {} : { after }), limit: Math.min(1000, Number(url.searchParams.get('limit') ?? 100) || 100) });
    return { status: 200, body: page };
  }
  if (id === undefined) throw new ApiError(405, 'use GET /deadletters');
  const entry = await store.get(id);
  if (entry === null) throw new ApiError(404, `there is no dead letter \`${id}\``);
  if (method === 'GET') return { status: 200, body: { ...entry, body: deserialisedText(entry.body), headers: Object.fromEntries(entry.headers.map(([name, value]) => [name, convertTo(value, 'String')])), properties: undefined } };
  if (method === 'POST' && action === 'replay') {
    try {
      await mecha.replay(id);
    } catch (thrown) {
      return { status: 409, body: { id, isReplayed: false, error: (thrown as Error).message } };
    }
    return { status: 200, body: { id, isReplayed: true } };
  }
  if (method === 'PUT') {
    const change = readJson(body);
    await store.edit(id, { ...('body' in change ? { body: change.body } : {}), ...(change.headers === undefined ? {} : { headers: Object.entries(change.headers) }) });
    return { status: 200, body: { id, isEdited: true } };
  }
  if (method === 'DELETE') return { status: 200, body: { id, isRemoved: await store.remove(id) } };
  throw new ApiError(405, `${method} is not possible here`);
}
