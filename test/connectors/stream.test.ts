import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stream } from '../../src/connectors/stream.ts';
import { keepsConnectorContract, Surroundings } from '../contract/connector.ts';

const definition = stream as never;

// A file that grows, read on.
keepsConnectorContract(
  'stream',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'mecha-stream-'));
    const file = join(folder, 'lines.txt');
    writeFileSync(file, '');
    const surroundings = new Surroundings({ baseDir: folder });
    return Promise.resolve({
      surroundings,
      definition,
      consumer: () => surroundings.consumer(definition, 'stream:file?fileName=lines.txt&scanStream=true&scanStreamDelay=1'),
      send: (...names) => {
        appendFileSync(file, names.map((name) => `${name}\n`).join(''));
        return Promise.resolve();
      },
      nameOf: ({ body }) => String(body),
      acknowledged: () => Promise.resolve([]),
      wrong: [
        ['stream:out', /stream:out can only be written to/],
        ['stream:file?fileName=../outside.txt', /outside/],
        ['stream:sideways', /sideways|kind/],
        ['stream:file?fileName=lines.txt&groupLines=many', /groupLines/],
      ],
      open: (uri) => surroundings.consumer(definition, uri),
      close: () => {
        rmSync(folder, { recursive: true, force: true });
        return Promise.resolve();
      },
    });
  },
  stream.notPromised,
);
