import type { Diagnostics } from '../core/diagnostics.ts';
import { nearest } from '../core/diagnostics.ts';
import type { DocumentModel, ElementModel, ModelValue, TemplateModel } from '../dsl/model.ts';
import type { PropertyLookup } from '../dsl/placeholders.ts';
import { withProperties } from '../dsl/placeholders.ts';
import { isElement, textField } from './plan.ts';

const isTemplate = (value: ModelValue | undefined): value is TemplateModel => typeof value === 'object' && value !== null && (value as { type?: string }).type === 'template';

const elementList = (value: ModelValue | undefined): ElementModel[] => (Array.isArray(value) ? (value as readonly ModelValue[]).filter(isElement) : []);

const dashed = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();

/**
 * What a `choice` decides when the route is made sees the parameters as properties, as in Camel: `${properties:flag:true}`. Later there are none of
 * them any more.
 */
function withParametersInPreconditions(value: unknown, parameters: Readonly<Record<string, string>>, isDecided = false): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => withParametersInPreconditions(item, parameters, isDecided));
  const model = value as { readonly type?: string; readonly kind?: string; readonly source?: string; readonly fields?: Readonly<Record<string, unknown>>; readonly element?: ElementModel } | null;
  if (typeof model !== 'object' || model === null) return value;
  if (model.type === 'expression' && isDecided && model.source !== undefined) {
    const source = model.source.replace(/\$\{properties:([\w.-]+)(?::[^{}]*)?\}/g, (whole, name: string) => parameters[name] ?? whole);
    return source === model.source ? value : { ...model, source, sourceAt: null };
  }
  if (model.type === 'step' && model.element !== undefined) return { ...model, element: withParametersInPreconditions(model.element, parameters, model.kind === 'choice' && model.element.fields['precondition'] === true) };
  if (model.type !== 'element' || model.fields === undefined) return value;
  return { ...model, fields: Object.fromEntries(Object.entries(model.fields).map(([name, field]) => [name, withParametersInPreconditions(field, parameters, isDecided && name !== 'steps')])) };
}

/** `my-param` and `myParam` are one name, as in Camel. */
function byOtherSpelling(given: ReadonlyMap<string, string>, name: string): string | undefined {
  const wanted = dashed(name);
  for (const [other, value] of given) if (dashed(other) === wanted) return value;
  return undefined;
}

/** Fills in the parameters of a template: given ones over defaults. Reports those that are missing, and then gives null. */
function parametersOf(template: ElementModel, use: ElementModel, problems: Diagnostics): Record<string, string> | null {
  const given = new Map(elementList(use.fields['parameters']).map((element) => [textField(element, 'name') ?? '', textField(element, 'value') ?? ''] as const));
  const values: Record<string, string> = {};
  const missing: string[] = [];
  for (const parameter of elementList(template.fields['parameters'])) {
    const name = textField(parameter, 'name') ?? '';
    const value = given.get(name) ?? byOtherSpelling(given, name) ?? textField(parameter, 'defaultValue');
    if (value !== null && value !== undefined) values[name] = value;
    else if (parameter.fields['required'] !== false) missing.push(name);
  }
  for (const [name, value] of given) values[name] ??= value;
  if (missing.length > 0) {
    const misspelt = missing.length === 1 ? elementList(use.fields['parameters']).find((element) => nearest(textField(element, 'name') ?? '', missing) !== null) : undefined;
    problems.report('M0607', `the ${use.name === 'kamelet' ? 'kamelet' : 'template'} \`${textField(template, 'id')}\` needs ${missing.map((name) => `\`${name}\``).join(', ')}`, misspelt?.fieldsAt['name'] ?? use.at, {
      label: misspelt === undefined ? 'parameter missing' : 'no parameter of it',
      help: misspelt !== undefined ? `did you mean \`${missing[0]}\`?` : `add to parameters: ${missing.map((name) => `{ name: ${name}, value: ... }`).join(', ')}`,
    });
    return null;
  }
  return values;
}

