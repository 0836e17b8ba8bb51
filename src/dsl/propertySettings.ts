/** Settings of Mecha that stand for what Quarkus, Spring or Camel's main program name otherwise; the first that is there counts. */
const settingNames: readonly (readonly [setting: string, keys: readonly string[]])[] = [
  ['http.port', ['camel.server.port', 'quarkus.http.port', 'server.port']],
  ['http.host', ['camel.server.host', 'quarkus.http.host', 'server.address']],
  ['http.maxBodyBytes', ['camel.server.maxBodySize', 'camel.server.max-body-size', 'quarkus.http.limits.max-body-size']],
  ['management.port', ['camel.management.port', 'quarkus.management.port', 'management.server.port']],
  ['management.host', ['camel.management.host', 'quarkus.management.host', 'management.server.address']],
  ['name', ['camel.main.name', 'camel.springboot.name', 'camel.context.name', 'quarkus.application.name', 'spring.application.name']],
  ['shutdownTimeout', ['camel.main.shutdownTimeout', 'camel.main.shutdown-timeout', 'camel.springboot.shutdown-timeout']],
  ['log.level', ['logging.level.root', 'quarkus.log.level']],
];

const levels: Readonly<Record<string, string>> = { ALL: 'trace', TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', WARNING: 'warn', ERROR: 'error', FATAL: 'error', SEVERE: 'error', FINE: 'debug', FINEST: 'trace' };

/** Settings that properties say in other words, with the key that says each; values as settings want them. */
export function settingsOfProperties(properties: Readonly<Record<string, string>>): readonly { readonly setting: string; readonly key: string; readonly value: string }[] {
  return settingNames.flatMap(([setting, keys]) => {
    const key = keys.find((candidate) => properties[candidate] !== undefined);
    if (key === undefined) return [];
    const value = properties[key]!.trim();
    // Placeholders of Quarkus and Spring; those of Camel have been filled in.
    if (/\$\{|\{\{/.test(value)) return [];
    if (setting === 'shutdownTimeout') return [{ setting, key, value: /^\d+$/.test(value) ? `${value}s` : value }];
    if (setting === 'log.level') return levels[value.toUpperCase()] === undefined ? [] : [{ setting, key, value: levels[value.toUpperCase()]! }];
    return [{ setting, key, value }];
  });
}

/** Whether a property is one that a setting is taken from. */
export const isSetting = (key: string): boolean => settingNames.some(([, keys]) => keys.includes(key));
