/**
 * Classes of exceptions, each below its parent, one blank deeper: those of Java, of Camel and of the libraries that Camel's components bring, as far as
 * routes name them or parts fail with them. A name that begins with a dot stands in the package of its parent. What follows says with what
 * `throwException` can make one: `t` only with a text, `p` only without, `x` with neither; both where nothing follows.
 */
const tree = `
java.lang.Throwable
 .Error
  java.io.IOError x
  .AssertionError p
  .LinkageError
   .BootstrapMethodError
   .ClassCircularityError
   .ClassFormatError
    .UnsupportedClassVersionError
    java.lang.reflect.GenericSignatureFormatError
   .ExceptionInInitializerError
   .IncompatibleClassChangeError
    .AbstractMethodError
    .IllegalAccessError
    .InstantiationError
    .NoSuchFieldError
    .NoSuchMethodError
   .NoClassDefFoundError
   .UnsatisfiedLinkError
   .VerifyError
  .ThreadDeath p
  .VirtualMachineError
   .InternalError
    java.util.zip.ZipError t
   .OutOfMemoryError
   .StackOverflowError
   .UnknownError
  java.nio.charset.CoderMalfunctionError x
  java.util.ServiceConfigurationError t
  javax.xml.parsers.FactoryConfigurationError
  javax.xml.stream.FactoryConfigurationError
  javax.xml.transform.TransformerFactoryConfigurationError
  javax.xml.validation.SchemaFactoryConfigurationError
 .Exception
  com.rometools.rome.io.FeedException t
   .ParsingFeedException t
  freemarker.template.TemplateException x
   freemarker.core.InvalidReferenceException x
  java.io.IOException
   com.fasterxml.jackson.core.JacksonException x
    .JsonProcessingException x
     com.fasterxml.jackson.core.exc.StreamConstraintsException t
     com.fasterxml.jackson.core.exc.StreamReadException x
      com.fasterxml.jackson.core.JsonParseException t
       com.fasterxml.jackson.core.io.JsonEOFException x
      .InputCoercionException x
     com.fasterxml.jackson.core.exc.StreamWriteException x
      com.fasterxml.jackson.core.JsonGenerationException t
     com.fasterxml.jackson.databind.DatabindException x
      .JsonMappingException t
       com.fasterxml.jackson.databind.deser.UnresolvedForwardReference x
       com.fasterxml.jackson.databind.exc.InvalidDefinitionException x
       com.fasterxml.jackson.databind.exc.MismatchedInputException x
        .InvalidFormatException x
        .InvalidNullException x
        .InvalidTypeIdException x
        .PropertyBindingException x
         .IgnoredPropertyException x
         .UnrecognizedPropertyException x
       com.fasterxml.jackson.databind.exc.MissingInjectableValueExcepion x
       com.fasterxml.jackson.databind.exc.ValueInstantiationException x
   com.google.protobuf.InvalidProtocolBufferException t
   com.ning.compress.CompressionFormatException x
    com.ning.compress.lzf.LZFException t
   freemarker.core.ParseException x
   .CharConversionException
   .EOFException
   .FileNotFoundException
   .InterruptedIOException
    java.net.SocketTimeoutException
   .ObjectStreamException x
    .InvalidClassException t
    .InvalidObjectException t
    .NotActiveException
    .NotSerializableException
    .OptionalDataException x
    .StreamCorruptedException
    .WriteAbortedException x
   .SyncFailedException t
   .UTFDataFormatException
   .UnsupportedEncodingException
   java.net.HttpRetryException x
   java.net.MalformedURLException
   java.net.ProtocolException
   java.net.SocketException
    .BindException
    .ConnectException
     mecha.MicrologicUnavailableException
    .NoRouteToHostException
    .PortUnreachableException
   java.net.UnknownHostException
   java.net.UnknownServiceException
   java.net.http.HttpTimeoutException t
    .HttpConnectTimeoutException t
   java.net.http.WebSocketHandshakeException x
   java.nio.channels.ClosedChannelException p
    .AsynchronousCloseException p
     .ClosedByInterruptException p
   java.nio.channels.FileLockInterruptionException p
   java.nio.channels.InterruptedByTimeoutException p
   java.nio.charset.CharacterCodingException p
    .MalformedInputException x
    .UnmappableCharacterException x
   java.nio.file.FileSystemException t
    .AccessDeniedException t
    .AtomicMoveNotSupportedException x
    .DirectoryNotEmptyException t
    .FileAlreadyExistsException t
    .FileSystemLoopException t
    .NoSuchFileException t
    .NotDirectoryException t
    .NotLinkException t
   java.nio.file.attribute.UserPrincipalNotFoundException t
   java.util.InvalidPropertiesFormatException t
   java.util.zip.ZipException
    java.util.jar.JarException
   javax.net.ssl.SSLException t
    .SSLHandshakeException t
    .SSLKeyException t
    .SSLPeerUnverifiedException t
    .SSLProtocolException t
   javax.security.sasl.SaslException
    .AuthenticationException
   mecha.StoreException
   org.apache.camel.NoFactoryAvailableException t
   org.apache.commons.csv.CSVException x
  .CloneNotSupportedException
  .InterruptedException
  .ReflectiveOperationException
   .ClassNotFoundException
   .IllegalAccessException
   .InstantiationException
   .NoSuchFieldException
   .NoSuchMethodException
   java.lang.reflect.InvocationTargetException x
  .RuntimeException
   com.univocity.parsers.common.AbstractException x
    .TextParsingException x
   com.dashjoin.jsonata.JException t
   com.fasterxml.jackson.databind.RuntimeJsonMappingException t
   com.github.jknack.handlebars.HandlebarsException x
   com.google.protobuf.UninitializedMessageException x
   com.jayway.jsonpath.JsonPathException
    .InvalidCriteriaException
    .InvalidJsonException
    .InvalidModificationException t
    .InvalidPathException
     .PathNotFoundException
    .ValueCompareException
    com.jayway.jsonpath.spi.mapper.MappingException t
   com.jayway.jsonpath.internal.EvaluationAbortException p
   com.schibsted.spt.data.jslt.JsltException t
   io.github.resilience4j.bulkhead.BulkheadFullException x
   io.github.resilience4j.circuitbreaker.CallNotPermittedException x
   io.github.resilience4j.circuitbreaker.IllegalStateTransitionException x
   io.github.resilience4j.circuitbreaker.ResultRecordedAsFailureException x
   io.github.resilience4j.core.ConfigurationNotFoundException t
   io.github.resilience4j.core.InstantiationException t
   java.io.UncheckedIOException x
   .ArithmeticException
   .ArrayStoreException
   .ClassCastException
   .EnumConstantNotPresentException x
   .IllegalArgumentException
    .IllegalThreadStateException
    .NumberFormatException
    java.nio.channels.IllegalChannelGroupException p
    java.nio.channels.IllegalSelectorException p
    java.nio.channels.UnresolvedAddressException p
    java.nio.channels.UnsupportedAddressTypeException p
    java.nio.charset.IllegalCharsetNameException t
    java.nio.charset.UnsupportedCharsetException t
    java.nio.file.InvalidPathException x
    java.nio.file.ProviderMismatchException
    java.security.InvalidParameterException
    java.util.IllegalFormatException x
     .DuplicateFormatFlagsException t
     .FormatFlagsConversionMismatchException x
     .IllegalFormatCodePointException x
     .IllegalFormatConversionException x
     .IllegalFormatFlagsException t
     .IllegalFormatPrecisionException x
     .IllegalFormatWidthException x
     .MissingFormatArgumentException t
     .MissingFormatWidthException t
     .UnknownFormatConversionException t
     .UnknownFormatFlagsException t
    java.util.regex.PatternSyntaxException x
    org.apache.camel.language.simple.SimpleAssertionException t
   .IllegalCallerException
   .IllegalMonitorStateException
   .IllegalStateException
    io.github.resilience4j.core.exception.AcquirePermissionCancelledException
    java.nio.InvalidMarkException p
    java.nio.channels.AcceptPendingException p
    java.nio.channels.AlreadyBoundException p
    java.nio.channels.AlreadyConnectedException p
    java.nio.channels.CancelledKeyException p
    java.nio.channels.ClosedSelectorException p
    java.nio.channels.ConnectionPendingException p
    java.nio.channels.IllegalBlockingModeException p
    java.nio.channels.NoConnectionPendingException p
    java.nio.channels.NonReadableChannelException p
    java.nio.channels.NonWritableChannelException p
    java.nio.channels.NotYetBoundException p
    java.nio.channels.NotYetConnectedException p
    java.nio.channels.OverlappingFileLockException p
    java.nio.channels.ReadPendingException p
    java.nio.channels.ShutdownChannelGroupException p
    java.nio.channels.WritePendingException p
    java.nio.file.ClosedDirectoryStreamException p
    java.nio.file.ClosedFileSystemException p
    java.nio.file.ClosedWatchServiceException p
    java.util.FormatterClosedException p
    java.util.concurrent.CancellationException
   .IndexOutOfBoundsException
    .ArrayIndexOutOfBoundsException
    .StringIndexOutOfBoundsException
   .LayerInstantiationException
   .NegativeArraySizeException
   .NullPointerException
   .SecurityException
    java.security.AccessControlException t
   .TypeNotPresentException x
   .UnsupportedOperationException
    java.nio.ReadOnlyBufferException p
    java.nio.file.ReadOnlyFileSystemException p
   java.lang.module.FindException
   java.lang.module.InvalidModuleDescriptorException
   java.lang.module.ResolutionException
   java.lang.reflect.InaccessibleObjectException
   java.lang.reflect.MalformedParameterizedTypeException
   java.lang.reflect.MalformedParametersException
   java.lang.reflect.UndeclaredThrowableException x
   java.nio.BufferOverflowException p
   java.nio.BufferUnderflowException p
   java.nio.file.FileSystemAlreadyExistsException
   java.nio.file.FileSystemNotFoundException
   java.nio.file.ProviderNotFoundException
   java.security.ProviderException
   java.time.DateTimeException t
    java.time.format.DateTimeParseException x
    java.time.temporal.UnsupportedTemporalTypeException t
    java.time.zone.ZoneRulesException t
   java.util.ConcurrentModificationException
    java.nio.file.DirectoryIteratorException x
   java.util.EmptyStackException p
   java.util.IllformedLocaleException
   java.util.MissingResourceException x
   java.util.NoSuchElementException
    .InputMismatchException
   java.util.concurrent.CompletionException x
   java.util.concurrent.RejectedExecutionException
    org.apache.camel.processor.ThrottlerRejectedExecutionException t
   javax.xml.catalog.CatalogException t
   net.fortuna.ical4j.validate.ValidationException t
   org.apache.avro.AvroRuntimeException t
    .AvroTypeException t
   org.apache.camel.RuntimeCamelException
    .AlreadyStoppedException p
    .ExpectedBodyTypeException x
    .ExpressionEvaluationException x
    .ExpressionIllegalSyntaxException t
     org.apache.camel.language.simple.types.SimpleIllegalSyntaxException x
    .FailedToCreateConsumerException x
    .FailedToCreateProducerException x
    .FailedToCreateRouteException t
    .FailedToCreateRouteFromTemplateException x
    .FailedToStartComponentException x
    .FailedToStartRouteException x
    .InvalidPropertyException x
    .NoSuchBeanException t
     .NoSuchBeanTypeException x
    .NoSuchEndpointException t
    .NoSuchLanguageException t
    .NoSuchServiceException x
    .PropertyBindingException x
    .ProxyInstantiationException x
    .ResolveEndpointFailedException t
    .RuntimeExchangeException x
     .CamelExecutionException x
     .InvalidPayloadRuntimeException x
     org.apache.camel.component.bean.AmbiguousMethodCallException x
     org.apache.camel.component.bean.MethodNotFoundException x
    .RuntimeExpressionException t
     org.apache.camel.language.bean.RuntimeBeanExpressionException x
     org.apache.camel.language.xpath.InvalidXPathException x
    .RuntimeTransformException t
    .TypeConversionException x
     .StreamCacheException x
    .TypeConverterExistsException x
    .TypeConverterLoaderException t
    org.apache.camel.component.bean.ParameterBindingException x
    org.apache.camel.component.exec.ExecException x
    org.apache.camel.component.file.GenericFileOperationFailedException t
    org.apache.camel.language.simple.types.SimpleParserException x
    org.apache.camel.processor.idempotent.NoMessageIdException x
    org.apache.camel.processor.resequencer.MessageRejectedException t
    org.apache.camel.processor.resume.NoOffsetException x
   org.apache.camel.component.kafka.KafkaConsumerFatalException x
   org.apache.camel.dataformat.bindy.WrappedException x
   org.apache.camel.spi.OptimisticLockingAggregationRepository$OptimisticLockingException p
   org.apache.camel.spring.spi.TransactionRollbackException p
   org.apache.camel.support.task.TaskRunFailureException x
   org.apache.kafka.common.KafkaException
    org.apache.kafka.clients.consumer.CommitFailedException
    org.apache.kafka.clients.consumer.InvalidOffsetException t
     .NoOffsetForPartitionException x
     .OffsetOutOfRangeException x
      .LogTruncationException x
    org.apache.kafka.common.config.ConfigException t
    org.apache.kafka.common.errors.ApiException
     .ApplicationRecoverableException
      .FencedInstanceIdException t
      .IllegalGenerationException
      .InvalidPidMappingException t
      .InvalidProducerEpochException t
      .ProducerFencedException t
      .UnknownMemberIdException
     .BrokerIdNotRegisteredException t
     .BrokerNotAvailableException t
     .ControllerIdNotRegisteredException t
     .ControllerMovedException t
     .DelegationTokenDisabledException t
     .DelegationTokenExpiredException t
     .DelegationTokenNotFoundException t
     .DelegationTokenOwnerMismatchException t
     .DuplicateBrokerRegistrationException t
     .DuplicateResourceException t
     .DuplicateSequenceException t
     .DuplicateVoterException t
     .FeatureUpdateFailedException t
     .FencedMemberEpochException t
     .FencedStateEpochException t
     .GroupDeletionFailedException t
     .GroupIdNotFoundException t
     .GroupMaxSizeReachedException t
     .GroupNotEmptyException t
     .GroupSubscribedToTopicException t
     .InconsistentClusterIdException t
     .InconsistentGroupProtocolException t
     .InconsistentVoterSetException t
     .IneligibleReplicaException t
     .InvalidCommitOffsetSizeException t
     .InvalidConfigurationException
      .AuthenticationException t
       .IllegalSaslStateException t
       .SaslAuthenticationException t
       .SslAuthenticationException t
       .UnsupportedSaslMechanismException t
      .AuthorizationException t
       .ClusterAuthorizationException t
       .DelegationTokenAuthorizationException t
       .GroupAuthorizationException t
       .TopicAuthorizationException t
       .TransactionalIdAuthorizationException t
      .InvalidReplicationFactorException t
      .InvalidRequiredAcksException t
      .InvalidTopicException
      .RecordBatchTooLargeException
      .UnsupportedForMessageFormatException t
      .UnsupportedVersionException t
     .InvalidFetchSizeException t
     .InvalidGroupIdException t
     .InvalidOffsetException t
      .OffsetOutOfRangeException t
     .InvalidPartitionsException t
     .InvalidPrincipalTypeException t
     .InvalidRecordStateException t
     .InvalidRegistrationException t
     .InvalidRegularExpression t
     .InvalidReplicaAssignmentException t
     .InvalidRequestException t
     .InvalidSessionTimeoutException t
     .InvalidTimestampException t
     .InvalidTxnStateException t
     .InvalidTxnTimeoutException t
     .InvalidUpdateVersionException t
     .InvalidVoterKeyException t
     .LogDirNotFoundException t
     .MemberIdRequiredException t
     .MismatchedEndpointTypeException t
     .NewLeaderElectedException t
     .NoReassignmentInProgressException t
     .OffsetMetadataTooLarge
     .OffsetMovedToTieredStorageException t
     .OperationNotAttemptedException t
     .OutOfOrderSequenceException t
      .UnknownProducerIdException t
     .PolicyViolationException t
     .PositionOutOfRangeException t
     .PrincipalDeserializationException t
     .ReassignmentInProgressException t
     .RebalanceInProgressException
     .RebootstrapRequiredException t
     .RecordTooLargeException
     .ResourceNotFoundException t
     .RetriableException
      org.apache.kafka.clients.consumer.RetriableCommitFailedException t
      .AuthorizerNotReadyException p
      .ConcurrentTransactionsException t
      .CoordinatorLoadInProgressException t
      .CorruptRecordException
      .DisconnectException
      .FetchSessionIdNotFoundException
      .FetchSessionTopicIdException t
      .InvalidFetchSessionEpochException
      .InvalidShareSessionEpochException t
      .NotControllerException t
      .NotEnoughReplicasAfterAppendException t
      .NotEnoughReplicasException
      .OffsetNotAvailableException t
      .RefreshRetriableException
       .CoordinatorNotAvailableException t
       .InvalidMetadataException x
        org.apache.kafka.clients.consumer.internals.NoAvailableBrokersException p
        .ElectionNotNeededException t
        .EligibleLeadersNotAvailableException t
        .FencedLeaderEpochException t
        .InconsistentTopicIdException t
        .InvalidReplicaDirectoriesException x
        .KafkaStorageException
        .LeaderNotAvailableException t
        .ListenerNotFoundException t
        .NetworkException
        .NotLeaderOrFollowerException
        .PreferredLeaderNotAvailableException t
        .ReplicaNotAvailableException t
        .UnknownTopicIdException t
        .UnknownTopicOrPartitionException
       .NotCoordinatorException t
      .ShareSessionLimitReachedException t
      .ShareSessionNotFoundException t
      .ThrottlingQuotaExceededException t
      .TimeoutException
       org.apache.kafka.clients.producer.BufferExhaustedException t
      .UnknownLeaderEpochException t
      .UnstableOffsetCommitException t
     .SecurityDisabledException t
     .SnapshotNotFoundException t
     .StaleBrokerEpochException t
     .StaleMemberEpochException t
     .StreamsInvalidTopologyEpochException t
     .StreamsInvalidTopologyException t
     .StreamsTopologyDescriptionUpdateFailedException t
     .StreamsTopologyFencedException t
     .TelemetryTooLargeException t
     .TopicDeletionDisabledException
     .TopicExistsException t
     .TransactionAbortableException t
     .TransactionAbortedException
     .TransactionCoordinatorFencedException t
     .TransactionalIdNotFoundException t
     .UnacceptableCredentialException t
     .UnknownControllerIdException t
     .UnknownServerException
     .UnknownSubscriptionIdException t
     .UnreleasedInstanceIdException t
     .UnsupportedAssignorException t
     .UnsupportedByAuthenticationException t
     .UnsupportedCompressionTypeException t
     .UnsupportedEndpointTypeException t
     .VoterNotFoundException t
    org.apache.kafka.common.errors.BootstrapResolutionException t
    org.apache.kafka.common.errors.InterruptException t
    org.apache.kafka.common.errors.SerializationException
     org.apache.kafka.clients.consumer.internals.ShareFetchException x
     org.apache.kafka.clients.consumer.internals.ShareInFlightBatchException x
     .RecordDeserializationException x
    org.apache.kafka.common.errors.WakeupException p
   com.github.mustachejava.MustacheException
    .MustacheNotFoundException
   org.apache.velocity.exception.VelocityException t
    .MethodInvocationException x
    .ParseErrorException t
    .ResourceNotFoundException
   org.python.core.PyException
   org.graalvm.polyglot.PolyglotException x
   org.msgpack.core.MessagePackException
    .MessageFormatException t
   org.springframework.amqp.AmqpException t
    .AmqpApplicationContextClosedException t
    .AmqpAuthenticationException x
    .AmqpConnectException x
    .AmqpIOException x
    .AmqpIllegalStateException t
    .AmqpRejectAndDontRequeueException t
    .AmqpRemoteException x
    .AmqpResourceNotAvailableException t
    .AmqpTimeoutException t
    .AmqpUnsupportedEncodingException x
    .ImmediateAcknowledgeAmqpException t
    .ImmediateRequeueAmqpException t
    .UncategorizedAmqpException x
    org.springframework.amqp.core.AmqpMessageReturnedException x
    org.springframework.amqp.core.AmqpReplyTimeoutException x
    org.springframework.amqp.rabbit.connection.AfterCompletionFailedException x
    org.springframework.amqp.rabbit.connection.AutoRecoverConnectionNotCurrentlyOpenException x
    org.springframework.amqp.rabbit.core.AmqpNackReceivedException x
    org.springframework.amqp.rabbit.core.ConsumeOkNotReceivedException t
    org.springframework.amqp.rabbit.listener.adapter.ReplyFailureException x
    org.springframework.amqp.rabbit.listener.exception.FatalListenerExecutionException t
    org.springframework.amqp.rabbit.listener.exception.FatalListenerStartupException x
     org.springframework.amqp.rabbit.listener.QueuesNotAvailableException x
    org.springframework.amqp.rabbit.listener.exception.MessageRejectedWhileStoppingException p
    org.springframework.amqp.rabbit.support.ListenerExecutionFailedException x
    org.springframework.amqp.support.converter.MessageConversionException t
   org.springframework.amqp.rabbit.listener.AbstractMessageListenerContainer$SharedConnectionNotInitializedException x
   org.springframework.amqp.rabbit.support.ConsumerCancelledException p
   org.springframework.core.NestedRuntimeException t
    org.springframework.dao.DataAccessException t
     .NonTransientDataAccessException t
      .CleanupFailureDataAccessException x
      .DataIntegrityViolationException t
       .DuplicateKeyException t
      .DataRetrievalFailureException t
       .IncorrectResultSizeDataAccessException x
        .EmptyResultDataAccessException x
       org.springframework.jdbc.IncorrectResultSetColumnCountException x
       org.springframework.jdbc.LobRetrievalFailureException t
      .InvalidDataAccessApiUsageException t
       org.springframework.jdbc.support.xml.SqlXmlFeatureNotImplementedException t
      .InvalidDataAccessResourceUsageException t
       .IncorrectUpdateSemanticsDataAccessException t
        org.springframework.jdbc.JdbcUpdateAffectedIncorrectNumberOfRowsException x
       .TypeMismatchDataAccessException t
       org.springframework.jdbc.BadSqlGrammarException x
       org.springframework.jdbc.InvalidResultSetAccessException x
      .NonTransientDataAccessResourceException t
       .DataAccessResourceFailureException t
        org.springframework.jdbc.CannotGetJdbcConnectionException t
      .PermissionDeniedDataAccessException x
      .UncategorizedDataAccessException x
       org.springframework.jdbc.SQLWarningException x
       org.springframework.jdbc.UncategorizedSQLException x
      org.springframework.jdbc.datasource.lookup.DataSourceLookupFailureException t
     .RecoverableDataAccessException t
     .TransientDataAccessException t
      .ConcurrencyFailureException t
       .OptimisticLockingFailureException t
       .PessimisticLockingFailureException t
        .CannotAcquireLockException t
        .CannotSerializeTransactionException t
        .DeadlockLoserDataAccessException x
      .QueryTimeoutException t
      .TransientDataAccessResourceException t
     org.springframework.jdbc.datasource.init.ScriptException t
      .CannotReadScriptException x
      .ScriptParseException x
      .ScriptStatementFailedException x
      .UncategorizedScriptException t
    org.springframework.transaction.TransactionException t
     .CannotCreateTransactionException t
      .NestedTransactionNotSupportedException t
      .TransactionSuspensionNotSupportedException t
     .HeuristicCompletionException x
     .TransactionSystemException t
     .TransactionTimedOutException t
     .TransactionUsageException t
      .IllegalTransactionStateException t
      .InvalidIsolationLevelException t
      .InvalidTimeoutException x
      .NoTransactionException t
     .UnexpectedRollbackException t
   org.stringtemplate.v4.compiler.STException p
   org.yaml.snakeyaml.error.YAMLException t
    .MarkedYAMLException x
     org.yaml.snakeyaml.composer.ComposerException x
     org.yaml.snakeyaml.constructor.ConstructorException x
     org.yaml.snakeyaml.parser.ParserException x
   software.amazon.awssdk.core.exception.SdkException
    software.amazon.awssdk.awscore.exception.AwsServiceException
     software.amazon.awssdk.services.s3.model.S3Exception
      .NoSuchBucketException
      .NoSuchKeyException
    .SdkClientException
  java.net.URISyntaxException x
  java.security.GeneralSecurityException
   .DigestException
   .InvalidAlgorithmParameterException
   .KeyException
    .InvalidKeyException
    .KeyManagementException
   .KeyStoreException
   .NoSuchAlgorithmException
   .NoSuchProviderException
   .SignatureException
   .UnrecoverableEntryException
    .UnrecoverableKeyException
   java.security.cert.CRLException
   java.security.cert.CertPathBuilderException
   java.security.cert.CertPathValidatorException
   java.security.cert.CertStoreException
   java.security.cert.CertificateException
    .CertificateEncodingException
    .CertificateExpiredException
    .CertificateNotYetValidException
    .CertificateParsingException
    .CertificateRevokedException x
   java.security.spec.InvalidKeySpecException
   java.security.spec.InvalidParameterSpecException
   javax.crypto.BadPaddingException
    .AEADBadTagException
   javax.crypto.DecapsulateException t
   javax.crypto.ExemptionMechanismException
   javax.crypto.IllegalBlockSizeException
   javax.crypto.NoSuchPaddingException
   javax.crypto.ShortBufferException
   javax.security.auth.login.LoginException
    .AccountException
     .AccountExpiredException
     .AccountLockedException
     .AccountNotFoundException
    .CredentialException
     .CredentialExpiredException
     .CredentialNotFoundException
    .FailedLoginException
  java.security.PrivilegedActionException x
  java.sql.SQLException
   .BatchUpdateException p
    org.springframework.jdbc.core.AggregatedBatchUpdateException x
   .SQLClientInfoException p
   .SQLNonTransientException
    .SQLDataException
    .SQLFeatureNotSupportedException
    .SQLIntegrityConstraintViolationException
    .SQLInvalidAuthorizationSpecException
    .SQLNonTransientConnectionException
    .SQLSyntaxErrorException
   .SQLRecoverableException
   .SQLTransientException
    .SQLTimeoutException
    .SQLTransactionRollbackException
    .SQLTransientConnectionException
   .SQLWarning
    .DataTruncation x
  java.text.ParseException x
  java.util.TooManyListenersException
  java.util.concurrent.BrokenBarrierException
  java.util.concurrent.ExecutionException x
  java.util.concurrent.TimeoutException
  java.util.zip.DataFormatException
  javax.naming.NamingException
   .CannotProceedException
   .CommunicationException
   .ConfigurationException
   .ContextNotEmptyException
   .InsufficientResourcesException
   .InterruptedNamingException
   .InvalidNameException
   .LimitExceededException
    .SizeLimitExceededException
    .TimeLimitExceededException
   .LinkException
    .LinkLoopException
    .MalformedLinkException
   .NameAlreadyBoundException
   .NameNotFoundException
   .NamingSecurityException
    .AuthenticationException
    .AuthenticationNotSupportedException
    .NoPermissionException
   .NoInitialContextException
   .NotContextException
   .OperationNotSupportedException
   .PartialResultException
   .ReferralException x
    javax.naming.ldap.LdapReferralException x
   .ServiceUnavailableException
   javax.naming.directory.AttributeInUseException
   javax.naming.directory.AttributeModificationException
   javax.naming.directory.InvalidAttributeIdentifierException
   javax.naming.directory.InvalidAttributeValueException
   javax.naming.directory.InvalidAttributesException
   javax.naming.directory.InvalidSearchControlsException
   javax.naming.directory.InvalidSearchFilterException
   javax.naming.directory.NoSuchAttributeException
   javax.naming.directory.SchemaViolationException
  javax.script.ScriptException t
  javax.security.auth.DestroyFailedException
  javax.security.auth.RefreshFailedException
  javax.security.auth.callback.UnsupportedCallbackException x
  javax.security.cert.CertificateException
   .CertificateEncodingException
   .CertificateExpiredException
   .CertificateNotYetValidException
   .CertificateParsingException
  javax.xml.datatype.DatatypeConfigurationException
  javax.xml.parsers.ParserConfigurationException
  javax.xml.stream.XMLStreamException
   com.ctc.wstx.exc.WstxException
    com.ctc.wstx.exc.WstxParsingException
     com.ctc.wstx.exc.WstxEOFException
     com.ctc.wstx.exc.WstxUnexpectedCharException
  javax.xml.transform.TransformerException t
   .TransformerConfigurationException
  javax.xml.xpath.XPathException t
   .XPathExpressionException t
    .XPathFunctionException t
   .XPathFactoryConfigurationException t
  net.fortuna.ical4j.data.ParserException x
  org.apache.camel.CamelException
   mecha.MicrologicException
    .MicrologicRejectedException
   mecha.ShutdownException
   mecha.StepRemovedException
   .CamelExchangeException x
    .CamelAuthorizationException x
    .CamelUnitOfWorkException x
    .ExchangeTimedOutException x
    .InvalidPayloadException x
    .NoSuchHeaderException x
    .NoSuchHeaderOrPropertyException x
    .NoSuchPropertyException x
    .NoSuchVariableException x
    .RollbackExchangeException x
    .ValidationException x
     org.apache.camel.component.jsonvalidator.JsonValidationException x
     org.apache.camel.component.jsonvalidator.NoJsonBodyValidationException x
     org.apache.camel.component.jsonvalidator.NoJsonHeaderValidationException x
     org.apache.camel.support.processor.PredicateValidationException x
     org.apache.camel.support.processor.validation.NoXmlBodyValidationException x
     org.apache.camel.support.processor.validation.NoXmlHeaderValidationException x
     org.apache.camel.support.processor.validation.SchemaValidationException x
    org.apache.camel.attachment.NoSuchAttachmentException x
    org.apache.camel.component.direct.DirectConsumerNotAvailableException x
    org.apache.camel.component.kamelet.KameletConsumerNotAvailableException x
    org.apache.camel.component.seda.SedaConsumerNotAvailableException x
    org.apache.camel.processor.aggregate.ClosedCorrelationKeyException x
   .LoadPropertiesException x
   .NoTypeConversionAvailableException x
   org.apache.camel.component.kamelet.FailedToCreateKameletException x
    .KameletNotFoundException x
   org.apache.camel.http.base.HttpOperationFailedException x
  org.apache.camel.VetoCamelContextStartException x
  org.apache.camel.dataformat.bindy.format.FormatException
  org.apache.xml.security.exceptions.XMLSecurityException
   org.apache.xml.security.encryption.XMLEncryptionException
  org.bouncycastle.openpgp.PGPException t
  org.springframework.core.NestedCheckedException t
   org.springframework.jdbc.support.MetaDataAccessException t
  org.xml.sax.SAXException
   .SAXParseException x
`;

