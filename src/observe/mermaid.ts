import type { StepSnapshot } from './snapshot.ts';

/** What of a route is drawn. */
export interface DrawnRoute {
  readonly id: string;
  readonly from: string;
  readonly steps: readonly StepSnapshot[];
}

const quoted = (text: string): string => `"${text.replace(/"/g, '#quot;').replace(/[\r\n]+/g, ' ').replace(/</g, '#lt;').replace(/>/g, '#gt;')}"`;

/** Routes as a Mermaid flowchart, one subgraph a route. Each list of steps that is nested in a step hangs below it, under what tells it from the others. */
export function mermaid(routes: readonly DrawnRoute[]): string {
  const lines = ['flowchart TD'];
  let count = 0;
  const draw = (steps: readonly StepSnapshot[], before: string): void => {
    let last = before;
    let { branch } = steps[0] ?? { branch: null };
    let label = branch?.label ?? '';
    for (const step of steps) {
      const node = `n${count++}`;
      if (step.branch !== branch) {
        last = before;
        branch = step.branch;
        label = branch?.label ?? '';
      }
      lines.push(`    ${node}[${quoted(step.info.label)}]`, `    ${last} -->${label === '' ? '' : `|${quoted(label)}|`} ${node}`);
      label = '';
      draw(step.children, node);
      last = node;
    }
  };
  for (const { id, from, steps } of routes) {
    lines.push(`  subgraph ${quoted(id)}`);
    const start = `n${count++}`;
    lines.push(`    ${start}([${quoted(from)}])`);
    draw(steps, start);
    lines.push('  end');
  }
  return `${lines.join('\n')}\n`;
}
