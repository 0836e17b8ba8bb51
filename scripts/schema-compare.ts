/**
 * Compares `mecha schema` with Camel's own schema of the YAML DSL: `npx tsx scripts/schema-compare.ts camelYamlDsl.json [--count N] [--seed N] [--kamelets JAR] [--cases FOLDER] [--record]`.
 * `--record` keeps the documents (but for the kamelets) with Camel's verdicts for a test. Documents are the case files, the kamelets of a jar, and random ones: made from Camel's schema, and broken in one place.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ajv4 from 'ajv-draft-04';
import { parse } from 'yaml';
import { unzipped, zipEntries } from '../src/core/conversion/zip.ts';
import type { Verdict } from '../test/dsl/schemaVerdicts.ts';
import { accepts, reasonOf, signatureOf, writeVerdicts } from '../test/dsl/schemaVerdicts.ts';
import { randomFrom } from '../test/random.ts';

type Json = Record<string, unknown>;

const args = process.argv.slice(2);
const option = (name: string, otherwise: string): string => (args.includes(`--${name}`) ? args[args.indexOf(`--${name}`) + 1]! : otherwise);
const camel = JSON.parse(readFileSync(args[0]!, 'utf8')) as Json;
const items = camel['items'] as Json;
const definitions = items['definitions'] as Record<string, Json>;

const camelAjv = new ajv4.default({ strict: false, allErrors: false, validateFormats: false });
const acceptsInCamel = camelAjv.compile({ ...camel, $schema: undefined } as Json);
const verdicts: Verdict[] = [];

// ------------------------------------------------------------------- random documents

const random = randomFrom(Number(option('seed', '1')));
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

const resolve = (schema: Json): Json => {
  let found = schema;
  while (typeof found['$ref'] === 'string') found = definitions[(found['$ref']).split('/').pop()!]!;
  return found;
};

/** A value that a schema may take; shallower the deeper it is. */
function make(given: Json, depth: number): unknown {
  const schema = resolve(given);
  if (Array.isArray(schema['enum'])) return pick(schema['enum'] as unknown[]);
  const alternatives = (schema['oneOf'] ?? schema['anyOf']) as Json[] | undefined;
  const type = schema['type'] as string | undefined;
  if (alternatives !== undefined && schema['properties'] === undefined) return make(pick(alternatives), depth);
  if (type === 'object' || schema['properties'] !== undefined) {
    const properties = (schema['properties'] ?? {}) as Record<string, Json>;
    const value: Json = {};
    let required = [...((schema['required'] as string[] | undefined) ?? [])];
    // One form of those that a mapping may have.
    const more = [schema['anyOf'], schema['oneOf']].flatMap((list) => (Array.isArray(list) ? [pick(list as Json[])] : []));
    const all: Record<string, Json> = { ...properties };
    for (let form of more) {
      form = resolve(form);
      const inner = (form['oneOf'] ?? form['anyOf']) as Json[] | undefined;
      if (inner !== undefined && form['properties'] === undefined) form = resolve(pick(inner));
      const nested = (form['oneOf'] ?? form['anyOf']) as Json[] | undefined;
      if (nested !== undefined && form['properties'] === undefined) form = resolve(pick(nested));
      required = [...required, ...((form['required'] as string[] | undefined) ?? [])];
      Object.assign(all, form['properties'] ?? {});
    }
    const optional = Object.keys(all).filter((key) => !required.includes(key));
    const isChoice = schema['maxProperties'] === 1;
    const chosen = isChoice ? [pick(Object.keys(all))] : [...required, ...optional.filter(() => random() < (depth > 4 ? 0.05 : 0.25))];
    for (const key of chosen) if (all[key] !== undefined) value[key] = make(all[key]!, depth + 1);
    if (Object.keys(all).length === 0 && schema['additionalProperties'] !== false) value['key'] = 'value';
    return value;
  }
  switch (type) {
    case 'array': {
      const item = schema['items'] as Json | undefined;
      const count = depth > 6 ? 0 : Math.floor(random() * 2.5);
      return item === undefined ? [] : Array.from({ length: count }, () => make(item, depth + 1));
    }
    case 'boolean':
      return random() < 0.5;
    case 'integer':
      return Math.floor(random() * 10) + 1;
    case 'number':
      return random() < 0.5 ? 2 : 1.5;
    case 'string':
      return pick(['direct:a', 'text', '{{key}}', '5', 'true']);
    default:
      return 'text';
  }
}

