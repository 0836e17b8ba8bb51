import type { FunctionValue as Value } from './values.ts';
import { areEqual, areNumbers, Argument, call, emptySequence, FunctionValue, isList, isNumber, isTrue, lookup, sequenceOf, settled, Tail, unusual } from './values.ts';
import type { List } from './values.ts';
import { begin, functionNamed, Matcher, other, patience, short, shortOfTwo, sorted, textOf } from './functions.ts';

/** What the library's parser gives, as far as it is read here. */
export interface Node {
  readonly type: string;
  readonly value?: unknown;
  readonly steps?: readonly Node[];
  readonly stages?: readonly Stage[];
  readonly predicate?: readonly Stage[];
  readonly group?: Group;
  readonly keepArray?: boolean;
  readonly keepSingletonArray?: boolean;
  readonly consarray?: boolean;
  readonly tuple?: boolean;
  readonly focus?: unknown;
  readonly index?: unknown;
  readonly ancestor?: unknown;
  readonly lhs?: unknown;
  readonly rhs?: Node;
  readonly expressions?: readonly Node[];
  readonly expression?: Node;
  readonly condition?: Node;
  readonly then?: Node;
  readonly else?: Node;
  readonly procedure?: Node;
  readonly arguments?: readonly Node[];
  readonly body?: Node;
  readonly thunk?: boolean;
  readonly signature?: { validate(args: unknown[], context: unknown): unknown[] };
  readonly terms?: readonly { readonly descending?: boolean; readonly expression: Node }[];
}

interface Stage {
  readonly type: string;
  readonly expr: Node;
}

interface Group {
  readonly lhs: readonly (readonly [Node, Node])[];
}

/** The variables of a block, or of a function's call; those around it are in the first place. */
type Frame = [Frame | null, ...unknown[]];

type Run = (input: unknown, frame: Frame) => unknown;

/** A query as a function of a document and the variables `$headers`, `$properties` and `$variables`. Throws `unusual` where the library is to be asked. */
export type Query = (document: unknown, bound: Readonly<Record<string, unknown>> | undefined, isPatient: boolean) => unknown;

/** A variable that has no value yet: one further out counts. */
const unbound = Symbol('unbound');

/** The names of one frame, and the frame around it. */
interface Scope {
  readonly names: readonly string[];
  readonly outer: Scope | null;
}

/** Names that every query has: the document, and what the exchange gives. */
const outermost: Scope = { names: ['$', 'headers', 'properties', 'variables'], outer: null };

/** Thrown where a query has something that only the library can do. */
class Beyond extends Error {}

const beyond = (what: string): never => {
  throw new Beyond(what);
};

/**
 * Compiles what the library parsed into closures that evaluate at once and mean the same; null when the query has something that only the library does:
 * variables of steps (`@`, `#`, `%`), transformations, partial application, `$eval`.
 */
export function compileQuery(ast: Node, pattern: new (source: RegExp) => RegExp): Query | null {
  let run: Run;
  const names = boundIn([ast]);
  const scope: Scope = names.length === 0 ? outermost : { names, outer: outermost };
  try {
    run = new Compiler(pattern).node(ast, scope);
  } catch (thrown) {
    if (thrown instanceof Beyond) return null;
    throw thrown;
  }
  return (document, bound, isPatient) => {
    begin(isPatient);
    const outer: Frame = [null, document, bound?.['headers'], bound?.['properties'], bound?.['variables']];
    let input = document;
    if (isList(document) && document.sequence !== true) {
      const wrapper = sequenceOf(document);
      wrapper.outerWrapper = true;
      input = wrapper;
    }
    const result = run(input, names.length === 0 ? outer : frameOf(outer, names.length));
    if (result instanceof FunctionValue) throw unusual;
    return result;
  };
}

function frameOf(outer: Frame, size: number): Frame {
  const frame: Frame = [outer];
  for (let i = 0; i < size; i++) frame.push(unbound);
  return frame;
}

