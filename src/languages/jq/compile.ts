import { nearest } from '../../core/diagnostics.ts';
import { isNumeric } from '../../core/conversion/exactNumber.ts';
import { ExpressionSyntaxError } from '../../core/expression.ts';
import type { Change, Env, Filter, Path } from './filter.ts';
import { adding, alternative, assigning, assignment, attempt, collect, computed, emitEach, guarded, labelled, breakOut, choosing, nowhere, operators, product, recurseAll, step } from './filter.ts';
import { work } from './bounds.ts';
import { formats } from './formats.ts';
import { library } from './functions.ts';
import { parseJq } from './parser.ts';
import type { Node, Pattern } from './parser.ts';
import { describe, getKey, isTrue, JqError, put, slice, typeName } from './values.ts';
import type { JsonMap, Owned } from './values.ts';

interface Closure {
  readonly filter: Filter;
  readonly env: Env | null;
}

type Binding =
  | { readonly kind: 'variable' | 'closure'; readonly name: string; readonly depth: number }
  | { readonly kind: 'function'; readonly name: string; readonly params: readonly string[]; readonly depth: number; body: Filter | null };

interface Scope {
  readonly outer: Scope | null;
  readonly binding: Binding;
  /** Slots of the environment that are in use. */
  readonly depth: number;
}

const depthOf = (scope: Scope | null): number => (scope === null ? 0 : scope.depth);
const withSlot = (outer: Scope | null, kind: 'variable' | 'closure', name: string): Scope => ({ outer, binding: { kind, name, depth: depthOf(outer) + 1 }, depth: depthOf(outer) + 1 });

function up(env: Env | null, hops: number): Env | null {
  let found = env;
  for (let i = 0; i < hops; i++) found = found!.next;
  return found;
}

/** A function of the caller's: gets the values of its arguments, and what stands in the source for them. */
export type OutsideFunction = (args: readonly unknown[], argTexts: readonly string[]) => unknown;

/**
 * Compiles a filter.
 * @param globals names of variables that the caller puts into the environment, outermost first
 * @param outside functions of the caller's, by `name/arity`; they get the values of their arguments
 * @param onUnknown is told of functions, variables and formats that there are not: as in Camel they fail where they are come to
 * @throws ExpressionSyntaxError
 */
export function compileJq(source: string, globals: readonly string[], outside: Readonly<Record<string, OutsideFunction>>, onUnknown: (problem: ExpressionSyntaxError) => void): Filter {
  const compiler = new Compiler(outside, onUnknown);
  let scope: Scope | null = null;
  for (const name of globals) scope = withSlot(scope, 'variable', name);
  return compiler.compile(parseJq(source), scope);
}

/** Whether a step of `reduce` only changes, or adds to, the value that it is given. */
function isChange(node: Node): boolean {
  switch (node.type) {
    case 'identity':
    case 'assign':
      return true;
    case 'binary':
      return node.operator === '+' && node.left.type === 'identity';
    case 'if':
      return isChange(node.then) && (node.otherwise === null || isChange(node.otherwise));
    case 'pipe':
      return isChange(node.left) && isChange(node.right);
    default:
      return false;
  }
}

/** Whether what a node gives has nothing of its input in it. */
function isApart(node: Node): boolean {
  switch (node.type) {
    case 'literal':
    case 'text':
    case 'format':
    case 'variable':
      return true;
    case 'field':
    case 'slice':
    case 'each':
      return isApart(node.of);
    case 'list':
      return node.of === null || isApart(node.of);
    case 'map':
      return node.entries.every(([, value]) => isApart(value));
    case 'pipe':
      return isApart(node.left);
    case 'comma':
    case 'binary':
      return isApart(node.left) && isApart(node.right);
    default:
      return false;
  }
}

const same: Change = (_env, input, _owned, emit) => emit(input);

/** How far out a variable stands; null when there is none of that name. */
function hopsTo(name: string, scope: Scope | null): number | null {
  for (let here = scope; here !== null; here = here.outer) {
    if (here.binding.kind === 'variable' && here.binding.name === name) return depthOf(scope) - here.binding.depth;
  }
  return null;
}

class Compiler {
  private readonly outside: Readonly<Record<string, OutsideFunction>>;
  private readonly onUnknown: (problem: ExpressionSyntaxError) => void;

