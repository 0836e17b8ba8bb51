import { systemClock } from '../core/clock.ts';
import { serveLanguage } from '../editor/server.ts';
import type { Terminal } from './terminal.ts';
import { version } from './version.ts';

/** Speaks the language server protocol on the standard streams. */
export function lsp(terminal: Terminal): Promise<number> | number {
  if (terminal.in === undefined) {
    terminal.err.write('error: a language server needs standard input\n');
    return 1;
  }
  return serveLanguage({ input: terminal.in, output: terminal.out, folder: terminal.folder, environment: terminal.environment, version, clock: systemClock });
}
