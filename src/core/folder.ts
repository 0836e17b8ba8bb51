import { resolve, sep } from 'node:path';

/** The path of a file in a folder. @throws Error for one outside of it */
export function pathBelow(folder: string, name: string): string {
  const base = resolve(folder);
  const path = resolve(base, name);
  if (path !== base && !path.startsWith(base.endsWith(sep) ? base : base + sep)) throw new Error(`\`${name}\` is outside of ${base}`);
  return path;
}