  constructor(outside: Readonly<Record<string, OutsideFunction>>, onUnknown: (problem: ExpressionSyntaxError) => void) {
    this.outside = outside;
    this.onUnknown = onUnknown;
  }

  /** Stands for what there is not. */
  private unknown(problem: ExpressionSyntaxError): () => never {
    this.onUnknown(problem);
    return () => {
      throw new JqError(problem.message);
    };
  }

  /** A node of which `isChange` holds. */
  private change(node: Node, scope: Scope | null): Change {
    switch (node.type) {
      case 'assign':
        return assigning(node.operator, this.compile(node.left, scope), this.compile(node.right, scope), isApart(node.right));
      case 'binary':
        return adding(this.compile(node.right, scope), isApart(node.right));
      case 'if':
        return choosing(this.compile(node.condition, scope), this.change(node.then, scope), node.otherwise === null ? same : this.change(node.otherwise, scope));
      case 'pipe': {
        const [left, right] = [this.change(node.left, scope), this.change(node.right, scope)];
        return (env, input, owned, emit) => left(env, input, owned, (value) => right(env, value, owned, emit));
      }
      default:
        return same;
    }
  }

  compile(node: Node, scope: Scope | null): Filter {
    switch (node.type) {
      case 'identity':
        return (_env, input, path, emit) => emit(input, path);
      case 'recurse':
        return recurseAll;
      case 'literal': {
        const { value } = node;
        return (_env, _input, path, emit) => emit(value, path === null ? null : nowhere);
      }
      case 'format': {
        const format = this.format(node.name, node.at);
        return computed((input) => format(input));
      }
      case 'text':
        return this.text(node.parts, node.format === null ? formats['@text']! : this.format(node.format, node.at), scope);
      case 'field':
        return this.field(this.compile(node.of, scope), node.key, scope);
      case 'slice':
        return this.slice(this.compile(node.of, scope), node.from === null ? null : this.compile(node.from, scope), node.to === null ? null : this.compile(node.to, scope));
      case 'each': {
        const of = this.compile(node.of, scope);
        return (env, input, path, emit) => of(env, input, path, (value, at) => emitEach(value, at, emit));
      }
      case 'list': {
        if (node.of === null) return (_env, _input, path, emit) => emit([], path === null ? null : nowhere);
        const of = this.compile(node.of, scope);
        return (env, input, path, emit) => emit(collect(of, env, input), path === null ? null : nowhere);
      }
      case 'map':
        return this.map(node.entries.map(([key, value]) => [this.compile(key, scope), this.compile(value, scope)]));
      case 'negate': {
        const of = this.compile(node.of, scope);
        return (env, input, path, emit) =>
          of(env, input, null, (value) => {
            if (!isNumeric(value)) throw new JqError(`${describe(value)} cannot be negated`);
            emit(-Number(value), path === null ? null : nowhere);
          });
      }
      case 'pipe': {
        const [left, right] = [this.compile(node.left, scope), this.compile(node.right, scope)];
        return (env, input, path, emit) => left(env, input, path, (value, at) => right(env, value, at, emit));
      }
      case 'comma': {
        const [left, right] = [this.compile(node.left, scope), this.compile(node.right, scope)];
        return (env, input, path, emit) => {
          left(env, input, path, emit);
          right(env, input, path, emit);
        };
      }
      case 'binary':
        return this.binary(node.operator, this.compile(node.left, scope), this.compile(node.right, scope));
      case 'assign':
        return assignment(node.operator, this.compile(node.left, scope), this.compile(node.right, scope));
      case 'if': {
        const [condition, then] = [this.compile(node.condition, scope), this.compile(node.then, scope)];
        const otherwise = node.otherwise === null ? null : this.compile(node.otherwise, scope);
        return (env, input, path, emit) =>
          condition(env, input, null, (value) => {
            if (isTrue(value)) then(env, input, path, emit);
            else if (otherwise === null) emit(input, path);
            else otherwise(env, input, path, emit);
          });
      }
      case 'try':
        return attempt(this.compile(node.body, scope), node.handler === null ? null : this.compile(node.handler, scope));
      case 'reduce': {
        const of = this.compile(node.of, scope);
        const bind = this.pattern(node.pattern, scope);
        const from = this.compile(node.from, scope);
        const change = isChange(node.update) ? this.change(node.update, bind.scope) : null;
        let update = change === null ? this.compile(node.update, bind.scope) : null;
        return (env, input, path, emit) =>
          from(env, input, path, (start, startAt) => {
            if (change !== null && path === null) {
              const owned: Owned = new Set();
              let built = start;
              of(env, input, null, (item) =>
                bind.run(env, item, (inner) => {
                  let next: unknown = null;
                  change(inner, built, owned, (value) => void (next = value));
                  built = next;
                }),
              );
              emit(built, null);
              return;
            }
            const step = (update ??= this.compile(node.update, bind.scope));
            let state = start;
            let at = startAt;
            of(env, input, null, (item) =>
              bind.run(env, item, (inner) => {
                let [next, nextAt]: [unknown, Path | null] = [null, path === null ? null : nowhere];
                step(inner, state, at, (value, valueAt) => {
                  next = value;
                  nextAt = valueAt;
                });
                state = next;
                at = nextAt;
              }),
            );
            emit(state, at);
          });
      }
      case 'foreach': {
        const of = this.compile(node.of, scope);
        const bind = this.pattern(node.pattern, scope);
        const from = this.compile(node.from, scope);
        const update = this.compile(node.update, bind.scope);
        const extract = node.extract === null ? null : this.compile(node.extract, bind.scope);
        return (env, input, path, emit) =>
          from(env, input, path, (start, startAt) => {
            let state = start;
            let at = startAt;
            of(env, input, null, (item) =>
              bind.run(env, item, (inner) =>
                update(inner, state, at, (value, valueAt) => {
                  state = value;
                  at = valueAt;
                  if (extract === null) emit(value, valueAt);
                  else extract(inner, value, valueAt, emit);
                }),
              ),
            );
          });
      }
      case 'as':
        return this.as(node, scope);
      case 'def':
        return this.definition(node, scope);
      case 'label': {
        const body = this.compile(node.body, withSlot(scope, 'variable', `*label*${node.name}`));
        return (env, input, path, emit) => labelled((label) => body({ next: env, value: label }, input, path, emit));
      }
      case 'break': {
        const hops = hopsTo(`*label*${node.name}`, scope);
        if (hops === null) throw new ExpressionSyntaxError(`\`$${node.name}\` is no label around this place`, node.at, node.name.length + 1);
        return (env) => {
          breakOut(up(env, hops)!.value as object);
        };
      }
      case 'variable': {
        const hops = hopsTo(node.name, scope);
        if (hops === null) return this.unknown(new ExpressionSyntaxError(`there is no variable \`$${node.name}\``, node.at, node.name.length + 1));
        return (env, _input, path, emit) => emit(up(env, hops)!.value, path === null ? null : nowhere);
      }
      case 'call':
        return this.call(node, scope);
    }
  }

