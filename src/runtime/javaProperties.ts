import { arch, EOL, homedir, tmpdir, type, userInfo } from 'node:os';
import { delimiter, sep } from 'node:path';

/** What of Java's system properties a route may ask for with `{{sys:...}}`. */
export const javaProperties = (folder: string): Record<string, string> => ({
  'file.separator': sep,
  'path.separator': delimiter,
  'line.separator': EOL,
  'java.io.tmpdir': tmpdir(),
  'os.name': type(),
  'os.arch': arch(),
  'user.dir': folder,
  'user.home': homedir(),
  get 'user.name'() {
    return userName();
  },
});

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container whose user has no entry.
    return '';
  }
}
