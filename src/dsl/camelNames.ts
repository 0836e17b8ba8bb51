/** What Camel has and this runtime does not: an honest answer instead of "no such step". */
const names = (list: string): ReadonlySet<string> => new Set(list.split(/\s+/));

export const camelSteps = names(
  'a2aSubTask aggregate bean choice circuitBreaker claimCheck convertBodyTo convertHeaderTo convertVariableTo delay doTry dynamicRouter enrich filter idempotentConsumer kamelet loadBalance ' +
    'log loop marshal multicast pausable pipeline policy poll pollEnrich process recipientList removeHeader removeHeaders removeProperties removeProperty removeVariable resequence resumable ' +
    'rollback routingSlip saga sample script setBody setExchangePattern setHeader setHeaders setProperty setVariable setVariables sort split step stop threads throttle throwException to toD ' +
    'tokenizer transacted transform transformDataType unmarshal validate wireTap',
);

/** Parts of Camel's model that it reads on the top level, too, and that do nothing there. */
export const camelTopLevel = names('contextScan faultToleranceConfiguration globalOptions packageScan resilience4jConfiguration rests threadPoolProfile');

export const camelLanguages = names(
  'constant csimple datasonnet exchangeProperty groovy header hl7terser jactl java joor jq js jsonpath language method mvel ognl python ref simple spel tokenize variable wasm xpath xquery xtokenize',
);

export const camelDataFormats = names(
  'asn1 avro barcode base64 beanio bindy cbor crypto csv custom dfdl fhirJson fhirXml flatpack fory grok groovyJson groovyXml gzipDeflater hl7 ical iso8583 jacksonXml jaxb json jsonApi lzf ' +
    'mimeMultipart ocsf parquetAvro pgp pqc protobuf rss smooks soap swiftMt swiftMx syslog tarFile thrift univocityCsv univocityFixed univocityTsv xmlSecurity yaml zipDeflater zipFile',
);

/** Parts of a step, by the step (and the key there) that they belong to. */
export const camelStepParts: Readonly<Record<string, string>> = {
  when: 'choice',
  otherwise: 'choice',
  doCatch: 'doTry',
  doFinally: 'doTry',
  onFallback: 'circuitBreaker',
};

/** Options of Camel's components that none of their endpoints has, and that mean nothing here; in small letters, without dashes. */
export const camelComponentOptions: ReadonlySet<string> = new Set(
  [...names(
    'allowJavaSerializedObject amqpAdmin authCachingDisabled autowiredEnabled beanInfoCacheSize bindingPackageScan configuration connectionStateDisabled cookieManagementDisabled ' +
      'createConsumerBackoffInterval createConsumerBackoffMaxAttempts cronService defaultHost defaultPort defaultQueueFactory defaultUserAgentDisabled deserializationFilter enableJmx engine ' +
      'errorHandler exchangeFormatter functions healthCheckConsumerEnabled healthCheckProducerEnabled httpBinding httpConfiguration ignoreDeclarationExceptions interruptJobsOnShutdown languages ' +
      'listenerContainerFactory localizedLookup mustacheFactory objectFilter pollExceptionStrategy prefixInstanceName properties propertiesFile propertiesRef redirectHandlingDisabled ' +
      'routeProperties routeTemplateLoaderListener scheduler schedulerFactory serviceLocationEnabled shadow shadowPattern shutdownTimeout sslContextParameters ' +
      'subscribeConsumerBackoffInterval subscribeConsumerBackoffMaxAttempts subscribeConsumerTopicMustExists templateProperties uriResolverFactory useDefaultObjectMapper ' +
      'useGlobalSslContextParameters velocityEngine vertx vertxOptions specificationUri apiContextPath clientRequestValidation clientResponseValidation missingOperation consumerComponentName ' +
      'mockIncludePattern restOpenapiProcessorStrategy bridgeErrorHandler lazyStartProducer',
  )].map((name) => name.toLowerCase()),
);