  private format(name: string, at: number): (value: unknown) => string {
    const found = formats[name];
    return found ?? this.unknown(new ExpressionSyntaxError(`there is no format \`${name}\``, at, name.length, `the formats are ${Object.keys(formats).join(', ')}`));
  }

  private text(parts: readonly (string | Node)[], format: (value: unknown) => string, scope: Scope | null): Filter {
    const compiled = parts.map((part) => (typeof part === 'string' ? part : this.compile(part, scope)));
    const from = (at: number, text: string, env: Env | null, input: unknown, emit: (text: string) => void): void => {
      if (at === compiled.length) {
        emit(text);
        return;
      }
      const part = compiled[at]!;
      if (typeof part === 'string') from(at + 1, text + part, env, input, emit);
      else part(env, input, null, (value) => from(at + 1, text + format(value), env, input, emit));
    };
    return (env, input, path, emit) => from(0, '', env, input, (text) => emit(text, path === null ? null : nowhere));
  }

  private field(of: Filter, keyNode: Node, scope: Scope | null): Filter {
    if (keyNode.type === 'literal') {
      const key = keyNode.value;
      return (env, input, path, emit) => of(env, input, path, (value, at) => emit(getKey(value, key), at === null ? null : step(at, key, value)));
    }
    const key = this.compile(keyNode, scope);
    return (env, input, path, emit) =>
      of(env, input, path, (value, at) => key(env, input, null, (found) => emit(getKey(value, found), at === null ? null : step(at, found, value))));
  }

  private slice(of: Filter, from: Filter | null, to: Filter | null): Filter {
    const bound = (filter: Filter | null, env: Env | null, input: unknown, emit: (value: unknown) => void): void => (filter === null ? emit(null) : filter(env, input, null, emit));
    return (env, input, path, emit) =>
      of(env, input, path, (value, at) =>
        bound(to, env, input, (end_) => bound(from, env, input, (start) => emit(slice(value, start, end_), at === null ? null : step(at, { start, end: end_ }, value)))),
      );
  }

