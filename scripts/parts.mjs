/**
 * Which of our modules stand in the scripts that each start and each `run` loads, and which in parts that are loaded when a route, or a command,
 * first needs them. V8 keeps the text of a script as long as it lives: what a start does not need should not be in those.
 */

/** What most routes need, beside the small ones of the patterns: it is loaded with the program. */
const common = [
  /^src\/cli\/run\.ts$/,
  /^src\/core\//,
  /^src\/stores\//,
  /^src\/connectors\/(direct|http|kamelet|log|platform-http|timer)(\/|\.ts$)/,
  /^src\/languages\/(constant|exchangeProperty|header|language|method|ref|variable)\.ts$/,
  /^src\/dataformats\/json\.ts$/,
];

/** Commands that do without the engine, in their own thread at least: what they share with it is loaded with the command line. */
const light = [/^src\/cli\/(explain|test)\.ts$/];

/** Modules that are a part of their own, though others of their folder need them: what reads Simple is not needed by who writes constants, nor OpenAPI by who serves no contract. */
const apart = new Map([
  ['src/languages/simple/grammar.ts', 'simple-grammar'],
  ['src/core/http/openapi.ts', 'openapi'],
  ['src/core/conversion/jsonInTurns.ts', 'json-long'],
  ['src/core/http/cloudEvents.ts', 'cloud-events'],
  ['src/core/beans/tlsParameters.ts', 'tls-parameters'],
  ['src/eip/threads.ts', 'threads'],
]);

/** Bytes: from here what a connector, a language, a format, a pattern or a command needs alone is a part of its own, while what is smaller stands together with its like. */
const large = 16_000;
/** Patterns below this stand in the program: most routes use some of them. */
const small = 3500;

/** What reads the command line: the part that is loaded first. */
export const front = 'command';

/** The engine: the part that `run` loads, and most commands. */
export const program = 'program';

/** Modules that stand for others: each part has its own. */
const isStandIn = (path) => /^(lazy|piece):/.test(path);

/**
 * Lays out the parts.
 * @param {import('esbuild').Metafile} metafile of a build of all in one script, whose lazy imports are `import()`, or `require()` from our own modules
 * @returns {{ partOf: Map<string, string>, targets: Map<string, Map<string, string>> }} the part of each module, and what each module means by what it imports
 */
export function layOut({ inputs, outputs }) {
  const [{ inputs: written, entryPoint }] = Object.values(outputs);
  const size = (path) => written[path]?.bytesInOutput ?? 0;
  const isOurs = (path) => /^(src|bin)\//.test(path);
  const isLazy = (from, { kind }) => kind === 'dynamic-import' || (kind === 'require-call' && isOurs(from));
  const importsOf = (path) => inputs[path].imports.filter((one) => !one.external && one.path in inputs);
  const reached = (roots) => {
    const all = new Set();
    for (const waiting = [...roots]; waiting.length > 0; ) {
      const path = waiting.pop();
      if (all.has(path) || isStandIn(path)) continue;
      all.add(path);
      for (const one of importsOf(path)) if (!isLazy(path, one)) waiting.push(one.path);
    }
    return all;
  };
  const roots = [...new Set(Object.keys(inputs).flatMap((path) => importsOf(path).flatMap((one) => (isLazy(path, one) ? [one.path] : []))))];
  const isFirst = (path) => !apart.has(path) && common.some((pattern) => pattern.test(path));
  const engine = reached(roots.filter(isFirst));
  const ahead = reached([entryPoint]);
  for (const path of reached(roots.filter((root) => light.some((pattern) => pattern.test(root))))) if (engine.has(path)) ahead.add(path);
  const first = new Set([...ahead, ...engine]);

  const collect = (nameOf) => {
    const groups = new Map();
    for (const root of roots) {
      if (first.has(root)) continue;
      const name = nameOf(root);
      const group = groups.get(name) ?? new Set();
      for (const path of reached([root])) if (!first.has(path)) group.add(path);
      groups.set(name, group);
    }
    return groups;
  };
  const single = collect(ownName);
  const uses = new Map();
  for (const group of single.values()) for (const path of group) uses.set(path, (uses.get(path) ?? 0) + 1);
  const groups = collect((root) => {
    const name = ownName(root);
    const taken = [...single.get(name)].reduce((sum, path) => sum + (uses.get(path) === 1 ? size(path) : 0), 0);
    if (apart.has(root) || name === 'cli-test' || taken >= large) return name;
    const kind = name.replace(/-.*/, '');
    return kind === 'eip' && taken < small ? program : kind;
  });
  const partOf = new Map([...first].map((path) => [path, ahead.has(path) ? front : program]));
  const users = new Map();
  for (const [part, group] of groups) for (const path of group) users.set(path, [...(users.get(path) ?? []), part]);
  for (const [path, parts] of users) if (!partOf.has(path)) partOf.set(path, parts.length === 1 ? parts[0] : sharedBy(path, parts, groups));
  const targets = new Map(Object.keys(inputs).map((path) => [path, new Map(importsOf(path).map((one) => [one.original, one.path]))]));
  return { partOf, targets };
}

/** The part that a module loaded lazily would be by itself. */
function ownName(root) {
  const [, kind, name] = /^src\/(\w+)\/([\w-]+)/.exec(root);
  return apart.get(root) ?? (kind === 'testing' ? 'cli-test' : `${kind}-${name}`);
}

/** Where that stands which several parts need. */
function sharedBy(path, parts, groups) {
  if (parts.includes(program)) return program;
  if (apart.has(path)) return apart.get(path);
  if (parts.every((part) => part.startsWith('cli'))) return 'cli';
  const [, kind, name] = /^src\/(\w+)\/([\w-]+)\//.exec(path) ?? [];
  if (groups.has(`${kind}-${name}`)) return `${kind}-${name}`;
  return parts.includes(kind) ? kind : program;
}

/** What modules import by name, in the form that esbuild writes. */
const statement = /^(?:import|export)\s+(?:([^;{}*]*?),?\s*)?(?:\{([^}]*)\}|(\*)(?:\s+as\s+\w+)?)?\s*from\s+"([^"]+)";$/gm;

/**
 * What a module takes of others.
 * @param {string} code plain JavaScript, as esbuild writes it
 * @returns {{ from: string, names: string[] }[]} '*' is all
 */
export const takenBy = (code) =>
  [...code.matchAll(statement)].map(([, standard, names = '', all, from]) => ({
    from,
    names: [...(standard === undefined || standard === '' ? [] : ['default']), ...(all === undefined ? [] : ['*']), ...names.split(',').flatMap((name) => /^\s*(\w+)/.exec(name)?.[1] ?? [])],
  }));