/** The names that these nodes bind in the frame that they are evaluated in. */
function boundIn(nodes: readonly Node[]): string[] {
  const names = new Set<string>();
  const visit = (part: unknown): void => {
    if (Array.isArray(part)) part.forEach(visit);
    else if (typeof part === 'object' && part !== null && !(part instanceof RegExp)) {
      const node = part as Node;
      if (node.type === 'block' || node.type === 'lambda') return;
      if (node.type === 'bind') names.add((node.lhs as Node).value as string);
      Object.values(node).forEach(visit);
    }
  };
  nodes.forEach(visit);
  return [...names];
}

const item = (input: unknown): unknown => (isList(input) && input.outerWrapper === true ? input[0] : input);

const neverSequences: ReadonlySet<string> = new Set(['string', 'number', 'value', 'regex', 'lambda', 'binary', 'unary']);

class Lambda extends FunctionValue {
  readonly arity: number;
  readonly input: unknown;
  readonly frame: Frame;
  readonly definition: Definition;

  constructor(definition: Definition, input: unknown, frame: Frame) {
    super();
    this.definition = definition;
    this.arity = definition.parameters;
    this.input = input;
    this.frame = frame;
  }

  override callBack(args: unknown[]): unknown {
    return call(this, args, this.input);
  }

  call(args: unknown[], context: unknown): unknown {
    patience.spend();
    const { signature, parameters, names, body } = this.definition;
    const given = signature === undefined ? args : signature.validate(args, context);
    const frame: Frame = [this.frame];
    for (let i = 0; i < parameters; i++) frame.push(given[i]);
    for (let i = parameters; i < names; i++) frame.push(unbound);
    return body(this.input, frame);
  }
}

interface Definition {
  readonly parameters: number;
  readonly names: number;
  readonly signature: Node['signature'];
  readonly body: Run;
}

class Compiler {
  private readonly pattern: new (source: RegExp) => RegExp;

  constructor(pattern: new (source: RegExp) => RegExp) {
    this.pattern = pattern;
  }

  node(node: Node, scope: Scope): Run {
    if (node.tuple === true || node.focus !== undefined || node.index !== undefined || node.ancestor !== undefined) beyond('variables of steps');
    let run = this.bare(node, scope);
    const isBare = node.predicate === undefined && node.group === undefined;
    for (const { type, expr } of node.predicate ?? []) run = type === 'filter' ? this.filtered(run, expr, scope) : beyond(type);
    if (node.type !== 'path' && node.group !== undefined) run = this.grouped(run, node.group, scope);
    const isKept = node.keepArray === true;
    if (isBare && !isKept && (neverSequences.has(node.type) && node.value !== '..')) return run;
    const inner = run;
    return (input, frame) => settled(inner(input, frame), isKept);
  }

  private bare(node: Node, scope: Scope): Run {
    switch (node.type) {
      case 'path':
        return this.path(node, scope);
      case 'binary':
        return this.binary(node, scope);
      case 'unary':
        return this.unary(node, scope);
      case 'name': {
        const name = node.value as string;
        return (input) => lookup(input, name);
      }
      case 'string':
      case 'number':
      case 'value': {
        const { value } = node;
        return () => value;
      }
      case 'wildcard':
        return wildcard;
      case 'descendant':
        return descendants;
      case 'condition':
        return this.condition(node, scope);
      case 'block':
        return this.block(node, scope);
      case 'bind':
        return this.bind(node, scope);
      case 'regex':
        return this.regex(node);
      case 'function':
        return this.functionCall(node, scope, null);
      case 'variable':
        return this.variable(node, scope);
      case 'lambda':
        return this.lambda(node, scope);
      case 'apply':
        return this.apply(node, scope);
      default:
        return beyond(node.type);
    }
  }

  // ---------------------------------------------------------------------------------------------- paths

