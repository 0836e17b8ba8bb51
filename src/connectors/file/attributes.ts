import type { Stats } from 'node:fs';
import { OptionError } from '../../core/optionError.ts';

const contentTypes: Readonly<Record<string, string>> = {
  avif: 'image/avif',
  bmp: 'image/bmp',
  bz2: 'application/x-bzip2',
  css: 'text/css',
  csv: 'text/csv',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  gif: 'image/gif',
  gz: 'application/gzip',
  htm: 'text/html',
  html: 'text/html',
  ico: 'image/vnd.microsoft.icon',
  jar: 'application/java-archive',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  js: 'text/javascript',
  json: 'application/json',
  log: 'text/plain',
  md: 'text/markdown',
  mjs: 'text/javascript',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  pdf: 'application/pdf',
  png: 'image/png',
  rtf: 'application/rtf',
  svg: 'image/svg+xml',
  tar: 'application/x-tar',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  txt: 'text/plain',
  wav: 'audio/x-wav',
  webp: 'image/webp',
  xls: 'application/vnd.ms-excel',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  xml: 'application/xml',
  yaml: 'application/yaml',
  yml: 'application/yaml',
  zip: 'application/zip',
};

/** The content type that a file name's extension stands for; null when it is not known. */
export const contentTypeOf = (name: string): string | null => contentTypes[name.slice(name.lastIndexOf('.') + 1).toLowerCase()] ?? null;

const permissions = (mode: number): string[] =>
  ['OWNER', 'GROUP', 'OTHERS'].flatMap((who, i) => ['READ', 'WRITE', 'EXECUTE'].filter((_what, j) => (mode >> (8 - 3 * i - j)) & 1).map((what) => `${who}_${what}`));

const known: Readonly<Record<string, (stats: Stats) => unknown>> = {
  'basic:creationTime': ({ birthtime }) => birthtime,
  'basic:lastAccessTime': ({ atime }) => atime,
  'basic:lastModifiedTime': ({ mtime }) => mtime,
  'basic:size': ({ size }) => size,
  'basic:isRegularFile': (stats) => stats.isFile(),
  'basic:isDirectory': (stats) => stats.isDirectory(),
  'basic:isSymbolicLink': (stats) => stats.isSymbolicLink(),
  'posix:permissions': ({ mode }) => permissions(mode),
  'posix:owner': ({ uid }) => uid,
  'posix:group': ({ gid }) => gid,
};

const views = new Set(Object.keys(known).map((name) => name.slice(0, name.indexOf(':'))));

/** Attributes of a file by names with commas between them; `posix:*` are all of a kind, a name without a kind is a basic one. */
export function attributesOf(stats: Stats, names: string): Record<string, unknown> {
  const attributes: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const wanted of names.split(',').map((name) => name.trim())) {
    const full = wanted.includes(':') ? wanted : `basic:${wanted}`;
    const [view = ''] = full.split(':');
    if (!views.has(view)) throw new OptionError('extendedAttributes', `there are no attributes \`${view}:\` here`, `write ${[...views].map((one) => `\`${one}:\``).join(', ')}`);
    for (const [name, read] of Object.entries(known)) {
      if (full === name || (full.endsWith(':*') && name.startsWith(full.slice(0, -1)))) attributes[name] = read(stats);
    }
  }
  return attributes;
}
