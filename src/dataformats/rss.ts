import { bytesOfBody, toText, withBytes } from '../core/conversion/convert.ts';
import { isPlainMap } from '../core/conversion/plainValue.ts';
import type { XmlNode } from '../core/conversion/xml.ts';
import { inTurns, Slices } from '../core/conversion/slices.ts';
import { decodeXml, escapeXml, escapeXmlAttribute, parseXmlInTurns, XmlDocument, XmlElement } from '../core/conversion/xml.ts';
import { defineDataFormat } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';

const namespaces = {
  atom: 'http://www.w3.org/2005/Atom',
  content: 'http://purl.org/rss/1.0/modules/content/',
  dc: 'http://purl.org/dc/elements/1.1/',
} as const;

/** What a feed is made of. As objects of a class, Simple reads their fields as Camel reads those of its beans: `${body.entries[0].title}`. */
class Part {
  toString(): string {
    return toText({ ...this }) ?? '';
  }
}

const part = <T extends object>(fields: T): T => Object.assign(new Part(), fields);

interface Content {
  readonly type: string | null;
  readonly value: string;
}

interface Category {
  readonly name: string;
  readonly taxonomyUri: string | null;
}

interface Enclosure {
  readonly url: string;
  readonly length: number;
  readonly type: string | null;
}

interface Entry {
  readonly title: string | null;
  readonly link: string | null;
  readonly uri: string | null;
  readonly description: Content | null;
  readonly contents: readonly Content[];
  readonly author: string | null;
  readonly publishedDate: Date | null;
  readonly updatedDate: Date | null;
  readonly categories: readonly Category[];
  readonly comments: string | null;
  readonly enclosures: readonly Enclosure[];
}

interface Image {
  readonly url: string | null;
  readonly title: string | null;
  readonly link: string | null;
}

/** A feed as a body, with the names of Camel's SyndFeed: its text is RSS 2.0. */
export class Feed {
  readonly feedType: string;
  readonly title: string | null;
  readonly link: string | null;
  readonly description: string | null;
  readonly language: string | null;
  readonly copyright: string | null;
  readonly author: string | null;
  readonly managingEditor: string | null;
  readonly webMaster: string | null;
  readonly publishedDate: Date | null;
  readonly encoding: string | null;
  readonly generator: string | null;
  readonly docs: string | null;
  readonly uri: string | null;
  readonly categories: readonly Category[];
  readonly image: Image | null;
  readonly entries: readonly Entry[];

  constructor(given: Partial<Feed>) {
    this.feedType = given.feedType ?? 'rss_2.0';
    this.title = given.title ?? null;
    this.link = given.link ?? null;
    this.description = given.description ?? null;
    this.language = given.language ?? null;
    this.copyright = given.copyright ?? null;
    this.author = given.author ?? null;
    this.managingEditor = given.managingEditor ?? null;
    this.webMaster = given.webMaster ?? null;
    this.publishedDate = given.publishedDate ?? null;
    this.encoding = given.encoding ?? null;
    this.generator = given.generator ?? null;
    this.docs = given.docs ?? null;
    this.uri = given.uri ?? null;
    this.categories = given.categories ?? [];
    this.image = given.image ?? null;
    this.entries = given.entries ?? [];
  }

  toString(): string {
    return written(this, false);
  }
}

export const rss = defineDataFormat({
  name: 'rss',
  summary: 'Feeds: unmarshal reads RSS 0.9 to 2.0, RDF and Atom into a feed with `title`, `link`, `entries` and so on, as Camel names them; marshal writes it, or a map of that shape, as RSS 2.0.',
  options: {},
  create: () => ({
    marshal: (exchange, body) => {
      if (body instanceof Feed) return writtenInTurns(body);
      if (isPlainMap(body)) return writtenInTurns(new Feed(body as Partial<Feed>));
      const rewritten = (bytes: Buffer): string | Promise<string> => {
        const feed = feedOf(bytes);
        return feed instanceof Promise ? feed.then(writtenInTurns) : writtenInTurns(feed);
      };
      return typeof body === 'string' ? rewritten(Buffer.from(body)) : withBytes(exchange, body, rewritten);
    },
    unmarshal: (exchange, body) => (body instanceof XmlDocument ? feedIn(body) : typeof body === 'string' ? feedOf(Buffer.from(body)) : withBytes(exchange, body, feedOf)),
  }),
});

