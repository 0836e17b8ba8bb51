import { expect } from 'chai';
import { Diagnostics } from '../../src/core/diagnostics.ts';
import { checkMainProperties, fateOf, mainKey } from '../../src/dsl/mainProperties.ts';
import { propertyLookup } from '../../src/dsl/placeholders.ts';

describe("properties of Camel's main program", () => {
  const fate = (key: string): string | null => fateOf(key)?.fate ?? null;

  it('are told by what becomes of them, in either spelling', () => {
    expect(['camel.main.name', 'camel.main.auto-startup', 'camel.springboot.name', 'camel.server.port', 'camel.beans.x', 'camel.route-template[one].drink', 'camel.variable.a', 'camel.rest.enable-cors', 'camel.resilience4j.sliding-window-size', 'camel.threadpool.pool-size', 'quarkus.http.port', 'server.port', 'logging.level.root'].map(fate)).to.have.members(Array<string>(13).fill('works'));
    expect(['camel.main.jmxEnabled', 'camel.main.startup-summary-level', 'camel.health.enabled', 'camel.jbang.dependencies', 'camel.metrics.binders', 'quarkus.banner.enabled', 'camel.whatever.x', 'logging.level.org.apache'].map(fate)).to.have.members(Array<string>(8).fill('harmless'));
    expect(['camel.main.routes-include-pattern', 'camel.main.basePackageScan', 'camel.vault.aws.region', 'camel.ssl.enabled', 'camel.lra.enabled', 'camel.server.static-enabled', 'spring.datasource.url', '%dev.x'].map(fate)).to.have.members(Array<string>(8).fill('differs'));
    expect(['camel.main.autoStartupp', 'camel.health.nope', 'camel.resilience4j.nope'].map(fate)).to.have.members(Array<string>(3).fill('wrong'));
    expect(['outbox', 'kafka.topic', 'my.camel.main.x'].map(fate)).to.deep.equal([null, null, null]);
  });

  it('are those that say where secrets and config maps are mounted, which placeholders read', () => {
    expect(['camel.kubernetes-config.mount-path-secrets', 'camel.kubernetes-config.mountPathConfigmaps', 'camel.kubernetes-config.local-mode'].map(fate)).to.have.members(Array<string>(3).fill('works'));
  });

  it('say what to write instead wherever something is not as in Camel', () => {
    for (const key of ['camel.main.routes-include-pattern', 'camel.main.use-breadcrumb', 'camel.vault.aws.region', 'camel.ssl.key-store', 'camel.route-controller.enabled', 'camel.server.path', 'quarkus.datasource.jdbc.url', 'camel.cluster.kubernetes.enabled', 'camel.kubernetes-config.client-enabled']) {
      const found = fateOf(key)!;
      expect(found.fate, key).to.equal('differs');
      expect(found.why, key).to.match(/^\S.{8}/);
      expect(found.instead, key).to.match(/^\S.{8}/);
    }
  });

  it('are read with the name in brackets apart', () => {
    expect(mainKey('camel.route-template[one].template-id')).to.deep.equal({ group: 'routetemplate', entry: 'one', option: 'template-id' });
    expect(mainKey('camel.main.name')).to.deep.equal({ group: 'main', entry: null, option: 'name' });
    expect(mainKey('mine.main.name')).to.equal(null);
  });

  it('are refused where Camel refuses them, and warned of where they make a difference', () => {
    const problems = new Diagnostics();
    checkMainProperties(propertyLookup({ properties: { 'camel.main.autoStartupp': 'x', 'camel.main.jmxEnabled': 'x', 'camel.main.use-breadcrumb': 'true', 'camel.main.xmlRoutes': 'x', mine: '1' } }), problems);
    expect(problems.sorted().map(({ code, severity, message, help }) => [code, severity, message, help])).to.deep.equal([
      ['M0412', 'error', 'unknown property `camel.main.autoStartupp`: Camel has no option `autoStartupp` there', 'did you mean `camel.main.autoStartup`?'],
      ['M0412', 'warning', '`camel.main.use-breadcrumb` has no effect: no header `breadcrumbId` is set', 'set it at the start of the routes: `setHeader` with `${exchangeId}`'],
    ]);
  });
});
