/**
 * `CAMEL_REFERENCE=folder npm run measure:options` finds for each option of Camel's patterns a case in which another value of it changes Camel's answer, and
 * writes what it found to test/compat/options.yaml: the case, where in it the option stands, and the other value. It needs Camel's catalogue (eips.json), its
 * YAML schema (camelYamlDsl.json) and a program that answers case files (oracle/oracle) in that folder; nothing else here does.
 *
 * What is known already is only asked again with `--all`. `--keep DIR` keeps the changed cases with Camel's answers there; `--here` runs them here, too,
 * and prints where we disagree.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { compare } from '../test/compat/compare.mjs';
import { runAll } from '../test/compat/files.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Map_ = Record<string, Json>;

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

interface Model {
  readonly name: string;
  readonly javaType: string;
  readonly label?: string;
  readonly options: readonly { readonly name: string; readonly type: string; readonly kind?: string; readonly required?: boolean; readonly enum?: readonly string[]; readonly oneOf?: string | readonly string[] }[];
}

interface Use {
  readonly option: string;
  readonly case: string;
  readonly path: readonly (string | number)[];
}

interface Found {
  readonly case: string;
  readonly at: string;
  readonly other: Json;
}

const reference = process.env['CAMEL_REFERENCE'];
if (reference === undefined) throw new Error('CAMEL_REFERENCE must name the folder with eips.json, camelYamlDsl.json and oracle/');
const flags = process.argv.slice(2);
const flag = (name: string): string | undefined => (flags.includes(name) ? flags[flags.indexOf(name) + 1] : undefined);
const root = fileURLToPath(new URL('..', import.meta.url));
const casesFolder = join(root, 'test/compat/cases');
const target = join(root, 'test/compat/options.yaml');

const catalogue = JSON.parse(readFileSync(join(reference, 'eips.json'), 'utf8')) as { sets: Record<string, string[]>; eips: Model[] };
const schema = (JSON.parse(readFileSync(join(reference, 'camelYamlDsl.json'), 'utf8')) as { items: Schema & { definitions: Record<string, Schema> } }).items;
const byClass = new Map(catalogue.eips.map((model) => [model.javaType, model]));
const byName = new Map(catalogue.eips.map((model) => [model.name, model]));

// ---------------------------------------------------------------------------------------------------------------- the language

const special: Readonly<Record<string, string>> = {
  'org.apache.camel.dsl.yaml.deserializers.OutputAwareFromDefinition': 'from',
  'org.apache.camel.dsl.yaml.deserializers.RouteFromDefinitionDeserializer': 'from',
  'org.apache.camel.dsl.yaml.deserializers.ErrorHandlerDeserializer': 'errorHandler',
  'org.apache.camel.dsl.yaml.deserializers.DataFormatsDefinitionDeserializer': 'dataFormats',
};

const definitionOf = (ref: string): string => ref.replace('#/items/definitions/', '');
const modelOf = (definition: string): Model | undefined => byName.get(special[definition] ?? '') ?? byClass.get(definition);

/** All properties of a schema node, with those of its alternatives. */
function propertiesOf(node: Schema, into: Record<string, Schema> = {}): Record<string, Schema> {
  for (const part of [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])]) propertiesOf(part, into);
  if (node.$ref !== undefined) propertiesOf(schema.definitions[definitionOf(node.$ref)]!, into);
  for (const [name, property] of Object.entries(node.properties ?? {})) if (into[name] === undefined || Object.keys(into[name]).length === 0) into[name] = property;
  return into;
}

const common = new Set(['id', 'note', 'description', 'disabled']);

/** Verbs of REST have the same options; those of `get` stand for all. */
const verbs = new Set(['delete', 'get', 'head', 'patch', 'post', 'put']);
/** What YAML calls otherwise than the catalogue. */
const renamed: Readonly<Record<string, string>> = { 'routeTemplate.parameters': 'templateParameter', 'routeTemplate.beans': 'templateBean', 'templatedRoute.parameters': 'parameter', 'templatedRoute.beans': 'bean' };