// ------------------------------------------------------------------------------------------------ reading

const noXml = (thrown: unknown): ExchangeError => new ExchangeError('com.rometools.rome.io.ParsingFeedException', `Invalid XML: ${(thrown as Error).message}`);

function feedOf(bytes: Buffer): Feed | Promise<Feed> {
  let document: XmlDocument | Promise<XmlDocument>;
  try {
    document = parseXmlInTurns(decodeXml(bytesOfBody(bytes)));
  } catch (thrown) {
    throw noXml(thrown);
  }
  if (document instanceof XmlDocument) return feedIn(document);
  return document.then(feedIn, (thrown: unknown) => {
    throw noXml(thrown);
  });
}

/** So many entries are read at once. */
const readAtOnce = 100;

function feedIn(document: XmlDocument): Feed | Promise<Feed> {
  const { root } = document;
  const { feed, entries, read } = root.localName === 'feed' ? atom(root) : channelOf(root);
  if (entries.length <= readAtOnce) return new Feed({ ...feed, entries: entries.map(read) });
  return entriesInTurns(entries, read).then((all) => new Feed({ ...feed, entries: all }));
}

async function entriesInTurns(elements: readonly XmlElement[], read: (element: XmlElement) => Entry): Promise<Entry[]> {
  const slices = new Slices();
  const entries: Entry[] = [];
  for (const element of elements) {
    entries.push(read(element));
    if (slices.isOver) await slices.next();
  }
  return entries;
}

/** A feed without its entries, the elements that are these, and how one is read. */
interface Reading {
  readonly feed: Partial<Feed>;
  readonly entries: readonly XmlElement[];
  readonly read: (element: XmlElement) => Entry;
}

function channelOf(root: XmlElement): Reading {
  const channel = child(root, 'channel');
  if ((root.localName !== 'rss' && root.localName !== 'RDF') || channel === null) throw new ExchangeError('java.lang.IllegalArgumentException', 'Invalid document: it is neither RSS nor Atom');
  const items = root.localName === 'RDF' ? root : channel;
  const image = child(root.localName === 'RDF' ? root : channel, 'image');
  const feed: Partial<Feed> = {
    feedType: root.localName === 'RDF' ? 'rss_1.0' : `rss_${root.attribute('version') ?? '2.0'}`,
    title: text(channel, 'title'),
    link: text(channel, 'link'),
    description: text(channel, 'description'),
    language: text(channel, 'language') ?? text(channel, 'language', namespaces.dc),
    copyright: text(channel, 'copyright') ?? text(channel, 'rights', namespaces.dc),
    author: text(channel, 'managingEditor') ?? text(channel, 'creator', namespaces.dc),
    managingEditor: text(channel, 'managingEditor'),
    webMaster: text(channel, 'webMaster'),
    publishedDate: date(text(channel, 'pubDate') ?? text(channel, 'date', namespaces.dc)),
    generator: text(channel, 'generator'),
    docs: text(channel, 'docs'),
    categories: categories(channel),
    image: image === null ? null : part({ url: text(image, 'url'), title: text(image, 'title'), link: text(image, 'link') }),
  };
  return { feed, entries: children(items, 'item'), read: item };
}

