import { expect } from 'chai';
import fc from 'fast-check';
import type { HttpRequest } from '../../../src/core/http/listener.ts';
import { normalPath } from '../../../src/core/http/listener.ts';
import type { HttpMount } from '../../../src/core/http/router.ts';
import { HttpRouter } from '../../../src/core/http/router.ts';

const mount = (path: string, more: Partial<HttpMount> = {}): HttpMount => ({ path, methods: null, consumes: null, produces: null, maxBodyBytes: 1, handle: () => {}, ...more });

const ask = (mounts: readonly HttpMount[], path: string, method = 'GET', headers: Record<string, string> = {}): { status: number; path?: string; params?: readonly string[] | null } => {
  const request = { path, method, headers, mount: null, params: null } as unknown as HttpRequest;
  const status = new HttpRouter(mounts).find(request);
  return status === 200 ? { status, path: request.mount.path, params: request.params } : { status };
};

describe('the HTTP router', () => {
  it('finds paths with and without parameters, decoded, with or without a slash at the end', () => {
    const mounts = [mount('/'), mount('/a'), mount('/users/{id}'), mount('/files/{name}.{ext}'), mount('/a b')];
    expect(ask(mounts, '/')).to.include({ path: '/' });
    expect(ask(mounts, '/a/')).to.include({ path: '/a' });
    expect(ask(mounts, '/users/a%20b%2Fc').params).to.deep.equal(['id', 'a b/c']);
    expect(ask(mounts, '/users/1/').params).to.deep.equal(['id', '1']);
    expect(ask(mounts, '/files/x.txt').params).to.deep.equal(['name', 'x', 'ext', 'txt']);
    for (const path of ['/users/', '/users', '/users/1/2', '/A', '/b']) expect(ask(mounts, path).status, path).to.equal(404);
  });

  it('takes the first that matches in the order in which they were mounted, as Camel does', () => {
    expect(ask([mount('/m/{id}'), mount('/m/me')], '/m/me')).to.include({ path: '/m/{id}' });
    expect(ask([mount('/m/me'), mount('/m/{id}')], '/m/me')).to.include({ path: '/m/me' });
    expect(ask([mount('/m*'), mount('/m/{id}')], '/m/me')).to.include({ path: '/m*' });
    expect(ask([mount('/m/{id}'), mount('/m*')], '/m/1/2')).to.include({ path: '/m*' });
    expect(ask([mount('/m/{a}', { methods: ['POST'] }), mount('/m/{b}', { methods: ['GET'] })], '/m/1').params).to.deep.equal(['b', '1']);
  });

  it('matches prefixes by letters, and gives the rest as `*`', () => {
    const mounts = [mount('/pre*'), mount('/dir/*')];
    expect(ask(mounts, '/prefix/a').params).to.deep.equal(['*', 'fix/a']);
    expect(ask(mounts, '/pre').params).to.deep.equal(['*', '']);
    expect(ask(mounts, '/dir').status).to.equal(200);
    expect(ask(mounts, '/dir/x').status).to.equal(200);
    expect(ask(mounts, '/dirx').status).to.equal(404);
  });

  it('says why a path that exists does not take a request', () => {
    const mounts = [mount('/x', { methods: ['POST'], consumes: ['application/json'], produces: ['text/plain'] })];
    expect(ask(mounts, '/x').status).to.equal(405);
    expect(ask(mounts, '/x', 'POST').status).to.equal(415);
    expect(ask(mounts, '/x', 'POST', { 'content-type': 'application/json', accept: 'text/html' }).status).to.equal(406);
    const both = [...mounts, mount('/x', { methods: ['PUT'] })];
    expect(ask(both, '/x', 'POST').status, 'what fits nearly tells more').to.equal(415);
    expect(ask([mount('/x', { consumes: ['a/b'] })], '/x', 'OPTIONS').status).to.equal(200);
    expect(ask(mounts, '/x', 'POST', { 'content-type': 'application/JSON; a=b', accept: 'text/*' }).status).to.equal(200);
  });

  it('takes letters that mean something to the tree behind it as letters', () => {
    const mounts = [mount('/a:b/{id}'), mount('/x(y)'), mount('/{a}{b}'), mount('/v/{x}tail')];
    expect(ask(mounts, '/a:b/1').params).to.deep.equal(['id', '1']);
    expect(ask(mounts, '/x(y)').path).to.equal('/x(y)');
    expect(ask(mounts, '/v/1tail').params).to.deep.equal(['x', '1']);
  });

  const segment = fc.constantFrom('a', 'b', '{x}', '{y}');
  const pattern = fc.tuple(fc.array(segment, { maxLength: 3 }), fc.boolean()).map(([segments, isPrefix]) => `/${segments.join('/')}${isPrefix ? '*' : ''}`);
  const matches = (path: string, wanted: string): boolean => {
    const isPrefix = wanted.endsWith('*');
    const bare = (isPrefix ? wanted.slice(0, -1) : wanted).replace(/\/$/, isPrefix ? '/' : '');
    const source = bare.replace(/\{\w\}/g, '[^/]+');
    return new RegExp(isPrefix ? `^${source === '/' ? '/' : source}.*$` : `^${source === '' ? '' : source}/?$`).test(path);
  };

  it('finds what trying one after the other finds', () =>
    fc.assert(
      fc.property(fc.array(pattern, { minLength: 1, maxLength: 8 }), fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 4 }), (patterns, segments) => {
        const path = `/${segments.join('/')}`;
        const first = patterns.find((wanted) => matches(path, wanted));
        expect(ask(patterns.map((wanted) => mount(wanted)), path).path).to.equal(first);
      }),
    ));

  it('says of a path that several parameters could be found in too many ways that there is none', () => {
    expect(ask([mount('/{a}.{b}.{c}.{d}-end'), mount('/{x}')], `/${'.'.repeat(15_000)}`).path).to.equal('/{x}');
    expect(ask([mount('/{a}.{b}.{c}.{d}-end'), mount('/{x}')], '/1.2.3.4-end').path).to.equal('/{a}.{b}.{c}.{d}-end');
  });

  it('resolves dots, doubled slashes and needless escapes, and no more', () => {
    expect(normalPath('/pre/fix/../a')).to.equal('/pre/a');
    expect(normalPath('/a//b/./c/')).to.equal('/a/b/c/');
    expect(normalPath('/../../etc')).to.equal('/etc');
    expect(normalPath('/%61%2F%20')).to.equal('/a%2F%20');
    expect(normalPath('/%2e%2e/x')).to.equal('/x');
  });

  it('normalises to a path that stays as it is', () =>
    fc.assert(fc.property(fc.array(fc.constantFrom('a', '.', '..', '', '%61', '%2F', '%2e', '%'), { maxLength: 6 }).map((parts) => parts.join('/')), (path) => {
      const once = normalPath(`/${path}`);
      expect(normalPath(once)).to.equal(once);
    })));
});
