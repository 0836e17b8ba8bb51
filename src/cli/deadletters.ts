import { resolve } from 'node:path';
import { openDeadLetters } from '../runtime/mecha.ts';
import type { DeadLetter, DeadLetterPage, DeadLetterSummary } from '../stores/deadletters.ts';
import type { Configuration } from '../runtime/configuration.ts';
import type { AdminAddress } from '../sidecar/client.ts';
import { AdminFailed, AdminUnreachable, askAdmin } from '../sidecar/client.ts';
import { deserialisedText } from '../sidecar/deadLetterView.ts';
import type { Options } from './adminAccess.ts';
import { withAdmin } from './adminAccess.ts';
import type { Terminal } from './terminal.ts';

const time = (millis: number): string => new Date(millis).toISOString().replace('T', ' ').slice(0, 19);

type Store = NonNullable<Awaited<ReturnType<typeof openDeadLetters>>>['deadLetters'];

const unanswered = (body: unknown): AdminFailed => new AdminFailed(`the running Mecha can't answer: ${String((body as { error?: string }).error)}`);

/** Asks the running Mecha; where none runs in this folder, reads the store itself. Null: there is nothing. */
async function ask<T>(address: AdminAddress, configuration: Configuration, { folder }: Terminal, path: string, read: (store: Store) => Promise<T>): Promise<T | null> {
  try {
    const { status, body } = await askAdmin(address, 'GET', path);
    if (status === 404) return null;
    if (status !== 200) throw unanswered(body);
    return body as T;
  } catch (thrown) {
    if (!(thrown instanceof AdminUnreachable) || typeof address !== 'string') throw thrown;
  }
  const opened = await openDeadLetters(configuration, resolve(folder));
  if (opened === null) return null;
  try {
    return await read(opened.deadLetters);
  } finally {
    await opened.close();
  }
}

export const list = (options: Options, terminal: Terminal): Promise<number> => withAdmin(options, terminal, (address, configuration) => listFrom(address, configuration, options, terminal));

async function listFrom(address: AdminAddress, configuration: Configuration, options: Options, terminal: Terminal): Promise<number> {
  const query = new URLSearchParams({ limit: String(options['limit']) });
  if (options['route'] !== undefined) query.set('route', String(options['route']));
  if (options['after'] !== undefined) query.set('after', String(options['after']));
  const page = await ask<DeadLetterPage>(address, configuration, terminal, `/deadletters?${query.toString()}`, (store) =>
    store.list({ ...(options['route'] === undefined ? {} : { routeId: String(options['route']) }), ...(options['after'] === undefined ? {} : { after: String(options['after']) }), limit: Number(options['limit']) }),
  );
  const entries: readonly DeadLetterSummary[] = page?.entries ?? [];
  if (options['json'] === true) terminal.out.write(`${JSON.stringify(page ?? { entries: [], next: null }, null, 2)}\n`);
  else if (entries.length === 0) terminal.out.write('no dead letters\n');
  else {
    for (const { id, time: at, routeId, stepId, exception, replayed } of entries) {
      terminal.out.write(`${id}  ${time(at)}  ${routeId}${stepId === null ? '' : `/${stepId}`}  ${exception === null ? '' : exception.message}${replayed === null ? '' : '  (replayed)'}\n`);
    }
    if (page?.next) terminal.out.write(`more: mecha deadletters list --after ${page.next}\n`);
  }
  return 0;
}

export const show = (id: string, options: Options, terminal: Terminal): Promise<number> => withAdmin(options, terminal, (address, configuration) => showFrom(address, configuration, id, options, terminal));

async function showFrom(address: AdminAddress, configuration: Configuration, id: string, options: Options, terminal: Terminal): Promise<number> {
  const entry = await ask<DeadLetter>(address, configuration, terminal, `/deadletters/${encodeURIComponent(id)}`, async (store) => (await store.get(id)) as DeadLetter);
  if (entry === null) {
    terminal.err.write(`error: there is no dead letter \`${id}\`; see \`mecha deadletters list\`\n`);
    return 1;
  }
  const shown = { ...entry, body: deserialisedText(entry.body), headers: Array.isArray(entry.headers) ? Object.fromEntries(entry.headers as [string, unknown][]) : entry.headers, properties: undefined };
  if (options['json'] === true) terminal.out.write(`${JSON.stringify(shown, null, 2)}\n`);
  else {
    const { routeId, stepId, at, exception, causes, attempts, time: when, fromEndpoint } = entry;
    terminal.out.write(
      [
        `id         ${id}`,
        `time       ${time(when)}`,
        `route      ${routeId}${fromEndpoint === null ? '' : ` (from ${fromEndpoint})`}`,
        `step       ${stepId ?? '-'}${at === null ? '' : ` at ${at}`}`,
        `failed     ${exception === null ? '-' : `${exception.type}: ${exception.message}`}`,
        ...causes.map(({ type, message }) => `  because  ${type}: ${message}`),
        `attempts   ${attempts}`,
        `headers    ${JSON.stringify(shown.headers)}`,
        `body       ${typeof shown.body === 'string' ? shown.body : JSON.stringify(shown.body)}`,
        '',
      ].join('\n'),
    );
  }
  return 0;
}

export const replay = (id: string | undefined, options: Options, terminal: Terminal): Promise<number> => withAdmin(options, terminal, (address) => replayAt(address, id, options, terminal));

async function replayAt(address: AdminAddress, id: string | undefined, options: Options, terminal: Terminal): Promise<number> {
  if (id === undefined && options['route'] === undefined) {
    terminal.err.write('error: say which: `mecha deadletters replay <id>`, or all of a route with `--route <id>`\n');
    return 2;
  }
  const ids: string[] = [];
  if (id !== undefined) ids.push(id);
  else {
    let after: string | null = '';
    do {
      const { status, body } = await askAdmin(address, 'GET', `/deadletters?route=${encodeURIComponent(String(options['route']))}&limit=1000${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`);
      if (status !== 200) throw unanswered(body);
      const page = body as DeadLetterPage;
      ids.push(...page.entries.filter(({ replayed }) => replayed === null).map((entry) => entry.id));
      after = page.next;
    } while (after !== null);
  }
  let failed = 0;
  for (const one of ids) {
    const { status, body } = await askAdmin(address, 'POST', `/deadletters/${encodeURIComponent(one)}/replay`);
    const isDone = status === 200;
    if (!isDone) failed++;
    if (options['json'] === true) terminal.out.write(`${JSON.stringify(body)}\n`);
    else if (status === 404) terminal.err.write(`error: ${(body as { error?: string }).error}; see \`mecha deadletters list\`\n`);
    else terminal.out.write(isDone ? `${one}  replayed\n` : `${one}  failed again: ${(body as { error?: string }).error}\n`);
  }
  return failed > 0 ? 1 : 0;
}