function item(of: XmlElement): Entry {
  const guid = child(of, 'guid');
  const description = text(of, 'description');
  const encoded = child(of, 'encoded', namespaces.content);
  const id = guid?.stringValue.trim() || null;
  return part({
    title: text(of, 'title'),
    link: text(of, 'link') ?? (guid !== null && guid.attribute('isPermaLink') !== 'false' ? id : null),
    uri: id ?? text(of, 'link'),
    description: description === null ? null : part({ type: 'text/html', value: description }),
    contents: encoded === null ? [] : [part({ type: 'html', value: encoded.stringValue })],
    author: text(of, 'author') ?? text(of, 'creator', namespaces.dc),
    publishedDate: date(text(of, 'pubDate') ?? text(of, 'date', namespaces.dc)),
    updatedDate: null,
    categories: categories(of),
    comments: text(of, 'comments'),
    enclosures: children(of, 'enclosure').map((one) => part({ url: one.attribute('url') ?? '', length: Number(one.attribute('length') ?? 0) || 0, type: one.attribute('type') })),
  });
}

const categories = (of: XmlElement): Category[] => [
  ...children(of, 'category').map((one) => part({ name: one.stringValue.trim(), taxonomyUri: one.attribute('domain') })),
  ...children(of, 'subject', namespaces.dc).map((one) => part({ name: one.stringValue.trim(), taxonomyUri: null })),
];

function atom(feed: XmlElement): Reading {
  const author = (of: XmlElement): string | null => {
    const one = child(of, 'author');
    return one === null ? null : text(one, 'name');
  };
  const link = (of: XmlElement): string | null => {
    const links = children(of, 'link');
    return (links.find((one) => (one.attribute('rel') ?? 'alternate') === 'alternate') ?? links[0])?.attribute('href') ?? null;
  };
  const content = (of: XmlElement | null): Content | null => (of === null ? null : part({ type: of.attribute('type') ?? 'text', value: of.stringValue }));
  const about: Partial<Feed> = {
    feedType: 'atom_1.0',
    title: text(feed, 'title'),
    link: link(feed),
    uri: text(feed, 'id'),
    description: text(feed, 'subtitle'),
    copyright: text(feed, 'rights'),
    author: author(feed),
    generator: text(feed, 'generator'),
    publishedDate: date(text(feed, 'updated')),
  };
  return {
    feed: about,
    entries: children(feed, 'entry'),
    read: (entry) => {
      const body = content(child(entry, 'content'));
      return part({
        title: text(entry, 'title'),
        link: link(entry),
        uri: text(entry, 'id'),
        description: content(child(entry, 'summary')),
        contents: body === null ? [] : [body],
        author: author(entry),
        publishedDate: date(text(entry, 'published')),
        updatedDate: date(text(entry, 'updated')),
        categories: children(entry, 'category').map((one) => part({ name: one.attribute('term') ?? '', taxonomyUri: one.attribute('scheme') })),
        comments: null,
        enclosures: children(entry, 'link')
          .filter((one) => one.attribute('rel') === 'enclosure')
          .map((one) => part({ url: one.attribute('href') ?? '', length: Number(one.attribute('length') ?? 0) || 0, type: one.attribute('type') })),
      });
    },
  };
}

const modules: ReadonlySet<string> = new Set([namespaces.content, namespaces.dc]);

/** Whether a node is an element of the format itself: of any namespace but those of its modules. */
const isNamed = (of: XmlElement, name: string, namespace: string | null) => (one: XmlNode): one is XmlElement =>
  one instanceof XmlElement && one.localName === name && (namespace === null ? !modules.has(one.namespace ?? '') && (one.prefix === '' || one.namespace === of.namespace) : one.namespace === namespace);

const children = (of: XmlElement, name: string, namespace: string | null = null): XmlElement[] => of.children.filter(isNamed(of, name, namespace));

const child = (of: XmlElement, name: string, namespace: string | null = null): XmlElement | null => of.children.find(isNamed(of, name, namespace)) ?? null;

const text = (of: XmlElement, name: string, namespace: string | null = null): string | null => child(of, name, namespace)?.stringValue.trim() ?? null;

function date(given: string | null): Date | null {
  if (given === null) return null;
  const time = Date.parse(given);
  return Number.isNaN(time) ? null : new Date(time);
}

// ------------------------------------------------------------------------------------------------ writing

/** The text of a feed: a promise while that of many entries is written in slices. */
function writtenInTurns(feed: Feed): string | Promise<string> {
  const lines = linesOf(feed, true);
  const out: string[] = [];
  return inTurns(
    () => {
      const next = lines.next();
      if (next.done === true) return true;
      for (const line of next.value) out.push(line);
      return false;
    },
    () => framed(out),
  );
}

