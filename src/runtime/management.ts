import type { HttpRequest } from '../core/http/listener.ts';
import { httpListeners } from '../core/http/listener.ts';
import type { HttpMount } from '../core/http/router.ts';
import { live, ready } from '../observe/health.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { RuntimeSnapshot } from '../observe/snapshot.ts';
import type { Configuration } from './configuration.ts';
import type { Runtime } from './runtime.ts';
import type { Seat } from './sharing.ts';

interface Managed {
  readonly runtime: Runtime;
  readonly configuration: Configuration;
  readonly metrics: Metrics;
  readonly snapshot: RuntimeSnapshot;
}

const answer = (request: HttpRequest, status: number, contentType: string, text: string): void => {
  const body = Buffer.from(text);
  request.reply.writeHead(status, ['Content-Type', contentType, 'Content-Length', String(body.length)]);
  request.reply.end(body);
};

const get = (path: string, handle: (request: HttpRequest) => void): HttpMount => ({ path, methods: ['GET'], consumes: null, produces: null, maxBodyBytes: 0, handle });

/**
 * Serves health and metrics beside the routes. When no route listens there and the port is taken, the runtime goes on without them
 * and says so. Gives what ends it.
 */
export async function openManagement(mecha: Managed, seat: Seat | null = null): Promise<() => Promise<void>> {
  const { runtime, configuration } = mecha;
  if (configuration.get('management.enabled') !== true) return () => Promise.resolve();
  const host = String(configuration.get('management.host') ?? configuration.get('http.host'));
  const port = Number(configuration.get('management.port') ?? configuration.get('http.port'));
  const listeners = httpListeners({ clock: runtime.clock, events: runtime.events, shared: (name, make) => runtime.shared(name, make), setting: (key) => configuration.get(key) });
  const listener = listeners.at(host, port);
  const whole = seat === null ? () => Promise.resolve({ snapshot: mecha.snapshot, processMetrics: null }) : () => seat.whole();
  const served = (path: string, serve: (request: HttpRequest, of: Awaited<ReturnType<typeof whole>>) => void | Promise<void>): HttpMount =>
    get(path, (request) => {
      whole()
        .then((of) => serve(request, of))
        .catch((thrown: unknown) => answer(request, 500, 'text/plain', String(thrown)));
    });
  const mounts = [
    get('/health/live', (request) => {
      const health = live(mecha.snapshot);
      answer(request, 200, 'application/json', JSON.stringify(health));
    }),
    served('/health/ready', (request, { snapshot }) => {
      const health = ready(snapshot);
      answer(request, health.status === 'UP' ? 200 : 503, 'application/json', JSON.stringify(health));
    }),
    served('/metrics', async (request, { snapshot, processMetrics }) => {
      const { contentType, text } = await mecha.metrics.text(snapshot, processMetrics);
      answer(request, 200, contentType, text);
    }),
  ];
  try {
    await Promise.all(mounts.map((mount) => listener.mount(mount)));
  } catch (thrown) {
    const named = configuration.settings.has('management.port');
    if (named) throw thrown;
    runtime.log('warn', 'mecha.management', `health and metrics are not served: ${(thrown as Error).message}; choose another port with --port or management.port`);
    return () => Promise.resolve();
  }
  return async () => {
    for (const mount of mounts) listener.unmount(mount);
    await listener.closed();
  };
}
