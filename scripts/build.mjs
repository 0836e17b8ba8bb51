/**
 * Builds what is published. `dist/` is the command: one script for the program, one for each library that it loads on use, and the launcher
 * that runs them with V8's code cache. `lib/` is the library for embedders: plain modules, one a source file, with their types.
 * `node scripts/build.mjs [dist|lib]`
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { notices } from './licences.mjs';
import { warmUp } from './warm-up.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Libraries with native code: their JavaScript is bundled, what it loads besides is looked for from the package. */
const natives = new Set(['lmdb']);
/** What a native library loads by itself. */
const external = ['node-gyp-build-optional-packages', 'msgpackr-extract'];

/** Libraries that modules ask for when they are made, but need only for some routes: loaded when a name of theirs is used. */
const lazies = new Set(['re2js', 'jsonata', 'amqplib', 'parse5', 'avsc', 'protobufjs', 'iconv-lite']);

/** Libraries of which single modules are used, by modules of ours that are themselves loaded on use: one part holds them all. */
const inPieces = /^(kafkajs)\//;

/** Libraries that stay as they are installed: they come with native code or WebAssembly beside them, share much with each other, or are under a licence that wants it so. */
const installed = /^(@modelcontextprotocol\/|@jitl\/|@aws-sdk\/|@smithy\/|lz4-napi|@bokuweb\/zstd-wasm|kafkajs-snappy|node-sqlite3-wasm|libxml2-wasm|openpgp|stringtemplate4ts)/;

/** Modules of ours that are made on the first call of what they export. */
const lazyModules = { 'src/languages/simple/compile.ts': './grammar.ts' };

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

/** Hands `import('library')` and `import(expression)` to the launcher; notes which libraries are meant. */
const lazyParts = (libraries, pieces) => ({
  name: 'lazy parts',
  setup({ onLoad, onResolve }) {
    onLoad({ filter: /[\\/](src|bin)[\\/].*\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      contents: withLazyEntries(relative(root, path), withLazyModule(relative(root, path), readFileSync(path, 'utf8')))
        // Not in types: `typeof import('x')`, `import('x').Name`.
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
        ...(typeof library.default === 'object' ? Object.keys(library.default) : [])
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

/** Files that went into the bundle. */
const bundled = new Set();

async function script(contents, sourcefile) {
  const { outputFiles, metafile } = await build({ ...settings, external, write: false, stdin: { contents, resolveDir: root, sourcefile } });
  for (const input of Object.keys(metafile.inputs)) bundled.add(input);
  return outputFiles[0].text;
}

async function command() {
  const folder = join(root, 'dist');
  const libraries = new Set();
  const pieces = new Map();
  const { outputFiles, metafile } = await build({ ...settings, entryPoints: ['bin/mecha.ts'], write: false, plugins: [lazyParts(libraries, pieces)] });
  for (const input of Object.keys(metafile.inputs)) bundled.add(input);
  const texts = new Map([['program', outputFiles[0].text.replace(/^#!.*\n/, '')]]);
  for (const library of libraries) texts.set(fileName(library), await part(library));
  for (const [library, paths] of pieces) texts.set(fileName(library), await script([...paths].map((path) => `exports['${path}'] = require('${path}');`).join('\n'), 'part.cjs'));
  // One letter beyond Latin-1 (in a regular expression: in texts they are escaped) doubles what the program takes in memory.
  const wide = /[^\u0000-\u00ff]/.exec(texts.get('program'));
  if (wide !== null) throw new Error(`write \\u${wide[0].charCodeAt(0).toString(16).padStart(4, '0')} for ${wide[0]} in: ${texts.get('program').slice(wide.index - 60, wide.index + 20)}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const parts = {};
  for (const [name, body] of texts) {
    // Wrapped here: the launcher would hold a second copy while it does so.
    const text = `(function (exports, require, module, __filename, __dirname, __part, __import) {const __moduleUrl=require('node:url').pathToFileURL(__filename).href;${body}\n})\n`;
    writeFileSync(join(folder, `${name}.cjs`), text);
    parts[name] = { digest: createHash('sha256').update(text).digest('hex').slice(0, 12), ...(natives.has(name) ? { native: name } : {}) };
  }
  writeFileSync(join(folder, 'LICENSES.txt'), notices(root, bundled));
  writeFileSync(join(folder, 'parts.json'), `${JSON.stringify(parts)}\n`);
  copyFileSync(join(root, 'bin/launcher.cjs'), join(folder, 'mecha.cjs'));
  chmodSync(join(folder, 'mecha.cjs'), 0o755);
  await warmUp(join(folder, 'mecha.cjs'));
}

function library() {
  rmSync(join(root, 'lib'), { recursive: true, force: true });
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' });
}

const [, , wanted = 'all'] = process.argv;
if (wanted !== 'lib') await command();
if (wanted !== 'dist') library();
