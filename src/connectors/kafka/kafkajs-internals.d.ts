/**
 * The parts of kafkajs 2.2.4 that are used below its public interface: connections, the protocol, group membership, producer identity. Its
 * own consumer and producer are not: the first has no hook before a rebalance, the second copies the batch once a record.
 */
declare module 'kafkajs/src/cluster/index.js' {
  import type { KafkaJsBroker, KafkaJsLogger } from 'kafkajs/src/shapes.js';

  export default class Cluster {
    constructor(options: Readonly<Record<string, unknown>> & { readonly logger: KafkaJsLogger });
    retry?: object | undefined;
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    removeBroker(address: { host: string; port: number }): void;
    refreshMetadata(): Promise<void>;
    refreshMetadataIfNecessary(): Promise<void>;
    metadata(options?: { topics?: readonly string[] }): Promise<{ topicMetadata: { topic: string }[] }>;
    addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
    findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number | null; partitionErrorCode: number }[];
    findBroker(options: { nodeId: number | string }): Promise<KafkaJsBroker>;
    findControllerBroker(): Promise<KafkaJsBroker>;
    findGroupCoordinator(options: { groupId: string; coordinatorType?: number }): Promise<KafkaJsBroker>;
    fetchTopicsOffset(
      topics: readonly { topic: string; partitions: readonly { partition: number }[]; fromBeginning: boolean }[],
    ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>;
    getNodeIds(): string[];
  }
}

declare module 'kafkajs/src/consumer/consumerGroup.js' {
  import type { KafkaJsBroker } from 'kafkajs/src/shapes.js';

  export interface KafkaJsBatch {
    readonly topic: string;
    readonly partition: number;
    readonly messages: readonly import('./client.ts').KafkaRecord[];
    isEmpty(): boolean;
    isEmptyDueToFiltering(): boolean;
    lastOffset(): string;
  }

  interface TopicPartition {
    topic: string;
    partition: number;
  }

  export default class ConsumerGroup {
    constructor(options: Readonly<Record<string, unknown>>);
    topics: readonly string[];
    topicsSubscribed: readonly string[];
    topicConfigurations: Readonly<Record<string, { fromBeginning: boolean }>>;
    memberId: string | null;
    maxWaitTime: number;
    coordinator: KafkaJsBroker;
    offsetManager: { coordinator: KafkaJsBroker; getCoordinator(): Promise<KafkaJsBroker>; clearOffsets(partition: TopicPartition): void };
    joinAndSync(): Promise<void>;
    leave(): Promise<void>;
    heartbeat(options: { interval: number }): Promise<void>;
    fetch(nodeId: string): Promise<KafkaJsBatch[]>;
    /** Overridden: what to do is decided outside. */
    recoverFromFetch(error: unknown): Promise<void>;
    /** Overridden: which partitions to fetch. */
    getActiveTopicPartitions(): Record<string, Set<number>>;
    assigned(): { topic: string; partitions: number[] }[];
    resolveOffset(offset: TopicPartition & { offset: string }): void;
    seek(offset: TopicPartition & { offset: string }): void;
    commitOffsets(offsets: { topics: { topic: string; partitions: { partition: number; offset: number | string; metadata?: string | null }[] }[] }): Promise<void>;
  }
}

declare module 'kafkajs/src/producer/eosManager/index.js' {
  import type Cluster from 'kafkajs/src/cluster/index.js';
  import type { KafkaJsLogger } from 'kafkajs/src/shapes.js';

  export interface EosManager {
    initProducerId(): Promise<void>;
    isInitialized(): boolean;
    isTransactional(): boolean;
    isInTransaction(): boolean;
    getProducerId(): unknown;
    getProducerEpoch(): number;
    getTransactionalId(): string;
    getSequence(topic: string, partition: number): number;
    updateSequence(topic: string, partition: number, increment: number): void;
    beginTransaction(): void;
    addPartitionsToTransaction(topics: readonly { topic: string; partitions: readonly { partition: number }[] }[]): Promise<void>;
    sendOffsets(options: { consumerGroupId: string; topics: readonly { topic: string; partitions: readonly { partition: number; offset: string }[] }[] }): Promise<void>;
    commit(): Promise<void>;
    abort(): Promise<void>;
  }

