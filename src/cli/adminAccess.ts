import { Diagnostics, LoadError } from '../core/diagnostics.ts';
import { printDiagnostics } from '../dsl/diagnose.ts';
import type { Configuration } from '../runtime/configuration.ts';
import { readConfiguration } from '../runtime/configuration.ts';
import { adminSocket } from '../sidecar/admin.ts';
import type { AdminAddress } from '../sidecar/client.ts';
import { AdminError, AdminFailed, AdminRefused, askAdmin, NoAddress } from '../sidecar/client.ts';
import type { Terminal } from './terminal.ts';
import { hasColour } from './terminal.ts';

export type Options = Readonly<Record<string, unknown>>;

/** The configuration that a command works with; null when it is wrong, which has been said then. */
export function configurationOf(options: Options, terminal: Terminal): Configuration | null {
  const problems = new Diagnostics();
  const configuration = readConfiguration({ folder: terminal.folder, file: (options['config'] as string | undefined) ?? null, environment: terminal.environment }, problems);
  if (!problems.hasErrors) return configuration;
  terminal.err.write(`${printDiagnostics(problems.sorted(), { color: hasColour(terminal.err, terminal.environment) })}\n`);
  return null;
}

/** Where the running Mecha answers: what `--url` names, else the socket of the state folder. */
export function adminAddress(options: Options, configuration: Configuration, { folder, environment }: Terminal): AdminAddress {
  const url = options['url'] ?? environment['MECHA_ADMIN_URL'];
  if (url === undefined) return adminSocket(folder, String(configuration.get('state.path')));
  const token = options['token'] ?? configuration.get('admin.token') ?? null;
  return { url: String(url), token: token === null ? null : String(token) };
}

/** What helps against it; null: its message says all. */
export function adviceFor(error: AdminError): string | null {
  if (error instanceof AdminRefused) return 'name the one that is its `admin.token` with `--token`, or set `admin.token` here in mecha.yaml';
  if (error instanceof AdminFailed) return null;
  if (error instanceof NoAddress) return 'write it as `--url http://host:port`';
  return 'start one in this folder with `mecha run`, or name another one with `--url http://host:port --token ...` or `--config FILE`';
}

/** Runs what talks to a running Mecha; 2 when the configuration is wrong, 1 when none answers, both said. */
export async function withAdmin(options: Options, terminal: Terminal, run: (address: AdminAddress, configuration: Configuration) => Promise<number>): Promise<number> {
  const configuration = configurationOf(options, terminal);
  if (configuration === null) return 2;
  try {
    return await run(adminAddress(options, configuration, terminal), configuration);
  } catch (thrown) {
    if (thrown instanceof LoadError) {
      terminal.err.write(`${printDiagnostics(thrown.diagnostics, { color: hasColour(terminal.err, terminal.environment) })}\n`);
      return 1;
    }
    if (!(thrown instanceof AdminError)) throw thrown;
    if (options['json'] === true) terminal.out.write(`${JSON.stringify({ error: thrown.message })}\n`);
    const advice = adviceFor(thrown);
    terminal.err.write(`error: ${thrown.message}\n${advice === null ? '' : `help: ${advice}\n`}`);
    return thrown instanceof NoAddress ? 2 : 1;
  }
}

/** The answer when it is one of the good ones; else null, after its error has been told. */
export async function asked<T>(address: AdminAddress, method: string, path: string, { terminal, options, good = [200], body }: { terminal: Terminal; options: Options; good?: readonly number[]; body?: unknown }): Promise<{ status: number; body: T } | null> {
  const answer = await askAdmin(address, method, path, body);
  if (good.includes(answer.status)) return answer as { status: number; body: T };
  if (options['json'] === true) terminal.out.write(`${JSON.stringify(answer.body)}\n`);
  terminal.err.write(`error: ${String((answer.body as { error?: unknown }).error ?? `the admin API answers ${answer.status}`)}\n`);
  return null;
}
