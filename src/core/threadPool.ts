/** Settings of a thread pool that `camel.threadpool.config` may give a name to. */
const settings: readonly string[] = ['id', 'poolSize', 'maxPoolSize', 'maxQueueSize', 'keepAliveTime', 'timeUnit', 'rejectedPolicy', 'allowCoreThreadTimeOut', 'defaultProfile'];

const dashed = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const isConfigured = (name: string, property: (key: string) => string | undefined): boolean =>
  settings.some((setting) => [setting, dashed(setting)].some((spelling) => property(`camel.threadpool.config[${name}].${spelling}`) !== undefined || property(`camel.threadpool.config.${name}.${spelling}`) !== undefined));

/** Options that name a thread pool. */
export const poolOptions: readonly string[] = ['executorService', 'timeoutCheckerExecutorService', 'executorServiceRef'];

/**
 * What is wrong with the name of a thread pool; null when there is one. As in Camel one that is named must be
 * there: a bean, a profile of `camel.threadpool.config`, or the one that Camel has by default.
 */
export function threadPoolProblem(reference: string, bean: (name: string) => unknown, property: (key: string) => string | undefined): string | null {
  const name = reference.replace(/^#(bean:)?/, '');
  if (name === 'defaultThreadPoolProfile' || reference.startsWith('#class:') || reference.startsWith('#module:') || bean(name) !== undefined || isConfigured(name, property)) return null;
  return `there is no thread pool \`${reference}\``;
}
