declare module 'kafkajs/src/protocol/recordBatch/crc32C/crc32C.js';
declare module 'kafkajs/src/protocol/recordBatch/v0/decoder.js';
declare module 'kafkajs/src/protocol/decoder.js';
declare module 'kafkajs/src/producer/partitioners/default/murmur2.js';
