import type { Edit, Fix, Span } from '../core/diagnostics.ts';
import { nearest } from '../core/diagnostics.ts';
import type { Field, Fields } from '../core/field.ts';
import { field } from '../core/field.ts';
import { camelDataFormats, camelLanguages, camelStepParts, camelSteps } from './camelNames.ts';
import { elements, elementsByName } from './elements/index.ts';
import { asBareStep, asListEntry, indent, insertAt, lineEnd, quotedText, removeLines, replaceWith, wrapStep } from './fixes.ts';
import { insteadOfDataFormat, insteadOfLanguage, insteadOfOption, insteadOfStep } from './instead.ts';
import { commonFields as common, customDataFormat, inlineDataFormat, inlineExpression, languageCommon, requiredOptions, takesCommon } from './fields.ts';
import type { DataFormatModel, ElementModel, EndpointModel, ExpressionModel, ModelValue, StepModel, TemplateModel } from './model.ts';
import { isRouteScoped, routeScoped } from './model.ts';
import { parseScalar, plainValue } from './scalars.ts';
import { type Owner, quoted, TextReader } from './textReader.ts';
import type { Pair, YamlNode, YAMLMap } from './yaml.ts';
import { isEmptyNode, isMap, isScalar, isSeq, scalarText } from './yaml.ts';

interface Read {
  readonly fields: Record<string, ModelValue>;
  readonly fieldsAt: Record<string, Span>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Reads elements and steps by their definitions: to models, with all that is wrong reported. */
export class ElementReader extends TextReader {
  /** Whether steps stand beside the `from` that is read: said once, there. */
  private hasStepsBesideFrom = false;

  // ---------------------------------------------------------------- steps

  private steps(owner: Owner, key: string, node: YamlNode | null): StepModel[] | undefined {
    if (!isSeq(node)) {
      const first = isMap(node) ? node.items[0] : undefined;
      const name = first === undefined ? null : scalarText(this.file.follow(first.key));
      this.problems.report('M0110', `\`${key}\` of \`${owner.name}\` must be a list of steps`, first === undefined ? this.spanOr(node, owner.at) : this.file.span(first.key), {
        label: isMap(node) ? 'a mapping' : isEmptyNode(node) ? 'nothing stands here' : 'a text',
        help: name === null ? `write the steps below \`${key}:\`, each starting with \`- \`` : `put \`- \` before \`${name}\``,
        fix: name === null ? null : asListEntry(this.file, node, this.file.span(first!.key)),
        docs: owner.docs,
      });
      return undefined;
    }
    const steps: StepModel[] = [];
    for (const item of node.items) {
      const step = this.step(this.file.follow(item), item, owner.name === 'from');
      if (step !== null) steps.push(step);
    }
    if (steps.length > 0 && steps.every(({ definition }) => definition === routeScoped)) {
      this.problems.report('M0206', `\`${owner.name}\` has no steps`, steps[0]!.at, { label: 'applies to steps, and is none', help: 'add at least one step, such as `- log: "${body}"`', docs: owner.docs });
    }
    // Something was there: what was wrong with it has been said.
    return steps.length === 0 && node.items.length > 0 ? undefined : this.nested(steps);
  }

  /** As in Camel, the steps behind one that could hold steps and has none are its steps. */
  private nested(steps: readonly StepModel[]): StepModel[] {
    let following: StepModel[] = [];
    for (let i = steps.length - 1; i >= 0; i--) {
      const step = steps[i]!;
      const { definition, element } = step;
      if (definition.options['steps']?.shape.kind !== 'steps' || step.isDisabled || (element.fields['steps'] as readonly unknown[] | undefined)?.length !== 0) {
        following.unshift(step);
        continue;
      }
      this.problems.report('M0206', `\`${step.kind}\` has no steps`, step.at, {
        severity: element.fields['onFallback'] === undefined && (following.length > 0 || definition.mayBeEmpty === true) ? 'warning' : 'error',
        label: following.length === 0 ? 'nothing inside' : 'the steps behind it are taken for its own',
        help: `write what \`${step.kind}\` is to do below \`steps\``,
        docs: `docs/eip/${step.kind}.md`,
      });
      following = [{ ...step, element: { ...element, fields: { ...element.fields, steps: following } } }];
    }
    return following;
  }

  private step(node: YamlNode | null, written: unknown, isRoutes: boolean): StepModel | null {
    const pair = this.singleKey(node, written, 'step', (name) => Object.hasOwn(this.parts.eips, name));
    if (pair === null) return null;
    const kind = scalarText(this.file.follow(pair.key))!;
    const at = this.file.span(pair.key);
    if (isRoutes && isRouteScoped(kind)) {
      const { options, shorthand } = elementsByName[kind]!;
      const scoped = this.element({ name: kind, at, docs: `docs/route/${kind}.md` }, options, shorthand ?? null, pair.value, true);
      return scoped === null ? null : { type: 'step', kind, definition: routeScoped, id: null, isDisabled: false, description: null, element: scoped, at };
    }
    const definition = Object.hasOwn(this.parts.eips, kind) ? this.parts.eips[kind] : undefined;
    if (definition === undefined) {
      this.unknownStep(kind, at, this.file.follow(pair.value));
      return null;
    }
    const owner: Owner = { name: kind, at, docs: `docs/eip/${kind}.md` };
    const element: Mutable<ElementModel> | null = this.element(owner, definition.options, definition.shorthand ?? null, pair.value, true);
    if (element === null) return null;
    const taken = (key: string): ModelValue | undefined => (Object.hasOwn(definition.options, key) ? undefined : element.fields[key]);
    const id = element.fields['id'];
    const isDisabled = taken('disabled') === true;
    if (isDisabled && definition.ignoresDisabled === true) {
      this.problems.report('M0212', `\`disabled\` has no effect on \`${kind}\`, as in Camel`, element.fieldsAt['disabled'] ?? at, { severity: 'warning', label: 'the step runs all the same', help: 'take the step out, or put it into a `step` that is disabled', docs: owner.docs });
    }
    return {
      type: 'step',
      kind,
      definition,
      id: typeof id === 'string' && id !== '' ? id : null,
      isDisabled: isDisabled && definition.ignoresDisabled !== true,
      description: (taken('description') as string | undefined) ?? null,
      element,
      at,
    };
  }

  /** A `when` that stands alone, in a choice of its own. With another one, or an `otherwise`, beside it nobody knows what belongs together. */
  private intoChoice(at: Span, value: Span): Fix | null {
    const { text } = at.source;
    const dash = text.slice(text.lastIndexOf('\n', at.start) + 1, at.start);
    const isBranch = (line: string | undefined): boolean => line !== undefined && /^ *- (when|otherwise):/.test(line);
    const entries = (part: string): string[] => part.split('\n').filter((line) => line.startsWith(dash) && line[dash.length] !== ' ');
    if (isBranch(entries(text.slice(0, at.start - dash.length)).at(-1)) || isBranch(entries(text.slice(value.end))[0])) return null;
    return wrapStep(at, value, 'choice', 'when');
  }

