import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isMap, isScalar, parse, parseDocument } from 'yaml';
import type { Diagnostic, Span } from '../core/diagnostics.ts';
import { Diagnostics, Source } from '../core/diagnostics.ts';
import { tooDeepYaml } from '../core/conversion/yamlDepth.ts';
import type { Field, Fields } from '../core/field.ts';
import { field } from '../core/field.ts';
import type { DocumentModel, ElementModel, EndpointModel } from '../dsl/model.ts';
import { propertyLookup } from '../dsl/placeholders.ts';
import { readDocument } from '../dsl/read.ts';
import type { Parts } from '../dsl/parts.ts';
import { readConfiguration } from '../runtime/configuration.ts';
import { filesOf, readSources, routeFiles } from '../runtime/files.ts';
import type { KameletCatalogue } from '../runtime/kameletCatalogue.ts';
import { catalogueIn } from '../runtime/kameletCatalogue.ts';
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

  /** Kamelets that are files: of this folder, its folder `kamelets`, and where the configuration says. */
  private catalogue(): KameletCatalogue {
    const configured = (this.configuration().get('kamelets') as readonly string[] | undefined) ?? [];
    return catalogueIn([this.folder, ...configured], this.folder);
  }

  /** Names of all kamelets, those that are route templates included. */
  kamelets(): string[] {
    let files: readonly string[] = [];
    try {
      files = this.catalogue().names();
    } catch {
      // A folder that the configuration names is not there; whoever starts says so.
    }
    return [...new Set([...this.templates().map(({ id }) => id), ...files])].sort();
  }

  /** The parameters of a kamelet or a route template; null when there is none of this name, or nobody can read it. */
  parametersOf(kamelet: string): Fields | null {
    const template = this.templates().find(({ id }) => id === kamelet);
    if (template !== undefined) return template.parameters;
    try {
      const found = this.catalogue().find(kamelet);
      const text = found === null ? null : (this.open.get(found.file) ?? found.text);
      return text === null || tooDeepYaml(text) >= 0 ? null : kameletParameters(parse(text));
    } catch {
      return null;
    }
  }

  private templates(): { readonly id: string; readonly parameters: Fields }[] {
    return this.documents().flatMap(({ elements }) =>
      elements.flatMap(({ name, fields }) => {
        const { id, parameters } = fields;
        if (name !== 'routeTemplate' || typeof id !== 'string') return [];
        const list = (Array.isArray(parameters) ? (parameters as readonly unknown[]) : []).filter(isElement);
        const said = (value: unknown): string | undefined => (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined);
        return [{ id, parameters: Object.fromEntries(list.flatMap(({ fields: of }) => (typeof of['name'] === 'string' ? [[of['name'], parameterField({ description: said(of['description']), default: said(of['defaultValue']), isRequired: of['required'] === true })] as const] : []))) }];
      }),
    );
  }

  private propertiesOf(path: string): Declaration[] {
    const text = this.open.get(path) ?? (existsSync(path) ? readFileSync(path, 'utf8') : null);
    if (text === null) return [];
    if (tooDeepYaml(text) >= 0) return [];
    const source = new Source(path, text);
    const values = this.configuration().properties;
    const declaration = (name: string, start: number, length: number): Declaration => ({ kind: 'property', name, at: { source, start, end: start + length }, description: /pass|secret|token|key|credential/i.test(name) ? null : (values[name] ?? null) });
    if (path.endsWith('.properties')) return [...text.matchAll(/^[ \t]*([\w.-]+)(?=[ \t]*[=:])/gm)].map((match) => declaration(match[1]!, match.index + match[0].indexOf(match[1]!), match[1]!.length));
    const root = parseDocument(text, { prettyErrors: false }).contents;
    const below = (map: unknown, above: string): Declaration[] =>
      !isMap(map)
        ? []
        : map.items.flatMap(({ key, value }) => {
            if (!isScalar(key) || key.range == null) return [];
            const name = `${above}${String(key.value)}`;
            const [start, end] = key.range;
            return isMap(value) ? below(value, `${name}.`) : [declaration(name, start, end - start)];
          });
    return isMap(root) ? below(root.get('properties', true), '') : [];
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

/** What is known of a parameter, as an option. */
function parameterField({ type, description, values, default: value, isRequired }: { type?: string; description?: string | undefined; values?: readonly string[]; default?: unknown; isRequired: boolean }): Field {
  const text = description ?? '';
  const made = values !== undefined && values.length > 0 ? field.enum(text, values) : type === 'boolean' ? field.boolean(text) : type === 'integer' ? field.integer(text) : type === 'number' ? field.number(text) : field.string(text);
  if (value !== undefined && value !== null) return (made as { default(value: unknown): Field }).default(value);
  return isRequired ? made.required() : made;
}

function kameletParameters(document: unknown): Fields {
  interface Definition {
    readonly required?: readonly string[];
    readonly properties?: Readonly<Record<string, { readonly title?: string; readonly description?: string; readonly type?: string; readonly enum?: readonly unknown[]; readonly default?: unknown }>>;
  }
  const { required = [], properties = {} } = (document as { spec?: { definition?: Definition } }).spec?.definition ?? {};
  return Object.fromEntries(
    Object.entries(properties).map(([name, { title, description, type, enum: values, default: value }]) => [
      name,
      parameterField({ ...(type === undefined ? {} : { type }), description: description ?? title, ...(values === undefined ? {} : { values: values.map(String) }), default: value, isRequired: required.includes(name) }),
    ]),
  );
}
