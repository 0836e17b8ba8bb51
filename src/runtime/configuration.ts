import { existsSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import type { Scalar } from 'yaml';
import { isMap, isScalar, LineCounter, parseAllDocuments, parseDocument } from 'yaml';
import type { Diagnostics, Span } from '../core/diagnostics.ts';
import { nearest, Source } from '../core/diagnostics.ts';
import { deepestYaml, tooDeepYaml } from '../core/conversion/yamlDepth.ts';
import { settingsOfProperties } from '../dsl/propertySettings.ts';
import { parseMillis } from '../dsl/scalars.ts';
import { foldersOf } from './resources.ts';

/** One setting of `mecha.yaml`: its dotted key, with what it means. `*` stands for any name. */
export interface Setting {
  readonly key: string;
  readonly kind: 'string' | 'integer' | 'boolean' | 'millis' | 'bytes' | 'list' | 'enum' | 'map';
  readonly default?: unknown;
  readonly values?: readonly string[];
  readonly description: string;
  readonly isSecret?: boolean;
  /** A reload takes a new value; without it, only the next start does. */
  readonly isLive?: boolean;
}

/** Everything that can be configured, in one place: the checks, the docs and `mecha schema --config` come from it. */
export const settings: readonly Setting[] = [
  { key: 'name', kind: 'string', default: 'mecha', description: 'Name of this runtime in logs and metrics.' },
  { key: 'routes', kind: 'list', description: 'Files, folders or globs with routes, when the command line names none.', isLive: true },
  { key: 'routeFiles.maxBytes', kind: 'bytes', default: 8 * 1024 * 1024, description: 'Size that all route files may have together. Reading takes about 0.5 s and up to 150 MB of memory a megabyte.', isLive: true },
  { key: 'kamelets', kind: 'list', description: "Folders, jars or zip archives with kamelets, such as camel-kamelets.jar; looked in after the routes' own folder `kamelets`.", isLive: true },
  { key: 'properties', kind: 'map', description: 'Values of property placeholders, such as `{{outbox}}`.', isLive: true },
  { key: 'http.host', kind: 'string', default: '127.0.0.1', description: 'Address that `platform-http:` and `rest` listen on; loopback unless another is named.' },
  { key: 'http.port', kind: 'integer', default: 8080, description: 'Port that they listen on; 0 takes any free one.' },
  { key: 'http.maxHeaderBytes', kind: 'bytes', description: 'Size that the headers of a request may have.' },
  { key: 'http.maxHeaders', kind: 'integer', description: 'Number of headers that a request may have.' },
  { key: 'http.maxConnections', kind: 'integer', description: 'Connections at once; 0 for any number.' },
  { key: 'http.maxBodyBytes', kind: 'bytes', description: 'Size that the body of a request may have.' },
  { key: 'http.maxBufferedBytes', kind: 'bytes', description: 'Size that the bodies of all requests at one address may have together while they come, wait or are handled; 503 beyond. 256 MB unless named.' },
  { key: 'http.maxInFlight', kind: 'integer', description: 'Requests that one route handles at once.' },
  { key: 'http.maxQueued', kind: 'integer', description: 'Requests that wait for their turn before 503 is answered.' },
  { key: 'http.requestTimeoutMillis', kind: 'millis', description: 'Time within which a request must have arrived whole.' },
  { key: 'http.keepAliveMillis', kind: 'millis', description: 'Time that an idle connection stays open.' },
  { key: 'http.closeTimeoutMillis', kind: 'millis', description: 'Time that connections get to finish when the listener closes.' },
  { key: 'exec.allowed', kind: 'list', description: 'Programs that `exec:` may run; none unless named.' },
  { key: 'management.enabled', kind: 'boolean', default: true, description: 'Serves /health/live, /health/ready and /metrics.' },
  { key: 'management.host', kind: 'string', description: 'Address of the management endpoints; `http.host` unless named.' },
  { key: 'management.port', kind: 'integer', description: 'Port of the management endpoints; `http.port` unless named.' },
  { key: 'admin.enabled', kind: 'boolean', default: true, description: 'Serves the admin API on a socket in the state folder.' },
  { key: 'admin.port', kind: 'integer', description: 'Serves the admin API on this port as well; needs `admin.token`.' },
  { key: 'admin.host', kind: 'string', default: '127.0.0.1', description: 'Address of that port; loopback unless another is named.' },
  { key: 'admin.token', kind: 'string', description: 'Token that the admin API asks for on its port.', isSecret: true },
  { key: 'micrologic.url', kind: 'string', description: 'The application beside this runtime, such as `http://127.0.0.1:3000`.' },
  { key: 'micrologic.readiness', kind: 'string', description: 'Path that it answers 2xx at when it is ready; without one it is taken for ready when it accepts connections.' },
  { key: 'micrologic.timeoutMillis', kind: 'millis', description: 'Time that it has for a reply; 30 s unless named.' },
  { key: 'micrologic.connectTimeoutMillis', kind: 'millis', description: 'Time for a connection; 5 s unless named.' },
  { key: 'micrologic.waitMillis', kind: 'millis', description: 'Time that a message waits for it to become ready.' },
  { key: 'micrologic.concurrency', kind: 'integer', description: 'Requests to it at once.' },
  { key: 'micrologic.maxWaiting', kind: 'integer', description: 'Messages that may wait for it to become ready.' },
  { key: 'micrologic.maxResponseBytes', kind: 'bytes', description: 'Size that a reply may have.' },
  { key: 'micrologic.headers', kind: 'string', description: 'Headers of every request: `Name: value, Name: value`, or a mapping.' },
  { key: 'micrologic.headers.*', kind: 'string', description: 'One of these headers.' },
  { key: 'micrologic.token', kind: 'string', description: 'Bearer token of every request.', isSecret: true },
  { key: 'rabbitmq.*', kind: 'string', description: 'The broker of `spring-rabbitmq:` endpoints that name none: its `url`, or `addresses`, `hostname`, `port`, `username`, `password`, `virtualHost`, `tls`.', isSecret: true },
  { key: 'state.store', kind: 'enum', values: ['lmdb', 'memory'], default: 'lmdb', description: 'Where state lives: `lmdb` survives a crash, `memory` does not.' },
  { key: 'state.path', kind: 'string', default: '.mecha', description: 'Folder of the embedded store, of its lock and of the admin socket.' },
  { key: 'deadLetters.enabled', kind: 'boolean', default: true, description: 'Keeps one-way messages that no error handler took.' },
  { key: 'deadLetters.ttl', kind: 'millis', description: 'Time after which a dead letter is forgotten; none = never.' },
  { key: 'deadLetters.limit', kind: 'integer', default: 100000, description: 'Dead letters that are kept; a message that finds no room stays with its source.', isLive: true },
  { key: 'redelivery.longestWait', kind: 'millis', description: 'Time that a message waits with its source for another attempt; one that has longer to wait is put aside in the state store, and its source is settled. A minute, five for Kafka and RabbitMQ, unless named.', isLive: true },
  { key: 'dynamicEndpoints.schemes', kind: 'list', description: 'Schemes that toD, recipientList and their like may use; all when absent.' },
  { key: 'dynamicEndpoints.hosts', kind: 'list', description: 'Hosts that they may reach; all when absent.' },
  { key: 'expressions.environment', kind: 'list', default: [], description: 'Environment variables that expressions may read with `${env.X}` and `${sysenv.X}`.' },
  { key: 'log.level', kind: 'enum', values: ['trace', 'debug', 'info', 'warn', 'error'], default: 'info', description: 'Lowest level that is logged.', isLive: true },
  { key: 'log.format', kind: 'enum', values: ['text', 'json'], description: 'Lines for people or for machines; text on a terminal, else json.' },
  { key: 'watch', kind: 'boolean', default: true, description: 'Reloads when a routes file changes.' },
  { key: 'sql.url', kind: 'string', description: 'Database of `sql:` endpoints that name no `dataSource`, such as sqlite:orders.db.' },
  { key: 'shutdownTimeout', kind: 'millis', default: 30000, description: 'Time that messages in flight get to finish when the runtime stops.', isLive: true },
];

const placeholderKey = (pattern: string): RegExp => new RegExp(`^${pattern.replace(/[.]/g, '\\.').replace(/\*/g, '.+')}$`);

const settingOf = (key: string): Setting | undefined => settings.find((setting) => setting.key === key || (setting.key.includes('*') && placeholderKey(setting.key).test(key)));

/** Configuration as it was read: settings by dotted key, and properties for placeholders. */
export interface Configuration {
  readonly settings: ReadonlyMap<string, unknown>;
  readonly properties: Readonly<Record<string, string>>;
  /** Files that it was read from. */
  readonly files: readonly string[];
  /** Properties of the command line, which nothing replaces. */
  readonly fixed: ReadonlySet<string>;
  /** The profile whose properties were looked for. */
  readonly profile: string | null;
  /** Their texts as one, to see whether something has changed. */
  readonly text: string;
  /** Where settings stand in a file. */
  readonly places: ReadonlyMap<string, Span>;
  /** Where properties of components stand in a file. */
  readonly propertyPlaces: ReadonlyMap<string, Span>;
  get(key: string): unknown;
}

export interface ConfigurationSources {
  /** Folder in which `mecha.yaml` and `application.properties` are looked for. */
  readonly folder: string;
  /** A configuration file named on the command line, in place of `mecha.yaml`. */
  readonly file?: string | null;
  /** Files, folders and globs with routes: properties beside them are read as well. Absent: what `mecha.yaml` names. */
  readonly paths?: readonly string[] | null;
  /** `MECHA_HTTP_PORT` sets `http.port`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** `--property key=value`: wins over all others. A key that is a setting sets it, too. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Settings from the command line (`--port`). */
  readonly overrides?: Readonly<Record<string, unknown>>;
  /** The text of a file, null when there is none; read from the disk when absent. */
  readonly readFile?: (path: string) => string | null;
}

/** Names the profile, as with Camel Main: `application-NAME.properties` is read besides `application.properties`, and wins. */
export const profileKey = 'camel.main.profile';

/** The file of properties that a profile has beside one without. */
const profileFile = (path: string, profile: string): string => path.replace(/\.properties$/, `-${profile}.properties`);

/** Files that the configuration is read from, whether they are there or not. */
export const configurationFiles = (folder: string, file: string | undefined, profile: string | null, paths: readonly string[] = []): string[] => [
  ...propertiesFiles(folder, paths).flatMap((path) => (profile === null || !applicationFile.test(path) ? [path] : [path, profileFile(path, profile)])),
  ...(file === undefined ? ['mecha.yaml', 'mecha.yml'].map((name) => join(folder, name)) : [resolve(folder, file)]),
];

export const isPropertiesFile = (path: string): boolean => path.endsWith('.properties');

/**
 * Files of properties, whether they are there or not: `application.properties` of the folders that the paths name or lead into (of a Maven project that in its
 * `src/main/resources`), files of properties that are named themselves, and last, as it wins, the one of the folder where Mecha is started.
 */
function propertiesFiles(folder: string, paths: readonly string[]): string[] {
  const found = [...paths, '.'].flatMap((path) => (isPropertiesFile(path) ? [resolve(folder, path)] : foldersOf(path, folder).map((place) => join(place, 'application.properties'))));
  // The last place counts where one is named twice.
  return found.filter((path, at) => found.lastIndexOf(path) === at);
}

const fromDisk = (path: string): string | null => (existsSync(path) ? readFileSync(path, 'utf8') : null);

/** Reads the configuration: files, then environment, then command line; later ones win. Problems are reported with their line. */
export function readConfiguration({ folder, file = null, paths = null, environment = {}, properties = {}, overrides = {}, readFile = fromDisk }: ConfigurationSources, problems: Diagnostics): Configuration {
  const places = new Map<string, Span>();
  const values: Values = { places, settings: new Map<string, unknown>() };
  const placeholders: Record<string, string> = {};
  const propertyPlaces = new Map<string, Span>();
  const files: string[] = [];
  const texts: string[] = [];
  const readText = (path: string): string | null => {
    const text = readFile(path);
    if (text === null) return null;
    files.push(path);
    texts.push(text);
    return text;
  };
  const candidates = file === null ? ['mecha.yaml', 'mecha.yml'].map((name) => join(folder, name)) : [isAbsolute(file) ? file : resolve(folder, file)];
  let ofYaml: Source | null = null;
  for (const path of candidates) {
    const text: string | null = ofYaml === null ? readText(path) : null;
    if (text !== null) ofYaml = new Source(path, text);
  }
  const named = paths ?? (ofYaml === null ? [] : routesIn(ofYaml));
  const takeYaml = (path: string): void => {
    for (const ending of ['.yml', '.yaml']) {
      const text = readText(path.replace(/\.properties$/, ending));
      if (text !== null) for (const [key, value] of propertiesInYaml(text)) placeholders[key] = value;
    }
  };
  const takeProperties = (path: string): boolean => {
    if (applicationFile.test(path)) takeYaml(path);
    const text = readText(path);
    if (text === null) return false;
    const source = new Source(path, text);
    for (const [key, value] of parseProperties(text)) {
      placeholders[key] = value;
      if (isPlaced(key)) propertyPlaces.set(key, lineOf(source, key));
    }
    return true;
  };
  const ofProperties = propertiesFiles(folder, named);
  for (const path of ofProperties) {
    if (!takeProperties(path) && named.some((one) => isPropertiesFile(one) && resolve(folder, one) === path)) problems.report('M0706', `no file \`${path}\``, null, { help: 'give the path of a file of properties that is there', values: { path } });
  }
  const profile = (properties[profileKey] ?? environment['MECHA_PROFILE'] ?? environment['CAMEL_MAIN_PROFILE'] ?? placeholders[profileKey] ?? '').trim();
  if (/^[\w.-]+$/.test(profile)) for (const path of ofProperties.filter((one) => applicationFile.test(one))) takeProperties(profileFile(path, profile));
  else if (profile !== '') problems.report('M0705', `\`${profileKey}\` must be a name, not \`${profile}\``, null, { help: 'write letters, digits, dots and dashes: `application-NAME.properties` is read then', docs: 'docs/configuration.md' });
  for (const [key, value] of Object.entries(placeholders)) if (key.startsWith('mecha.')) set(values, key.slice('mecha.'.length), value, null, problems);
  for (const { setting, key, value } of settingsOfProperties({ ...placeholders, ...properties })) if (!values.settings.has(setting)) set(values, setting, value, propertyPlaces.get(key) ?? null, problems, key);
  if (ofYaml !== null) readYaml(ofYaml, values, { placeholders, propertyPlaces }, problems);
  else if (file !== null) problems.report('M0701', `no configuration file \`${file}\``, null, { help: 'name one that is there with --config, or leave it out' });
  for (const { key } of settings) {
    if (key.includes('*')) continue;
    const name = `MECHA_${key.replace(/([a-z])([A-Z])/g, '$1_$2').replace(/\./g, '_').toUpperCase()}`;
    const value = environment[name];
    if (value !== undefined && value !== '') set(values, key, value, null, problems, name);
  }
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('MECHA_MICROLOGIC_') || value === undefined) continue;
    values.settings.set(`micrologic.${camelCase(name.slice('MECHA_MICROLOGIC_'.length))}`, value);
  }
  for (const [key, value] of Object.entries(properties)) {
    placeholders[key] = value;
    propertyPlaces.delete(key);
    if (settingOf(key) !== undefined && !key.startsWith('properties')) set(values, key, value, null, problems, `--property ${key}`);
  }
  for (const [key, value] of Object.entries(overrides)) if (value !== undefined) values.settings.set(key, value);
  return { settings: values.settings, properties: placeholders, fixed: new Set(Object.keys(properties)), files, profile: profile === '' ? null : profile, text: JSON.stringify([files, texts]), places, propertyPlaces, get: lookUp(values.settings) };
}

