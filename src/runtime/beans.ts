import { pathToFileURL } from 'node:url';
import { isAbsolute, resolve } from 'node:path';
import { readFileSync, statSync } from 'node:fs';
import type { AggregationStrategy } from '../core/definition.ts';
import type { Diagnostics, Span } from '../core/diagnostics.ts';
import { nearest } from '../core/diagnostics.ts';
import { hashOf } from './compiler.ts';
import { javaType, javaTypeNames, tlsParametersClass } from '../core/beans/javaTypes.ts';
import { insteadOfConnector } from '../dsl/camelConnectors.ts';
import type { ElementModel, MapModel, ModelValue } from '../dsl/model.ts';

/** A bean's declaration in YAML, values plain. */
interface Declaration {
  readonly name: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly constructors: readonly unknown[];
  readonly factoryMethod: string | null;
  readonly factoryBean: string | null;
  readonly builderClass: string | null;
  readonly builderMethod: string;
  readonly script: string | null;
  readonly scriptLanguage: string | null;
  readonly initMethod: string | null;
  readonly destroyMethod: string | null;
}

export interface BeanFactories {
  /** Stand-ins for Camel's own classes (aggregation strategies, repositories), by full name. */
  create(className: string, args: readonly unknown[], properties: Readonly<Record<string, unknown>>): unknown;
  names(): string[];
  /** What the text of a language gives. */
  script?(language: string, source: string): unknown;
}

/**
 * The beans that YAML and embedders name. References are `name`, `#name`, `#bean:name`, `#type:name`, `#class:java.Class` and
 * `#module:./file.mjs` (`#module:./file.mjs#export`); a module takes the place of a Java class.
 */
export class Beans {
  private readonly beans = new Map<string, unknown>();
  private readonly modules = new Map<string, unknown>();
  private readonly loaded = new Map<string, (args: readonly unknown[], properties: Readonly<Record<string, unknown>>) => unknown>();
  /** What `beans:` declared, with what it was made from: the next generation takes over what has not changed. */
  private readonly declared = new Map<string, { readonly identity: string; readonly bean: unknown; readonly destroy: (() => unknown) | null }>();
  private readonly versions = new Map<string, number>();
  /** Modules that could not be loaded: that has been complained about once, and is enough. */
  private readonly missing = new Set<string>();
  private readonly previous: Beans | null;
  private readonly factories: BeanFactories;
  private readonly locate: (name: string) => string;

  /** @param locate the path of a module's file by the name that routes have for it */
  constructor(factories: BeanFactories, locate: (name: string) => string, given: Readonly<Record<string, unknown>> = {}, previous: Beans | null = null) {
    this.factories = factories;
    this.locate = locate;
    this.previous = previous;
    for (const [name, bean] of Object.entries(given)) this.beans.set(name, bean);
  }

  get(name: string): unknown {
    return this.beans.get(name);
  }

  /** Classes that are loaded where something names them only. */
  addClasses(classes: Readonly<Record<string, (args: readonly unknown[], properties: Readonly<Record<string, unknown>>) => unknown>>): void {
    for (const [name, make] of Object.entries(classes)) this.loaded.set(name, make);
  }

  set(name: string, bean: unknown): void {
    this.beans.set(name, bean);
  }

  names(): string[] {
    return [...this.beans.keys()];
  }

  /** The bean that a reference means. Throws an Error that says what to write. */
  resolve(reference: string, kind = 'bean'): unknown {
    const text = reference.trim();
    if (text.startsWith('#module:')) return this.module(text.slice('#module:'.length));
    if (text.startsWith('#class:')) return this.create(text.slice('#class:'.length), [], {});
    const name = text.replace(/^#(bean:|type:)?/, '');
    const bean = this.beans.get(name);
    if (bean !== undefined) return bean;
    if (name.startsWith('module:')) return this.module(name.slice('module:'.length));
    const made = this.ofClass(name);
    if (made !== undefined) return made;
    const near = nearest(name, this.names());
    throw new Error(`no ${kind} named \`${name}\`${near === null ? `: declare it under \`beans:\`` : `: did you mean \`${near}\`?`}`);
  }

  /** The one instance of a class that is named in place of a bean; undefined for other names. */
  private ofClass(name: string): unknown {
    if (!this.factories.names().includes(name)) return undefined;
    const made = this.create(name, [], {});
    this.beans.set(name, made);
    return made;
  }

  private module(specifier: string): unknown {
    const [file, exported] = splitModule(specifier);
    const loaded = this.modules.get(this.path(file)) as Record<string, unknown> | undefined;
    if (loaded === undefined && this.missing.has(this.path(file))) return standIn;
    if (loaded === undefined) throw new Error(`the module \`${file}\` is not loaded`);
    const value = exported === null ? (loaded['default'] ?? loaded) : loaded[exported];
    if (value === undefined) throw new Error(`the module \`${file}\` exports no \`${exported}\`; it exports ${Object.keys(loaded).join(', ') || 'nothing'}`);
    return isClass(value) ? new (value as new () => unknown)() : value;
  }

