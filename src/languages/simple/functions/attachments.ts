import { bytesOfBody, toText } from '../../../core/conversion/convert.ts';
import type { Exchange } from '../../../core/exchange/exchange.ts';
import { Attachment, attachmentsOf, setAttachments } from '../../../core/exchange/attachments.ts';
import { removeQuotes, splitArguments } from '../arguments.ts';
import { conversionTo } from '../conversions.ts';
import type { Call, FunctionBuilder, Value } from '../value.ts';
import { body } from '../value.ts';
import { named } from './exchange.ts';
import { notMine } from './notMine.ts';

/** By its name, else by its number. */
function attachmentAt(exchange: Exchange, key: string): Attachment | null {
  const all = attachmentsOf(exchange);
  return all.get(key) ?? (/^\d{1,9}$/.test(key) ? ([...all.values()][Number(key)] ?? null) : null);
}

const nothing: Value = () => null;

const attachment = named(attachmentAt, (name) => (exchange) => attachmentAt(exchange, name));

/** What stands in the parentheses, cut at its commas, as many parts as there have to be. */
function partsOf(call: Call, ...names: readonly string[]): string[] {
  const parts = splitArguments(call.inner, { keepQuotes: true });
  if (parts.length !== names.length || parts[0] === '') throw call.wrong(`\`\${${call.name}(${names.join(',')})}\``);
  return parts;
}

/** Called with parentheses. Camel takes the name without them for an attachment that it does not find. */
const called =
  (build: FunctionBuilder): FunctionBuilder =>
  (call) =>
    call.hasParentheses ? build(call) : nothing;

const contentAs = (key: string, type: string): Value => {
  const convert = conversionTo(type);
  return (exchange) => {
    const found = attachmentAt(exchange, key);
    return found === null ? null : convert(found.content);
  };
};

const headerOf = (key: string, name: string): Value => {
  const folded = name.toLowerCase();
  return (exchange) => Object.entries(attachmentAt(exchange, key)?.headers ?? {}).find(([other]) => other.toLowerCase() === folded)?.[1] ?? null;
};

const setAttachment: FunctionBuilder = (call) => {
  const parts = call.hasParentheses && call.inner !== '' ? splitArguments(call.inner, { trim: false }) : [];
  if (parts.length < 1 || parts.length > 2) throw call.wrong('`${setAttachment(key)}` or `${setAttachment(key,exp)}`');
  const name = parts[0]!;
  const value = parts.length === 1 ? body : call.template(parts[1]!);
  return (exchange) => {
    const given = value(exchange);
    const content = given === null || given === undefined ? Buffer.alloc(0) : bytesOfBody(typeof given === 'string' || given instanceof Uint8Array ? given : (toText(given) ?? ''));
    setAttachments(exchange, new Map(attachmentsOf(exchange)).set(name, new Attachment(null, content, {}, name)));
    return null;
  };
};

/**
 * Attachments, as Camel 4.22 reads them. Those that it documents with an `s` (`attachmentsContent`, `attachmentsSize`, ...) it never gets to:
 * it takes them for attachments of a strange name, which are not there.
 */
export const attachmentFunctions: Readonly<Record<string, FunctionBuilder>> = {
  attachment: (call) => {
    if (call.tail === '') throw call.unknown([]);
    return call.hasParentheses ? nothing : attachment(call);
  },
  attachments: (call) => {
    if (call.tail === '') return (exchange) => new Map(attachmentsOf(exchange));
    return call.tail === '.size' ? (exchange) => attachmentsOf(exchange).size : nothing;
  },
  attachmentsKeys: (call) => (call.tail === '' ? (exchange) => new Set(attachmentsOf(exchange).keys()) : nothing),
  attachmentContent: called((call) => {
    const [key] = partsOf(call, 'key');
    return (exchange) => attachmentAt(exchange, key!)?.content ?? null;
  }),
  attachmentContentAs: called((call) => {
    const [key, type] = partsOf(call, 'key', 'type').map((part) => removeQuotes(part));
    return contentAs(key!, type!.trim());
  }),
  attachmentContentAsText: called((call) => contentAs(partsOf(call, 'key')[0]!, 'String')),
  attachmentContentType: called((call) => {
    const [key] = partsOf(call, 'key');
    return (exchange) => attachmentAt(exchange, key!)?.contentType ?? null;
  }),
  attachmentHeader: called((call) => {
    const [key, name] = partsOf(call, 'key', 'name').map((part) => removeQuotes(part));
    return headerOf(key!, name!.trim());
  }),
  attachmentHeaderAs: called((call) => {
    const [key, name, type] = partsOf(call, 'key', 'name', 'type').map((part) => removeQuotes(part));
    const value = headerOf(key!, name!.trim());
    const convert = conversionTo(type!.trim());
    return (exchange) => convert(value(exchange)) ?? null;
  }),
  attachmentsContent: () => nothing,
  attachmentsContentAs: () => nothing,
  attachmentsContentAsText: () => nothing,
  attachmentsHeader: () => nothing,
  attachmentsHeaderAs: () => nothing,
  attachmentsSize: () => nothing,
  setAttachment,
  clearAttachments: (call) => {
    if (call.tail !== '') return notMine;
    return (exchange) => {
      if (attachmentsOf(exchange).size > 0) setAttachments(exchange, new Map());
      return null;
    };
  },
};