  const createEosManager: (options: {
    logger: KafkaJsLogger;
    cluster: Pick<Cluster, 'retry' | 'refreshMetadataIfNecessary' | 'findControllerBroker' | 'findGroupCoordinator'>;
    transactionTimeout: number;
    transactional: boolean;
    transactionalId?: string | undefined;
  }) => EosManager;
  export default createEosManager;
}

declare module 'kafkajs/src/consumer/assignerProtocol.js' {
  const protocol: {
    MemberMetadata: { encode(metadata: { version: number; topics: readonly string[] }): Buffer; decode(bytes: Buffer): { topics: string[] } };
    MemberAssignment: { encode(assignment: { version: number; assignment: Readonly<Record<string, readonly number[]>> }): Buffer };
  };
  export default protocol;
}

declare module 'kafkajs/src/loggers/index.js' {
  import type { KafkaJsLogger } from 'kafkajs/src/shapes.js';

  const loggers: {
    LEVELS: { NOTHING: number; ERROR: number; WARN: number; INFO: number; DEBUG: number };
    createLogger(options: { level: number; logCreator: () => (entry: { level: number; log: { message: string } }) => void }): KafkaJsLogger;
  };
  export default loggers;
}

declare module 'kafkajs/src/instrumentation/emitter.js' {
  export default class InstrumentationEventEmitter {
    addListener(name: string, listener: (event: unknown) => void): () => void;
  }
}

declare module 'kafkajs/src/protocol/requests/index.js' {
  const requests: { requests: { readonly Produce: unknown } };
  export default requests;
}

declare module 'kafkajs/src/protocol/requests/apiKeys.js' {
  const apiKeys: { readonly Produce: number };
  export default apiKeys;
}

declare module 'kafkajs/src/protocol/message/compression/index.js' {
  const compression: {
    readonly Types: Readonly<Record<'None' | 'GZIP' | 'Snappy' | 'LZ4' | 'ZSTD', number>>;
    readonly Codecs: Record<number, () => { compress(encoder: { buffer: Buffer }): Promise<Buffer>; decompress(bytes: Buffer): Promise<Buffer> }>;
  };
  export default compression;
}

declare module 'kafkajs/src/protocol/encoder.js' {
  export default class Encoder {
    constructor(initialSize: number);
    buf: Buffer;
    offset: number;
  }
}

declare module 'kafkajs/src/protocol/error.js' {
  const errors: { createErrorFromCode(code: number): Error & { type: string } };
  export default errors;
}

declare module 'kafkajs/src/shapes.js' {
  export interface KafkaJsLogger {
    namespace(name: string): KafkaJsLogger;
  }

  export interface ProduceResponse {
    readonly topics: readonly { topicName: string; partitions: readonly { partition: number; errorCode: number; baseOffset?: string; offset?: string }[] }[];
  }

  /** What a coordinator of transactions is asked. */
  export interface TransactionRequests {
    initProducerId(request: object): Promise<unknown>;
    addPartitionsToTxn(request: object): Promise<unknown>;
    addOffsetsToTxn(request: object): Promise<unknown>;
    endTxn(request: object): Promise<unknown>;
  }

  export interface KafkaJsBroker extends TransactionRequests {
    readonly nodeId: string;
    readonly connectionPool: { send<T>(request: { request: unknown; response: { decode(bytes: Buffer): Promise<T>; parse(decoded: T): Promise<T> | T } }): Promise<T> };
    lookupRequest(apiKey: number, definition: unknown): (options: object) => { request: { encode: () => Promise<unknown> }; response: { decode(bytes: Buffer): Promise<ProduceResponse> } };
    fetch(request: object): Promise<{ responses: { topicName: string; partitions: import('./aborted.ts').FetchedPartition[] }[] }>;
    offsetFetch(options: { groupId: string; topics: readonly { topic: string; partitions: readonly { partition: number }[] }[] }): Promise<{
      responses: { topic: string; partitions: { partition: number; offset: string }[] }[];
    }>;
  }
}

declare module 'kafkajs-snappy' {
  const codec: () => { compress(encoder: { buffer: Buffer }): Promise<Buffer>; decompress(bytes: Buffer): Promise<Buffer> };
  export default codec;
}