  private path(node: Node, scope: Scope): Run {
    const steps = node.steps!.map((step, i) => this.step(step, scope, i === 0, i === node.steps!.length - 1));
    const keeps = node.keepSingletonArray === true;
    const isAbsolute = node.steps![0]!.type === 'variable';
    const startsWithList = node.steps![0]!.consarray === true;
    const names = this.plainNames(node);
    const group = node.group === undefined ? null : this.group(node.group, scope);
    return (input, frame) => {
      let at = 0;
      let value = input;
      // From object to object there is nothing to be put together.
      while (at < names.length && typeof value === 'object' && value !== null && !isList(value)) value = lookup(value, names[at++]!);
      let list: List;
      if (isList(value) && value.sequence === true && at > 0) value = settled(value, false);
      if (at === 0) list = !isList(input) || isAbsolute ? sequenceOf(input) : input.length === 0 ? emptySequence() : input;
      else if (value === undefined) list = emptySequence();
      else if (!isList(value) || (value.cons === true && at < steps.length)) list = sequenceOf(value);
      else if (at === steps.length) list = value.sequence === true ? gathered(value) : value;
      else list = value.length === 0 || node.steps![at]!.type === 'sort' ? gathered(value) : value;
      for (; at < steps.length && (list.length > 0 || (at === 0 && startsWithList)); at++) {
        patience.spend(1 + list.length);
        if (at === 0 && startsWithList) list = listOf(steps[0]!(list, frame));
        else list = steps[at]!(list, frame) as List;
      }
      if (keeps) {
        if (list.cons === true && list.sequence !== true) list = sequenceOf(list);
        // What is no sequence, such as a list of the document, is kept anyway.
        if (list.sequence === true) list.keepSingleton = true;
      }
      return group === null ? list : group(list, frame);
    };
  }

  /** The names that a path begins with. */
  private plainNames(node: Node): string[] {
    const names: string[] = [];
    for (const { type, value, stages, keepArray, predicate, group } of node.steps!) {
      if (type !== 'name' || stages !== undefined || keepArray === true || predicate !== undefined || group !== undefined) break;
      names.push(value as string);
    }
    return names;
  }

  /** Evaluates one step for each item of a list, and puts what it gives into one list; the first step may be evaluated for the list itself. */
  private step(node: Node, scope: Scope, isFirst: boolean, isLast: boolean): (list: List, frame: Frame) => unknown {
    if (node.type === 'sort') return this.sortStep(node, scope);
    let run = this.node(node, scope);
    if (isFirst && node.consarray === true) return run;
    for (const { type, expr } of node.stages ?? []) run = type === 'filter' ? this.filtered(run, expr, scope) : beyond(type);
    const step = run;
    return (list, frame) => {
      if (isLast && list.length === 1) {
        const only = step(list[0], frame);
        if (only === undefined) return emptySequence();
        if (!isList(only)) return sequenceOf(only);
        return only.sequence !== true ? only : gathered(only);
      }
      const result = emptySequence();
      let first: unknown;
      let count = 0;
      for (let i = 0; i < list.length; i++) {
        const value = step(list[i], frame);
        if (value === undefined) continue;
        if (count++ === 0) first = value;
        if (!isList(value) || value.cons === true) result.push(value);
        else for (let j = 0; j < value.length; j++) result.push(value[j]);
      }
      return isLast && count === 1 && isList(first) && first.sequence !== true ? first : result;
    };
  }

  private filtered(run: Run, predicate: Node, scope: Scope): Run {
    if (predicate.type === 'number') {
      const wanted = Math.floor(predicate.value as number);
      return (input, frame) => {
        const value = run(input, frame);
        const found = isList(value) ? value[wanted < 0 ? value.length + wanted : wanted] : wanted === 0 || wanted === -1 ? value : undefined;
        return found === undefined ? emptySequence() : isList(found) ? found : sequenceOf(found);
      };
    }
    const matches = this.node(predicate, scope);
    return (input, frame) => {
      const value = run(input, frame);
      const list = isList(value) ? value : [value];
      const result = emptySequence();
      for (let i = 0; i < list.length; i++) {
        patience.spend();
        const candidate = list[i];
        const answer = matches(candidate, frame);
        if (answer === true) result.push(candidate);
        else if (answer === false || answer === undefined) continue;
        else if (isNumber(answer)) {
          if (isAt(answer, i, list.length)) result.push(candidate);
        } else if (isList(answer) && areNumbers(answer)) {
          for (const index of answer) if (isAt(index, i, list.length)) result.push(candidate);
        } else if (isTrue(answer)) result.push(candidate);
      }
      return result;
    };
  }