/** Puts a route in the place of every `templatedRoute`, and the beans of its template beside it. */
export function expandTemplates(documents: readonly DocumentModel[], properties: PropertyLookup, problems: Diagnostics): readonly DocumentModel[] {
  if (!documents.some(({ elements }) => elements.some(({ name }) => name === 'templatedRoute'))) return documents;
  const templates = new Map<string, ElementModel>();
  for (const { elements } of documents) for (const element of elements) if (element.name === 'routeTemplate' && !templates.has(textField(element, 'id') ?? '')) templates.set(textField(element, 'id') ?? '', element);
  let count = 0;
  return documents.map((document) => ({
    ...document,
    elements: document.elements.flatMap((element) => (element.name === 'templatedRoute' ? instantiate(element, templates, properties, problems, ++count).map(templated) : [element])),
  }));
}

const templated = (element: ElementModel): ElementModel => (element.name === 'route' ? { ...element, isTemplated: true } : element);

/** The route that `use` (a `templatedRoute`, or a use of a kamelet) makes from its template, the template's beans before it. */
export function instantiate(use: ElementModel, templates: ReadonlyMap<string, ElementModel>, properties: PropertyLookup, problems: Diagnostics, count: number): ElementModel[] {
  const reference = textField(use, 'routeTemplateRef') ?? '';
  const template = templates.get(reference);
  if (template === undefined) {
    const near = nearest(reference, templates.keys());
    problems.report('M0606', `no route template \`${reference}\``, use.fieldsAt['routeTemplateRef'] ?? use.at, {
      label: 'no such template',
      help: near === null ? 'declare it as a `routeTemplate` with this id' : `did you mean \`${near}\`?`,
    });
    return [];
  }
  const values = parametersOf(template, use, problems);
  if (values === null) return [];
  const beanSources = [template.fields['beans'], use.fields['beans']];
  // Beans of a template belong to one route: each gets a name of its own, which stands for the plain one in the route.
  const named = new Map<string, string>();
  for (const source of beanSources) {
    const list = isTemplate(source) ? source.read(withProperties(properties, values), problems) : source;
    for (const bean of elementList(list ?? undefined)) {
      const name = textField(bean, 'name') ?? '';
      named.set(name, `${name}-${reference}-${count}`);
    }
  }
  const lookup = withProperties(properties, { ...values, ...Object.fromEntries(named) });
  const beans = beanSources.flatMap((source) => {
    const list = isTemplate(source) ? source.read(lookup, problems) : source;
    return elementList(list ?? undefined).map((bean): ElementModel => ({ ...bean, name: 'bean', fields: { ...bean.fields, name: named.get(textField(bean, 'name') ?? '') ?? '' } }));
  });
  const part = template.fields['route'] ?? template.fields['from'];
  const filled = isTemplate(part) ? part.read(lookup, problems) : part;
  if (filled === undefined || filled === null || !isElement(filled)) return [];
  const read = withParametersInPreconditions(filled, values) as ElementModel;
  const own = template.fields['route'] !== undefined ? read.fields : { from: read };
  const id = textField(use, 'routeId');
  const prefix = textField(use, 'prefixId') ?? '';
  const group = textField(use, 'group');
  const fields: Record<string, ModelValue> = { ...own };
  // As in Camel, an id in the template counts for nothing: it would be that of each of its routes.
  if (id !== null) fields['id'] = id;
  else delete fields['id'];
  if (prefix !== '') fields['nodePrefixId'] = prefix + (typeof own['nodePrefixId'] === 'string' ? own['nodePrefixId'] : '');
  if (group !== null) fields['group'] = group;
  const route: ElementModel = { type: 'element', name: 'route', fields, at: use.at, fieldsAt: { id: use.fieldsAt['routeId'] ?? use.at } };
  if (beans.length === 0) return [route];
  return [{ type: 'element', name: 'beans', fields: { beans }, at: use.at, fieldsAt: {} }, route];
}