const lookUp =
  (values: ReadonlyMap<string, unknown>) =>
  (key: string): unknown =>
    values.get(key) ?? settings.find((setting) => setting.key === key)?.default ?? group(values, key);

/** Settings as they are read, with where they stand. */
interface Values {
  readonly settings: Map<string, unknown>;
  readonly places: Map<string, Span>;
}

/** What a running program makes of a configuration that was read again: settings that only a start can take stay as they are, and are complained about. */
export function liveConfiguration(current: Configuration, next: Configuration, problems: Diagnostics): Configuration {
  const effective = new Map(next.settings);
  const isEqual = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  for (const key of new Set([...current.settings.keys(), ...next.settings.keys()])) {
    if (settingOf(key)?.isLive === true || isEqual(current.get(key), next.get(key))) continue;
    const at = next.places.get(key) ?? null;
    reportLate(key, at, problems);
    if (current.settings.has(key)) effective.set(key, current.settings.get(key));
    else effective.delete(key);
  }
  return { ...next, settings: effective, properties: liveProperties(current, next, problems), get: lookUp(effective) };
}

function reportLate(key: string, at: Span | null, problems: Diagnostics): void {
  problems.report('M0711', `\`${key}\` has changed, which a running program can't take`, at, {
    severity: 'warning',
    label: 'takes effect at the next start',
    help: 'start the program again for it; everything else that has changed is taken',
    docs: 'docs/configuration.md',
  });
}

