import { ExchangeError } from '../errors.ts';
import { Slices } from './slices.ts';

/** What one line of a table, and all lines that are read at once, may have at most. */
export const mostCells = 1_000_000;
const mostCellsAtOnce = 20_000_000;

const rowsBetweenLooks = 64;

/** All rows of a table, read in slices, while they are not so many that only `lazyLoad` can read them: a promise where that takes longer. */
export function allRows(rows: Iterator<unknown>): unknown[] | Promise<unknown[]> {
  const into: unknown[] = [];
  const slices = new Slices();
  let cells = 0;
  /** @returns whether there are no more */
  const takeSome = (): boolean => {
    do {
      for (let i = 0; i < rowsBetweenLooks; i++) {
        const next = rows.next();
        if (next.done === true) return true;
        const row: unknown = next.value;
        // A list takes the memory of some eight values itself.
        cells += Array.isArray(row) ? row.length + 8 : 10;
        if (cells > mostCellsAtOnce) throw new ExchangeError('java.lang.IllegalStateException', `the text has too many values to be read at once (${mostCellsAtOnce} are the most): use \`lazyLoad\` with a streaming split`);
        into.push(row);
      }
    } while (!slices.isOver);
    return false;
  };
  const goOn = async (): Promise<unknown[]> => {
    do await slices.next();
    while (!takeSome());
    return into;
  };
  return takeSome() ? into : goOn();
}
