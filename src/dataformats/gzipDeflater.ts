import { gunzip, gunzipSync, gzip, gzipSync } from 'node:zlib';
import { withBytes } from '../core/conversion/convert.ts';
import { defineDataFormat } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import { largestUnpacked, runZlib } from '../core/conversion/inflate.ts';

const wrong = (): ExchangeError => new ExchangeError('java.io.IOException', 'Input is not in the .gz format.');

/** Says, as Java does, that the system is unknown: equal bytes, whoever packs them. */
function unknownSystem(packed: Buffer | Promise<Buffer>): Buffer | Promise<Buffer> {
  if (!Buffer.isBuffer(packed)) return packed.then(unknownSystem);
  packed[9] = 0xff;
  return packed;
}

export const gzipDeflater = defineDataFormat({
  name: 'gzipDeflater',
  summary: 'gzip: marshal packs bytes, unmarshal unpacks them.',
  options: {},
  create: () => ({
    marshal: (exchange, body) => withBytes(exchange, body, (bytes) => unknownSystem(runZlib(gzipSync, gzip, bytes, {}, wrong))),
    unmarshal: (exchange, body) => withBytes(exchange, body, (bytes) => runZlib(gunzipSync, gunzip, bytes, { maxOutputLength: largestUnpacked }, wrong)),
  }),
});
