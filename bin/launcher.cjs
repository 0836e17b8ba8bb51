#!/usr/bin/env node
/**
 * Starts the bundled program. Its parts are plain scripts, read when they are asked for, with V8's code cache beside them: compiling is most
 * of the time that a start takes. A cache that is missing, or made by another Node, is written when the process ends; that of the engine when a
 * `run` does, which needs most of it.
 */
'use strict';
const { closeSync, fstatSync, mkdirSync, openSync, readFileSync, readSync, renameSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');
const { isMainThread, Worker } = require('node:worker_threads');

/** By part: a digest of its text and, for one with native code, the package that it must seem to stand in. */
const parts = JSON.parse(readFileSync(join(__dirname, 'parts.json'), 'utf8'));
const cacheFolder = join(__dirname, 'cache');
const loaded = new Map();
/** Parts whose cache is to be written. */
const uncached = [];
/** While the program is built its commands are run one after the other: what each has used of a part is added to its cache. */
const isWarmUp = process.env.MECHA_WARM_UP !== undefined;

/** Parts of Node that most programs never need, though they ask for them; loaded when a name of theirs is used. */
const lazyBuiltins = new Set(['node:child_process', 'node:crypto', 'node:zlib']);

/** What is usual of each flag of V8 that the program changes. */
const usualFlags = new Map([['--semi-space-growth-factor', '2']]);
const flags = new Map(usualFlags);

const setFlags = (some) => {
  for (const [flag, value] of some) require('node:v8').setFlagsFromString(`${flag}=${value}`);
};

/** V8 takes a cache only under the flags that it was written with: those that the program sets are noted, and put aside while a script is compiled. */
function setFlagsFromString(text) {
  const [flag, value] = text.split('=');
  if (!usualFlags.has(flag)) throw new Error(`say in bin/launcher.cjs what is usual of ${flag}`);
  flags.set(flag, value);
  setFlags(flags);
}

function ask(id) {
  if (lazyBuiltins.has(id)) return new Proxy({}, { get: (_, name) => require(id)[name] });
  return id === 'node:v8' ? { ...require(id), setFlagsFromString } : require(id);
}

const cacheFile = (name) => `${cacheFolder}/${name}-${parts[name].digest}-${process.version}-${process.arch}.bin`;

/** The cache of a part, in memory that can be given back at once: garbage collection, which a process that idles sees no need for, would have to come for a Buffer. */
function readCache(name) {
  let file;
  try {
    file = openSync(cacheFile(name), 'r');
    const { size } = fstatSync(file);
    const bytes = new Uint8Array(new ArrayBuffer(size, { maxByteLength: size }));
    return readSync(file, bytes) === size ? bytes : undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function compile(name, path) {
  const cachedData = readCache(name);
  const isChanged = [...flags].some(([flag, value]) => usualFlags.get(flag) !== value);
  if (isChanged) setFlags(usualFlags);
  try {
    const script = new Script(readFileSync(path, 'utf8'), { filename: path, cachedData });
    if (cachedData === undefined || script.cachedDataRejected || (isWarmUp && name !== 'program' && name !== 'command')) uncached.push({ name, script });
    return script;
  } finally {
    if (isChanged) setFlags(flags);
    cachedData?.buffer.resize(0);
  }
}

/** Tests run in a thread of their own. It takes as long to start as the program does: both begin at once. */
const runsTests = isMainThread && process.argv[2] === 'test' && !process.argv.some((arg) => ['-h', '--help', '--in-process'].includes(arg));
const testThread = runsTests ? new Worker(__filename, { workerData: { mechaTests: true }, stdout: true, stderr: true }) : null;

function load(name) {
  const before = loaded.get(name);
  if (before !== undefined) return before.exports;
  const path = join(__dirname, `${name}.cjs`);
  const script = compile(name, path);
  const module = { exports: {}, table: {} };
  loaded.set(name, module);
  const { native } = parts[name];
  const place = native === undefined ? path : require.resolve(native);
  const from = native === undefined ? ask : require('node:module').createRequire(place);
  script.runInThisContext()(module.exports, from, module, place, dirname(place), Object.assign(async (part) => load(part), { now: load, testThread }), (specifier) => import(specifier), own, module.table);
  return module.exports;
}

/** One of our own modules that stands in another part. */
function own(part, path) {
  load(part);
  return loaded.get(part).table[path]();
}

process.on('exit', () => {
  const written = uncached.filter(({ name }) => name !== 'program' || process.argv[2] === 'run');
  if (written.length === 0) return;
  try {
    mkdirSync(cacheFolder, { recursive: true });
    for (const { name, script } of written) {
      const file = cacheFile(name);
      writeFileSync(`${file}.${process.pid}`, script.createCachedData());
      renameSync(`${file}.${process.pid}`, file);
    }
  } catch {
    // A folder that can not be written: the next start compiles again.
  }
});

load('command');
