import { LRUCache } from 'lru-cache';
import type { ConnectorContext, Consumer, Endpoint, PolledMessage, Producer } from '../core/connector.ts';
import type { Diagnostics } from '../core/diagnostics.ts';
import { ExchangeError, toExchangeError } from '../core/errors.ts';
import { ExpressionSyntaxError } from '../core/expression.ts';
import type { Exchange, StepInfo, Way } from '../core/exchange/exchange.ts';
import type { Call } from '../core/graph/flow.ts';
import { callFrom } from '../core/graph/flow.ts';
import { kameletUse } from '../core/graph/kamelets.ts';
import type { EndpointModel } from '../dsl/model.ts';
import { optionAt, type ResolvedEndpoint } from '../dsl/uri.ts';
import { camelUri } from '../core/uri.ts';
import type { SendIntercept } from './compiler.ts';
import { endpointComplaint } from './unfit.ts';
import { intercepted } from './scopes.ts';

/** Reads endpoint URIs by the connectors' definitions. */
export interface EndpointReader {
  fromModel(model: EndpointModel, problems: Diagnostics): ResolvedEndpoint | null;
  /** @throws ExchangeError ResolveEndpointFailedException, NoSuchEndpointException */
  fromText(uri: string): ResolvedEndpoint;
}

/** What dynamic endpoints may reach. Absent lists allow everything local and nothing is asked of remote ones. */
export interface AllowList {
  readonly schemes: readonly string[] | null;
  readonly hosts: readonly string[] | null;
}

const dynamicProducers = 1000;

/** What CamelToEndpoint says while something is sent there: of a kamelet what is written, and nothing where it is a step of its own. */
function toEndpoint({ scheme, shownUri }: Endpoint): string | null {
  if (scheme !== 'kamelet') return camelUri(shownUri);
  return kameletUse(shownUri.slice(shownUri.lastIndexOf('/') + 1)) === null ? shownUri : null;
}

/** A producer that several steps share. */
class ProducerCell {
  readonly resolved: ResolvedEndpoint;
  readonly shown: string;
  private readonly toEndpoint: string | null;
  private readonly make: () => Producer | Promise<Producer>;
  private producer: Producer | null = null;
  private opening: Promise<Producer> | null = null;
  private send: Call | null = null;
  /** Named in a route: the routes decide when it is closed. */
  isFixed = false;
  private underWay = 0;
  private isDropped = false;

  /** The endpoint where it is named first. */
  model: EndpointModel | null = null;

  constructor(resolved: ResolvedEndpoint, make: () => Producer | Promise<Producer>) {
    this.resolved = resolved;
    this.shown = camelUri(resolved.endpoint.shownUri);
    this.toEndpoint = toEndpoint(resolved.endpoint);
    this.make = make;
  }

  /** Makes and starts the producer; at once where the connector can. */
  open(): Producer | Promise<Producer> {
    if (this.producer !== null) return this.producer;
    if (this.opening !== null) return this.opening;
    const made = this.made();
    if (!(made instanceof Promise) && made.start === undefined) return this.take(made);
    this.opening = (async () => {
      const producer = await made;
      await producer.start?.();
      return this.take(producer);
    })();
    this.opening.catch(() => (this.opening = null));
    return this.opening;
  }

  private made(): Producer | Promise<Producer> {
    const refuse = (thrown: unknown): never => {
      throw this.isFixed || thrown instanceof ExchangeError ? thrown : new ExchangeError('org.apache.camel.ResolveEndpointFailedException', `Failed to resolve endpoint: ${this.shown} due to: ${(thrown as Error).message}`, { cause: thrown });
    };
    try {
      const made = this.make();
      return made instanceof Promise ? made.catch(refuse) : made;
    } catch (thrown) {
      return refuse(thrown);
    }
  }

  private take(producer: Producer): Producer {
    this.producer = producer;
    this.send = producer.call ?? callFrom((exchange) => producer.send!(exchange));
    return producer;
  }

