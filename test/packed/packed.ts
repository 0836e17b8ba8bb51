import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

let folder: string | null = null;

const newest = (path: string): number => (statSync(path).isDirectory() ? Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name)))) : statSync(path).mtimeMs);

/**
 * A folder with `node_modules` as it is after `npm install mecha-runtime-*.tgz`: the files of the tarball, the libraries that the package depends on (no
 * others), and the command. Made once a run, from what is built.
 */
export function packedFolder(): string {
  if (folder !== null) return folder;
  if (!existsSync(join(root, 'lib/index.js')) || newest(join(root, 'src')) > statSync(join(root, 'lib/index.js')).mtimeMs) execFileSync(process.execPath, [join(root, 'scripts/build.mjs'), 'lib'], { cwd: root, stdio: 'pipe' });
  const made = mkdtempSync(join(tmpdir(), 'mecha-packed-'));
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  const modules = join(made, 'node_modules');
  mkdirSync(modules);
  const tarball = execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', made], { cwd: root, encoding: 'utf8' }).trim();
  execFileSync('tar', ['-xzf', tarball], { cwd: made });
  cpSync(join(made, 'package'), join(modules, 'mecha-runtime'), { recursive: true });
  rmSync(join(made, 'package'), { recursive: true });
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, { dev?: boolean }> };
  for (const [path, { dev }] of Object.entries(lock.packages)) {
    const name = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path)?.[1];
    if (name === undefined || dev === true || !existsSync(join(root, path))) continue;
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, path), join(modules, name));
  }
  mkdirSync(join(modules, '.bin'));
  symlinkSync('../mecha-runtime/dist/mecha.cjs', join(modules, '.bin/mecha'));
  return (folder = made);
}