/** Endpoints that are open have been made with the options of their component. */
function liveProperties(current: Configuration, next: Configuration, problems: Diagnostics): Readonly<Record<string, string>> {
  const effective = { ...next.properties };
  for (const key of new Set([...Object.keys(current.properties), ...Object.keys(next.properties)])) {
    if (!isOfComponent(key) || current.properties[key] === next.properties[key]) continue;
    reportLate(key, next.propertyPlaces.get(key) ?? null, problems);
    const before = current.properties[key];
    if (before === undefined) delete effective[key];
    else effective[key] = before;
  }
  return effective;
}

const camelCase = (name: string): string => name.toLowerCase().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** All settings below a key as an object; undefined when there are none. */
function group(values: ReadonlyMap<string, unknown>, key: string): Record<string, unknown> | undefined {
  const found: Record<string, unknown> = {};
  for (const [name, value] of values) if (name.startsWith(`${key}.`)) found[name.slice(key.length + 1)] = value;
  return Object.keys(found).length === 0 ? undefined : found;
}

const isOfComponent = (key: string): boolean => key.startsWith('camel.component.');

/** Whether something may be said about a property itself, at the place where it stands. */
const isPlaced = (key: string): boolean => /^%?(?:camel|quarkus|spring|server|management|logging|micronaut)\b/.test(key);

