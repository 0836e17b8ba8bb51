/**
 * Builds what is published. `dist/` is the command: scripts for the parts of the program (scripts/parts.mjs), one for each library that it loads on use, and the
 * launcher that runs them with V8's code cache. `lib/` is the library for embedders: plain modules, one a source file, with their types.
 * `node scripts/build.mjs [dist|lib]`
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { notices } from './licences.mjs';
import { front, layOut, program, takenBy } from './parts.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Libraries with native code: their JavaScript is bundled, what it loads besides is looked for from the package. */
const natives = new Set(['lmdb']);
/** What a native library loads by itself. */
const external = ['msgpackr-extract'];

/** Libraries that modules ask for when they are made, but need only for some routes: loaded when a name of theirs is used. */
const lazies = new Set(['re2js', 'jsonata', 'amqplib', 'parse5', 'avsc', 'protobufjs', 'iconv-lite', 'picomatch']);

/** Libraries of which single modules are used, by modules of ours that are themselves loaded on use: one part holds them all. */
const inPieces = /^(kafkajs)\//;

/** Libraries that stay as they are installed: they come with native code or WebAssembly beside them, share much with each other, or are under a licence that wants it so. */
const installed = /^(@modelcontextprotocol\/|@jitl\/|@aws-sdk\/|@smithy\/|lz4-napi|@bokuweb\/zstd-wasm|kafkajs-snappy|node-sqlite3-wasm|libxml2-wasm|openpgp|stringtemplate4ts)/;

/** Modules of ours that are made on the first call of what they export. */
const lazyModules = { 'src/languages/simple/compile.ts': './grammar.ts' };

/** Bytes that the scripts which each `run` loads may have. Idle memory is measured (bench/RESULTS.md): 100 kB there are 0.2 MB, and all that they make. */
const programLimit = 1_500_000;

const isName = (name) => /^[A-Za-z_$][\w$]*$/.test(name);

const fileName = (library) => library.replace(/^@/, '').replace(/\//g, '-');

const settings = {
  absWorkingDir: root,
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.19',
  // Its modern form: the one meant for CommonJS can't be cut down to what is used.
  alias: { rxjs: join(root, 'node_modules/rxjs/dist/esm/index.js') },
  // LMDB's values are bytes: what it would decode objects with needs no native code of its own.
  define: { 'import.meta.url': '__moduleUrl', 'process.env.MSGPACKR_NATIVE_ACCELERATION_DISABLED': '"true"' },
  minifyWhitespace: true,
  minifySyntax: true,
  // Notices stand together in a file of their own.
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
};

/** Turns `import { read } from './grammar.ts'` into functions that load the module when they are called. */
function withLazyModule(file, text) {
  const module = lazyModules[file.replaceAll('\\', '/')];
  if (module === undefined) return text;
  const parts = new RegExp(`^import \\{ ([^}]+) \\} from '${module.replaceAll('.', '\\.')}';$`, 'm').exec(text);
  if (parts === null) throw new Error(`${file} no longer imports ${module}: correct lazyModules`);
  const functions = parts[1].split(', ').map((name) => `const ${name} = (...args) => require('${module}').${name}(...args);`);
  return text.replace(parts[0], functions.join(' '));
}

/** Catalogs of definitions: each is made when it is asked for, so that a start pays for the parts that its routes use. */
const catalogs = /^src\/(eip|languages|dataformats|connectors)\/index\.ts$/;

/** Turns a generated index into one whose entries load their module on first use. */
function withLazyEntries(file, text) {
  if (!catalogs.test(file.replaceAll('\\', '/'))) return text;
  const modules = new Map();
  for (const [, names, path] of text.matchAll(/^import \{ ([^}]+) \} from '([^']+)';$/gm)) for (const name of names.split(', ')) modules.set(name, path);
  const [, constant, entries] = /^export const (\w+) = \{\n(.*?)^\}/ms.exec(text);
  const getters = [...entries.matchAll(/^ {2}(?:'([^']+)'|(\w+))(?:: (\w+))?,$/gm)].map(([, quoted, plain, exported]) => {
    const name = quoted ?? plain;
    const path = modules.get(exported ?? name);
    if (path === undefined) throw new Error(`${file}: no module for ${name}`);
    return `entry('${name}', () => require('${path}').${exported ?? name});`;
  });
  return `export const ${constant} = {};
const entry = (name, make) => Object.defineProperty(${constant}, name, { enumerable: true, configurable: true, get() {
  const value = make();
  Object.defineProperty(${constant}, name, { value, enumerable: true });
  return value;
} });
${getters.join('\n')}\n`;
}