  readonly call: Call = (exchange) => {
    if (this.toEndpoint !== null) exchange.properties.set('CamelToEndpoint', this.toEndpoint);
    this.quietCall(exchange);
  };

  /** As `call`, but does not tell the exchange where it is sent. */
  readonly quietCall: Call = (exchange) => {
    if (this.send !== null) return this.send(exchange);
    let opened: Producer | Promise<Producer>;
    try {
      opened = this.open();
    } catch (thrown) {
      exchange.fail(thrown);
      return exchange.leave();
    }
    if (!(opened instanceof Promise)) return this.send!(exchange);
    opened.then(
      () => this.send!(exchange),
      (thrown: unknown) => {
        exchange.fail(thrown);
        exchange.leave();
      },
    );
  };

  /** As `call`, and counts what is under way. */
  readonly countedCall: Call = (exchange) => this.counted(exchange, this.call);

  readonly countedQuietCall: Call = (exchange) => this.counted(exchange, this.quietCall);

  private counted(exchange: Exchange, call: Call): void {
    this.underWay++;
    exchange.way = new Counted(this, exchange.way);
    call(exchange);
  }

  returned(): void {
    if (--this.underWay === 0 && this.isDropped) void this.close().catch(() => undefined);
  }

  /** Nobody can find it any more: closed as soon as nothing is under way in it. */
  drop(): void {
    if (this.isFixed) return;
    this.isDropped = true;
    if (this.underWay === 0) void this.close().catch(() => undefined);
  }

  async close(): Promise<void> {
    const producer = this.producer ?? (await this.opening?.catch(() => null));
    this.producer = null;
    this.send = null;
    this.opening = null;
    await producer?.close?.();
  }
}

class Counted implements Way {
  readonly outer: Way | null;
  private readonly cell: ProducerCell;

  constructor(cell: ProducerCell, outer: Way | null) {
    this.cell = cell;
    this.outer = outer;
  }

  back(exchange: Exchange): void {
    this.cell.returned();
    exchange.leave();
  }
}

/** `#name` and `#bean:name`; what is written otherwise is an object of its own, or a text. */
const isBeanReference = /^#(?:bean:)?[A-Za-z_][\w-]*$/;

/** Producers by URI: those named in routes, kept while a generation uses them, and a bounded number of dynamic ones. */
export class Endpoints {
  private readonly reader: EndpointReader;
  private readonly context: (resolved: ResolvedEndpoint, routeId: string | null, isElsewhere?: boolean) => ConnectorContext;
  private readonly allowed: AllowList;
  private readonly cells = new Map<string, ProducerCell>();
  private readonly dynamic = new LRUCache<string, ProducerCell>({ max: dynamicProducers, dispose: (cell) => cell.drop() });
  private readonly pollers = new LRUCache<string, Promise<Consumer>>({ max: dynamicProducers, dispose: (consumer) => void consumer.then((made) => made.close?.()).catch(() => undefined) });

  constructor(reader: EndpointReader, context: (resolved: ResolvedEndpoint, routeId: string | null, isElsewhere?: boolean) => ConnectorContext, allowed: AllowList) {
    this.reader = reader;
    this.context = context;
    this.allowed = allowed;
  }

  resolve(model: EndpointModel, problems: Diagnostics): ResolvedEndpoint | null {
    const resolved = this.reader.fromModel(model, problems);
    if (resolved !== null) this.lookAt(resolved, model, problems);
    return resolved;
  }

