/**
 * What the licences of bundled libraries ask for: their copyright notices, in one file beside the bundle. A library whose licence is none of those
 * that this project may hand on inside its own scripts fails the build: it stays as it is installed (`installed` in build.mjs), or goes.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licences by which a library may be part of the bundle (SPDX). */
const allowed = new Set(['MIT', 'MIT-0', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0', 'CC0-1.0', 'Unlicense', 'Zlib', 'Python-2.0']);

const noticeFile = /^(licen[cs]e|copying|notice|copyright)([.-].*)?$/i;

/** The folder of the package that a bundled file belongs to; null for a file of our own. */
function packageFolder(input) {
  const at = input.lastIndexOf('node_modules/');
  if (at < 0) return null;
  const names = input.slice(at + 'node_modules/'.length).split('/');
  return input.slice(0, at) + join('node_modules', ...names.slice(0, names[0].startsWith('@') ? 2 : 1));
}

/** True for `MIT`, and for a choice (`(MIT OR GPL-3.0)`) of which one will do. */
const isAllowed = (licence) => licence.replace(/[()]/g, '').split(' OR ').some((choice) => choice.split(' AND ').every((one) => allowed.has(one.trim())));

function licenceOf(description) {
  const { license, licenses } = description;
  if (typeof license === 'string') return license;
  if (Array.isArray(licenses)) return licenses.map((one) => one.type).join(' OR ');
  return license?.type ?? '';
}

function authorOf({ author }) {
  return typeof author === 'string' ? author : (author?.name ?? '');
}

/**
 * The notices of all packages that the bundled files come from.
 * @param inputs paths as esbuild's metafile names them, from `root`
 * @throws when a licence does not allow it
 */
export function notices(root, inputs) {
  const folders = new Set([...inputs].map(packageFolder).filter((folder) => folder !== null));
  const packages = new Map();
  for (const folder of folders) {
    const description = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const licence = licenceOf(description);
    if (!isAllowed(licence)) throw new Error(`${description.name} is under ${licence || 'no licence that is told'}: it can't be part of the bundle`);
    const texts = readdirSync(join(root, folder)).filter((name) => noticeFile.test(name)).sort();
    const text = texts.map((name) => readFileSync(join(root, folder, name), 'utf8').trim()).join('\n\n');
    packages.set(`${description.name} ${description.version}`, { licence, author: authorOf(description), text });
  }
  const entries = [...packages].sort(([a], [b]) => (a < b ? -1 : 1));
  const body = entries.map(([name, { licence, author, text }]) => `${'='.repeat(80)}\n${name} (${licence})\n\n${text || `Copyright ${author}`}\n`);
  return `The scripts in this folder contain the libraries below, each under its own licence.\n\n${body.join('\n')}`;
}