  private sortStep(node: Node, scope: Scope): (list: List, frame: Frame) => unknown {
    const terms = node.terms!.map(({ descending, expression }) => ({ sign: descending === true ? -1 : 1, run: this.node(expression, scope) }));
    const filters = (node.stages ?? []).map(({ type, expr }) => (type === 'filter' ? this.filtered((list) => list, expr, scope) : beyond(type)));
    return (list, frame) => {
      let result: unknown = sorted(list, (one, another) => {
        for (const { sign, run } of terms) {
          const a = run(one, frame);
          const b = run(another, frame);
          // What has no value comes last, whichever way is sorted.
          if (a === undefined) {
            if (b === undefined) continue;
            return true;
          }
          if (b === undefined) return false;
          const kind = typeof a;
          if ((kind !== 'string' && kind !== 'number') || typeof b !== kind) throw unusual;
          if (a === b) continue;
          return ((a as number) < (b as number) ? -1 : 1) * sign === 1;
        }
        return false;
      });
      for (const filter of filters) result = filter(result, frame);
      return result;
    };
  }

  // ---------------------------------------------------------------------------------------------- operators

  private binary(node: Node, scope: Scope): Run {
    const left = this.node(node.lhs as Node, scope);
    const right = this.node(node.rhs!, scope);
    switch (node.value) {
      case 'and':
        return (input, frame) => isTrue(left(input, frame)) && isTrue(right(input, frame));
      case 'or':
        return (input, frame) => isTrue(left(input, frame)) || isTrue(right(input, frame));
      case '+':
        return counting(left, right, (a, b) => a + b);
      case '-':
        return counting(left, right, (a, b) => a - b);
      case '*':
        return counting(left, right, (a, b) => a * b);
      case '/':
        return counting(left, right, (a, b) => a / b);
      case '%':
        return counting(left, right, (a, b) => a % b);
      case '=':
        return (input, frame) => {
          const a = left(input, frame);
          const b = right(input, frame);
          return a !== undefined && b !== undefined && areEqual(a, b);
        };
      case '!=':
        return (input, frame) => {
          const a = left(input, frame);
          const b = right(input, frame);
          return a !== undefined && b !== undefined && !areEqual(a, b);
        };
      case '<':
        return comparing(left, right, (a, b) => a < b);
      case '<=':
        return comparing(left, right, (a, b) => a <= b);
      case '>':
        return comparing(left, right, (a, b) => a > b);
      case '>=':
        return comparing(left, right, (a, b) => a >= b);
      case '&':
        return (input, frame) => {
          const a = left(input, frame);
          const b = right(input, frame);
          if (a instanceof FunctionValue || b instanceof FunctionValue) throw unusual;
          return textOf(a) + textOf(b);
        };
      case '..':
        return (input, frame) => range(left(input, frame), right(input, frame));
      case 'in':
        return (input, frame) => {
          const a = left(input, frame);
          const b = right(input, frame);
          if (a === undefined || b === undefined) return false;
          return isList(b) ? b.includes(a) && a === a : a === b;
        };
      default:
        return beyond(String(node.value));
    }
  }

  private unary(node: Node, scope: Scope): Run {
    switch (node.value) {
      case '-': {
        const run = this.node(node.expression!, scope);
        return (input, frame) => {
          const value = run(input, frame);
          if (value === undefined) return undefined;
          if (!isNumber(value)) throw unusual;
          return -value;
        };
      }
      case '[':
        return this.listConstructor(node, scope);
      case '{':
        return this.group(node as unknown as Group, scope);
      default:
        return beyond(String(node.value));
    }
  }

  private listConstructor(node: Node, scope: Scope): Run {
    if (boundIn(node.expressions!).length > 0) beyond('a variable of which nobody knows when it gets its value');
    const items = node.expressions!.map((expression) => ({ run: this.node(expression, scope), isWhole: expression.value === '[' }));
    const isOfPath = node.consarray === true;
    return (input, frame) => {
      const result: unknown[] = [];
      for (let i = 0; i < items.length; i++) {
        const { run, isWhole } = items[i]!;
        const value = run(input, frame);
        if (value === undefined) continue;
        if (value instanceof FunctionValue) throw unusual;
        if (isWhole || !isList(value)) result.push(value);
        else {
          patience.spend(value.length);
          for (let j = 0; j < value.length; j++) result.push(value[j]);
        }
      }
      if (isOfPath) Object.defineProperty(result, 'cons', { enumerable: false, configurable: false, value: true });
      return result;
    };
  }

