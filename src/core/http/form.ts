import { decodeText, nodeEncoding } from '../conversion/charset.ts';
import { charsetOf } from '../conversion/media-type.ts';
import type { MultipartPart } from '../conversion/multipart.ts';
import { headParameter, multipartParts } from '../conversion/multipart.ts';
import { Attachment } from '../exchange/attachments.ts';
import { hasBrokenEscape, parseQuery } from './headers.ts';

/** More fields than that are an attack: whoever writes a form by hand never comes near. */
export const mostFields = 1000;

/** Thrown for a form that can't be read. */
export class MalformedForm extends Error {}

/** A form as a client has sent it. */
export interface Form {
  /** Name, value, name, value. */
  readonly fields: readonly string[];
  /** By the name of their field; null in a form that can't have any. */
  readonly files: ReadonlyMap<string, Attachment> | null;
}

/**
 * The fields of an `application/x-www-form-urlencoded` text.
 * @throws MalformedForm for a field without a name, for an escape that is none, and for too many
 */
export function readTextForm(text: string): Form {
  // Counted before anything is made of them.
  let count = 1;
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', at + 1)) if (++count > mostFields) throw tooMany();
  if (hasBrokenEscape(text)) throw new MalformedForm('a `%` in the form has no two hexadecimal digits behind it');
  const fields = parseQuery(text);
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === '') throw new MalformedForm('a field of the form has no name');
  return { fields, files: null };
}

/**
 * The fields and files of a `multipart/form-data` message.
 * @throws MalformedForm for one that is cut, names no boundary, has a part without a name, or too many
 */
export function readMultipartForm(bytes: Buffer, contentType: string): Form {
  if (bytes.length === 0) return { fields: [], files: new Map() };
  if (!headParameter(contentType, 'boundary')) throw new MalformedForm('the content type of the form names no boundary');
  const fields: string[] = [];
  const files = new Map<string, Attachment>();
  for (const part of partsOf(bytes, contentType)) {
    const disposition = part.head.get('content-disposition') ?? '';
    const name = unescaped(headParameter(disposition, 'name') ?? '');
    if (name === '') throw new MalformedForm('a part of the form has no name');
    const fileName = headParameter(disposition, 'filename');
    const type = part.head.get('content-type') ?? null;
    if (fileName === null) {
      const charset = type === null ? null : charsetOf(type);
      fields.push(name, decodeText(part.content, charset === null || nodeEncoding(charset) === undefined ? null : charset));
    } else addFile(files, name, new Attachment(type ?? 'application/octet-stream', part.content, headersOf(part), lastOfPath(unescaped(fileName))));
  }
  return { fields, files };
}

function partsOf(bytes: Buffer, contentType: string): MultipartPart[] {
  try {
    return multipartParts(bytes, contentType, { mostParts: mostFields, mustBeWhole: true });
  } catch (thrown) {
    throw new MalformedForm((thrown as Error).message);
  }
}

const tooMany = (): MalformedForm => new MalformedForm(`the form has more than ${mostFields} fields`);

const headersOf = ({ head }: MultipartPart): Record<string, string> => Object.fromEntries([...head].filter(([name]) => name !== 'content-type' && name !== 'content-transfer-encoding'));

/** The name is that of the last file of its field; earlier ones have a number behind it. */
function addFile(files: Map<string, Attachment>, name: string, file: Attachment): void {
  const earlier = files.get(name);
  if (earlier !== undefined) {
    let number = 1;
    while (files.has(`${name}-${number}`)) number++;
    files.delete(name);
    files.set(`${name}-${number}`, earlier);
  }
  files.set(name, file);
}

/** Browsers write quotes and line breaks so. */
const unescaped = (name: string): string => name.replace(/%(22|0D|0A)/gi, (_all, code: string) => String.fromCharCode(parseInt(code, 16)));

/** A client says what its file is called, never where it goes. */
const lastOfPath = (name: string): string => {
  const last = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
  return last === '..' || last === '.' ? '' : last;
};
