import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { adminSocket } from '../../src/sidecar/admin.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const program = join(root, 'dist/mecha.cjs');

/** The built program with one of the routes of `routes/`, in a folder of its own. */
export class Relay {
  private readonly folder = mkdtempSync(join(tmpdir(), 'mecha-soak-'));
  private readonly source: string;
  private readonly properties: Readonly<Record<string, string>>;
  private child: ChildProcess | null = null;
  private ended: Promise<number | string> = Promise.resolve(0);
  private output = '';
  private generation = 0;

  constructor(route: string, properties: Readonly<Record<string, string>>) {
    if (!existsSync(program)) throw new Error('dist/mecha.cjs is not built: `npm run build`');
    this.source = readFileSync(join(root, 'routes', route), 'utf8');
    this.properties = properties;
    this.write(this.source);
  }

  get hasEnded(): boolean {
    return this.child === null || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  get log(): string {
    return this.output;
  }

  /** How often it has said that it has reloaded. */
  get reloads(): number {
    return this.output.split(/reload \([^)]*\): generation \d+, [1-9]\d* changed/).length - 1;
  }

  /** Whether the process that runs now has read the route and started it: one that was killed leaves a socket behind where nobody answers. */
  async hasStarted(): Promise<boolean> {
    const socket = connect(adminSocket(this.folder, '.mecha'));
    try {
      await once(socket, 'connect');
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }

  start(): void {
    const properties = Object.entries(this.properties).flatMap(([name, value]) => ['--property', `${name}=${value}`]);
    const child = (this.child = spawn(process.execPath, [program, 'run', 'route.yaml', '--port', '0', ...properties], { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] }));
    this.output = '';
    const keep = (piece: Buffer): void => void (this.output = (this.output + piece.toString()).slice(-200_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    this.ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown')));
  }

  /** Stops the process where it is, so that what it has under way can be counted. */
  freeze(): void {
    this.child!.kill('SIGSTOP');
  }

  goOn(): void {
    this.child!.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    this.child!.kill('SIGKILL');
    await this.ended;
  }

  /** @returns the exit code */
  async stop(): Promise<number | string> {
    this.child!.kill('SIGTERM');
    return this.ended;
  }

  /** Another version of the route: it has one more step, its endpoints stay. The program sees the file change. */
  change(): void {
    this.generation++;
    const changed = this.source.replace(/^( {6}steps:\n)(?= {8}- )/m, `$1        - setProperty: { name: generation, constant: "${this.generation}" }\n`);
    if (changed === this.source) throw new Error('the route has no steps where they are expected');
    this.write(changed);
  }

  private write(text: string): void {
    const file = join(this.folder, 'route.yaml');
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  }

  dispose(): void {
    if (!this.hasEnded) this.child!.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The application that the routes ask for prices. It is not killed. */
export class Pricing {
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.child = child;
  }

  static async start(): Promise<{ pricing: Pricing; url: string }> {
    const child = spawn(process.execPath, [join(root, 'examples/pricing/server.mjs')], { env: { ...process.env, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] });
    const url = await new Promise<string>((resolve) => child.stdout.once('data', (piece) => resolve(/http:\/\/\S+/.exec(String(piece))![0])));
    return { pricing: new Pricing(child), url };
  }

  stop(): void {
    this.child.kill();
  }
}
