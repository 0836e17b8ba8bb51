import type { Duplex } from 'node:stream';
import findMyWay from 'find-my-way';
import { BoundedRegExp } from '../boundedRegExp.ts';
import type { HttpRequest } from './listener.ts';
import { areCompatible, isAccepted, mediaTypeOf } from '../conversion/media-type.ts';
import { decodeEscapes } from './headers.ts';

/** Something that a listener serves. */
export interface HttpMount {
  /** `/users/{id}`; with a `*` at the end everything that begins so, with a slash what has one there: `/users/` does not take `/users`. */
  readonly path: string;
  /** In upper case; null = all. */
  readonly methods: readonly string[] | null;
  /** Media types, see `mediaTypes`; null = all. */
  readonly consumes: readonly string[] | null;
  readonly produces: readonly string[] | null;
  /** Longer bodies are refused with 413. */
  readonly maxBodyBytes: number;
  /** A request with another method is told those that its path has. */
  readonly tellsMethods?: boolean;
  /** `handle` is called before the body has come, which it reads from the request. */
  readonly isStreaming?: boolean;
  /** The route that it serves; absent where it serves none, or several. */
  readonly routeId?: string | null;
  /** Called once a request, with the whole body unless it is streamed. Answers through `request.reply`. Must not throw. */
  handle(request: HttpRequest): void;
  /** Takes the connection of a request that asks for another protocol (WebSocket); absent: such a request is refused. */
  upgrade?(request: HttpRequest, connection: Duplex, first: Buffer): void;
}

/** Nothing is served there, or not by this method, or not in this type. */
export type Unmatched = 404 | 405 | 406 | 415;

interface Pattern {
  readonly mount: HttpMount;
  readonly order: number;
  readonly names: readonly string[];
  /** The pattern cut at slashes, parameters as null; null when it ends with a `*`, which `prefix` then holds. */
  readonly segments: readonly (string | null)[];
  readonly isPrefix: boolean;
  readonly isStatic: boolean;
  /** A path without a slash at the end is not its own. */
  readonly needsSlash: boolean;
  readonly expression: RegExp;
  /** What find-my-way takes; null for what it can't say. */
  readonly spelled: string | null;
}

/** All mounts that share one way of spelling their path. */
interface Group {
  readonly patterns: Pattern[];
  /** Every pattern that could match what this one matches, in order; filled in at the first request. */
  overlapping: readonly Pattern[] | null;
}

/** Every path answers OPTIONS. */
const toldMethods = 'GET HEAD POST PUT DELETE TRACE CONNECT PATCH'.split(' ');
const parameter = /\{([^{}/]+)\}/g;
const escapeForExpression = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function toPattern(mount: HttpMount, order: number): Pattern {
  const path = mount.path.startsWith('/') ? mount.path : `/${mount.path}`;
  const isPrefix = path.endsWith('*');
  const needsSlash = !isPrefix && path.length > 1 && path.endsWith('/');
  const bare = isPrefix ? path.slice(0, -1) : path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  const names: string[] = [];
  let expression = '';
  let spelled: string | null = '';
  let end = 0;
  for (const match of bare.matchAll(parameter)) {
    const literal = bare.slice(end, match.index);
    expression += `${escapeForExpression(literal)}([^/]+)`;
    spelled += `${literal.replaceAll(':', '::')}:p${names.length}`;
    names.push(match[1]!);
    end = match.index + match[0].length;
  }
  const rest = bare.slice(end);
  expression += escapeForExpression(rest);
  spelled += rest.replaceAll(':', '::');
  // `/a/*` takes `/a`, too; as in Camel's server, `/{a}/*` does not take `/1`.
  if (isPrefix) expression = expression.endsWith('/') && expression.length > 1 && names.length === 0 ? `${expression.slice(0, -1)}(|/.*)` : `${expression}(.*)`;
  const isStatic = names.length === 0 && !isPrefix;
  if (isPrefix) names.push('*');
  // Of several parameters in one segment, the tree would try all ways, however many.
  if (isPrefix || /[*()]/.test(bare) || /\}[^/]*\{/.test(bare) || /\}[A-Za-z0-9_]/.test(bare)) spelled = null;
  return {
    mount,
    order,
    names,
    segments: bare.split('/').map((segment) => (segment.includes('{') ? null : segment)),
    isPrefix,
    isStatic,
    needsSlash,
    expression: new BoundedRegExp(`^${expression}/${needsSlash ? '' : '?'}$`),
    spelled: spelled === '' ? '/' : spelled,
  };
}

/** False only when no path can match both. */
function mayOverlap(one: Pattern, other: Pattern): boolean {
  const shorter = Math.min(one.segments.length, other.segments.length);
  if (!one.isPrefix && !other.isPrefix && one.segments.length !== other.segments.length) return false;
  for (let i = 0; i < shorter; i++) {
    const a = one.segments[i];
    const b = other.segments[i];
    if (a === null || b === null || a === b) continue;
    const isEnd = (one.isPrefix && i === one.segments.length - 1) || (other.isPrefix && i === other.segments.length - 1);
    return isEnd && (a!.startsWith(b!) || b!.startsWith(a!));
  }
  return true;
}

