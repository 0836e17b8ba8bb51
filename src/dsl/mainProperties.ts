import type { Diagnostics } from '../core/diagnostics.ts';
import { nearest } from '../core/diagnostics.ts';
import type { PropertyLookup } from './placeholders.ts';
import { isSetting } from './propertySettings.ts';
import { plain } from './uri.ts';

/**
 * What becomes of a property that Camel's main program, Camel JBang, Quarkus or Spring reads. `works`: it does here what it does there. `harmless`: nothing reads it, and no
 * message goes another way for that. `differs`: nothing reads it, and something is not as it is there. `wrong`: Camel knows no such option either.
 */
export interface Fate {
  readonly fate: 'works' | 'harmless' | 'differs' | 'wrong';
  readonly why: string | null;
  readonly instead: string | null;
}

const works: Fate = { fate: 'works', why: null, instead: null };
const harmless = (why: string, instead: string | null = null): Fate => ({ fate: 'harmless', why, instead });
const differs = (why: string, instead: string): Fate => ({ fate: 'differs', why, instead });

const noJava = 'there are no Java classes to look for';
const onlyTuning = 'it tunes the Java program';
const observed = 'health, metrics and traces are always there';
const whereObserved = 'see /health/ready and /metrics, `mecha get routes` and `mecha trace`';

type Rule = readonly [names: string, fate: Fate];

/** Options of `camel.main`, by what becomes of them. A star stands for the rest of a name. */
const ofMain: readonly Rule[] = [
  ['name profile autoStartup autoStartupExcludePattern routeFilterIncludePattern routeFilterExcludePattern logMask logName shutdownTimeout modeline allowUseOriginalMessage messageHistory', works],
  ['routesIncludePattern routesExcludePattern', differs('the routes are those of the files that `mecha run` is given', 'name files, folders or globs there, or in `routes` of mecha.yaml')],
  ['basePackageScan* javaRoutes* configurationClasses configurations routesBuilder* mainListener* compileWorkDir groovy*', differs(noJava, 'write routes in YAML, and classes as JavaScript modules: `type: "#module:./name.mjs"`')],
  ['durationMax* durationHitExitCode', differs('the program runs until it is stopped', 'let what starts it stop it, or send SIGTERM')],
  ['logLanguage', differs('messages of `log` are Simple', 'write `logLanguage` at the steps that need another language')],
  ['logDebugMaxChars', differs('bodies in log lines are cut as the endpoint says', 'write `maxChars` at the `log:` endpoints')],
  ['logExhaustedMessageBody', differs('what a failed message held is not logged', 'see it with `mecha deadletters show`')],
  ['endpointBridgeErrorHandler', differs('it is not taken from here', 'write `bridgeErrorHandler: true` at the endpoints that routes start from')],
  ['endpointLazyStartProducer', harmless('producers connect when they are first needed')],
  ['caseInsensitiveHeaders', differs('header names are the same in capital and small letters', 'write them the same way everywhere')],
  ['useBreadcrumb', differs('no header `breadcrumbId` is set', 'set it at the start of the routes: `setHeader` with `${exchangeId}`')],
  ['useDataType', differs('it is not taken from here', 'write `transformDataType` where data types are changed')],
  ['globalOptions*', differs('there are no global options', 'write what is meant as options of endpoints and steps')],
  ['cloudPropertiesLocation fileConfigurations', differs('it is not read from there', 'put the values into application.properties, or take them from files: `{{file:/path}}`')],
  ['streamCaching*', harmless('streams that are read more than once are kept, in memory or on disk, by themselves')],
  ['routesReload* contextReloadEnabled', harmless('files are watched, and reloaded when they change, unless `watch: false` says not to')],
  ['routesCollector* loadTypeConverters autowiredEnabled yamlDsl* useMdcLogging mdcLogging* description', harmless('it is always so here, or was never needed')],
  ['tracing* inflight* devConsoleEnabled loadHealthChecks loadStatistics* messageSizeEnabled dumpRoutes* sourceLocationEnabled camelEvents*', harmless(observed, whereObserved)],
  ['jmx* startup* thread* virtualThreads* exchangeFactory* producerTemplate* consumerTemplate* beanIntrospection* beanPostProcessor* autoConfiguration* endpointRuntime* typeConverter* uuidGenerator additionalSensitive* lightweight extraShutdown*', harmless(onlyTuning)],
  ['shutdown*', harmless('what is in flight finishes within `shutdownTimeout`; sources stop first')],
];

