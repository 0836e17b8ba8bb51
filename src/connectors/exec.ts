import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ConnectorContext, Endpoint, Producer } from '../core/connector.ts';
import { defineConnector } from '../core/connector.ts';
import { convertTo, isByteSource, readBytes, toText } from '../core/conversion/convert.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';

type ExecEndpoint = Endpoint<typeof options>;

const largestOutputBytes = 64 * 1024 * 1024;

/** What a command has said; as a body it stands for its output. */
export class ExecResult {
  readonly exitValue: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  private readonly shown: Buffer;

  constructor(exitValue: number, stdout: Buffer, stderr: Buffer, shown: Buffer) {
    this.exitValue = exitValue;
    this.stdout = stdout;
    this.stderr = stderr;
    this.shown = shown;
  }

  bytes(): Buffer {
    return this.shown;
  }

  text(): string {
    return this.shown.toString('utf8');
  }

  toString(): string {
    return this.text();
  }
}

/** Words with blanks between; `"` and `'` hold what has blanks together. No shell ever sees them. */
export const splitArguments = (text: string): string[] =>
  Array.from(text.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"']|["'])+/g), ([word]) => word.replace(/"([^"]*)"|'([^']*)'|["']/g, (_all, double?: string, single?: string) => double ?? single ?? ''));

/** What a program reads; as in Camel nothing for a body that has no bytes: a map, a list, a number. */
function inputOf(exchange: Exchange): Buffer | null {
  try {
    return convertTo(exchange.body, 'java.io.InputStream', exchange) as Buffer | null;
  } catch {
    return null;
  }
}

const failure = (message: string): ExchangeError => new ExchangeError('org.apache.camel.component.exec.ExecException', message);

class ExecProducer implements Producer {
  private readonly options: ExecEndpoint['options'];
  private readonly context: ConnectorContext;

  constructor({ options }: ExecEndpoint, context: ConnectorContext) {
    this.options = options;
    this.context = context;
    this.check(options.executable);
  }

  /** Only what the settings allow is ever run. */
  private check(executable: string): void {
    const setting = this.context.setting('exec.allowed');
    const allowed = Array.isArray(setting) ? setting.map(String) : typeof setting === 'string' ? setting.split(',').map((name) => name.trim()) : [];
    if (!allowed.includes(executable)) throw new Error(`\`${executable}\` may not be run: add it to \`exec.allowed\` in mecha.yaml`);
  }

  async send(exchange: Exchange): Promise<void> {
    const { options } = this;
    // As in Camel, what has been obeyed does not go on with the message.
    const taken = (name: string): unknown => {
      const value = options.allowControlHeaders ? (exchange.headers.get(`CamelExec${name}`) ?? null) : null;
      if (value !== null) exchange.headers.remove(`CamelExec${name}`);
      return value;
    };
    const header = (name: string): string | null => toText(taken(name));
    const executable = header('CommandExecutable') ?? options.executable;
    if (executable !== options.executable) this.check(executable);
    const given = taken('CommandArgs');
    const args = Array.isArray(given) ? given.map((item) => toText(item) ?? '') : splitArguments(toText(given) ?? options.args ?? '');
    const { body } = exchange;
    const input = isByteSource(body) ? await readBytes(body) : inputOf(exchange);
    const folder = header('CommandWorkingDir') ?? options.workingDir;
    const timeout = Number(header('CommandTimeout') ?? options.timeout ?? 0);
    if (!(timeout >= 0)) throw failure('the header `CamelExecCommandTimeout` holds no number of milliseconds');
    const outFile = header('CommandOutFile') ?? options.outFile;
    const usesStderr = header('UseStderrOnEmptyStdout')?.toLowerCase() ?? String(options.useStderrOnEmptyStdout);
    const exitValues = header('ExitValues') ?? options.exitValues ?? '';
    const level = (header('CommandLogLevel') ?? options.commandLogLevel).toUpperCase();
    if (['DEBUG', 'INFO', 'WARN', 'ERROR'].includes(level)) this.context.log(level.toLowerCase() as 'debug', `runs ${executable} with ${args.length} arguments`);
    const cwd = folder === undefined ? this.context.baseDir : resolve(this.context.baseDir, folder);
    const { exitValue, stdout, stderr } = await this.run(executable, args, cwd, input, timeout);
    const accepted = exitValues.split(',').filter((value) => value.trim() !== '').map(Number);
    if (accepted.length > 0 && !accepted.includes(exitValue)) throw failure(`\`${executable}\` ended with ${exitValue}, not with ${accepted.join(' or ')}`);
    exchange.headers.set('CamelExecExitValue', exitValue);
    exchange.headers.set('CamelExecStderr', stderr.length === 0 ? null : stderr);
    const shown = outFile !== undefined && outFile !== null ? readFileSync(resolve(cwd, outFile)) : stdout.length === 0 && usesStderr === 'true' ? stderr : stdout;
    exchange.body = new ExecResult(exitValue, stdout, stderr, shown);
  }

  private run(executable: string, args: readonly string[], cwd: string, input: Buffer | null, timeoutMillis: number): Promise<{ exitValue: number; stdout: Buffer; stderr: Buffer }> {
    return new Promise((done, failed) => {
      const child = spawn(executable, args, { cwd, stdio: 'pipe', shell: false });
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      let size = 0;
      const giveUp = (message: string): void => {
        child.kill('SIGKILL');
        failed(failure(message));
      };
      const timer = timeoutMillis > 0 ? this.context.clock.schedule(timeoutMillis, () => giveUp(`\`${executable}\` took longer than ${timeoutMillis} ms`)) : null;
      const into = (pieces: Buffer[]) => (piece: Buffer) => {
        size += piece.length;
        if (size > largestOutputBytes) giveUp(`\`${executable}\` says more than ${largestOutputBytes} bytes`);
        else pieces.push(piece);
      };
      child.stdout.on('data', into(stdout));
      child.stderr.on('data', into(stderr));
      child.on('error', (error) => {
        timer?.cancel();
        failed(failure(`\`${executable}\` can't be run: ${error.message}`));
      });
      child.on('close', (code) => {
        timer?.cancel();
        done({ exitValue: code ?? -1, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) });
      });
      // A command need not read what it gets.
      child.stdin.on('error', () => undefined);
      child.stdin.end(input ?? undefined);
    });
  }
}

const options = {
  executable: field.string('The program. It must be one of those that the setting `exec.allowed` names.').required().inPath(),
  args: field.string('Its arguments, with blanks between; "..." for one that has blanks.'),
  commandLogLevel: field.enum('Level of a line for each run.', ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'OFF']).default('DEBUG'),
  exitValues: field.string('Exit values that count as success, with commas between; all, without it.'),
  outFile: field.string('File that the program writes, whose content becomes the body.'),
  timeout: field.millis('Longest time that it may run.').atLeast(1),
  useStderrOnEmptyStdout: field.boolean('Takes what it says on stderr where stdout is empty.').default(false),
  workingDir: field.string('Folder that it runs in.'),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('there is nothing to start'),
  allowControlHeaders: field.boolean('Takes program, arguments and the like from the headers below. Only for messages whose sender is trusted.').default(false),
  binding: field.string('Bean that reads and writes exchanges.').ignored('steps before and after do that'),
  commandExecutor: field.string('Bean that runs commands.').ignored('the system runs them'),
};

export const exec = defineConnector({
  scheme: 'exec',
  syntax: 'exec:executable',
  summary: 'Runs a program with the body as its input; its output becomes the body.',
  options,
  headers: {
    CamelExecExitValue: 'The exit value.',
    CamelExecStderr: 'What it said on stderr; null for nothing.',
    CamelExecCommandExecutable: 'With allowControlHeaders: the program.',
    CamelExecCommandArgs: 'With allowControlHeaders: its arguments, as a list, or as a text like `args`.',
    CamelExecCommandWorkingDir: 'With allowControlHeaders: the folder that it runs in.',
    CamelExecCommandTimeout: 'With allowControlHeaders: the longest time that it may run, in milliseconds.',
    CamelExecCommandOutFile: 'With allowControlHeaders: the file that it writes.',
    CamelExecExitValues: 'With allowControlHeaders: exit values that count as success.',
    CamelExecUseStderrOnEmptyStdout: 'With allowControlHeaders: whether stderr is taken where stdout is empty.',
    CamelExecCommandLogLevel: 'With allowControlHeaders: level of the line for the run.',
  },
  producer: (endpoint, context) => new ExecProducer(endpoint, context),
});
