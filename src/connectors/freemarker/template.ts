import type { Place } from './builtins.ts';
import { builtins, ordinal, printed, TemplateError, useSettings } from './builtins.ts';
import { Markup, Moment, newSettings } from './formats.ts';
import type { Expr, Node } from './syntax.ts';
import { Patience, workOf } from '../../core/patience.ts';
import { longestMillis, longestText } from '../template.ts';
import { Parser } from './syntax.ts';

/** Turns of loops, and calls of macros and functions: those that call themselves twice multiply. */
const mostTurns = 1_000_000;
/** Items of lists and hashes that expressions put together. */
const mostItems = 20_000_000;
const deepestCall = 200;

/** Something that is not there: `!` and `??` behind a group catch it. */
export class MissingError extends TemplateError {}

type Scope = Map<string, unknown>;

class Macro {
  readonly node: Extract<Node, { kind: 'macro' }>;
  /** The variables of the template that it stands in. */
  readonly home: Scope;

  constructor(node: Extract<Node, { kind: 'macro' }>, home: Scope) {
    this.node = node;
    this.home = home;
  }
}

/** What a template is rendered with, besides what it sees. */
export interface Around {
  /** The text of a resource, for `<#include>` and `<#import>`. */
  read(name: string): string;
  now(): number;
}

/** What makes a text harmless in an output format; null for one in which nothing is. */
const escapers: Readonly<Record<string, ((text: string) => string) | null>> = {
  HTML: (text) => builtins['html']!(text, [], null) as string,
  XHTML: (text) => builtins['xhtml']!(text, [], null) as string,
  XML: (text) => builtins['xml']!(text, [], null) as string,
  plainText: null,
  undefined: null,
  CSS: null,
  JSON: null,
  JavaScript: null,
};

class Returned extends Error {
  value: unknown;

  constructor() {
    super('<#return> is outside of a macro');
  }
}

const broke = new TemplateError('`<#break>` is outside of a loop');
const continued = new TemplateError('`<#continue>` is outside of a loop');

/** A hash literal, a list, what a document holds: only own members are seen. */
function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? ((value as Record<string, unknown>)[key] ?? undefined) : undefined;
}

/** One rendering. */
class Rendering {
  private readonly root: Readonly<Record<string, unknown>>;
  private readonly around: Around;
  /** Those of `<#global>`, and those of the template that is rendered. */
  private readonly shared: Scope = new Map();
  private globals: Scope = new Map();
  private readonly settings = newSettings();
  private format = 'undefined';
  private isEscaping = false;
  private readonly imported = new Map<string, Record<string, unknown>>();
  private scopes: Scope[] = [];
  private readonly places = new Map<string, Place[]>();
  private readonly lists: { readonly items: readonly unknown[]; readonly entries: boolean }[] = [];
  private readonly nested: ({ readonly body: readonly Node[] | null; readonly scopes: Scope[]; readonly variables: readonly string[] } | null)[] = [];
  private out: string[] = [];
  private length = 0;
  private turns = 0;
  private readonly patience = new Patience(longestMillis, (message) => new TemplateError(`the template is ${message}; split the body before it`));
  private items = 0;
  private calls = 0;
  /** One for all: to make one takes longer than a call. */
  private readonly returned = new Returned();

  constructor(root: Readonly<Record<string, unknown>>, around: Around) {
    this.root = root;
    this.around = around;
    useSettings(this.settings);
  }

  text(nodes: readonly Node[]): string {
    const before = this.out;
    this.out = [];
    try {
      this.render(nodes);
      return this.out.join('');
    } finally {
      this.out = before;
    }
  }

  private write(text: string): void {
    this.length += text.length;
    this.patience.spend(1 + workOf(text));
    if (this.length > longestText) throw new TemplateError('the text is too long');
    this.out.push(text);
  }

  private turn(): void {
    this.patience.spend();
    if (++this.turns > mostTurns) throw new TemplateError(`more than ${mostTurns} turns of loops and calls of macros`);
  }

  private make(items: number): void {
    this.items += items;
    this.patience.spend(items >> 3);
    if (this.items > mostItems) throw new TemplateError(`lists and hashes of more than ${mostItems} items are made`);
  }

