import type { Diagnostics, Span } from '../core/diagnostics.ts';
import { Source } from '../core/diagnostics.ts';
import type { Fields } from '../core/field.ts';
import { camelSteps, camelTopLevel } from './camelNames.ts';
import { ElementReader } from './elementReader.ts';
import { elements, elementsByName } from './elements/index.ts';
import { asListEntry, moveEntry } from './fixes.ts';
import { camelCase } from './mainProperties.ts';
import type { DocumentModel, ElementDefinition, ElementModel, EndpointModel, ModelValue, StepModel } from './model.ts';
import { OperatorSettings, type PropertiesFile } from './operatorSettings.ts';
import type { Parts } from './parts.ts';
import { resolveRef } from './pipeRefs.ts';
import type { PropertyLookup } from './placeholders.ts';
import { withFileSettings } from './placeholders.ts';
import type { Owner } from './textReader.ts';
import type { Pair, YamlFile, YamlNode, YAMLMap } from './yaml.ts';
import { isEmptyNode, isMap, isSeq, parseManifest, parseYaml, scalarText } from './yaml.ts';

export type { Parts } from './parts.ts';

export interface ReadOptions {
  readonly properties: PropertyLookup;
  /** Files of properties that the file names; absent: there are none. */
  readonly propertiesFile?: PropertiesFile;
}

/** Reads a file: YAML to checked model. All that is wrong is reported; what is right is in the model. */
export function readDocument(source: Source, parts: Parts, { properties, propertiesFile }: ReadOptions, problems: Diagnostics): DocumentModel {
  const files = parseManifest(source, problems);
  if (files === null) return { file: source.file, elements: [] };
  const ofFile = new OperatorSettings(problems, null, propertiesFile);
  ofFile.modelines(source);
  const elements: ElementModel[] = [];
  const set = new Map(ofFile.settings.properties);
  for (const { file, root, isOneOfSeveral } of files.flatMap((one) => resourcesOf(one, files.length > 1))) {
    const operator = new OperatorSettings(problems, ofFile.settings);
    operatorSpec(file, root, operator);
    const { settings } = operator;
    const own = settings.properties.size + settings.environment.size === 0 ? properties : withFileSettings(properties, settings);
    elements.push(...new DocumentReader(file, parts, own, problems, false).document(root, isOneOfSeveral));
    for (const [key, value] of settings.properties) set.set(key, value);
  }
  return set.size === 0 ? { file: source.file, elements } : { file: source.file, elements, properties: set };
}

/** What a file holds: itself, or the resources of a list. */
function resourcesOf(file: YamlFile, isOneOfSeveral: boolean): { readonly file: YamlFile; readonly root: YamlNode | null; readonly isOneOfSeveral: boolean }[] {
  const items = /^\w*List$/.test(scalarText(file.value(file.root, 'kind')) ?? '') ? file.value(file.root, 'items') : null;
  return isSeq(items) ? items.items.map((item) => ({ file, root: file.follow(item), isOneOfSeveral: true })) : [{ file, root: file.root, isOneOfSeveral }];
}

/** Reads a file that is one mapping with these fields (a test file); placeholders that have no value stay as they are. Null: the problems say why. */
export function readMapping(source: Source, name: string, fields: Fields, parts: Parts, { properties }: ReadOptions, docs: string, problems: Diagnostics): ElementModel | null {
  const file = parseYaml(source, problems);
  return file === null ? null : new MappingReader(file, parts, properties, problems, true).mappingOf(name, fields, docs);
}

const pipeHandlers = ['none', 'log', 'sink'];

/** Where a Pipe leads; `eventType`: the type of the CloudEvents that are sent there, null where it takes any message. */
interface PipeEnd {
  readonly endpoint: EndpointModel;
  readonly eventType: string | null;
  /** Data types of what comes in and goes out. */
  readonly types: { readonly in?: string; readonly out?: string };
}

/** What resources of Camel K say beside their routes. */
const routesOfSpec: Readonly<Record<string, readonly string[]>> = {
  Integration: ['flows', 'flow', 'sources'],
  Pipe: ['source', 'steps', 'sink', 'errorHandler'],
  KameletBinding: ['source', 'steps', 'sink', 'errorHandler'],
};

