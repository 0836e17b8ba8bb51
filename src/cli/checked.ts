import type { Diagnostic } from '../core/diagnostics.ts';
import type { MechaOptions } from '../runtime/mecha.ts';
import type { Terminal } from './terminal.ts';

/** Folders and archives with kamelets that the command line names; null where it names none. */
export const kameletsGiven = (options: Readonly<Record<string, unknown>>): string[] | null => (options['kamelets'] === undefined ? null : String(options['kamelets']).split(','));

/** What paths and options of a command mean for the library. */
export function mechaOptions(paths: readonly string[], options: Readonly<Record<string, unknown>>, terminal: Terminal): MechaOptions {
  return {
    ...(paths.length === 0 ? {} : { routes: paths }),
    folder: terminal.folder,
    environment: terminal.environment,
    properties: (options['property'] ?? {}) as Record<string, string>,
    ...(options['config'] === undefined ? {} : { configuration: String(options['config']) }),
    ...(kameletsGiven(options) === null ? {} : { settings: { kamelets: kameletsGiven(options)! } }),
  };
}

export const hasErrors = (list: readonly Diagnostic[]): boolean => list.some(({ severity }) => severity === 'error');
