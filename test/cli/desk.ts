import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { Terminal } from '../../src/cli/terminal.ts';
import { main } from '../../src/cli/main.ts';

class Paper extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}

/** A folder, and the command line in it. */
export class Desk {
  readonly folder = mkdtempSync(join(tmpdir(), 'mecha-cli-'));
  readonly signals = new Map<string, () => void>();
  exits: number[] = [];

  write(name: string, text: string): this {
    const path = join(this.folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
    return this;
  }

  terminal(environment: Terminal['environment'] = {}): Terminal & { readonly out: Paper; readonly err: Paper } {
    return {
      out: new Paper(),
      err: new Paper(),
      folder: this.folder,
      environment,
      onSignal: (signal, run) => {
        this.signals.set(signal, run);
        return () => this.signals.delete(signal);
      },
      exit: (code) => void this.exits.push(code),
    };
  }

  /** Runs one command line. */
  async mecha(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const terminal = this.terminal();
    const code = await main(args, terminal);
    return { code, out: terminal.out.text, err: terminal.err.text };
  }

  clear(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
