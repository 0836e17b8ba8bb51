import { deflate, deflateSync, inflate, inflateSync } from 'node:zlib';
import { withBytes } from '../core/conversion/convert.ts';
import { defineDataFormat } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import { field } from '../core/field.ts';
import { largestUnpacked, runZlib } from '../core/conversion/inflate.ts';

const wrong = (error: Error): ExchangeError =>
  error.message === 'unexpected end of file' ? new ExchangeError('java.io.EOFException', 'Unexpected end of ZLIB input stream') : new ExchangeError('java.util.zip.ZipException', error.message);

export const zipDeflater = defineDataFormat({
  name: 'zipDeflater',
  summary: 'zlib: marshal packs bytes, unmarshal unpacks them.',
  options: {
    compressionLevel: field.integer('How hard to pack: 0 (not at all) to 9; -1 is the usual.').default(-1).atLeast(-1).atMost(9),
  },
  create: ({ compressionLevel: level }) => ({
    marshal: (exchange, body) => withBytes(exchange, body, (bytes) => runZlib(deflateSync, deflate, bytes, { level }, wrong)),
    unmarshal: (exchange, body) => withBytes(exchange, body, (bytes) => runZlib(inflateSync, inflate, bytes, { maxOutputLength: largestUnpacked }, wrong)),
  }),
});
