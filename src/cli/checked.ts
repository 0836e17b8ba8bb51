import type { Diagnostic } from '../core/diagnostics.ts';
import type { MechaOptions } from '../runtime/mecha.ts';
import type { Terminal } from './terminal.ts';

/** What paths and options of a command mean for the library. */
export function mechaOptions(paths: readonly string[], options: Readonly<Record<string, unknown>>, terminal: Terminal): MechaOptions {
  return {
    ...(paths.length === 0 ? {} : { routes: paths }),
    folder: terminal.folder,
    environment: terminal.environment,
    properties: (options['property'] ?? {}) as Record<string, string>,
    ...(options['config'] === undefined ? {} : { configuration: String(options['config']) }),
  };
}

export const hasErrors = (list: readonly Diagnostic[]): boolean => list.some(({ severity }) => severity === 'error');
