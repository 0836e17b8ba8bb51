import type { HttpRequest } from '../../core/http/listener.ts';

interface CookieOptions {
  readonly cookieDomain?: string;
  readonly cookiePath: string;
  readonly cookieMaxAge?: number;
  readonly cookieHttpOnly: boolean;
  readonly cookieSecure: boolean;
  readonly cookieSameSite: string;
}

const name = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// Without control characters, blanks, quotes, commas, semicolons and backslashes (RFC 6265).
const value = /^[\x21\x23-\x2B\x2D-\x3A\x3C-\x5B\x5D-\x7E]*$/;

/** Reads the cookies of a request and puts new ones on its reply, with the attributes that the endpoint says. */
export class CookieHandler {
  private readonly request: HttpRequest;
  private readonly options: CookieOptions;

  constructor(request: HttpRequest, options: CookieOptions) {
    this.request = request;
    this.options = options;
  }

  /** Null when the request has none of this name. */
  getCookieValue(wanted: string): string | null {
    for (const part of (this.request.headers.cookie ?? '').split(';')) {
      const equals = part.indexOf('=');
      if (equals > 0 && part.slice(0, equals).trim() === wanted) return part.slice(equals + 1).trim().replace(/^"(.*)"$/, '$1');
    }
    return null;
  }

  addCookie(cookie: string, text: string): void {
    this.set(cookie, text, this.options.cookieMaxAge);
  }

  /** Has the client forget it; gives what it was. */
  removeCookie(cookie: string): string | null {
    const former = this.getCookieValue(cookie);
    this.set(cookie, '', 0);
    return former;
  }

  private set(cookie: string, text: string, maxAge: number | undefined): void {
    if (!name.test(cookie) || !value.test(text)) throw new Error(`a cookie can't be \`${cookie}=${text}\`: encode it first`);
    const { options } = this;
    const parts = [`${cookie}=${text}`];
    if (maxAge !== undefined) parts.push(`Max-Age=${maxAge}`);
    if (options.cookieDomain !== undefined) parts.push(`Domain=${options.cookieDomain}`);
    parts.push(`Path=${options.cookiePath}`);
    if (options.cookieSecure) parts.push('Secure');
    if (options.cookieHttpOnly) parts.push('HttpOnly');
    parts.push(`SameSite=${options.cookieSameSite.charAt(0).toUpperCase()}${options.cookieSameSite.slice(1).toLowerCase()}`);
    this.request.reply.appendHeader('Set-Cookie', parts.join('; '));
  }
}
