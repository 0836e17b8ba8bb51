import type { Diagnostic } from '../core/diagnostics.ts';
import type { Progress } from './documents.ts';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { tooDeepYaml } from '../core/conversion/yamlDepth.ts';
import { fateOf } from '../dsl/mainProperties.ts';
import { parseProperties, propertiesInYaml } from './configuration.ts';
import { kameletShapes, sampleRoute } from './kameletUses.ts';
import { Mecha } from './mecha.ts';

/** One thing that a file has, and what to do about it. */
export interface Finding {
  /** From 1; null: the file as a whole. */
  readonly line: number | null;
  readonly code: string | null;
  readonly message: string;
  /** What to write instead, or what to know. */
  readonly advice: string | null;
}

/**
 * runs: as it does in Camel. differs: it runs, and `findings` say what is different. fails: it does not run as it is. manual: it is no YAML of
 * Camel's, and needs a person. ignored: it has nothing to do with routes.
 */
export type Verdict = 'runs' | 'differs' | 'fails' | 'manual' | 'ignored';

export interface FileReport {
  readonly file: string;
  readonly kind: string;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
}

export interface MigrationReport {
  readonly files: readonly FileReport[];
  readonly counts: Readonly<Record<Verdict, number>>;
}

const mostFiles = 100_000;
const longestFile = 16 * 1024 * 1024;
const skipped = new Set(['node_modules', '.git', 'target', 'build', 'dist', '.idea', '.mvn']);

function* filesBelow(folder: string): Iterable<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.isDirectory()) {
      if (!skipped.has(entry.name)) yield* filesBelow(join(folder, entry.name));
    } else if (entry.isFile()) yield join(folder, entry.name);
  }
}

const finding = (message: string, advice: string | null = null, line: number | null = null): Finding => ({ line, code: null, message, advice });

const lineOf = (text: string, pattern: RegExp): number | null => {
  const at = text.search(pattern);
  return at < 0 ? null : text.slice(0, at).split('\n').length;
};

const either = (...patterns: readonly RegExp[]): RegExp => new RegExp(patterns.map(({ source }) => source).join('|'), 'm');

/** A route that starts at a connector whose path is among the parameters. */
const startsAt = (schemes: string): RegExp => new RegExp(`from:\\s*\\n(?:\\s+(?:id|description):.*\\n)*\\s+uri:\\s*['"]?(?:${schemes})['"]?\\s*$`, 'm');

