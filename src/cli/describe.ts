import { LoadError } from '../core/diagnostics.ts';
import { printDiagnostics } from '../dsl/diagnose.ts';
import { mermaid } from '../observe/mermaid.ts';
import type { StepSnapshot } from '../observe/snapshot.ts';
import { Mecha } from '../runtime/mecha.ts';
import type { RouteDescription } from '../runtime/runtime.ts';
import { mechaOptions } from './checked.ts';
import type { Terminal } from './terminal.ts';
import { hasColour } from './terminal.ts';

export async function describe(paths: readonly string[], options: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<number> {
  const format = options['json'] === true ? 'json' : options['format'];
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
    list.forEach(({ info, children, branch }, index) => {
      const isLast = index === list.length - 1;
      if (branch !== null && branch.label !== '' && branch !== list[index - 1]?.branch) lines.push(`${indent}${branch.label}:`);
      lines.push(`${indent}${isLast ? '└─' : '├─'} ${info.label}${info.label.startsWith(info.kind) ? '' : ` (${info.kind})`}  #${info.stepId}`);
      visit(children, `${indent}${isLast ? '   ' : '│  '}`);
    });
  };
  visit(steps, '  ');
  return `${lines.join('\n')}\n`;
}
