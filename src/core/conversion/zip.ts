import { inflateRaw, inflateRawSync } from 'node:zlib';
import { ExchangeError } from '../errors.ts';
import { runZlib, tooLarge } from './inflate.ts';

/** A file in an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly packedSize: number;
  /** Where its local header begins. */
  readonly at: number;
}

export const localHeader = 0x04034b50;
export const centralHeader = 0x02014b50;
export const endOfDirectory = 0x06054b50;

const corrupted = (what: string): ExchangeError => new ExchangeError('java.util.zip.ZipException', `the zip archive is broken: ${what}`);

/** What the directory at the end of an archive lists. */
export function zipEntries(archive: Buffer): ZipEntry[] {
  let end = archive.length - 22;
  const lowest = Math.max(0, end - 65535);
  while (end >= lowest && archive.readUInt32LE(end) !== endOfDirectory) end--;
  if (end < lowest || end < 0) throw new ExchangeError('java.lang.IllegalStateException', 'Unable to unzip the file, it may be corrupted.');
  const count = archive.readUInt16LE(end + 10);
  const found: ZipEntry[] = [];
  let at = archive.readUInt32LE(end + 16);
  for (let i = 0; i < count; i++) {
    if (at + 46 > archive.length || archive.readUInt32LE(at) !== centralHeader) throw corrupted('its directory does not fit');
    const nameLength = archive.readUInt16LE(at + 28);
    found.push({
      name: archive.toString('utf8', at + 46, at + 46 + nameLength),
      method: archive.readUInt16LE(at + 10),
      packedSize: archive.readUInt32LE(at + 20),
      at: archive.readUInt32LE(at + 42),
    });
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return found;
}

/** The content of a file as it lies in the archive. */
function packedContent(archive: Buffer, entry: ZipEntry, limit: number): { readonly content: Buffer; readonly isPacked: boolean } {
  if (entry.at + 30 > archive.length || archive.readUInt32LE(entry.at) !== localHeader) throw corrupted(`${entry.name} is not where it should be`);
  const start = entry.at + 30 + archive.readUInt16LE(entry.at + 26) + archive.readUInt16LE(entry.at + 28);
  const content = archive.subarray(start, start + entry.packedSize);
  if (entry.method !== 0 && entry.method !== 8) throw corrupted(`${entry.name} is packed in a way (${entry.method}) that is not supported`);
  if (entry.method === 0 && limit >= 0 && content.length > limit) throw tooLarge();
  return { content, isPacked: entry.method === 8 };
}

const boundedBy = (limit: number): { maxOutputLength?: number } => (limit < 0 ? {} : { maxOutputLength: Math.max(1, limit) });

/** The content of a file. @param limit most bytes that it may have; negative: no limit */
export function unzipped(archive: Buffer, entry: ZipEntry, limit: number): Buffer {
  const { content, isPacked } = packedContent(archive, entry, limit);
  if (!isPacked) return content;
  try {
    return inflateRawSync(content, boundedBy(limit));
  } catch (thrown) {
    throw (thrown as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge() : corrupted((thrown as Error).message);
  }
}

/** The same; a promise while what is large is unpacked in a thread. */
export function unzippedLater(archive: Buffer, entry: ZipEntry, limit: number): Buffer | Promise<Buffer> {
  const { content, isPacked } = packedContent(archive, entry, limit);
  return isPacked ? runZlib(inflateRawSync, inflateRaw, content, boundedBy(limit), ({ message }) => corrupted(message)) : content;
}
