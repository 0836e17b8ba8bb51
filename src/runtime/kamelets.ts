import { createHash, randomUUID } from 'node:crypto';
import type { Span } from '../core/diagnostics.ts';
import { Diagnostics, nearest, Source } from '../core/diagnostics.ts';
import { isDynamicText } from '../core/graph/dynamicText.ts';
import type { KameletUse } from '../core/graph/kamelets.ts';
import { kameletUse } from '../core/graph/kamelets.ts';
import type { DocumentModel, ElementModel, EndpointModel, MapModel, ModelValue, StepModel } from '../dsl/model.ts';
import { isRouteScoped } from '../dsl/model.ts';
import type { PropertyLookup } from '../dsl/placeholders.ts';
import { fillPlaceholders } from '../dsl/placeholders.ts';
import type { Parts } from '../dsl/read.ts';
import { readDocument } from '../dsl/read.ts';
import { parseEndpoint } from '../dsl/uri.ts';
import type { KameletCatalogue } from './kameletCatalogue.ts';
import { handlerOf, isElement, textField } from './plan.ts';
import { instantiate } from './templates.ts';

export interface KameletServices {
  readonly parts: Parts;
  readonly properties: PropertyLookup;
  /** The text of a file below the routes' folder. Throws when there is none. */
  resource(uri: string): string;
  /** A kamelet that no folder of the routes has. */
  readonly catalogue?: KameletCatalogue | undefined;
  readonly problems: Diagnostics;
  /** Something else stands in the place of this endpoint. */
  isReplaced(uri: string): boolean;
  /** Uses that only a message named: their URIs. */
  readonly named?: Iterable<string>;
  /** Takes the key of each of them; null where it can't be made, with what is wrong. */
  onNamed?(uri: string, key: string | null, problems: Diagnostics): void;
}

interface Template {
  readonly element: ElementModel;
  readonly document: DocumentModel;
}

/** One use of a kamelet, as YAML wrote it. */
interface Use {
  readonly kind: KameletUse;
  readonly name: string;
  /** The id that the use gives the route; null: it gets an automatic one. */
  readonly routeId: string | null;
  readonly parameters: Readonly<Record<string, string>>;
  readonly locations: string | null;
  readonly leavesErrors: boolean;
  readonly shown: string;
  readonly at: Span;
}

/** Where a use stands: the route's id and error handler, and the kamelets around it, outermost first. */
interface Surrounding {
  readonly routeId: string | null;
  readonly errorHandler: ElementModel | 'none' | null;
  /** Names the route configurations of the route; as in Camel, a kamelet that is sent to as an endpoint has them, too, and one that is a step of its own has not. */
  readonly configurations: string | null;
  readonly kamelets: readonly string[];
}

interface Visitor {
  /** For steps whose addresses are read for each message. */
  readonly reading?: Visitor;
  /** For places where no error handler of the route applies: in a `doTry`, in the steps of `onException`. */
  readonly unhandled?: Visitor;
  endpoint(model: EndpointModel, isFrom: boolean): EndpointModel;
  step(model: StepModel): StepModel;
}

