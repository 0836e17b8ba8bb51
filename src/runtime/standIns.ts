import type { PolledMessage } from '../core/connector.ts';
import type { Span } from '../core/diagnostics.ts';
import type { StepInfo } from '../core/exchange/exchange.ts';
import type { Call } from '../core/graph/flow.ts';
import type { EndpointModel } from '../dsl/model.ts';
import type { Diagnostics } from '../core/diagnostics.ts';
import type { ResolvedEndpoint } from '../dsl/uri.ts';
import type { EndpointReader } from './endpoints.ts';

/** What does the work of a step that was replaced by its id. */
export interface StandInStep {
  /** The step itself may be asked for: `itself` is given then, and must not be left out of the graph. */
  readonly needsItself: boolean;
  /** In the place of an endpoint with this URI, or (null) of the step as a whole. */
  call(uri: string | null, itself: Call | null): Call;
  receive(uri: string, itself: (() => Promise<PolledMessage | null>) | null): Promise<PolledMessage | null>;
  /** What `make` resolves may reach outside: it is the step itself. */
  outside<T>(make: () => T): T;
}

/** Puts something else in the place of endpoints and steps, while routes are compiled: tests of routes. */
export interface StandIns {
  /** The endpoint as it is, or the same with another connector behind it. `at`: where a route names it; null where a message does. */
  endpoint(resolved: ResolvedEndpoint, at: Span | null): ResolvedEndpoint;
  /** Null: the step itself. */
  step(info: StepInfo): StandInStep | null;
  /** Whether a URI is replaced, known before it is resolved: a kamelet that is replaced needn't exist. */
  replaces(uri: string): boolean;
}

/** Reads endpoints as `reader` does, and lets the stand-ins take their places. */
export const withStandIns = (reader: EndpointReader, standIns: StandIns | undefined): EndpointReader =>
  standIns === undefined
    ? reader
    : {
        fromModel: (model: EndpointModel, problems: Diagnostics) => {
          const resolved = reader.fromModel(model, problems);
          return resolved === null ? null : standIns.endpoint(resolved, model.at);
        },
        fromText: (uri: string) => standIns.endpoint(reader.fromText(uri), null),
      };
