import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ConnectorContext, Endpoint, Producer } from '../core/connector.ts';
import { defineConnector } from '../core/connector.ts';
import { bytesOfBody, isByteSource, readBytes, toText } from '../core/conversion/convert.ts';
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
    const header = (name: string): string | null => (options.allowControlHeaders ? toText(exchange.headers.get(`CamelExecCommand${name}`) ?? null) : null);
    const executable = header('Executable') ?? options.executable;
    if (executable !== options.executable) this.check(executable);
    const given = options.allowControlHeaders ? exchange.headers.get('CamelExecCommandArgs') : undefined;
    const args = Array.isArray(given) ? given.map((item) => toText(item) ?? '') : splitArguments(toText(given ?? null) ?? options.args ?? '');
    const { body } = exchange;
    const input = body === null || body === undefined ? null : isByteSource(body) ? await readBytes(body) : bytesOfBody(body);
    const folder = header('WorkingDir') ?? options.workingDir;
    const timeout = Number(header('Timeout') ?? options.timeout ?? 0);
    const outFile = header('OutFile') ?? options.outFile;
    if (options.commandLogLevel !== 'OFF' && options.commandLogLevel !== 'TRACE') this.context.log(options.commandLogLevel.toLowerCase() as 'debug', `runs ${executable} with ${args.length} arguments`);
    const cwd = folder === undefined ? this.context.baseDir : resolve(this.context.baseDir, folder);
    const { exitValue, stdout, stderr } = await this.run(executable, args, cwd, input, timeout);
    const accepted = (toText(exchange.headers.get('CamelExecExitValues') ?? null) ?? options.exitValues ?? '').split(',').filter((value) => value.trim() !== '').map(Number);
    exchange.headers.set('CamelExecExitValue', exitValue);
    exchange.headers.set('CamelExecStderr', stderr.length === 0 ? null : stderr);
    if (accepted.length > 0 && !accepted.includes(exitValue)) throw failure(`\`${executable}\` ended with ${exitValue}, not with ${accepted.join(' or ')}`);
    const shown = outFile !== undefined && outFile !== null ? readFileSync(resolve(cwd, outFile)) : stdout.length === 0 && options.useStderrOnEmptyStdout ? stderr : stdout;
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
  timeout: field.millis('Longest time that it may run.'),
  useStderrOnEmptyStdout: field.boolean('Takes what it says on stderr where stdout is empty.').default(false),
  workingDir: field.string('Folder that it runs in.'),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('there is nothing to start'),
  allowControlHeaders: field.boolean('Takes program, arguments and the like from headers. Only for messages whose sender is trusted.').default(false),
  binding: field.string('Bean that reads and writes exchanges.').ignored('steps before and after do that'),
  commandExecutor: field.string('Bean that runs commands.').ignored('the system runs them'),
};

export const exec = defineConnector({
  scheme: 'exec',
  syntax: 'exec:executable',
  summary: 'Runs a program with the body as its input; its output becomes the body.',
  options,
  headers: { CamelExecExitValue: 'The exit value.', CamelExecStderr: 'What it said on stderr.' },
  producer: (endpoint, context) => new ExecProducer(endpoint, context),
});
