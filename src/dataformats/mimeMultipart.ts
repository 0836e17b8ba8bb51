import { randomUUID } from 'node:crypto';
import { BoundedRegExp } from '../core/boundedRegExp.ts';
import { decodeText, nodeEncoding } from '../core/conversion/charset.ts';
import { toText, withBytes } from '../core/conversion/convert.ts';
import { defineDataFormat } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { Attachment, attachmentsOf, attachmentsProperty, setAttachments } from '../core/exchange/attachments.ts';
import { field } from '../core/field.ts';

/** More parts than that, or longer heads of parts, are an attack. */
const mostParts = 10_000;
const longestHead = 64 * 1024;

const failure = (message: string): ExchangeError => new ExchangeError('jakarta.mail.internet.ParseException', message);

export const mimeMultipart = defineDataFormat({
  name: 'mimeMultipart',
  summary: `MIME multipart: marshal puts the body and the attachments (exchange property \`${attachmentsProperty}\`) into one message, unmarshal takes them apart: the first part is the body, the others are attachments.`,
  options: {
    multipartSubType: field.string('What stands behind `multipart/`.').default('mixed'),
    multipartWithoutAttachment: field.boolean('Writes a multipart message for a body without attachments, too.').default(false),
    headersInline: field.boolean('The head of the message stands in the body, instead of in headers of the exchange.').default(false),
    includeHeaders: field.string('Regular expression: headers of the exchange that go into the head, with headersInline.'),
    binaryContent: field.boolean('Parts that are no text are written as they are, instead of as base64.').default(false),
  },
  create: ({ binaryContent, headersInline, includeHeaders, multipartSubType, multipartWithoutAttachment }) => {
    const included = includeHeaders === undefined ? null : new BoundedRegExp(`^(?:${includeHeaders})$`);
    return {
      marshal: (exchange, body) => {
        const attachments = attachmentsOf(exchange);
        if (attachments.size === 0 && !multipartWithoutAttachment) return body;
        return withBytes(body, (bytes) => {
          const boundary = `----=_Part_${randomUUID()}`;
          const type = toText(exchange.headers.get('Content-Type')) ?? 'application/octet-stream';
          const parts = [part(type, {}, bytes, binaryContent), ...Array.from(attachments.values(), ({ content, contentType, headers }) => part(contentType ?? 'application/octet-stream', headers, content, binaryContent))];
          const head: [string, string][] = [
            ['Message-ID', `<${randomUUID()}@localhost>`],
            ['MIME-Version', '1.0'],
            ['Content-Type', `multipart/${multipartSubType}; boundary="${boundary}"`],
          ];
          if (exchange.hasProperties) exchange.properties.remove(attachmentsProperty);
          const content = Buffer.concat([...parts.flatMap((one) => [Buffer.from(`\r\n--${boundary}\r\n`), one]), Buffer.from(`\r\n--${boundary}--\r\n`)]);
          if (!headersInline) {
            for (const [name, value] of head) exchange.headers.set(name === 'Message-ID' ? 'Message-Id' : name, value);
            return content;
          }
          exchange.headers.remove('Content-Type');
          if (included !== null) exchange.headers.forEach((name, value) => void (included.test(name) && head.push([name, oneLine(toText(value) ?? '')])));
          return Buffer.concat([Buffer.from(head.map(([name, value]) => `${name}: ${value}\r\n`).join('')), content]);
        });
      },
      unmarshal: (exchange, body) => {
        const outer = toText(exchange.headers.get('Content-Type')) ?? '';
        if (!headersInline && !isMultipart(outer)) return body;
        return withBytes(body, (bytes) => {
          if (!headersInline) return taken(exchange, bytes, outer);
          const [head, content] = headOf(bytes);
          const type = head.get('content-type') ?? '';
          return isMultipart(type) ? taken(exchange, content, type) : bytes;
        });
      },
    };
  },
});

const isMultipart = (type: string): boolean => /^\s*multipart\//i.test(type);

const oneLine = (text: string): string => text.replace(/[\r\n\0]+/g, ' ');

// ------------------------------------------------------------------------------------------------ writing

function part(type: string, headers: Readonly<Record<string, string>>, content: Buffer, isBinary: boolean): Buffer {
  const isText = /^\s*text\//i.test(type);
  const encoding = isText ? '8bit' : isBinary ? 'binary' : 'base64';
  const lines = [`Content-Type: ${oneLine(type)}`, `Content-Transfer-Encoding: ${encoding}`];
  for (const [name, value] of Object.entries(headers)) if (/^[!-9;-~]+$/.test(name) && !/^content-(type|transfer-encoding)$/i.test(name)) lines.push(`${name}: ${oneLine(value)}`);
  const written = encoding === 'base64' ? Buffer.from((content.toString('base64').match(/.{1,76}/g) ?? []).join('\r\n')) : content;
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), written]);
}

// ------------------------------------------------------------------------------------------------ reading