/**
 * Finds the mount for a request: the first, in the order in which they were mounted, whose path, method and media types match, as
 * Camel's server does it. Made for a set of mounts and never changed.
 */
export class HttpRouter {
  private readonly patterns: Pattern[];
  /** By the path itself: what has no parameters. */
  private readonly statics = new Map<string, readonly Pattern[]>();
  private readonly tree = findMyWay({ ignoreTrailingSlash: true, maxParamLength: 16_384 });
  private readonly groups = new Map<string, Group>();
  /** Prefixes, and what find-my-way can't spell: compared one by one. */
  private readonly others: readonly Pattern[];

  constructor(mounts: readonly HttpMount[]) {
    this.patterns = mounts.map(toPattern);
    for (const pattern of this.patterns) {
      if (pattern.isStatic) {
        const path = `${pattern.segments.join('/')}${pattern.needsSlash ? '/' : ''}` || '/';
        if (!this.statics.has(path)) this.statics.set(path, this.patterns.filter((other) => mayOverlap(pattern, other) && other.expression.test(path)));
      } else if (pattern.spelled !== null) this.addToTree(pattern, pattern.spelled);
    }
    this.others = this.patterns.filter((pattern) => !pattern.isStatic && pattern.spelled === null);
  }

  /** Fills in `mount` and `params` and gives 200; or gives the status to answer with: 404, 405, 406 or 415. */
  find(request: HttpRequest): 200 | Unmatched {
    const { path } = request;
    let candidates = this.statics.get(path);
    if (candidates === undefined && path.length > 1 && path.charCodeAt(path.length - 1) === 47) candidates = this.statics.get(path.slice(0, -1));
    if (candidates !== undefined && candidates.length === 1) {
      const pattern = candidates[0]!;
      const status = check(pattern.mount, request);
      if (status === 200) request.mount = pattern.mount;
      return status;
    }
    return this.findAmong(candidates ?? this.candidatesFor(path), request);
  }

  private findAmong(candidates: readonly Pattern[], request: HttpRequest): 200 | Unmatched {
    let failure: Unmatched = 404;
    for (const pattern of candidates) {
      const match = matched(pattern, request.path);
      if (match === null) continue;
      const status = check(pattern.mount, request);
      if (status === 200) {
        request.mount = pattern.mount;
        request.params = namedParameters(pattern.names, match);
        return 200;
      }
      // A path whose methods are others says less than one whose media types are.
      if (status !== 405 || failure === 404) failure = status;
    }
    return failure;
  }

  /** What `Allow` says of a path: the methods of the mounts that tell theirs, in Camel's order. */
  allowed(path: string): string {
    const told = this.patterns.filter(({ mount, expression }) => mount.tellsMethods && expression.test(path));
    return toldMethods.filter((method) => told.some(({ mount }) => mount.methods?.includes(method))).join(', ');
  }

  private candidatesFor(path: string): readonly Pattern[] {
    if (this.groups.size === 0) return this.others;
    const found = this.tree.find('GET', path) as { handler: unknown; store: Group } | null;
    // The tree refuses what is no UTF-8 behind its escapes; the patterns take it.
    if (found === null) return path.includes('%') ? this.patterns : this.others;
    const group = found.store;
    return (group.overlapping ??= this.patterns.filter((pattern) => group.patterns.some((own) => mayOverlap(own, pattern))));
  }

  private addToTree(pattern: Pattern, spelled: string): void {
    let group = this.groups.get(spelled);
    if (group === undefined) {
      group = { patterns: [], overlapping: null };
      this.groups.set(spelled, group);
      this.tree.on('GET', spelled, () => {}, group);
    }
    group.patterns.push(pattern);
  }
}

/** A path that several parameters in one segment could be found in too many ways is none of theirs. */
function matched({ expression }: Pattern, path: string): RegExpExecArray | null {
  try {
    return expression.exec(path);
  } catch {
    return null;
  }
}

function namedParameters(names: readonly string[], match: RegExpExecArray): readonly string[] | null {
  if (names.length === 0) return null;
  const params: string[] = [];
  for (let i = 0; i < names.length; i++) params.push(names[i]!, decodeEscapes(match[i + 1]!));
  return params;
}

/** 200, or why the mount does not take the request although its path matches. */
function check(mount: HttpMount, request: HttpRequest): 200 | Unmatched {
  if (mount.methods !== null && !mount.methods.includes(request.method!)) return 405;
  // Who asks what is allowed sends nothing and wants nothing.
  if (request.method === 'OPTIONS') return 200;
  if (mount.consumes !== null && !isConsumed(mount.consumes, request.headers['content-type'])) return 415;
  if (mount.produces !== null) {
    const { accept } = request.headers;
    if (accept !== undefined && !isAccepted(accept, mount.produces)) return 406;
  }
  return 200;
}

function isConsumed(consumes: readonly string[], contentType: string | undefined): boolean {
  if (contentType === undefined) return false;
  const type = mediaTypeOf(contentType);
  return consumes.some((consumed) => areCompatible(consumed, type));
}
