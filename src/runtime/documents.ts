import { Diagnostics } from '../core/diagnostics.ts';
import type { Source } from '../core/diagnostics.ts';
import type { DocumentModel } from '../dsl/model.ts';
import type { PropertyLookup } from '../dsl/placeholders.ts';
import type { Parts } from '../dsl/read.ts';
import { readDocument } from '../dsl/read.ts';

/** Is told how far a long work has come: so many of all are done. */
export type Progress = (what: string, done: number, all: number) => void;

/** What a file was read to, and all that reading it has asked the outside for. */
interface Read {
  readonly text: string;
  readonly model: DocumentModel;
  readonly asked: ReadonlyMap<string, string | undefined>;
}

/**
 * The documents of the last reading, by file. A file whose text, and whose placeholders' values, are what they were is not read again: a reload that changes one
 * file of a thousand reads that one. Files that something was said about are read each time, so that it is said each time.
 */
export class Documents {
  private readonly parts: Parts;
  private readonly propertiesBeside: (file: string, name: string) => Iterable<readonly [string, string]> | null;
  private known = new Map<string, Read>();

  /** @param propertiesBeside what a file of properties says that a file of routes names; null where there is none */
  constructor(parts: Parts, propertiesBeside: (file: string, name: string) => Iterable<readonly [string, string]> | null = () => null) {
    this.parts = parts;
    this.propertiesBeside = propertiesBeside;
  }

  /** Reads those that are new or changed, and forgets what is not among `sources`. */
  read(sources: readonly Source[], properties: PropertyLookup, problems: Diagnostics, progress?: Progress): DocumentModel[] {
    const known = new Map<string, Read>();
    const documents = sources.map((source, at) => {
      progress?.('reading', at, sources.length);
      const before = this.known.get(source.file);
      if (before !== undefined && before.text === source.text && isUnchanged(before.asked, properties)) {
        known.set(source.file, before);
        return before.model;
      }
      const asked = new Map<string, string | undefined>();
      const own = new Diagnostics();
      let hasFiles = false;
      const propertiesFile = (name: string): Iterable<readonly [string, string]> | null => {
        hasFiles = true;
        return this.propertiesBeside(source.file, name);
      };
      const model = readDocument(source, this.parts, { properties: recording(properties, asked), propertiesFile }, own);
      problems.list.push(...own.list);
      // Files that it names may change alone.
      if (own.list.length === 0 && !hasFiles) known.set(source.file, { text: source.text, model, asked });
      return model;
    });
    this.known = known;
    return documents;
  }
}

/** Notes every question and its answer: `key`, or `function:argument` behind a mark that no key begins with. */
function recording(lookup: PropertyLookup, asked: Map<string, string | undefined>): PropertyLookup {
  const noted = (question: string, answer: string | undefined): string | undefined => {
    asked.set(question, answer);
    return answer;
  };
  return {
    get: (key) => noted(key, lookup.get(key)),
    names: () => lookup.names(),
    functions: Object.fromEntries(Object.entries(lookup.functions).map(([name, call]) => [name, (argument: string) => noted(`\0${name}:${argument}`, call(argument))])),
  };
}

function isUnchanged(asked: ReadonlyMap<string, string | undefined>, lookup: PropertyLookup): boolean {
  for (const [question, answer] of asked) {
    const colon = question.indexOf(':');
    const now = question.startsWith('\0') ? lookup.functions[question.slice(1, colon)]?.(question.slice(colon + 1)) : lookup.get(question);
    if (now !== answer) return false;
  }
  return true;
}
