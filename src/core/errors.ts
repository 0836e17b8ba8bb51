/**
 * A failure of an exchange. `type` is the Camel (or Java) class name by which routes catch it: a route that says
 * `onException: java.io.IOException` must catch what stands for it here.
 */
export class ExchangeError extends Error {
  readonly type: string;
  /** More that an error handler may read, such as `statusCode` of an HTTP failure. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(type: string, message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = simpleClassName(type);
    this.type = qualifiedClassName(type);
    this.details = options.details ?? {};
  }
}

export const simpleClassName = (type: string): string => type.slice(Math.max(type.lastIndexOf('.'), type.lastIndexOf('$')) + 1);

/** Well-known classes by parent: a route may name any of them, with or without its package. */
const parents: Readonly<Record<string, string>> = {
  'java.lang.Exception': 'java.lang.Throwable',
  'java.lang.Error': 'java.lang.Throwable',
  'java.lang.RuntimeException': 'java.lang.Exception',
  'java.lang.IllegalArgumentException': 'java.lang.RuntimeException',
  'java.lang.NumberFormatException': 'java.lang.IllegalArgumentException',
  'java.lang.IllegalStateException': 'java.lang.RuntimeException',
  'java.lang.UnsupportedOperationException': 'java.lang.RuntimeException',
  'java.lang.NullPointerException': 'java.lang.RuntimeException',
  'java.lang.ClassCastException': 'java.lang.RuntimeException',
  'java.lang.ArithmeticException': 'java.lang.RuntimeException',
  'java.lang.SecurityException': 'java.lang.RuntimeException',
  'java.lang.IndexOutOfBoundsException': 'java.lang.RuntimeException',
  'java.lang.ArrayIndexOutOfBoundsException': 'java.lang.IndexOutOfBoundsException',
  'java.lang.StringIndexOutOfBoundsException': 'java.lang.IndexOutOfBoundsException',
  'java.lang.ReflectiveOperationException': 'java.lang.Exception',
  'java.lang.ClassNotFoundException': 'java.lang.ReflectiveOperationException',
  'java.lang.NoSuchMethodException': 'java.lang.ReflectiveOperationException',
  'java.lang.InterruptedException': 'java.lang.Exception',
  'java.lang.CloneNotSupportedException': 'java.lang.Exception',
  'java.lang.AssertionError': 'java.lang.Error',
  'java.lang.StackOverflowError': 'java.lang.Error',
  'java.lang.OutOfMemoryError': 'java.lang.Error',
  'java.util.NoSuchElementException': 'java.lang.RuntimeException',
  'java.util.ConcurrentModificationException': 'java.lang.RuntimeException',
  'java.util.concurrent.TimeoutException': 'java.lang.Exception',
  'java.util.concurrent.RejectedExecutionException': 'java.lang.RuntimeException',
  'java.util.concurrent.ExecutionException': 'java.lang.Exception',
  'java.util.regex.PatternSyntaxException': 'java.lang.IllegalArgumentException',
  'java.time.DateTimeException': 'java.lang.RuntimeException',
  'java.time.format.DateTimeParseException': 'java.time.DateTimeException',
  'java.text.ParseException': 'java.lang.Exception',
  'java.io.IOException': 'java.lang.Exception',
  'java.io.UncheckedIOException': 'java.lang.RuntimeException',
  'java.io.FileNotFoundException': 'java.io.IOException',
  'java.io.EOFException': 'java.io.IOException',
  'java.io.InterruptedIOException': 'java.io.IOException',
  'java.io.CharConversionException': 'java.io.IOException',
  'java.nio.charset.CharacterCodingException': 'java.io.IOException',
  'java.nio.charset.UnmappableCharacterException': 'java.nio.charset.CharacterCodingException',
  'java.nio.file.NoSuchFileException': 'java.io.IOException',
  'java.net.SocketException': 'java.io.IOException',
  'java.net.ConnectException': 'java.net.SocketException',
  'java.net.NoRouteToHostException': 'java.net.SocketException',
  'java.net.BindException': 'java.net.SocketException',
  'java.net.SocketTimeoutException': 'java.io.InterruptedIOException',
  'java.net.UnknownHostException': 'java.io.IOException',
  'java.net.MalformedURLException': 'java.io.IOException',
  'java.net.URISyntaxException': 'java.lang.Exception',
  'java.sql.SQLException': 'java.lang.Exception',
  'javax.script.ScriptException': 'java.lang.Exception',
  'org.apache.camel.CamelException': 'java.lang.Exception',
  'org.apache.camel.RuntimeCamelException': 'java.lang.RuntimeException',
  'org.apache.camel.CamelExecutionException': 'org.apache.camel.RuntimeCamelException',
  'org.apache.camel.CamelExchangeException': 'org.apache.camel.CamelException',
  'org.apache.camel.RollbackExchangeException': 'org.apache.camel.CamelExchangeException',
  'org.apache.camel.ExchangeTimedOutException': 'org.apache.camel.CamelExchangeException',
  'org.apache.camel.InvalidPayloadException': 'org.apache.camel.CamelExchangeException',
  'org.apache.camel.ValidationException': 'org.apache.camel.CamelExchangeException',
  'org.apache.camel.support.processor.PredicateValidationException': 'org.apache.camel.ValidationException',
  'org.apache.camel.NoSuchHeaderException': 'org.apache.camel.CamelExchangeException',
  'org.apache.camel.NoSuchPropertyException': 'org.apache.camel.CamelExchangeException',
  'org.apache.camel.NoSuchVariableException': 'org.apache.camel.CamelExchangeException',
  'org.apache.camel.component.direct.DirectConsumerNotAvailableException': 'org.apache.camel.CamelExchangeException',
  'org.apache.camel.component.seda.SedaConsumerNotAvailableException': 'org.apache.camel.CamelExchangeException',
  'org.apache.camel.processor.aggregate.ClosedCorrelationKeyException': 'org.apache.camel.CamelExchangeException',
  'org.apache.camel.processor.idempotent.NoMessageIdException': 'org.apache.camel.CamelExchangeException',
  'org.apache.camel.processor.ThrottlerRejectedExecutionException': 'java.util.concurrent.RejectedExecutionException',
  'org.apache.camel.TypeConversionException': 'org.apache.camel.RuntimeCamelException',
  'org.apache.camel.NoTypeConversionAvailableException': 'org.apache.camel.CamelException',
  'org.apache.camel.ResolveEndpointFailedException': 'org.apache.camel.FailedToCreateProducerException',
  'org.apache.camel.FailedToCreateProducerException': 'org.apache.camel.RuntimeCamelException',
  'org.apache.camel.NoSuchEndpointException': 'org.apache.camel.RuntimeCamelException',
  'org.apache.camel.NoSuchBeanException': 'org.apache.camel.RuntimeCamelException',
  'org.apache.camel.NoSuchLanguageException': 'org.apache.camel.RuntimeCamelException',
  'org.apache.camel.ExpressionEvaluationException': 'org.apache.camel.RuntimeCamelException',
  'org.apache.camel.ExpressionIllegalSyntaxException': 'org.apache.camel.RuntimeCamelException',
  'org.apache.camel.language.simple.types.SimpleIllegalSyntaxException': 'org.apache.camel.ExpressionIllegalSyntaxException',
  'org.apache.camel.language.simple.SimpleAssertionException': 'org.apache.camel.RuntimeCamelException',
  'org.apache.camel.component.bean.MethodNotFoundException': 'org.apache.camel.CamelExchangeException',
  'org.apache.camel.component.bean.AmbiguousMethodCallException': 'org.apache.camel.CamelExchangeException',
  'org.apache.camel.component.file.GenericFileOperationFailedException': 'org.apache.camel.RuntimeCamelException',
  'org.apache.camel.http.base.HttpOperationFailedException': 'org.apache.camel.CamelException',
  'org.apache.camel.http.common.HttpOperationFailedException': 'org.apache.camel.CamelException',
  'org.apache.camel.component.jsonvalidator.JsonValidationException': 'org.apache.camel.ValidationException',
  'org.apache.camel.support.processor.validation.SchemaValidationException': 'org.apache.camel.ValidationException',
  'org.apache.camel.support.processor.validation.NoXmlBodyValidationException': 'org.apache.camel.ValidationException',
  'org.apache.camel.support.processor.validation.NoXmlHeaderValidationException': 'org.apache.camel.ValidationException',
  'javax.xml.transform.TransformerException': 'java.lang.Exception',
  'org.apache.camel.support.builder.PredicateValidationException': 'org.apache.camel.ValidationException',
  'io.github.resilience4j.circuitbreaker.CallNotPermittedException': 'java.lang.RuntimeException',
  'io.github.resilience4j.bulkhead.BulkheadFullException': 'java.lang.RuntimeException',
  'com.fasterxml.jackson.core.JacksonException': 'java.io.IOException',
  'com.fasterxml.jackson.core.JsonProcessingException': 'com.fasterxml.jackson.core.JacksonException',
  'com.fasterxml.jackson.core.JsonParseException': 'com.fasterxml.jackson.core.JsonProcessingException',
  'com.fasterxml.jackson.core.exc.StreamConstraintsException': 'com.fasterxml.jackson.core.JsonProcessingException',
  'com.fasterxml.jackson.databind.DatabindException': 'com.fasterxml.jackson.core.JsonProcessingException',
  'com.fasterxml.jackson.databind.JsonMappingException': 'com.fasterxml.jackson.databind.DatabindException',
  'com.fasterxml.jackson.databind.exc.MismatchedInputException': 'com.fasterxml.jackson.databind.JsonMappingException',
  'org.apache.commons.csv.CSVException': 'java.io.IOException',
  'java.util.zip.ZipException': 'java.io.IOException',
  'software.amazon.awssdk.core.exception.SdkException': 'java.lang.RuntimeException',
  'software.amazon.awssdk.core.exception.SdkClientException': 'software.amazon.awssdk.core.exception.SdkException',
  'software.amazon.awssdk.awscore.exception.AwsServiceException': 'software.amazon.awssdk.core.exception.SdkException',
  'software.amazon.awssdk.services.s3.model.S3Exception': 'software.amazon.awssdk.awscore.exception.AwsServiceException',
  'software.amazon.awssdk.services.s3.model.NoSuchKeyException': 'software.amazon.awssdk.services.s3.model.S3Exception',
  'software.amazon.awssdk.services.s3.model.NoSuchBucketException': 'software.amazon.awssdk.services.s3.model.S3Exception',
  'org.yaml.snakeyaml.error.YAMLException': 'java.lang.RuntimeException',
  'org.yaml.snakeyaml.error.MarkedYAMLException': 'org.yaml.snakeyaml.error.YAMLException',
  'org.yaml.snakeyaml.parser.ParserException': 'org.yaml.snakeyaml.error.MarkedYAMLException',
  'org.yaml.snakeyaml.composer.ComposerException': 'org.yaml.snakeyaml.error.MarkedYAMLException',
  'org.yaml.snakeyaml.constructor.ConstructorException': 'org.yaml.snakeyaml.error.MarkedYAMLException',
  'com.dashjoin.jsonata.JException': 'java.lang.RuntimeException',
  'com.jayway.jsonpath.JsonPathException': 'java.lang.RuntimeException',
  'com.jayway.jsonpath.InvalidJsonException': 'com.jayway.jsonpath.JsonPathException',
  'com.jayway.jsonpath.InvalidPathException': 'com.jayway.jsonpath.JsonPathException',
  'com.jayway.jsonpath.PathNotFoundException': 'com.jayway.jsonpath.InvalidPathException',
  // Failures that only this runtime has.
  'mecha.ShutdownException': 'org.apache.camel.CamelException',
  'mecha.StoreException': 'java.io.IOException',
  'mecha.MicrologicException': 'org.apache.camel.CamelException',
  'mecha.MicrologicRejectedException': 'mecha.MicrologicException',
  'mecha.MicrologicUnavailableException': 'java.net.ConnectException',
};

/** The full names of all classes that are known, by which failures can be caught. */
export const exceptionClasses = (): string[] => ['java.lang.Throwable', ...Object.keys(parents)];

const bySimpleName = new Map(Object.keys(parents).map((name) => [simpleClassName(name), name]));

/** The name with its package, when it is one that we know; else as it is. */
export const qualifiedClassName = (type: string): string => (type.includes('.') ? type : (bySimpleName.get(type) ?? (type === 'Throwable' ? 'java.lang.Throwable' : type)));

/** Whether a name is a class that a failure here can have (or have as a parent). */
export const isKnownExceptionClass = (type: string): boolean => type === 'Throwable' || type === 'java.lang.Throwable' || type in parents || bySimpleName.has(type);

/** Class names known here: for "did you mean". */
export const knownExceptionClasses = (): string[] => ['java.lang.Throwable', ...Object.keys(parents)];

/**
 * How many steps up the hierarchy `wanted` is from `type`: 0 when they are the same, -1 when it is no parent.
 * Unknown classes count as direct children of java.lang.Exception (a JavaScript error class that a module throws).
 */
export function classDistance(type: string, wanted: string): number {
  const target = qualifiedClassName(wanted);
  let current: string | undefined = qualifiedClassName(type);
  for (let distance = 0; current !== undefined; distance++) {
    if (current === target) return distance;
    if (!target.includes('.') && simpleClassName(current) === target) return distance;
    current = current === 'java.lang.Throwable' ? undefined : (parents[current] ?? 'java.lang.Exception');
  }
  return -1;
}

const standardErrors: Readonly<Record<string, string>> = {
  TypeError: 'java.lang.IllegalArgumentException',
  RangeError: 'java.lang.IllegalArgumentException',
  SyntaxError: 'java.lang.IllegalArgumentException',
  ECONNREFUSED: 'java.net.ConnectException',
  ECONNRESET: 'java.net.SocketException',
  EPIPE: 'java.net.SocketException',
  ENOTFOUND: 'java.net.UnknownHostException',
  EAI_AGAIN: 'java.net.UnknownHostException',
  ETIMEDOUT: 'java.net.SocketTimeoutException',
  ENOENT: 'java.io.FileNotFoundException',
  EACCES: 'java.io.IOException',
  ENOSPC: 'java.io.IOException',
  EISDIR: 'java.io.IOException',
  ENOTDIR: 'java.io.IOException',
  EEXIST: 'java.io.IOException',
};

/** Anything thrown as an ExchangeError. A JavaScript error keeps its class name as its type, so a route can catch `OutOfStock` by name. */
export function toExchangeError(thrown: unknown): ExchangeError {
  if (thrown instanceof ExchangeError) return thrown;
  if (thrown instanceof Error) {
    const code = (thrown as { code?: unknown }).code;
    const type = (typeof code === 'string' ? standardErrors[code] : undefined) ?? standardErrors[thrown.name] ?? (thrown.name === 'Error' ? 'java.lang.Exception' : thrown.name);
    const error = new ExchangeError(type, thrown.message, { cause: thrown.cause });
    if (thrown.stack !== undefined) error.stack = thrown.stack;
    return error;
  }
  return new ExchangeError('java.lang.Exception', String(thrown));
}

/** The error and its causes, outermost first; cycles are cut. */
export function causeChain(error: unknown): ExchangeError[] {
  const chain: ExchangeError[] = [];
  const seen = new Set<unknown>();
  for (let current = error; current !== undefined && current !== null && !seen.has(current); current = (current as { cause?: unknown }).cause) {
    seen.add(current);
    chain.push(toExchangeError(current));
  }
  return chain;
}
