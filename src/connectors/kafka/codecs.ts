import compressions from 'kafkajs/src/protocol/message/compression/index.js';

interface Codec {
  compress(encoder: { buffer: Buffer }): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}

/** A codec whose library is loaded when the first batch needs it. */
function lazily(load: () => Promise<Codec>): () => Codec {
  let loading: Promise<Codec> | null = null;
  const loaded = (): Promise<Codec> => (loading ??= load());
  const codec: Codec = {
    compress: async (encoder) => (await loaded()).compress(encoder),
    decompress: async (bytes) => (await loaded()).decompress(bytes),
  };
  return () => codec;
}

async function snappy(): Promise<Codec> {
  const { default: make } = await import('kafkajs-snappy');
  return make();
}

async function lz4(): Promise<Codec> {
  const { compressFrame, decompressFrame } = await import('lz4-napi');
  return { compress: ({ buffer }) => compressFrame(buffer), decompress: (bytes) => decompressFrame(bytes) };
}

async function zstd(): Promise<Codec> {
  const { compress, decompress, init } = await import('@bokuweb/zstd-wasm');
  await init();
  return {
    compress: ({ buffer }) => Promise.resolve(Buffer.from(compress(buffer))),
    decompress: (bytes) => Promise.resolve(Buffer.from(decompress(bytes))),
  };
}

let isInstalled = false;

/** The library comes with gzip alone. */
export function installCodecs(): void {
  if (isInstalled) return;
  isInstalled = true;
  const { Codecs, Types } = compressions;
  Codecs[Types.Snappy] = lazily(snappy);
  Codecs[Types.LZ4] = lazily(lz4);
  Codecs[Types.ZSTD] = lazily(zstd);
}