const applicationFile = /(?:^|[\\/])application(?:-[\w-]+)?\.properties$/;

/** Properties of a file such as Spring and Quarkus read: keys within keys are joined by dots; a document for a profile is left out. */
export function propertiesInYaml(text: string): [string, string][] {
  return [parseAllDocuments(text, { prettyErrors: false, logLevel: 'silent' })].flat().flatMap((document) => {
    if (document.errors.length > 0) return [];
    const pairs = [...flatten(document.toJS({ maxAliasCount: 100 }) as unknown, '')];
    return pairs.some(([key]) => /^spring\.(?:config\.activate\.on-profile|profiles)$/.test(key)) ? [] : pairs;
  });
}

/** What `routes` of a configuration names, whatever else is wrong with it. */
function routesIn({ text }: Source): readonly string[] {
  if (!/^routes\b/m.test(text)) return [];
  const routes = (parseDocument(text, { prettyErrors: false, logLevel: 'silent' }).toJS({ maxAliasCount: 100 }) as { routes?: unknown } | null)?.routes;
  return Array.isArray(routes) ? routes.map(String) : typeof routes === 'string' ? routes.split(',').map((path) => path.trim()) : [];
}

/** The key of a line of a properties file: the last one counts. */
function lineOf(source: Source, key: string): Span {
  const start = [...source.text.matchAll(/^[ \t]*(\S[^=:\s]*)/gm)].filter(([, written]) => written === key).pop();
  const at = start === undefined ? 0 : start.index + start[0].length - key.length;
  return { source, start: at, end: start === undefined ? 1 : at + key.length };
}