/** The option that a key of an element stands for. */
function optionOf(model: Model, written: string): string | null {
  const key = renamed[`${model.name}.${written}`] ?? written;
  if (verbs.has(model.name) && model.name !== 'get') return optionOf(byName.get('get')!, written);
  if (common.has(key) && !model.options.some(({ name }) => name === key)) return `common.${key}`;
  if (model.options.some(({ name }) => name === key)) return `${model.name}.${key}`;
  if (key === 'steps') return model.name === 'from' ? 'route.outputs' : model.options.some(({ name }) => name === 'outputs') ? `${model.name}.outputs` : null;
  if (key === 'from' && model.name === 'route') return 'route.input';
  for (const { name, oneOf } of model.options) {
    const keys = typeof oneOf === 'string' ? catalogue.sets[oneOf.slice(1)]! : (oneOf ?? []);
    if (keys.includes(key)) return `${model.name}.${name}`;
  }
  const expression = model.options.find(({ name, kind }) => name === 'expression' || kind === 'expression');
  if (catalogue.sets['expressions']!.includes(key) && expression !== undefined) return `${model.name}.${expression.name}`;
  return null;
}

/** The options that YAML can write at all. */
function writable(): Set<string> {
  const options = new Set<string>();
  const seen = new Set<Schema>();
  const visit = (node: Schema, owner: Model | undefined): void => {
    if (node.$ref !== undefined) {
      const definition = definitionOf(node.$ref);
      if (/\.(language|dataformat)\.(?!DataFormatsDefinition|CustomDataFormat)/.test(definition)) return;
      return visit(schema.definitions[definition]!, modelOf(definition) ?? owner);
    }
    if (seen.has(node)) return;
    seen.add(node);
    for (const part of [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])]) visit(part, owner);
    if (node.items !== undefined) visit(node.items, owner);
    for (const [key, property] of Object.entries(node.properties ?? {})) {
      const option = owner === undefined ? null : optionOf(owner, key);
      if (option !== null) options.add(option);
      visit(property, undefined);
    }
  };
  visit({ properties: schema.properties! }, undefined);
  return options;
}