const anyKamelet = /^kamelet:(?!(?:source|sink)\/(?:to|from|step)-)/;
const end = /^kamelet:(?:\/\/)?(source|sink)(?=\?|$)/;
/** Which kamelet it is shows only when a message comes. */
const isDynamic = (uri: string): boolean => /^[^?]*\$\{/.test(uri);
/** A step that reads its address for each message finds expressions in it. */
const holdsExpressions = ({ uri, parameters }: EndpointModel): boolean => [uri, ...Object.values(parameters)].some((value) => typeof value === 'string' && isDynamicText(value));
/** No folder of one's own has so many; Camel's catalogue has more than 200. */
const manyKamelets = 100;
const plainName = /^[\w.-]+$/;

/** Puts a route in the place of every use of a kamelet, and makes both meet. Gives the documents as they are where there is none. */
export function expandKamelets(documents: readonly DocumentModel[], services: KameletServices): readonly DocumentModel[] {
  if (services.parts.connectors['kamelet'] === undefined) return documents;
  return new Kamelets(documents, services).expanded(documents);
}

class Kamelets {
  private services: KameletServices;
  private readonly templates = new Map<string, Template | null>();
  /** Keys of those that are sent to: equal uses share a route. */
  private readonly shared = new Map<string, string>();
  private readonly timesUsed = new Map<string, number>();
  private readonly handlers = new Map<ElementModel, ElementModel>();
  /** Routes that are called, and routes that feed others: the former start before, the latter after the routes of the files. */
  private readonly called: DocumentModel[] = [];
  private readonly feeding: DocumentModel[] = [];
  private count = 0;
  private isCatalogueBroken = false;

  constructor(documents: readonly DocumentModel[], services: KameletServices) {
    this.services = services;
    for (const document of documents) {
      for (const element of document.elements) if (element.name === 'routeTemplate' && !this.templates.has(textField(element, 'id') ?? '')) this.templates.set(textField(element, 'id') ?? '', { element, document });
    }
  }

  expanded(documents: readonly DocumentModel[]): readonly DocumentModel[] {
    const configurations = documents.flatMap(({ elements }) => elements.filter(({ name }) => name === 'routeConfiguration'));
    const rewrite = (make: (around: Surrounding) => Visitor, from: readonly DocumentModel[]): readonly DocumentModel[] =>
      mapped(from, (document) => {
        const elements = mapped(document.elements, (element) =>
          element.name === 'routeTemplate' ? element : rewritten(element, make({ routeId: textField(element, 'id'), errorHandler: handlerOf(element, document.elements, configurations), configurations: textField(element, 'routeConfigurationId'), kamelets: [] })),
        );
        return elements === document.elements ? document : { ...document, elements };
      });
    // As in Camel, the routes of endpoints are made, and numbered, before those of steps.
    const changed = rewrite((around) => this.steps(around), rewrite((around) => this.endpoints(around), documents));
    for (const uri of this.services.named ?? []) this.named(uri);
    return changed === documents && this.called.length === 0 ? documents : [...this.called, ...changed, ...this.feeding];
  }

  /** A use that only a message named, with no route around it. What is wrong with it is its own matter. */
  private named(uri: string): void {
    const { services } = this;
    const problems = new Diagnostics();
    const calls = this.called.length;
    const feeds = this.feeding.length;
    const source = new Source(uri.replace(/\?.*/s, ''), '');
    const at: Span = { source, start: 0, end: 0 };
    this.services = { ...services, problems };
    try {
      const use = this.useOf({ type: 'endpoint', uri, parameters: {}, at, parametersAt: {} }, 'to');
      const key = use === null ? null : this.keyOf(use, { routeId: null, errorHandler: null, configurations: null, kamelets: [] });
      if (problems.hasErrors || key === null) {
        this.called.length = calls;
        this.feeding.length = feeds;
        services.onNamed?.(uri, null, problems);
      } else services.onNamed?.(uri, key, problems);
    } finally {
      this.services = services;
    }
  }

  private endpoints(around: Surrounding): Visitor {
    let unhandled: Visitor | undefined;
    const endpoints = (inner: Surrounding): Visitor => this.endpoints(inner);
    const isKamelet = (model: EndpointModel): boolean => anyKamelet.test(model.uri) && !end.test(model.uri) && !isDynamic(model.uri) && !this.services.isReplaced(model.uri);
    const reading: Visitor = {
      // Which kamelet it is shows now, what is given to it only with a message.
      endpoint: (model) => {
        if (!holdsExpressions(model)) return isKamelet(model) ? this.endpoint(model, 'to', around) : model;
        if (isKamelet(model)) {
          const use = this.useOf(model, 'to');
          if (use !== null) this.template(use.name, use.locations, use.at);
        }
        return model;
      },
      step: (model) => model,
    };
    return {
      reading,
      endpoint: (model, isFrom) => (isKamelet(model) ? this.endpoint(model, isFrom ? 'from' : 'to', around) : model),
      step: (model) => model,
      get unhandled() {
        return around.errorHandler === 'none' ? undefined : (unhandled ??= endpoints({ ...around, errorHandler: 'none' }));
      },
    };
  }

  private steps(around: Surrounding): Visitor {
    return { endpoint: (model) => model, step: (model) => this.step(model, around) };
  }

  // ---------------------------------------------------------------- uses

  private endpoint(model: EndpointModel, kind: 'from' | 'to', around: Surrounding): EndpointModel {
    const use = this.useOf(model, kind);
    if (use === null) return model;
    const key = this.keyOf(use, around, around.configurations);
    return key === null ? model : { ...model, uri: `kamelet:${use.name}/${key}`, parameters: {}, shownAs: use.shown };
  }

  private step(model: StepModel, around: Surrounding): StepModel {
    const name = textField(model.element, 'name');
    if (name === null) return model;
    const parameters = (model.element.fields['parameters'] as MapModel | undefined)?.entries ?? {};
    const at = model.element.fieldsAt['name'] ?? model.at;
    const endpoint: EndpointModel = { type: 'endpoint', uri: `kamelet:${name}`, parameters, at, parametersAt: {} };
    const use = this.useOf(endpoint, model.element.fields['steps'] === undefined ? 'to' : 'step');
    const key = use === null ? null : this.keyOf(use, around);
    if (use === null || key === null) return model;
    const { parameters: _parameters, ...fields } = model.element.fields;
    return { ...model, description: model.description ?? `kamelet[${use.name}]`, element: { ...model.element, fields: { ...fields, name: `${use.name}/${key}` } } };
  }

  private useOf(model: EndpointModel, kind: KameletUse): Use | null {
    const resolved = parseEndpoint(model, this.services.parts.connectors, this.services.problems);
    if (resolved === null) return null;
    const { options, rest, uri } = resolved.endpoint;
    const given = new URLSearchParams(uri.slice(uri.indexOf('?') + 1));
    const name = String(options['templateId']);
    const parameters: Record<string, string> = { ...rest };
    // A parameter of the template may have the name of an option of the endpoint.
    for (const parameter of parameterNames(this.template(name, textOption(options['location']), model.at)?.element)) {
      const value = given.get(parameter);
      if (uri.includes('?') && value !== null) parameters[parameter] ??= value;
    }
    return { kind, name, routeId: textOption(options['routeId']), parameters, locations: textOption(options['location']), leavesErrors: options['noErrorHandler'] === true, shown: resolved.endpoint.shownUri, at: model.at };
  }

  /** The key of a use, whose route is there then; null when the problems say why there is none. */
  private keyOf(use: Use, around: Surrounding, configurations: string | null = null): string | null {
    const template = this.template(use.name, use.locations, use.at);
    if (template === null) return null;
    const { kamelets } = around;
    if (kamelets.includes(use.name)) {
      const circle = [...kamelets.slice(kamelets.indexOf(use.name)), use.name].map((name) => `\`${name}\``).join(' → ');
      this.services.problems.report('M0608', `the kamelet \`${use.name}\` leads back to itself: ${circle}`, use.at, { label: 'closes the circle', help: 'take one of these uses out' });
      return null;
    }
    const identity = createHash('sha256').update(JSON.stringify([use.name, use.routeId, Object.entries(use.parameters).sort(([a], [b]) => (a < b ? -1 : 1)), ...(use.leavesErrors ? ['leaves errors'] : [])])).digest('hex').slice(0, 12);
    const known = use.kind === 'to' ? this.shared.get(identity) : undefined;
    if (known !== undefined) return known;
    const { routeId, elements } = this.made(template, use, around);
    const { kind } = use;
    const times = this.timesUsed.get(`${kind}-${identity}`) ?? 0;
    this.timesUsed.set(`${kind}-${identity}`, times + 1);
    const key = `${kind}-${identity}${times === 0 ? '' : `-${times}`}`;
    if (kind === 'to') this.shared.set(identity, key);
    const leavesErrors = use.leavesErrors || this.services.properties.get('camel.component.kamelet.noErrorHandler') === 'true';
    const errorHandler = leavesErrors || around.errorHandler === 'none' ? noErrorHandler(use.at) : this.handler(around);
    const inner: Surrounding = { routeId, errorHandler, configurations, kamelets: [...kamelets, use.name] };
    const document = this.tied(template, elements, key, inner, errorHandler);
    (use.kind === 'from' ? this.feeding : this.called).push(document);
    return key;
  }

  /** The error handler around, whose own kamelets have none. */
  private handler({ errorHandler, routeId }: Surrounding): ElementModel | null {
    if (errorHandler === null || errorHandler === 'none') return null;
    const known = this.handlers.get(errorHandler);
    if (known !== undefined) return known;
    const expanded = rewritten(errorHandler, this.endpoints({ routeId, errorHandler: 'none', configurations: null, kamelets: [] }));
    this.handlers.set(errorHandler, expanded).set(expanded, expanded);
    return expanded;
  }

  // ---------------------------------------------------------------- routes

  /** The beans and the route of one use, as the template has them. */
  private made({ element }: Template, use: Use, around: Surrounding): { routeId: string; elements: readonly ElementModel[] } {
    const { problems, properties } = this.services;
    const number = ++this.count;
    const routeId = use.routeId ?? `${use.name}-${number}`;
    const values: Record<string, string> = { templateId: use.name, routeId, uuid: randomUUID().slice(0, 8) };
    if (around.routeId !== null) values['parentRouteId'] = around.routeId;
    for (const name of parameterNames(element)) {
      const set = (use.routeId === null ? undefined : properties.get(`camel.kamelet.${use.name}.${use.routeId}.${name}`)) ?? properties.get(`camel.kamelet.${use.name}.${name}`);
      if (set !== undefined) values[name] = set;
    }
    Object.assign(values, use.parameters);
    const parameters = Object.entries(values).map(([name, value]): ElementModel => ({ type: 'element', name: 'parameters', fields: { name, value }, at: use.at, fieldsAt: {} }));
    const wanted: ElementModel = { type: 'element', name: 'kamelet', fields: { routeTemplateRef: use.name, routeId, parameters }, at: use.at, fieldsAt: {} };
    return { routeId, elements: instantiate(wanted, new Map([[use.name, element]]), properties, problems, number) };
  }

  /**
   * The same with the ends of the route tied to the use, and the kamelets that it uses itself expanded. As in Camel it has the error handler of the route that
   * uses it, whatever the template says, but not the `onException` of a file.
   */
  private tied({ document }: Template, elements: readonly ElementModel[], key: string, inner: Surrounding, errorHandler: ElementModel | null): DocumentModel {
    const routes = elements.map((element) => {
      if (element.name !== 'route') return element;
      const sink = `kamelet://sink?routeId=${inner.routeId}`;
      const hasSink = usesSink(element);
      // As in Camel, a template that does not say where its sink is has it behind its last step.
      const whole = hasSink || kameletUse(key) === 'to' ? element : this.withSink(element);
      const ends = rewritten(whole, { endpoint: (model) => tiedEnd(model, key, sink), step: (model) => model });
      const made = withErrorHandler(rewritten(rewritten(ends, this.endpoints(inner)), this.steps(inner)), errorHandler);
      const { configurations } = inner;
      return { ...made, fields: configurations === null ? made.fields : { routeConfigurationId: configurations, ...made.fields }, isOfKamelet: true as const, ...(hasSink || whole !== element ? {} : { sink }) };
    });
    return { file: document.file, elements: routes };
  }

  private withSink(route: ElementModel): ElementModel {
    const definition = this.services.parts.eips['to'];
    const { from } = route.fields;
    if (definition === undefined || !isElement(from)) return route;
    const { at } = from;
    const uri = { type: 'endpoint', uri: 'kamelet:sink', parameters: {}, at, parametersAt: {} } as unknown as ModelValue;
    const step: StepModel = { type: 'step', kind: 'to', definition, id: null, isDisabled: false, description: null, element: { type: 'element', name: 'to', fields: { uri }, at, fieldsAt: {} }, at, isImplied: true };
    return { ...route, fields: { ...route.fields, from: { ...from, fields: { ...from.fields, steps: [...stepsOf(from), step as unknown as ModelValue] } } } };
  }

  // ---------------------------------------------------------------- templates

  private template(name: string, locations: string | null, at: Span): Template | null {
    const known = this.templates.get(name);
    if (known !== undefined) return known;
    const found = plainName.test(name) ? this.load(name, locations) : null;
    this.templates.set(name, found);
    if (found === null) {
      const near = nearest(name, [...[...this.templates].filter(([, template]) => template !== null).map(([id]) => id), ...(this.isCatalogueBroken ? [] : (this.services.catalogue?.names() ?? []))]);
      this.services.problems.report('M0606', `no kamelet \`${name}\``, at, {
        label: 'no such kamelet',
        help: near === null ? `declare it as a \`routeTemplate\` with this id, or as a file kamelets/${name}.kamelet.yaml${!this.isCatalogueBroken && !this.hasCamelsOwn() && /-(?:source|sink|action)$/.test(name) ? "; for one of Camel's own give its catalogue: `--kamelets camel-kamelets.jar`" : ''}` : `did you mean \`${near}\`?`,
      });
    }
    return found;
  }

  /** Whether the catalogue is Camel's, or as large, and not a folder of one's own. */
  private hasCamelsOwn(): boolean {
    return !this.isCatalogueBroken && (this.services.catalogue?.names().length ?? 0) >= manyKamelets;
  }

  /** Reads `NAME.kamelet.yaml` from the first folder that has it. */
  private load(name: string, locations: string | null): Template | null {
    const { properties } = this.services;
    const folders = (fillPlaceholders(locations ?? properties.get('camel.component.kamelet.location') ?? '', properties) || 'classpath:kamelets').split(',').map((folder) => folder.trim());
    for (const folder of folders) {
      const file = `${folder.replace(/\/$/, '')}/${name}.kamelet.yaml`;
      let text: string;
      try {
        text = this.services.resource(file);
      } catch {
        continue;
      }
      const found = this.read(name, file.replace(/^(file|classpath):(\/\/)?/, ''), text);
      if (found !== null) return found;
    }
    const published = this.published(name);
    return published === null ? null : this.read(name, published.file, published.text);
  }

  private published(name: string): { readonly file: string; readonly text: string } | null {
    const { catalogue, problems } = this.services;
    if (catalogue === undefined || this.isCatalogueBroken) return null;
    try {
      return catalogue.find(name);
    } catch (thrown) {
      this.isCatalogueBroken = true;
      problems.report('M0613', (thrown as Error).message, null, { help: 'set `kamelets` to folders, jars or zip archives with files NAME.kamelet.yaml' });
      return null;
    }
  }

  private read(name: string, file: string, text: string): Template | null {
    const { properties, parts, problems } = this.services;
    const document = readDocument(new Source(file, text), parts, { properties }, problems);
    const element = document.elements.find((one) => one.name === 'routeTemplate' && textField(one, 'id') === name);
    return element === undefined ? null : { element, document };
  }
}

const textOption = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

const parameterNames = (template: ElementModel | undefined): string[] => {
  const list = template?.fields['parameters'];
  return Array.isArray(list) ? (list as readonly ModelValue[]).filter(isElement).map((parameter) => textField(parameter, 'name') ?? '') : [];
};

/** Whether a route says `kamelet:sink` anywhere. */
function usesSink(route: ElementModel): boolean {
  let uses = false;
  rewritten(route, {
    endpoint: (model) => {
      uses ||= end.exec(model.uri)?.[1] === 'sink';
      return model;
    },
    step: (model) => model,
  });
  return uses;
}

/** The ends of a template's own route, for one use. */
const tiedEnd = (model: EndpointModel, key: string, sink: string): EndpointModel => {
  const found = end.exec(model.uri);
  return found === null ? model : { ...model, uri: `kamelet:${found[1]}/${key}${model.uri.slice(found[0].length)}`, ...(found[1] === 'sink' ? { shownAs: sink } : {}) };
};

const stepsOf = ({ fields: { steps } }: ElementModel): readonly ModelValue[] => (Array.isArray(steps) ? (steps as readonly ModelValue[]) : []);

const noErrorHandler = (at: Span): ElementModel => {
  const none: ElementModel = { type: 'element', name: 'noErrorHandler', fields: {}, at, fieldsAt: {} };
  return { type: 'element', name: 'errorHandler', fields: { noErrorHandler: none }, at, fieldsAt: {} };
};

const withErrorHandler = (route: ElementModel, errorHandler: ElementModel | null): ElementModel => {
  const { errorHandler: _errorHandler, errorHandlerRef: _errorHandlerRef, ...fields } = route.fields;
  return { ...route, fields: errorHandler === null ? fields : { ...fields, errorHandler } };
};

// -------------------------------------------------------------------- trees

/** A list with `change` applied; the same list when nothing changed. */
function mapped<T>(list: readonly T[], change: (item: T) => T): readonly T[] {
  let copy: T[] | null = null;
  for (let i = 0; i < list.length; i++) {
    const item = change(list[i]!);
    if (item === list[i]) continue;
    copy ??= list.slice();
    copy[i] = item;
  }
  return copy ?? list;
}

function mappedRecord(record: Readonly<Record<string, ModelValue>>, change: (value: ModelValue) => ModelValue): Readonly<Record<string, ModelValue>> {
  let copy: Record<string, ModelValue> | null = null;
  for (const [key, value] of Object.entries(record)) {
    const item = change(value);
    if (item !== value) (copy ??= { ...record })[key] = item;
  }
  return copy ?? record;
}

const isStep = (value: ModelValue): value is StepModel & ModelValue => typeof value === 'object' && value !== null && !Array.isArray(value) && (value as { type: string }).type === 'step';

/** A `kamelet` step without steps of its own has all that follows it in its list for nested steps, as in Camel: it runs where the template says `kamelet:sink`. */
function nested(list: readonly ModelValue[]): readonly ModelValue[] {
  const at = list.findIndex((item) => isStep(item) && item.kind === 'kamelet' && !item.isDisabled && item.element.fields['steps'] === undefined);
  if (at < 0) return list;
  const rest = list.slice(at + 1);
  const steps = rest.filter((item) => isStep(item) && !isRouteScoped(item.kind));
  if (steps.length === 0) return list;
  const step = list[at] as unknown as StepModel;
  const around = { ...step, element: { ...step.element, fields: { ...step.element.fields, steps } } } as unknown as ModelValue;
  return [...list.slice(0, at), around, ...rest.filter((item) => !steps.includes(item))];
}

/** Elements of files and route configurations whose steps have no error handler. */
const unhandledElements: ReadonlySet<string> = new Set(['onException', 'onCompletion', 'intercept', 'interceptFrom', 'interceptSendToEndpoint']);

/** An element with every endpoint and every kamelet step replaced by what the visitor gives for it. */
function rewritten(element: ElementModel, around: Visitor): ElementModel {
  const isFrom = element.name === 'from';
  const visitor = unhandledElements.has(element.name) ? (around.unhandled ?? around) : around;
  const fields = mappedRecord(element.fields, (value) => rewrittenValue(value, visitor, isFrom));
  return fields === element.fields ? element : { ...element, fields };
}

function rewrittenValue(value: ModelValue, visitor: Visitor, isFrom: boolean): ModelValue {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return mapped(nested(value as readonly ModelValue[]), (item) => rewrittenValue(item, visitor, false));
  const model = value as { type: string };
  switch (model.type) {
    case 'endpoint':
      return visitor.endpoint(value as EndpointModel, isFrom);
    case 'element':
      return rewritten(value as ElementModel, visitor);
    case 'map': {
      const entries = mappedRecord((value as MapModel).entries, (item) => rewrittenValue(item, visitor, false));
      return entries === (value as MapModel).entries ? value : { ...(value as MapModel), entries };
    }
    case 'step': {
      const step = value as unknown as StepModel;
      if (step.isDisabled) return value;
      const around = step.definition.errorHandling?.children === 'none' ? (visitor.unhandled ?? visitor) : visitor;
      const element = rewritten(step.element, step.definition.readsAddresses === true ? (around.reading ?? around) : around);
      const inner = element === step.element ? step : { ...step, element };
      return (inner.kind === 'kamelet' ? visitor.step(inner) : inner) as unknown as ModelValue;
    }
    default:
      return value;
  }
}