/** Options of other groups. */
const ofGroups: Readonly<Record<string, readonly Rule[]>> = {
  server: [
    ['host port maxBodySize', works],
    ['enabled', harmless('the server is there as soon as a route needs it')],
    ['path', differs('it is not put before the paths', 'write it in the paths, or as `contextPath` of `restConfiguration`')],
    ['static*', differs('no files are served', 'let a web server in front of it serve them')],
    ['mcp*', differs('routes are no tools of a model context server', 'serve them with `platform-http:`; `mecha mcp` is for those who write routes')],
    ['fileUpload*', differs('uploads stay in the message', 'write them with `file:`')],
    ['authentication* basic* jwt*', differs('requests are not authenticated', 'let a proxy in front of it do that, or check the header `Authorization` in the route')],
    ['useGlobalSslContextParameters', differs('HTTP is served without TLS', 'let a proxy in front of it do TLS')],
  ],
  management: [
    ['port host', works],
    ['authentication* basic* jwt* useGlobalSslContextParameters', differs('health and metrics are open to who reaches their port', 'set `management.port` and `management.host` in mecha.yaml so that only those who may reach it')],
    ['*', harmless(observed, whereObserved)],
  ],
  health: [['*', harmless(observed, whereObserved)]],
  metrics: [['*', harmless(observed, whereObserved)]],
  opentelemetry: [['*', harmless('traces are not exported', whereObserved)]],
  opentelemetry2: [['*', harmless('traces are not exported', whereObserved)]],
  telemetrydev: [['*', harmless('traces are not exported', whereObserved)]],
  telemetry: [['*', harmless('traces are not exported', whereObserved)]],
  mdc: [['*', harmless('each log line names its route, step and exchange')]],
  trace: [['*', harmless(observed, whereObserved)]],
  debug: [['*', harmless('there is no remote debugger', '`mecha trace` shows messages on their way')]],
  errorregistry: [['*', harmless('what failed is kept', 'see it with `mecha deadletters`')]],
  devconsole: [['*', harmless('there is no developer console', '`mecha run --dev` and `mecha get` show what it would')]],
  context: [['*', harmless('nothing reads it')]],
  routecontroller: [['*', differs('a route that can not start stops the start', 'let what starts the program start it again; sources that lose their connection connect again by themselves')]],
  startupcondition: [['*', differs('the start waits for nothing', 'let what starts the program see that all is there')]],
  threadpool: [['*', works]],
  ssl: [['*', differs('it is not taken from here', 'let a proxy in front of it do TLS; certificates that clients must trust are named by the variable NODE_EXTRA_CA_CERTS')]],
  security: [['*', harmless('nothing insecure is switched on by an option')]],
  lra: [['*', differs('sagas are kept here, not by a coordinator', 'make the participants routes, or call them from the compensation')]],
  vault: [['*', differs('there are no vaults', 'give secrets as environment variables or files: `{{env:NAME}}`, `{{file:/run/secrets/name}}`')]],
  cluster: [['*', differs('there is no leader among several programs', 'start one, or `--workers` of one machine')]],
  jbang: [['*', harmless('Camel JBang alone reads it')]],
  k: [['*', harmless('the operator of Camel K alone reads it')]],
  kubernetesconfig: [
    ['mountPathSecrets mountPathConfigmaps localMode', works],
    ['*', differs('Kubernetes itself is not asked', 'mount secrets and config maps, and name the folders above them: `camel.kubernetes-config.mount-path-secrets`, `camel.kubernetes-config.mount-path-configmaps`')],
  ],
  rest: [['*', works]],
  resilience4j: [['*', works]],
  faulttolerance: [['*', works]],
  component: [['*', works]],
  beans: [['*', works]],
  variable: [['*', works]],
  routetemplate: [['*', works]],
  dataformat: [['*', works]],
  language: [['*', works]],
};

