import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import type { Terminal } from '../../src/cli/terminal.ts';
import { main } from '../../src/cli/main.ts';

/** Collects what is written. */
class Screen extends Writable {
  text = '';

  override _write(piece: Buffer, _encoding: string, done: () => void): void {
    this.text += piece.toString();
    done();
  }
}

/** A terminal in an empty folder of its own, with files. */
export class TestTerminal implements Terminal {
  readonly out = new Screen();
  readonly err = new Screen();
  readonly folder = mkdtempSync(join(tmpdir(), 'mecha-cli-'));
  readonly environment: Record<string, string> = {};
  exited: number | null = null;
  private readonly handlers = new Map<string, Set<() => void>>();

  constructor(files: Readonly<Record<string, string>> = {}) {
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  write(name: string, text: string): void {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  onSignal(signal: string, run: () => void): () => void {
    const handlers = this.handlers.get(signal) ?? new Set();
    this.handlers.set(signal, handlers.add(run));
    return () => void handlers.delete(run);
  }

  signal(name: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void {
    for (const run of [...(this.handlers.get(name) ?? [])]) run();
  }

  exit(code: number): void {
    this.exited = code;
  }

  run(...args: readonly string[]): Promise<number> {
    return main(args, this);
  }
}
