import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** A case in which another value of an option changes Camel's answer. */
export interface Found {
  readonly case: string;
  /** Where the option stands in the case's routes: keys and positions, with dots between. */
  readonly at: string;
  /** The other value; null: without the option. */
  readonly other: unknown;
}

export interface OptionCoverage {
  readonly held: readonly (readonly [option: string, found: Found])[];
  readonly reasoned: readonly (readonly [option: string, reason: string])[];
  /** The case is not there any more, or does not use the option where it did. */
  readonly broken: readonly (readonly [option: string, why: string])[];
  /** Neither a case nor a reason. */
  readonly open: readonly string[];
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The reasons in docs/compatibility.md: list items of the section, `element.option` names (a * stands for any name), a colon, the reason. */
export function reasons(text: string): { readonly pattern: string; readonly reason: string }[] {
  const section = /^## Options without a case$([\s\S]*?)(?=^## |$(?![\s\S]))/m.exec(text)?.[1] ?? '';
  return [...section.matchAll(/^- (.+?): (.+(?:\n {2}.+)*)$/gm)].flatMap(([, names, reason]) =>
    [...names!.matchAll(/`([^`]+)`/g)].map(([, pattern]) => ({ pattern: pattern!, reason: reason!.replace(/\s+/g, ' ') })),
  );
}

const matches = (option: string, pattern: string): boolean => new RegExp(`^${pattern.replace(/\./g, '\\.').replace(/\*/g, '[A-Za-z0-9]*')}$`).test(option);

export function optionCoverage(): OptionCoverage {
  const { options } = parse(readFileSync(here('options.yaml'), 'utf8')) as { options: Record<string, Found | null> };
  const known = reasons(readFileSync(here('../../docs/compatibility.md'), 'utf8'));
  const documents = new Map<string, unknown>();
  const routesOf = (name: string): unknown => {
    if (!documents.has(name)) {
      const { routes } = parse(readFileSync(here(`cases/${name}`), 'utf8'), { merge: false, logLevel: 'silent' }) as { routes: unknown };
      documents.set(name, typeof routes === 'string' ? parse(routes, { merge: false, logLevel: 'silent' }) : routes);
    }
    return documents.get(name);
  };
  const held: [string, Found][] = [];
  const reasoned: [string, string][] = [];
  const broken: [string, string][] = [];
  const open: string[] = [];
  for (const [option, found] of Object.entries(options)) {
    if (found === null) {
      const reason = known.find(({ pattern }) => matches(option, pattern));
      if (reason === undefined) open.push(option);
      else reasoned.push([option, reason.reason]);
    } else if (!existsSync(here(`cases/${found.case}`)) || !existsSync(here(`cases/${found.case.replace('.yaml', '.expected.json')}`))) broken.push([option, `there is no case ${found.case}`]);
    else {
      const value = found.at.split('.').reduce<unknown>((inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[key] : undefined), routesOf(found.case));
      if (value === undefined) broken.push([option, `nothing stands at ${found.at} of ${found.case}`]);
      else held.push([option, found]);
    }
  }
  return { held, reasoned, broken, open };
}