function taken(exchange: Exchange, bytes: Buffer, type: string): Buffer {
  const parts = partsOf(bytes, parameter(type, 'boundary'));
  const [first, ...others] = parts.map((raw) => {
    const [head, content] = headOf(raw);
    return { head, content: decoded(content, head.get('content-transfer-encoding') ?? '') };
  });
  if (first === undefined) throw failure('Missing start boundary');
  const attachments = new Map(attachmentsOf(exchange));
  for (const { content, head } of others) {
    const headers = Object.fromEntries([...head].filter(([name]) => name !== 'content-type' && name !== 'content-transfer-encoding'));
    const contentType = head.get('content-type') ?? 'text/plain';
    const name = nameOf(head) ?? `part-${randomUUID()}`;
    attachments.set(name, new Attachment(contentType, content, headers, name));
  }
  if (attachments.size > 0) setAttachments(exchange, attachments);
  exchange.headers.remove('MIME-Version');
  exchange.headers.set('Content-Type', first.head.get('content-type') ?? 'text/plain');
  return first.content;
}

function nameOf(head: ReadonlyMap<string, string>): string | null {
  return parameter(head.get('content-disposition') ?? '', 'filename') ?? parameter(head.get('content-type') ?? '', 'name') ?? head.get('content-id')?.replace(/^<|>$/g, '') ?? null;
}

/** A parameter of a field such as `multipart/mixed; boundary="x"`, also as RFC 2231 writes letters beyond ASCII. */
function parameter(text: string, name: string): string | null {
  for (const [, key, quoted, plain] of text.matchAll(/;\s*([!-:<>-~]+?)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/g)) {
    const value = quoted === undefined ? (plain ?? '') : quoted.replace(/\\(.)/g, '$1');
    if (key!.toLowerCase() === name) return value;
    if (key!.toLowerCase() !== `${name}*`) continue;
    const [charset, , escaped] = /^([^']*)'([^']*)'(.*)$/.exec(value)?.slice(1) ?? [];
    if (escaped === undefined) continue;
    const bytes = Buffer.from(escaped.replace(/%([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16))), 'latin1');
    return decodeText(bytes, nodeEncoding(charset!) === undefined ? null : charset!);
  }
  return null;
}

/** What stands before the first empty line, names in lower case, and what stands behind it. */
function headOf(bytes: Buffer): [head: Map<string, string>, content: Buffer] {
  const head = new Map<string, string>();
  let name = '';
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf(10, at);
    const line = bytes.toString('utf8', at, end < 0 ? bytes.length : end).replace(/\r$/, '');
    at = end < 0 ? bytes.length : end + 1;
    if (line === '') break;
    if (at > longestHead) throw failure(`the head of a part is longer than ${longestHead} bytes`);
    if (/^[ \t]/.test(line)) {
      if (head.has(name)) head.set(name, `${head.get(name)!} ${line.trim()}`);
      continue;
    }
    const colon = line.indexOf(':');
    // A part may have no head at all; what is no field is no head.
    if (colon <= 0) continue;
    name = line.slice(0, colon).trim().toLowerCase();
    head.set(name, line.slice(colon + 1).trim());
  }
  return [head, bytes.subarray(at)];
}

/** The parts between the lines of a boundary; without one in the type, the first line that begins with `--` is taken for it. */
function partsOf(bytes: Buffer, given: string | null): Buffer[] {
  let boundary: Buffer | null = given === null ? null : Buffer.from(`--${given}`);
  const parts: Buffer[] = [];
  let from = -1;
  for (let at = 0; at < bytes.length; ) {
    const newline = bytes.indexOf(10, at);
    const next = newline < 0 ? bytes.length : newline + 1;
    if (bytes[at] === 45 && bytes[at + 1] === 45) {
      boundary ??= Buffer.from(bytes.toString('latin1', at, next).trimEnd(), 'latin1');
      if (bytes.subarray(at, at + boundary.length).equals(boundary)) {
        const rest = bytes.toString('latin1', at + boundary.length, Math.min(next, at + boundary.length + 100)).trimEnd();
        if (rest === '' || rest === '--') {
          if (from >= 0) parts.push(bytes.subarray(from, endOfPart(bytes, from, at)));
          if (parts.length > mostParts) throw failure(`the message has more than ${mostParts} parts`);
          from = rest === '' ? next : -1;
          if (rest === '--') return parts;
        }
      }
    }
    at = next;
  }
  // A message that is cut: what is there of its last part.
  if (from >= 0) parts.push(bytes.subarray(from));
  return parts;
}

/** The line break before a boundary belongs to it. */
const endOfPart = (bytes: Buffer, from: number, at: number): number => (at - 1 >= from && bytes[at - 1] === 10 ? (at - 2 >= from && bytes[at - 2] === 13 ? at - 2 : at - 1) : at);

function decoded(content: Buffer, encoding: string): Buffer {
  switch (encoding.trim().toLowerCase()) {
    case 'base64':
      return Buffer.from(content.toString('latin1'), 'base64');
    case 'quoted-printable':
      return quotedPrintable(content);
    default:
      return Buffer.from(content);
  }
}

function quotedPrintable(content: Buffer): Buffer {
  const lines = content.toString('latin1').split('\n').map((line) => line.trimEnd());
  return Buffer.from(lines.join('\r\n').replace(/=\r\n/g, '').replace(/=([0-9A-Fa-f]{2})/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16))), 'latin1');
}