  define(nodes: readonly Node[]): void {
    // Macros are known before they are met.
    for (const node of nodes) if (node.kind === 'macro') this.globals.set(node.name, new Macro(node, this.globals));
  }

  private render(nodes: readonly Node[]): void {
    for (const node of nodes) this.one(node);
  }

  private one(node: Node): void {
    switch (node.kind) {
      case 'text':
        return this.write(node.text);
      case 'print': {
        const value = this.value(node.value);
        return this.write(value instanceof Markup ? value.text : this.isEscaping ? this.escaped(printed(value)) : printed(value));
      }
      case 'compress':
        return this.write(compressed(this.text(node.body)));
      case 'format':
        return this.inFormat(node);
      case 'setting':
        return this.set(node.name, this.value(node.value));
      case 'include':
        return this.include(node.name, node.as);
      case 'if':
        for (const { when, body } of node.arms)
          if (when === null || this.truth(when)) return this.render(body);
        return;
      case 'list':
        return this.list(node);
      case 'items': {
        const current = this.lists.at(-1);
        if (current === undefined) throw new TemplateError('`<#items>` is outside of a list');
        return this.repeat(current.items, node.names, current.entries, node.body);
      }
      case 'sep': {
        const place = [...this.places.values()].map((places) => places.at(-1)).findLast((found) => found !== undefined);
        if (place !== undefined && place.index + 1 < place.size) this.render(node.body);
        return;
      }
      case 'assign':
        return this.assign(node);
      case 'macro':
        this.globals.set(node.name, new Macro(node, this.globals));
        return;
      case 'call':
        return this.call(node);
      case 'nested': {
        const current = this.nested.at(-1);
        if (current === null || current === undefined || current.body === null) return;
        const values = node.values.map((value) => this.value(value));
        const scopes = this.scopes;
        this.scopes = [...current.scopes, new Map(current.variables.map((name, i) => [name, values[i]]))];
        this.nested.push(null);
        try {
          this.render(current.body);
        } finally {
          this.nested.pop();
          this.scopes = scopes;
        }
        return;
      }
      case 'return':
        this.returned.value = node.value === null ? undefined : this.value(node.value);
        throw this.returned;
      case 'break':
        throw broke;
      case 'continue':
        throw continued;
      case 'stop':
        throw new TemplateError(node.message === null ? 'the template stopped' : printed(this.value(node.message)));
      case 'switch':
        return this.switch(node);
      case 'attempt': {
        let text: string;
        try {
          text = this.text(node.body);
        } catch (thrown) {
          if (!(thrown instanceof TemplateError) || thrown === broke || thrown === continued) throw thrown;
          return this.render(node.recover);
        }
        return this.write(text);
      }
    }
  }

  private escaped(text: string): string {
    return escapers[this.format]?.(text) ?? text;
  }

  private inFormat({ format, isEscaping, body }: Extract<Node, { kind: 'format' }>): void {
    const before = [this.format, this.isEscaping] as const;
    if (format !== null) {
      if (!Object.hasOwn(escapers, format)) throw new TemplateError(`there is no output format \`${format}\`: it is one of ${Object.keys(escapers).join(', ')}`);
      this.format = format;
    }
    const canEscape = (escapers[this.format] ?? null) !== null;
    if (isEscaping === true && !canEscape) throw new TemplateError(`the output format \`${this.format}\` has nothing to escape`);
    this.isEscaping = isEscaping ?? canEscape;
    try {
      this.render(body);
    } finally {
      [this.format, this.isEscaping] = before;
    }
  }

  private set(name: string, value: unknown): void {
    const text = String(value);
    switch (name) {
      case 'number_format':
        this.settings.numberFormat = text;
        return;
      case 'boolean_format':
        this.settings.booleanFormat = text;
        return;
      case 'date_format':
      case 'time_format':
      case 'datetime_format':
        this.settings.formats[name.slice(0, -7) as 'date'] = text;
        return;
      case 'locale':
        this.settings.locale = text;
        return;
      case 'time_zone':
        this.settings.zone = text;
        return;
      // What they change is none of a template's text.
      case 'url_escaping_charset':
      case 'output_encoding':
      case 'classic_compatible':
      case 'sql_date_and_time_time_zone':
        return;
      default:
        throw new TemplateError(`there is no setting \`${name}\``);
    }
  }

