/**
 * Which kamelets of the published catalogue load and run: `npx tsx scripts/kamelets.ts [JAR]` writes docs/kamelets.md. Without a path the jar
 * comes from Maven.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConnectorDefinition } from '../src/core/connector.ts';
import type { Diagnostic } from '../src/core/diagnostics.ts';
import { LoadError } from '../src/core/diagnostics.ts';
import { unzipped, zipEntries } from '../src/core/conversion/zip.ts';
import { Mecha } from '../src/runtime/mecha.ts';
import type { KameletShape } from '../src/runtime/kameletUses.ts';
import { kameletShapes, sampleRoute, sampleValue } from '../src/runtime/kameletUses.ts';
import { standardParts } from '../src/runtime/standard.ts';

export const catalogueVersion = '4.18.0';

/** The published jar; from Maven where it is not there yet. @throws when it can't be had */
export function publishedKamelets(): string {
  const folder = join(tmpdir(), `mecha-kamelets-${catalogueVersion}`);
  const jar = join(folder, `camel-kamelets-${catalogueVersion}.jar`);
  if (existsSync(jar) && statSync(jar).size > 0) return jar;
  mkdirSync(folder, { recursive: true });
  const artifact = `org.apache.camel.kamelets:camel-kamelets:${catalogueVersion}`;
  const run = (...args: string[]): void => void execFileSync('mvn', ['-q', '-B', ...args], { stdio: ['ignore', 'ignore', 'pipe'], timeout: 240_000, cwd: folder });
  run('dependency:get', `-Dartifact=${artifact}`, '-Dtransitive=false');
  run('dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`, '-Dmdep.overWriteReleases=true');
  if (!existsSync(jar)) throw new Error(`Maven did not put ${jar} there`);
  return jar;
}

interface Kamelet extends KameletShape {
  /** What the user installs beside the program for its connectors. */
  readonly libraries: readonly string[];
}

export function kameletsOf(jar: string): Kamelet[] {
  const archive = readFileSync(jar);
  return zipEntries(archive)
    .filter(({ name }) => name.endsWith('.kamelet.yaml'))
    .map((entry) => {
      const text = unzipped(archive, entry, -1).toString('utf8');
      const libraries = Object.values<ConnectorDefinition>(standardParts.connectors).flatMap(({ scheme, library }) => (library !== undefined && text.includes(` ${scheme}:`) ? [library.name] : []));
      return { ...kameletShapes(text)[0]!, libraries };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What some kamelets need to run although they do not say so, or because their example is none. */
const given: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'header-matches-filter-action': { headerName: 'x' },
  'simple-filter-action': { expression: "${body} == 'x'" },
  'spring-rabbitmq-source': { queues: 'x' },
};

/** Files that parameters name by example. */
const resources = ['template.ftl', 'template.json', 'template.spec', 'template.mustache', 'template.tm', 'template.vm', 'template.xsl', 'schema.xsd'];

function folderWithResources(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mecha-kamelets-'));
  for (const name of resources) {
    const text = name.endsWith('.xsl')
      ? '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>'
      : name.endsWith('.xsd') ? '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="n"/></xs:schema>' : '{}';
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Files that the examples of parameters name are those of the folder. */
function parametersFor({ name, required }: Kamelet): Record<string, string> {
  const files = Object.entries(required).flatMap(([key, property]): [string, string][] => {
    const file = /([\w-]+\.\w+)$/.exec(sampleValue(key, property))?.[1];
    return file !== undefined && resources.includes(file) ? [[key, `file:${file}`]] : [];
  });
  return { ...Object.fromEntries(files), ...given[name] };
}

export const routeFor = (kamelet: Kamelet): string => sampleRoute(kamelet, parametersFor(kamelet));

export interface Outcome {
  readonly name: string;
  readonly type: Kamelet['type'];
  /** What the user installs beside the program. */
  readonly libraries: readonly string[];
  /** Parts that are missing: `connector aws2-sns`. */
  readonly missing: readonly string[];
  /** What else is wrong. */
  readonly problems: readonly string[];
  readonly loads: boolean;
  readonly runs: boolean;
}

/** The part that a problem says is missing; null for other problems. */
function missingPart({ message }: Diagnostic): string | null {
  const part = /(?:the (connector|data format|language|step|bean class|class) `([^`]+)` is not supported yet|there is no (connector|data format|language) `([^`]+)`|the (connector) `([^`]+)` is not built in)/.exec(message);
  if (part !== null) return `${part[1] ?? part[3] ?? part[5]} ${part[2] ?? part[4] ?? part[6]}`;
  const className = /(?:class|type) `(?:#class:)?([\w.$]+\.[A-Z]\w*)`/.exec(message) ?? /`(?:#class:)?((?:org|com|io)\.[\w.$]+)`/.exec(message);
  return className === null ? null : `class ${className[1]}`;
}

export async function outcomeOf(kamelet: Kamelet, jar: string, folder: string): Promise<Outcome> {
  const options = { routes: routeFor(kamelet), configuration: null, folder, settings: { 'exec.allowed': ['x'], kamelets: [jar], 'http.port': 0, 'management.enabled': false, 'state.store': 'memory', 'deadLetters.enabled': false } } as const;
  const { name, type, libraries } = kamelet;
  let diagnostics = (await Mecha.check(options)).filter(({ severity }) => severity === 'error');
  const loads = diagnostics.length === 0;
  if (loads) {
    try {
      const mecha = await Mecha.start(options);
      await mecha.stop(0);
    } catch (thrown) {
      if (!(thrown instanceof LoadError)) throw thrown;
      diagnostics = thrown.diagnostics.filter(({ severity }) => severity === 'error');
    }
  }
  const missing = new Set<string>();
  const problems: string[] = [];
  for (const diagnostic of diagnostics) {
    const part = missingPart(diagnostic);
    // Schemes that the kamelet itself declares as beans, of a class that is missing.
    if (part?.startsWith('connector local-') === true) continue;
    if (part === null) problems.push(`${diagnostic.code}: ${diagnostic.message}`);
    else missing.add(part);
  }
  // What comes of a missing part is no problem of its own.
  if (missing.size > 0) problems.length = 0;
  return { name, type, libraries, missing: [...missing].sort(), problems, loads, runs: diagnostics.length === 0 };
}

export async function survey(jar: string): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const folder = folderWithResources();
  try {
    for (const kamelet of kameletsOf(jar)) outcomes.push(await outcomeOf(kamelet, jar, folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return outcomes;
}

function page(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ name, type, libraries, loads, runs, missing, problems }) => `| ${name} | ${type} | ${loads ? 'yes' : 'no'} | ${runs ? ['yes', ...libraries.map((library) => `with \`${library}\``)].join(', ') : 'no'} | ${[...missing, ...problems.map((problem) => problem.replace(/\|/g, '\\|').replace(/\n/g, ' ').slice(0, 160))].join('; ')} |`);
  const counts = new Map<string, number>();
  for (const { missing } of outcomes) for (const part of missing) counts.set(part, (counts.get(part) ?? 0) + 1);
  const wanted = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([part, count]) => `${part} (${count})`);
  return `<!-- Made by scripts/kamelets.ts: do not edit. -->
# The kamelets of Apache Camel's catalogue

Apache Camel publishes kamelets as \`org.apache.camel.kamelets:camel-kamelets\`. Give the jar (or a folder or zip archive with kamelets) to Mecha, and routes use them by name:

\`\`\`yaml file=routes/orders.yaml
- route:
    id: orders
    from:
      uri: platform-http:/orders
      steps:
        - to: "kamelet:insert-field-action?field=shop&value=north"
\`\`\`

\`\`\`shell session
mecha run routes/ --kamelets camel-kamelets-${catalogueVersion}.jar
curl -s localhost:8080/orders -H 'Content-Type: application/json' -d '{"id":1}'
\`\`\`

\`\`\`json answer
{ "id": 1, "shop": "north" }
\`\`\`

or set \`kamelets: [ camel-kamelets-${catalogueVersion}.jar ]\` in \`mecha.yaml\`. A kamelet in the folder \`kamelets\` beside the routes wins.

Of the ${outcomes.length} kamelets of version ${catalogueVersion}, ${outcomes.filter(({ loads }) => loads).length} load and ${outcomes.filter(({ runs }) => runs).length} run (their routes start; whether the server behind them answers is another matter, and those with a library want that installed beside the program). What others need and is not there: ${wanted.join(', ')}.

| kamelet | type | loads | runs | missing |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  const outcomes = await survey(process.argv[2] ?? publishedKamelets());
  writeFileSync(fileURLToPath(new URL('../docs/kamelets.md', import.meta.url)), page(outcomes));
  const count = (of: (outcome: Outcome) => boolean): number => outcomes.filter(of).length;
  process.stdout.write(`${outcomes.length} kamelets: ${count(({ loads }) => loads)} load, ${count(({ runs }) => runs)} run, ${count(({ problems }) => problems.length > 0)} have problems besides missing parts\n`);
  process.exit(0);
}