function operatorSpec(file: YamlFile, root: YamlNode | null, operator: OperatorSettings): void {
  const used = routesOfSpec[scalarText(file.value(root, 'kind')) ?? ''];
  const spec = file.value(root, 'spec');
  operator.annotations(file.value(file.value(root, 'metadata'), 'annotations'), file);
  if (used === undefined || !isMap(spec)) return;
  operator.spec(spec, file, used);
  for (const { source, isYaml, name, at } of sourcesOf(file, file.value(spec, 'sources'))) {
    if (isYaml) operator.modelines(source);
    else operator.foreignSource(name, at);
  }
}

/** The files that an Integration carries with it. */
function sourcesOf(file: YamlFile, list: YamlNode | null): { name: string; at: Span; source: Source; isYaml: boolean }[] {
  if (!isSeq(list)) return [];
  return list.items.map((item) => {
    const map = file.follow(item);
    const text = (key: string): string | null => scalarText(file.value(map, key));
    const name = text('name') ?? 'source';
    const content = text('content');
    const isYaml = content !== null && text('compression') !== 'true' && (text('language') === 'yaml' || /\.ya?ml$/.test(name));
    return { name, at: file.span(item), source: new Source(`${file.source.file}/${name}`, content ?? ''), isYaml };
  });
}

class MappingReader extends ElementReader {
  mappingOf(name: string, fields: Fields, docs: string): ElementModel | null {
    const { root, source } = this.file;
    return this.element({ name, at: { source, start: 0, end: 1 }, docs }, fields, null, root, false);
  }
}

/** Reads a whole file: a list of elements, or a resource of Camel K. */
class DocumentReader extends ElementReader {
  /** @param isOneOfSeveral others stand beside it: what is no resource of Camel's is for Kubernetes alone */
  document(root = this.file.root, isOneOfSeveral = false): ElementModel[] {
    if (root === null || isEmptyNode(root)) {
      this.problems.report('M0104', 'the file has no routes', { source: this.file.source, start: 0, end: 1 }, { help: 'write a list of elements: `- from: { uri: ..., steps: [...] }`' });
      return [];
    }
    if (isSeq(root)) return this.elementList(root.items);
    if (isMap(root) && this.pair(root, 'kind') !== null) return this.resource(root, isOneOfSeveral);
    this.notAList(root);
    return [];
  }

  /** Camel ignores such a file: so do we, but not silently. */
  private notAList(root: YamlNode): void {
    const version = isMap(root) ? this.pair(root, 'apiVersion') : null;
    if (version !== null && /^camel\.apache\.org\//.test(scalarText(this.file.follow(version.value)) ?? '')) {
      this.problems.report('M0113', 'the resource has no `kind`', this.file.span(version.key), { help: 'write one below `apiVersion`: `kind: Integration`, `Pipe` or `Kamelet`' });
      return;
    }
    const first = isMap(root) ? root.items[0] : undefined;
    const name = first === undefined ? null : scalarText(this.file.follow(first.key));
    this.problems.report('M0105', 'the file is not a list of elements: nothing in it is used', this.file.span(first?.key ?? root), {
      severity: 'warning',
      label: isMap(root) ? 'a mapping' : 'a text',
      help: name !== null && (Object.hasOwn(elements, name) || name === 'from') ? `put \`- \` before \`${name}\`, and indent the lines below it` : 'start each element with `- `, such as `- route:`',
      fix: name !== null && (Object.hasOwn(elements, name) || name === 'from') ? asListEntry(this.file, root, this.file.span(first!.key)) : null,
    });
  }

  private elementList(items: readonly unknown[]): ElementModel[] {
    const found: ElementModel[] = [];
    let route: ElementModel | null = null;
    for (const item of items) {
      const model = this.topLevel(this.file.follow(item), item);
      if (model === null) continue;
      found.push(model);
      if (model.name === 'route') route ??= model;
      else if (route !== null && elementsByName[model.name]!.isBeforeRoutes === true) {
        this.problems.report('M0605', `\`${model.name}\` stands after a route`, model.at, {
          label: 'too late',
          help: `move it before the first route, in line ${route.at.source.position(route.at.start).line}`,
          fix: moveEntry(this.file.span(item), route.at),
          docs: `docs/route/${model.name}.md`,
        });
      }
    }
    return found;
  }

