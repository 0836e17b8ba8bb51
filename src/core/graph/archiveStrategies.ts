import { convertTo, isContent } from '../conversion/convert.ts';
import { FileBody } from '../conversion/file-body.ts';
import { tarred } from '../conversion/tar.ts';
import { zipped } from '../conversion/zip.ts';
import { ExchangeError } from '../errors.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { AggregationStrategy } from '../definition.ts';

const entriesProperty = 'CamelGroupedExchange';

const isTrue = (value: unknown): boolean => value === true || value === 'true';

/** A file of an archive. */
export interface ArchiveFile {
  readonly name: string;
  readonly content: Buffer;
}

/** Puts the bodies of a group into one archive, which becomes the body when the group is finished. What is empty is left out. */
export class ArchiveStrategy implements AggregationStrategy {
  readonly onlyReadsNew = true;
  filePrefix = 'camel';
  fileSuffix: string;
  /** Entries of files have the name of the message, with its folders. */
  preserveFolderStructure: boolean;
  /** Entries of other bodies have the name of the message, in place of its id. */
  useFilenameHeader: boolean;
  /** Where Camel keeps the archive meanwhile: here it is in memory. */
  useTempFile: boolean;
  private readonly archive: (files: readonly ArchiveFile[]) => Buffer;

  constructor(kind: 'zip' | 'tar', [preserves, takesName, isTemporary]: readonly unknown[] = []) {
    this.fileSuffix = `.${kind}`;
    this.preserveFolderStructure = isTrue(preserves);
    this.useFilenameHeader = isTrue(takesName);
    this.useTempFile = isTrue(isTemporary);
    this.archive = kind === 'zip' ? zipped : tarred;
  }

  aggregate(oldExchange: Exchange | null, newExchange: Exchange | null): Exchange {
    const holder = oldExchange ?? newExchange!;
    let files = holder.property(entriesProperty);
    if (oldExchange === null || !Array.isArray(files)) {
      files = [];
      holder.properties.set(entriesProperty, files);
    }
    if (newExchange !== null) this.add(files as ArchiveFile[], newExchange);
    return holder;
  }

  private add(files: ArchiveFile[], exchange: Exchange): void {
    const { body } = exchange;
    if (body === null || body === undefined) return;
    const isFile = body instanceof FileBody;
    const content = isContent(body) ? body.bytes() : bytesOf(body, exchange);
    if (content.length === 0) return;
    const given = isTrue(isFile ? this.preserveFolderStructure : this.useFilenameHeader) ? exchange.headers.get('CamelFileName') : null;
    files.push({ name: typeof given === 'string' && given !== '' ? given : isFile ? body.name.replace(/^.*[/\\]/s, '') : exchange.id, content });
  }

  onCompletion(exchange: Exchange): void {
    const files = exchange.property(entriesProperty);
    if (!Array.isArray(files)) return;
    exchange.properties.remove(entriesProperty);
    const archive = this.archive(files as ArchiveFile[]);
    const name = `${this.filePrefix}${exchange.id}${this.fileSuffix}`;
    exchange.body = archive;
    for (const header of ['CamelFileName', 'CamelFileNameOnly', 'CamelFileNameConsumed']) exchange.headers.set(header, name);
    exchange.headers.set('CamelFileLength', archive.length);
  }
}

function bytesOf(body: unknown, exchange: Exchange): Buffer {
  try {
    return convertTo(body, 'byte[]', exchange) as Buffer;
  } catch (thrown) {
    throw new ExchangeError('org.apache.camel.component.file.GenericFileOperationFailedException', (thrown as Error).message, { cause: thrown });
  }
}