/** Which options a document uses, and where. */
function usesIn(name: string, routes: Json): Use[] {
  const uses: Use[] = [];
  const visit = (value: Json, node: Schema, model: Model | undefined, path: readonly (string | number)[]): void => {
    if (node.$ref !== undefined) {
      const definition = definitionOf(node.$ref);
      return visit(value, schema.definitions[definition]!, modelOf(definition) ?? undefined, path);
    }
    if (Array.isArray(value)) {
      const items = node.items ?? [...(node.oneOf ?? []), ...(node.anyOf ?? [])].find((part) => part.items !== undefined)?.items;
      if (items !== undefined) value.forEach((item, i) => visit(item, items, undefined, [...path, i]));
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    const properties = propertiesOf(node);
    for (const [key, item] of Object.entries(value)) {
      const option = model === undefined ? null : optionOf(model, key);
      if (option !== null) uses.push({ option, case: name, path: [...path, key] });
      const property = properties[key];
      if (property !== undefined) visit(item, property, undefined, [...path, key]);
    }
  };
  if (Array.isArray(routes)) routes.forEach((element, i) => visit(element, { properties: schema.properties! }, undefined, [i]));
  return uses;
}

// ---------------------------------------------------------------------------------------------------------------- other values

const absent = Symbol('absent');

const at = (document: Json, path: readonly (string | number)[]): Json => path.reduce<Json>((value, key) => (value as Map_)[key]!, document);

function otherValues(use: Use, value: Json): (Json | typeof absent)[] {
  const [element, name] = use.option.split('.') as [string, string];
  const option = byName.get(element)?.options.find((candidate) => candidate.name === name);
  const key = String(use.path.at(-1));
  const others: (Json | typeof absent)[] = [];
  if (name === 'disabled' || option?.type === 'boolean' || value === true || value === false) others.push(String(value) !== 'true');
  if (option?.enum !== undefined) others.push(...option.enum.filter((other) => other.toLowerCase() !== String(value).toLowerCase()).slice(0, 4));
  if (option?.type === 'integer' || option?.type === 'number' || option?.type === 'duration' || typeof value === 'number') {
    const number = typeof value === 'number' ? value : Number(/^\d+/.exec(String(value))?.[0]);
    if (Number.isFinite(number)) others.push(number + 1, number * 20, Math.floor(number / 20), 0, number - 1);
  }
  if (catalogue.sets['expressions']!.includes(key) || key === 'expression') others.push(...(key === 'expression' ? [{ constant: 'other' }, { constant: 'true' }, { constant: 'false' }] : key === 'simple' || key === 'constant' ? ['false', 'true', 'other', '1'] : []));
  if (option === undefined || !option.required) others.push(absent);
  if (typeof value === 'string' && others.length < 3) others.push(/^(direct|seda|mock|log|timer|file|bean|language|ref):/.test(value) ? 'mock:other' : `${value}Other`);
  if (key === 'type' || key === 'beanType') others.push('String', 'int', 'java.util.ArrayList');
  if (name === 'exception' || key === 'exceptionType') others.push(Array.isArray(value) ? ['java.lang.UnsupportedOperationException'] : 'java.lang.UnsupportedOperationException');
  if (use.option === 'from.uri') others.push('direct:other');
  if (key === 'steps') others.push([{ setBody: { constant: 'other' } }]);
  if (Array.isArray(value) && value.length > 0) others.push(value.slice(1), value.slice(0, -1));
  if (name === 'onWhen' || (option?.type === 'object' && (name.endsWith('Predicate') || name.endsWith('Expression') || name === 'handled' || name === 'continued'))) others.push({ constant: 'false' }, { constant: 'true' });
  return others;
}

function changed(spec: Map_, use: Use, other: Json | typeof absent): Map_ {
  const copy = structuredClone(spec);
  const owner = at(copy['routes']!, use.path.slice(0, -1)) as Map_;
  if (other === absent) delete owner[use.path.at(-1) as string];
  else owner[use.path.at(-1) as string] = other;
  return copy;
}

// ---------------------------------------------------------------------------------------------------------------- asking

/** Asks for the answers that are not there yet. Of a case that could not be run there is none, or one that says so. */
const answers = (folder: string): Promise<void> =>
  new Promise((resolve) => {
    const files = readdirSync(folder).filter((name) => name.endsWith('.yaml') && !existsSync(join(folder, name.replace('.yaml', '.expected.json')))).map((name) => join(folder, name));
    if (files.length === 0) return resolve();
    execFile(join(reference, 'oracle/oracle'), ['--write', '--jobs', flag('--jobs') ?? '3', ...files], { maxBuffer: 1 << 28 }, () => resolve());
  });

const read = (file: string): Json => (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Json) : { oracleError: 'no answer' });

const only = flag('--only');
const onlyCases = flag('--cases');
const options = writable();
const names = readdirSync(casesFolder).filter((name) => name.endsWith('.yaml')).sort();
const specs = new Map<string, Map_>();
const uses = new Map<string, Use[]>();
for (const name of names) {
  const text = readFileSync(join(casesFolder, name), 'utf8');
  const spec = parse(text, { merge: false, logLevel: 'silent' }) as Map_;
  const expected = read(join(casesFolder, name.replace('.yaml', '.expected.json'))) as Map_;
  if (expected['startupError'] !== null || expected['oracleError'] !== undefined) continue;
  if (typeof spec['routes'] === 'string') {
    try {
      spec['routes'] = parse(spec['routes'], { merge: false, logLevel: 'silent' }) as Json;
    } catch {
      continue;
    }
  }
  specs.set(name, spec);
  for (const use of usesIn(name, spec['routes'] ?? null)) {
    const list = uses.get(use.option) ?? [];
    list.push(use);
    uses.set(use.option, list);
  }
}

const before = existsSync(target) ? ((parse(readFileSync(target, 'utf8')) as { options: Record<string, Found | null> }).options ?? {}) : {};
const pathText = (path: readonly (string | number)[]): string => path.join('.');
const stillThere = (option: string, found: Found | null | undefined): boolean => found !== null && found !== undefined && (uses.get(option) ?? []).some((use) => use.case === found.case && pathText(use.path) === found.at);

const found = new Map<string, Found>();
for (const option of options) if (!flags.includes('--all') && stillThere(option, before[option])) found.set(option, before[option]!);

interface Variant {
  readonly file: string;
  readonly use: Use;
  readonly other: Json | typeof absent;
}

