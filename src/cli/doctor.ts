import { existsSync, statSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, resolve } from 'node:path';
import { showSpan } from '../core/diagnostics.ts';
import { Mecha } from '../runtime/mecha.ts';
import { AdminError, AdminUnreachable, askAdmin, shownAddress } from '../sidecar/client.ts';
import type { Options } from './adminAccess.ts';
import { adminAddress, adviceFor, configurationOf } from './adminAccess.ts';
import { mechaOptions } from './checked.ts';
import type { Terminal } from './terminal.ts';
import { version } from './version.ts';

interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'note' | 'problem';
  readonly message: string;
  readonly help: string | null;
}

/** Looks at all that a Mecha in this folder needs. Nothing is started, nothing is written. 0: fine; 1: something is in the way. */
export async function doctor(options: Options, terminal: Terminal): Promise<number> {
  const configuration = configurationOf(options, terminal);
  if (configuration === null) return 2;
  const findings: Finding[] = [];
  const find = (name: string, state: Finding['state'], message: string, help: string | null = null): void => void findings.push({ name, state, message, help });

  find('program', 'ok', `mecha ${version} on Node ${terminal.nodeVersion ?? 'unknown'}`);
  find('configuration', 'ok', configuration.files.length === 0 ? 'no mecha.yaml here: everything has its default' : configuration.files.join(', '));

  let isRunning = false;
  const address = adminAddress(options, configuration, terminal);
  try {
    const info = await askAdmin(address, 'GET', '/info');
    if (info.status !== 200) find('running', 'problem', `the admin API at ${shownAddress(address)} can't answer: ${String((info.body as { error?: string }).error)}`);
    else {
      isRunning = true;
      const { pid, routes, generation, version: other } = info.body as { pid: number | null; routes: number; generation: number; version: string | null };
      find('running', 'ok', `process ${pid ?? '?'} runs ${routes} route${routes === 1 ? '' : 's'}, generation ${generation}`);
      if (other !== null && other !== version) find('version', 'note', `the running one is version ${other}, this command ${version}`, 'restart it to have both alike');
      const health = await askAdmin(address, 'GET', '/health');
      const waiting = Object.entries((health.body as { routes: Record<string, { status: string; state: string; reason?: string }> }).routes).filter(([, route]) => route.status !== 'UP');
      if (waiting.length === 0) find('health', 'ok', 'every route is ready');
      for (const [id, { state, reason }] of waiting) find('health', 'problem', `route \`${id}\` is not ready: ${reason ?? state}`, reason === undefined ? `\`mecha resume ${id}\` starts it` : 'check the address and the credentials of its endpoint');
    }
  } catch (thrown) {
    if (!(thrown instanceof AdminError)) throw thrown;
    // One that is named is meant to run.
    if (thrown instanceof AdminUnreachable && typeof address === 'string') find('running', 'note', thrown.message, '`mecha run` starts one');
    else find('running', 'problem', thrown.message, adviceFor(thrown));
  }

  const problems = await Mecha.check(mechaOptions([], options, terminal));
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (configuration.get('routes') === undefined) find('routes', 'note', 'no routes are configured: `mecha run` needs paths then', 'name them in mecha.yaml: `routes: [routes]`');
  else if (errors.length === 0) find('routes', 'ok', `nothing wrong${problems.length === 0 ? '' : `, ${problems.length} warnings`}`, problems.length === 0 ? null : '`mecha validate` shows them');
  else find('routes', 'problem', `${errors.length} errors, the first: ${errors[0]!.message}${errors[0]!.at === null ? '' : ` (${showSpan(errors[0]!.at)})`}`, '`mecha validate` shows them all');

  if (configuration.get('state.store') !== 'memory') {
    const folder = resolve(terminal.folder, String(configuration.get('state.path')));
    const target = existsSync(folder) ? folder : existing(dirname(folder));
    try {
      if (!statSync(target).isDirectory()) throw new Error('it is no folder');
      await access(target, constants.W_OK);
      find('state', 'ok', `${folder}${existsSync(folder) ? '' : ' (not there yet)'}`);
    } catch (thrown) {
      find('state', 'problem', `the state folder ${folder} can't be written: ${(thrown as Error).message}`, 'name another with `state.path`, or use `state.store: memory`');
    }
  }

  const host = String(configuration.get('http.host'));
  const port = Number(configuration.get('http.port'));
  if (!isRunning && port !== 0) {
    const reason = await listenProblem(host, port);
    if (reason === null) find('port', 'ok', `${host}:${port} is free`);
    else find('port', 'problem', `${host}:${port} can't be listened on: ${reason}`, 'stop what listens there, or choose another with --port or `http.port`');
  }

  const isBad = findings.some(({ state }) => state === 'problem');
  if (options['json'] === true) terminal.out.write(`${JSON.stringify({ ok: !isBad, findings }, null, 2)}\n`);
  else for (const { name, state, message, help } of findings) terminal.out.write(`${{ ok: 'ok     ', note: 'note   ', problem: 'PROBLEM' }[state]} ${name.padEnd(13)} ${message}${help === null ? '' : `\n                      help: ${help}`}\n`);
  return isBad ? 1 : 0;
}

function existing(folder: string): string {
  let path = folder;
  while (!existsSync(path) && dirname(path) !== path) path = dirname(path);
  return path;
}

/** Why nothing could listen there; null: it could. */
const listenProblem = (host: string, port: number): Promise<string | null> =>
  new Promise((done) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => done(error.code === 'EADDRINUSE' ? 'the port is in use' : error.message));
    server.listen(port, host, () => server.close(() => done(null)));
  });
