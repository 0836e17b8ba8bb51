import { randomUUID } from 'node:crypto';
import type { Network } from './connector.ts';

const toxiproxy = process.env['TOXIPROXY_URL'] ?? '';

/** A proxy of Toxiproxy's in front of a server: one of its own, or the one that is there already under a name. */
export class ToxicProxy implements Omit<Network, 'consumer'> {
  private readonly name: string;
  private readonly isOwn: boolean;
  /** host:port */
  readonly address: string;

  static async open(upstream: string): Promise<ToxicProxy> {
    const name = `test-${randomUUID().slice(0, 8)}`;
    const { listen } = await call('/proxies', { name, listen: '127.0.0.1:0', upstream, enabled: true });
    return new ToxicProxy(name, String(listen), true);
  }

  /** The one that the servers' scripts have made: brokers of Kafka tell clients its address. */
  static async of(name: string): Promise<ToxicProxy> {
    const { listen } = await call(`/proxies/${name}`);
    const proxy = new ToxicProxy(name, String(listen), false);
    await proxy.restore();
    return proxy;
  }

  private constructor(name: string, address: string, isOwn: boolean) {
    this.name = name;
    this.address = address;
    this.isOwn = isOwn;
  }

  cut(): Promise<unknown> {
    return call(`/proxies/${this.name}`, { enabled: false });
  }

  mend(): Promise<unknown> {
    return call(`/proxies/${this.name}`, { enabled: true, listen: this.address });
  }

  delay(millis: number): Promise<unknown> {
    return this.add('latency', { latency: millis }, 'downstream');
  }

  async stall(): Promise<void> {
    await this.add('timeout', { timeout: 0 }, 'downstream');
    await this.add('timeout', { timeout: 0 }, 'upstream');
  }

  async heal(): Promise<void> {
    for (const { name } of (await call(`/proxies/${this.name}/toxics`)) as unknown as { name: string }[]) await call(`/proxies/${this.name}/toxics/${name}`, undefined, 'DELETE');
  }

  async close(): Promise<void> {
    if (this.isOwn) await call(`/proxies/${this.name}`, undefined, 'DELETE');
    else await this.restore();
  }

  private async restore(): Promise<void> {
    await this.heal();
    await this.mend();
  }

  private add(type: string, attributes: Readonly<Record<string, number>>, stream: 'upstream' | 'downstream'): Promise<unknown> {
    return call(`/proxies/${this.name}/toxics`, { name: `${type}-${stream}`, type, stream, attributes });
  }
}

async function call(path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST'): Promise<Record<string, unknown>> {
  const response = await fetch(`${toxiproxy}${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${text}`);
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}
