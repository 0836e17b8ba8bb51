import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Agent } from 'node:http';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { mecha } from '../command.ts';
import { eventually } from './rig.ts';

export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

/** The program itself in a process and a folder of its own. */
export class Program {
  readonly folder = mkdtempSync(join(tmpdir(), 'mecha-run-'));
  port = 0;
  out = '';
  err = '';
  /** What the shell does before the program takes its place, such as setting limits. */
  before = '';
  private child: ChildProcess | null = null;
  private exiting: Promise<{ code: number | null; signal: NodeJS.Signals | null }> | null = null;

  /** Whole at once, as an editor that saves atomically does it. */
  write(name: string, text: string): this {
    const path = join(this.folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    // Hidden: a route that polls the folder must not take it before it has its name.
    const hidden = join(path, '..', `.${basename(path)}.new`);
    writeFileSync(hidden, text);
    renameSync(hidden, path);
    return this;
  }

  files(name: string): string[] {
    try {
      return readdirSync(join(this.folder, name)).sort();
    } catch {
      return [];
    }
  }

  /** `mecha run routes`; resolves when it is ready. */
  async start(...args: string[]): Promise<this> {
    this.port = await freePort();
    this.spawn(['run', 'routes', '--port', String(this.port), ...args]);
    await eventually(async () => {
      if (this.child!.exitCode !== null) throw new Error(`it has ended: ${this.err}${this.out}`);
      const { status } = await this.get('/health/ready');
      if (status !== 200) throw new Error(`not ready: ${status}`);
    }, 30_000);
    return this;
  }

  spawn(args: readonly string[]): void {
    const command = [process.execPath, ...mecha, ...args];
    const [first, ...rest] = this.before === '' ? command : ['sh', '-c', `${this.before} exec "$@"`, 'sh', ...command];
    const child: ChildProcess = spawn(first!, rest, {
      cwd: this.folder,
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.out += text));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.err += text));
    this.exiting = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })));
  }

  /** Nobody reads any more what it writes. */
  closeOutput(): void {
    this.child!.stdout!.destroy();
    this.child!.stderr!.destroy();
  }

  /** Who reads what it writes takes no more of it for now. */
  pauseOutput(): void {
    this.child!.stdout!.pause();
    this.child!.stderr!.pause();
  }

  resumeOutput(): void {
    this.child!.stdout!.resume();
    this.child!.stderr!.resume();
  }

  signal(signal: NodeJS.Signals): void {
    this.child!.kill(signal);
  }

  get pid(): number {
    return this.child!.pid!;
  }

  get isRunning(): boolean {
    return this.child !== null && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The most memory that it ever had. */
  get peakMegabytes(): number {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${this.child!.pid}/status`, 'utf8'))![1]) / 1024;
  }

  exited(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    return this.exiting!;
  }

  get(path: string, options: { agent?: Agent; method?: string; body?: string } = {}): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: this.port, path, method: options.method ?? 'GET', agent: options.agent ?? false }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => (text += piece));
        response.on('end', () => resolve({ status: response.statusCode!, text }));
        response.on('error', reject);
      });
      sent.on('error', reject);
      sent.end(options.body);
    });
  }

  /** Waits until so many exchanges of a route are under way. */
  async underWay(routeId: string, count: number): Promise<void> {
    await eventually(async () => {
      const { text } = await this.get('/metrics');
      const found = new RegExp(`^mecha_route_exchanges_in_flight\\{[^}]*route="${routeId}"[^}]*\\} (\\d+)`, 'm').exec(text);
      if (Number(found?.[1]) !== count) throw new Error(`${found?.[1]} under way, not ${count}`);
    }, 10_000);
  }

  /** What `mecha` prints for a command in the same folder. */
  async command(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
    const other = new Program();
    rmSync(other.folder, { recursive: true });
    Object.assign(other, { folder: this.folder });
    other.spawn(args);
    const { code } = await other.exited();
    return { code, out: other.out, err: other.err };
  }

  async end(): Promise<void> {
    if (this.isRunning) this.signal('SIGKILL');
    await this.exiting;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