/** Where a property stands, by its dotted name, below a node. */
function keyIn(node: unknown, name: string): [number, number] | null {
  if (!isMap(node)) return null;
  for (const { key, value } of node.items) {
    const written = isScalar(key) ? String(key.value) : '';
    if (name === written) return [(key as Scalar).range![0], (key as Scalar).range![1]];
    const found = name.startsWith(`${written}.`) ? keyIn(value, name.slice(written.length + 1)) : null;
    if (found !== null) return found;
  }
  return null;
}

function readYaml(source: Source, values: Values, { placeholders, propertyPlaces }: { readonly placeholders: Record<string, string>; readonly propertyPlaces: Map<string, Span> }, problems: Diagnostics): void {
  const depth = tooDeepYaml(source.text);
  if (depth >= 0) {
    problems.report('M0702', 'the configuration is nested too deeply', { source, start: depth, end: depth + 1 }, { help: `at most ${deepestYaml} levels may stand in each other` });
    return;
  }
  const document = parseDocument(source.text, { lineCounter: new LineCounter(), prettyErrors: false, merge: false, uniqueKeys: true });
  for (const error of document.errors) problems.report('M0702', `the configuration is no valid YAML: ${error.message}`, { source, start: error.pos[0], end: error.pos[1] }, { help: 'settings are written as `http: { port: 8080 }`, or one a line, indented by blanks' });
  if (document.errors.length > 0) return;
  const root = document.toJS({ maxAliasCount: 100 }) as unknown;
  if (root === null || root === undefined) return;
  if (typeof root !== 'object' || Array.isArray(root)) {
    problems.report('M0703', 'the configuration is no mapping', { source, start: 0, end: Math.min(source.text.length, 20) }, { help: 'write settings as `http: { port: 8080 }`' });
    return;
  }
  const at = (keys: readonly string[]) => {
    const node = document.getIn(keys, true) as { range?: [number, number, number] } | undefined;
    const [start, end] = node?.range ?? [0, 1];
    return { source, start, end };
  };
  const visit = (value: unknown, keys: readonly string[]): void => {
    const key = keys.join('.');
    if (key === 'properties' || key.startsWith('properties.')) {
      const node = document.getIn(keys, true);
      for (const [name, text] of flatten(value, '')) {
        placeholders[name] = text;
        const found = isPlaced(name) ? keyIn(node, name) : null;
        if (found !== null) propertyPlaces.set(name, { source, start: found[0], end: found[1] });
      }
      return;
    }
    const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isMapping && settingOf(key)?.kind !== 'map') {
      for (const [name, item] of Object.entries(value)) visit(item, [...keys, name]);
      return;
    }
    set(values, key, value, at(keys), problems);
  };
  for (const [name, value] of Object.entries(root)) visit(value, [name]);
}