  private unknownStep(kind: string, at: Span, value: YamlNode | null): void {
    const { eips } = this.parts;
    const parent = camelStepParts[kind];
    if (parent !== undefined) {
      this.problems.report('M0204', `\`${kind}\` is no step: it belongs to \`${parent}\``, at, { label: 'out of place', help: `write it inside of \`${parent}\``, docs: `docs/eip/${parent}.md`, fix: kind === 'when' && isMap(value) ? this.intoChoice(at, this.file.span(value)) : null });
      return;
    }
    if (Object.hasOwn(elements, kind)) {
      this.problems.report('M0204', `\`${kind}\` can not stand among the steps of a route`, at, { label: 'out of place', help: `write it at the top level of the file, as \`- ${kind}:\`, before the routes${isRouteScoped(kind) ? ', or, for one route alone, among the steps of its `from`' : ''}`, docs: `docs/route/${kind}.md` });
      return;
    }
    if (kind.includes('-')) {
      const right = kind.replace(/-([a-z])/g, (_all, letter: string) => letter.toUpperCase());
      if (Object.hasOwn(eips, right)) {
        this.problems.report('M0202', `there is no step \`${kind}\``, at, { label: 'the old spelling', help: `write \`${right}\``, docs: `docs/eip/${right}.md`, fix: replaceWith(at, right), values: { name: kind, nearest: right } });
        return;
      }
    }
    if (camelSteps.has(kind)) {
      this.problems.report('M0203', `the step \`${kind}\` is not supported yet`, at, { label: 'Camel has it, this runtime does not', help: insteadOfStep[kind] ?? 'take it out, or do the same with other steps', values: { name: kind } });
      return;
    }
    if (Object.hasOwn(insteadOfStep, kind)) this.problems.report('M0201', `there is no step \`${kind}\``, at, { label: 'no such name', help: insteadOfStep[kind]!, values: { name: kind } });
    else this.unknownName('M0201', kind, at, `there is no step \`${kind}\``, Object.keys(eips), null);
  }

