import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const need = (name: string): string => {
  const value = process.env[name] ?? '';
  if (value === '') throw new Error(`${name} is not set: run this by \`scripts/services/with.sh\``);
  return value;
};

export type ServerName = 'kafka' | 'rabbitmq' | 's3';

/** The real servers and the proxies in front of them, as the environment names them. */
export const servers = {
  kafka: (): string => need('KAFKA_BROKERS'),
  kafkaProxied: (): string => need('KAFKA_BROKERS_PROXIED'),
  amqp: (): string => need('AMQP_URL'),
  amqpProxied: (): string => need('AMQP_URL_PROXIED'),
  s3Proxied: (): string => need('S3_ENDPOINT_PROXIED'),

  /** Whether the servers are ours alone, so that they can be restarted. */
  get canRestart(): boolean {
    return (process.env['SERVICES_SCRIPTS'] ?? '') !== '';
  },

  /** A graceful restart; the data stay. */
  async restart(name: ServerName): Promise<void> {
    const scripts = need('SERVICES_SCRIPTS');
    await run('bash', [join(scripts, 'down.sh'), '--keep', name]);
    await run('bash', [join(scripts, 'up.sh'), name]);
  },

  async cut(name: ServerName): Promise<void> {
    await proxy(name, false);
  },

  async mend(name: ServerName): Promise<void> {
    await proxy(name, true);
  },

  /** How often the broker has begun to share out the partitions of a group. Null: its log is not here. */
  rebalances(group: string): number | null {
    const log = join(process.env['SERVICES_RUN'] ?? '', 'kafka', 'log');
    if (!existsSync(log)) return null;
    return readFileSync(log, 'utf8').split(`Preparing to rebalance group ${group} `).length - 1;
  },
};

async function proxy(name: ServerName, enabled: boolean): Promise<void> {
  const response = await fetch(`${need('TOXIPROXY_URL')}/proxies/${name}`, { method: 'POST', body: JSON.stringify({ enabled }) });
  if (!response.ok) throw new Error(`toxiproxy: ${response.status} ${await response.text()}`);
}
