import { copyFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ExchangeError } from '../../core/errors.ts';
import { makeFolderLater } from '../../core/folder.ts';

export const codeOf = (thrown: unknown): string => (thrown as { code?: string } | null)?.code ?? '';

/** @throws ExchangeError GenericFileOperationFailedException */
export const operationFailed = (message: string, cause?: unknown): ExchangeError =>
  new ExchangeError('org.apache.camel.component.file.GenericFileOperationFailedException', message, cause === undefined ? {} : { cause });

/** What went wrong in words that say what to do. */
export function ioReason(thrown: unknown): string {
  const code = codeOf(thrown);
  const known: Readonly<Record<string, string>> = {
    ENOSPC: 'the disk is full',
    EDQUOT: 'the disk quota is used up',
    EACCES: 'permission denied',
    EPERM: 'operation not permitted',
    EROFS: 'the file system is read-only',
    ENOENT: 'no such file or folder',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of the path is no folder',
    EMFILE: 'too many open files',
    ENAMETOOLONG: 'the name is too long',
  };
  return known[code] ?? (thrown instanceof Error ? thrown.message : String(thrown));
}

export const exists = async (path: string): Promise<boolean> => {
  try {
    await stat(path);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT' || codeOf(thrown) === 'ENOTDIR') return false;
    throw thrown;
  }
};

/** Renames a file over whatever is there; between file systems it copies (under another name first) and deletes. */
export async function moveFile(from: string, to: string, { usesCopy = false, fallsBackToCopy = true } = {}): Promise<void> {
  if (from === to) return;
  await makeFolderLater(dirname(to));
  if (!usesCopy) {
    try {
      await rename(from, to);
      return;
    } catch (thrown) {
      if (codeOf(thrown) !== 'EXDEV' || !fallsBackToCopy) throw thrown;
    }
  }
  const part = `${dirname(to)}/.${to.slice(dirname(to).length + 1)}.moving`;
  try {
    await copyFile(from, part);
    await rename(part, to);
  } catch (thrown) {
    await rm(part, { force: true });
    throw thrown;
  }
  await rm(from);
}