  private include(name: string, as: string | null): void {
    this.turn();
    if (++this.calls > deepestCall) throw new TemplateError('templates include each other too deeply');
    try {
      const known = this.imported.get(name);
      if (as !== null && known !== undefined) {
        this.globals.set(as, known);
        return;
      }
      let text: string;
      try {
        text = this.around.read(name);
      } catch {
        throw new TemplateError(`there is no template \`${name}\` to ${as === null ? 'include' : 'import'}`);
      }
      const nodes = Parser.parse(text);
      if (as === null) {
        this.define(nodes);
        return this.render(nodes);
      }
      this.import(name, as, nodes);
    } finally {
      this.calls--;
    }
  }

  /** Its macros and variables come as a hash; its text is dropped. */
  private import(name: string, as: string, nodes: readonly Node[]): void {
    const { globals, scopes } = this;
    const namespace = Object.create(null) as Record<string, unknown>;
    this.imported.set(name, namespace);
    this.globals = new Map();
    this.scopes = [];
    try {
      this.define(nodes);
      this.text(nodes);
      for (const [key, value] of this.globals) namespace[key] = value;
    } finally {
      this.globals = globals;
      this.scopes = scopes;
    }
    globals.set(as, namespace);
  }

  private list(node: Extract<Node, { kind: 'list' }>): void {
    const of = this.value(node.of);
    const entries = !Array.isArray(of) && typeof of === 'object' && of !== null;
    if (!entries && !Array.isArray(of)) throw new TemplateError(`Expected a sequence or collection, but this has evaluated to a ${typeof of}`);
    const items: readonly unknown[] = entries ? Object.entries(of as object) : (of as unknown[]);
    if (items.length === 0) return this.render(node.otherwise);
    if (entries && node.names.length === 1) throw new TemplateError(`The value you try to list is a hash: write \`<#list ... as key, value>\`, or list its \`?keys\` or \`?values\``);
    if (node.names.length > 0) return this.repeat(items, node.names, entries, node.body);
    this.lists.push({ items, entries });
    try {
      this.render(node.body);
    } finally {
      this.lists.pop();
    }
  }

  private repeat(items: readonly unknown[], names: readonly string[], entries: boolean, body: readonly Node[]): void {
    const name = names[0]!;
    const scope: Scope = new Map();
    this.scopes.push(scope);
    const places = this.places.get(name) ?? [];
    // The innermost loop is the last one in the map.
    this.places.delete(name);
    this.places.set(name, places);
    try {
      for (let index = 0; index < items.length; index++) {
        this.turn();
        const item = items[index];
        scope.set(name, entries ? (item as unknown[])[0] : item);
        if (entries && names[1] !== undefined) scope.set(names[1], (item as unknown[])[1]);
        scope.set(`${name}_index`, index);
        scope.set(`${name}_has_next`, index + 1 < items.length);
        places.push({ index, size: items.length });
        try {
          this.render(body);
        } catch (thrown) {
          if (thrown === broke) return;
          if (thrown !== continued) throw thrown;
        } finally {
          places.pop();
        }
      }
    } finally {
      this.scopes.pop();
    }
  }

  private assign({ scope, name, operator, value, body }: Extract<Node, { kind: 'assign' }>): void {
    const target = scope === 'local' ? this.scopes.find((candidate) => candidate.has('.macro')) : scope === 'global' ? this.shared : this.globals;
    if (target === undefined) throw new TemplateError('`<#local>` is outside of a macro');
    if (body !== null) {
      const text = this.text(body);
      target.set(name, this.isEscaping ? new Markup(text) : text);
      return;
    }
    if (operator === '=') {
      target.set(name, this.value(value!));
      return;
    }
    const before = this.value({ kind: 'name', name });
    const by = value === null ? 1 : this.value(value);
    target.set(name, this.calculate(operator[0]!, before, by));
  }

