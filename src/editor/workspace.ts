import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Diagnostic, Span } from '../core/diagnostics.ts';
import { Diagnostics, Source } from '../core/diagnostics.ts';
import type { DocumentModel, ElementModel, EndpointModel } from '../dsl/model.ts';
import { propertyLookup } from '../dsl/placeholders.ts';
import { readDocument } from '../dsl/read.ts';
import type { Parts } from '../dsl/parts.ts';
import { readConfiguration } from '../runtime/configuration.ts';
import { filesOf, readSources, routeFiles } from '../runtime/files.ts';
import { Mecha } from '../runtime/mecha.ts';
import { standardParts } from '../runtime/standard.ts';

/** Files of a folder that an editor looks at; more are left alone. */
const mostFiles = 500;

/** Where a name is declared. */
export interface Declaration {
  readonly kind: 'route' | 'bean' | 'kamelet' | 'property' | 'step';
  readonly name: string;
  readonly at: Span;
  readonly description: string | null;
}

const isRoutes = (text: string): boolean => /^kind:\s*(Integration|Kamelet|Pipe|KameletBinding)\b/m.test(text) || /^- +(route|from|rest|restConfiguration|onException|onCompletion|errorHandler|intercept\w*|routeConfiguration|routeTemplate|templatedRoute|beans|dataFormats|transformers|validators)\s*:/m.test(text);

const isTest = (path: string): boolean => /\.test\.ya?ml$/i.test(path);

/** The routes of a folder, with what is being written in an editor in place of what the files hold. */
export class Workspace {
  readonly folder: string;
  readonly parts: Parts = standardParts;
  /** Texts that are open, by path. */
  readonly open = new Map<string, string>();
  private readonly environment: Readonly<Record<string, string | undefined>>;

  constructor(folder: string, environment: Readonly<Record<string, string | undefined>> = {}) {
    this.folder = resolve(folder);
    this.environment = environment;
  }

  private configuration() {
    return readConfiguration({ folder: this.folder, environment: this.environment }, new Diagnostics());
  }

  /** All routes, by path. What can't be read is left out. */
  sources(): Map<string, Source> {
    const configured = this.configuration().get('routes') as readonly string[] | undefined;
    const files = routeFiles(configured ?? [this.folder], this.folder, new Diagnostics()).slice(0, mostFiles);
    const found = new Map<string, Source>();
    for (const path of files) {
      const text = this.open.get(path);
      const source = text === undefined ? readSources([path], this.folder, new Diagnostics())[0] : new Source(path, text);
      if (source !== undefined && (configured !== undefined || text !== undefined || isRoutes(source.text))) found.set(path, new Source(path, source.text));
    }
    for (const [path, text] of this.open) if (!found.has(path) && this.isRoutesPath(path, text)) found.set(path, new Source(path, text));
    return found;
  }

  isRoutesPath(path: string, text: string): boolean {
    return /\.ya?ml$/i.test(path) && !/[\\/]mecha\.ya?ml$/i.test(path) && !isTest(path) && (isRoutes(text) || !/^\w[\w-]*:/m.test(text));
  }

  /** What is wrong with the routes, lints included, by path. */
  async problems(): Promise<Map<string, Diagnostic[]>> {
    const sources = this.sources();
    const list = await Mecha.check({ folder: this.folder, environment: this.environment, sources: [...sources.values()], routes: [], lints: true });
    const byPath = new Map<string, Diagnostic[]>([...sources.keys()].map((path) => [path, []]));
    for (const problem of list) if (problem.at !== null) byPath.get(problem.at.source.file)?.push(problem);
    return byPath;
  }

  private documents(): DocumentModel[] {
    const configuration = this.configuration();
    const properties = propertyLookup({ properties: configuration.properties, environment: this.environment });
    return [...this.sources().values()].map((source) => readDocument(source, this.parts, { properties }, new Diagnostics()));
  }

  /** All names that are declared somewhere. */
  declarations(): Declaration[] {
    const found: Declaration[] = [];
    for (const { elements } of this.documents()) for (const element of elements) found.push(...declared(element));
    for (const name of ['application.properties', 'mecha.yaml', 'mecha.yml']) found.push(...this.propertiesOf(join(this.folder, name)));
    return found;
  }

  private propertiesOf(path: string): Declaration[] {
    const text = this.open.get(path) ?? (existsSync(path) ? readFileSync(path, 'utf8') : null);
    if (text === null) return [];
    const source = new Source(path, text);
    const values = this.configuration().properties;
    const declaration = (name: string, start: number, length: number): Declaration => ({ kind: 'property', name, at: { source, start, end: start + length }, description: /pass|secret|token|key|credential/i.test(name) ? null : (values[name] ?? null) });
    if (path.endsWith('.properties')) return [...text.matchAll(/^[ \t]*([\w.-]+)(?=[ \t]*[=:])/gm)].map((match) => declaration(match[1]!, match.index + match[0].indexOf(match[1]!), match[1]!.length));
    const block = /^properties:[ \t]*\r?\n((?:(?:[ \t]+.*|[ \t]*)(?:\r?\n|$))*)/m.exec(text);
    if (block === null) return [];
    const from = block.index + block[0].length - block[1]!.length;
    const above: { column: number; name: string }[] = [];
    return [...block[1]!.matchAll(/^([ \t]+)([\w.-]+)[ \t]*:/gm)].map((match) => {
      const column = match[1]!.length;
      while (above.length > 0 && above.at(-1)!.column >= column) above.pop();
      above.push({ column, name: match[2]! });
      return declaration(above.map(({ name }) => name).join('.'), from + match.index + column, match[2]!.length);
    });
  }

  /** Every text of the folder in which names may stand: routes, tests of routes, configuration. */
  texts(): Map<string, string> {
    const texts = new Map([...this.sources()].map(([path, { text }]) => [path, text]));
    for (const path of testsBelow(this.folder)) texts.set(path, this.open.get(path) ?? readFileSync(path, 'utf8'));
    for (const [path, text] of this.open) if (isTest(path)) texts.set(path, text);
    return texts;
  }
}

const testsBelow = (folder: string): string[] => filesOf([folder], folder, new Diagnostics(), isTest).slice(0, mostFiles);

const isElement = (value: unknown): value is ElementModel => typeof value === 'object' && value !== null && (value as { type?: string }).type === 'element';

function* declared(element: ElementModel): Iterable<Declaration> {
  const { name, fields, fieldsAt } = element;
  const text = (key: string): string | null => (typeof fields[key] === 'string' ? fields[key] : null);
  if (name === 'route') {
    const from = fields['from'];
    const uri = isElement(from) ? (from.fields['uri'] as EndpointModel | undefined) : undefined;
    if (uri?.type === 'endpoint') yield { kind: 'route', name: uri.uri.replace(/\?.*/s, '').replace(/^([\w.+-]+):\/\//, '$1:'), at: uri.at, description: text('description') ?? text('id') };
  } else if (name === 'beans') {
    const list = Array.isArray(fields['beans']) ? (fields['beans'] as readonly unknown[]).filter(isElement) : [element];
    for (const bean of list) if (typeof bean.fields['name'] === 'string') yield { kind: 'bean', name: bean.fields['name'], at: bean.fieldsAt['name'] ?? bean.at, description: typeof bean.fields['type'] === 'string' ? bean.fields['type'] : null };
  } else if (name === 'routeTemplate') {
    const id = text('id');
    if (id !== null) yield { kind: 'kamelet', name: id, at: fieldsAt['id'] ?? element.at, description: text('description') };
  }
}
