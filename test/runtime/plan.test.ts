import { expect } from 'chai';
import { Diagnostics, showSpan, Source } from '../../src/core/diagnostics.ts';
import { propertyLookup } from '../../src/dsl/placeholders.ts';
import { readDocument } from '../../src/dsl/read.ts';
import type { RoutePlan } from '../../src/runtime/plan.ts';
import { matchesPattern, planRoutes } from '../../src/runtime/plan.ts';
import { standardParts } from '../../src/runtime/standard.ts';

describe('the plan of routes', () => {
  let problems: Diagnostics;

  beforeEach(() => {
    problems = new Diagnostics();
  });

  const plan = (files: Readonly<Record<string, string>>, { salt = null, properties = {} }: { salt?: unknown; properties?: Record<string, string> } = {}): RoutePlan[] => {
    const documents = Object.entries(files).map(([name, text]) => readDocument(new Source(name, text), standardParts, { properties: propertyLookup({ properties }) }, problems));
    return planRoutes(documents, salt, problems, () => true);
  };
  const one = (text: string, more?: Parameters<typeof plan>[1]): RoutePlan => plan({ 'a.yaml': text }, more)[0]!;
  const route = (id: string, more = '', step = 'log: x'): string => `- route: { id: ${id}, ${more === '' ? '' : `${more}, `}from: { uri: "direct:${id}", steps: [ { ${step} } ] } }\n`;

  it('takes a route from its own element, from `from` alone and from an Integration, in the order of files', () => {
    const plans = plan({
      'a.yaml': `${route('one', 'startupOrder: 7, autoStartup: false')}- from: { uri: "direct:two", steps: [ { log: x } ] }\n`,
      'b.yaml': 'kind: Integration\nspec: { flows: [ { from: { uri: "direct:three", steps: [] } } ] }\n',
    });
    expect(plans.map(({ id, file, from, startupOrder, autoStartup }) => ({ id, file, from: from.uri, startupOrder, autoStartup }))).to.deep.equal([
      { id: 'one', file: 'a.yaml', from: 'direct:one', startupOrder: 7, autoStartup: false },
      { id: null, file: 'a.yaml', from: 'direct:two', startupOrder: 0, autoStartup: true },
      { id: null, file: 'b.yaml', from: 'direct:three', startupOrder: 0, autoStartup: true },
    ]);
  });

  it('says of an interceptSendToEndpoint to all routes after the one that brought it, and to those before it that it comes later', () => {
    const files = {
      'a.yaml': route('first'),
      'b.yaml': `- interceptSendToEndpoint: { uri: "mock:x", steps: [ { log: x } ] }\n${route('second')}${route('third')}`,
      'c.yaml': route('fourth'),
    };
    const counts = plan(files).map(({ scope: { interceptSendToEndpoint, foreignSends } }) => [foreignSends.earlier.length, interceptSendToEndpoint.length, foreignSends.later.length]);
    expect(counts).to.deep.equal([[0, 0, 1], [0, 1, 0], [1, 0, 0], [1, 0, 0]]);
    const without = plan({ ...files, 'b.yaml': `${route('second')}${route('third')}` });
    plan(files).forEach(({ hash }, at) => expect(hash).not.to.equal(without[at]!.hash));
  });

  describe('has a hash', () => {
    const hash = (text: string, more?: Parameters<typeof plan>[1]): string => one(text, more).hash;

    it('that stays when only the place, the layout or the neighbours of a route change', () => {
      const plain = hash(route('a'));
      expect(hash(`# a comment\n\n${route('a')}`)).to.equal(plain);
      expect(hash('- route:\n    id: a\n    from:\n      uri: direct:a\n      steps:\n        - log: x\n')).to.equal(plain);
      expect(plan({ 'other.yaml': route('b'), 'a.yaml': route('a') })[1]!.hash).to.equal(plain);
    });

    it('that changes with whatever the graph is compiled from', () => {
      const variants = [
        route('a'),
        route('a', '', 'log: y'),
        route('a', 'logMask: true'),
        `- onException: { exception: [ java.io.IOException ], handled: { constant: "true" } }\n${route('a')}`,
        `- intercept: { steps: [ { log: i } ] }\n${route('a')}`,
        `- onCompletion: { steps: [ { log: c } ] }\n${route('a')}`,
        `- errorHandler: { noErrorHandler: {} }\n${route('a')}`,
        `- routeConfiguration: { onException: [ { onException: { exception: [ java.io.IOException ], handled: { constant: "true" } } } ] }\n${route('a')}`,
      ];
      expect(new Set(variants.map((text) => hash(text))).size).to.equal(variants.length);
      expect(hash(route('a'), { salt: 'a module has changed' })).to.not.equal(hash(route('a')));
      const placeholder = route('a', '', 'log: "{{text}}"');
      expect(hash(placeholder, { properties: { text: 'one' } })).to.not.equal(hash(placeholder, { properties: { text: 'two' } }));
      expect(hash(placeholder, { properties: { text: 'one', unused: 'x' } })).to.equal(hash(placeholder, { properties: { text: 'one' } }));
    });
  });

  it('gives a route what its own file says, and no other file', () => {
    const plans = plan({
      'a.yaml': `- onException: { exception: [ java.io.IOException ] }\n- intercept: { steps: [ { log: i } ] }\n${route('a')}`,
      'b.yaml': route('b'),
    });
    expect(plans.map(({ scope }) => [scope.onException.length, scope.intercept.length])).to.deep.equal([
      [1, 1],
      [0, 0],
    ]);
  });

  it('gives it the route configurations that it names, or those without an id when it names none', () => {
    const configuration = (id: string): string => `- routeConfiguration: { ${id === '' ? '' : `id: ${id}, `}onException: [ { onException: { exception: [ "${id === '' ? 'any' : id}" ] } } ] }\n`;
    const plans = plan({
      'c.yaml': configuration('') + configuration('one') + configuration('two') + configuration('special'),
      'r.yaml': route('none') + route('exact', 'routeConfigurationId: one') + route('several', 'routeConfigurationId: "one,two"') + route('pattern', 'routeConfigurationId: "t*"') + route('missing', 'routeConfigurationId: nobody'),
    });
    expect(plans.map(({ id, scope }) => [id, ...scope.onException.flatMap(({ elements, isRouteScoped }) => elements.map(({ fields }) => `${String((fields['exception'] as readonly unknown[])[0])}${isRouteScoped ? '' : '?'}`)).sort()])).to.deep.equal([
      ['none', 'any'],
      ['exact', 'one'],
      ['several', 'one', 'two'],
      ['pattern', 'two'],
      ['missing'],
    ]);
  });

  it('prefers the error handler of the route to that of its configuration, and that to the one of its file', () => {
    const handler = (name: string): string => `{ deadLetterChannel: { deadLetterUri: "mock:${name}" } }`;
    const target = (found: RoutePlan): string => {
      const channel = found.scope.errorHandler!.fields['deadLetterChannel'] as unknown as { fields: { deadLetterUri: { uri: string } } };
      return channel.fields.deadLetterUri.uri;
    };
    const file = `- errorHandler: ${handler('file')}\n`;
    const configuration = `- routeConfiguration: { errorHandler: ${handler('configuration')} }\n`;
    expect(target(one(file + route('a')))).to.equal('mock:file');
    expect(target(one(file + configuration + route('a')))).to.equal('mock:configuration');
    expect(target(one(file + configuration + route('a', `errorHandler: ${handler('route')}`)))).to.equal('mock:route');
  });

  it('complains about an id that two routes have, at the second, and says where the first is', () => {
    plan({ 'a.yaml': route('same'), 'b.yaml': `\n${route('same')}` });
    const [problem] = problems.sorted();
    expect(problem).to.include({ code: 'M0601' });
    expect(showSpan(problem!.at!)).to.equal('b.yaml:2:16');
    expect(problem!.help).to.contain('a.yaml:1:16');
  });

  it('matches names exactly, by a beginning, or by a regular expression', () => {
    expect(['orders', 'orders*', 'ord*', 'or.*s', '(orders|bills)', '*'].map((pattern) => matchesPattern('orders', pattern))).to.deep.equal([true, true, true, true, true, true]);
    expect(['order', 'rders*', 'o.s', '['].map((pattern) => matchesPattern('orders', pattern))).to.deep.equal([false, false, false, false]);
  });
});