  private grouped(run: Run, group: Group, scope: Scope): Run {
    const make = this.group(group, scope);
    return (input, frame) => make(run(input, frame), frame);
  }

  /** An object: its values are what comes of all items with the same key. */
  private group({ lhs }: Group, scope: Scope): Run {
    if (boundIn(lhs.flat()).length > 0) beyond('a variable of which nobody knows when it gets its value');
    const pairs = lhs.map(([key, value]) => ({ key: this.node(key, scope), value: this.node(value, scope) }));
    const constant = lhs.map(([key]) => key).every(({ type, predicate, group }) => type === 'string' && predicate === undefined && group === undefined) ? lhs.map(([{ value }]) => value as string) : [];
    const isPlain = constant.length > 0 && new Set(constant).size === constant.length && !constant.some(isReserved);
    return (input, frame) => {
      if (isPlain && (!isList(input) || input.length <= 1)) {
        const only = isList(input) ? input[0] : input;
        const result = Object.create(null) as Record<string, unknown>;
        for (let i = 0; i < pairs.length; i++) put(result, constant[i]!, pairs[i]!.value(only, frame));
        return result;
      }
      const list = isList(input) && input.length > 0 ? input : [isList(input) ? undefined : input];
      const groups = new Map<string, { items: unknown; readonly pair: number }>();
      for (const member of list) {
        patience.spend(pairs.length);
        for (let i = 0; i < pairs.length; i++) {
          const key = pairs[i]!.key(member, frame);
          if (key === undefined) continue;
          if (typeof key !== 'string' || isReserved(key)) throw unusual;
          const known = groups.get(key);
          if (known === undefined) groups.set(key, { items: member, pair: i });
          else if (known.pair !== i) throw unusual;
          else known.items = appended(known.items, member);
        }
      }
      const result = Object.create(null) as Record<string, unknown>;
      for (const [key, { items, pair }] of groups) put(result, key, pairs[pair]!.value(items, frame));
      return result;
    };
  }

  private condition(node: Node, scope: Scope): Run {
    const condition = this.node(node.condition!, scope);
    const then = this.node(node.then!, scope);
    const otherwise = node.else === undefined ? null : this.node(node.else, scope);
    return (input, frame) => (isTrue(condition(input, frame)) ? then(input, frame) : otherwise === null ? undefined : otherwise(input, frame));
  }

  // ---------------------------------------------------------------------------------------------- variables

  private block(node: Node, scope: Scope): Run {
    const nodes = node.expressions!;
    const names = boundIn(nodes);
    const inner = names.length === 0 ? scope : { names, outer: scope };
    const runs = nodes.map((expression) => this.node(expression, inner));
    if (names.length === 0 && runs.length === 1) return runs[0]!;
    return (input, outer) => {
      const frame = names.length === 0 ? outer : frameOf(outer, names.length);
      let result: unknown;
      for (let i = 0; i < runs.length; i++) result = runs[i]!(input, frame);
      return result;
    };
  }

  private bind(node: Node, scope: Scope): Run {
    const { names } = scope;
    const place = names.indexOf((node.lhs as Node).value as string) + 1;
    // A query's own frame is the innermost wherever one binds.
    if (place === 0 || scope === outermost) beyond('a variable without a frame');
    const run = this.node(node.rhs!, scope);
    return (input, frame) => (frame[place] = run(input, frame));
  }