const written = (feed: Feed, isStrict: boolean): string => framed([...linesOf(feed, isStrict)].flat());

/** The lines of a channel: what stands before the entries, and those of each. */
function* linesOf(feed: Feed, isStrict: boolean): Generator<string[]> {
  for (const name of ['title', 'link', 'description'] as const) {
    // Atom asks for none of them.
    if (isStrict && feed[name] === null && !feed.feedType.startsWith('atom')) throw new ExchangeError('com.rometools.rome.io.FeedException', `Invalid rss_2.0 feed, missing channel ${name}`);
  }
  let out: string[] = [];
  const element = (depth: number, name: string, value: unknown, attributes: Readonly<Record<string, unknown>> = {}): void => {
    if (value === null || value === undefined) return;
    const written = Object.entries(attributes).map(([key, one]) => (one === null || one === undefined ? '' : ` ${key}="${escapeXmlAttribute(toText(one) ?? '')}"`));
    const content = value instanceof Date ? value.toUTCString() : (toText(value) ?? '');
    out.push(`${'  '.repeat(depth)}<${name}${written.join('')}${content === '' ? ' />' : `>${escapeXml(content)}</${name}>`}`);
  };
  const list = <T>(given: unknown): readonly T[] => (Array.isArray(given) ? (given as readonly T[]) : []);
  const named = (depth: number, given: unknown): void => {
    for (const one of list<Category | string>(given)) element(depth, 'category', typeof one === 'string' ? one : one.name, typeof one === 'string' ? {} : { domain: one.taxonomyUri });
  };
  for (const name of ['title', 'link', 'description', 'language', 'copyright'] as const) element(2, name, feed[name] ?? (name === 'title' || name === 'link' || name === 'description' ? '' : null));
  element(2, 'pubDate', dated(feed.publishedDate));
  element(2, 'docs', feed.docs);
  element(2, 'managingEditor', feed.managingEditor);
  element(2, 'webMaster', feed.webMaster);
  element(2, 'generator', feed.generator);
  named(2, feed.categories);
  if (feed.managingEditor === null) element(2, 'dc:creator', feed.author);
  if (feed.image !== null) {
    out.push('    <image>');
    for (const name of ['title', 'url', 'link'] as const) element(3, name, feed.image[name]);
    out.push('    </image>');
  }
  yield out;
  for (const entry of list<Partial<Entry>>(feed.entries)) {
    out = [];
    out.push('    <item>');
    element(3, 'title', entry.title);
    element(3, 'link', entry.link);
    const { description } = entry as { description?: Content | string | null };
    element(3, 'description', typeof description === 'object' ? description?.value : description);
    for (const one of list<Content | string>(entry.contents)) element(3, 'content:encoded', typeof one === 'string' ? one : one.value);
    for (const one of list<Enclosure>(entry.enclosures)) element(3, 'enclosure', '', { url: one.url, length: one.length, type: one.type });
    named(3, entry.categories);
    element(3, 'pubDate', dated(entry.publishedDate ?? entry.updatedDate));
    element(3, 'comments', entry.comments);
    element(3, 'guid', entry.uri, { isPermaLink: false });
    element(3, 'dc:creator', entry.author);
    out.push('    </item>');
    yield out;
  }
}

function framed(out: readonly string[]): string {
  const used = (['content', 'dc'] as const).filter((prefix) => out.some((line) => line.trimStart().startsWith(`<${prefix}:`)));
  const root = `<rss${used.map((prefix) => ` xmlns:${prefix}="${namespaces[prefix]}"`).join('')} version="2.0">`;
  return `${['<?xml version="1.0" encoding="UTF-8"?>', root, '  <channel>', ...out, '  </channel>', '</rss>'].join('\r\n')}\r\n`;
}

const dated = (given: Date | string | null | undefined): Date | null => (given instanceof Date ? given : date(given ?? null));
