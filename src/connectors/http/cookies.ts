import type { Clock } from '../../core/clock.ts';

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly host: string;
  readonly isHostOnly: boolean;
  readonly path: string;
  readonly isSecure: boolean;
  /** Milliseconds since 1970; null = as long as the endpoint lives. */
  readonly expires: number | null;
}

const mostCookies = 1000;

/** Cookies of replies, for the later calls of one endpoint (RFC 6265, without public suffixes: a cookie for a whole domain must be the host's own or a parent with a dot). */
export class CookieJar {
  private readonly clock: Clock;
  private cookies: Cookie[] = [];

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** The `Cookie` header for a URL; null when there is none to send. */
  header(url: string): string | null {
    const { hostname, pathname, protocol } = new URL(url);
    this.forget();
    const fitting = this.cookies.filter(
      (cookie) =>
        (cookie.isHostOnly ? hostname === cookie.host : hostname === cookie.host || hostname.endsWith(`.${cookie.host}`)) &&
        isBelow(pathname, cookie.path) &&
        (!cookie.isSecure || protocol === 'https:'),
    );
    return fitting.length === 0 ? null : fitting.map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  /** Takes one `Set-Cookie` header. */
  take(url: string, header: string): void {
    const { hostname, pathname } = new URL(url);
    const [pair = '', ...attributes] = header.split(';');
    const equals = pair.indexOf('=');
    if (equals < 1) return;
    let host = hostname;
    let isHostOnly = true;
    let path = pathname.slice(0, Math.max(1, pathname.lastIndexOf('/')));
    let isSecure = false;
    let expires: number | null = null;
    let hasMaxAge = false;
    for (const attribute of attributes) {
      const cut = attribute.indexOf('=');
      const key = (cut < 0 ? attribute : attribute.slice(0, cut)).trim().toLowerCase();
      const value = cut < 0 ? '' : attribute.slice(cut + 1).trim();
      if (key === 'secure') isSecure = true;
      else if (key === 'path' && value.startsWith('/')) path = value;
      else if (key === 'domain' && value !== '') {
        const domain = value.replace(/^\./, '').toLowerCase();
        if (domain !== hostname && (!hostname.endsWith(`.${domain}`) || !domain.includes('.'))) return;
        host = domain;
        isHostOnly = false;
      } else if (key === 'max-age' && /^-?\d+$/.test(value)) {
        hasMaxAge = true;
        expires = this.clock.now() + Number(value) * 1000;
      } else if (key === 'expires' && !hasMaxAge && !Number.isNaN(Date.parse(value))) expires = Date.parse(value);
    }
    const name = pair.slice(0, equals).trim();
    this.cookies = this.cookies.filter((cookie) => cookie.name !== name || cookie.host !== host || cookie.path !== path);
    this.cookies.push({ name, value: pair.slice(equals + 1).trim(), host, isHostOnly, path, isSecure, expires });
    if (this.cookies.length > mostCookies) this.cookies.shift();
    this.forget();
  }

  private forget(): void {
    const now = this.clock.now();
    if (this.cookies.some(({ expires }) => expires !== null && expires <= now)) this.cookies = this.cookies.filter(({ expires }) => expires === null || expires > now);
  }
}

const isBelow = (path: string, parent: string): boolean => path === parent || path.startsWith(parent.endsWith('/') ? parent : `${parent}/`);