  private variable(node: Node, scope: Scope): Run {
    const name = node.value as string;
    if (name === '') return item;
    const places: { depth: number; place: number }[] = [];
    let depth = 0;
    for (let at: Scope | null = scope; at !== null; at = at.outer, depth++) {
      const place = at.names.indexOf(name) + 1;
      if (place > 0) places.push({ depth, place });
    }
    const last = places.at(-1);
    if (last?.depth === depth - 1) {
      // The outermost are always there.
      if (places.length === 1) return (_input, frame) => at(frame, last.depth)[last.place];
    } else if (places.length === 0) {
      const named = functionNamed(name);
      if (named === undefined) beyond(`$${name}`);
      return () => named ?? undefined;
    }
    const known = functionNamed(name);
    if (known === undefined) beyond(`$${name}`);
    return (_input, frame) => {
      for (let i = 0; i < places.length; i++) {
        const value = at(frame, places[i]!.depth)[places[i]!.place];
        if (value !== unbound) return value;
      }
      return known ?? undefined;
    };
  }

  // ---------------------------------------------------------------------------------------------- functions

  private lambda(node: Node, scope: Scope): Run {
    if (node.thunk === true) return this.tailCall(node.body!, scope);
    const parameters = node.arguments!.map(({ value }) => value as string);
    if (new Set(parameters).size !== parameters.length) beyond('a parameter twice');
    const names = [...parameters, ...boundIn([node.body!]).filter((name) => !parameters.includes(name))];
    const definition: Definition = { parameters: parameters.length, names: names.length, signature: node.signature, body: this.node(node.body!, { names, outer: scope }) };
    return (input, frame) => new Lambda(definition, input, frame);
  }

  /** The call that a function ends with is made by who called the function. */
  private tailCall(node: Node, scope: Scope): Run {
    if (node.procedure!.type === 'path') beyond('a function without $');
    const callee = this.node(node.procedure!, scope);
    const args = node.arguments!.map((argument) => this.node(argument, scope));
    return (input, frame) => new Tail(callee(input, frame), args.map((argument) => argument(input, frame)));
  }

  private functionCall(node: Node, scope: Scope, first: Run | null): Run {
    const procedure = node.procedure!;
    if (procedure.type === 'path') beyond('a function without $');
    const callee = this.node(procedure, scope);
    const args = node.arguments!.map((argument) => this.node(argument, scope));
    const native = procedure.type === 'variable' ? this.nativeName(procedure, scope) : null;
    const all = first === null ? args : [first, ...args];
    if (native !== null) {
      const [one, two] = all as [Run, Run];
      const run = (callee as () => unknown)() as Value;
      const quick = all.length === 1 ? short[native] : undefined;
      if (quick !== undefined) {
        return (input, frame) => {
          const value = one(input, frame);
          if (value instanceof FunctionValue) throw unusual;
          const result = quick(value);
          return result === other ? run.call([value], input) : result;
        };
      }
      const quickOfTwo = all.length === 2 ? shortOfTwo[native] : undefined;
      if (quickOfTwo !== undefined) {
        return (input, frame) => {
          const value = argument(one(input, frame));
          const second = argument(two(input, frame));
          const result = quickOfTwo(value, second);
          return result === other ? run.call([value, second], input) : result;
        };
      }
    }
    return (input, frame) => {
      const called = callee(input, frame);
      const values: unknown[] = [];
      if (first !== null) {
        const context = first(input, frame);
        if (context instanceof FunctionValue) throw unusual;
        values.push(context);
      }
      for (let i = 0; i < args.length; i++) values.push(argument(args[i]!(input, frame)));
      return call(called, values, input);
    };
  }

  /** The library's function that a variable is, where no other variable may be meant. */
  private nativeName({ value, predicate, group }: Node, scope: Scope): string | null {
    if (predicate !== undefined || group !== undefined) return null;
    for (let at: Scope | null = scope; at !== null; at = at.outer) if (at.names.includes(value as string)) return null;
    return functionNamed(value as string) instanceof FunctionValue ? (value as string) : null;
  }

  private apply(node: Node, scope: Scope): Run {
    const left = this.node(node.lhs as Node, scope);
    const right = node.rhs!;
    if (right.type === 'function') {
      if (right.predicate !== undefined || right.group !== undefined) beyond('what follows a function that is applied');
      return this.functionCall(right, scope, left);
    }
    const run = this.node(right, scope);
    return (input, frame) => {
      const value = left(input, frame);
      const callee = run(input, frame);
      if (value instanceof FunctionValue) throw unusual;
      return call(callee, [value], null);
    };
  }