  private topLevel(node: YamlNode | null, written: unknown): ElementModel | null {
    const pair = this.singleKey(node, written, 'element', (name) => Object.hasOwn(elements, name));
    if (pair === null) return null;
    const name = scalarText(this.file.follow(pair.key))!;
    const keyAt = this.file.span(pair.key);
    const definition = Object.hasOwn(elements, name) ? elementsByName[name] : undefined;
    if (definition === undefined) {
      // Camel reads steps at the top level and does nothing with them.
      if (Object.hasOwn(this.parts.eips, name) || camelSteps.has(name)) {
        this.problems.report('M0112', `the step \`${name}\` stands outside of a route: it is not used`, keyAt, { severity: 'warning', help: 'indent it below the `steps` of a route' });
        return null;
      }
      if (camelTopLevel.has(name)) {
        this.problems.report('M0112', `\`${name}\` does nothing on the top level: it is not used`, keyAt, { severity: 'warning', help: 'take it out' });
        return null;
      }
      this.unknownName('M0201', name, keyAt, `there is no element \`${name}\``, Object.keys(elements), 'an element of a file is one of');
      return null;
    }
    return this.topLevelElement(definition, pair, keyAt);
  }

  private topLevelElement(definition: ElementDefinition, pair: Pair, keyAt: Span): ElementModel | null {
    const model = this.element({ name: definition.name, at: keyAt, docs: `docs/route/${definition.name}.md` }, definition.options, definition.shorthand ?? null, pair.value, false, definition.templates);
    if (model === null || definition.name !== 'from') return model;
    return { type: 'element', name: 'route', fields: { from: model }, at: keyAt, fieldsAt: { from: keyAt } };
  }

  // ---------------------------------------------------------------- resources of Camel K

  private resource(root: YAMLMap, isOneOfSeveral: boolean): ElementModel[] {
    const kindNode = this.file.follow(this.pair(root, 'kind')!.value);
    const kind = scalarText(kindNode) ?? '';
    const spec = this.mapping(this.pair(root, 'spec')?.value);
    const kindAt = this.file.span(kindNode);
    const metadata = this.mapping(this.pair(root, 'metadata')?.value);
    const name = metadata === null ? null : this.plainText(this.pair(metadata, 'name')?.value);
    switch (kind) {
      case 'Integration': {
        const flows = spec === null ? null : this.file.follow(this.pair(spec, 'flows')?.value ?? this.pair(spec, 'flow')?.value);
        const sources = sourcesOf(this.file, spec === null ? null : this.file.follow(this.pair(spec, 'sources')?.value));
        if (!isSeq(flows) && sources.length === 0) {
          this.problems.report('M0113', 'the Integration has no flows', kindAt, { help: 'write the routes as a list under `spec.flows`' });
          return [];
        }
        return [...sources.flatMap(({ source, isYaml }) => (isYaml ? this.carried(source) : [])), ...(isSeq(flows) ? this.elementList(flows.items) : [])];
      }
      case 'Kamelet':
        return this.kamelet(spec, name, kindAt);
      case 'Pipe':
      case 'KameletBinding':
        return this.pipe(spec, name, kindAt);
      default:
        if (isOneOfSeveral) {
          if (kind === 'ConfigMap' || kind === 'Secret') this.problems.report('M0122', `the ${kind} \`${name ?? ''}\` is for Kubernetes: it is not used`, kindAt, { severity: 'warning', label: 'not used here', help: 'mount it, and read it as `{{file:...}}`, or put its values into application.properties' });
          return [];
        }
        this.unknownName('M0113', kind, kindAt, `a resource of kind \`${kind}\` can not be run`, ['Integration', 'Kamelet', 'Pipe', 'KameletBinding'], 'the kinds that can be run are');
        return [];
    }
  }