  /** What an endpoint refers to is there, or is complained about before anything is opened. */
  private lookAt(resolved: ResolvedEndpoint, model: EndpointModel, problems: Diagnostics): void {
    const { definition, endpoint } = resolved;
    const context = this.context(resolved, null);
    const guarded = (name: string | null, look: () => unknown): boolean => {
      try {
        look();
        return true;
      } catch (thrown) {
        const { message } = thrown as Error;
        // A file that is not there, or a text that is nothing in its language, is no reference.
        const code = (thrown as { readonly code?: unknown }).code === 'ENOENT' || thrown instanceof ExpressionSyntaxError ? 'M0611' : 'M0501';
        problems.report(code, name === null ? message : `\`${name}\` of \`${definition.scheme}\`: ${message}`, (name === null ? endpointComplaint(thrown, model).at : optionAt(model, name)) ?? model.at, { help: endpointComplaint(thrown, model).help });
        return false;
      }
    };
    let isFine = true;
    for (const [name, value] of Object.entries(endpoint.options as Readonly<Record<string, unknown>>)) {
      if (typeof value === 'string' && isBeanReference.test(value) && definition.options[name]?.shape.noEffect === null) isFine = guarded(name, () => context.bean(value)) && isFine;
    }
    if (isFine && definition.check !== undefined) guarded(null, () => definition.check!(endpoint, context));
  }

  /** A call to a fixed endpoint of a route. */
  producer(model: EndpointModel, problems: Diagnostics, intercepts: readonly SendIntercept[]): Call {
    const resolved = this.reader.fromModel(model, problems);
    if (resolved === null) return (exchange) => exchange.leave();
    const { definition } = resolved;
    if (definition.producer === undefined) {
      problems.report('M0405', `\`${definition.scheme}:\` can only be consumed from`, model.at, { label: 'no producer', help: `use it in \`from\`; a step can't send to ${definition.scheme}${definition.insteadOfSending === undefined ? '' : `: ${definition.insteadOfSending}`}` });
      return (exchange) => exchange.leave();
    }
    try {
      definition.library?.check();
    } catch (thrown) {
      problems.report('M0611', (thrown as Error).message, model.at, { label: 'can not be used' });
      return (exchange) => exchange.leave();
    }
    this.lookAt(resolved, model, problems);
    const cell = this.cell(resolved.endpoint.uri, resolved, () => this.context(resolved, null));
    cell.model ??= model;
    return intercepted(cell.call, cell.quietCall, cell.shown, intercepts);
  }

  /** Serves what another process is sent: who asks here is handed on. Gives the name by which it is kept; null where there is no such endpoint. */
  handOn(model: EndpointModel, problems: Diagnostics): string | null {
    const resolved = this.reader.fromModel(model, problems);
    if (resolved === null || resolved.definition.producer === undefined) return null;
    const key = `elsewhere ${resolved.endpoint.uri}`;
    this.cell(key, resolved, () => this.context(resolved, null, true)).model ??= model;
    return key;
  }

  private cell(key: string, resolved: ResolvedEndpoint, context: () => ConnectorContext): ProducerCell {
    let cell = this.cells.get(key);
    if (cell === undefined) {
      cell = new ProducerCell(resolved, () => resolved.definition.producer!(resolved.endpoint, context()));
      cell.isFixed = true;
      this.cells.set(key, cell);
    }
    return cell;
  }

  /** Opens all fixed producers, so that what can't work shows when the runtime starts. */
  async open(problems: Diagnostics): Promise<void> {
    await Promise.all(
      [...this.cells.values()].map(async (cell) => {
        try {
          await cell.open();
        } catch (thrown) {
          const { at, help } = endpointComplaint(thrown, cell.model);
          problems.report('M0611', (thrown as Error).message, at, { label: 'can not be used', help });
        }
      }),
    );
  }

  /** Closes fixed producers that nobody names any more. */
  async sweep(isUsed: (uri: string) => boolean): Promise<void> {
    for (const [uri, cell] of this.cells) {
      if (isUsed(uri)) continue;
      this.cells.delete(uri);
      cell.isFixed = false;
      await cell.close();
    }
  }

  /** Throws what sending there would fail with: bad URI, unknown scheme, not on the allow-list, no producer. */
  check(uri: string): ResolvedEndpoint {
    const known = this.dynamic.get(uri);
    if (known !== undefined) return known.resolved;
    return producing(this.allowedEndpoint(uri));
  }

