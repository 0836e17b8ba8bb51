import type { Diagnostics, Fix, Span } from '../core/diagnostics.ts';
import { nearest } from '../core/diagnostics.ts';
import { insertAt, quotedText, replaceWith } from './fixes.ts';
import type { Parts } from './parts.ts';
import type { PropertyLookup } from './placeholders.ts';
import { deepestPlaceholder, fillPlaceholders, fillUri, mostFilledIn, PlaceholderError } from './placeholders.ts';
import type { Pair, YamlFile, YamlNode, YAMLMap } from './yaml.ts';
import { isEmptyNode, isMap, isSeq, scalarText } from './yaml.ts';

/** Whatever a problem is about: a step, an element, an expression, a data format. */
export interface Owner {
  /** As it is shown in messages: `setBody`. */
  readonly name: string;
  readonly at: Span;
  readonly docs: string | null;
}

/** Names for a message: a dozen at most. */
export const quoted = (names: readonly string[]): string => {
  const shown = names.slice(0, 12).map((name) => `\`${name}\``);
  return names.length > shown.length ? `${shown.join(', ')}, ...` : shown.join(', ');
};

/** The braces that an open placeholder lacks, behind its name. */
function closingBraces({ source, start, end }: Span): Fix {
  const name = /^\{\{[\w.:?!-]*/.exec(source.text.slice(start, end))?.[0] ?? '{{';
  return insertAt(source, start + name.length, '}}');
}

/** Nodes of a YAML file as texts with their placeholders filled in, and the complaints about them. */
export abstract class TextReader {
  protected readonly file: YamlFile;
  protected readonly parts: Parts;
  protected readonly properties: PropertyLookup;
  protected readonly problems: Diagnostics;
  /** True while a template is only checked: placeholders without a value are its parameters, and what holds one is not looked into. */
  protected readonly isTemplate: boolean;

  constructor(file: YamlFile, parts: Parts, properties: PropertyLookup, problems: Diagnostics, isTemplate: boolean) {
    this.file = file;
    this.parts = parts;
    this.properties = properties;
    this.problems = problems;
    this.isTemplate = isTemplate;
  }

  protected mapping(node: unknown): YAMLMap | null {
    const target = this.file.follow(node);
    return isMap(target) ? target : null;
  }

  protected plainText(node: unknown): string | null {
    return scalarText(this.file.follow(node));
  }

  protected texts(node: unknown): string[] {
    const target = this.file.follow(node);
    return isSeq(target) ? target.items.flatMap((item) => scalarText(this.file.follow(item)) ?? []) : [];
  }

  protected pair(map: YAMLMap, key: string): Pair | null {
    return this.file.pair(map, key);
  }

  protected wrongType(owner: Owner, key: string, written: unknown, wanted: string, node: YamlNode | null): void {
    const at = this.spanOr(written, owner.at);
    const raw = at.source.text.slice(at.start, at.end);
    // Longer ones are no texts.
    const isText = (isSeq(node) || isMap(node)) && !wanted.startsWith('a list') && !raw.includes('\n');
    this.problems.report('M0205', `\`${key}\` of \`${owner.name}\` must be ${wanted}`, at, {
      label: isSeq(node) ? 'a list' : isMap(node) ? 'a mapping' : isEmptyNode(node) ? 'nothing stands here' : 'a text',
      help: isText ? `put quotes around it, if it is meant as a text: \`${quotedText(raw)}\`` : null,
      fix: isText ? replaceWith(at, quotedText(raw), false) : null,
      docs: owner.docs,
    });
  }

  /** Where a scalar's text stands, without quotes; null when the file has it in another form. */
  protected textSpan(node: YamlNode, text: string): Span | null {
    const span = this.file.span(node);
    const raw = span.source.text;
    if (raw.startsWith(text, span.start) && span.end - span.start === text.length) return span;
    if (span.end - span.start === text.length + 2 && raw.startsWith(text, span.start + 1)) return { source: span.source, start: span.start + 1, end: span.end - 1 };
    return null;
  }

  /** Fills placeholders in. Null: an optional one has no value, or a problem was reported. */
  protected fill(text: string, node: unknown, isUri = false): { text: string; isOpen: boolean } | null {
    if (!text.includes('{{')) return { text, isOpen: false };
    try {
      const filled = isUri ? fillUri(text, this.properties) : fillPlaceholders(text, this.properties);
      return filled === null ? null : { text: filled, isOpen: false };
    } catch (thrown) {
      if (!(thrown instanceof PlaceholderError)) throw thrown;
      if (this.isTemplate && thrown.kind === 'missing') return { text, isOpen: true };
      this.placeholderProblem(thrown, text, node);
      return null;
    }
  }

  protected isDropped(text: string): boolean {
    try {
      return fillPlaceholders(text, this.properties) === null;
    } catch {
      return false;
    }
  }

  private placeholderProblem({ kind, key, message, offset, length }: PlaceholderError, text: string, node: unknown): void {
    const whole = this.spanOr(node, { source: this.file.source, start: 0, end: 1 });
    const exact = this.textSpan(node as YamlNode, text);
    const inside = exact === null ? this.file.source.text.indexOf(text.slice(offset, offset + length), whole.start) : exact.start + offset;
    const at = inside >= whole.start && inside < whole.end ? { source: whole.source, start: inside, end: inside + length } : whole;
    if (kind !== 'missing') {
      this.problems.report(kind === 'unbalanced' ? 'M0120' : 'M0119', message, at, {
        help: kind === 'multiplied' ? `at most ${mostFilledIn} placeholders, ${deepestPlaceholder} in each other, may be filled in for one text` : kind === 'circular' ? 'take the reference to itself out of its value' : message.includes('closed') ? 'write `}}` after the name' : 'write a blank between the two braces',
        fix: kind === 'unbalanced' && message.includes('closed') ? closingBraces(at) : null,
      });
      return;
    }
    const name = key.includes(':') ? key.slice(key.indexOf(':') + 1) : key;
    const isFunction = key.includes(':');
    const meant = isFunction ? null : nearest(key, this.properties.names());
    const trimmed = key !== key.trim() ? key.trim() : null;
    const fallback = `a default: \`{{${key}:value}}\``;
    const mount = /^(secret|configmap)(?:-binary)?:/.exec(key);
    const wanted = isFunction ? null : (meant ?? trimmed);
    // Only the placeholder itself is replaced, and by a name that is one in any kind of quotes.
    const isPlain = at !== whole && /^[\w./\-[\] ]*$/.test(wanted ?? '');
    this.problems.report('M0118', isFunction ? `\`{{${key}}}\` has no value` : `there is no property \`${key}\``, at, {
      label: isFunction ? 'no value' : 'no such property',
      fix: isPlain ? replaceWith(at, `{{${wanted ?? `${key}:value`}}}`, wanted !== null) : null,
      help: meant !== null ? `did you mean \`${meant}\`?` : trimmed !== null ? `write \`{{${trimmed}}}\`, without blanks` : mount !== null ? mountHelp(mount[1]!, name, fallback) : `set \`${name}\`, or give ${fallback}`,
      values: { key },
    });
  }

  protected unknownName(code: string, name: string, at: Span, message: string, known: readonly string[], listed: string | null): void {
    const meant = nearest(name, known);
    this.problems.report(code, message, at, {
      label: 'no such name',
      help: meant !== null ? `did you mean \`${meant}\`?` : listed === null ? '`mecha catalog` lists all that there are' : `${listed} ${quoted(known)}`,
      fix: meant === null ? null : replaceWith(at, meant),
      values: { name, nearest: meant },
    });
  }

  protected firstKey(item: unknown, otherwise: Span): Span {
    const node = this.file.follow(item);
    const first = isMap(node) ? node.items[0] : undefined;
    return first === undefined ? this.spanOr(item, otherwise) : this.file.span(first.key);
  }

  protected spanOr(node: unknown, otherwise: Span): Span {
    if (node === null || node === undefined) return otherwise;
    const range = (node as { range?: [number, number, number] | null }).range;
    if (range === null || range === undefined || range[0] === range[1]) return otherwise;
    return this.file.span(node);
  }
}

/** What to do about a secret or a config map that can't be read. */
const mountHelp = (kind: string, name: string, fallback: string): string =>
  name.includes('/')
    ? `mount it, and name the folder above it with the property \`camel.kubernetes-config.mount-path-${kind}s\`: the file ${name} is read there; or give ${fallback}`
    : `write \`{{${kind}:NAME/KEY}}\`: the name of the ${kind}, and the key in it`;
