import type { Clock } from '../../core/clock.ts';
import { ExchangeError } from '../../core/errors.ts';
import { asNetworkError, shownUrl } from '../../core/http/client.ts';

export interface TokenSource {
  readonly endpoint: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string | null;
  readonly resource: string | null;
  readonly isCached: boolean;
  readonly defaultExpiryMillis: number;
  readonly marginMillis: number;
  readonly isInBody: boolean;
}

/** Access tokens by OAuth 2 client credentials; one request for all that wait for a token at the same time. */
export class Tokens {
  private readonly source: TokenSource;
  private readonly clock: Clock;
  private token: string | null = null;
  private expires = 0;
  private asking: Promise<string> | null = null;

  constructor(source: TokenSource, clock: Clock) {
    this.source = source;
    this.clock = clock;
  }

  /** @throws HttpOperationFailedException when the token endpoint refuses, or what the network failed with */
  get(): Promise<string> {
    if (this.source.isCached && this.token !== null && this.clock.now() < this.expires) return Promise.resolve(this.token);
    return (this.asking ??= this.ask().finally(() => (this.asking = null)));
  }

  private async ask(): Promise<string> {
    const { source } = this;
    const { default: axios } = await import('axios');
    const form = new URLSearchParams({ grant_type: 'client_credentials' });
    if (source.scope !== null) form.set('scope', source.scope);
    if (source.resource !== null) form.set('resource', source.resource);
    if (source.isInBody) {
      form.set('client_id', source.clientId);
      form.set('client_secret', source.clientSecret);
    }
    const shown = shownUrl(source.endpoint);
    let reply: { status: number; data: unknown };
    try {
      reply = await axios.post(source.endpoint, form.toString(), {
        headers: {
          'Content-Type': 'application/x-www-form-urlencoded',
          ...(source.isInBody ? {} : { Authorization: `Basic ${Buffer.from(`${source.clientId}:${source.clientSecret}`).toString('base64')}` }),
        },
        timeout: 30_000,
        maxContentLength: 1024 * 1024,
        proxy: false,
        validateStatus: () => true,
      });
    } catch (thrown) {
      throw asNetworkError(thrown as Error, `token from ${shown}`);
    }
    const data = reply.data as { access_token?: unknown; expires_in?: unknown } | null;
    const token = data?.access_token;
    if (reply.status !== 200 || typeof token !== 'string') {
      throw new ExchangeError('org.apache.camel.http.base.HttpOperationFailedException', `${shown} gave no token: status ${reply.status}`, {
        details: { statusCode: reply.status, uri: shown },
      });
    }
    const lifeMillis = Number(data?.expires_in) > 0 ? Number(data?.expires_in) * 1000 : source.defaultExpiryMillis;
    this.token = token;
    this.expires = this.clock.now() + lifeMillis - source.marginMillis;
    return token;
  }
}