  /** The elements of a file within the file. */
  private carried(source: Source): ElementModel[] {
    const file = parseYaml(source, this.problems);
    return file === null ? [] : new DocumentReader(file, this.parts, this.properties, this.problems, false).document();
  }

  /** A kamelet is a route template whose id is the resource's name. */
  private kamelet(spec: YAMLMap | null, name: string | null, kindAt: Span): ElementModel[] {
    const template = spec === null ? null : this.mapping(this.pair(spec, 'template')?.value);
    if (name === null || template === null) {
      this.problems.report('M0113', `the Kamelet has no \`${name === null ? 'metadata.name' : 'spec.template'}\``, kindAt, { help: 'a Kamelet has `metadata.name`, `spec.definition` and `spec.template`' });
      return [];
    }
    const definition = this.mapping(this.pair(spec!, 'definition')?.value);
    const required = new Set(this.texts(definition === null ? null : this.pair(definition, 'required')?.value));
    const properties = definition === null ? null : this.mapping(this.pair(definition, 'properties')?.value);
    const parameters: ElementModel[] = [];
    for (const pair of properties?.items ?? []) {
      const key = scalarText(this.file.follow(pair.key)) ?? '';
      const property = this.mapping(pair.value);
      const defaultValue = property === null ? null : this.plainText(this.pair(property, 'default')?.value);
      const at = this.file.span(pair.key);
      const fields: Record<string, ModelValue> = { name: key, required: required.has(key) && defaultValue === null };
      if (defaultValue !== null) fields['defaultValue'] = defaultValue;
      parameters.push({ type: 'element', name: 'parameters', fields, at, fieldsAt: {} });
    }
    const { routeTemplate } = elements;
    const owner: Owner = { name: 'template', at: kindAt, docs: 'docs/route/routeTemplate.md' };
    const { id: _id, parameters: _parameters, description: _description, note: _note, ...templateFields } = routeTemplate.options;
    const model = this.element(owner, templateFields, null, template, false, routeTemplate.templates);
    if (model === null) return [];
    return [{ ...model, name: 'routeTemplate', fields: { ...model.fields, id: name, parameters, isKamelet: true } }];
  }

  /** A pipe is a route: source, steps, sink. */
  private pipe(spec: YAMLMap | null, name: string | null, kindAt: Span): ElementModel[] {
    const source = spec === null ? null : this.pipeEnd(spec, 'source', kindAt);
    const sink = spec === null ? null : this.pipeEnd(spec, 'sink', kindAt);
    const stepsNode = spec === null ? null : this.file.follow(this.pair(spec, 'steps')?.value);
    const between = isSeq(stepsNode) ? stepsNode.items.map((item) => this.pipeEndpoint(this.file.follow(item), 'a step of the Pipe', this.file.span(item))) : [];
    const errorHandler = spec === null ? null : this.mapping(this.pair(spec, 'errorHandler')?.value);
    const handler = errorHandler === null ? null : this.pipeErrorHandler(errorHandler);
    if (source === null || sink === null) {
      if (spec === null) this.problems.report('M0113', 'the Pipe has no `spec`', kindAt, { help: 'a Pipe has `spec.source` and `spec.sink`' });
      return [];
    }
    const steps = [
      ...this.pipeTypes(source.types.out ?? source.types.in, source.endpoint.at),
      ...between.flatMap((end) => (end === null ? [] : [...this.pipeTypes(end.types.in, end.endpoint.at), ...this.pipeSteps(end, name ?? 'pipe'), ...this.pipeTypes(end.types.out, end.endpoint.at)])),
      ...this.pipeTypes(sink.types.in, sink.endpoint.at),
      ...this.pipeSteps(sink, name ?? 'pipe'),
    ];
    const from: ElementModel = { type: 'element', name: 'from', fields: { uri: source.endpoint, steps }, at: source.endpoint.at, fieldsAt: { uri: source.endpoint.at } };
    const fields: Record<string, ModelValue> = { from };
    if (name !== null) fields['id'] = name;
    if (handler !== null) fields['errorHandler'] = handler;
    return [{ type: 'element', name: 'route', fields, at: kindAt, fieldsAt: { from: source.endpoint.at } }];
  }

