import type { Diagnostics, Source, Span } from '../core/diagnostics.ts';
import type { YamlFile, YAMLMap, YamlNode } from './yaml.ts';
import { isMap, isSeq, scalarText } from './yaml.ts';

/** What a file itself sets: properties, and variables of the environment. Those of the runtime win over them. */
export interface FileSettings {
  readonly properties: Map<string, string>;
  readonly environment: Map<string, string>;
}

/** What a file of properties that stands beside another one says; null where there is none. */
export type PropertiesFile = (name: string) => Iterable<readonly [string, string]> | null;

/** The texts of `["a", "b"]`, or of `a,b`. */
function textList(text: string): string[] {
  try {
    const list = JSON.parse(text) as unknown;
    if (Array.isArray(list)) return list.map(String);
  } catch {
    // Not JSON: a list with commas.
  }
  return text
    .replace(/^\s*\[(.*)\]\s*$/s, '$1')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

const modeline = /^[ \t]*#+[ \t]*camel-k:[ \t]*(.*)$/gm;
const modelineOption = /(?:--)?([\w-]+)=("[^"]*"|'[^']*'|\S+)/g;

/** Options of a modeline that change nothing about how routes run. */
const harmless: ReadonlySet<string> = new Set(['language', 'name', 'dev', 'save', 'sync', 'wait', 'logs', 'compression']);

const meaning: Readonly<Record<string, string>> = {
  dependency: 'parts of Camel are built in; write classes of your own as JavaScript modules',
  dependencies: 'parts of Camel are built in; write classes of your own as JavaScript modules',
  env: 'set it in the environment of the program',
  sources: 'write what it says as YAML routes, and classes as JavaScript modules: beans of `type: "#module:./x.mjs"`',
  repositories: 'no Java libraries are loaded: take it out',
  config: 'mount the file, and read it as `{{file:...}}` or name it under `properties` of the configuration',
  resource: 'put the file beside the routes',
  property: 'mount it, and name its file under `properties` of the configuration',
  logging: 'set `log.level` in mecha.yaml, or run with `--log-level`',
  jvm: 'there is no JVM: take it out',
  quarkus: 'nothing of Quarkus is here: take it out',
  mount: 'mount the volume by the manifest of the deployment',
  configmap: 'mount it, and read it as `{{file:...}}`, or give its values in the environment',
  secret: 'mount it, and read it as `{{file:...}}`, or give its values in the environment',
};

/** Reads what Camel K's operator would have read. What makes sense without it is taken, and a warning says of the rest what to do instead. */
export class OperatorSettings {
  readonly settings: FileSettings;
  private readonly problems: Diagnostics;
  private readonly propertiesFile: PropertiesFile | null;

  /** @param around what the file says for all that it holds */
  constructor(problems: Diagnostics, around: FileSettings | null = null, propertiesFile: PropertiesFile | null = null) {
    this.problems = problems;
    this.propertiesFile = propertiesFile;
    this.settings = { properties: new Map(around?.properties), environment: new Map(around?.environment) };
  }

  /** Comments such as `# camel-k: property=greeting=hello`. */
  modelines(source: Source): void {
    if (!source.text.includes('camel-k:')) return;
    for (const line of source.text.matchAll(modeline)) {
      const from = line.index + line[0].length - line[1]!.length;
      for (const option of line[1]!.matchAll(modelineOption)) {
        const name = option[1]!;
        const start = from + option.index;
        this.modelineOption(name, option[2]!.replace(/^(["'])(.*)\1$/s, '$2'), { source, start, end: start + option[0].length });
      }
    }
  }

  private modelineOption(name: string, value: string, at: Span): void {
    if (harmless.has(name)) return;
    if (name === 'property' && value.startsWith('file:')) this.file(value.slice('file:'.length), at);
    else if (name === 'property' && !/^(?:file|secret|configmap):/.test(value)) this.assign(this.settings.properties, value, at);
    else if (name === 'env') this.assign(this.settings.environment, value, at);
    else if (name === 'trait') this.traitText(value, at);
    else this.unused(`\`${name}\` of the modeline`, name, at);
  }

  private file(name: string, at: Span): void {
    const pairs = this.propertiesFile?.(name) ?? null;
    if (pairs === null) this.problems.report('M0122', `there is no file of properties \`${name}\``, at, { severity: 'warning', label: 'not used here', help: 'put it beside the routes, or its properties into application.properties' });
    else for (const [key, value] of pairs) this.settings.properties.set(key, value);
  }

  private traitText(value: string, at: Span): void {
    const [, trait, rest] = /^(camel\.properties|environment\.vars)=(.*)$/s.exec(value) ?? [];
    if (trait === undefined) this.unused(`the trait \`${value.split('=', 1)[0]!}\``, value, at);
    else for (const item of textList(rest!)) this.assign(trait === 'camel.properties' ? this.settings.properties : this.settings.environment, item, at);
  }

  /** A file of another kind than YAML within an Integration. */
  foreignSource(name: string, at: Span): void {
    this.problems.report('M0122', `the source \`${name}\` is not YAML: it is not used`, at, { severity: 'warning', label: 'not used here', help: meaning['sources']! });
  }

  /** Traits may stand in annotations, too: `trait.camel.apache.org/environment.vars: '["A=1"]'`. */
  annotations(map: unknown, file: YamlFile): void {
    if (!isMap(map)) return;
    for (const pair of map.items) {
      const [, trait] = /^trait\.camel\.apache\.org\/(.+)$/.exec(scalarText(file.follow(pair.key)) ?? '') ?? [];
      if (trait === undefined) continue;
      const target = trait === 'camel.properties' ? this.settings.properties : trait === 'environment.vars' ? this.settings.environment : null;
      const at = file.span(pair.key);
      if (target === null) this.unused(`the trait \`${trait}\``, trait, at);
      else for (const item of textList(scalarText(file.follow(pair.value)) ?? '')) this.assign(target, item, at);
    }
  }

  /** `configuration`, `traits` and the rest beside the flows. */
  spec(spec: YAMLMap, file: YamlFile, used: readonly string[]): void {
    for (const pair of spec.items) {
      const name = scalarText(file.follow(pair.key)) ?? '';
      const value = file.follow(pair.value);
      if (used.includes(name)) continue;
      if (name === 'configuration' && isSeq(value)) for (const item of value.items) this.configuration(file.follow(item), file, file.span(item));
      else if (name === 'traits' && isMap(value)) for (const trait of value.items) this.trait(scalarText(file.follow(trait.key)) ?? '', file.follow(trait.value), file, file.span(trait.key));
      else if (name === 'integration' && isMap(value)) this.spec(value, file, []);
      else this.unused(`\`${name}\``, name, file.span(pair.key));
    }
  }

  private configuration(item: YamlNode | null, file: YamlFile, at: Span): void {
    const text = (key: string): string => scalarText(file.value(item, key)) ?? '';
    const type = text('type');
    if (type === 'property') this.assign(this.settings.properties, text('value'), at);
    else if (type === 'env') this.assign(this.settings.environment, text('value'), at);
    else this.unused(`the configuration \`${type === '' ? '?' : type}\``, type, at);
  }

  private trait(name: string, value: unknown, file: YamlFile, at: Span): void {
    const options = isMap(value) ? value.items.map((pair) => ({ key: scalarText(file.follow(pair.key)) ?? '', at: file.span(pair.key), value: file.follow(pair.value) })) : [];
    const target = name === 'camel' ? 'properties' : name === 'environment' ? 'vars' : null;
    if (target === null) {
      this.unused(`the trait \`${name}\``, name, at);
      return;
    }
    for (const option of options) {
      if (option.key === 'configuration') this.trait(name, option.value, file, option.at);
      else if (option.key !== target || !isSeq(option.value)) this.unused(`\`${option.key}\` of the trait \`${name}\``, option.key, option.at);
      else for (const item of option.value.items) this.assign(name === 'camel' ? this.settings.properties : this.settings.environment, scalarText(file.follow(item)) ?? '', file.span(item));
    }
  }

  private assign(target: Map<string, string>, text: string, at: Span): void {
    const end = text.indexOf('=');
    if (end > 0) target.set(text.slice(0, end).trim(), text.slice(end + 1).trim());
    else this.problems.report('M0122', `\`${text}\` does not say what is set to what`, at, { severity: 'warning', label: 'no `=` in it', help: 'write `name=value`' });
  }

  private unused(what: string, name: string, at: Span): void {
    this.problems.report('M0122', `${what} is for the operator of Camel K: it is not used`, at, {
      severity: 'warning',
      label: 'not used here',
      help: meaning[name] ?? meaning[name.split(/[.=]/, 1)[0]!] ?? 'say it in the manifest of the deployment, or take it out',
    });
  }
}