/** A value that does not start is the last resort. */
const refused = new Map<string, Found>();
const kept = flag('--keep');
if (!flags.includes('--list')) {
  const perRound = 3;
  for (let round = 0; round < Number(flag('--rounds') ?? 4); round++) {
    const folder = kept === undefined ? mkdtempSync(join(tmpdir(), 'options-')) : join(kept, `round${round}`);
    mkdirSync(folder, { recursive: true });
    const variants: Variant[] = [];
    for (const option of options) {
      if ((found.has(option) && !flags.includes('--again')) || (only !== undefined && !option.startsWith(only))) continue;
      const all = (uses.get(option) ?? []).filter((use) => onlyCases === undefined || use.case.includes(onlyCases));
      for (const use of all.slice(round * perRound, (round + 1) * perRound)) {
        const spec = specs.get(use.case)!;
        for (const other of otherValues(use, at(spec['routes']!, use.path))) {
          const file = `${basename(use.case, '.yaml')}--${String(variants.length).padStart(4, '0')}.yaml`;
          writeFileSync(join(folder, file), `# ${option} at ${pathText(use.path)}: ${other === absent ? 'absent' : JSON.stringify(other)}\n${stringify(changed(spec, use, other), { aliasDuplicateObjects: false, lineWidth: 0 })}`);
          variants.push({ file, use, other });
        }
      }
    }
    if (variants.length === 0) break;
    console.error(`round ${round + 1}: ${variants.length} changed cases`);
    await answers(folder);
    for (const { file, use, other } of variants) {
      const answer = read(join(folder, file.replace('.yaml', '.expected.json'))) as Map_;
      if (found.has(use.option) || answer['oracleError'] !== undefined) continue;
      if (answer['startupError'] !== null) {
        if (!refused.has(use.option)) refused.set(use.option, { case: use.case, at: pathText(use.path), other: other === absent ? null : other });
        continue;
      }
      const expected = read(join(casesFolder, use.case.replace('.yaml', '.expected.json')));
      const { differences } = compare(expected, answer, readFileSync(join(casesFolder, use.case), 'utf8'));
      if (differences.length > 0) found.set(use.option, { case: use.case, at: pathText(use.path), other: other === absent ? null : other });
    }
    if (flags.includes('--here')) {
      await runAll(
        variants.map(({ file }) => join(folder, file)),
        3,
        (answer) => {
          const file = String(answer['case']);
          const expected = read(join(folder, file.replace('.yaml', '.expected.json'))) as Map_;
          if (expected['oracleError'] !== undefined) return;
          const text = readFileSync(join(folder, file), 'utf8');
          const { differences } = compare(expected, JSON.parse(JSON.stringify(answer)), text);
          if (answer['oracleError'] === undefined && differences.length === 0) return;
          console.log(`here differs: ${file} ${text.slice(0, text.indexOf('\n'))} ${String(answer['oracleError'] ?? '')}`);
          for (const { path, expected: camel, actual } of differences.slice(0, 4)) console.log(`    ${path}\n      Camel: ${JSON.stringify(camel)?.slice(0, 300)}\n      here:  ${JSON.stringify(actual)?.slice(0, 300)}`);
        },
      );
    }
    if (kept === undefined) rmSync(folder, { recursive: true });
  }
}

for (const [option, other] of refused) if (!found.has(option)) found.set(option, other);

const sorted = [...options].sort();
const unwritable = catalogue.eips.flatMap((model) => model.options.map(({ name }) => `${model.name}.${name}`).filter((option) => !options.has(option))).sort();
writeFileSync(
  target,
  `# Generated by scripts/measure-options.ts. The options of Camel's patterns that YAML can write, each with a case in which another value changes Camel's
# answer: the case, where the option stands in its routes, and the other value (null: without it). Null: there is no such case.
${stringify({ options: Object.fromEntries(sorted.map((option) => [option, found.get(option) ?? null])), notInYaml: unwritable }, { lineWidth: 0 })}`,
);
const missing = sorted.filter((option) => !found.has(option));
console.log(`${found.size} of ${sorted.length} options have a case`);
console.log(missing.map((option) => `${option}${uses.has(option) ? ' (used)' : ''}`).join('\n'));
process.exit(0);