  private pipeStep(kind: string, fields: Record<string, ModelValue>, at: Span): StepModel[] {
    const definition = this.parts.eips[kind];
    const element: ElementModel = { type: 'element', name: kind, fields, at, fieldsAt: {} };
    return definition === undefined ? [] : [{ type: 'step', kind, definition, id: null, isDisabled: false, description: null, element, at }];
  }

  private pipeTypes(toType: string | undefined, at: Span): StepModel[] {
    return toType === undefined ? [] : this.pipeStep('transformDataType', { toType }, at);
  }

  /** The data types of an end of a Pipe, as `transformDataType` names them. */
  private dataTypesOf(map: YAMLMap | null): PipeEnd['types'] {
    const types = map === null ? null : this.mapping(this.pair(map, 'dataTypes')?.value);
    const named = (key: string): Record<string, string> => {
      const type = types === null ? null : this.mapping(this.pair(types, key)?.value);
      const format = type === null ? null : this.plainText(this.pair(type, 'format')?.value);
      const scheme = type === null ? null : this.plainText(this.pair(type, 'scheme')?.value);
      return format === null ? {} : { [key]: scheme === null || scheme === 'camel' ? format : `${scheme}:${format}` };
    };
    return { ...named('in'), ...named('out') };
  }

  /** Sends to it; what takes events gets a CloudEvent, so its attributes are set before. */
  private pipeSteps({ endpoint, eventType }: PipeEnd, pipe: string): StepModel[] {
    const { at } = endpoint;
    const step = (kind: string, fields: Record<string, ModelValue>): StepModel[] => this.pipeStep(kind, fields, at);
    const attributes: readonly (readonly [string, string, string])[] = eventType === null ? [] : [['specversion', 'constant', '1.0'], ['type', 'constant', eventType], ['source', 'constant', pipe], ['id', 'simple', '${exchangeId}']];
    return [
      ...attributes.flatMap(([name, language, text]) => step('setHeader', { name: `ce-${name}`, expression: { type: 'expression', language, source: text, options: {}, at, sourceAt: null } })),
      ...step('to', { uri: endpoint }),
    ];
  }

  private pipeEnd(spec: YAMLMap, key: string, kindAt: Span): PipeEnd | null {
    const pair = this.pair(spec, key);
    if (pair === null) {
      this.problems.report('M0113', `the Pipe has no \`spec.${key}\``, kindAt, { help: `write \`${key}: { uri: ... }\` under \`spec\`` });
      return null;
    }
    return this.pipeEndpoint(this.file.follow(pair.value), `\`${key}\` of the Pipe`, this.file.span(pair.key), key === 'source');
  }

  /** `uri`, or `ref` to a Kamelet or a resource of Knative, with `properties`. */
  private pipeEndpoint(node: YamlNode | null, what: string, keyAt: Span, isSource = false): PipeEnd | null {
    const map = isMap(node) ? node : null;
    const uriNode = map === null ? null : this.file.follow(this.pair(map, 'uri')?.value);
    const ref = map === null ? null : this.mapping(this.pair(map, 'ref')?.value);
    const properties = map === null ? null : this.file.follow(this.pair(map, 'properties')?.value);
    for (const { key } of map?.items ?? []) {
      const written = scalarText(this.file.follow(key)) ?? '';
      if (!['uri', 'ref', 'properties', 'dataTypes', 'types'].includes(written)) this.problems.report('M0122', `\`${written}\` of ${what} is not used`, this.file.span(key), { severity: 'warning', label: 'not used here', help: 'an end of a Pipe has `uri` or `ref`, and `properties`' });
    }
    const given = this.parameters({ name: what, at: keyAt, docs: null }, properties);
    const types = this.dataTypesOf(map);
    if (uriNode !== null) {
      const uri = this.fill(scalarText(uriNode) ?? '', uriNode, true)?.text ?? '';
      return { endpoint: { type: 'endpoint', uri, at: this.file.span(uriNode), ...given }, eventType: null, types };
    }
    const kind = ref === null ? null : this.plainText(this.pair(ref, 'kind')?.value);
    const nameNode = ref === null ? null : this.file.follow(this.pair(ref, 'name')?.value);
    const name = scalarText(nameNode);
    if (kind !== null && name !== null) {
      const apiVersion = this.plainText(this.pair(ref!, 'apiVersion')?.value) ?? '';
      const found = resolveRef({ kind, apiVersion, name }, isSource, this.properties);
      const at = this.file.span(nameNode);
      if ('help' in found) {
        this.problems.report('M0123', `${what}: ${found.message}`, at, { label: 'leads nowhere', help: found.help });
        return null;
      }
      if (!found.isEvent) return { endpoint: { type: 'endpoint', uri: found.uri, at, ...given }, eventType: null, types };
      const { type = 'org.apache.camel.event', ...others } = given.parameters as Record<string, string>;
      return { endpoint: { type: 'endpoint', uri: found.uri, at, ...given, parameters: { ...others, httpMethod: 'POST' } }, eventType: type, types };
    }
    this.problems.report('M0113', `${what} has neither a \`uri\` nor a \`ref\` with kind and name`, keyAt, { help: 'write `uri: ...`, or `ref: { kind: Kamelet, name: ... }`' });
    return null;
  }

