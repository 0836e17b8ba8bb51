import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Span } from '../core/diagnostics.ts';
import { Source } from '../core/diagnostics.ts';
import { maskSecrets } from '../core/mask.ts';
import { printDiagnostics } from '../dsl/diagnose.ts';
import type { Mecha } from '../runtime/mecha.ts';
import { traceRuntime } from '../runtime/trace.ts';
import { devKeys } from './devKeys.ts';
import type { Terminal } from './terminal.ts';
import { hasColour } from './terminal.ts';
import { traceLine } from './traceLine.ts';

/** The place `file:line:column` as a span over the word that stood there when the routes that run were read; null where that can't be told. */
function spanOf(place: string | null, mecha: Mecha): Span | null {
  const match = place === null ? null : /^(.*):(\d+):(\d+)$/.exec(place);
  if (match === null) return null;
  try {
    const [, file, line, column] = match as unknown as [string, string, string, string];
    const text = mecha.loadedText(file) ?? readFileSync(isAbsolute(file) ? file : join(mecha.folder, file), 'utf8');
    let start = 0;
    for (let n = 1; n < Number(line); n++) {
      start = text.indexOf('\n', start) + 1;
      if (start === 0) return null;
    }
    start += Number(column) - 1;
    const word = /^[\w-]+/.exec(text.slice(start))?.[0];
    return word === undefined ? null : { source: new Source(file, text), start, end: start + word.length };
  } catch {
    return null;
  }
}

/**
 * What `run --dev` adds: failures of exchanges in their place in the file, and each exchange's steps when somebody asks for them.
 * Gives what ends it.
 */
export function develop(mecha: Mecha, terminal: Terminal, { reload, stop }: { reload: () => void; stop: () => void }): () => void {
  const colour = hasColour(terminal.err, terminal.environment);
  const offs = [
    mecha.on('exchangeFailed', ({ exchange, routeId, step, error, isHandled }) => {
      const at = spanOf(step?.at ?? null, mecha);
      const problem = {
        code: step === null ? routeId : `${routeId}/${step.stepId}`,
        severity: isHandled ? ('warning' as const) : ('error' as const),
        message: maskSecrets(`${error.name}: ${error.message}`),
        at,
        label: isHandled ? 'failed here, and was handled' : 'failed here',
        help: `exchange ${exchange.id}; \`t ${routeId}\` and Enter shows what each step gets`,
        docs: null,
        fix: null,
        values: at === null && step?.at != null ? { file: step.at } : {},
      };
      terminal.err.write(`${printDiagnostics([problem], { color: colour })}\n`);
    }),
  ];
  let untrace: (() => void) | null = null;
  const toggle = (route: string | null): void => {
    if (untrace !== null) {
      untrace();
      untrace = null;
      if (route === null) return void terminal.out.write('steps are not shown any more\n');
    }
    if (route !== null && !mecha.runtime.routes.has(route)) return void terminal.out.write(`there is no route \`${route}\`; there are ${[...mecha.runtime.routes.keys()].join(', ')}\n`);
    untrace = traceRuntime(mecha.runtime, { route }, (entry) => void terminal.out.write(traceLine(entry, { colour: hasColour(terminal.out, terminal.environment) })));
    terminal.out.write(`showing the steps of ${route === null ? 'all routes' : `\`${route}\``}; t + Enter ends it\n`);
  };
  // Keys are for people: what is piped in belongs to the routes.
  const keys = terminal.in?.isTTY === true ? createInterface({ input: terminal.in }) : null;
  keys?.on('line', (line) => {
    const [key, ...rest] = line.trim().split(/\s+/);
    if (key === 't') toggle(rest[0] ?? null);
    else if (key === 'r') reload();
    else if (key === 'q') stop();
    else terminal.out.write(`${devKeys}\n`);
  });
  return () => {
    for (const off of offs) off();
    untrace?.();
    keys?.close();
  };
}