/** Names of the options that groups have in Camel, where it refuses others. */
const known: Readonly<Record<string, ReadonlySet<string>>> = Object.fromEntries(
  Object.entries({
    main:
      'additionalSensitiveKeywords allowUseOriginalMessage autoConfigurationEnabled autoConfigurationEnvironmentVariablesEnabled autoConfigurationFailFast autoConfigurationLogSummary ' +
      'autoConfigurationSystemPropertiesEnabled autoStartup autoStartupExcludePattern autowiredEnabled basePackageScan basePackageScanEnabled beanIntrospectionExtendedStatistics ' +
      'beanIntrospectionLoggingLevel beanPostProcessorEnabled camelEventsTimestampEnabled caseInsensitiveHeaders cloudPropertiesLocation compileWorkDir configurationClasses configurations ' +
      'consumerTemplateCacheSize contextReloadEnabled description devConsoleEnabled dumpRoutes dumpRoutesGeneratedIds dumpRoutesInclude dumpRoutesLog dumpRoutesOutput dumpRoutesResolvePlaceholders ' +
      'dumpRoutesUriAsParameters durationHitExitCode durationMaxAction durationMaxIdleSeconds durationMaxMessages durationMaxSeconds endpointBridgeErrorHandler endpointLazyStartProducer ' +
      'endpointRuntimeStatisticsEnabled exchangeFactory exchangeFactoryCapacity exchangeFactoryStatisticsEnabled extraShutdownTimeout fileConfigurations globalOptions groovyPreloadCompiled ' +
      'groovyScriptPattern inflightRepositoryBrowseEnabled javaRoutesExcludePattern javaRoutesIncludePattern jmxEnabled jmxManagementMBeansLevel jmxManagementNamePattern ' +
      'jmxManagementRegisterRoutesCreateByKamelet jmxManagementRegisterRoutesCreateByTemplate jmxManagementStatisticsLevel jmxUpdateRouteEnabled lightweight loadHealthChecks loadStatisticsEnabled ' +
      'loadTypeConverters logDebugMaxChars logExhaustedMessageBody logLanguage logMask logName mainListenerClasses mainListeners mdcLoggingKeysPattern messageHistory messageSizeEnabled modeline name ' +
      'producerTemplateCacheSize profile routeFilterExcludePattern routeFilterIncludePattern routesBuilderClasses routesBuilders routesCollectorEnabled routesCollectorIgnoreLoadingError ' +
      'routesExcludePattern routesIncludePattern routesReloadDirectory routesReloadDirectoryRecursive routesReloadEnabled routesReloadPattern routesReloadRemoveAllRoutes routesReloadRestartDuration ' +
      'shutdownLogInflightExchangesOnTimeout shutdownNowOnTimeout shutdownRoutesInReverseOrder shutdownSuppressLoggingOnTimeout shutdownTimeout sourceLocationEnabled startupRecorder ' +
      'startupRecorderDir startupRecorderDuration startupRecorderMaxDepth startupRecorderProfile startupRecorderRecording startupRecorderRuntimeEnabled startupSummaryLevel ' +
      'streamCachingAllowClasses streamCachingAnySpoolRules streamCachingBufferSize streamCachingDenyClasses streamCachingEnabled streamCachingRemoveSpoolDirectoryWhenStopping ' +
      'streamCachingSpoolCipher streamCachingSpoolDirectory streamCachingSpoolEnabled streamCachingSpoolRules streamCachingSpoolThreshold streamCachingSpoolUsedHeapMemoryLimit ' +
      'streamCachingSpoolUsedHeapMemoryThreshold streamCachingStatisticsEnabled threadNamePattern tracing tracingLoggingFormat tracingPattern tracingStandby tracingTemplates ' +
      'typeConverterStatisticsEnabled useBreadcrumb useDataType useMdcLogging uuidGenerator virtualThreadsEnabled yamlDslCompactNotationWarn',
    resilience4j:
      'asynchronous automaticTransitionFromOpenToHalfOpenEnabled bulkheadEnabled bulkheadFairCallHandlingEnabled bulkheadMaxConcurrentCalls bulkheadMaxWaitDuration circuitBreaker config ' +
      'failureRateThreshold maxWaitDurationInHalfOpenState micrometerEnabled minimumNumberOfCalls permittedNumberOfCallsInHalfOpenState slidingWindowSize slidingWindowSynchronizationStrategy ' +
      'slidingWindowType slowCallDurationThreshold slowCallRateThreshold throwExceptionWhenHalfOpenOrOpenState timeoutCancelRunningFuture timeoutDuration timeoutEnabled timeoutExecutorService ' +
      'waitDurationInOpenState writableStackTraceEnabled configurations',
    faulttolerance:
      'bulkheadEnabled bulkheadMaxConcurrentCalls bulkheadWaitingTaskQueue delay failureRatio requestVolumeThreshold successThreshold threadOffloadExecutorService timeoutDuration timeoutEnabled typedGuard configurations',
    server:
      'authenticationEnabled authenticationPath authenticationRealm basicPropertiesFile enabled fileUploadDirectory fileUploadEnabled host jwtAllowMissingIssuerAndAudience jwtAudience jwtIssuer ' +
      'jwtKeystorePassword jwtKeystorePath jwtKeystoreType maxBodySize mcpEnabled mcpPath mcpServerName mcpServerDescription mcpSessionIdleTtl mcpSessionKeepAliveInterval mcpTags mcpToolTimeout path ' +
      'port staticContextPath staticEnabled staticSourceDir staticFilePattern useGlobalSslContextParameters',
    health: 'consumersEnabled enabled excludePattern exposureLevel initialState producersEnabled registryEnabled routesEnabled',
    threadpool: 'allowCoreThreadTimeOut config keepAliveTime maxPoolSize maxQueueSize poolSize rejectedPolicy timeUnit',
    routecontroller: 'backOffDelay backOffMaxAttempts backOffMaxDelay backOffMaxElapsedTime backOffMultiplier enabled superviseEnabled excludeRoutes includeRoutes initialDelay threadPoolSize unhealthyOnExhausted unhealthyOnRestarting',
  }).map(([group, names]) => [group, new Set(names.split(' '))]),
);