  private allowedEndpoint(uri: string): ResolvedEndpoint {
    const resolved = this.reader.fromText(uri);
    const { scheme } = resolved.endpoint;
    if (this.allowed.schemes !== null && !this.allowed.schemes.includes(scheme)) {
      throw new ExchangeError('org.apache.camel.ResolveEndpointFailedException', `dynamic endpoints may not use the scheme \`${scheme}\`: add it to \`dynamicEndpoints.schemes\``);
    }
    if (this.allowed.hosts !== null && resolved.definition.isRemote === true) {
      const host = hostOf(resolved.endpoint.path);
      if (!this.allowed.hosts.includes(host)) {
        throw new ExchangeError('org.apache.camel.ResolveEndpointFailedException', `dynamic endpoints may not reach the host \`${host}\`: add it to \`dynamicEndpoints.hosts\``);
      }
    }
    return resolved;
  }

  /** Sends to an endpoint that a message names; a failure to reach it fails the exchange. */
  dynamicCall(uri: string, exchange: Exchange, intercepts: readonly SendIntercept[], step: StepInfo): void {
    this.send(exchange, intercepts, step, uri, () => this.check(uri));
  }

  /** Sends to an endpoint that a program names: it may be any. */
  trustedCall(uri: string, exchange: Exchange, intercepts: readonly SendIntercept[], step: StepInfo): void {
    this.send(exchange, intercepts, step, `trusted ${uri}`, () => producing(this.reader.fromText(uri)));
  }

  private send(exchange: Exchange, intercepts: readonly SendIntercept[], step: StepInfo, key: string, resolve: () => ResolvedEndpoint): void {
    let cell = this.dynamic.get(key);
    if (cell === undefined) {
      try {
        const resolved = resolve();
        cell = this.cells.get(resolved.endpoint.uri) ?? new ProducerCell(resolved, () => resolved.definition.producer!(resolved.endpoint, this.context(resolved, null)));
      } catch (thrown) {
        exchange.fail(toExchangeError(thrown), step);
        return exchange.leave();
      }
      this.dynamic.set(key, cell);
    }
    const { isFixed } = cell;
    intercepted(isFixed ? cell.call : cell.countedCall, isFixed ? cell.quietCall : cell.countedQuietCall, cell.shown, intercepts)(exchange);
  }

  async receive(uri: string, timeoutMillis: number): Promise<PolledMessage | null> {
    let poller = this.pollers.get(uri);
    if (poller === undefined) {
      const resolved = this.allowedEndpoint(uri);
      const { definition } = resolved;
      if (definition.consumer === undefined) throw new ExchangeError('org.apache.camel.FailedToCreateConsumerException', `\`${definition.scheme}:\` can't be polled`);
      poller = Promise.resolve(definition.consumer(resolved.endpoint, this.context(resolved, null)));
      this.pollers.set(uri, poller);
    }
    const consumer = await poller;
    if (consumer.receive === undefined) throw new ExchangeError('org.apache.camel.FailedToCreateConsumerException', `endpoints like ${uri.replace(/\?.*/s, '')} can't be polled`);
    return consumer.receive(timeoutMillis);
  }

  /** Sends there are resolved anew. */
  forget(uri: string): void {
    for (const [key, { resolved }] of this.dynamic.entries()) if (resolved.endpoint.uri === uri) this.dynamic.delete(key);
  }

  async close(): Promise<void> {
    const cells = [...this.cells.values()];
    this.cells.clear();
    this.dynamic.clear();
    this.pollers.clear();
    await Promise.all(cells.map((cell) => cell.close().catch(() => undefined)));
  }
}

function producing(resolved: ResolvedEndpoint): ResolvedEndpoint {
  const { scheme } = resolved.endpoint;
  const { producer, insteadOfSending } = resolved.definition;
  if (producer === undefined) throw new ExchangeError('org.apache.camel.FailedToCreateProducerException', `\`${scheme}:\` can only be consumed from${insteadOfSending === undefined ? '' : `: ${insteadOfSending}`}`);
  return resolved;
}

const hostOf = (path: string): string => {
  const authority = path.replace(/^\/\//, '').replace(/[/?#].*$/s, '');
  return authority.replace(/^.*@/, '').replace(/:\d+$/, '');
};