  private map(entries: readonly (readonly [Filter, Filter])[]): Filter {
    const from = (at: number, made: JsonMap, env: Env | null, input: unknown, emit: (value: JsonMap) => void): void => {
      if (at === entries.length) {
        emit(made);
        return;
      }
      const [keys, values] = entries[at]!;
      keys(env, input, null, (key) => {
        if (typeof key !== 'string') throw new JqError(`Cannot use ${describe(key)} as object key`);
        values(env, input, null, (value) => {
          const next = { ...made };
          put(next, key, value);
          from(at + 1, next, env, input, emit);
        });
      });
    };
    return (env, input, path, emit) => from(0, {}, env, input, (made) => emit(made, path === null ? null : nowhere));
  }

  private binary(operator: string, left: Filter, right: Filter): Filter {
    if (operator === '//') return alternative(left, right);
    if (operator === 'and' || operator === 'or') {
      const decided = operator === 'or';
      return (env, input, path, emit) =>
        left(env, input, null, (a) => {
          const at = path === null ? null : nowhere;
          if (isTrue(a) === decided) emit(decided, at);
          else right(env, input, null, (b) => emit(isTrue(b), at));
        });
    }
    const apply = operators[operator]!;
    // As in jq, the right side varies slowest.
    return (env, input, path, emit) => right(env, input, null, (b) => left(env, input, null, (a) => emit(apply(a, b), path === null ? null : nowhere)));
  }

  private as(node: Node & { type: 'as' }, scope: Scope | null): Filter {
    const of = this.compile(node.of, scope);
    const [first, ...others] = node.patterns;
    if (others.length === 0) {
      const bind = this.pattern(first!, scope);
      const body = this.compile(node.body, bind.scope);
      return (env, input, path, emit) => of(env, input, null, (item) => bind.run(env, item, (inner) => body(inner, input, path, emit)));
    }
    // Every pattern binds all names; those that are not its own are null.
    const names = [...new Set(node.patterns.flatMap(namesOf))];
    let all = scope;
    for (const name of names) all = withSlot(all, 'variable', name);
    const ways = node.patterns.map((pattern) => {
      const bind = this.pattern(pattern, all);
      return { bind, body: this.compile(node.body, bind.scope) };
    });
    return (env, input, path, emit) =>
      of(env, input, null, (item) => {
        let inner = env;
        for (let i = 0; i < names.length; i++) inner = { next: inner, value: null };
        const tryWay = (at: number): void => {
          const { bind, body } = ways[at]!;
          const run: Filter = (inside, value, _path, out) => bind.run(inside, value, (bound) => body(bound, input, path, out));
          if (at === ways.length - 1) run(inner, item, null, emit);
          else guarded(run, inner, item, null, emit, () => tryWay(at + 1));
        };
        tryWay(0);
      });
  }

  /** Binds the names of a pattern: each adds one slot, in the order in which they are written. */
  private pattern(pattern: Pattern, scope: Scope | null): { readonly scope: Scope | null; run(env: Env | null, value: unknown, then: (env: Env | null) => void): void } {
    if (pattern.type === 'name') return { scope: withSlot(scope, 'variable', pattern.name), run: (env, value, then) => then({ next: env, value }) };
    const parts: { readonly run: (env: Env | null, value: unknown, then: (env: Env | null) => void) => void }[] = [];
    let inner = scope;
    if (pattern.type === 'list') {
      pattern.items.forEach((item, index) => {
        const bind = this.pattern(item, inner);
        inner = bind.scope;
        parts.push({ run: (env, value, then) => bind.run(env, getKey(value, index), then) });
      });
    } else {
      for (const { key, name, value: nested } of pattern.entries) {
        const keys = this.compile(key, inner);
        const outerOfName = inner;
        if (name !== null) inner = withSlot(outerOfName, 'variable', name);
        const bind = nested === null ? null : this.pattern(nested, inner);
        if (bind !== null) inner = bind.scope;
        parts.push({
          run: (env, value, then) =>
            keys(env, value, null, (found) => {
              if (typeof found !== 'string') throw new JqError(`Cannot index ${typeName(value)} with ${typeName(found)}`);
              const item = getKey(value, found);
              const named = name === null ? env : { next: env, value: item };
              if (bind === null) then(named);
              else bind.run(named, item, then);
            }),
        });
      }
    }
    const from = (at: number, env: Env | null, value: unknown, then: (env: Env | null) => void): void => {
      if (at === parts.length) then(env);
      else parts[at]!.run(env, value, (next) => from(at + 1, next, value, then));
    };
    return { scope: inner, run: (env, value, then) => from(0, env, value, then) };
  }

