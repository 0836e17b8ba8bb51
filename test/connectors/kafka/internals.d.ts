declare module 'kafkajs/src/protocol/recordBatch/crc32C/crc32C.js';
declare module 'kafkajs/src/protocol/recordBatch/v0/decoder.js';
declare module 'kafkajs/src/protocol/decoder.js';
declare module 'kafkajs/src/producer/partitioners/default/murmur2.js';

declare module 'kafkajs/src/broker/index.js' {
  import type { KafkaJsBroker } from 'kafkajs/src/shapes.js';

  export default class LibraryBroker {
    endTxn(request: object): Promise<unknown>;
    readonly nodeId: KafkaJsBroker['nodeId'];
  }
}