  private call(node: Extract<Node, { kind: 'call' }>): void {
    const macro = this.value(node.callee);
    if (!(macro instanceof Macro) || macro.node.isFunction) throw new TemplateError('this is no macro');
    const { parameters } = macro.node;
    const scope: Scope = new Map([['.macro', macro.node.name]]);
    const positional = node.positional.map((value) => this.value(value));
    const named = new Map([...node.named].map(([name, value]) => [name, this.maybe(value)]));
    if (macro.node.rest !== null) scope.set(macro.node.rest, named.size > 0 ? Object.fromEntries([...named].filter(([name]) => !parameters.some((parameter) => parameter.name === name))) : positional.slice(parameters.length));
    else for (const name of named.keys()) if (!parameters.some((parameter) => parameter.name === name)) throw new TemplateError(`the macro \`${macro.node.name}\` has no parameter \`${name}\``);
    this.enter(macro, scope, (name, i) => (named.has(name) ? named.get(name) : positional[i]), () => {
      this.nested.push({ body: node.body, scopes: this.outer, variables: node.variables });
      try {
        this.render(macro.node.body);
      } catch (thrown) {
        if (!(thrown instanceof Returned)) throw thrown;
      } finally {
        this.nested.pop();
      }
    });
  }

  private outer: Scope[] = [];

  private enter<T>(macro: Macro, scope: Scope, given: (name: string, index: number) => unknown, run: () => T): T {
    this.turn();
    if (++this.calls > deepestCall) throw new TemplateError('macros call each other too deeply');
    const { scopes, outer, globals } = this;
    this.outer = scopes;
    this.scopes = [scope];
    this.globals = macro.home;
    try {
      macro.node.parameters.forEach(({ name, value }, i) => {
        let set = given(name, i);
        if (set === undefined && value !== null) set = this.value(value);
        if (set === undefined) throw new MissingError(`the parameter \`${name}\` of \`${macro.node.name}\` was not given`);
        scope.set(name, set);
      });
      return run();
    } finally {
      this.calls--;
      this.scopes = scopes;
      this.outer = outer;
      this.globals = globals;
    }
  }

  private switch({ on, cases }: Extract<Node, { kind: 'switch' }>): void {
    const value = this.value(on);
    let start = cases.findIndex((one) => one.value !== null && this.value(one.value) === value);
    if (start < 0) start = cases.findIndex((one) => one.value === null);
    if (start < 0) return;
    try {
      for (const { body } of cases.slice(start)) this.render(body);
    } catch (thrown) {
      if (thrown !== broke) throw thrown;
    }
  }

  // Expressions.

  private truth(expr: Expr): boolean {
    const value = this.value(expr);
    if (typeof value !== 'boolean') throw new TemplateError(`Expected a boolean, but this has evaluated to a ${typeof value}`);
    return value;
  }

  /** @throws MissingError for nothing */
  private value(expr: Expr): unknown {
    const value = this.maybe(expr);
    if (value === undefined || value === null) throw new MissingError(`The following has evaluated to null or missing: ${shown(expr)}`);
    return value;
  }

  /** Undefined where the last step leads nowhere. */
  private maybe(expr: Expr): unknown {
    switch (expr.kind) {
      case 'value':
        return expr.value;
      case 'string':
        return expr.parts.map((part) => (typeof part === 'string' ? part : printed(this.value(part)))).join('');
      case 'name':
        return this.lookup(expr.name);
      case 'member':
        return member(this.value(expr.of), expr.name);
      case 'index':
        return this.indexed(this.value(expr.of), expr.at);
      case 'group':
        return this.maybe(expr.of);
      case 'lambda':
        return (item: unknown) => {
          this.turn();
          return this.with(expr.name, item, expr.body);
        };
      case 'let':
        return this.with(expr.name, this.value(expr.of), expr.body);
      case 'default': {
        const value = this.lenient(expr.of);
        return value ?? (expr.value === null ? '' : this.value(expr.value));
      }
      case 'exists':
        return (this.lenient(expr.of) ?? null) !== null;
      case 'unary':
        if (expr.operator === '!') return !this.truth(expr.of);
        return expr.operator === '-' ? -this.number(expr.of) : this.number(expr.of);
      case 'binary':
        if (expr.operator === '&&') return this.truth(expr.left) && this.truth(expr.right);
        if (expr.operator === '||') return this.truth(expr.left) || this.truth(expr.right);
        return this.calculate(expr.operator, this.value(expr.left), this.value(expr.right));
      case 'range':
        return this.range(expr);
      case 'list':
        return expr.items.map((item) => this.value(item));
      case 'map': {
        const map = Object.create(null) as Record<string, unknown>;
        for (const [key, value] of expr.entries) map[printed(this.value(key))] = this.value(value);
        return map;
      }
      case 'call':
        return this.function(expr);
      case 'builtin':
        return this.builtin(expr);
    }
  }

