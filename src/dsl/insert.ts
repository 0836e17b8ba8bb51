import { Diagnostics, Source } from '../core/diagnostics.ts';
import type { YamlFile, YAMLMap, YAMLSeq } from './yaml.ts';
import { isMap, isSeq, parseYaml, scalarText } from './yaml.ts';

/** Thrown where a text can't take a step or a route; the message says why. */
export class InsertError extends Error {}

/** The text with a route behind its last element. */
export function appendElement(text: string, element: string): string {
  if (text.trim() === '') return element;
  const file = parsed(text);
  if (!isSeq(file.root) || file.root.flow === true) throw new InsertError('the file is not a list of elements');
  return `${text.trimEnd()}\n\n${element}`;
}

/** The text with a step behind the last one of a route. */
export function appendStep(text: string, routeId: string, step: string): string {
  const file = parsed(text);
  const steps = stepsOf(file, routeId);
  if (steps.flow === true || steps.items.length === 0) throw new InsertError(`the steps of \`${routeId}\` are not written one to a line`);
  const first = steps.items[0] as { range: [number, number, number] };
  const last = steps.items.at(-1) as { range: [number, number, number] };
  const lineStart = text.lastIndexOf('\n', first.range[0]) + 1;
  const dash = text.indexOf('-', lineStart) - lineStart;
  // Behind the value, not behind the comments that follow it.
  const end = last.range[1];
  const before = text.slice(0, end).trimEnd();
  const lineEnd = text.indexOf('\n', before.length);
  const at = lineEnd < 0 ? text.length : lineEnd + 1;
  const head = text.slice(0, at);
  return `${head}${head.endsWith('\n') ? '' : '\n'}${step.replace(/^(?=.)/gm, ' '.repeat(dash))}${text.slice(at)}`;
}

function parsed(text: string): YamlFile {
  const problems = new Diagnostics();
  const file = parseYaml(new Source('file', text), problems);
  if (file === null) throw new InsertError(problems.list[0]?.message ?? 'the file can not be read');
  return file;
}

function stepsOf(file: YamlFile, routeId: string): YAMLSeq {
  const ids: string[] = [];
  const items = isSeq(file.root) ? file.root.items : [];
  for (const item of items) {
    const element = file.follow(item);
    const route = isMap(element) ? mapIn(file, element, 'route') : null;
    if (route === null) continue;
    const id = scalarText(file.value(route, 'id'));
    if (id !== null) ids.push(id);
    if (id !== routeId) continue;
    const from = mapIn(file, route, 'from');
    const steps = file.value(route, 'steps') ?? file.value(from, 'steps');
    if (isSeq(steps)) return steps;
    throw new InsertError(`the route \`${routeId}\` has no steps yet`);
  }
  throw new InsertError(`there is no route \`${routeId}\` in the file${ids.length === 0 ? '' : `; there are ${ids.map((id) => `\`${id}\``).join(', ')}`}`);
}

function mapIn(file: YamlFile, map: YAMLMap, key: string): YAMLMap | null {
  const value = file.value(map, key);
  return isMap(value) ? value : null;
}
