import { Patience, workOf } from '../../core/patience.ts';
import { longestMillis, longestText } from '../template.ts';
import { compare, functions, isObject, isTrue, JsltError, number, same, text } from './functions.ts';
import type { Block, Expr, Function, Let } from './syntax.ts';
import { JsltSyntaxError, Parser } from './syntax.ts';

const deepestCall = 500;
/** Turns of loops, and calls of functions: those that call themselves twice multiply. */
const mostTurns = 10_000_000;
/** Items of arrays and objects that are made. An object counts for five. */
const mostItems = 10_000_000;
/** Items of the result: an array that holds another several times multiplies, too. Four characters count as one. */
const mostWritten = 20_000_000;
const deepestResult = 1000;

/** The variables of a place, innermost first. */
interface Frame {
  readonly outer: Frame | null;
  readonly values: Map<string, unknown>;
}

interface Module {
  readonly functions: ReadonlyMap<string, { readonly code: Function; readonly module: Module }>;
  readonly modules: ReadonlyMap<string, Module>;
  readonly globals: Frame;
  readonly value: Expr | null;
  readonly lets: readonly Let[];
}

export interface Surroundings {
  /** Reads an imported file. */
  read(uri: string): string;
  now(): number;
}

/** Null, and objects and arrays with nothing in them, are not written as members. */
const isWritten = (value: unknown): boolean => value !== null && !(Array.isArray(value) && value.length === 0) && !(isObject(value) && Object.keys(value).length === 0);

function load(source: string, surroundings: Surroundings, importing: readonly string[]): Module {
  const program = Parser.parse(source);
  const modules = new Map<string, Module>();
  for (const { from, as } of program.imports) {
    if (importing.includes(from)) throw new JsltSyntaxError(`\`${from}\` imports itself: ${[...importing, from].join(' > ')}`);
    modules.set(as, load(surroundings.read(from), surroundings, [...importing, from]));
  }
  const own = new Map<string, { code: Function; module: Module }>();
  const module: Module = { functions: own, modules, globals: { outer: null, values: new Map() }, value: program.value, lets: program.lets };
  for (const code of program.functions) own.set(code.name, { code, module });
  check(program.value, module);
  for (const { body } of program.functions) checkBlock(body, module);
  for (const { value } of program.lets) checkBlock(value, module);
  return module;
}

function find(name: string, module: Module): { readonly code: Function; readonly module: Module } | null {
  const colon = name.indexOf(':');
  if (colon < 0) return module.functions.get(name) ?? null;
  return module.modules.get(name.slice(0, colon))?.functions.get(name.slice(colon + 1)) ?? null;
}

const special = new Set(['fallback', 'now', 'is-null']);

/** Functions that are not there show when the expression is compiled. */
function check(expr: Expr | null, module: Module): void {
  if (expr === null) return;
  if (expr.kind === 'call') {
    const own = find(expr.name, module);
    const native = Object.hasOwn(functions, expr.name) ? functions[expr.name] : undefined;
    const count = expr.given.length;
    if (own !== null) {
      if (own.code.parameters.length !== count) throw new JsltSyntaxError(`the function \`${expr.name}\` takes ${own.code.parameters.length} arguments, not ${count}`);
    } else if (native !== undefined) {
      if (count < native.from || count > native.to) throw new JsltSyntaxError(`the function \`${expr.name}\` takes ${native.from === native.to ? native.from : `${native.from} to ${native.to}`} arguments, not ${count}`);
    } else if (!special.has(expr.name) && !(module.modules.get(expr.name)?.value !== undefined)) throw new JsltSyntaxError(`there is no function \`${expr.name}\``);
  }
  for (const part of Object.values(expr) as unknown[]) walk(part, module);
}

function walk(part: unknown, module: Module): void {
  if (Array.isArray(part)) for (const item of part) walk(item, module);
  else if (typeof part === 'object' && part !== null) {
    if ('kind' in part) check(part as Expr, module);
    else for (const inner of Object.values(part)) walk(inner, module);
  }
}

const checkBlock = (block: Block, module: Module): void => walk(block, module);

const tooLong = `a text of more than ${longestText} characters is made`;

function joined(a: string, b: string): string {
  if (a.length + b.length > longestText) throw new JsltError(tooLong);
  return a + b;
}