function* flatten(value: unknown, prefix: string): Iterable<[string, string]> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [name, item] of Object.entries(value)) yield* flatten(item, prefix === '' ? name : `${prefix}.${name}`);
  } else if (value !== null && value !== undefined) yield [prefix, Array.isArray(value) ? value.join(',') : String(value)];
}

function set(values: Values, key: string, value: unknown, at: Span | null, problems: Diagnostics, origin = key): void {
  const setting = settingOf(key);
  if (setting === undefined) {
    const keys = settings.map((candidate) => candidate.key);
    // The unit that is missing at its end is nearer than any other word.
    const near = keys.find((candidate) => candidate.startsWith(key) && key.includes('.')) ?? nearest(key, keys);
    problems.report('M0704', `unknown setting \`${key}\``, at, { label: 'no such setting', help: near === null ? neighboursOf(key) : `did you mean \`${near}\`?`, docs: 'docs/configuration.md' });
    return;
  }
  const parsed = parseSetting(setting, value);
  if (parsed === undefined) {
    const wanted = setting.kind === 'enum' ? `one of ${setting.values!.join(', ')}` : { integer: 'a whole number', boolean: 'true or false', millis: 'a duration, such as 500 or 5s', bytes: 'a size, such as 1024 or 10KB', list: 'a list', map: 'a mapping', string: 'a text' }[setting.kind];
    problems.report('M0705', `\`${origin}\` must be ${wanted}, not \`${setting.isSecret === true ? '***' : String(value)}\``, at, { label: `wants ${wanted}`, docs: 'docs/configuration.md' });
    return;
  }
  values.settings.set(key, parsed);
  if (at === null) values.places.delete(key);
  else values.places.set(key, at);
}

