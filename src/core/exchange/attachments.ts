import type { Exchange } from './exchange.ts';

/** What came beside the body of a message, or goes with it: a part of a multipart message. */
export class Attachment {
  /** Null where nobody said it. */
  readonly contentType: string | null;
  readonly content: Buffer;
  /** Of its part, besides its type. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the file that it was. */
  readonly name: string | null;

  constructor(contentType: string | null, content: Buffer, headers: Readonly<Record<string, string>>, name: string | null = null) {
    this.contentType = contentType;
    this.content = content;
    this.headers = headers;
    this.name = name;
  }

  /** As Camel's attachment calls it. */
  get inputStream(): Buffer {
    return this.content;
  }

  toString(): string {
    return this.content.toString();
  }
}

/** The exchange property that holds them, by name. */
export const attachmentsProperty = 'CamelAttachments';

export function attachmentsOf(exchange: Exchange): ReadonlyMap<string, Attachment> {
  const found: unknown = exchange.hasProperties ? exchange.properties.get(attachmentsProperty) : undefined;
  return found instanceof Map ? (found as Map<string, Attachment>) : new Map();
}

export const setAttachments = (exchange: Exchange, attachments: ReadonlyMap<string, Attachment>): void => void exchange.properties.set(attachmentsProperty, attachments);