/** What runs differently on purpose, by what a text has. */
const differences: readonly { readonly when: RegExp; readonly unless?: RegExp; readonly message: string; readonly advice: string }[] = [
  { when: either(/\b(?:platform-http|rest):|^\s*-?\s*rest(?:Configuration)?:/m, startsAt('platform-http|rest')), message: 'HTTP is served on loopback only', advice: 'set `http.host: 0.0.0.0` in mecha.yaml to serve others' },
  { when: either(/\b(?:platform-http|rest):|^\s*-?\s*rest:/m, startsAt('platform-http|rest')), message: 'request headers and query parameters are not echoed as reply headers', advice: 'set the headers that clients need with `setHeader`' },
  { when: /deadLetterChannel|deadLetterUri/, unless: /deadLetterHandleNewException:\s*['"]?true/, message: 'a dead-letter endpoint that fails is not swallowed', advice: 'set `deadLetterHandleNewException: true` to have it swallowed as in Camel' },
  { when: either(/from:\s*(?:\n\s*)?(?:[{].*)?uri:\s*['"]?file:|from:\s*['"]?file:/m, startsAt('file')), unless: /moveFailed/, message: 'a file that fails is not tried for ever: after five times it rests until it changes', advice: 'set `moveFailed` to say where such files go' },
  { when: /\bunmarshalType(?:Name)?:\s*['"]?(?!java\.)(?:[a-z]\w*\.)+[A-Z]/, message: 'what is read becomes maps and lists, not objects of a Java class', advice: 'read its fields as of a map: `${body[name]}`' },
  { when: /^\s*kind:\s*['"]?Integration\b/m, message: 'a resource of kind Integration runs; Camel itself ignores it outside of Camel K', advice: 'nothing to do' },
];

interface Context {
  readonly folder: string;
  /** Where paths of the project's files start: its folder of resources, where it has one. */
  readonly root: string;
  /** Folders with kamelets, those of the project first. */
  readonly catalogues: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
  /** Files that declare route templates, by id; those of the project, and of those around it. */
  readonly templates: Declared;
  /** The same of beans, by name. */
  readonly beans: Declared;
  /** Files with classes in Java, by the name that Spring and Quarkus give their beans. */
  readonly classes: Declared;
  /** Properties that placeholders of the folder name. */
  readonly named: ReadonlySet<string>;
  /** What is wrong with the properties, whatever routes there are. */
  readonly ofProperties: readonly Diagnostic[];
}

/** Which files declare what has a name. */
type Declared = ReadonlyMap<string, readonly string[]>;

/** Of several files the one that stands nearest to a file. */
function nearestTo(path: string, files: readonly string[]): string {
  const parts = path.split(sep);
  const shared = (other: string): number => {
    const others = other.split(sep);
    const end = parts.findIndex((part, at) => part !== others[at]);
    return end < 0 ? parts.length : end;
  };
  return files.reduce((best, file) => (shared(file) > shared(best) ? file : best));
}

/** What makes a folder a project of its own. */
const markers = /^(?:pom\.xml|build\.gradle(?:\.kts)?|application\.(?:properties|ya?ml))$/;

const inResources = `${sep}src${sep}main${sep}resources`;

/** The folders of a folder that are projects, and the folder itself: the innermost first. */
function projectsOf(folder: string, paths: readonly string[]): string[] {
  const found = paths.filter((path) => markers.test(basename(path))).map((path) => dirname(path).replace(new RegExp(`${inResources.replace(/\W/g, '\\$&')}$`), ''));
  return [...new Set([...found.filter((path) => path.startsWith(`${folder}${sep}`)), folder])].sort((a, b) => b.length - a.length);
}

const isWithin = (path: string, project: string): boolean => path === project || path.startsWith(`${project}${sep}`);

type Root = { readonly apiVersion?: unknown; readonly kind?: unknown; readonly items?: unknown };

const resources = ['Integration', 'Kamelet', 'Pipe', 'KameletBinding'];

/** What a YAML file is: routes, a resource of Camel or of Kubernetes, or something else. Of several documents the one that is for Mecha counts. */
function kindOf(text: string, name: string): string {
  if (/^mecha(\.\w+)?\.ya?ml$/.test(name)) return 'configuration of Mecha';
  if (/^application(-\w+)?\.ya?ml$/.test(name)) return 'configuration';
  // Said by the check.
  if (tooDeepYaml(text) >= 0) return 'routes';
  let roots: unknown[];
  try {
    roots = parseAllDocuments(text, { prettyErrors: false, logLevel: 'silent' }).map((document) => (document.errors.length > 0 ? undefined : (document.toJS({ maxAliasCount: 100 }) as unknown)));
  } catch {
    return 'routes';
  }
  const kinds = roots.map((root) => kindOfRoot(root, text));
  return kinds.find((kind) => kind === 'routes' || resources.includes(kind)) ?? kinds.find((kind) => kind.endsWith('of Camel K')) ?? kinds[0] ?? 'YAML';
}

/** Names of the beans that a file declares for all. */
function beanNames(text: string): string[] {
  if (!/^-\s+beans:/m.test(text) || tooDeepYaml(text) >= 0) return [];
  const root: unknown = parseAllDocuments(text, { logLevel: 'silent' }).flatMap((document) => ('toJS' in document && document.errors.length === 0 ? [document.toJS({ maxAliasCount: 100 }) as unknown] : []));
  const lists = (root as unknown[]).flat().map((element) => (typeof element === 'object' && element !== null ? (element as { readonly beans?: unknown }).beans : undefined));
  return lists.flat().flatMap((bean) => (typeof bean === 'object' && bean !== null && typeof (bean as { readonly name?: unknown }).name === 'string' ? [(bean as { readonly name: string }).name] : []));
}

function kindOfRoot(root: unknown, text: string): string {
  // What can't be read is told by what its lines look like.
  if (root === undefined) return /^kind:\s*['"]?(Integration|Kamelet|Pipe|KameletBinding)\b/m.exec(text)?.[1] ?? (/^\s*-\s*(?:from|route|rest|beans|routeTemplate|kamelet)\b/m.test(text) ? 'routes' : 'YAML');
  if (Array.isArray(root)) {
    const keys = root.flatMap((item: unknown) => (typeof item === 'object' && item !== null ? Object.keys(item) : []));
    const elements = /^(?:from|route|rest|restConfiguration|beans|routeTemplate|routeConfiguration|templatedRoute|errorHandler|onException|onCompletion|intercept\w*|dataFormats|transformers|validators|sslContextParameters)$/;
    return keys.some((key) => elements.test(key)) ? 'routes' : 'YAML';
  }
  if (typeof root !== 'object' || root === null) return 'YAML';
  const { apiVersion, kind, items } = root as Root;
  if (typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)) return items.map((item) => kindOfRoot(item, text)).find((one) => resources.includes(one)) ?? `${kind} of Kubernetes`;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return 'openapi' in root || 'swagger' in root ? 'OpenAPI document' : 'YAML';
  if (apiVersion.startsWith('camel.apache.org/')) return resources.includes(kind) ? kind : `${kind} of Camel K`;
  return `${kind} of Kubernetes`;
}

async function yamlReport(path: string, text: string, context: Context): Promise<Omit<FileReport, 'file'>> {
  const kind = kindOf(text, path.slice(path.lastIndexOf('/') + 1));
  if (kind.endsWith('of Kubernetes')) return { kind, verdict: 'ignored', findings: [] };
  if (kind.endsWith('of Camel K')) return { kind, verdict: 'manual', findings: [finding(`a resource of kind ${kind.split(' ')[0]!} is for the operator of Camel K`, 'deploy Mecha with a manifest of Kubernetes')] };
  if (kind !== 'routes' && !resources.includes(kind)) {
    if (kind === 'configuration') return { ...propertiesReport(text, propertiesInYaml(text), context), kind };
    return { kind, verdict: 'ignored', findings: [] };
  }
  // Templates and beans of other files count as there.
  const declaring = (declared: Declared, names: Iterable<string>): [string, string][] =>
    [...names].flatMap((name): [string, string][] => {
      const files = declared.get(name) ?? [];
      return files.length === 0 || files.includes(path) ? [] : [[name, nearestTo(path, files)]];
    });
  const templates = declaring(context.templates, [...text.matchAll(/routeTemplateRef:\s*['"]?([\w.-]+)/g)].map(([, id]) => id!));
  const ofOthers = declaring(context.beans, new Set((text.match(/[\w.-]+/g) ?? []).filter((word) => context.beans.has(word) && !isDeclaredIn(text, word))));
  const others = [...new Set([...templates, ...ofOthers].map(([, file]) => file))];
  const settings = { 'state.store': 'memory', 'deadLetters.enabled': false };
  const checked = (root: string): Promise<readonly Diagnostic[]> => Mecha.check({ routes: [path, ...others], folder: root, configuration: null, properties: context.properties, settings: { ...settings, kamelets: context.catalogues } });
  let { root } = context;
  let problems = await checked(root);
  // Examples are run in their folders: files may be named from there.
  const beside = dirname(path);
  if (beside !== root && problems.some(({ severity, message }) => severity === 'error' && /ENOENT|no (?:such )?file|no module/i.test(message))) {
    const again = await checked(beside);
    if (again.filter(({ severity }) => severity === 'error').length < problems.filter(({ severity }) => severity === 'error').length) [root, problems] = [beside, again];
  }
  const own = problems.filter(({ message }) => !context.ofProperties.some((problem) => problem.message === message)).filter(({ at }) => at === null || resolve(root, at.source.file) === path || !others.some((other) => resolve(root, at.source.file) === other));
  // A bean that can't be made is told of where it is declared; here it is what stands in the way.
  const unmade = ofOthers.flatMap(([name, file]): Finding[] => {
    if (!problems.some(({ code, at, message }) => code === 'M0502' && at !== null && resolve(root, at.source.file) === file && message.includes(`\`${name}\``))) return [];
    return [{ line: lineOf(text, new RegExp(`(?<![\\w.-])${name.replace(/[.]/g, '\\.')}(?![\\w-])`)), code: 'M0501', message: `the bean \`${name}\` can't be made`, advice: `see ${relative(context.folder, file)}` }];
  });
  const errors = own.filter(({ severity }) => severity === 'error');
  const asFinding = ({ code, message, at, help: said }: (typeof own)[number]): Finding => {
    const name = code === 'M0501' ? (/ named `([\w-]+)`/.exec(message)?.[1] ?? '') : '';
    const classes = context.classes.get(name) ?? [];
    const help = said ?? (classes.length === 0 ? null : `it is ${relative(context.folder, nearestTo(path, classes))}: write that as a JavaScript module, and declare it: \`- beans: [ { name: ${name}, type: "#module:./${name}.mjs" } ]\``);
    if (at === null) return { line: null, code, message, advice: help };
    const { line } = at.source.position(at.start);
    const file = resolve(root, at.source.file);
    // A kamelet that the file uses has lines of its own.
    return file === path ? { line, code, message, advice: help } : { line: null, code, message: `${relative(context.folder, file)}:${line}: ${message}`, advice: help };
  };
  // What stands for several steps says the same thing several times.
  const once = (findings: readonly Finding[]): Finding[] => [...new Map(findings.map((one) => [`${one.line} ${one.message}`, one])).values()];
  if (errors.length + unmade.length > 0) return { kind, verdict: 'fails', findings: once([...errors.map(asFinding), ...unmade]) };
  // What a kamelet sends to shows where it is used.
  const missing = kind === 'Kamelet' ? await missingIn(text, (routes) => Mecha.check({ routes, folder: root, configuration: null, properties: context.properties, settings: { ...settings, kamelets: [dirname(path), ...context.catalogues] } })) : [];
  if (missing.length > 0) return { kind, verdict: 'fails', findings: once(missing.map(asFinding)) };
  const notes = [
    ...once(own.map(asFinding)),
    ...differences.filter(({ when, unless }) => when.test(text) && unless?.test(text) !== true).map(({ when, message, advice }) => finding(message, advice, lineOf(text, when))),
  ];
  const isForeign = kind === 'Integration' && !/^\s+flows:/m.test(text) && own.some(({ code }) => code === 'M0122') && !/name:\s*['"]?[\w.-]+\.ya?ml\b/.test(text);
  return { kind, verdict: isForeign ? 'manual' : notes.length === 0 ? 'runs' : 'differs', findings: notes };
}

/** Codes of what Mecha has not: other complaints may come of the samples. */
const missingParts: ReadonlySet<string> = new Set(['M0203', 'M0210', 'M0325', 'M0402', 'M0502']);

/** What the kamelets of a text need, and Mecha has not. */
async function missingIn(text: string, check: (routes: string) => Promise<readonly Diagnostic[]>): Promise<Diagnostic[]> {
  const found: Diagnostic[] = [];
  for (const shape of kameletShapes(text)) found.push(...(await check(sampleRoute(shape))).filter(({ code, severity }) => severity === 'error' && missingParts.has(code)));
  return found;
}

/** Names of the beans that a class in Java may be. */
const javaBeans = (text: string): string[] =>
  [...text.matchAll(/\bclass\s+([A-Z]\w*)|@(?:Component|Service|Named|Bean|BindToRegistry|Identifier)\(\s*(?:(?:name|value)\s*=\s*)?"([\w-]+)"/g)].map(([, name, given]) => given ?? `${name![0]!.toLowerCase()}${name!.slice(1)}`);

/** A file has something of this name itself. */
const isDeclaredIn = (text: string, name: string): boolean => new RegExp(`\\b(?:name|id):\\s*['"]?${name.replace(/\W/g, '\\$&')}['"]?\\s*(?:[,}#]|$)`, 'm').test(text);

/** What becomes of the properties of a file. What makes no difference is said, and the file runs all the same. */
function propertiesReport(text: string, pairs: Iterable<readonly [string, string]>, { ofProperties, named }: Context): Omit<FileReport, 'file'> {
  const findings: Finding[] = [];
  let differs = false;
  let fails = false;
  const lines = text.split('\n');
  for (const [key] of pairs) {
    const at = lines.findIndex((candidate) => candidate.trimStart().startsWith(key));
    const line = at < 0 ? null : at + 1;
    const wrong = ofProperties.find(({ message }) => message.includes(`\`${key}\``));
    if (wrong !== undefined) {
      if (wrong.severity === 'error') fails = true;
      else if (named.has(key)) continue;
      else differs = true;
      findings.push({ line, code: wrong.code, message: wrong.message, advice: wrong.help });
      continue;
    }
    const found = named.has(key) ? null : fateOf(key);
    if (found === null || found.fate === 'works') continue;
    if (found.fate === 'differs') differs = true;
    findings.push(finding(`\`${key}\` has no effect: ${found.why ?? ''}`, found.instead ?? 'nothing to do', line));
  }
  return { kind: 'properties', verdict: fails ? 'fails' : differs ? 'differs' : 'runs', findings };
}

function javaReport(text: string): Omit<FileReport, 'file'> | null {
  const found = /\b(?:extends\s+(?:\w+\.)*(?:Endpoint)?RouteBuilder|implements\s+[\w\s,.<>]*\b(Processor|AggregationStrategy|Predicate|Expression|TypeConverter)\b)/.exec(text);
  const line = found === null ? null : text.slice(0, found.index).split('\n').length;
  if (found === null) {
    if (!/\bimport\s+org\.apache\.camel\./.test(text)) return null;
    return { kind: 'Java with Camel', verdict: 'manual', findings: [finding('Java does not run', 'write what routes need of it as a JavaScript module: `type: "#module:./name.mjs"`', lineOf(text, /import\s+org\.apache\.camel\./))] };
  }
  if (found[1] === undefined) return { kind: 'Java routes', verdict: 'manual', findings: [finding('routes in Java do not run', 'write them in YAML; `camel transform route --format=yaml` of Camel JBang makes a first draft', line)] };
  return { kind: `Java ${found[1]}`, verdict: 'manual', findings: [finding(`${/^[AEIOU]/.test(found[1]) ? 'an' : 'a'} ${found[1]} in Java does not run`, 'write it as a JavaScript module, and name it with `#module:./name.mjs`', line)] };
}

function xmlReport(text: string): Omit<FileReport, 'file'> | null {
  const found = /<(?:\w+:)?(camelContext|routes|route|routeTemplates?|rests?|blueprint)\b/.exec(text);
  if (found === null || !/camel|<routes?\b|<from\b/.test(text)) return null;
  const line = text.slice(0, found.index).split('\n').length;
  return { kind: 'XML routes', verdict: 'manual', findings: [finding(`\`<${found[1]!}>\`: routes in XML do not run`, 'write them in YAML; `camel transform route --format=yaml` of Camel JBang makes a first draft', line)] };
}

async function scriptReport(path: string, text: string): Promise<Omit<FileReport, 'file'> | null> {
  const { languageOfRoutes } = await import('./foreignRoutes.ts');
  const language = languageOfRoutes(path, text) ?? (path.endsWith('.js') && /\bfrom\s*\(\s*['"]/.test(text) ? 'JavaScript of Camel K' : null);
  if (language === null) return null;
  return { kind: `${language} routes`, verdict: 'manual', findings: [finding(`routes in ${language} do not run`, 'write them in YAML', lineOf(text, /\bfrom\s*\(\s*['"]/))] };
}

export interface MigrationOptions {
  readonly progress?: Progress;
  /** Folders, jars or zip archives with kamelets that are not in the folder. */
  readonly kamelets?: readonly string[];
}

/**
 * What becomes of a folder of Camel or Camel K: file by file what runs, what runs differently, what does not and what to write instead.
 * Nothing is started.
 * @throws Error where there is no such folder
 */
export async function migrationReport(given: string, { progress, kamelets = [] }: MigrationOptions = {}): Promise<MigrationReport> {
  const folder = resolve(given);
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) throw new Error(stats === undefined ? `there is no folder \`${given}\`` : `\`${given}\` is no folder: name the one that it stands in`);
  const paths: string[] = [];
  for (const path of filesBelow(folder)) {
    if (paths.push(path) > mostFiles) throw new Error(`\`${given}\` has more than ${mostFiles} files`);
  }
  const texts = new Map<string, string>();
  const unread: FileReport[] = [];
  for (const path of paths) {
    if (!/\.(?:ya?ml|java|xml|properties|groovy|kts|js)$/i.test(path)) continue;
    try {
      if (statSync(path).size > longestFile) throw new Error(`it is larger than ${longestFile / 1024 / 1024} MB`);
      const bytes = readFileSync(path);
      if (bytes.subarray(0, 4096).includes(0)) throw new Error('it is no text in UTF-8');
      texts.set(path, bytes.toString('utf8').replace(/^\uFEFF/, ''));
    } catch (thrown) {
      unread.push({ file: relative(folder, path), kind: 'not read', verdict: 'manual', findings: [finding(`it can't be read: ${(thrown as Error).message}`, 'look at it by hand, or let it be read')] });
    }
  }
  const templates = new Map<string, string[]>();
  const beans = new Map<string, string[]>();
  const named = new Set<string>();
  const classes = new Map<string, string[]>();
  const declare = (declared: Map<string, string[]>, name: string, path: string): void => void (declared.get(name)?.push(path) ?? declared.set(name, [path]));
  for (const [path, text] of texts) {
    for (const [, key] of text.matchAll(/\{\{[?!]?([\w.-]+)/g)) named.add(key!);
    if (path.endsWith('.java')) for (const name of javaBeans(text)) declare(classes, name, path);
    if (/\.ya?ml$/i.test(path)) for (const name of beanNames(text)) declare(beans, name, path);
    if (/\.ya?ml$/i.test(path)) for (const [, id] of text.matchAll(/^\s*-\s*routeTemplate:\s*\n(?:\s+.*\n)*?\s+id:\s*['"]?([\w.-]+)/gm)) declare(templates, id!, path);
  }
  const projects = projectsOf(folder, paths);
  const projectOf = (path: string): string => projects.find((project) => isWithin(path, project))!;
  const contexts = new Map<string, Context>();
  /** What a project's files see: what is in it, and in the projects that it is in. */
  const contextOf = async (project: string): Promise<Context> => {
    const known = contexts.get(project);
    if (known !== undefined) return known;
    const isSeen = (path: string): boolean => isWithin(project, projectOf(path));
    const seen = (declared: ReadonlyMap<string, readonly string[]>): Declared => new Map([...declared].map(([name, files]) => [name, files.filter(isSeen)]));
    const properties: Record<string, string> = {};
    // Those of the project itself win.
    const settings = [...texts].filter(([path]) => /(?:^|\/)(?:[\w-]+\.properties|application\.ya?ml)$/i.test(path) && isSeen(path)).sort(([a], [b]) => projectOf(a).length - projectOf(b).length);
    for (const [path, text] of settings) Object.assign(properties, Object.fromEntries(path.endsWith('.properties') ? parseProperties(text) : propertiesInYaml(text)));
    const catalogues = [...new Set(paths.filter((path) => path.endsWith('.kamelet.yaml')).map((path) => dirname(path)))].sort((a, b) => Number(isSeen(b)) - Number(isSeen(a)) || projectOf(b).length - projectOf(a).length);
    catalogues.push(...kamelets.map((one) => resolve(one)));
    const ofProperties = await Mecha.check({ routes: [], sources: [], folder: project, configuration: null, properties, settings: { 'state.store': 'memory', 'deadLetters.enabled': false } });
    const resources = join(project, inResources);
    const context: Context = {
      folder,
      root: statSync(resources, { throwIfNoEntry: false })?.isDirectory() === true ? resources : project,
      catalogues,
      properties,
      templates: seen(templates),
      beans: seen(beans),
      classes: seen(classes),
      named,
      ofProperties: ofProperties.filter(({ at }) => at === null),
    };
    contexts.set(project, context);
    return context;
  };
  const files: FileReport[] = [...unread];
  let done = 0;
  for (const [path, text] of texts) {
    progress?.('looking at', done++, texts.size);
    const context = await contextOf(projectOf(path));
    const report = /\.ya?ml$/i.test(path)
      ? await yamlReport(path, text, context)
      : path.endsWith('.properties')
        ? propertiesReport(text, parseProperties(text), context)
        : path.endsWith('.java')
          ? javaReport(text)
          : path.endsWith('.xml')
            ? xmlReport(text)
            : await scriptReport(path, text);
    if (report !== null) files.push({ file: relative(folder, path), ...report });
  }
  const counts: Record<Verdict, number> = { runs: 0, differs: 0, fails: 0, manual: 0, ignored: 0 };
  for (const { verdict } of files) counts[verdict]++;
  return { files, counts };
}