  private regex(node: Node): Run {
    if (!(node.value instanceof RegExp)) beyond('a pattern');
    const matcher = new Matcher(new this.pattern(node.value as RegExp));
    return () => matcher;
  }
}

const argument = (value: unknown): unknown => (value instanceof FunctionValue ? new Argument(value) : value);

function at(frame: Frame, depth: number): Frame {
  let found = frame;
  for (let i = 0; i < depth; i++) found = found[0]!;
  return found;
}

const isAt = (index: number, place: number, length: number): boolean => {
  const whole = Math.floor(index);
  return (whole < 0 ? length + whole : whole) === place;
};

const isReserved = (key: string): boolean => key === '_jsonata_lambda' || key === '_jsonata_function';

function put(result: Record<string, unknown>, key: string, value: unknown): void {
  if (value === undefined) return;
  if (value instanceof FunctionValue) throw unusual;
  result[key] = value;
}

function listOf(value: unknown): List {
  if (!isList(value)) throw unusual;
  return value;
}

function gathered(list: List): List {
  const result = emptySequence();
  for (let i = 0; i < list.length; i++) result.push(list[i]);
  return result;
}

/** As the library appends: lists become one, and what was marked is no longer. */
function appended(one: unknown, two: unknown): unknown {
  if (one === undefined) return two;
  if (two === undefined) return one;
  patience.spend(isList(one) ? one.length >> 3 : 1);
  const list: List = isList(one) ? one : sequenceOf(one);
  return (list as unknown[]).concat(isList(two) ? two : [two]);
}

function counting(left: Run, right: Run, does: (a: number, b: number) => number): Run {
  return (input, frame) => {
    const a = left(input, frame);
    const b = right(input, frame);
    if ((a !== undefined && !isNumber(a)) || (b !== undefined && !isNumber(b))) throw unusual;
    return a === undefined || b === undefined ? undefined : does(a, b);
  };
}

function comparing(left: Run, right: Run, does: (a: number, b: number) => boolean): Run {
  return (input, frame) => {
    const a = left(input, frame);
    const b = right(input, frame);
    if (typeof a === 'number' ? typeof b === 'number' : typeof a === 'string' && typeof b === 'string') return does(a as number, b as number);
    for (const value of [a, b]) if (value !== undefined && typeof value !== 'string' && typeof value !== 'number') throw unusual;
    if (a === undefined || b === undefined) return undefined;
    throw unusual;
  };
}

const mostOfRange = 1e5;

function range(from: unknown, to: unknown): unknown {
  if ((from !== undefined && !Number.isInteger(from)) || (to !== undefined && !Number.isInteger(to))) throw unusual;
  if (from === undefined || to === undefined) return undefined;
  const [first, last] = [from as number, to as number];
  if (first > last) return undefined;
  if (last - first >= mostOfRange) throw unusual;
  patience.spend(last - first);
  const result = emptySequence();
  for (let value = first; value <= last; value++) result.push(value);
  return result;
}

function wildcard(input: unknown): unknown {
  const value = item(input);
  const result = emptySequence();
  if (typeof value !== 'object' || value === null || value instanceof FunctionValue) return result;
  let found: List = result;
  for (const member of Object.values(value)) {
    if (!isList(member)) found.push(member);
    // Lists make the library's list one without marks.
    else found = (found as unknown[]).concat((member as unknown[]).flat(Infinity));
  }
  patience.spend(1 + found.length);
  return found;
}

function descendants(input: unknown): unknown {
  if (input === undefined) return undefined;
  const result = emptySequence();
  descend(input, result);
  return result.length === 1 ? result[0] : result;
}

function descend(value: unknown, into: List): void {
  patience.spend();
  if (isList(value)) {
    for (const member of value) descend(member, into);
    return;
  }
  into.push(value);
  if (typeof value === 'object' && value !== null && !(value instanceof FunctionValue)) for (const member of Object.values(value)) descend(member, into);
}