  private pipeErrorHandler(map: YAMLMap): ElementModel | null {
    const none = this.pair(map, 'none');
    const log = this.pair(map, 'log');
    const sink = this.mapping(this.pair(map, 'sink')?.value);
    const wrap = (name: string, key: unknown, fields: Record<string, ModelValue>): ElementModel => {
      const at = this.file.span(key);
      return { type: 'element', name: 'errorHandler', at, fieldsAt: {}, fields: { [name]: { type: 'element', name, at, fieldsAt: {}, fields } } };
    };
    for (const pair of map.items) {
      const key = scalarText(this.file.follow(pair.key)) ?? '';
      if (!pipeHandlers.includes(key)) this.unknownName('M0212', key, this.file.span(pair.key), `the error handler of a Pipe can not be \`${key}\``, pipeHandlers, 'it is one of');
    }
    if (none !== null) return wrap('noErrorHandler', none.key, {});
    if (log !== null) return wrap('defaultErrorHandler', log.key, this.pipeRedelivery(this.mapping(log.value)));
    if (sink === null) return null;
    const endpoint = this.pipeEndpoint(this.file.follow(this.pair(sink, 'endpoint')?.value), 'the error handler of the Pipe', this.file.span(this.pair(map, 'sink')!.key));
    if (endpoint === null) return null;
    return wrap('deadLetterChannel', this.pair(map, 'sink')!.key, { ...this.pipeRedelivery(sink), deadLetterUri: endpoint.endpoint });
  }

  private pipeRedelivery(map: YAMLMap | null): Record<string, ModelValue> {
    const parameters = map === null ? null : this.pair(map, 'parameters');
    if (parameters === null) return {};
    const { redeliveryPolicy, ...ofHandler } = elements.errorHandler.options.deadLetterChannel.shape.fields;
    const given = this.mapping(parameters.value);
    const owner: Owner = { name: 'parameters', at: this.file.span(parameters.key), docs: null };
    if (given === null) return {};
    const fields: Record<string, ModelValue> = {};
    const ofPolicy: Pair[] = [];
    for (const pair of given.items) {
      const key = camelCase(scalarText(this.file.follow(pair.key)) ?? '');
      const option = key === 'deadLetterUri' ? undefined : ofHandler[key];
      const value = option === undefined ? undefined : this.value(option, owner, key, pair.value, this.file.span(pair.key));
      if (option === undefined) ofPolicy.push(pair);
      else if (value !== undefined) fields[key] = value;
    }
    if (redeliveryPolicy === undefined || ofPolicy.length === 0) return fields;
    const rest = Object.create(Object.getPrototypeOf(given) as object, Object.getOwnPropertyDescriptors(given)) as YAMLMap;
    rest.items = ofPolicy;
    const policy = this.value(redeliveryPolicy, owner, 'parameters', rest);
    return policy === undefined ? fields : { ...fields, redeliveryPolicy: policy };
  }
}
