import { parseAllDocuments } from 'yaml';

export interface KameletProperty {
  readonly type?: string;
  readonly default?: unknown;
  readonly example?: unknown;
  readonly enum?: readonly unknown[];
}

export interface KameletShape {
  readonly name: string;
  readonly type: 'source' | 'sink' | 'action';
  readonly required: Readonly<Record<string, KameletProperty>>;
}

interface Resource {
  readonly kind?: unknown;
  readonly metadata?: { readonly name?: unknown; readonly labels?: Readonly<Record<string, unknown>> } | null;
  readonly spec?: { readonly definition?: { readonly required?: unknown; readonly properties?: Readonly<Record<string, KameletProperty>> | null } | null; readonly template?: unknown } | null;
}

/** Whether something stands for `kamelet:source`, where messages of a sink or an action come in. */
const takesMessages = (template: unknown): boolean => /"uri":"kamelet:(?:\/\/)?source\b/.test(JSON.stringify(template) ?? '');

/** The kamelets that a text declares; nothing where it can't be read. */
export function kameletShapes(text: string): KameletShape[] {
  const roots = parseAllDocuments(text, { logLevel: 'silent', prettyErrors: false }).flatMap((document) => ('toJS' in document && document.errors.length === 0 ? [document.toJS({ maxAliasCount: 100 }) as Resource | null] : []));
  return roots.flatMap((root): KameletShape[] => {
    if (root === null || typeof root !== 'object' || root.kind !== 'Kamelet' || typeof root.metadata?.name !== 'string') return [];
    const { definition, template } = root.spec ?? {};
    const properties = definition?.properties ?? {};
    const required = Array.isArray(definition?.required) ? definition.required.map(String) : [];
    const labelled = String(root.metadata.labels?.['camel.apache.org/kamelet.type'] ?? '');
    const type = labelled === 'source' || labelled === 'sink' || labelled === 'action' ? labelled : takesMessages(template) ? 'action' : 'source';
    return [{ name: root.metadata.name, type, required: Object.fromEntries(required.map((key) => [key, properties[key] ?? {}])) }];
  });
}

/** Something to give a parameter that has no default. */
export function sampleValue(name: string, { type, example, enum: values, default: otherwise }: KameletProperty): string {
  const value = otherwise ?? values?.[0] ?? example;
  if (type === 'integer' || type === 'number') return /^\d+(\.\d+)?$/.test(String(value)) ? String(value) : '1';
  if (type === 'boolean') return String(value ?? false);
  if (value !== undefined && typeof value !== 'object') return String(value).includes('\n') ? 'x' : String(value);
  return /cron/i.test(name) ? '0 0 * * * ?' : /ur[il]$/i.test(name) ? 'http://localhost:1/x' : 'x';
}

/** A route that uses a kamelet once, with `given` and samples for what it asks for. */
export function sampleRoute({ name, type, required }: KameletShape, given: Readonly<Record<string, string>> = {}): string {
  const parameters = { ...Object.fromEntries(Object.entries(required).map(([key, property]) => [key, sampleValue(key, property)])), ...given };
  const use = { uri: `kamelet:${name}`, ...(Object.keys(parameters).length === 0 ? {} : { parameters }) };
  const route = type === 'source' ? { from: { ...use, steps: [{ to: 'mock:out' }] } } : { from: { uri: 'direct:start', steps: [{ to: use }] } };
  return `# a route for ${name}\n${JSON.stringify([route])}\n`;
}
