import { createColors } from 'picocolors';
import type { TraceEntry } from '../runtime/trace.ts';

const longestBody = 120;

/** An entry of a trace as one line: time, exchange, where it is, its body. */
export function traceLine(entry: TraceEntry | { readonly event: 'left out'; readonly count: number }, { colour, withHeaders = false }: { colour: boolean; withHeaders?: boolean }): string {
  const { dim, cyan, red, green, yellow } = createColors(colour);
  if (entry.event === 'left out') return `${yellow(`... ${entry.count} left out: they came faster than they could be shown`)}\n`;
  const { time, exchange, event, route, step, label, at, body, bodyType, headers, error } = entry;
  const text = (body ?? 'null').replace(/\s+/g, ' ');
  const shown = text.length > longestBody ? `${text.slice(0, longestBody)}...` : text;
  const what = event === 'step' ? `-> ${cyan(step ?? '')}${label === null || label === step ? '' : ` ${label}`}` : event === 'completed' ? green('done') : event === 'handled' ? yellow(`handled: ${error}`) : red(`failed${step === null ? '' : ` at ${step}`}: ${error}`);
  const more = withHeaders ? Object.entries(headers).map(([name, value]) => `\n    ${dim(name)}: ${value}`).join('') : '';
  return `${dim(new Date(time).toISOString().slice(11, 23))} ${exchange.slice(-6)} ${route} ${what}  ${shown} ${dim(`(${bodyType})`)}${at === null ? '' : ` ${dim(at)}`}${more}\n`;
}
