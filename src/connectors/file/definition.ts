import { defineConnector, hasNoHeaders, hasNoServer } from '../../core/connector.ts';
import { fileOptions } from './options.ts';

export const file = defineConnector({
  scheme: 'file',
  syntax: 'file:directoryName',
  summary: 'Reads the files of a folder, and writes files.',
  options: fileOptions,
  headers: {
    CamelFileName: 'Name relative to the folder; the producer writes to it.',
    CamelFileNameOnly: 'Name without folders.',
    CamelFileNameConsumed: 'Name relative to the folder, as it was found.',
    CamelFileNameProduced: 'Path that the producer has written.',
    CamelFileAbsolute: 'Whether the route names the folder by an absolute path.',
    CamelFileAbsolutePath: 'Absolute path.',
    CamelFilePath: 'Path, relative when the folder is.',
    CamelFileParent: 'Folder of the file.',
    CamelFileRelativePath: 'Path relative to the folder.',
    CamelFileLength: 'Length in bytes.',
    CamelFileLastModified: 'Time of the last change, as milliseconds since 1970.',
    CamelFileContentType: 'Content type (with probeContentType).',
    CamelFileExtendedAttributes: 'Attributes that extendedAttributes asks for.',
    CamelFileChecksum: 'Digest of the written file (with checksumFileAlgorithm).',
    CamelOverruleFileName: 'Name to write to, once, instead of CamelFileName.',
  },
  notPromised: {
    ...hasNoServer('it is the file system'),
    'delivers again what had not settled when its process died': 'shown by killing the program (test/runtime/durable.test.ts)',
    'waits for a slow route, and holds no more in memory meanwhile': 'a body is read when a step asks for it',
    'shows no secret in what it says': 'it has no secrets',
    ...hasNoHeaders('a file has none'),
  },
  consumer: async (endpoint, context) => {
    const { openFileConsumer } = await import('./consumer.ts');
    return openFileConsumer(endpoint, context);
  },
  producer: async (endpoint, context) => {
    const { openFileProducer } = await import('./producer.ts');
    return openFileProducer(endpoint, context);
  },
});
