import { LoadError } from '../core/diagnostics.ts';
import { printDiagnostics } from '../dsl/diagnose.ts';
import type { StepSnapshot } from '../observe/snapshot.ts';
import { Mecha } from '../runtime/mecha.ts';
import type { RouteDescription } from '../runtime/runtime.ts';
import { mechaOptions } from './checked.ts';
import type { Terminal } from './main.ts';
import { hasColour } from './main.ts';

export async function describe(paths: readonly string[], options: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<number> {
  const { format } = options;
  if (format !== 'text' && format !== 'json' && format !== 'mermaid') {
    terminal.err.write(`error: --format is text, json or mermaid, not \`${String(format)}\`\n`);
    return 2;
  }
  let routes: readonly RouteDescription[];
  try {
    routes = await Mecha.describe(mechaOptions(paths, options, terminal));
  } catch (thrown) {
    if (!(thrown instanceof LoadError)) throw thrown;
    terminal.err.write(`${printDiagnostics(thrown.diagnostics, { color: hasColour(terminal.err, terminal.environment) })}\n`);
    return 2;
  }
  if (format === 'json') terminal.out.write(`${JSON.stringify(routes.map(asJson), null, 2)}\n`);
  else if (format === 'mermaid') terminal.out.write(mermaid(routes));
  else terminal.out.write(routes.map(tree).join('\n'));
  return 0;
}

interface StepJson {
  readonly id: string;
  readonly kind: string;
  readonly label: string;
  readonly at: string | null;
  readonly steps: readonly StepJson[];
}

const stepJson = ({ info, children }: StepSnapshot): StepJson => ({ id: info.stepId, kind: info.kind, label: info.label, at: info.at, steps: children.map(stepJson) });

const asJson = ({ id, from, at, steps }: RouteDescription): unknown => ({ id, from, at, steps: steps.map(stepJson) });

function tree({ id, from, at, steps }: RouteDescription): string {
  const lines = [`${id}  from ${from}  (${at})`];
  const visit = (list: readonly StepSnapshot[], indent: string): void => {
    list.forEach(({ info, children }, index) => {
      const isLast = index === list.length - 1;
      lines.push(`${indent}${isLast ? '└─' : '├─'} ${info.label}${info.label.startsWith(info.kind) ? '' : ` (${info.kind})`}  #${info.stepId}`);
      visit(children, `${indent}${isLast ? '   ' : '│  '}`);
    });
  };
  visit(steps, '  ');
  return `${lines.join('\n')}\n`;
}

const quoted = (text: string): string => `"${text.replace(/"/g, '#quot;').replace(/[\r\n]+/g, ' ').replace(/</g, '#lt;').replace(/>/g, '#gt;')}"`;

/** A flowchart: one subgraph a route. */
function mermaid(routes: readonly RouteDescription[]): string {
  const lines = ['flowchart TD'];
  let count = 0;
  for (const { id, from, steps } of routes) {
    lines.push(`  subgraph ${quoted(id)}`);
    const start = `n${count++}`;
    lines.push(`    ${start}([${quoted(from)}])`);
    const visit = (list: readonly StepSnapshot[], before: string): string => {
      let last = before;
      for (const { info, children } of list) {
        const node = `n${count++}`;
        lines.push(`    ${node}[${quoted(info.label)}]`, `    ${last} --> ${node}`);
        visit(children, node);
        last = node;
      }
      return last;
    };
    visit(steps, start);
    lines.push('  end');
  }
  return `${lines.join('\n')}\n`;
}
