import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Node's arguments that let it read TypeScript, in whatever folder it is started. */
export const readsTypeScript: readonly string[] = ['--import', import.meta.resolve('tsx')];

function isBuilt(): boolean {
  const built = statSync(join(root, 'dist/parts.json'), { throwIfNoEntry: false });
  if (built === undefined) return false;
  const isOlder = (folder: string): boolean =>
    readdirSync(join(root, folder), { withFileTypes: true }).every((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? isOlder(path) : statSync(join(root, path)).mtimeMs <= built.mtimeMs;
    });
  return isOlder('src') && isOlder('bin');
}

/** Node's arguments that start the program: as built, which is what users run, or its sources where they are newer. */
export const mecha: readonly string[] = isBuilt() ? [join(root, 'dist/mecha.cjs')] : [...readsTypeScript, join(root, 'bin/mecha.ts')];