  /** The one key of a list entry; reports when there is none or more than one. */
  protected singleKey(node: YamlNode | null, written: unknown, what: 'step' | 'element', isKnown: (name: string) => boolean): Pair | null {
    const at = this.spanOr(written, { source: this.file.source, start: 0, end: 1 });
    const example = what === 'step' ? '- to: log:here' : '- from:';
    if (!isMap(node)) {
      const text = scalarText(node);
      const isName = text !== null && isKnown(text);
      this.problems.report('M0111', isName ? `the ${what} \`${text}\` has no colon` : `a ${what} must be a key with a value`, at, {
        label: isSeq(node) ? 'a list' : isEmptyNode(node) ? 'nothing stands here' : 'a text',
        help: isName ? (what === 'step' && this.parts.eips[text]?.isBare === true ? `write \`- ${text}: {}\`` : `write \`- ${text}:\` and its options below`) : `write it as \`${example}\``,
        fix: isName && what === 'step' && this.parts.eips[text]?.isBare === true ? asBareStep(at) : null,
      });
      return null;
    }
    if (node.items.length === 0) {
      this.problems.report('M0111', `a ${what} must be a key with a value`, at, { label: 'an empty mapping', help: `write it as \`${example}\`` });
      return null;
    }
    const [first, second] = node.items;
    const name = scalarText(this.file.follow(first!.key));
    if (name === null) {
      this.problems.report('M0107', 'a key must be a text', this.file.span(first!.key), { help: 'write a name: `key: value`' });
      return null;
    }
    if (name === 'from') this.hasStepsBesideFrom = false;
    if (second !== undefined) {
      const names = node.items.map((pair) => scalarText(this.file.follow(pair.key)) ?? '?');
      const extra = names[1]!;
      const optionOfFirst = what === 'step' && Object.hasOwn(this.parts.eips, name) && this.takes(this.parts.eips[name]!.options, extra);
      const steps = name === 'from' && extra === 'steps';
      const hasEndpoint = what === 'step' && Object.hasOwn(this.parts.eips, name) && this.parts.eips[name]!.options['uri']?.shape.kind === 'endpoint';
      const endpointText = hasEndpoint && !isEmptyNode(this.file.follow(first!.value)) ? scalarText(this.file.follow(first!.value)) : null;
      this.hasStepsBesideFrom ||= steps;
      this.problems.report('M0114', `${what === 'element' ? 'an' : 'a'} ${what} has one key, this one has ${names.length}: ${names.map((one) => `\`${one}\``).join(', ')}`, this.file.span(second.key), {
        label: isKnown(extra) ? `another ${what}` : 'stands beside the first key',
        help: isKnown(extra) && !optionOfFirst ? `put \`- \` before \`${extra}\`` : endpointText !== null ? `write \`${name}:\`, and below it, further in, \`uri: ${endpointText}\` and \`${extra}\`` : `indent \`${extra}\` by two more spaces, so that it stands inside of \`${name}\``,
        fix: isKnown(extra) && !optionOfFirst ? this.newEntry(this.file.span(second.key), this.file.span(first!.key)) : steps ? this.intoFrom(node, second) : isEmptyNode(this.file.follow(first!.value)) ? indent({ ...at, start: this.file.span(second.key).start }, 2) : null,
      });
    }
    // The options were meant to stand in the first key: there is nothing in it to check.
    return second !== undefined && isEmptyNode(this.file.follow(first!.value)) ? null : first!;
  }

  /** A key of a list entry that is to start an entry of its own: its dash stands where blanks of its are, below the other one. */
  private newEntry({ source, start }: Span, first: Span): Fix | null {
    const [dash] = /- +$/.exec(source.text.slice(0, first.start)) ?? [];
    if (dash === undefined) return null;
    const at = { source, start: start - dash.length, end: start };
    return source.text.slice(at.start, start).trim() === '' ? replaceWith(at, dash) : null;
  }

  private takes(fields: Fields, key: string): boolean {
    return Object.hasOwn(fields, key) || Object.hasOwn(common, key) || (inlineExpression(fields) !== null && Object.hasOwn(this.parts.languages, key));
  }

  // ---------------------------------------------------------------- elements and their fields

  protected element(owner: Owner, fields: Fields, shorthand: string | null, written: unknown, isStep: boolean, templates: readonly string[] = []): ElementModel | null {
    const node = this.file.follow(written);
    const at = owner.at;
    if (isMap(node)) {
      const read = this.fields(owner, node, fields, isStep || takesCommon(fields), templates);
      return { type: 'element', name: owner.name, ...read, at };
    }
    const short = shorthand === null ? undefined : fields[shorthand];
    const isFitting = short !== undefined && (isSeq(node) ? short.shape.kind === 'list' : node !== null && (isStep || !isEmptyNode(node)));
    if (isFitting) {
      const read: Read = { fields: {}, fieldsAt: {} };
      // As in Camel, a text in the place of an expression is the name of a header.
      const seen = short.shape.kind === 'expression' ? this.expressionModel('header', node, {}, this.spanOr(written, at)) : this.value(short, owner, shorthand!, written);
      if (seen === undefined) {
        if (short.shape.kind !== 'string' || !this.isDropped(scalarText(node) ?? '')) return null;
      } else {
        read.fields[shorthand!] = seen;
        read.fieldsAt[shorthand!] = this.spanOr(written, at);
      }
      this.checkRequired(owner, fields, read, new Set([shorthand!]));
      return { type: 'element', name: owner.name, ...read, at };
    }
    const inline = inlineExpression(fields) !== null;
    const formats = inlineDataFormat(fields) !== null;
    const text = scalarText(node);
    this.problems.report('M0115', `\`${owner.name}\` must be a mapping`, this.spanOr(written, at), {
      label: isSeq(node) ? 'a list' : isEmptyNode(node) ? 'nothing stands here' : 'a text',
      help: inline
        ? `name a language: \`${owner.name}: { simple: ${text === null || text === '' ? '"..."' : JSON.stringify(text)} }\``
        : formats
          ? `name a data format and its options: \`${owner.name}: { ${text !== null && Object.hasOwn(this.parts.dataformats, text) ? text : 'json'}: {} }\``
          : Object.keys(fields).length === 0 || isEmptyNode(node)
            ? `write \`${owner.name}: {}\`, or its options below it`
            : isSeq(node) && fields['steps']?.shape.kind === 'steps'
            ? 'put the list below `steps:`'
            : text !== null && Object.hasOwn(fields, text)
            ? `write it below: \`${owner.name}: { ${text}: { ... } }\``
            : `write its options below it, such as \`${Object.keys(fields)[0]}: ...\``,
      fix: this.mappingFix(owner, fields, written, text),
      docs: owner.docs,
    });
    return null;
  }

  private fields(owner: Owner, map: YAMLMap, fields: Fields, hasCommon: boolean, templates: readonly string[]): Read {
    const read: Read = { fields: {}, fieldsAt: {} };
    const given = new Set<string>();
    const expressionField = inlineExpression(fields);
    const formatField = inlineDataFormat(fields);
    const endpointField = Object.entries(fields).find(([, { shape }]) => shape.kind === 'endpoint')?.[0] ?? null;
    const hasParameters = endpointField !== null && !Object.hasOwn(fields, 'parameters');
    let parametersPair: Pair | null = null;
    let expressionKey: string | null = null;
    let areStepsElsewhere = false;
    const seen = new Map<string, Pair>();
    if (this.isMapForList(owner, map, fields)) return read;
    for (const pair of map.items) {
      const written = scalarText(this.file.follow(pair.key));
      if (written === null) {
        this.problems.report('M0107', 'a key must be a text', this.file.span(pair.key), { help: 'write a name: `key: value`' });
        continue;
      }
      const key = this.unhyphenated(written, fields);
      const keyAt = (): Span => this.file.span(pair.key);
      const isExpression = expressionField !== null && (key === expressionField || this.isLanguage(key)) && !(key !== expressionField && Object.hasOwn(fields, key));
      if (isExpression) {
        if (expressionKey !== null && key === expressionField && expressionKey !== key) {
          this.problems.report('M0322', `\`${owner.name}\` has two expressions: \`${key}\` counts, not \`${expressionKey}\``, keyAt(), { severity: 'warning', label: 'the second one', help: 'keep one of them', docs: owner.docs });
        } else if (expressionKey !== null) {
          this.problems.report('M0322', key === expressionKey ? `\`${owner.name}\` has the expression \`${key}\` twice` : `\`${owner.name}\` has two expressions: \`${expressionKey}\` and \`${key}\``, keyAt(), {
            label: 'the second one',
            help: 'keep one of them',
            docs: owner.docs,
            fix: this.withoutPair(map, pair),
          });
          continue;
        }
        expressionKey = key;
        given.add(expressionField);
        const model = key === expressionField ? this.expressionValue(owner, key, pair) : this.expression(key, pair);
        if (model !== undefined) {
          read.fields[expressionField] = model;
          read.fieldsAt[expressionField] = this.spanOr(pair.value, keyAt());
        }
        continue;
      }
      if (seen.has(key) && key === 'from') {
        this.problems.report('M0116', `\`${owner.name}\` has two inputs`, keyAt(), { label: 'the second one', help: 'write a route for each of them', docs: owner.docs });
      } else if (seen.has(key)) {
        this.problems.report('M0116', `\`${owner.name}\` has \`${key}\` twice: the last one counts`, keyAt(), { severity: 'warning', label: 'the second one', help: 'take one of them out', docs: owner.docs, fix: this.withoutPair(map, seen.get(key)!, true) });
      }
      seen.set(key, pair);
      const definition = Object.hasOwn(fields, key) ? fields[key] : undefined;
      if (definition !== undefined) {
        given.add(key);
        if (key === 'from') this.hasStepsBesideFrom = !Object.hasOwn(fields, 'steps') && map.items.some((other) => other !== pair && ['from', 'steps'].includes(scalarText(this.file.follow(other.key)) ?? ''));
        if (key === 'script' && Object.hasOwn(fields, 'scriptPropertyPlaceholders') && scalarText(this.file.value(map, 'scriptPropertyPlaceholders')) === 'false') {
          read.fields[key] = scalarText(this.file.follow(pair.value)) ?? '';
          read.fieldsAt[key] = this.spanOr(pair.value, keyAt());
        } else this.take(read, owner, key, definition, pair, templates.includes(key));
      } else if (key === 'parameters' && hasParameters) {
        parametersPair = pair;
      } else if (formatField !== null && this.isDataFormat(key)) {
        if (given.has(formatField)) this.problems.report('M0116', `\`${owner.name}\` has two data formats: the last one counts`, keyAt(), { severity: 'warning', label: 'the second one', help: 'keep one of them', docs: owner.docs });
        given.add(formatField);
        const model = this.dataFormat(key, pair);
        if (model !== undefined) {
          read.fields[formatField] = model;
          read.fieldsAt[formatField] = this.spanOr(pair.value, keyAt());
        }
      } else if (hasCommon && Object.hasOwn(common, key)) {
        this.take(read, owner, key, common[key]!, pair, false);
      } else {
        this.unknownOption(owner, key, map, pair, keyAt(), fields, hasCommon, expressionField !== null, formatField !== null);
        // Most likely a misspelt required one: no second complaint about it.
        const meant = nearest(key, Object.keys(fields)) ?? this.otherName(key, fields);
        if (meant !== null && Object.hasOwn(fields, meant)) given.add(meant);
        else if (expressionField !== null) given.add(expressionField);
        if (formatField !== null) given.add(formatField);
        if (key === 'steps' || Object.hasOwn(this.parts.eips, key)) areStepsElsewhere = true;
      }
    }
    // Steps that stand where there can be none are what was to be done.
    if (areStepsElsewhere) for (const name of Object.keys(fields)) if (fields[name]!.shape.kind === 'steps' || name === 'to') given.add(name);
    if (parametersPair !== null) this.takeParameters(read, owner, endpointField!, parametersPair);
    this.checkRequired(owner, fields, read, given);
    return read;
  }

  /** Names and values where the one thing that may stand there is a list of them. */
  private isMapForList(owner: Owner, map: YAMLMap, fields: Fields): boolean {
    const [only, ...others] = Object.keys(fields).filter((name) => !Object.hasOwn(common, name));
    const shape = only === undefined || others.length > 0 ? null : fields[only]!.shape;
    if (shape?.kind !== 'list' || !shape.isRequired || map.items.length === 0) return false;
    const names = map.items.map(({ key }) => scalarText(this.file.follow(key)) ?? '');
    if (names.some((name) => name === only || nearest(name, [only!]) !== null || Object.hasOwn(common, name))) return false;
    const item = shape.item?.shape.kind === 'element' ? shape.item.shape.fields : {};
    const isNamed = Object.hasOwn(item, 'name');
    const isExpression = inlineExpression(item) !== null;
    this.problems.report('M0206', `\`${owner.name}\` has no list \`${only}\``, this.file.span(map.items[0]!.key), {
      label: 'a name and its value',
      help: `write an entry for each${only === owner.name ? '' : ` below \`${only}:\``}${isNamed ? `: \`- { name: ${names[0]}, ${isExpression ? 'constant' : Object.keys(item).find((name) => name !== 'name' && item[name]!.shape.isRequired) ?? 'value'}: ... }\`` : ''}`,
      docs: owner.docs,
    });
    return true;
  }

  /** What an option is called that people call otherwise; a language where it is the step's expression. */
  private otherName(key: string, fields: Fields): string | null {
    const names = Object.hasOwn(insteadOfOption, key) ? insteadOfOption[key]! : key.endsWith('Ref') ? [key.slice(0, -3)] : [];
    return names.find((name) => Object.hasOwn(fields, name) || (inlineExpression(fields) !== null && Object.hasOwn(this.parts.languages, name))) ?? null;
  }

  private take(read: Read, owner: Owner, key: string, definition: Field, pair: Pair, isTemplate: boolean): void {
    const value = isTemplate ? this.template(definition, owner, key, pair) : this.value(definition, owner, key, pair.value, this.file.span(pair.key));
    if (definition.shape.deprecated !== null) {
      this.problems.report('M0208', `\`${key}\` of \`${owner.name}\` is deprecated`, this.file.span(pair.key), { severity: 'warning', help: definition.shape.deprecated, docs: owner.docs });
    }
    if (value === undefined) {
      delete read.fields[key];
      return;
    }
    const { insteadOf } = definition.shape;
    if (insteadOf !== null && read.fields[insteadOf] !== undefined) {
      this.problems.report('M0316', `\`${owner.name}\` has both \`${insteadOf}\` and \`${key}\`: the last one counts`, this.file.span(pair.key), { severity: 'warning', label: 'the second one', help: 'keep one of them', docs: owner.docs });
      delete read.fields[insteadOf];
    }
    read.fields[key] = value;
    read.fieldsAt[key] = this.spanOr(pair.value, this.file.span(pair.key));
  }

  private checkRequired(owner: Owner, fields: Fields, read: Read, given: ReadonlySet<string>): void {
    for (const key of Object.keys(fields)) {
      const { shape } = fields[key]!;
      if (!shape.isRequired || shape.default !== undefined || (key === 'steps' && owner.name === 'from' && this.hasStepsBesideFrom)) continue;
      if (shape.kind === 'steps' && Object.hasOwn(this.parts.eips, owner.name) && (!given.has(key) || (read.fields[key] as readonly unknown[] | undefined)?.length === 0)) {
        read.fields[key] = [];
        continue;
      }
      if (given.has(key)) {
        const value = read.fields[key];
        if (shape.kind === 'steps' && Array.isArray(value) && value.length === 0) {
          this.problems.report('M0206', `\`${owner.name}\` has no steps`, read.fieldsAt[key] ?? owner.at, { label: 'an empty list', help: 'write at least one step', docs: owner.docs });
        } else if (shape.kind === 'string' && value === undefined && shape.mayBeEmpty !== false) {
          // An optional placeholder without a value.
          read.fields[key] = '';
        } else if (shape.kind === 'string' && typeof value === 'string' && (shape.mayBeEmpty === 'filled' ? value.trim() === '' && !this.isFilled(read.fieldsAt[key]) : value === '' && !shape.mayBeEmpty)) {
          this.problems.report('M0206', `\`${key}\` of \`${owner.name}\` is empty`, read.fieldsAt[key] ?? owner.at, { label: 'nothing stands here', help: `give \`${key}\` a value`, docs: owner.docs });
        }
        continue;
      }
      if (shape.kind === 'expression' || shape.kind === 'predicate') {
        this.problems.report('M0323', key === 'expression' ? `\`${owner.name}\` has no expression` : `\`${owner.name}\` has no \`${key}\``, owner.at, {
          label: key === 'expression' ? 'needs an expression' : `needs \`${key}\``,
          help: shape.isInline && key === 'expression' ? 'add one, such as `simple: "${body}"`' : `add \`${key}: { simple: "\${body}" }\``,
          docs: owner.docs,
          fix: addition(owner, shape.isInline && key === 'expression' ? 'simple: "${body}"' : `${key}: { simple: "\${body}" }`),
        });
      } else if (shape.catalog === 'dataformats') {
        this.problems.report('M0206', `\`${owner.name}\` has no data format`, owner.at, { label: 'needs a data format', help: 'add one, such as `json: {}`', docs: owner.docs, fix: addition(owner, 'json: {}') });
      } else {
        this.problems.report('M0206', `\`${owner.name}\` has no \`${key}\``, owner.at, { label: `needs \`${key}\``, help: `add \`${key}: ${exampleOf(shape)}\``, docs: owner.docs, fix: shape.kind === 'string' ? addition(owner, `${key}: ...`) : null });
      }
    }
  }

  /** Whether a placeholder stands in a value. */
  private isFilled(at: Span | undefined): boolean {
    return at?.source.text.slice(at.start, at.end).includes('{{') === true;
  }

  /** The value of a field; undefined when it is left out or wrong (then a problem says so). */
  protected value(definition: Field, owner: Owner, key: string, written: unknown, keyAt: Span = owner.at): ModelValue | undefined {
    const { shape } = definition;
    const node = this.file.follow(written);
    switch (shape.kind) {
      case 'steps':
        return this.steps(owner, key, node);
      case 'expression':
      case 'predicate':
        return this.expressionMapping(owner, key, node, written);
      case 'element': {
        if (shape.catalog === 'dataformats') return this.dataFormatMapping(owner, key, node, written);
        return this.element({ name: key, at: keyAt, docs: owner.docs }, shape.fields, shape.shorthand, written, false) ?? undefined;
      }
      case 'endpoint':
        return this.endpoint(owner, key, node, written, keyAt);
      case 'list':
        return this.list(definition, owner, key, node, written);
      case 'map':
        return this.map(definition, owner, key, node, written);
      case 'any':
        return { type: 'any', value: this.anyValue(node) };
      default:
        return this.scalar(definition, owner, key, node, written);
    }
  }

  private scalar({ shape }: Field, owner: Owner, key: string, node: YamlNode | null, written: unknown): ModelValue | undefined {
    const text = scalarText(node);
    if (text === null && node !== null) {
      this.wrongType(owner, key, written, shape.kind === 'string' || shape.kind === 'reference' ? 'a text' : `a value (${scalarName(shape.kind)})`, node);
      return undefined;
    }
    if (shape.isRemark) return text ?? '';
    const filled = this.fill(text ?? '', node);
    if (filled === null) return undefined;
    if (filled.isOpen) return filled.text;
    const result = parseScalar(shape, filled.text);
    if ('value' in result) return result.value;
    const { wanted, label, help, meant } = result.wrong;
    this.problems.report(shape.kind === 'enum' ? 'M0207' : 'M0205', `\`${key}\` of \`${owner.name}\` must be ${wanted}`, this.spanOr(written, owner.at), {
      label: filled.text === '' ? 'nothing stands here' : filled.text === text ? label : `is \`${filled.text}\``,
      help,
      docs: owner.docs,
      fix: meant === undefined || filled.text !== text ? null : replaceWith(this.spanOr(written, owner.at), meant),
      values: { option: key, value: filled.text },
    });
    return undefined;
  }

  private list(definition: Field, owner: Owner, key: string, node: YamlNode | null, written: unknown): ModelValue | undefined {
    const item = definition.shape.item!;
    if (isSeq(node)) {
      const values: ModelValue[] = [];
      for (const one of node.items) {
        const value = this.value(item, { ...owner, at: this.firstKey(one, owner.at) }, key, one, this.firstKey(one, owner.at));
        if (value !== undefined) values.push(value);
      }
      return values;
    }
    const text = scalarText(node);
    const isText = !['element', 'list', 'map', 'steps', 'expression', 'predicate'].includes(item.shape.kind);
    if (text !== null && isText && !isEmptyNode(node)) {
      // As in Camel, a text may hold several, with commas between them.
      const filled = this.fill(text, node);
      if (filled === null) return undefined;
      if (filled.isOpen) return [filled.text];
      const values: ModelValue[] = [];
      for (const piece of filled.text.split(',').map((one) => one.trim())) {
        if (item.shape.kind === 'endpoint') values.push({ type: 'endpoint', uri: piece, parameters: {}, at: this.spanOr(written, owner.at), parametersAt: {} });
        else {
          const result = parseScalar(item.shape, piece);
          if ('value' in result) values.push(result.value);
          else {
            const { wanted, label, help } = result.wrong;
            this.problems.report('M0205', `\`${key}\` of \`${owner.name}\` must be ${wanted}`, this.spanOr(written, owner.at), { label, help, docs: owner.docs });
          }
        }
      }
      return values;
    }
    const first = isMap(node) ? node.items[0] : undefined;
    const name = first === undefined ? null : scalarText(this.file.follow(first.key));
    this.problems.report('M0117', `\`${key}\` of \`${owner.name}\` must be a list`, first === undefined ? this.spanOr(written, owner.at) : this.file.span(first.key), {
      label: isMap(node) ? 'a mapping' : isEmptyNode(node) ? 'nothing stands here' : 'a text',
      help: name === null ? `write the entries below \`${key}:\`, each starting with \`- \`` : `put \`- \` before \`${name}\`, and indent the lines below it`,
      docs: owner.docs,
      fix: name === null ? null : asListEntry(this.file, node, this.file.span(first!.key)),
    });
    return undefined;
  }

  private map(definition: Field, owner: Owner, key: string, node: YamlNode | null, written: unknown): ModelValue | undefined {
    if (isEmptyNode(node)) return { type: 'map', entries: {}, entriesAt: {} };
    if (!isMap(node)) {
      this.wrongType(owner, key, written, 'a mapping', node);
      return undefined;
    }
    const entries = Object.create(null) as Record<string, ModelValue>;
    const entriesAt = Object.create(null) as Record<string, Span>;
    for (const pair of node.items) {
      const name = scalarText(this.file.follow(pair.key));
      if (name === null) continue;
      const value = this.value(definition.shape.item!, { ...owner, name: key }, name, pair.value, this.file.span(pair.key));
      if (value === undefined) continue;
      entries[name] = value;
      entriesAt[name] = this.spanOr(pair.value, this.file.span(pair.key));
    }
    return { type: 'map', entries, entriesAt };
  }

  private anyValue(node: YamlNode | null): unknown {
    if (isMap(node)) {
      const object = Object.create(null) as Record<string, unknown>;
      for (const pair of node.items) object[scalarText(this.file.follow(pair.key)) ?? ''] = this.anyValue(this.file.follow(pair.value));
      return object;
    }
    if (isSeq(node)) return node.items.map((item) => this.anyValue(this.file.follow(item)));
    const text = scalarText(node) ?? '';
    if (isScalar(node) && node.type !== 'PLAIN') return this.fill(text, node)?.text ?? null;
    const value = plainValue(text);
    return typeof value === 'string' ? (this.fill(value, node)?.text ?? null) : value;
  }

  // ---------------------------------------------------------------- endpoints

  private endpoint(owner: Owner, key: string, node: YamlNode | null, written: unknown, keyAt: Span): EndpointModel | undefined {
    if (isMap(node)) {
      // `to: { uri, parameters }` where a text could stand, such as in a verb of `rest`.
      const read = this.fields({ ...owner, name: key, at: keyAt }, node, endpointFields, true, []);
      return read.fields['uri'] as EndpointModel | undefined;
    }
    const text = scalarText(node);
    if (text === null && node !== null) {
      this.wrongType(owner, key, written, 'a URI', node);
      return undefined;
    }
    const filled = this.fill(text ?? '', node, true);
    if (filled === null) return undefined;
    return { type: 'endpoint', uri: filled.text, parameters: {}, at: this.spanOr(written, keyAt), parametersAt: {} };
  }

  /** What an element lacks to be a mapping: a language, or the name of a data format, around its text. */
  private mappingFix(owner: Owner, fields: Fields, written: unknown, text: string | null): Fix | null {
    const at = this.spanOr(written, owner.at);
    if (text === null || at === owner.at) return null;
    if (inlineExpression(fields) !== null && text !== '') return replaceWith(at, `{ simple: ${quotedText(text)} }`);
    if (inlineDataFormat(fields) !== null && Object.hasOwn(this.parts.dataformats, text)) return replaceWith(at, `{ ${text}: {} }`);
    return null;
  }

  /** The whole of a key with its value. */
  private pairSpan(pair: Pair): Span {
    const key = this.file.span(pair.key);
    return { ...key, end: Math.max(key.end, this.spanOr(pair.value, key).end) };
  }

  private withoutPair(map: YAMLMap, pair: Pair, isSure = false): Fix | null {
    const lines = removeLines(this.pairSpan(pair));
    if (lines !== null) return { ...lines, isSure };
    const index = map.items.indexOf(pair);
    const before = map.items[index - 1];
    const next = map.items[index + 1];
    const { source, start, end } = this.pairSpan(pair);
    // In flow style its comma goes with it.
    if (before !== undefined && source.text.slice(this.pairSpan(before).end, start).trim() === ',') return replaceWith({ source, start: this.pairSpan(before).end, end }, '', isSure);
    if (next === undefined) return null;
    const from = this.file.span(next.key).start;
    const between = source.text.slice(end, from);
    return between.trim() === ',' || (between.includes('\n') && between.trim() === '') ? replaceWith({ source, start, end: from }, '', isSure) : null;
  }

  private isAfter(map: YAMLMap, pair: Pair, key: string): boolean {
    const before = map.items[map.items.indexOf(pair) - 1];
    return before !== undefined && scalarText(this.file.follow(before.key)) === key;
  }

  /** Moves the last pair of a mapping behind the steps right before it, where they stand one to a line. */
  private intoSteps(map: YAMLMap, pair: Pair): Fix | null {
    if (!this.lastOf(map, pair) || !this.isAfter(map, pair, 'steps')) return null;
    const steps = this.file.follow(map.items[map.items.indexOf(pair) - 1]!.value);
    if (!isSeq(steps) || steps.flow === true || steps.items.length === 0) return null;
    const at = this.pairSpan(pair);
    const { source } = at;
    const { text } = source;
    const dash = /^ *(?=- )/.exec(text.slice(text.lastIndexOf('\n', this.file.span(steps.items[0]).start) + 1))?.[0].length;
    const by = dash === undefined ? -1 : dash + 1 - source.position(at.start).column;
    return by < 0 ? null : indent(at, by, '- ');
  }

  /** Moves steps that stand beside `from` into it. Null where it has steps of its own, or where their lines are shared. */
  private intoFrom(map: YAMLMap, pair: Pair): Fix | null {
    const beside = map.items.find(({ key }) => scalarText(this.file.follow(key)) === 'from');
    const from = beside?.value as YamlNode | null | undefined;
    if (beside === undefined || from == null || (isMap(from) && from.items.some(({ key }) => scalarText(this.file.follow(key)) === 'steps'))) return null;
    const at = this.pairSpan(pair);
    const { source } = at;
    const { text } = source;
    const column = (offset: number): number => source.position(offset).column;
    const inner = isMap(from) ? from.items.at(-1) : undefined;
    if (map.flow === true) {
      const removed = inner === undefined ? null : this.withoutPair(map, pair, true);
      return removed === null ? null : { ...removed, edits: [...removed.edits, { at: { source, start: this.pairSpan(inner!).end, end: this.pairSpan(inner!).end }, text: `, ${text.slice(at.start, at.end)}` }] };
    }
    const own = column(this.file.span(beside.key).start);
    const written = this.file.span(from);
    let by = own + 1;
    const edits: Edit[] = [];
    if (isMap(from) && from.flow !== true) by = column(this.file.span(from.items[0]?.key).start) - 1;
    else if (text.slice(written.start, written.end).includes('\n') || (isMap(from) ? from.items.length === 0 : scalarText(from) === null)) return null;
    else {
      const lines = isMap(from) ? from.items.map((item) => this.pairSpan(item)).map(({ start, end }) => text.slice(start, end)) : [`uri: ${text.slice(written.start, written.end)}`];
      // Between brackets an entry may lack its key, or its value.
      if (!lines.every((line) => /^["']?[\w-]+["']?: +\S/.test(line))) return null;
      edits.push({ at: { source, start: this.file.span(beside.key).end, end: written.end }, text: `:${lines.map((line) => `\n${' '.repeat(by)}${line}`).join('')}` });
    }
    const moved = indent(at, by + 1 - column(at.start));
    if (by < own || moved === null) return null;
    if (map.items.indexOf(pair) === map.items.indexOf(beside) + 1) return { edits: [...edits, ...moved.edits], isSure: true };
    const removed = removeLines({ ...at, end: at.start + text.slice(at.start, at.end).trimEnd().length });
    if (removed === null) return null;
    const end = lineEnd(source, this.pairSpan(beside).start + text.slice(this.pairSpan(beside).start, this.pairSpan(beside).end).trimEnd().length);
    const lines = `\n${moved.edits[0]!.text.trimEnd()}`;
    return { edits: [...removed.edits, ...(edits.length > 0 ? [{ ...edits[0]!, text: edits[0]!.text + lines }] : [{ at: { source, start: end, end }, text: lines }])], isSure: true };
  }

  private lastOf(map: YAMLMap, pair: Pair): boolean {
    return map.items.at(-1) === pair;
  }

  private takeParameters(read: Read, owner: Owner, endpointField: string, pair: Pair): void {
    const endpoint = read.fields[endpointField] as EndpointModel | undefined;
    const given = this.parameters(owner, this.file.follow(pair.value));
    if (endpoint === undefined) return;
    if (endpoint.uri.includes('?') && Object.keys(given.parameters).length > 0 && !this.isFilledQuery(endpoint)) {
      const fix = this.intoParameters(endpoint, given.parameterNamesAt ?? {});
      this.problems.report('M0410', `\`${owner.name}\` has parameters both in its URI and under \`parameters\``, this.queryAt(endpoint), {
        label: 'parameters in the URI',
        help: fix === null ? 'move them to `parameters`, or the other way round' : `write \`${fix.edits[1]!.text.trim().replace(/,$/, '').replace(/\n */g, '`, `')}\` under \`parameters\`, and take them out of the URI`,
        fix,
        docs: owner.docs,
      });
    }
    read.fields[endpointField] = { ...endpoint, ...given };
  }

  /** The parameters of a URI as entries of its `parameters`, before those that stand there. Null where a value may mean something else there. */
  private intoParameters(endpoint: EndpointModel, places: Readonly<Record<string, Span>>): Fix | null {
    const at = this.queryAt(endpoint);
    const { source } = at;
    const query = source.text.slice(at.start, at.end);
    const pairs = query.split('&').map((pair) => /^([\w.-]+)=([\w.,:/#*-]*)$/.exec(pair));
    const first = Object.values(places).sort((a, b) => a.start - b.start)[0];
    if (first === undefined || pairs.some((pair) => pair === null || Object.hasOwn(places, pair[1]!))) return null;
    const line = source.text.slice(source.text.lastIndexOf('\n', first.start) + 1, first.start);
    const isBlock = /^ *$/.test(line);
    const entries = pairs.map((pair) => `${pair![1]!}: ${quotedText(pair![2]!)}`).join(isBlock ? `\n${line}` : ', ');
    return {
      edits: [
        { at: { source, start: at.start - 1, end: at.end }, text: '' },
        { at: { source, start: first.start, end: first.start }, text: isBlock ? `${entries}\n${line}` : `${entries}, ` },
      ],
      isSure: true,
    };
  }

  /** The query came from a property: as in Camel, `parameters` are then added to it. */
  private isFilledQuery({ at }: EndpointModel): boolean {
    return !at.source.text.slice(at.start, at.end).includes('?');
  }

  private queryAt({ at }: EndpointModel): Span {
    const query = at.source.text.indexOf('?', at.start);
    if (query < 0 || query >= at.end) return at;
    const quote = at.source.text[at.end - 1];
    return { source: at.source, start: query + 1, end: quote === '"' || quote === "'" ? at.end - 1 : at.end };
  }

  /** Values are texts as written; what their options make of them is checked with the endpoint. */
  protected parameters(owner: Owner, node: YamlNode | null): Pick<EndpointModel, 'parameters' | 'parametersAt' | 'parameterNamesAt'> {
    const parameters = Object.create(null) as Record<string, string>;
    const parametersAt = Object.create(null) as Record<string, Span>;
    const parameterNamesAt = Object.create(null) as Record<string, Span>;
    if (isEmptyNode(node)) return { parameters, parametersAt, parameterNamesAt };
    if (!isMap(node)) {
      this.wrongType(owner, 'parameters', node, 'a mapping', node);
      return { parameters, parametersAt, parameterNamesAt };
    }
    const take = (pair: Pair, prefix: string): void => {
      const name = scalarText(this.file.follow(pair.key));
      const value = this.file.follow(pair.value);
      const text = scalarText(value);
      if (name === null) return;
      const key = prefix + name;
      if (prefix === '' && isMap(value)) {
        // An option of many values, such as `headers` of `once:`.
        for (const inner of value.items) take(inner, `${name}.`);
        return;
      }
      if (text === null && value !== null) {
        this.wrongType({ ...owner, name: 'parameters' }, key, pair.value, prefix === '' ? 'a text, number or boolean, or a mapping of them' : 'a text, number or boolean', value);
        return;
      }
      const filled = this.fill(text ?? '', value);
      if (filled === null) return;
      parameters[key] = filled.text;
      parameterNamesAt[key] = this.file.span(pair.key);
      parametersAt[key] = this.spanOr(pair.value, this.file.span(pair.key));
    };
    for (const pair of node.items) take(pair, '');
    return { parameters, parametersAt, parameterNamesAt };
  }

  // ---------------------------------------------------------------- expressions and data formats

  /** `exchange-property` means `exchangeProperty`: names of options may be written the old way, as in Camel. */
  private unhyphenated(key: string, fields: Fields): string {
    if (Object.hasOwn(fields, key)) return key;
    const name = key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    if (Object.hasOwn(oldNames, name) && Object.hasOwn(fields, oldNames[name]!)) return oldNames[name]!;
    if (name === key) return key;
    return Object.hasOwn(fields, name) || this.isLanguage(name) || this.isDataFormat(name) ? name : key;
  }

  private isLanguage(key: string): boolean {
    return Object.hasOwn(this.parts.languages, key) || camelLanguages.has(key);
  }

  private isDataFormat(key: string): boolean {
    return Object.hasOwn(this.parts.dataformats, key) || camelDataFormats.has(key);
  }

  /** `expression: { simple: ... }` beside which the languages could also stand. */
  private expressionValue(owner: Owner, key: string, pair: Pair): ExpressionModel | undefined {
    return this.expressionMapping(owner, key, this.file.follow(pair.value), pair.value);
  }

  private expressionMapping(owner: Owner, key: string, node: YamlNode | null, written: unknown): ExpressionModel | undefined {
    if (!isMap(node)) {
      const text = scalarText(node);
      this.problems.report('M0324', `\`${key}\` of \`${owner.name}\` must name a language`, this.spanOr(written, owner.at), {
        label: isSeq(node) ? 'a list' : isEmptyNode(node) ? 'nothing stands here' : 'a text',
        help: text === null || text === '' ? `write \`${key}: { simple: "..." }\`` : `write \`${key}: { ${/\$\{/.test(text) ? 'simple' : 'constant'}: ${JSON.stringify(text)} }\``,
        docs: owner.docs,
        fix: text === null || text === '' ? null : replaceWith(this.spanOr(written, owner.at), `{ ${/\$\{/.test(text) ? 'simple' : 'constant'}: ${quotedText(text)} }`),
      });
      return undefined;
    }
    let model: ExpressionModel | undefined;
    let language: string | null = null;
    const named = scalarText(this.file.value(node, 'language'));
    const sourceText = scalarText(this.file.value(node, 'expression'));
    if (named !== null && sourceText !== null && Object.hasOwn(this.parts.languages, named)) {
      this.problems.report('M0324', `\`${key}\` of \`${owner.name}\` must name a language`, this.file.span(node.items[0]!.key), { label: 'names it beside its text', help: `write \`${named}: ${JSON.stringify(sourceText)}\` in the place of both`, docs: owner.docs });
      return undefined;
    }
    for (const pair of node.items) {
      const name = scalarText(this.file.follow(pair.key)) ?? '';
      const at = this.file.span(pair.key);
      if (name === 'id' || name === 'description' || name === 'note') continue;
      if (name === 'expression' && !Object.hasOwn(this.parts.languages, name)) {
        const inner = this.file.follow(pair.value);
        if (isMap(inner) && language === null) {
          language = name;
          model = this.expressionMapping(owner, key, inner, pair.value);
          continue;
        }
      }
      if (!this.isLanguage(name) && !(name === 'expression' && language !== null)) {
        this.unknownName('M0321', name, at, `there is no expression language \`${name}\``, Object.keys(this.parts.languages), 'the languages are');
        language ??= name;
        continue;
      }
      if (language !== null) {
        this.problems.report('M0322', language === name ? `\`${key}\` of \`${owner.name}\` has the expression \`${name}\` twice` : `\`${key}\` of \`${owner.name}\` has two expressions: \`${language}\` and \`${name}\``, at, {
          label: 'the second one',
          help: 'keep one of them',
          docs: owner.docs,
        });
        continue;
      }
      language = name;
      model = this.expression(name, pair);
    }
    if (language === null) {
      this.problems.report('M0323', `\`${key}\` of \`${owner.name}\` has no expression`, this.spanOr(written, owner.at), { label: 'needs an expression', help: 'add one, such as `simple: "${body}"`', docs: owner.docs });
    }
    return model;
  }

  /** `simple: {body}`, which is a mapping to YAML. */
  private isTextInBraces(language: string, node: YAMLMap): boolean {
    const [only, ...others] = node.items;
    if (node.flow !== true || only === undefined || others.length > 0 || only.value !== null) return false;
    const at = this.file.span(node);
    const written = at.source.text.slice(at.start, at.end);
    const text = language === 'simple' && !written.startsWith('${') ? `$${written}` : written;
    this.problems.report('M0107', `\`${written}\` is a mapping to YAML`, at, { label: 'a text that needs quotes', help: `write \`${language}: ${quotedText(text)}\``, fix: replaceWith(at, quotedText(text)) });
    return true;
  }

  private expression(name: string, pair: Pair): ExpressionModel | undefined {
    const at = this.file.span(pair.key);
    const owner: Owner = { name, at, docs: `docs/languages/${name}.md` };
    const node = this.file.follow(pair.value);
    const definition = Object.hasOwn(this.parts.languages, name) ? this.parts.languages[name] : undefined;
    if (definition === undefined && name !== 'language') {
      this.problems.report('M0325', `the expression language \`${name}\` is not supported yet`, at, {
        label: 'Camel has it, this runtime does not',
        help: insteadOfLanguage[name] ?? `use another, such as ${quoted(['simple', 'jsonata', 'jsonpath'].filter((one) => Object.hasOwn(this.parts.languages, one)))}`,
        values: { name },
      });
      return undefined;
    }
    if (isSeq(node)) {
      this.wrongType(owner, 'expression', pair.value, 'a text', node);
      return undefined;
    }
    if (!isMap(node) && definition === undefined) {
      const text = scalarText(node) ?? '';
      this.problems.report('M0324', '`language` must be a mapping', this.spanOr(pair.value, at), { label: isEmptyNode(node) ? 'nothing stands here' : 'a text', help: `name the language as the key: \`${Object.hasOwn(this.parts.languages, text) ? text : 'simple'}: "..."\``, docs: owner.docs });
      return undefined;
    }
    if (!isMap(node)) {
      const needed = requiredOptions(definition);
      if (needed.length === 0) return this.expressionModel(name, node, {}, at);
      this.wrongType(owner, 'expression', pair.value, `a mapping with ${quoted([...needed, definition?.sourceKey ?? 'expression'])}`, node);
      return undefined;
    }
    if (this.isTextInBraces(name, node)) return undefined;
    const sourceKey = definition?.sourceKey ?? 'expression';
    const fields: Fields = { ...languageCommon(definition), ...(definition?.options ?? {}), ...(definition === undefined ? { language: field.string('Name of the language.').required() } : {}), [sourceKey]: field.string('Source text.') };
    const sourcePair = this.pair(node, sourceKey);
    const { [sourceKey]: _source, ...read } = this.fields(owner, node, fields, false, []).fields;
    if (sourcePair === null && definition?.isSourceOptional !== true) {
      this.problems.report('M0323', `\`${name}\` has no \`${sourceKey}\``, at, { label: `needs \`${sourceKey}\``, help: `add \`${sourceKey}: "..."\``, docs: owner.docs });
      return undefined;
    }
    // That they are missing has been said.
    if (!this.isTemplate && requiredOptions(definition).some((key) => read[key] === undefined || read[key] === '')) return undefined;
    // What is missing beside an unknown option is most likely what it was to be.
    if (node.items.some(({ key }) => !Object.hasOwn(fields, this.unhyphenated(scalarText(this.file.follow(key)) ?? '', fields)))) return undefined;
    const options: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(read)) options[key] = plainModel(value);
    let language = name;
    if (definition === undefined) {
      language = String(options['language'] ?? '');
      delete options['language'];
      if (language !== '' && !Object.hasOwn(this.parts.languages, language) && !this.isTemplate) {
        this.unknownName('M0321', language, this.spanOr(this.pair(node, 'language')?.value, at), `there is no expression language \`${language}\``, Object.keys(this.parts.languages), 'the languages are');
        return undefined;
      }
    }
    return this.expressionModel(language, sourcePair === null ? null : this.file.follow(sourcePair.value), options, at);
  }

  private expressionModel(language: string, node: YamlNode | null, options: Record<string, unknown>, at: Span): ExpressionModel | undefined {
    const text = scalarText(node) ?? '';
    const filled = this.fill(text, node);
    if (filled === null && !this.isDropped(text)) return undefined;
    // An optional placeholder without a value, and nothing else: no value.
    if (filled === null) return { type: 'expression', language: 'simple', source: '${null}', options: {}, at, sourceAt: null };
    const source = filled.text;
    const written = node === null ? null : this.textSpan(node, text);
    return { type: 'expression', language, source, options, at, sourceAt: written === null || source !== text ? null : written };
  }

  private dataFormatMapping(owner: Owner, key: string, node: YamlNode | null, written: unknown): DataFormatModel | undefined {
    const pair = isMap(node) ? (node.items[0]) : undefined;
    const name = pair === undefined ? null : scalarText(this.file.follow(pair.key));
    if (pair === undefined || name === null) {
      this.wrongType(owner, key, written, 'a data format with its options, such as `json: {}`', node);
      return undefined;
    }
    if (!this.isDataFormat(name)) {
      this.unknownName('M0209', name, this.file.span(pair.key), `there is no data format \`${name}\``, Object.keys(this.parts.dataformats), 'the data formats are');
      return undefined;
    }
    return this.dataFormat(name, pair);
  }

  private dataFormat(name: string, pair: Pair): DataFormatModel | undefined {
    const at = this.file.span(pair.key);
    const definition = Object.hasOwn(this.parts.dataformats, name) ? this.parts.dataformats[name] : undefined;
    if (definition === undefined && name !== 'custom') {
      this.problems.report('M0210', `the data format \`${name}\` is not supported yet`, at, { label: 'Camel has it, this runtime does not', help: insteadOfDataFormat[name] ?? `use another, such as ${quoted(['json', 'csv', 'yaml'].filter((one) => Object.hasOwn(this.parts.dataformats, one)))}`, values: { name } });
      return undefined;
    }
    const fields: Fields = { id: common['id']!, ...(definition?.options ?? customDataFormat) };
    const element = this.element({ name, at, docs: `docs/dataformats/${name}.md` }, fields, definition === undefined ? 'ref' : (definition.shorthand ?? null), pair.value, true);
    if (element === null) return undefined;
    const options: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(element.fields)) if (key !== 'id' || Object.hasOwn(definition?.options ?? {}, 'id')) options[key] = plainModel(value);
    const id = element.fields['id'];
    return { type: 'dataFormat', name, id: typeof id === 'string' ? id : null, options, at, optionsAt: element.fieldsAt };
  }

  // ---------------------------------------------------------------- templates

  private template(definition: Field, owner: Owner, key: string, pair: Pair): TemplateModel {
    const { hasStepsBesideFrom } = this;
    const read = (reader: ElementReader): ModelValue | null => {
      reader.hasStepsBesideFrom = hasStepsBesideFrom;
      return reader.value(definition, owner, key, pair.value, this.file.span(pair.key)) ?? null;
    };
    // What can be known without parameters is said now.
    read(new ElementReader(this.file, this.parts, this.properties, this.problems, true));
    return {
      type: 'template',
      at: this.file.span(pair.key),
      read: (properties, problems) => read(new ElementReader(this.file, this.parts, properties, problems, false)),
    };
  }


  private unknownOption(owner: Owner, key: string, map: YAMLMap, pair: Pair, at: Span, fields: Fields, hasCommon: boolean, hasLanguages: boolean, hasFormats: boolean): void {
    const names = [...Object.keys(fields), ...(hasCommon ? Object.keys(common) : [])];
    const candidates = [...names, ...(hasLanguages ? Object.keys(this.parts.languages) : []), ...(hasFormats ? Object.keys(this.parts.dataformats) : [])];
    const near = nearest(key, candidates);
    const alias = near === null || hasFormats ? this.otherName(key, fields) : null;
    const meant = near ?? (alias !== null && Object.hasOwn(fields, alias) ? alias : null);
    const value = scalarText(this.file.follow(pair.value));
    if (key === '<<') {
      this.problems.report('M0121', 'merge keys (`<<`) are not part of the route language', at, { label: 'a merge key', help: 'write the options out, or repeat the whole value with an alias', docs: owner.docs });
      return;
    }
    if (Object.hasOwn(this.parts.eips, key) && Object.hasOwn(fields, 'steps')) {
      this.problems.report('M0211', `the step \`${key}\` stands beside the options of \`${owner.name}\``, at, { label: 'a step', help: `write it below \`steps\`, as \`- ${key}:\``, docs: owner.docs, fix: this.intoSteps(map, pair) });
      return;
    }
    if (hasFormats && !hasLanguages && meant !== null && Object.hasOwn(this.parts.dataformats, meant)) {
      this.problems.report('M0209', `there is no data format \`${key}\``, at, { label: 'no such name', help: `did you mean \`${meant}\`?`, docs: owner.docs, fix: replaceWith(at, meant), values: { name: key, nearest: meant } });
      return;
    }
    const own = Object.keys(fields).filter((name) => name !== 'expression' && fields[name]!.shape.catalog === null);
    const also = own.length === 0 ? '' : `; it also takes ${quoted(own)}`;
    const whatItTakes = hasFormats ? `name a data format, such as \`json: {}\`${also}` : hasLanguages ? `name an expression language, such as \`simple: "..."\`${also}` : `it takes ${quoted(own)}`;
    const isLost = key === 'steps' && Object.hasOwn(fields, 'from');
    const areVerbs = key === 'steps' && owner.name === 'rest';
    // An option of something within.
    const inner = meant === key ? undefined : Object.keys(fields).find((name) => fields[name]!.shape.kind === 'element' && Object.hasOwn(fields[name]!.shape.fields, key));
    // Another step with more to its name has it: `transformDataType` of `transform`.
    // An expression that stands in an option of its own.
    const outer = hasLanguages || !Object.hasOwn(this.parts.languages, key) ? undefined : Object.keys(fields).find((name) => ['expression', 'predicate'].includes(fields[name]!.shape.kind) && fields[name]!.shape.isRequired);
    const other = meant === null ? Object.keys(this.parts.eips).find((name) => name !== owner.name && name.startsWith(owner.name) && Object.hasOwn(this.parts.eips[name]!.options, key)) : undefined;
    this.problems.report('M0212', `unknown option \`${key}\` for \`${owner.name}\``, at, {
      label: 'no such option',
      help: isLost
        ? 'the steps of a route stand inside of its `from`'
        : areVerbs
          ? 'verbs stand in `rest` itself, each with a list: `get: [ { path: /x, to: "direct:x" } ]`'
          : outer !== undefined
          ? `write it below \`${outer}\``
          : inner !== undefined
          ? `it is an option of \`${inner}\`: write it below that`
          : meant !== null
          ? `did you mean \`${meant}\`?`
          : alias !== null
          ? `it is the expression: write \`${alias}: ${value === null || value === '' ? '...' : value}\``
          : key === 'steps' && Object.hasOwn(fields, 'to')
          ? 'write `to: "direct:name"`, and a route from `direct:name` with these steps'
          : other !== undefined
          ? `it is an option of the step \`${other}\`: write that`
          : Object.hasOwn(elements, key)
            ? `write it at the top level of the file${elementsByName[key]!.isBeforeRoutes === true ? ', before the routes' : ''}`
            : whatItTakes,
      docs: owner.docs,
      fix: isLost ? this.intoFrom(map, pair) : inner !== undefined ? null : meant !== null ? replaceWith(at, meant) : alias !== null ? replaceWith(at, alias) : null,
      values: { option: key, of: owner.name, nearest: inner === undefined ? meant : null },
    });
  }
}

/** What is missing, written into an element: into its empty braces, or below its key. */
function addition({ at }: Owner, text: string): Fix | null {
  const { source, end } = at;
  const rest = source.text.slice(end);
  const empty = /^\s*:\s*\{\s*\}/.exec(rest);
  if (empty !== null) return replaceWith({ source, start: end, end: end + empty[0].length }, `: { ${text} }`, false);
  const flow = /^\s*:\s*\{/.exec(rest);
  if (flow !== null) return insertAt(source, end + flow[0].length, ` ${text},`, false);
  const block = /^:[ \t]*\r?\n(?: *\n)*( +)\S/.exec(rest);
  const column = source.position(at.start).column;
  if (block !== null && block[1]!.length >= column) return insertAt(source, end + rest.indexOf('\n') + 1, `${block[1]!}${text}\n`, false);
  return /^:[ \t]*(\r?\n|$)/.test(rest) ? insertAt(source, end + 1, `\n${' '.repeat(column + 1)}${text}`, false) : null;
}

/** Names that Camel's reader takes as well, and its schema does not have. */
const oldNames: Readonly<Record<string, string>> = { streamCaching: 'streamCache' };

/** What an endpoint may have where it stands as a mapping. */
const endpointFields: Fields = {
  uri: field.endpoint('URI of the endpoint.').required(),
  pattern: field.enum('Pattern of the exchange for this call.', ['InOnly', 'InOut']),
  variableSend: field.string('Variable that is sent instead of the body.'),
  variableReceive: field.string('Variable that takes the reply instead of the body.'),
};

const scalarName = (kind: string): string => ({ boolean: 'true or false', integer: 'a whole number', number: 'a number', millis: 'a duration', bytes: 'a size' })[kind] ?? 'a text';

const exampleOf = (shape: Field['shape']): string => {
  switch (shape.kind) {
    case 'steps':
      return '` and the steps below it, each starting with `- ';
    case 'enum':
      return shape.values[0] ?? '...';
    case 'boolean':
      return 'true';
    case 'integer':
    case 'number':
      return '1';
    case 'millis':
      return '5s';
    case 'list':
      return '[...]';
    case 'element':
    case 'map':
      return '{...}';
    default:
      return '...';
  }
};

/** A model's value as plain JavaScript, for options that go to languages and data formats. */
export function plainModel(value: ModelValue): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as readonly ModelValue[]).map(plainModel);
  const model = value as Exclude<ModelValue, string | number | boolean | null | readonly unknown[]>;
  switch (model.type) {
    case 'any':
      return model.value;
    case 'map':
      return Object.fromEntries(Object.entries(model.entries).map(([key, item]) => [key, plainModel(item)]));
    case 'element':
      return Object.fromEntries(Object.entries(model.fields).map(([key, item]) => [key, plainModel(item)]));
    default:
      return model;
  }
}
