/**
 * `npm run -s compat -- PATH...` runs case files and prints for each one line of JSON in the oracle's form. Without a PATH it runs the cases
 * beside it, compares them with Camel's recorded answers and prints the score by group.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { caseFiles, runAll } from './files.ts';
import { score } from './score.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  const paths = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
  const jobs = Number(process.argv.find((arg) => arg.startsWith('--jobs='))?.slice(7) ?? 4);
  if (paths.length > 0) {
    await runAll(paths.flatMap(caseFiles), jobs, (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`));
    // What a pipe has not taken yet would be lost.
    process.stdout.write('', () => process.exit(0));
  } else {
    process.exit(await score(join(here, 'cases'), jobs));
  }
}
