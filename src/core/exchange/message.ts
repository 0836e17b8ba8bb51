import { toText } from '../conversion/convert.ts';
import { Headers } from './headers.ts';

/**
 * A message apart from any exchange: what GroupedMessageAggregationStrategy collects, and what iterators give that know
 * headers too (the entries of a zip file). A split part that is one takes the place of body and headers.
 */
export class Message {
  readonly body: unknown;
  readonly headers: Headers;

  constructor(body: unknown, headers: Headers = new Headers()) {
    this.body = body;
    this.headers = headers;
  }

  toString(): string {
    return toText(this.body) ?? '';
  }
}
