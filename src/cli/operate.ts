import { createInterface } from 'node:readline';
import type { JsonReport } from '../dsl/diagnose.ts';
import type { TraceEntry } from '../runtime/trace.ts';
import { adminBody, openAdminAnswer } from '../sidecar/client.ts';
import type { Options } from './adminAccess.ts';
import { asked, withAdmin } from './adminAccess.ts';
import { textOfGiven } from './givenFiles.ts';
import type { Terminal } from './terminal.ts';
import { hasColour } from './terminal.ts';
import { traceLine } from './traceLine.ts';

interface RouteView {
  readonly id: string;
  readonly from: string;
  readonly state: string;
  readonly waitingFor: string | null;
  readonly inFlight: number;
  readonly completed: number;
  readonly failed: number;
  readonly handled: number;
  readonly generation: number;
  readonly at: string | null;
}

interface StepView {
  readonly id: string;
  readonly kind: string;
  readonly label: string;
  readonly exchanges: number;
  readonly failures: number;
  readonly steps: readonly StepView[];
}

/** Columns as wide as what stands in them. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => `${row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]!))).join('  ').trimEnd()}\n`).join('');
}

const json = (terminal: Terminal, value: unknown): void => void terminal.out.write(`${JSON.stringify(value, null, 2)}\n`);

export const getRoutes = (id: string | undefined, options: Options, terminal: Terminal): Promise<number> =>
  withAdmin(options, terminal, async (address) => {
    if (id !== undefined) {
      const one = await asked<RouteView & { steps: readonly StepView[] }>(address, 'GET', `/routes/${encodeURIComponent(id)}`, { terminal, options });
      if (one === null) return 1;
      const route = one.body;
      if (options['json'] === true) json(terminal, route);
      else {
        terminal.out.write(`${route.id}  ${route.state}  from ${route.from}  (${route.at ?? '-'})\n${route.waitingFor === null ? '' : `waits for: ${route.waitingFor}\n`}${route.completed} completed, ${route.failed} failed, ${route.handled} handled, ${route.inFlight} in flight\n`);
        const rows: string[][] = [];
        const visit = (steps: readonly StepView[], indent: string): void => {
          for (const step of steps) {
            rows.push([`${indent}${step.id}`, String(step.exchanges), step.failures === 0 ? '' : `${step.failures} failed`, step.label]);
            visit(step.steps, `${indent}  `);
          }
        };
        visit(route.steps, '  ');
        terminal.out.write(table(rows));
      }
      return 0;
    }
    const all = await asked<{ generation: number; routes: readonly RouteView[] }>(address, 'GET', '/routes', { terminal, options });
    if (all === null) return 1;
    if (options['json'] === true) json(terminal, all.body);
    else if (all.body.routes.length === 0) terminal.out.write('no routes run\n');
    else {
      terminal.out.write(
        table([
          ['ROUTE', 'STATE', 'IN FLIGHT', 'COMPLETED', 'FAILED', 'FROM'],
          ...all.body.routes.map((route) => [route.id, route.state, String(route.inFlight), String(route.completed), String(route.failed), `${route.from}${route.waitingFor === null ? '' : `  waits for: ${route.waitingFor}`}`]),
        ]),
      );
    }
    return 0;
  });

export const getInflight = (options: Options, terminal: Terminal): Promise<number> =>
  withAdmin(options, terminal, async (address) => {
    const answer = await asked<{ total: number; routes: Readonly<Record<string, number>> }>(address, 'GET', '/inflight', { terminal, options });
    if (answer === null) return 1;
    if (options['json'] === true) json(terminal, answer.body);
    else {
      const busy = Object.entries(answer.body.routes).filter(([, inFlight]) => inFlight > 0);
      terminal.out.write(`${answer.body.total} in flight\n${busy.length === 0 ? '' : table(busy.map(([id, inFlight]) => [`  ${id}`, String(inFlight)]))}`);
    }
    return 0;
  });

interface HealthView {
  readonly status: string;
  readonly reason?: string;
  readonly routes: Readonly<Record<string, { readonly status: string; readonly state: string; readonly reason?: string }>>;
}

/** 0: every route is ready; 1: one is not, or none answers. */
export const getHealth = (options: Options, terminal: Terminal): Promise<number> =>
  withAdmin(options, terminal, async (address) => {
    const answer = await asked<HealthView>(address, 'GET', '/health', { terminal, options, good: [200, 503] });
    if (answer === null) return 1;
    const { status, reason, routes } = answer.body;
    if (options['json'] === true) json(terminal, answer.body);
    else terminal.out.write(`${status}${reason === undefined ? '' : `: ${reason}`}\n${table(Object.entries(routes).map(([id, route]) => [`  ${id}`, route.status, `${route.state}${route.reason === undefined ? '' : `: ${route.reason}`}`]))}`);
    return answer.status === 200 ? 0 : 1;
  });

interface ReloadView {
  readonly generation: number;
  readonly result: 'applied' | 'unchanged' | 'rejected';
  readonly millis: number;
  readonly changed: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly problems: readonly JsonReport[];
}