/** How an instance can be made by `throwException`. */
export interface ExceptionClass {
  /** Null for java.lang.Throwable. */
  readonly parent: string | null;
  readonly takesText: boolean;
  readonly takesNothing: boolean;
}

function readTree(): Map<string, ExceptionClass> {
  const classes = new Map<string, ExceptionClass>();
  const path: string[] = [];
  for (const line of tree.trim().split('\n')) {
    const [written, made = ''] = line.trim().split(' ') as [string, string?];
    const depth = line.length - line.trimStart().length;
    const parent = path[depth - 1] ?? null;
    const name = written.startsWith('.') ? parent!.slice(0, parent!.lastIndexOf('.')) + written : written;
    path.length = depth;
    path.push(name);
    classes.set(name, { parent, takesText: made === '' || made === 't', takesNothing: made === '' || made === 'p' });
  }
  return classes;
}

let classes: ReadonlyMap<string, ExceptionClass> | null = null;

/** All by their full names. */
export const exceptionClasses = (): ReadonlyMap<string, ExceptionClass> => (classes ??= readTree());

let fullNames: ReadonlyMap<string, string> | null = null;

/** Of classes with the same simple name the one of Java counts, then that of Camel. */
const ranks: readonly RegExp[] = [/^java\.(?:lang|io|util)\.\w+$/, /^java\./, /^javax\./, /^org\.apache\.camel\./, /^/];

/** The full name of a class that is known by its simple name. */
export function fullNameOf(simpleName: string): string | undefined {
  if (fullNames === null) {
    const rank = (name: string): number => ranks.findIndex((pattern) => pattern.test(name));
    const found = new Map<string, string>();
    for (const name of exceptionClasses().keys()) {
      const short = name.slice(Math.max(name.lastIndexOf('.'), name.lastIndexOf('$')) + 1);
      const other = found.get(short);
      if (other === undefined || rank(name) < rank(other)) found.set(short, name);
    }
    fullNames = found;
  }
  return fullNames.get(simpleName);
}
