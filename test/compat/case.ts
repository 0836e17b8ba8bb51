import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { Node } from 'yaml';
import { parse, parseDocument, stringify, visit } from 'yaml';
import { exactNumber } from '../../src/core/conversion/exactNumber.ts';
import { LoadError, Source } from '../../src/core/diagnostics.ts';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import { ROLLBACK_ONLY, STOPPED } from '../../src/core/exchange/exchange.ts';
import { Events } from '../../src/core/events.ts';
import { Mocks } from '../../src/connectors/mock.ts';
import { javaDouble } from '../../src/core/conversion/exactNumber.ts';
import { ByteStream } from '../../src/core/conversion/stream.ts';
import { propertyLookup } from '../../src/dsl/placeholders.ts';
import { javaProperties } from '../../src/runtime/javaProperties.ts';
import { standardParts } from '../../src/runtime/standard.ts';
import { Runtime } from '../../src/runtime/runtime.ts';
import { matchesEndpoint } from '../../src/runtime/scopes.ts';
import { systemClock } from '../../src/core/clock.ts';
import { MemoryStore } from '../../src/stores/memory.ts';
import { Render } from './render.ts';

type Plain = Record<string, unknown>;

const map = (value: unknown): Plain => (value === null || value === undefined ? {} : (value as Plain));
const list = (value: unknown): unknown[] => (value === null || value === undefined ? [] : Array.isArray(value) ? value : [value]);
const json = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
const text = (value: unknown): string => (typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value));
const pause = (millis: number): Promise<void> => new Promise((done) => setTimeout(done, millis));

interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** node:http's client, which sends just the headers that it is given. */
const answerOf = (url: string, method: string, headers: Record<string, string>, body: string | undefined): Promise<HttpAnswer> =>
  new Promise((done, failed) => {
    const asking = request(url, { method, headers, timeout: 3000 }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => done({ status: response.statusCode!, headers: response.headers, text: Buffer.concat(pieces).toString() }));
      response.on('error', failed);
    });
    // Nobody said it: Java's client sends none either.
    if (!Object.keys(headers).some((name) => name.toLowerCase() === 'connection')) asking.removeHeader('Connection');
    asking.on('timeout', () => asking.destroy(new Error('no answer in time')));
    asking.on('error', failed);
    asking.end(body);
  });

const freePort = (): Promise<number> =>
  new Promise((done, failed) => {
    const server = createServer();
    server.on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });

/** The patterns of all `interceptSendToEndpoint` in a case's routes. */
function interceptedUris(routes: unknown): string[] {
  const found: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'interceptSendToEndpoint') found.push(typeof inner === 'string' ? inner : String(map(inner)['uri']));
      visit(inner);
    }
  };
  visit(typeof routes === 'string' && routes.includes('interceptSendToEndpoint') ? parse(routes, { logLevel: 'silent' }) : routes);
  return found;
}

/** Reads a case. Whole numbers with a point in what is sent are doubles, as in Java: `5.0` is not `5`. */
function readSpec(source: string): Plain {
  const document = parseDocument(source, { merge: false, version: '1.2' });
  const sent = document.get('send', true);
  if (sent !== undefined) {
    visit(sent as Node, {
      Scalar: (_, scalar) => {
        if (typeof scalar.value === 'number' && typeof scalar.source === 'string' && (/[.eE]/.test(scalar.source) || !Number.isSafeInteger(scalar.value))) scalar.value = exactNumber(scalar.source);
      },
    });
  }
  return map(document.toJS());
}

/** Runs one case file in a runtime of its own and gives its answer in the oracle's form. */
export async function runCase(file: string): Promise<Plain> {
  const spec = readSpec(readFileSync(file, 'utf8'));
  const limit = Number(spec['limitMs'] ?? 20_000);
  const running = new Case(resolve(file), spec);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Plain>((done) => {
    timer = setTimeout(() => done({ oracleError: `case ran past ${limit} ms` }), limit);
  });
  try {
    return { case: basename(file), ...(await Promise.race([running.run(), late])) };
  } catch (thrown) {
    return { case: basename(file), oracleError: String((thrown as Error).stack ?? thrown) };
  } finally {
    clearTimeout(timer);
  }
}

class Case {
  private readonly file: string;
  private readonly spec: Plain;
  private readonly workDir = mkdtempSync(join(tmpdir(), 'compat-'));
  private readonly logs: Plain[] = [];
  private httpPort = 0;
  private render!: Render;

  constructor(file: string, spec: Plain) {
    this.file = file;
    this.spec = spec;
  }

