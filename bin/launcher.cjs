#!/usr/bin/env node
/**
 * Starts the bundled program. Its parts are plain scripts, read when they are asked for, with V8's code cache beside them: compiling is most
 * of the time that a start takes. A cache that is missing, or made by another Node, is written when a `run` ends.
 */
'use strict';
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');

/** By part: a digest of its text and, for one with native code, the package that it must seem to stand in. */
const parts = JSON.parse(readFileSync(join(__dirname, 'parts.json'), 'utf8'));
const cacheFolder = join(__dirname, 'cache');
const loaded = new Map();
const uncached = [];

/** Parts of Node that most programs never need, though they ask for them; loaded when a name of theirs is used. */
const lazyBuiltins = new Set(['node:child_process', 'node:crypto', 'node:zlib']);

const ask = (id) => (lazyBuiltins.has(id) ? new Proxy({}, { get: (_, name) => require(id)[name] }) : require(id));

const cacheFile = (name) => join(cacheFolder, `${name}-${parts[name].digest}-${process.version}-${process.arch}.bin`);

function load(name) {
  const before = loaded.get(name);
  if (before !== undefined) return before.exports;
  const path = join(__dirname, `${name}.cjs`);
  let cachedData;
  try {
    cachedData = readFileSync(cacheFile(name));
  } catch {
    // Compiled below.
  }
  const script = new Script(readFileSync(path, 'utf8'), { filename: path, cachedData });
  if (cachedData === undefined || script.cachedDataRejected) uncached.push({ name, script });
  const module = { exports: {} };
  loaded.set(name, module);
  const { native } = parts[name];
  const place = native === undefined ? path : require.resolve(native);
  const from = native === undefined ? ask : require('node:module').createRequire(place);
  script.runInThisContext()(module.exports, from, module, place, dirname(place), Object.assign(async (part) => load(part), { now: load }), (specifier) => import(specifier));
  return module.exports;
}

process.on('exit', () => {
  if (uncached.length === 0 || process.argv[2] !== 'run') return;
  try {
    mkdirSync(cacheFolder, { recursive: true });
    for (const { name, script } of uncached) {
      const file = cacheFile(name);
      writeFileSync(`${file}.${process.pid}`, script.createCachedData());
      renameSync(`${file}.${process.pid}`, file);
    }
  } catch {
    // A folder that can not be written: the next start compiles again.
  }
});

load('program');