  private with(name: string, value: unknown, body: Expr): unknown {
    this.scopes.push(new Map([[name, value]]));
    try {
      return this.value(body);
    } finally {
      this.scopes.pop();
    }
  }

  /** A group forgives every step in it, anything else only the last one. */
  private lenient(expr: Expr): unknown {
    if (expr.kind !== 'group') return this.maybe(expr);
    try {
      return this.maybe(expr.of);
    } catch (thrown) {
      if (thrown instanceof MissingError) return undefined;
      throw thrown;
    }
  }

  private lookup(name: string): unknown {
    if (name.startsWith('.')) return this.special(name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
    for (let i = this.scopes.length - 1; i >= 0; i--) if (this.scopes[i]!.has(name)) return this.scopes[i]!.get(name);
    return this.globals.has(name) ? this.globals.get(name) : this.shared.has(name) ? this.shared.get(name) : member(this.root, name);
  }

  private special(name: string): unknown {
    switch (name) {
      case '.data_model':
        return this.root;
      case '.globals':
        return { ...this.root, ...Object.fromEntries(this.shared) };
      case '.main':
      case '.namespace':
        return Object.fromEntries(this.globals);
      case '.vars':
        return { ...this.root, ...Object.fromEntries(this.shared), ...Object.fromEntries(this.globals) };
      case '.now':
        return new Moment(new Date(this.around.now()), 'datetime');
      case '.locale':
        return this.settings.locale;
      case '.output_format':
        return this.format;
      case '.auto_esc':
        return this.isEscaping;
      default:
        return undefined;
    }
  }

  private number(expr: Expr): number {
    const value = this.value(expr);
    if (typeof value !== 'number') throw new TemplateError(`Expected a number, but this has evaluated to a ${typeof value}`);
    return value;
  }

  private indexed(of: unknown, at: Expr): unknown {
    if (at.kind === 'range') {
      const size = (of as string | unknown[]).length;
      const from = this.number(at.from);
      const to = at.to === null ? size : at.operator === '..*' ? from + this.number(at.to) : this.number(at.to) + (at.operator === '..' ? 1 : 0);
      return (of as string).slice(from, to);
    }
    const key = this.value(at);
    if (typeof key === 'number') return typeof of === 'string' ? of[key] : Array.isArray(of) ? (of as unknown[])[key] : undefined;
    return member(of, printed(key));
  }

  private range({ from, to, operator }: Extract<Expr, { kind: 'range' }>): number[] {
    const start = this.number(from);
    if (to === null) throw new TemplateError('a range without an end is good as an index only');
    const end = this.number(to);
    const count = operator === '..*' ? Math.abs(end) : Math.abs(end - start) + (operator === '..' ? 1 : 0);
    if (count > mostTurns) throw new TemplateError(`a range has more than ${mostTurns} numbers`);
    this.make(count);
    const step = operator === '..*' ? Math.sign(end) : end >= start ? 1 : -1;
    return Array.from({ length: count }, (_, i) => start + i * step);
  }

  private function({ of, given }: Extract<Expr, { kind: 'call' }>): unknown {
    const macro = this.value(of);
    if (!(macro instanceof Macro) || !macro.node.isFunction) throw new TemplateError(`\`${shown(of)}\` is no function`);
    return this.invoke(macro, given.map((value) => this.maybe(value)));
  }

  private invoke(macro: Macro, values: readonly unknown[]): unknown {
    const scope: Scope = new Map([['.macro', macro.node.name]]);
    if (macro.node.rest !== null) scope.set(macro.node.rest, values.slice(macro.node.parameters.length));
    return this.enter(macro, scope, (_, i) => values[i], () => {
      try {
        this.text(macro.node.body);
      } catch (thrown) {
        if (thrown instanceof Returned) return thrown.value;
        throw thrown;
      }
      return undefined;
    });
  }

  private builtin({ of, name, given }: Extract<Expr, { kind: 'builtin' }>): unknown {
    const key = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const values = (given ?? []).map((expr) => {
      const value = this.value(expr);
      return value instanceof Macro && value.node.isFunction ? (item: unknown) => this.invoke(value, [item]) : value;
    });
    if (key === 'esc') {
      const value = this.value(of);
      return value instanceof Markup ? value : new Markup(this.escaped(printed(value)));
    }
    if (key === 'has_content') {
      const value = this.lenient(of);
      return value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0) && !(typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0);
    }
    if (key === 'if_exists') return this.lenient(of) ?? '';
    if (key === 'default') return this.lenient(of) ?? values[0];
    if (key === 'exists') return (this.lenient(of) ?? null) !== null;
    const builtin = Object.hasOwn(builtins, key) ? builtins[key] : undefined;
    if (builtin === undefined) throw new TemplateError(`the built-in \`?${name}\` is not there`);
    const place = of.kind === 'name' ? (this.places.get(of.name)?.at(-1) ?? null) : null;
    if (/^(?:left|right)_pad$/.test(key)) this.make(Number(values[0]));
    const value = this.value(of);
    this.patience.spend(1 + workOf(value));
    const result = builtin(value, values, place);
    if (typeof result === 'string' && result.length > longestText) throw new TemplateError('the text is too long');
    this.patience.spend(workOf(result));
    return result;
  }