/** What there is beside a setting that there is not. */
function neighboursOf(key: string): string {
  const section = key.slice(0, key.indexOf('.') + 1);
  const beside = section === '' ? [] : settings.filter((candidate) => candidate.key.startsWith(section)).map((candidate) => `\`${candidate.key.slice(section.length)}\``);
  return beside.length === 0 ? 'see docs/configuration.md for all settings' : `\`${section.slice(0, -1)}\` has ${beside.join(', ')}`;
}

function parseSetting(setting: Setting, value: unknown): unknown {
  const text = typeof value === 'string' ? value.trim() : value;
  switch (setting.kind) {
    case 'integer': {
      const number = typeof text === 'number' ? text : typeof text === 'string' && /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
      return Number.isSafeInteger(number) ? number : undefined;
    }
    case 'boolean':
      return typeof text === 'boolean' ? text : text === 'true' ? true : text === 'false' ? false : undefined;
    case 'millis':
      return typeof text === 'number' ? text : typeof text === 'string' ? (parseMillis(text) ?? undefined) : undefined;
    case 'bytes':
      return typeof text === 'number' ? text : typeof text === 'string' ? parseSize(text) : undefined;
    case 'enum':
      return setting.values!.find((candidate) => candidate === String(text).toLowerCase());
    case 'list':
      return Array.isArray(text) ? text.map(String) : typeof text === 'string' ? text.split(',').map((item) => item.trim()).filter((item) => item !== '') : undefined;
    case 'map':
      return typeof text === 'object' && text !== null && !Array.isArray(text) ? text : undefined;
    default:
      return typeof text === 'object' ? undefined : String(value);
  }
}

function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(B|KB|MB|GB)?$/i.exec(text);
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 }[(match[2] ?? 'B').toUpperCase() as 'B']);
}

/** Lines of a Java properties file: `key=value`, `key: value`, comments with # or !, continued with a backslash. */
export function* parseProperties(text: string): Iterable<[string, string]> {
  const lines = text.replace(/\r\n?/g, '\n').replace(/(?<!\\)((?:\\\\)*)\\\n[ \t]*/g, '$1').split('\n');
  for (const line of lines) {
    const trimmed = line.trimStart();
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith('!')) continue;
    const match = /^((?:\\.|[^\\=:\s])+)[ \t\f]*[=: \t\f]?[ \t\f]*(.*)$/s.exec(trimmed);
    if (match !== null) yield [unescapeProperty(match[1]!), unescapeProperty(match[2]!)];
  }
}

const unescapeProperty = (text: string): string =>
  text.replace(/\\(u[0-9a-fA-F]{4}|.)/g, (_, escape: string) => {
    if (escape[0] === 'u' && escape.length === 5) return String.fromCharCode(parseInt(escape.slice(1), 16));
    return { n: '\n', t: '\t', r: '\r', f: '\f' }[escape] ?? escape;
  });

export const isFolder = (path: string): boolean => {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
};