/** Something in a value changed: a key renamed or dropped, a value of another type. */
function broken(value: unknown): unknown {
  const copy = structuredClone(value);
  const places: { parent: Json | unknown[]; key: string | number }[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Array.isArray(node) ? node.keys() : Object.keys(node)) {
      places.push({ parent: node as Json, key });
      visit((node as Json)[key as string]);
    }
  };
  visit(copy);
  if (places.length === 0) return 5;
  const { parent, key } = pick(places);
  const record = parent as Json;
  const name = String(key);
  switch (Math.floor(random() * 4)) {
    case 0:
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else {
        record[`${name}X`] = record[name];
        delete record[name];
      }
      break;
    case 1:
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete record[name];
      break;
    case 2:
      record[name] = typeof record[name] === 'object' ? 'text' : { nested: 'mapping' };
      break;
    default:
      record[name] = typeof record[name] === 'object' ? 7 : ['list'];
  }
  return copy;
}

// ------------------------------------------------------------------- comparison

interface Cluster {
  count: number;
  example: string;
}
const clusters = new Map<string, Cluster>();
const totals = new Map<string, { documents: number; same: number; explained: number }>();

/** The document with numbers and booleans written as Camel's schema wants them: its loader takes them either way, as ours does. */
function withPlainScalars(document: unknown): unknown {
  const copy = structuredClone(document);
  for (let i = 0; i < 200 && acceptsInCamel(copy) !== true; i++) {
    const error = acceptsInCamel.errors!.find(({ keyword, params }) => keyword === 'type' && ['string', 'boolean', 'number', 'integer'].includes(String((params as { type: unknown }).type)));
    if (error === undefined) return copy;
    const path = error.instancePath.split('/').slice(1);
    const last = path.pop();
    const parent = path.reduce<unknown>((node, key) => (node as Json)[key.replace(/~1/g, '/').replace(/~0/g, '~')], copy) as Json;
    if (last === undefined || typeof parent[last] === 'object') return copy;
    const wanted = String((error.params as { type: unknown }).type);
    const value = wanted === 'string' ? String(parent[last]) : wanted === 'boolean' ? true : 1;
    if (parent[last] === value) return copy;
    parent[last] = value;
  }
  return copy;
}

function compare(kind: string, document: unknown): void {
  const total = totals.get(kind) ?? { documents: 0, same: 0, explained: 0 };
  totals.set(kind, total);
  total.documents++;
  const inCamel = acceptsInCamel(document) === true;
  const verdict: Verdict = { kind, document, inCamel, withPlainScalars: inCamel || acceptsInCamel(withPlainScalars(document)) === true, complaint: null };
  if (!inCamel) {
    acceptsInCamel(document);
    verdict.complaint = signatureOf(acceptsInCamel.errors!);
  }
  verdicts.push(verdict);
  const here = accepts(document);
  if (inCamel === (here === null)) {
    total.same++;
    return;
  }
  if (reasonOf(verdict, here) !== null) {
    total.explained++;
    return;
  }
  const key = `${inCamel ? 'only Camel accepts' : 'only ours accepts'}: ${inCamel ? here : verdict.complaint}`;
  const cluster = clusters.get(key) ?? { count: 0, example: JSON.stringify(document).slice(0, 300) };
  cluster.count++;
  clusters.set(key, cluster);
}

const root = fileURLToPath(new URL('..', import.meta.url));
for (const folder of [join(root, 'test/compat/cases'), ...(args.includes('--cases') ? [option('cases', '')] : [])]) {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.yaml'))) {
    let routes: unknown;
    try {
      routes = (parse(readFileSync(join(folder, name), 'utf8'), { merge: true, maxAliasCount: 100 }) as Json)['routes'];
    } catch {
      continue;
    }
    if (Array.isArray(routes)) compare('cases', routes);
  }
}
if (args.includes('--kamelets')) {
  const archive = readFileSync(option('kamelets', ''));
  for (const entry of zipEntries(archive).filter(({ name }) => name.endsWith('.kamelet.yaml'))) {
    const { metadata, spec } = parse(unzipped(archive, entry, -1).toString()) as { metadata: Json; spec: { template: Json } };
    compare('kamelets', [{ routeTemplate: { id: metadata['name'], ...spec.template } }]);
  }
}
const count = Number(option('count', '2000'));
let made = 0;
for (let i = 0; i < count * 20 && made < count; i++) {
  const document = [make(items, 0)];
  if (!acceptsInCamel(document)) continue;
  made++;
  compare('random, valid', document);
  compare('random, broken', broken(document));
}

for (const [kind, { documents, same, explained }] of totals) process.stdout.write(`${kind}: ${same} of ${documents} alike, ${explained} differ for a known reason, ${documents - same - explained} differ\n`);
for (const [key, { count: times, example }] of [...clusters].sort(([, a], [, b]) => b.count - a.count).slice(0, Number(option('show', '40')))) process.stdout.write(`${times} x ${key}\n      ${example}\n`);
if (args.includes('--record')) writeVerdicts(verdicts.filter(({ kind }) => kind !== 'kamelets'));
process.exit(0);