/** A module of ours as it is built: what it needs lazily is `require()` or `import()`. */
const ownText = (file) => withLazyEntries(file, withLazyModule(file, readFileSync(join(root, file), 'utf8')));

/**
 * Hands `import('library')`, `import(expression)` and what stands in another part to the launcher; notes which libraries are meant.
 * @param layout without one, all of ours is one part
 */
const lazyParts = (libraries, pieces, { part, partOf, targets, taken } = { partOf: new Map() }) => ({
  name: 'lazy parts',
  setup({ onLoad, onResolve }) {
    /** The part where a module stands, when it is another. */
    const elsewhere = (importer, path) => {
      const target = targets?.get(importer)?.get(path);
      const place = partOf.get(target);
      return place === undefined || place === part ? undefined : { target, place };
    };
    if (part !== undefined) {
      onResolve({ filter: /./ }, ({ path, importer, namespace, kind }) => {
        const there = namespace === 'file' && kind === 'import-statement' ? elsewhere(relative(root, importer), path) : undefined;
        return there === undefined ? undefined : { path: there.target, namespace: 'elsewhere' };
      });
      onResolve({ filter: /^names:/ }, ({ path }) => ({ path: path.slice('names:'.length), namespace: 'names' }));
      onLoad({ filter: /./, namespace: 'names' }, ({ path }) => ({ contents: `export { ${[...taken.get(path)].join(', ')} } from './${path}';`, resolveDir: root, loader: 'js' }));
      onLoad({ filter: /./, namespace: 'elsewhere' }, ({ path }) => {
        const there = `__own('${partOf.get(path)}', '${path}')`;
        const names = taken.get(path);
        if (names === undefined) return { contents: `module.exports = ${there};`, loader: 'js' };
        const lines = [...names].map((name) => (name === 'default' ? 'export default it.default;' : `export const ${name} = it.${name};`));
        return { contents: `const it = ${there};\n${lines.join('\n')}`, loader: 'js' };
      });
    }
    onLoad({ filter: /[\\/](src|bin)[\\/].*\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      contents: ownText(relative(root, path))
        .replace(/\brequire\('(\.[^']+)'\)/g, (all, module) => {
          const there = elsewhere(relative(root, path), module);
          return there === undefined ? all : `__own('${there.place}', '${there.target}')`;
        })
        // Not in types: `typeof import('x')`, `import('x').Name`.
        .replace(/(?<!typeof )\bimport\('(\.[^']+)'\)(?!\.[A-Z])/g, (all, module) => {
          const there = elsewhere(relative(root, path), module);
          return there === undefined ? all : `Promise.resolve().then(() => __own('${there.place}', '${there.target}'))`;
        })
        .replace(/(?<!typeof )\bimport\('([^'.][^']*)'\)(?!\.[A-Z])/g, (_, library) => {
          if (library.startsWith('node:')) return `Promise.resolve(require('${library}'))`;
          if (installed.test(library)) return `__import('${library}')`;
          libraries.add(library);
          return `__part('${fileName(library)}')`;
        })
        .replace(/(?<=\bawait )import\((?!')/g, '__import('),
    }));
    onResolve({ filter: /^[^.]/ }, ({ path, namespace }) => (lazies.has(path) && namespace === 'file' ? { path, namespace: 'lazy' } : undefined));
    onResolve({ filter: inPieces }, ({ path, namespace }) => (namespace === 'file' ? { path, namespace: 'piece' } : undefined));
    onLoad({ filter: /.*/, namespace: 'piece' }, ({ path }) => {
      const [, library] = inPieces.exec(path);
      pieces.set(library, new Set([...(pieces.get(library) ?? []), path]));
      return { contents: `module.exports = __part.now('${fileName(library)}')['${path}'];`, loader: 'js' };
    });
    onLoad({ filter: /.*/, namespace: 'lazy' }, async ({ path }) => {
      libraries.add(path);
      const loaded = `__part.now('${fileName(path)}')`;
      const library = await import(path);
      const lines = [
        typeof library.default === 'function'
          ? `module.exports = function (...args) { const made = ${loaded}.default; return new.target ? Reflect.construct(made, args) : made(...args); };`
          : 'module.exports = {};',
        ...Object.keys(library)
          .filter((name) => name !== 'default' && isName(name))
          .map((name) => `Object.defineProperty(module.exports, '${name}', { enumerable: true, get: () => ${loaded}.${name} });`),
        // What Node does not see by name in a CommonJS module.
        ...(['function', 'object'].includes(typeof library.default) ? Object.keys(library.default ?? {}) : [])
          .filter((name) => !(name in library) && isName(name))
          .map((name) => `Object.defineProperty(module.exports, '${name}', { enumerable: true, get: () => ${loaded}.default.${name} });`),
      ];
      return { contents: lines.join('\n'), loader: 'js' };
    });
  },
});

