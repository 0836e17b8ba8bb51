import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { fileWatch } from '../../src/connectors/fileWatch.ts';
import type { ConnectorDefinition } from '../../src/core/connector.ts';
import { toText } from '../../src/core/conversion/convert.ts';
import { eventually, keepsConnectorContract, Surroundings, TestRoute } from '../contract/connector.ts';

const definition = fileWatch as unknown as ConnectorDefinition<never>;
const newFolder = (): string => realpathSync(mkdtempSync(join(tmpdir(), 'mecha-watch-')));

describe('file-watch', () => {
  const folder = newFolder();
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('tells of files that come, change and go, as far as they fit the pattern', async () => {
    mkdirSync(join(folder, 'in'));
    writeFileSync(join(folder, 'in', 'old.txt'), 'there before');
    const surroundings = new Surroundings({ baseDir: folder });
    const route = new TestRoute(surroundings.scope);
    const consumer = await surroundings.consumer(definition, 'file-watch:in?antInclude=**/*.txt');
    await consumer.start(route);
    const told = (): string[] => route.received.map(({ headers }) => `${toText(headers.get('CamelFileEventType'))} ${toText(headers.get('CamelFileName'))}`);
    writeFileSync(join(folder, 'in', 'other.bin'), 'x');
    mkdirSync(join(folder, 'in', 'sub'));
    writeFileSync(join(folder, 'in', 'sub', 'new.txt'), 'hello');
    await eventually(() => expect(told()[0]).to.equal('CREATE sub/new.txt'), 10_000);
    expect(toText(route.received[0]!.body)).to.equal('hello');
    writeFileSync(join(folder, 'in', 'old.txt'), 'changed, and longer');
    await eventually(() => expect(told()).to.include('MODIFY old.txt'), 10_000);
    rmSync(join(folder, 'in', 'sub', 'new.txt'));
    await eventually(() => expect(told()).to.include('DELETE sub/new.txt'), 10_000);
    expect(told().filter((event) => event === 'CREATE old.txt' || event.endsWith('other.bin'))).to.deep.equal([]);
    await consumer.stop();
  });

  it('lets so many changes wait as it is told, and says how many it did not tell', async () => {
    mkdirSync(join(folder, 'many'));
    const surroundings = new Surroundings({ baseDir: folder });
    const route = new TestRoute(surroundings.scope);
    const consumer = await surroundings.consumer(definition, 'file-watch:many?queueSize=2&events=CREATE');
    await consumer.start(route);
    consumer.setCredit!(0);
    for (let i = 0; i < 5; i++) writeFileSync(join(folder, 'many', `${i}`), 'x');
    await eventually(() => expect(surroundings.logs.filter((line) => line.includes('2 changes wait for the route (queueSize)'))).to.have.length(1), 10_000);
    // All five have been seen when the sixth finds room.
    await eventually(() => {
      writeFileSync(join(folder, 'many', `late${route.received.length}`), 'x');
      consumer.setCredit!(10);
      expect(route.received.length).to.be.greaterThan(2);
    }, 10_000);
    expect(surroundings.logs.some((line) => /there is room again; [1-3] changes were not told/.test(line))).to.equal(true);
    await consumer.stop();
  });
});

keepsConnectorContract(
  'file-watch',
  () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'in'));
    const surroundings = new Surroundings({ baseDir: folder });
    // Files that were there before it started are not told of: they are made when it watches.
    const waiting: string[] = [];
    let isWatching = false;
    const write = (): void => {
      if (isWatching) for (const name of waiting.splice(0)) writeFileSync(join(folder, 'in', name), name);
    };
    const open = async (uri: string): ReturnType<Surroundings['consumer']> => {
      const consumer = await surroundings.consumer(definition, uri);
      const start = consumer.start.bind(consumer);
      const stop = consumer.stop.bind(consumer);
      consumer.start = async (sink) => {
        await start(sink);
        isWatching = true;
        write();
      };
      consumer.stop = () => {
        isWatching = false;
        return stop();
      };
      return consumer;
    };
    return Promise.resolve({
      surroundings,
      definition,
      consumer: (credit) => open(`file-watch:in?events=CREATE&concurrentConsumers=${credit ?? 100}`),
      send: (...names) => {
        waiting.push(...names);
        write();
        return Promise.resolve();
      },
      nameOf: ({ headers }) => String(headers.get('CamelFileName')),
      acknowledged: () => Promise.resolve([]),
      wrong: [
        ['file-watch:in?events=CREATE,RENAME', /RENAME/],
        ['file-watch:nowhere?autoCreate=false', /nowhere/],
        ['file-watch:../..', /outside/],
      ],
      open,
      patienceMillis: 10_000,
      close: () => Promise.resolve(rmSync(folder, { recursive: true, force: true })),
    });
  },
  fileWatch.notPromised,
);
