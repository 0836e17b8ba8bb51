import { toText, withBytes } from '../core/conversion/convert.ts';
import { defineDataFormat } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { Message } from '../core/exchange/message.ts';
import type { ZipEntry } from '../core/conversion/zip.ts';
import { unzipped, unzippedLater, zipEntries, zipped } from '../core/conversion/zip.ts';

const fileName = 'CamelFileName';
/** Bytes of a packed entry that are unpacked at once, whatever comes out. */
const largestAtOnce = 64 * 1024;

export const zipFile = defineDataFormat({
  name: 'zipFile',
  summary: 'Zip archives: marshal makes one with a single entry, unmarshal gives the entry, or an iterator over all.',
  options: {
    usingIterator: field.boolean('Unmarshals to an iterator over all entries, for `split`.').default(false),
    allowEmptyDirectory: field.boolean('The iterator gives entries of folders, too.').default(false),
    preservePathElements: field.boolean('The entry keeps the folders of the file name.').default(false),
    maxDecompressedSize: field.integer('Most bytes that an entry may unpack to; -1 means no limit.').default(1073741824),
  },
  create: ({ usingIterator, allowEmptyDirectory, preservePathElements, maxDecompressedSize }) => ({
    marshal: (exchange, body) =>
      withBytes(exchange, body, (bytes) => {
        const name = toText(exchange.headers.get(fileName)) ?? exchange.id;
        const plain = name.replace(/[/\\]+$/, '').replace(/^.*[/\\]/s, '');
        const archive = zipped([{ name: preservePathElements ? name.replace(/^[/\\]+/, '') : plain, content: bytes }]);
        exchange.headers.set(fileName, `${plain}.zip`);
        return archive;
      }),
    unmarshal: (exchange, body) =>
      withBytes(exchange, body, (bytes) => {
        if (usingIterator) return messages(bytes, exchange, allowEmptyDirectory, maxDecompressedSize);
        // As in Camel, a folder is an entry, too.
        const [first, ...more] = zipEntries(bytes);
        if (first === undefined) throw new ExchangeError('java.lang.IllegalStateException', 'Unable to unzip the file, it may be corrupted.');
        if (more.length > 0) throw new ExchangeError('java.lang.IllegalStateException', 'Zip file has more than 1 entry.');
        const content = unzippedLater(bytes, first, maxDecompressedSize);
        if (content instanceof Promise) {
          return content.then((unpacked) => {
            exchange.headers.set(fileName, first.name);
            return unpacked;
          });
        }
        exchange.headers.set(fileName, first.name);
        return content;
      }),
  }),
});

/** One that takes its time where there is much to unpack. */
function messages(archive: Buffer, exchange: Exchange, withFolders: boolean, limit: number): Generator<Message> | AsyncGenerator<Message> {
  let found: readonly ZipEntry[] = [];
  try {
    found = zipEntries(archive).filter(({ name }) => withFolders || !name.endsWith('/'));
  } catch {
    // As in Camel, what is no archive has no entries.
  }
  const message = ({ name }: ZipEntry, content: Buffer): Message => {
    const headers = exchange.headers.copy();
    headers.set(fileName, name);
    headers.set('zipFileName', name);
    return new Message(content, headers);
  };
  const isFolder = ({ name }: ZipEntry): boolean => name.endsWith('/');
  function* atOnce(): Generator<Message> {
    for (const entry of found) yield message(entry, isFolder(entry) ? Buffer.alloc(0) : unzipped(archive, entry, limit));
  }
  async function* inTurns(): AsyncGenerator<Message> {
    for (const entry of found) yield message(entry, isFolder(entry) ? Buffer.alloc(0) : await unzippedLater(archive, entry, limit));
  }
  return found.some(({ packedSize }) => packedSize > largestAtOnce) ? inTurns() : atOnce();
}
