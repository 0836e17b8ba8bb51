import { randomUUID } from 'node:crypto';
import { BoundedRegExp } from '../core/boundedRegExp.ts';
import { toText, withBytes } from '../core/conversion/convert.ts';
import { defineDataFormat } from '../core/definition.ts';
import { headOf, headParameter, multipartFailure, multipartParts } from '../core/conversion/multipart.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { Attachment, attachmentsOf, attachmentsProperty, setAttachments } from '../core/exchange/attachments.ts';
import { field } from '../core/field.ts';

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
        return withBytes(exchange, body, (bytes) => {
          if (attachments.size === 0 && !multipartWithoutAttachment) return bytes;
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
        return withBytes(exchange, body, (bytes) => {
          if (!headersInline) return isMultipart(outer) ? taken(exchange, bytes, outer) : bytes;
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
  const [first, ...others] = multipartParts(bytes, type);
  if (first === undefined) throw multipartFailure('Missing start boundary');
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
  return headParameter(head.get('content-disposition') ?? '', 'filename') ?? headParameter(head.get('content-type') ?? '', 'name') ?? head.get('content-id')?.replace(/^<|>$/g, '') ?? null;
}
