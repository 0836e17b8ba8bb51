import { ExchangeError } from '../errors.ts';
import { inTurns } from './slices.ts';

/** What one line of a table, and all lines that are read at once, may have at most. */
export const mostCells = 1_000_000;
const mostCellsAtOnce = 20_000_000;

const rowsBetweenLooks = 64;

/** A map of few columns shares their names with its like, one of many does not. */
function widthOf(row: unknown): number {
  let columns = 0;
  if (typeof row === 'object' && row !== null) for (const _name in row) columns++;
  return columns > 100 ? 3 * columns : columns + 8;
}

/** Among rows: there is none yet, and it may take long until there is one. */
export const noRowYet = Symbol('no row yet');

/** All rows of a table, read in slices, while they are not so many that only `lazyLoad` can read them: a promise where that takes longer. */
export function allRows(rows: Iterator<unknown>): unknown[] | Promise<unknown[]> {
  const into: unknown[] = [];
  let cells = 0;
  return inTurns(
    () => {
      for (let i = 0; i < rowsBetweenLooks; i++) {
        const next = rows.next();
        if (next.done === true) return true;
        const row: unknown = next.value;
        if (row === noRowYet) break;
        // A list takes the memory of some eight values itself.
        cells += Array.isArray(row) ? row.length + 8 : widthOf(row);
        if (cells > mostCellsAtOnce) throw new ExchangeError('java.lang.IllegalStateException', `the text has too many values to be read at once (${mostCellsAtOnce} are the most): use \`lazyLoad\` with a streaming split`);
        into.push(row);
      }
      return false;
    },
    () => into,
  );
}
