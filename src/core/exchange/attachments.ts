import type { Exchange } from './exchange.ts';

/** What came beside the body of a message, or goes with it: a part of a multipart message. */
export class Attachment {
  readonly contentType: string;
  readonly content: Buffer;
  /** Of its part, besides its type. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(contentType: string, content: Buffer, headers: Readonly<Record<string, string>>) {
    this.contentType = contentType;
    this.content = content;
    this.headers = headers;
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