  private path(file: string): string {
    return isAbsolute(file) ? file : resolve(this.locate(file));
  }

  /** Imports the modules that references name, before anything is compiled. A file that changed is imported again. */
  async loadModules(specifiers: Iterable<readonly [string, Span | null]>, problems: Diagnostics): Promise<void> {
    for (const [specifier, at] of specifiers) {
      const [file] = splitModule(specifier);
      const path = this.path(file);
      if (this.modules.has(path)) continue;
      try {
        const { mtimeMs } = statSync(path);
        this.versions.set(path, mtimeMs);
        this.modules.set(path, await import(`${pathToFileURL(path).href}?changed=${mtimeMs}`));
      } catch (thrown) {
        const error = thrown as NodeJS.ErrnoException;
        this.missing.add(path);
        if (error.code === 'ENOENT') {
          problems.report('M0503', `no module \`${file}\``, at, { label: 'no such file', help: `paths start at the routes' folder: is there a file ${file}?`, values: { file } });
        } else {
          problems.report('M0504', `the module \`${file}\` can't be loaded: ${error.message}`, at, { label: 'fails to load', help: `mend the module: \`node ${file}\` shows where it fails`, values: { file } });
        }
      }
    }
  }

  /** When each module that is loaded was changed last. */
  get moduleVersions(): readonly (readonly [string, number])[] {
    return [...this.versions].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Whether a module is not any more as it was when it was loaded. */
  get hasChangedModules(): boolean {
    return [...this.versions].some(([path, version]) => statSync(path, { throwIfNoEntry: false })?.mtimeMs !== version);
  }

  /** An instance of a class: a stand-in for a Java class, or a module. Throws when there is none. */
  private create(type: string, args: readonly unknown[], properties: Readonly<Record<string, unknown>>): unknown {
    const call = /^([^(]+)\((.*)\)$/s.exec(type);
    const name = (call === null ? type : call[1]!).replace(/^#class:/, '').trim();
    const given = call === null ? args : call[2]!.split(',').map((arg) => arg.trim().replace(/^(['"])(.*)\1$/s, '$2'));
    if (name.startsWith('#module:') || name.startsWith('module:')) {
      const made = this.module(name.replace(/^#?module:/, ''));
      return made;
    }
    const made = this.loaded.get(name)?.(given, properties) ?? this.factories.create(name, given, properties) ?? javaType(name)?.construct?.(...given);
    if (made === undefined) {
      const near = nearest(name, [...this.factories.names(), ...javaTypeNames()]);
      throw new Error(
        `the Java class \`${name}\` is not known here${near === null ? '' : ` (did you mean \`${near}\`?)`}: ${insteadOfComponent(name) ?? `write a JavaScript module in its place, \`type: "#module:./${(/\w+$/.exec(name)?.[0] ?? 'bean').toLowerCase()}.mjs"\``}`,
      );
    }
    return made;
  }

  /** Registers what a `beans:` element declares. */
  async declare(element: ElementModel, problems: Diagnostics): Promise<void> {
    const declaration = readDeclaration(element);
    if (declaration.name === '' || (declaration.type === '' && problems.hasErrors)) return;
    const identity = hashOf({ declaration, modules: JSON.stringify(declaration).includes('module:') ? this.moduleVersions : [] });
    const before = this.previous?.declared.get(declaration.name);
    if (before !== undefined && before.identity === identity && !refersToBeans(declaration)) {
      this.declared.set(declaration.name, before);
      this.beans.set(declaration.name, before.bean);
      return;
    }
    try {
      const bean = await this.build(declaration);
      if (declaration.initMethod !== null) await this.call(bean, declaration.initMethod, declaration.type);
      const { destroyMethod } = declaration;
      const destroy = destroyMethod === null ? null : (): unknown => (bean as Record<string, () => unknown>)[destroyMethod]?.();
      this.declared.set(declaration.name, { identity, bean, destroy });
      this.beans.set(declaration.name, bean);
    } catch (thrown) {
      // What uses it is not complained about as well.
      this.beans.set(declaration.name, standIn);
      problems.report('M0502', `can't make the bean \`${declaration.name}\`: ${(thrown as Error).message}`, element.fieldsAt['type'] ?? element.at);
    }
  }

  private async tls(given: Readonly<Record<string, unknown>>, isElement: boolean): Promise<unknown> {
    const { tlsOf } = await import('../core/beans/tlsParameters.ts');
    return tlsOf(given, isElement, (resource) => readFileSync(this.path(resource)));
  }

  /** Registers what `sslContextParameters` declares. */
  async declareTls({ fields, at }: ElementModel, problems: Diagnostics): Promise<void> {
    const id = String(fields['id'] ?? '');
    try {
      this.beans.set(id, await this.tls(fields, true));
    } catch (thrown) {
      this.beans.set(id, standIn);
      problems.report('M0502', `can't make the bean \`${id}\`: ${(thrown as Error).message}`, at);
    }
  }

  /** Another name for a bean. */
  alias(name: string, other: string, at: Span | null, problems: Diagnostics): void {
    try {
      this.beans.set(name, this.resolve(other));
    } catch (thrown) {
      this.beans.set(name, standIn);
      problems.report('M0502', `can't make the bean \`${name}\`: ${(thrown as Error).message}`, at);
    }
  }

  private call(bean: unknown, method: string, type: string): unknown {
    const run = (bean as Record<string, unknown>)[method];
    if (typeof run !== 'function') throw new Error(`\`${type}\` has no method \`${method}\``);
    return run.call(bean) as unknown;
  }

  private build(declaration: Declaration): unknown {
    const { type, properties, factoryMethod, factoryBean } = declaration;
    const constructors = declaration.constructors.map((value) => (typeof value === 'string' && /^#(bean:)?[\w-]+$/.test(value) ? this.resolve(value) : value));
    const { script, builderClass } = declaration;
    if (script !== null) {
      if (declaration.scriptLanguage === null) throw new Error('a `script` needs a `scriptLanguage`');
      if (this.factories.script === undefined) throw new Error('scripts are not possible here');
      return this.factories.script(declaration.scriptLanguage, script);
    }
    if (builderClass !== null) {
      const builder = this.create(builderClass, [], {}) as Record<string, unknown>;
      for (const [key, value] of Object.entries(properties)) {
        if (typeof builder[key] === 'function') (builder[key] as (value: unknown) => unknown)(value);
        else this.setProperties(builder, { [key]: value }, { ...declaration, type: builderClass });
      }
      return this.call(builder, declaration.builderMethod, builderClass);
    }
    if (factoryMethod !== null) {
      if (factoryBean !== null) {
        const factory = this.resolve(factoryBean) as Record<string, (...args: unknown[]) => unknown>;
        if (typeof factory[factoryMethod] !== 'function') throw new Error(`the bean \`${factoryBean}\` has no method \`${factoryMethod}\``);
        return factory[factoryMethod](...constructors);
      }
      const method = javaType(type)?.statics?.[factoryMethod];
      if (method !== undefined) return method(...constructors);
      const owner = this.create(type, [], {}) as Record<string, (...args: unknown[]) => unknown>;
      if (typeof owner[factoryMethod] !== 'function') throw new Error(`\`${type}\` has no method \`${factoryMethod}\``);
      return owner[factoryMethod](...constructors);
    }
    const bean = this.create(type, constructors, properties);
    if (typeof bean === 'object' && bean !== null) this.setProperties(bean as Record<string, unknown>, properties, declaration);
    return type.replace(/^#class:/, '') === tlsParametersClass ? this.tls(bean as Record<string, unknown>, false) : bean;
  }

  private setProperties(bean: Record<string, unknown>, properties: Readonly<Record<string, unknown>>, { name, type }: Declaration): void {
    for (const [key, value] of Object.entries(properties)) {
      const given = typeof value === 'string' && value.startsWith('#') ? this.resolve(value) : value;
      const setter = `set${key[0]!.toUpperCase()}${key.slice(1)}`;
      if (typeof bean[setter] === 'function') (bean[setter] as (value: unknown) => void)(given);
      // Java's maps take any key.
      else if (Object.getPrototypeOf(bean) === null && !(key in bean)) bean[key] = given;
      else if (key in bean || type.startsWith('#module:')) bean[key] = given;
      else if (!(this.factories.names().includes(type) && Object.hasOwn(bean, key))) {
        const near = nearest(key, Object.keys(bean));
        throw new Error(`\`${name}\` (${type}) has no property \`${key}\`${near === null ? '' : `: did you mean \`${near}\`?`}`);
      }
    }
  }

  /** Calls the destroy methods, last first, of all beans but those that `heir` has taken over. */
  async destroy(heir: Beans | null = null): Promise<void> {
    for (const [name, { bean, destroy }] of [...this.declared].reverse()) {
      this.declared.delete(name);
      if (destroy !== null && heir?.declared.get(name)?.bean !== bean) await destroy();
    }
  }
}

/** In the place of a bean that there is none of: has every method, which gives it again. */
const standIn: unknown = new Proxy((): unknown => standIn, { get: (_, name) => (name === 'then' || typeof name === 'symbol' ? undefined : standIn) });

/** Names of the beans that a bean is made from. */
const referencesOf = ({ properties, constructors, factoryBean }: Declaration): string[] => [
  ...(factoryBean === null ? [] : [factoryBean]),
  ...[...Object.values(properties), ...constructors].flatMap((value) => (typeof value === 'string' && value.startsWith('#') && !value.startsWith('#class:') ? [value.replace(/^#(?:bean:)?/, '')] : [])),
];

/** Made from other beans, which may have changed. */
const refersToBeans = (declaration: Declaration): boolean => referencesOf(declaration).length > 0;

/** Declarations of beans, each behind those that it is made from; as they were written otherwise. */
export function inOrder(elements: readonly ElementModel[]): ElementModel[] {
  const declarations = elements.map(readDeclaration);
  const ordered: ElementModel[] = [];
  const state = new Map<number, 'begun' | 'done'>();
  const visit = (index: number): void => {
    // One that is made from itself is told when it is made.
    if (state.has(index)) return;
    state.set(index, 'begun');
    for (const name of referencesOf(declarations[index]!)) {
      const other = declarations.findLastIndex((declaration) => declaration.name === name);
      if (other > index) visit(other);
    }
    state.set(index, 'done');
    ordered.push(elements[index]!);
  };
  for (let index = 0; index < elements.length; index++) visit(index);
  return ordered;
}

export const splitModule = (specifier: string): [file: string, exported: string | null] => {
  const hash = specifier.indexOf('#', 1);
  return hash < 0 ? [specifier, null] : [specifier.slice(0, hash), specifier.slice(hash + 1)];
};

const isClass = (value: unknown): boolean => typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));

function plain(value: ModelValue | undefined): unknown {
  if (value === undefined || value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => plain(item as ModelValue));
  const model = value as { type?: string; value?: unknown };
  if (model.type === 'any') return model.value;
  if (model.type === 'map') return Object.fromEntries(Object.entries((value as MapModel).entries).map(([key, item]) => [key, plain(item)]));
  return value;
}

function readDeclaration({ fields }: ElementModel): Declaration {
  const text = (name: string): string | null => (typeof fields[name] === 'string' ? fields[name] : null);
  const constructors = plain(fields['constructors']);
  return {
    name: text('name') ?? '',
    type: text('type') ?? '',
    properties: flat((plain(fields['properties']) as Record<string, unknown> | undefined) ?? {}),
    constructors: Array.isArray(constructors)
      ? constructors
      : constructors === undefined || constructors === null
        ? []
        : Object.entries(constructors)
            .sort(([a], [b]) => Number(a) - Number(b))
            .map(([, value]) => value as unknown),
    builderClass: text('builderClass'),
    builderMethod: text('builderMethod') ?? 'build',
    script: text('script'),
    scriptLanguage: text('scriptLanguage'),
    factoryMethod: text('factoryMethod'),
    factoryBean: text('factoryBean'),
    initMethod: text('initMethod'),
    destroyMethod: text('destroyMethod'),
  };
}

const flat = (properties: Record<string, unknown>): Record<string, unknown> => ({ ...properties });

/** What a bean must have to aggregate. */
export const isAggregationStrategy = (bean: unknown): bean is AggregationStrategy =>
  typeof bean === 'object' && bean !== null && typeof (bean as { aggregate?: unknown }).aggregate === 'function';

/** What stands for a component of Camel's, which a bean is there under a name of its own; null for any other class. */
function insteadOfComponent(className: string): string | null {
  const scheme = /^org\.apache\.camel\.component\.(?:\w+\.)+(\w+)Component$/.exec(className)?.[1]?.toLowerCase();
  if (scheme === undefined) return null;
  const help = insteadOfConnector(scheme);
  return help === null ? null : help.startsWith('this runtime has it') ? `write \`${scheme}:\` where its name stands, with its properties as parameters` : help;
}
