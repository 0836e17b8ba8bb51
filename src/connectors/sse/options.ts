import { field } from '../../core/field.ts';

export const sseOptions = {
  address: field.string('Consumer: the URL of an event stream (`sse:https://example.com/events`). Producer: the path at which the listener serves it (`sse:/events`), or `host:port/path`.').required().inPath(),
  maxInFlight: field.count('Consumer: messages under way at once; while there are so many, nothing is read from the stream.').default(1).atLeast(1),
  lastEventId: field.string('Consumer: where to begin when it has not read this stream before.'),
  events: field.string('Consumer: takes only events of these names, separated by commas.'),
  requestHeaders: field.map('Consumer: headers of its request: `header.Authorization=...`.', field.string('Value.').secret()).prefixed('header.'),
  reconnectDelay: field.millis('Consumer: wait before it connects again, until the server says another; doubles with each failure.').default(1000),
  maxReconnectDelay: field.millis('Consumer: longest wait before it connects again.').default(30_000),
  idleTimeout: field.millis('Consumer: a stream on which nothing comes for so long, not even a comment, counts as cut; 0 = never.').default(90_000),
  maxEventBytes: field.bytes('Consumer: largest event.').default(1024 * 1024).atLeast(1),
  exchangePattern: field.enum('Pattern of new exchanges.', ['InOnly', 'InOut']),
  event: field.string('Producer: name of the events, where the message names none.'),
  history: field.count('Producer: how many of the last events are kept for those who come back with Last-Event-ID.').default(100),
  keepAlive: field.millis('Producer: a comment is sent so often, so that proxies keep the connections; 0 = none.').default(15_000),
  retry: field.millis('Producer: tells browsers how long to wait before they connect again.'),
  maxBufferedBytes: field.bytes('Producer: a subscriber that is so far behind is cut; it may come back and go on.').default(1024 * 1024).atLeast(1),
  maxSubscribers: field.count('Producer: more are answered with 503.').default(10_000).atLeast(1),
  allowedOrigin: field.string('Producer: origin whose pages may subscribe (`Access-Control-Allow-Origin`); `*` for all.'),
} as const;
