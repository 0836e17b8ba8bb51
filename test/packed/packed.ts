import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

let made: { readonly folder: string } | { readonly unreachable: Error } | null = null;

const newest = (path: string): number => (statSync(path).isDirectory() ? Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name)))) : statSync(path).mtimeMs);

/** A folder into which the packed package was installed, with what a program in TypeScript needs beside it. */
function install(): string {
  if (!existsSync(join(root, 'lib/index.js')) || newest(join(root, 'src')) > statSync(join(root, 'lib/index.js')).mtimeMs) execFileSync(process.execPath, [join(root, 'scripts/build.mjs'), 'lib'], { cwd: root, stdio: 'pipe' });
  const folder = mkdtempSync(join(tmpdir(), 'mecha-packed-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const tarball = execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], { cwd: root, encoding: 'utf8' }).trim();
  writeFileSync(join(folder, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }\n');
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { devDependencies: Record<string, string> };
  const tools = ['typescript', '@types/node'].map((name) => `${name}@${devDependencies[name]}`);
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error', `./${tarball}`, ...tools], { cwd: folder, stdio: 'pipe', encoding: 'utf8' });
  return folder;
}

/**
 * A folder into which `npm install` has put the packed package. Made once a run. Where no registry can be reached the tests are pending, with the reason
 * said; not in CI.
 */
export function packedFolder(context: Mocha.Context): string {
  if (made === null) {
    try {
      made = { folder: install() };
    } catch (thrown) {
      const error = thrown as Error & { stderr?: string };
      const isUnreachable = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|network/i.test(error.stderr ?? '');
      if (!isUnreachable || process.env['CI'] !== undefined) throw thrown;
      made = { unreachable: error };
    }
  }
  if ('folder' in made) return made.folder;
  console.log(`    no registry of packages can be reached, so the packed package is not installed: ${made.unreachable.message.split('\n')[0]}`);
  context.skip();
}

/** The packed package itself. */
export function tarballOf(context: Mocha.Context): string {
  const folder = packedFolder(context);
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz'))!);
}