/** A library as a script of its own, with the names that Node gives it when it is imported. */
async function part(library) {
  const names = Object.keys(await import(library)).filter(isName);
  const lines = names.map((name) => (name === 'default' ? 'export default __library.default;' : `export const ${name} = __library.${name};`));
  const contents = natives.has(library) ? `module.exports = require('${library}');` : `import * as __library from '${library}';\n${lines.join('\n')}\n`;
  return script(contents, natives.has(library) ? 'part.cjs' : 'part.mjs');
}

/**
 * The compiled code of a native library, where it mostly lies: beside its package, for this version of Node. Looking for it in all the places where it might be
 * makes so many paths that V8 brings in its optimizing compiler, 5 MB of an idle process. Where it does not lie there, the library looks for it as ever.
 */
const besideIt = `const { existsSync } = require('node:fs');
const { basename, join } = require('node:path');
module.exports = (folder) => {
  const { platform, arch, versions } = process;
  const name = basename(folder);
  const path = join(folder, '..', '@' + name, name + '-' + platform + '-' + arch, 'node.abi' + versions.modules + '.glibc.node');
  if (platform === 'linux' && existsSync(path) && !existsSync('/etc/alpine-release')) {
    try {
      const module = { exports: {} };
      process.dlopen(module, path);
      return module.exports;
    } catch {
      // Said by the library.
    }
  }
  return require('node-gyp-build-optional-packages')(folder);
};`;

const nativeCode = {
  name: 'native code',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^node-gyp-build-optional-packages$/ }, ({ path, namespace }) => (namespace === 'native' ? { path, external: true } : { path, namespace: 'native' }));
    onLoad({ filter: /./, namespace: 'native' }, () => ({ contents: besideIt, loader: 'js' }));
  },
};

/** Files that went into the bundle. */
const bundled = new Set();

async function script(contents, sourcefile) {
  const { outputFiles, metafile } = await build({ ...settings, external, write: false, plugins: [nativeCode], stdin: { contents, resolveDir: root, sourcefile } });
  for (const input of Object.keys(metafile.inputs)) if (!input.startsWith('native:')) bundled.add(input);
  return outputFiles[0].text;
}

/** Our own modules, in the parts that `layOut` says: the text of each. */
async function ownParts(libraries, pieces) {
  const whole = await build({ ...settings, entryPoints: ['bin/mecha.ts'], write: false, plugins: [lazyParts(libraries, pieces)] });
  const { partOf, targets } = layOut(whole.metafile);
  const { inputs } = whole.metafile;
  /** What other parts take of a module, by name; all of one that is loaded lazily, or is no module with names. */
  const taken = new Map();
  const needed = new Set();
  for (const [path, part] of partOf) {
    for (const { path: target, kind } of inputs[path].imports) {
      if (!partOf.has(target) || partOf.get(target) === part) continue;
      needed.add(target);
      if (kind === 'import-statement' && inputs[target].format === 'esm' && !taken.has(target)) taken.set(target, new Set());
    }
  }
  await Promise.all(
    [...partOf].map(async ([path, part]) => {
      const away = [...targets.get(path)].filter(([, target]) => partOf.has(target) && partOf.get(target) !== part && taken.has(target));
      if (away.length === 0) return;
      const isOurs = path.endsWith('.ts');
      const { code } = await transform(isOurs ? ownText(path) : readFileSync(join(root, path), 'utf8'), { loader: isOurs ? 'ts' : 'js' });
      for (const { from, names } of takenBy(code)) {
        const target = targets.get(path).get(from);
        if (!away.some(([, one]) => one === target)) continue;
        if (names.includes('*')) throw new Error(`${path} takes all of ${target}, which stands in another part (${partOf.get(target)}): import what it needs by name`);
        for (const name of names) taken.get(target).add(name);
      }
    }),
  );
  const lazily = new Set([...partOf.keys()].flatMap((path) => inputs[path].imports.filter(({ kind }) => kind !== 'import-statement').map((one) => one.path)));
  const first = [front, program];
  const parts = [...first, ...[...new Set(partOf.values())].filter((name) => !first.includes(name)).sort()];
  const built = await Promise.all(
    parts.map(async (part) => {
      const modules = [...needed].filter((path) => partOf.get(path) === part).sort();
      // A module that others load lazily is given whole; of one that they import, what they name.
      const lines = modules.map((path) => `'${path}': () => require('${taken.has(path) && !lazily.has(path) ? `names:${path}` : `./${path}`}'),`);
      const contents = `Object.assign(__table, {\n${lines.join('\n')}\n});\n${part === front ? "require('./bin/mecha.ts');\n" : ''}`;
      const plugins = [lazyParts(libraries, pieces, { part, partOf, targets, taken })];
      const { outputFiles, metafile } = await build({ ...settings, stdin: { contents, resolveDir: root, sourcefile: `${part}.cjs` }, write: false, plugins });
      return { part, modules, text: outputFiles[0].text, written: Object.values(metafile.outputs)[0].inputs };
    }),
  );
  for (const { text, written } of built) {
    for (const input of Object.keys(written)) if (!/^(names|elsewhere):/.test(input)) bundled.add(input);
    // One letter beyond Latin-1 (in a regular expression: in texts they are escaped) doubles what the script takes in memory.
    const wide = /[^\u0000-\u00ff]/.exec(text);
    if (wide !== null) throw new Error(`write \\u${wide[0].charCodeAt(0).toString(16).padStart(4, '0')} for ${wide[0]} in: ${text.slice(wide.index - 60, wide.index + 20)}`);
  }
  const size = first.reduce((sum, part) => sum + built.find((one) => one.part === part).text.length, 0);
  if (size > programLimit) {
    const largest = first.flatMap((part) => Object.entries(built.find((one) => one.part === part).written)).sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput);
    throw new Error(
      [
        `command.cjs and program.cjs, which each \`run\` loads and keeps in memory, have ${size} bytes; ${programLimit} are their limit.`,
        'What `run` does not need before a route names it should be loaded lazily: by `await import()`, or as the definition of a part of its own (scripts/parts.mjs says which are loaded with the program).',
        '`git stash; npm run build -- dist` tells how large they were before. The largest modules in them:',
        ...largest.slice(0, 25).map(([path, { bytesInOutput }]) => `${String(bytesInOutput).padStart(8)} ${path}`),
      ].join('\n'),
    );
  }
  return built;
}