/** Options that Camel 3 had, and Camel 4 refuses: they may stand in a folder that ran once. */
const gone = /^(?:xmlRoutes|xmlRests|xmlRouteTemplates|packageScanRouteBuilders|trackAllocations|hangupInterceptorEnabled|autoConfiguration\w*|routeFilter\w*|jmxManagement\w*|lightweight|streamCaching\w*)$/;

/** `my-option` and `myOption` are one name. */
export const camelCase = (name: string): string => name.replace(/-([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** A key in its parts: `camel.route-template[one].drink` is group `routetemplate`, entry `one`, option `drink`. */
export interface MainKey {
  readonly group: string;
  readonly entry: string | null;
  readonly option: string;
}

/** The parts of a key that begins with `camel.`; null for others. */
export function mainKey(key: string): MainKey | null {
  const [, group, entry, option] = /^camel\.([\w-]+)(?:\[([^\]]*)\])?(?:\.(.*))?$/s.exec(key) ?? [];
  if (group === undefined) return null;
  const name = plain(group);
  // Spring Boot's starter once had a prefix of its own.
  return { group: name === 'springboot' ? 'main' : name, entry: entry ?? null, option: option ?? '' };
}

const matches = (names: string, name: string): boolean => names.split(' ').some((pattern) => (pattern.endsWith('*') ? plain(name).startsWith(plain(pattern.slice(0, -1))) : plain(pattern) === plain(name)));

/** What becomes of a property; null: it is no setting of Camel, Quarkus or Spring, only a value for placeholders. */
export function fateOf(key: string): Fate | null {
  if (isSetting(key)) return works;
  const parts = mainKey(key);
  if (parts !== null) return fateInCamel(key, parts);
  const [framework] = /^(?:%[\w-]+\.)?(quarkus|spring|server|management|logging|micronaut|kamelet)\./.exec(key)?.slice(1) ?? [];
  if (framework === undefined) return key.startsWith('%') ? differs('profiles in the names of properties are Quarkus’s', 'put what a profile changes into application-PROFILE.properties') : null;
  if (framework === 'kamelet') return null;
  if (/^(?:quarkus|spring)\.datasource\./.test(key)) return differs('no database is declared by it', 'set `sql.url` in mecha.yaml, or declare a data source under `beans:`; SQLite is the database that `sql:` can use');
  if (/^(?:quarkus|spring)\.(?:rabbitmq|artemis|kafka|redis|mongodb|elasticsearch)\./.test(key)) return differs('no connection is declared by it', 'name the address in the endpoints, or as `camel.component.NAME.OPTION`');
  if (/^logging\.|^quarkus\.log\./.test(key)) return harmless('there is one level for all loggers', 'set `log.level` in mecha.yaml');
  return harmless(`it configures ${framework === 'quarkus' ? 'Quarkus' : framework === 'micronaut' ? 'Micronaut' : 'Spring'}, which is not there`, 'see docs/configuration.md');
}

function fateInCamel(key: string, { group, option }: MainKey): Fate {
  const names = known[group];
  const first = option.replace(/[.[].*$/s, '');
  if (names !== undefined) {
    const isThere = [...names].some((name) => plain(name) === plain(first));
    if (!isThere && !(group === 'main' && gone.test(camelCase(first)))) {
      const near = nearest(camelCase(first), [...names]);
      return { fate: 'wrong', why: `Camel has no option \`${first}\` there`, instead: near === null ? 'take it out' : `did you mean \`${key.slice(0, key.length - option.length)}${near}\`?` };
    }
    if (!isThere) return harmless('Camel 4 has no such option any more', 'take it out');
  }
  const rules = group === 'main' ? ofMain : ofGroups[group];
  return rules?.find(([pattern]) => pattern === '*' || matches(pattern, first))?.[1] ?? harmless('nothing reads it');
}

/** Says which of the properties Camel refuses, and which make a difference that is not made here. */
export function checkMainProperties(lookup: PropertyLookup, problems: Diagnostics): void {
  for (const key of new Set(lookup.names())) {
    const found = fateOf(key);
    if (found === null || found.fate === 'works' || found.fate === 'harmless') continue;
    const isWrong = found.fate === 'wrong';
    problems.report('M0412', isWrong ? `unknown property \`${key}\`: ${found.why!}` : `\`${key}\` has no effect: ${found.why!}`, lookup.placeOf?.(key) ?? null, {
      severity: isWrong ? 'error' : 'warning',
      label: isWrong ? 'no such property' : 'has no effect',
      help: found.instead,
      docs: 'docs/configuration.md',
    });
  }
}

/** The text of a property with its own placeholders filled in, by any of its spellings; undefined when it is not there. */
export function mainProperty(lookup: { get(key: string): string | undefined }, group: string, option: string): string | undefined {
  const dashed = option.replace(/[A-Z]+/g, (letters) => `-${letters.toLowerCase()}`);
  const groups = group === 'main' ? ['main', 'springboot'] : [group];
  for (const name of groups) {
    const text = lookup.get(`camel.${name}.${option}`) ?? lookup.get(`camel.${name}.${dashed}`);
    if (text !== undefined) return text;
  }
  return undefined;
}
