import type { ConnectorDefinition } from '../../src/core/connector.ts';
import { VirtualClock } from '../../src/core/clock.ts';
import type { Clock } from '../../src/core/clock.ts';
import { Source } from '../../src/core/diagnostics.ts';
import { Events } from '../../src/core/events.ts';
import { Mocks } from '../../src/connectors/mock.ts';
import type { MockEndpoint } from '../../src/connectors/mock.ts';
import type { RuntimeOptions } from '../../src/runtime/runtime.ts';
import { Runtime } from '../../src/runtime/runtime.ts';
import { standardParts } from '../../src/runtime/standard.ts';
import { MemoryStore } from '../../src/stores/memory.ts';

export { eventually } from '../eventually.ts';

export interface RigOptions extends Partial<Omit<RuntimeOptions, 'parts' | 'clock'>> {
  readonly clock?: Clock;
  readonly connectors?: Readonly<Record<string, ConnectorDefinition>>;
}

/** A runtime with the standard parts and some of the test's own, in virtual time unless another clock is given. */
export function runtimeWith(options: RigOptions = {}): Runtime {
  const clock = options.clock ?? new VirtualClock();
  return new Runtime({
    store: new MemoryStore(clock),
    baseDir: process.cwd(),
    events: new Events(),
    ...options,
    clock,
    parts: { ...standardParts, connectors: { ...standardParts.connectors, ...options.connectors } },
  });
}

/** Routes as a file: YAML text, or a value that is written as JSON (which is YAML, too). */
export const routesFile = (routes: unknown, file = 'routes.yaml'): Source => new Source(file, typeof routes === 'string' ? routes : JSON.stringify(routes, null, 1));

export const mockOf = (runtime: Runtime, name: string): MockEndpoint => runtime.shared('mocks', () => new Mocks(runtime.clock)).get(name);