/** Loads every module that one part takes from another, as the launcher would; but for what runs in a thread of its own. */
function checkParts(folder, built) {
  const file = join(folder, 'check.cjs');
  const modules = built.flatMap((one) => one.modules.filter((path) => path !== 'src/testing/worker.ts').map((path) => [one.part, path]));
  writeFileSync(file, `${readFileSync(join(root, 'bin/launcher.cjs'), 'utf8').replace(/^#!.*\n/, '')}\nfor (const [part, path] of ${JSON.stringify(modules)}) if (Object.keys(own(part, path)).length === 0) throw new Error(path + ' gives nothing');\n`);
  try {
    execFileSync(process.execPath, [file, '--version'], { stdio: ['ignore', 'ignore', 'inherit'] });
  } finally {
    rmSync(file);
  }
}

async function command() {
  const folder = join(root, 'dist');
  const libraries = new Set();
  const pieces = new Map();
  const own = await ownParts(libraries, pieces);
  const texts = new Map(own.map(({ part, text }) => [part, text]));
  for (const library of libraries) texts.set(fileName(library), await part(library));
  for (const [library, paths] of pieces) texts.set(fileName(library), await script([...paths].map((path) => `exports['${path}'] = require('${path}');`).join('\n'), 'part.cjs'));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const parts = {};
  for (const [name, body] of texts) {
    // Wrapped here: the launcher would hold a second copy while it does so.
    const text = `(function (exports, require, module, __filename, __dirname, __part, __import, __own, __table) {const __moduleUrl=require('node:url').pathToFileURL(__filename).href;${body}\n})\n`;
    writeFileSync(join(folder, `${name}.cjs`), text);
    parts[name] = { digest: createHash('sha256').update(text).digest('hex').slice(0, 12), ...(natives.has(name) ? { native: name } : {}) };
  }
  writeFileSync(join(folder, 'LICENSES.txt'), notices(root, bundled));
  writeFileSync(join(folder, 'parts.json'), `${JSON.stringify(parts)}\n`);
  copyFileSync(join(root, 'bin/launcher.cjs'), join(folder, 'mecha.cjs'));
  chmodSync(join(folder, 'mecha.cjs'), 0o755);
  // First: what the cache of a part has is what was used when it was written.
  // Its code cache: a command that does not work fails the build.
  execFileSync(process.execPath, [join(folder, 'mecha.cjs'), 'warm-up'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  checkParts(folder, own);
}

function library() {
  rmSync(join(root, 'lib'), { recursive: true, force: true });
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' });
}

const [, , wanted = 'all'] = process.argv;
if (wanted !== 'lib') await command();
if (wanted !== 'dist') library();
