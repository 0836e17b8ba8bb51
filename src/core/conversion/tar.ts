import { ExchangeError } from '../errors.ts';

const blockSize = 512;

/** A tar archive (ustar) of files. Its time is the first of all: the same content gives the same archive. */
export function tarred(files: readonly { readonly name: string; readonly content: Buffer }[]): Buffer {
  const blocks = files.flatMap(({ name, content }) => [headerOf(name, content.length), content, Buffer.alloc(-content.length & (blockSize - 1))]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockSize)]);
}

function headerOf(name: string, length: number): Buffer {
  const header = Buffer.alloc(blockSize);
  const [prefix, rest] = splitName(name);
  header.write(rest, 0);
  header.write(['0000644', '0000000', '0000000', ''].join('\0'), 100, 'latin1');
  header.write(`${length.toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0${' '.repeat(8)}0`, 124, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  header.write(prefix, 345);
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

/** A name of more than 100 bytes is cut at a slash. @throws ExchangeError for one that can't be */
function splitName(name: string): [prefix: string, rest: string] {
  if (Buffer.byteLength(name) <= 100) return ['', name];
  for (let at = name.indexOf('/'); at > 0; at = name.indexOf('/', at + 1)) {
    const [prefix, rest] = [name.slice(0, at), name.slice(at + 1)];
    if (Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(rest) <= 100 && rest !== '') return [prefix, rest];
  }
  throw new ExchangeError('java.lang.IllegalArgumentException', `file name '${name}' is too long ( > 100 bytes)`);
}
