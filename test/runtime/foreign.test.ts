import { expect } from 'chai';
import { isForeign } from '../../src/runtime/foreign.ts';
import { languageOfRoutes } from '../../src/runtime/foreignRoutes.ts';

describe('YAML beside routes', () => {
  it('is known to belong to something else by its lines', () => {
    for (const text of [
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: x }\n',
      '---\n# a service\napiVersion: v1\nkind: Service\n---\napiVersion: v1\nkind: Secret\n',
      'apiVersion: camel.apache.org/v1\nkind: IntegrationPlatform\nmetadata: { name: x }\n',
      'openapi: 3.0.0\ninfo: { title: a }\npaths:\n  /from:\n    get: {}\n',
      'services:\n  a:\n    image: x\n',
      'name: build\non: push\njobs: {}\n',
      'name: order-test\nactions:\n  - camel:\n      jbang: {}\n',
      '{"openapi": "3.0.0", "paths": {}}',
      'apiVersion: v1\nkind: ConfigMap\ndata:\n  a.yaml: |\n    - from:\n        uri: direct:a\n',
      'spec:\n  ingress:\n    - from:\n        - podSelector: {}\n',
      'mail:\n  from: shop@example.org\n  uri: /x\n',
      '- one\n- two\n',
    ])
      expect(isForeign(text), text).to.equal(true);
  });

  it('is left to be read, and complained about, where routes may be meant', () => {
    for (const text of [
      '- from:\n    uri: direct:a\n',
      '# comment\n\n-\n  route:\n    from: { uri: direct:a }\n',
      '- froom:\n    uri: direct:a\n',
      'route:\n  from:\n    uri: direct:a\n',
      'from:\n  uri: direct:a\n  steps: []\n',
      'apiVersion: camel.apache.org/v1\nkind: Integration\nmetadata: { name: x }\n',
      'apiVersion: camel.apache.org/v1\nmetadata: { name: x }\nspec: {}\n',
      'apiVersion: camel.apache.org/v1\nkind: IntegrationList\nitems: []\n',
      'apiVersion: v1\nkind: List\nitems:\n  - apiVersion: camel.apache.org/v1\n    kind: Pipe\n',
      'apiVersion: v1\nkind: ConfigMap\n---\napiVersion: camel.apache.org/v1\nkind: Pipe\n',
      '{ "apiVersion": "camel.apache.org/v1", "kind": "Integration" }',
      '[ { "from": { "uri": "direct:a" } } ]',
      '# nothing\n',
      '',
      'beans:\n  - name: x\n',
      'rout:\n  from:\n    uri: direct:a\n    steps: []\n',
      'routes:\n  - from: { uri: direct:a }\n',
      'routes:\n  - from: "direct:a"\n',
      'rout:\n  from:\n    id: x\n    uri: direct:a\n',
    ])
      expect(isForeign(text), text).to.equal(false);
  });
});

describe('routes in other languages', () => {
  it('are known by what they look like, with the language', () => {
    for (const [name, text, language] of [
      ['R.java', 'public class R extends RouteBuilder { }', 'Java'],
      ['R.java', 'class R extends org.apache.camel.builder.endpoint.EndpointRouteBuilder { }', 'Java'],
      ['Order.java', 'public class Order extends Thing { }', null],
      ['r.camel.xml', '<routes xmlns="http://camel.apache.org/schema/spring"><route/></routes>', 'XML'],
      ['r.xml', '<route><from uri="timer:x"/></route>', 'XML'],
      ['bus.xml', '<route><stop/></route>', null],
      ['pom.xml', '<project><artifactId>camel-core</artifactId></project>', null],
      ['r.groovy', "from('timer:x').log('x')", 'Groovy'],
      ['map.groovy', '[a: body.b]', null],
      ['build.gradle.kts', 'plugins { java }', null],
    ] as const)
      expect(languageOfRoutes(name, text), `${name} ${text}`).to.equal(language);
  });
});
