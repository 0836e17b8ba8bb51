import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually } from '../eventually.ts';

const run = promisify(execFile);
const scripts = fileURLToPath(new URL('../../scripts/services/', import.meta.url));

export type ServerName = 'kafka' | 'rabbitmq' | 's3';

/** The variables that say where a server listens; the first one is where clients go. */
const ports: Readonly<Record<ServerName, readonly string[]>> = {
  kafka: ['KAFKA_PORT', 'KAFKA_CONTROLLER_PORT', 'KAFKA_VIA_TOXIPROXY_PORT', 'KAFKA_SASL_PORT'],
  rabbitmq: ['RABBITMQ_PORT', 'RABBITMQ_HTTP_PORT', 'RABBITMQ_DIST_PORT', 'RABBITMQ_EPMD_PORT'],
  s3: ['S3_PORT'],
};

/**
 * A port below those that the system gives to clients: one that looks for its server again and again on one of these could be given it itself, and be
 * connected with nobody.
 */
async function serverPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer().once('error', () => resolve(false)).listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1')
      .once('connect', () => resolve(true))
      .once('error', () => resolve(false))
      .once('connect', () => socket.destroy());
  });

/** A server of a test's own, to be stopped, killed and started again while others go on with theirs. */
export class OwnServer {
  readonly environment: Readonly<Record<string, string>>;
  readonly port: number;
  private readonly name: ServerName;
  private readonly folder: string;

  /** @param settings variables of the scripts that start it */
  static async start(name: ServerName, settings: Readonly<Record<string, string>> = {}): Promise<OwnServer> {
    const found: Record<string, string> = { ...settings };
    for (const variable of ports[name]) found[variable] = String(await serverPort());
    const server = new OwnServer(name, found);
    await server.up();
    return server;
  }

  private constructor(name: ServerName, found: Readonly<Record<string, string>>) {
    this.name = name;
    this.port = Number(found[ports[name][0]!]);
    this.folder = mkdtempSync(join(tmpdir(), `mecha-${name}-`));
    const home = join(this.folder, 'home');
    mkdirSync(home);
    // What is installed once is used by all; addresses and data are its own.
    const installed = process.env['SERVICES_HOME'] ?? join(homedir(), '.cache/mecha-services');
    for (const entry of readdirSync(installed, { withFileTypes: true })) if (!entry.isFile()) symlinkSync(join(installed, entry.name), join(home, entry.name));
    this.environment = { ...(process.env as Record<string, string>), ...found, SERVICES_RUN: join(this.folder, 'run'), SERVICES_HOME: home };
  }

  /** Resolves when it answers; its data are those that it had. */
  up(): Promise<unknown> {
    return run('bash', [join(scripts, 'up.sh'), this.name], { env: this.environment });
  }

  /** Stops it in order. `--keep`: its data stay. */
  down(...keep: string[]): Promise<unknown> {
    return run('bash', [join(scripts, 'down.sh'), ...keep, this.name], { env: this.environment });
  }

  /** As by `kill -9`, with all that it has started: each has a process group of its own. */
  async kill(): Promise<void> {
    for (const line of readFileSync(join(this.environment['SERVICES_RUN']!, this.name, 'pids'), 'utf8').trim().split('\n')) process.kill(-Number(line.split(' ')[0]), 'SIGKILL');
    await eventually(async () => {
      for (const variable of ports[this.name]) if (await isOpen(Number(this.environment[variable]))) throw new Error(`${variable} is still open`);
    }, 10_000);
  }

  async close(): Promise<void> {
    await this.down();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
