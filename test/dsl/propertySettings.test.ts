import { expect } from 'chai';
import { isSetting, settingsOfProperties } from '../../src/dsl/propertySettings.ts';

describe('properties that stand for settings', () => {
  it('give the setting in its own form, the first of several names', () => {
    expect(settingsOfProperties({ 'quarkus.http.port': '81', 'server.port': '82', 'camel.main.shutdown-timeout': '3', 'quarkus.log.level': 'WARNING', 'camel.main.name': ' orders ' }).map(({ setting, key, value }) => [setting, key, value])).to.deep.equal([
      ['http.port', 'quarkus.http.port', '81'],
      ['name', 'camel.main.name', 'orders'],
      ['shutdownTimeout', 'camel.main.shutdown-timeout', '3s'],
      ['log.level', 'quarkus.log.level', 'warn'],
    ]);
  });

  it('are left alone where another program would fill something in', () => {
    expect(settingsOfProperties({ 'quarkus.http.port': '${PORT:8080}', 'logging.level.root': 'OFF' })).to.deep.equal([]);
    expect([isSetting('server.port'), isSetting('server.ssl.enabled')]).to.deep.equal([true, false]);
  });
});