class Run {
  private readonly surroundings: Surroundings;
  private calls = 0;
  private turns = 0;
  private readonly patience = new Patience(longestMillis, (message) => new JsltError(`the expression is ${message}`));
  private made = 0;
  private written = 0;

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings;
  }

  start(module: Module, input: unknown, given: ReadonlyMap<string, unknown>): unknown {
    for (const inner of module.modules.values()) this.globals(inner, input);
    for (const [name, value] of given) module.globals.values.set(name, value);
    this.globals(module, input);
    const result = module.value === null ? null : this.value(module.value, input, module.globals, module);
    this.measure(result, 0);
    return result;
  }

  private make(items: number): void {
    this.made += items;
    if (this.made > mostItems) throw new JsltError(`arrays and objects of more than ${mostItems} items are made: loops and functions within each other multiply`);
  }

  /** A value that the result holds several times is written several times. */
  private measure(value: unknown, depth: number): void {
    if (++this.written > mostWritten) throw new JsltError(`the result has more than ${mostWritten} items: what it holds several times multiplies`);
    if (typeof value === 'string') this.written += value.length / 4;
    if (typeof value !== 'object' || value === null) return;
    if (depth > deepestResult) throw new JsltError(`the result is nested deeper than ${deepestResult}`);
    if (Array.isArray(value)) for (const item of value) this.measure(item, depth + 1);
    else for (const key in value) this.measure((value as Record<string, unknown>)[key], depth + 1);
  }

  private globals(module: Module, input: unknown): void {
    for (const { name, value } of module.lets) module.globals.values.set(name, this.block(value, input, module.globals, module));
  }

  private bound(lets: readonly Let[], input: unknown, frame: Frame, module: Module): Frame {
    if (lets.length === 0) return frame;
    const inner: Frame = { outer: frame, values: new Map() };
    for (const { name, value } of lets) inner.values.set(name, this.block(value, input, inner, module));
    return inner;
  }

  private block({ lets, value }: Block, input: unknown, frame: Frame, module: Module): unknown {
    return this.value(value, input, this.bound(lets, input, frame, module), module);
  }

  private value(expr: Expr, input: unknown, frame: Frame, module: Module): unknown {
    switch (expr.kind) {
      case 'value':
        return expr.value;
      case 'dot':
        return input;
      case 'variable':
        return this.variable(expr.name, frame, module);
      case 'member': {
        const of = this.value(expr.of, input, frame, module);
        return isObject(of) && Object.hasOwn(of, expr.name) ? (of[expr.name] ?? null) : null;
      }
      case 'index': {
        const of = this.value(expr.of, input, frame, module);
        const at = this.value(expr.at, input, frame, module);
        if (isObject(of)) return Object.hasOwn(of, text(at)) ? (of[text(at)] ?? null) : null;
        if (of === null || (typeof of !== 'string' && !Array.isArray(of))) return null;
        const index = number(at, 'an index');
        const found: unknown = of[index < 0 ? of.length + index : index];
        return found ?? null;
      }
      case 'slice': {
        const of = this.value(expr.of, input, frame, module);
        if (typeof of !== 'string' && !Array.isArray(of)) return null;
        const from = expr.from === null ? 0 : number(this.value(expr.from, input, frame, module), 'a slice');
        const to = expr.to === null ? of.length : number(this.value(expr.to, input, frame, module), 'a slice');
        return of.slice(from, to);
      }
      case 'call':
        return this.call(expr, input, frame, module);
      case 'binary':
        return this.binary(expr, input, frame, module);
      case 'if': {
        if (isTrue(this.value(expr.when, input, frame, module))) return this.block(expr.then, input, frame, module);
        return expr.otherwise === null ? null : this.value(expr.otherwise, input, frame, module);
      }
      case 'block':
        return this.block(expr.block, input, frame, module);
      case 'pipe':
        return this.value(expr.into, this.value(expr.of, input, frame, module), frame, module);
      case 'array':
        this.make(expr.items.length + 1);
        return expr.items.map((item) => this.value(item, input, frame, module));
      case 'arrayFor': {
        const of = this.items(this.value(expr.of, input, frame, module));
        if (of === null) return null;
        const result: unknown[] = [];
        for (const item of of) {
          this.turn();
          const inner = this.bound(expr.each.lets, item, frame, module);
          if (expr.when !== null && !isTrue(this.value(expr.when, item, inner, module))) continue;
          this.make(1);
          result.push(this.value(expr.each.value, item, inner, module));
        }
        return result;
      }
      case 'object':
        return this.object(expr, input, frame, module);
      case 'objectFor': {
        const of = this.items(this.value(expr.of, input, frame, module));
        if (of === null) return null;
        const object = Object.create(null) as Record<string, unknown>;
        for (const item of of) {
          this.turn();
          const inner = this.bound(expr.lets, item, frame, module);
          if (expr.when !== null && !isTrue(this.value(expr.when, item, inner, module))) continue;
          const value = this.value(expr.value, item, inner, module);
          if (!isWritten(value)) continue;
          this.make(5);
          object[text(this.value(expr.key, item, inner, module))] = value;
        }
        return object;
      }
    }
  }

  private turn(): void {
    this.patience.spend();
    if (++this.turns > mostTurns) throw new JsltError(`more than ${mostTurns} turns of loops and calls of functions`);
  }

  /** What a `for` goes over: an array, or the entries of an object. */
  private items(value: unknown): readonly unknown[] | null {
    if (value === null) return null;
    if (Array.isArray(value)) return value as unknown[];
    if (isObject(value)) return Object.entries(value).map(([key, item]) => ({ key, value: item }));
    throw new JsltError(`for loop can't iterate over ${text(value)}`);
  }

  private variable(name: string, frame: Frame, module: Module): unknown {
    for (let place: Frame | null = frame; place !== null; place = place.outer) if (place.values.has(name)) return place.values.get(name);
    const colon = name.indexOf(':');
    const other = colon < 0 ? undefined : module.modules.get(name.slice(0, colon))?.globals.values;
    if (other?.has(name.slice(colon + 1)) === true) return other.get(name.slice(colon + 1));
    throw new JsltError(`no such variable '${name}'`);
  }

  private call({ name, given }: Extract<Expr, { kind: 'call' }>, input: unknown, frame: Frame, module: Module): unknown {
    if (name === 'fallback') {
      for (const one of given) {
        const value = this.value(one, input, frame, module);
        if (isWritten(value)) return value;
      }
      return null;
    }
    if (name === 'now') return this.surroundings.now() / 1000;
    const values = given.map((one) => this.value(one, input, frame, module));
    if (name === 'is-null') return values[0] === null;
    const own = find(name, module);
    if (own === null) {
      const imported = module.modules.get(name);
      if (imported?.value !== null && imported?.value !== undefined) return this.value(imported.value, values[0] ?? null, imported.globals, imported);
      for (const value of values) this.patience.spend(1 + workOf(value));
      return functions[name]!.run(...values);
    }
    this.turn();
    if (++this.calls > deepestCall) throw new JsltError(`functions call each other more than ${deepestCall} deep`);
    try {
      const inner: Frame = { outer: own.module.globals, values: new Map(own.code.parameters.map((parameter, i) => [parameter, values[i]])) };
      return this.block(own.code.body, input, inner, own.module);
    } finally {
      this.calls--;
    }
  }

  private binary({ operator, left, right }: Extract<Expr, { kind: 'binary' }>, input: unknown, frame: Frame, module: Module): unknown {
    const a = this.value(left, input, frame, module);
    if (operator === 'and') return isTrue(a) && isTrue(this.value(right, input, frame, module));
    if (operator === 'or') return isTrue(a) || isTrue(this.value(right, input, frame, module));
    const b = this.value(right, input, frame, module);
    switch (operator) {
      case '==':
        return same(a, b);
      case '!=':
        return !same(a, b);
      case '<':
        return compare(a, b) < 0;
      case '>':
        return compare(a, b) > 0;
      case '<=':
        return compare(a, b) <= 0;
      case '>=':
        return compare(a, b) >= 0;
      case '+':
        if (typeof a === 'string' || typeof b === 'string') return joined(a === null ? 'null' : text(a), b === null ? 'null' : text(b));
        if (Array.isArray(a) || Array.isArray(b)) {
          if (a === null || b === null) return a ?? b;
          this.make((a as unknown[]).length + (b as unknown[]).length);
          return [...(a as unknown[]), ...(b as unknown[])];
        }
        if (isObject(a) || isObject(b)) {
          if (a === null || b === null) return a ?? b;
          const both = { ...(b as object), ...(a as object) };
          this.make(5 * Object.keys(both).length);
          return both;
        }
        return a === null || b === null ? null : number(a, '+') + number(b, '+');
      case '*':
        if (typeof a === 'string' && typeof b === 'number') {
          const times = Math.min(b, 1_000_000);
          if (a.length * times > longestText) throw new JsltError(tooLong);
          return a.repeat(times);
        }
        return a === null || b === null ? null : number(a, '*') * number(b, '*');
      case '/':
        return a === null || b === null ? null : number(a, '/') / number(b, '/');
      default:
        return a === null || b === null ? null : number(a, '-') - number(b, '-');
    }
  }

  private object({ lets, entries, rest }: Extract<Expr, { kind: 'object' }>, input: unknown, frame: Frame, module: Module): unknown {
    const inner = this.bound(lets, input, frame, module);
    const object = Object.create(null) as Record<string, unknown>;
    this.make(5 + entries.length);
    const named = new Set<string>();
    for (const [key, expr] of entries) {
      const name = text(this.value(key, input, inner, module));
      const value = this.value(expr, input, inner, module);
      named.add(name);
      if (isWritten(value)) object[name] = value;
    }
    if (rest === null) return object;
    const of = this.value(rest.of, input, inner, module);
    if (isObject(of)) for (const [name, value] of Object.entries(of)) if (!named.has(name) && !rest.without.includes(name)) object[name] = value;
    return object;
  }
}

/** An expression, ready to be run. @throws JsltSyntaxError */
export function compileJslt(source: string, surroundings: Surroundings): (input: unknown, variables: ReadonlyMap<string, unknown>) => unknown {
  const module = load(source, surroundings, []);
  return (input, variables) => new Run(surroundings).start(module, input, variables);
}