  private calculate(operator: string, first: unknown, second: unknown): unknown {
    if (operator === '+' && (first instanceof Markup || second instanceof Markup)) {
      const [a, b] = [first, second].map((value) => (value instanceof Markup ? value.text : this.escaped(printed(value)))) as [string, string];
      return new Markup(joined(a, b));
    }
    const isText = operator === '+' && (first instanceof Moment || second instanceof Moment);
    const [left, right] = isText ? [printed(first), printed(second)] : [ordinal(first), ordinal(second)];
    switch (operator) {
      case '+':
        if (typeof left === 'number' && typeof right === 'number') return left + right;
        if (Array.isArray(left) && Array.isArray(right)) {
          this.make(left.length + right.length);
          return [...(left as unknown[]), ...(right as unknown[])];
        }
        if (typeof left === 'object' && typeof right === 'object') {
          const both = { ...left, ...right };
          // A hash weighs more than a list.
          this.make(5 * Object.keys(both).length);
          return both;
        }
        return joined(printed(left), printed(right));
      case '==':
      case '!=':
        if (typeof left !== typeof right) throw new TemplateError(`can't compare a ${typeof left} with a ${typeof right}`);
        return (left === right) === (operator === '==');
      default: {
        if (typeof left !== typeof right || (typeof left !== 'number' && !/[<>]/.test(operator))) throw new TemplateError(`\`${operator}\` needs two numbers`);
        const [a, b] = [left as number, right as number];
        switch (operator) {
          case '-':
            return a - b;
          case '*':
            return a * b;
          case '/':
            if (b === 0) throw new TemplateError('division by zero');
            return a / b;
          case '%':
            return a % b;
          case '<':
            return a < b;
          case '>':
            return a > b;
          case '<=':
            return a <= b;
          default:
            return a >= b;
        }
      }
    }
  }
}

function compressed(text: string): string {
  return text.trim().replace(/\s+/g, (blanks) => (/[\r\n]/.test(blanks) ? '\n' : ' '));
}

function joined(left: string, right: string): string {
  if (left.length + right.length > longestText) throw new TemplateError('the text is too long');
  return left + right;
}

function shown(expr: Expr): string {
  switch (expr.kind) {
    case 'name':
      return expr.name;
    case 'member':
      return `${shown(expr.of)}.${expr.name}`;
    case 'group':
      return `(${shown(expr.of)})`;
    case 'builtin':
      return `${shown(expr.of)}?${expr.name}`;
    case 'index':
      return `${shown(expr.of)}[...]`;
    case 'call':
      return `${shown(expr.of)}(...)`;
    default:
      return 'an expression';
  }
}

/** A template, ready to be rendered. @throws TemplateSyntaxError */
export function compileTemplate(source: string): (root: Readonly<Record<string, unknown>>, around: Around) => string {
  const nodes = Parser.parse(source);
  return (root, around) => {
    const rendering = new Rendering(root, around);
    rendering.define(nodes);
    return rendering.text(nodes);
  };
}