export const reload = (file: string | undefined, options: Options, terminal: Terminal): Promise<number> =>
  withAdmin(options, terminal, async (address) => {
    let text: string | undefined;
    if (file !== undefined) {
      try {
        text = textOfGiven(file, terminal);
      } catch (thrown) {
        terminal.err.write(`error: \`${file}\` can't be read: ${(thrown as Error).message}\n`);
        return 2;
      }
    }
    const answer = await asked<ReloadView>(address, 'POST', '/reload', { terminal, options, good: [200, 422], ...(text === undefined ? {} : { body: text }) });
    if (answer === null) return 1;
    const { generation, result, changed, added, removed, problems } = answer.body;
    if (options['json'] === true) json(terminal, answer.body);
    else if (result === 'rejected') {
      for (const { file: name, problems: list } of problems) for (const { line, column, severity, code, message } of list) terminal.err.write(`${name}:${line}:${column}: ${severity}[${code}]: ${message}\n`);
      terminal.err.write(`rejected: generation ${generation} goes on; \`mecha validate\` shows each place\n`);
    } else if (result === 'unchanged') terminal.out.write(`nothing has changed, generation ${generation}\n`);
    else terminal.out.write(`generation ${generation}${[['changed', changed] as const, ['added', added] as const, ['removed', removed] as const].map(([what, ids]) => (ids.length === 0 ? '' : `\n  ${what}: ${ids.join(', ')}`)).join('')}\n`);
    return result === 'rejected' ? 2 : 0;
  });

export const steer = (action: 'suspend' | 'resume', id: string, options: Options, terminal: Terminal): Promise<number> =>
  withAdmin(options, terminal, async (address) => {
    const answer = await asked<{ id: string; state: string }>(address, 'POST', `/routes/${encodeURIComponent(id)}/${action}`, { terminal, options });
    if (answer === null) {
      terminal.err.write('help: `mecha get routes` lists the routes\n');
      return 1;
    }
    if (options['json'] === true) json(terminal, answer.body);
    else terminal.out.write(`${answer.body.id}  ${answer.body.state}\n`);
    return 0;
  });

/** What `--body` means: `@file` is a file's text. */
function bodyOf(options: Options, terminal: Terminal): unknown {
  const given = options['body'];
  if (typeof given !== 'string') return null;
  return given.startsWith('@') ? textOfGiven(given.slice(1), terminal) : given;
}

export const send = (uri: string, options: Options, terminal: Terminal): Promise<number> =>
  withAdmin(options, terminal, async (address) => {
    let body: unknown;
    try {
      body = bodyOf(options, terminal);
    } catch (thrown) {
      terminal.err.write(`error: the body can't be read: ${(thrown as Error).message}\n`);
      return 2;
    }
    const answer = await asked<{ body: unknown; headers: Record<string, string | null>; error?: string; route?: string; step?: string; at?: string }>(address, 'POST', '/send', {
      terminal,
      options,
      good: [200, 409],
      body: { uri, body, headers: options['header'] ?? {}, isInOut: options['oneWay'] !== true },
    });
    if (answer === null) return 1;
    if (options['json'] === true) json(terminal, answer.body);
    if (answer.status === 409) {
      const { error, route, step, at } = answer.body;
      terminal.err.write(`error: it failed${step == null ? '' : ` at ${route}/${step}`}${at == null ? '' : ` (${at})`}: ${error}\n`);
      if (step == null) terminal.err.write('help: `mecha get routes` lists the routes, and where each is sent to\n');
      return 1;
    }
    if (options['json'] !== true) {
      const { body: reply } = answer.body;
      terminal.out.write(`${reply === null ? '' : typeof reply === 'string' ? reply : JSON.stringify(reply)}\n`);
    }
    return 0;
  });

export const trace = (route: string | undefined, options: Options, terminal: Terminal): Promise<number> =>
  withAdmin(options, terminal, async (address) => {
    const query = new URLSearchParams();
    if (route !== undefined) query.set('route', route);
    for (const name of ['step', 'when', 'language']) if (options[name] !== undefined) query.set(name, String(options[name]));
    const ended = new AbortController();
    const response = await openAdminAnswer(address, 'GET', `/trace?${query.toString()}`, undefined, ended.signal);
    if (response.statusCode !== 200 || response.headers['content-type'] !== 'application/x-ndjson') {
      const { error } = (await adminBody(response, address)) as { error?: string };
      terminal.err.write(`error: ${error ?? `the admin API answers ${response.statusCode}`}\n`);
      return 1;
    }
    if (options['json'] !== true) terminal.err.write('tracing; Ctrl-C ends it\n');
    const offs = (['SIGINT', 'SIGTERM'] as const).map((signal) => terminal.onSignal(signal, () => ended.abort()));
    const most = Number(options['limit'] ?? Infinity);
    const colour = hasColour(terminal.out, terminal.environment);
    let count = 0;
    const lines = createInterface({ input: response, crlfDelay: Infinity });
    // Also told when nobody reads lines any more: we have hung up.
    lines.on('error', () => undefined);
    try {
      for await (const line of lines) {
        if (options['json'] === true) terminal.out.write(`${line}\n`);
        else terminal.out.write(traceLine(JSON.parse(line) as TraceEntry | { event: 'left out'; count: number }, { colour, withHeaders: options['headers'] === true }));
        if (++count >= most) break;
      }
    } catch {
      // The connection broke.
    } finally {
      if (count < most && !ended.signal.aborted) terminal.err.write('the Mecha has ended\n');
      ended.abort();
      for (const off of offs) off();
    }
    return 0;
  });