  async run(): Promise<Plain> {
    const { spec, workDir } = this;
    if (spec['http'] === true) this.httpPort = await freePort();
    this.render = new Render(workDir, this.httpPort);
    const show = map(spec['show']);
    for (const [name, content] of Object.entries(map(spec['files']))) {
      const path = join(workDir, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text(content));
    }
    const { runtime, failed } = await this.start();
    const answer: Plain = {};
    const replies: unknown[] = [];
    const mocks = runtime.shared('mocks', () => new Mocks(systemClock));
    if (failed === null) {
      await this.sends(runtime, replies);
      await this.await(runtime, mocks);
    }
    answer['startupError'] = failed === null ? null : { type: failed.name, message: this.render.text(failed.message) };
    answer['replies'] = replies;
    answer['mocks'] = await this.mocks(mocks);
    if (show['logs'] === true) answer['logs'] = [...this.logs];
    if (show['routes'] === true) answer['routes'] = Object.fromEntries([...runtime.routes.values()].map(({ routeId, state }) => [routeId, state]).sort());
    if (show['files'] === true) answer['files'] = this.tree();
    void runtime.stop(1000).finally(() => rmSync(workDir, { recursive: true, force: true }));
    return answer;
  }

  private async start(): Promise<{ runtime: Runtime; failed: Error | null }> {
    const events = new Events();
    const routes = this.spec['routes'];
    const sources: Source[] = [];
    if (routes !== undefined && routes !== null) sources.push(new Source('routes.yaml', typeof routes === 'string' ? routes : stringify(routes, { aliasDuplicateObjects: false, lineWidth: 0 })));
    for (const name of list(this.spec['routesFiles'])) sources.push(new Source(String(name), this.textOf(String(name))));
    const properties: Record<string, string> = { workDir: this.workDir, httpPort: String(this.httpPort) };
    for (const [key, value] of Object.entries(map(this.spec['properties']))) properties[key] = text(value);
    const clock = systemClock;
    const runtime: Runtime = new Runtime({
      name: 'oracle',
      parts: standardParts,
      clock,
      events,
      store: new MemoryStore(clock),
      baseDir: this.workDir,
      properties: propertyLookup({ properties, environment: process.env, system: javaProperties(this.workDir), condition: (source) => runtime.meets(source), readFile: (path) => readFileSync(resolve(this.workDir, path), 'utf8') }),
      environment: Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined)),
      keepFailed: () => true,
      settings: (key) => (key === 'http.port' ? this.httpPort : key === 'http.host' ? '127.0.0.1' : key === 'exec.allowed' ? ['echo', 'cat'] : undefined),
      resource: (uri) => readFileSync(resolve(this.workDir, uri.replace(/^resource:/, '').replace(/^(file|classpath):/, '')), 'utf8'),
    });
    events.logThreshold = 'info';
    events.on('log', ({ level, logger, message, isNull }) => {
      // Lines of the runtime itself are not the routes' own.
      if (!logger.startsWith('mecha.')) this.logs.push({ logger, level: level.toUpperCase(), message: isNull === true ? null : this.render.text(message) });
    });
    // What routes write must not stand among the answers.
    runtime.shared('standard streams', () => ({ input: () => Readable.from([]), out: () => new PassThrough().resume(), err: () => new PassThrough().resume() }));
    try {
      await runtime.start(sources);
      return { runtime, failed: null };
    } catch (thrown) {
      if (!(thrown instanceof LoadError)) throw thrown;
      return { runtime, failed: thrown };
    }
  }

  private async sends(runtime: Runtime, replies: unknown[]): Promise<void> {
    const all = list(this.spec['send']).map(map);
    for (let i = 0; i < all.length; ) {
      const { group } = all[i]!;
      const batch: Promise<unknown>[] = [];
      do batch.push(this.send(runtime, all[i++]!));
      while (group !== undefined && i < all.length && all[i]!['group'] === group);
      replies.push(...(await Promise.all(batch)));
    }
  }

  private async send(runtime: Runtime, send: Plain): Promise<unknown> {
    if (send['delayMs'] !== undefined) await pause(Number(send['delayMs']));
    if (send['http'] !== undefined) return this.http(map(send['http']));
    const to = String(send['to']);
    try {
      runtime.endpoints.check(to);
    } catch (thrown) {
      return { to, sendError: this.render.error(thrown) };
    }
    const exchange = await runtime.send(to, this.body(send), {
      headers: map(send['headers']),
      properties: map(send['properties']),
      variables: map(send['variables']),
      isInOut: (send['pattern'] ?? 'InOut') === 'InOut',
    });
    const reply: Plain = { to, ...(await this.render.message(exchange)), exception: exchange.exception === null ? null : this.render.error(exchange.exception), ...(await this.selected(exchange)) };
    if ((exchange.halt & ROLLBACK_ONLY) !== 0) reply['rollbackOnly'] = true;
    if ((exchange.halt & STOPPED) !== 0) reply['routeStop'] = true;
    return reply;
  }

  private async selected(exchange: Exchange): Promise<Plain> {
    const show = map(this.spec['show']);
    const selected: Plain = {};
    for (const [kind, get] of [
      ['properties', (name: string) => exchange.property(name)],
      ['variables', (name: string) => exchange.variable(name)],
    ] as const) {
      const names = list(show[kind]).map(String);
      if (names.length === 0) continue;
      const values: Plain = {};
      for (const name of names) {
        const value = get(name);
        if (value !== undefined && value !== null) values[name] = await this.render.value(value);
      }
      selected[kind] = values;
    }
    return selected;
  }

  private async http(send: Plain): Promise<unknown> {
    const method = String(send['method'] ?? 'GET');
    const path = String(send['path'] ?? '/');
    const reply: Plain = { http: `${method} ${path}` };
    const body = send['body'] === undefined || send['body'] === null ? undefined : json(send['body']);
    const headers = Object.fromEntries(Object.entries(map(send['headers'])).map(([name, value]) => [name, text(value)]));
    // As the oracle's client does, which announces an empty body too.
    if (body === undefined) headers['Content-Length'] = '0';
    // Node leaves the length out where a method has no body by its nature, and the server can't tell where it ends.
    else if (!Object.keys(headers).some((name) => name.toLowerCase() === 'content-length')) headers['Content-Length'] = String(Buffer.byteLength(body));
    try {
      const response = await answerOf(`http://127.0.0.1:${this.httpPort}${path}`, method, headers, body);
      reply['status'] = response.status;
      const shown: Plain = {};
      for (const [name, value] of Object.entries(response.headers)) {
        if (value === undefined || ['date', 'content-length', 'transfer-encoding', 'connection', 'keep-alive'].includes(name)) continue;
        shown[name] = this.render.text(Array.isArray(value) ? value.join(', ') : value);
      }
      reply['headers'] = Object.fromEntries(Object.entries(shown).sort());
      reply['body'] = this.render.text(response.text);
    } catch (thrown) {
      reply['httpError'] = this.render.text(String((thrown as Error).message));
    }
    return reply;
  }

  private body(send: Plain): unknown {
    const { body, bodyAs } = send as { body?: unknown; bodyAs?: string };
    if (bodyAs === undefined || body === undefined || body === null) return body ?? null;
    switch (bodyAs) {
      case 'bytes':
        return Buffer.from(json(body));
      case 'stream':
        return new ByteStream(Buffer.from(json(body)));
      case 'file':
        return Buffer.from(readFileSync(join(this.workDir, String(body))));
      case 'json':
        return json(body);
      case 'iterator':
        return list(body)[Symbol.iterator]();
      case 'array':
        return list(body);
      case 'set':
        return new Set(list(body));
      case 'double':
        return javaDouble(Number(body));
      default:
        return Number(body);
    }
  }

  private async await(runtime: Runtime, mocks: Mocks): Promise<void> {
    const end = Date.now() + Number(this.spec['timeoutMs'] ?? 5000);
    for (const [uri, count] of Object.entries(map(this.spec['waitFor']))) {
      while (mocks.get(uri).count < Number(count ?? 1) && Date.now() < end) await pause(5);
    }
    await pause(Number(this.spec['waitMs'] ?? 0));
    for (let i = 0, idle = 0; i < 200 && idle < 2; i++) {
      idle = runtime.inFlight === 0 ? idle + 1 : 0;
      await pause(2);
    }
  }

  private textOf(name: string): string {
    return readFileSync(resolve(dirname(this.file), name), 'utf8');
  }

  private async mocks(mocks: Mocks): Promise<Plain> {
    const unordered = list(this.spec['unordered']);
    const rendered: Plain = {};
    const hidden = [this.spec['routes'], ...list(this.spec['routesFiles']).map((name) => this.textOf(String(name)))].flatMap(interceptedUris);
    for (const mock of mocks.all().sort((a, b) => (a.uri < b.uri ? -1 : 1))) {
      // The oracle can't look into a mock that Camel has wrapped for an interceptSendToEndpoint.
      if (hidden.some((pattern) => matchesEndpoint(mock.uri, pattern))) continue;
      const got: Plain[] = [];
      for (const exchange of mock.received) got.push({ ...(await this.render.message(exchange)), ...(await this.selected(exchange)) });
      if (unordered.includes(mock.uri)) got.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
      rendered[mock.uri] = got;
    }
    return rendered;
  }

  private tree(): Plain {
    const found: Plain = {};
    const visit = (folder: string, prefix: string): void => {
      for (const name of readdirSync(folder).sort()) {
        const path = join(folder, name);
        if (statSync(path).isDirectory()) visit(path, `${prefix}${name}/`);
        else found[prefix + name] = this.render.text(readFileSync(path, 'utf8'));
      }
    };
    visit(this.workDir, '');
    return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
