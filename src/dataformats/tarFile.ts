import { withBytes } from '../core/conversion/convert.ts';
import { defineDataFormat } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { tooLarge } from '../core/conversion/inflate.ts';
import { Message } from '../core/exchange/message.ts';

const fileName = 'CamelFileName';

const blockSize = 512;

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
  readonly content: Buffer;
}

export const tarFile = defineDataFormat({
  name: 'tarFile',
  summary: 'Tar archives: marshal makes one with a single entry, unmarshal gives the entry, or an iterator over all.',
  options: {
    usingIterator: field.boolean('Unmarshals to an iterator over all entries, for `split`.').default(false),
    allowEmptyDirectory: field.boolean('The iterator gives entries of folders, too.').default(false),
    preservePathElements: field.boolean('The entry keeps the folders of the file name.').default(false),
    maxDecompressedSize: field.integer('Most bytes that an entry may have; -1 means no limit.').default(1073741824),
  },
  create: ({ usingIterator, allowEmptyDirectory, preservePathElements, maxDecompressedSize }) => ({
    marshal: (exchange, body) =>
      withBytes(exchange, body, async (bytes) => {
        const { packTar } = await import('modern-tar');
        const given = exchange.headers.get(fileName);
        const name = typeof given === 'string' && given !== '' ? given : exchange.id;
        const plain = name.replace(/^.*[/\\]/s, '');
        // No time of its own: the same content gives the same archive.
        const header = { name: preservePathElements ? name.replace(/^[/\\]+/, '') : plain, size: bytes.length, mtime: new Date(0), mode: 0o644 };
        const archive = await packTar([{ header, body: bytes }]);
        exchange.headers.set(fileName, `${plain}.tar`);
        return Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
      }),
    unmarshal: (exchange, body) =>
      withBytes(exchange, body, async (bytes) => {
        const entries = await entriesOf(bytes, maxDecompressedSize);
        if (usingIterator) return messages(entries, exchange, allowEmptyDirectory);
        const [first, ...more] = entries.filter(({ isFolder }) => !isFolder);
        if (first === undefined) throw new ExchangeError('java.lang.IllegalStateException', 'Unable to untar the file, it may be corrupted.');
        if (more.length > 0) throw new ExchangeError('java.lang.IllegalStateException', 'Tar file has more than 1 entry.');
        exchange.headers.set(fileName, first.name);
        return first.content;
      }),
  }),
});

async function entriesOf(archive: Buffer, limit: number): Promise<Entry[]> {
  if (archive.length === 0) return [];
  const { unpackTar } = await import('modern-tar');
  let found: Awaited<ReturnType<typeof unpackTar>>;
  try {
    found = await unpackTar(ended(archive), { strict: true });
  } catch (thrown) {
    throw new ExchangeError('java.io.IOException', `not a tar archive, or a broken one: ${(thrown as Error).message}`);
  }
  // Links and devices have no content.
  return found
    .filter(({ header }) => header.type === 'file' || header.type === 'directory')
    .map(({ header, data }) => {
      const content = data === undefined ? Buffer.alloc(0) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      if (limit >= 0 && content.length > limit) throw tooLarge();
      return { name: header.name, isFolder: header.type === 'directory', content };
    });
}

/** Some programs leave out the two empty blocks at the end. */
function ended(archive: Buffer): Buffer {
  const isWithoutEnd = archive.length % blockSize === 0 && !archive.subarray(-blockSize).equals(Buffer.alloc(blockSize));
  return isWithoutEnd ? Buffer.concat([archive, Buffer.alloc(2 * blockSize)]) : archive;
}

function* messages(entries: readonly Entry[], exchange: Exchange, withFolders: boolean): Generator<Message> {
  for (const { content, isFolder, name } of entries) {
    if (isFolder && !withFolders) continue;
    const headers = exchange.headers.copy();
    headers.set(fileName, name);
    headers.set('CamelTarFileEntryName', name);
    yield new Message(content, headers);
  }
}