  private definition(node: Node & { type: 'def' }, scope: Scope | null): Filter {
    const binding: Binding = { kind: 'function', name: node.name, params: node.params, depth: depthOf(scope), body: null };
    const outer: Scope = { outer: scope, binding, depth: depthOf(scope) };
    let inner = outer;
    // A parameter `$x` is both a closure `x` and a variable.
    for (const param of node.params) inner = withSlot(inner, 'closure', param.replace('$', ''));
    for (const param of node.params) if (param.startsWith('$')) inner = withSlot(inner, 'variable', param.slice(1));
    binding.body = this.compile(node.definition, inner);
    return this.compile(node.body, outer);
  }

  private call(node: Node & { type: 'call' }, scope: Scope | null): Filter {
    const { name, args } = node;
    for (let here = scope; here !== null; here = here.outer) {
      const { binding } = here;
      if (binding.name !== name) continue;
      if (binding.kind === 'closure' && args.length === 0) {
        const hops = depthOf(scope) - binding.depth;
        return (env, input, path, emit) => {
          const { filter, env: own } = up(env, hops)!.value as Closure;
          filter(own, input, path, emit);
        };
      }
      if (binding.kind === 'function' && binding.params.length === args.length) return this.callOwn(binding, node, scope);
    }
    const key = `${name}/${args.length}`;
    if (Object.hasOwn(this.outside, key)) {
      const run = this.outside[key]!;
      const texts = node.argTexts;
      // `constant(x)` takes its argument as it is written.
      const compiled = args.map((arg, i) => (arg.type === 'call' && name === 'constant' ? literal(texts[i]!) : this.compile(arg, scope)));
      return product(compiled, (values, _input) => run(values, texts));
    }
    const found = Object.hasOwn(library, key) ? library[key] : undefined;
    if (found === undefined) {
      const names = [...new Set([...Object.keys(library), ...Object.keys(this.outside)].map((one) => one.replace(/\/\d+$/, '')))];
      const arities = Object.keys(library).filter((one) => one.startsWith(`${name}/`)).map((one) => one.slice(name.length + 1));
      const near = arities.length > 0 ? null : nearest(name, names);
      const help = arities.length > 0 ? `\`${name}\` takes ${arities.join(' or ')} arguments` : near === null ? null : `did you mean \`${near}\`?`;
      return this.unknown(new ExpressionSyntaxError(`Function ${key} does not exist`, node.at, name.length, help));
    }
    const compiled = args.map((arg) => this.compile(arg, scope));
    return found.kind === 'value' ? product(compiled, (values, input) => found.run(input, ...values)) : found.make(...compiled);
  }

  private callOwn(binding: Binding & { kind: 'function' }, node: Node & { type: 'call' }, scope: Scope | null): Filter {
    const hops = depthOf(scope) - binding.depth;
    const args = node.args.map((arg) => this.compile(arg, scope));
    const variables = binding.params.map((param, i) => (param.startsWith('$') ? i : -1)).filter((i) => i >= 0);
    return (env, input, path, emit) => {
      work();
      let inner = up(env, hops);
      for (const filter of args) inner = { next: inner, value: { filter, env } satisfies Closure };
      const bind = (at: number, bound: Env | null): void => {
        if (at === variables.length) binding.body!(bound, input, path, emit);
        else args[variables[at]!]!(env, input, null, (value) => bind(at + 1, { next: bound, value }));
      };
      bind(0, inner);
    };
  }
}

const literal =
  (value: unknown): Filter =>
  (_env, _input, path, emit) =>
    emit(value, path === null ? null : nowhere);

function namesOf(pattern: Pattern): string[] {
  if (pattern.type === 'name') return [pattern.name];
  if (pattern.type === 'list') return pattern.items.flatMap(namesOf);
  return pattern.entries.flatMap(({ name, value }) => [...(name === null ? [] : [name]), ...(value === null ? [] : namesOf(value))]);
}

