import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../../src/core/clock.ts';
import type { Consumer } from '../../../src/core/connector.ts';
import { toText } from '../../../src/core/conversion/convert.ts';
import type { Exchange } from '../../../src/core/exchange/exchange.ts';
import type { FileBody } from '../../../src/core/conversion/file-body.ts';
import { MemoryKeys } from '../../../src/core/state/repositories.ts';
import { file } from '../../../src/connectors/file/definition.ts';
import { eventually, keepsConnectorContract, Surroundings, TestRoute } from '../../contract/connector.ts';

const definition = file as never;
const quick = 'initialDelay=0&delay=5';

function listed(folder: string, below = ''): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? listed(folder, join(below, entry.name)) : [join(below, entry.name)]))
    .sort();
}

describe('file, as a source', () => {
  let folder: string;
  let around: Surroundings;
  let consumers: Consumer[];
  const repository = new MemoryKeys();

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'file-'));
    around = new Surroundings({ baseDir: folder, beans: { keys: repository, small: (found: { length: number }) => found.length < 3 } });
    repository.clear();
    consumers = [];
  });

  afterEach(async () => {
    for (const consumer of consumers) {
      await consumer.stop();
      await consumer.close?.();
    }
    rmSync(folder, { recursive: true, force: true });
  });

  const put = (files: Readonly<Record<string, string>>): void => {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
  };

  const consume = async (query: string, work?: (exchange: Exchange) => unknown, uri = 'file:in', setUp: (target: TestRoute) => void = () => undefined): Promise<TestRoute> => {
    const target = new TestRoute(around.scope, work);
    setUp(target);
    const consumer = await around.consumer(definition, `${uri}?${quick}${query === '' ? '' : `&${query}`}`);
    consumers.push(consumer);
    await consumer.start(target);
    return target;
  };

  const names = (target: TestRoute): unknown[] => target.received.map(({ headers }) => headers.get('CamelFileName'));
  const takes = async (query: string, expected: readonly string[], uri?: string): Promise<void> => {
    const target = await consume(`noop=true&${query}`, undefined, uri);
    await consumeAll(target, expected.length);
    expect(names(target)).to.deep.equal(expected);
  };
  /** Waits until so many have settled and two more polls are over. */
  const consumeAll = async (target: TestRoute, count: number): Promise<void> => {
    await eventually(() => expect(target.settled).to.equal(count));
    await new Promise<void>((resolve) => void systemClock.schedule(15, resolve));
  };

  it('moves a handled file to .camel beside it', async () => {
    put({ 'in/a.txt': 'alpha' });
    const target = await consume('', (exchange) => {
      expect(toText(exchange.body)).to.equal('alpha');
    });
    await consumeAll(target, 1);
    expect(listed(folder)).to.deep.equal(['in/.camel/a.txt']);
    expect(target.received[0]!.exception).to.equal(null);
  });

  it('tells the file by its headers', async () => {
    put({ 'in/sub/a.b.txt': 'alpha' });
    const target = await consume('recursive=true');
    await consumeAll(target, 1);
    const { headers } = target.received[0]!;
    expect({ ...headers.toObject(), CamelFileLastModified: 0, CamelMessageTimestamp: 0 }).to.deep.equal({
      CamelFileAbsolute: false,
      CamelFileAbsolutePath: join(folder, 'in/sub/a.b.txt'),
      CamelFileLastModified: 0,
      CamelFileLength: 5,
      CamelFileName: 'sub/a.b.txt',
      CamelFileNameConsumed: 'sub/a.b.txt',
      CamelFileNameOnly: 'a.b.txt',
      CamelFileParent: 'in/sub',
      CamelFilePath: 'in/sub/a.b.txt',
      CamelFileRelativePath: 'sub/a.b.txt',
      CamelMessageTimestamp: 0,
    });
  });

  it('reads a body late, in its charset, and after the file has been moved', async () => {
    mkdirSync(join(folder, 'in'));
    writeFileSync(join(folder, 'in/a.txt'), Buffer.from([0xe4]));
    const target = await consume('charset=iso-8859-1');
    await consumeAll(target, 1);
    expect(toText(target.received[0]!.body)).to.equal('ä');
    expect(target.received[0]!.property('CamelCharsetName')).to.equal('iso-8859-1');
  });

  it('gives a stream of a large file without reading it whole', async () => {
    put({ 'in/a.txt': 'x'.repeat(1_000_000) });
    const target = await consume('noop=true');
    await consumeAll(target, 1);
    let size = 0;
    let pieces = 0;
    for await (const chunk of (target.received[0]!.body as FileBody).stream()) {
      size += (chunk as Buffer).length;
      pieces++;
    }
    expect(size).to.equal(1_000_000);
    expect(pieces).to.be.greaterThan(1);
  });

  it('deletes, leaves or moves as it is told', async () => {
    put({ 'in/a': '1', 'keep/b': '1', 'mv/c': '1' });
    const [deleting, keeping, moving] = [await consume('delete=true'), await consume('noop=true', undefined, 'file:keep'), await consume('move=../done/${file:name.noext}-ok', undefined, 'file:mv')];
    for (const target of [deleting, keeping, moving]) await consumeAll(target, 1);
    expect(listed(folder)).to.deep.equal(['done/c-ok', 'keep/b']);
  });

  it('moves by the name that the file has, whatever the route makes of the headers', async () => {
    put({ 'in/a.txt': '1' });
    const target = await consume('move=.done/${header.x}-${file:name}', (exchange) => {
      exchange.headers.set('CamelFileName', 'other');
      exchange.headers.set('x', 5);
    });
    await consumeAll(target, 1);
    expect(listed(folder)).to.deep.equal(['in/.done/5-a.txt']);
  });

  it('moves a failed file where moveFailed says, and does not take it again', async () => {
    put({ 'in/a.txt': '1' });
    const target = await consume('moveFailed=.error', () => {
      throw new Error('no');
    });
    await consumeAll(target, 1);
    expect(listed(folder)).to.deep.equal(['in/.error/a.txt']);
    expect(target.deliveries[0]!.wouldLose).to.equal(false);
  });

  it('tries a failed file that stays a few times, and again when it has changed', async () => {
    put({ 'in/a.txt': '1' });
    const target = await consume('', () => {
      throw new Error('no');
    });
    await consumeAll(target, 5);
    expect(target.received).to.have.length(5);
    expect(target.deliveries[0]!.wouldLose).to.equal(true);
    expect(around.logs.join('\n')).to.contain('failed 5 times');
    put({ 'in/a.txt': 'other' });
    await eventually(() => expect(target.received.length).to.be.greaterThan(5));
  });

  it('moves a file before its message', async () => {
    put({ 'in/a.txt': '1' });
    let seen: string[] = [];
    const target = await consume('preMove=work&move=../done', (exchange) => {
      seen = listed(folder);
      if (exchange.headers.get('CamelFileRelativePath') !== 'work/a.txt') throw new Error('where is it?');
    });
    await consumeAll(target, 1);
    expect(seen).to.deep.equal(['in/work/a.txt']);
    expect(listed(folder)).to.deep.equal(['in/done/a.txt']);
  });

  it('takes that back when the message fails and nothing says where to', async () => {
    put({ 'in/a.txt': '1' });
    const target = await consume('preMove=work&repeatCount=1', () => {
      throw new Error('no');
    });
    await consumeAll(target, 1);
    expect(listed(folder)).to.deep.equal(['in/a.txt']);
  });

  it('takes a file again only when its key is new', async () => {
    put({ 'in/a': '1' });
    const target = await consume('noop=true&idempotentKey=${file:name}-${file:size}');
    await consumeAll(target, 1);
    put({ 'in/a': '22' });
    await consumeAll(target, 2);
    expect(names(target)).to.deep.equal(['a', 'a']);
  });

  it('remembers files in the repository that it is given', async () => {
    put({ 'in/a': '1' });
    await consumeAll(await consume('noop=true&idempotentRepository=#keys'), 1);
    expect(repository.contains(join(folder, 'in/a'))).to.equal(true);
  });

  it('carries what it remembers over to the next generation of the route', async () => {
    put({ 'in/a': '1' });
    await consumeAll(await consume('noop=true'), 1);
    await consumeAll(await consume('noop=true&greedy=true'), 0);
  });

  describe('chooses', () => {
    beforeEach(() => {
      put({ 'in/1.txt': '1', 'in/22.CSV': '22', 'in/s/333.txt': '333', 'in/s/t/4444.txt': '4444', 'in/.h/x.txt': 'x', 'in/.hidden': 'y' });
    });

    it('by name', () => takes('include=.*[.]TXT', ['1.txt']));
    it('what is not excluded', () => takes('exclude=1.*', ['22.CSV']));
    it('with look-around, where the expression has it', () => takes('include=(?!1).*', ['22.CSV']));
    it('by extension', () => takes('includeExt=csv,xml', ['22.CSV']));
    it('by other extensions', () => takes('excludeExt=csv', ['1.txt']));
    it('by Ant patterns', () => takes('recursive=true&antInclude=**/*.txt&antExclude=s/t/**', ['1.txt', 's/333.txt']));
    it('by Ant patterns without letter case', () => takes('antInclude=*.csv&antFilterCaseSensitive=false', ['22.CSV']));
    it('by one name', () => takes('fileName=1.txt', ['1.txt']));
    it('by a condition', () => takes('recursive=true&filterFile=${file:size} > 2', ['s/333.txt', 's/t/4444.txt']));
    it('folders by a condition', () => takes("recursive=true&filterDirectory=${file:onlyname} != 't'", ['1.txt', '22.CSV', 's/333.txt']));
    it('by a bean', () => takes('recursive=true&filter=#small', ['1.txt', '22.CSV']));
    it('by depth', () => takes('recursive=true&minDepth=2&maxDepth=2', ['s/333.txt']));
    it('hidden ones, when it is told', () => takes('recursive=true&includeHiddenFiles=true&includeHiddenDirs=true&include=x.*|[.].*', ['.h/x.txt', '.hidden']));
    it('in reverse order of their names', () => takes('recursive=true&sortBy=reverse:file:name', ['s/t/4444.txt', 's/333.txt', '22.CSV', '1.txt']));
    it('in the order of several keys', () => takes('recursive=true&sortBy=file:ext;reverse:file:size', ['22.CSV', 's/t/4444.txt', 's/333.txt', '1.txt']));
    it('as many as fit into a poll', () => takes('repeatCount=1&maxMessagesPerPoll=1', ['1.txt']));
    it('the first of all in order, where the limit is not eager', () => takes('repeatCount=1&maxMessagesPerPoll=1&eagerMaxMessagesPerPoll=false&sortBy=reverse:file:name', ['22.CSV']));
    it('in any order', async () => {
      const target = await consume('noop=true&shuffle=true&recursive=true');
      await consumeAll(target, 4);
      expect(names(target).sort()).to.deep.equal(['1.txt', '22.CSV', 's/333.txt', 's/t/4444.txt']);
    });
  });

  it('does not take again, when it looks into all folders, what it has moved into one', async () => {
    put({ 'in/s/a': '1' });
    await consumeAll(await consume('recursive=true&move=done'), 1);
    expect(listed(folder)).to.deep.equal(['in/s/done/a']);
  });

  it('counts the messages of a poll', async () => {
    put({ 'in/a': '1', 'in/b': '2' });
    const target = await consume('');
    await consumeAll(target, 2);
    expect(target.received.map((exchange) => ['CamelBatchIndex', 'CamelBatchSize', 'CamelBatchComplete'].map((name) => exchange.property(name)))).to.deep.equal([
      [0, 2, false],
      [1, 2, true],
    ]);
  });

  it('waits for a done file, never takes it, and deletes it afterwards', async () => {
    put({ 'in/a.txt': '1', 'in/b.txt': '2', 'in/b.txt.done': '' });
    const target = await consume('doneFileName=${file:name}.done');
    await consumeAll(target, 1);
    expect(names(target)).to.deep.equal(['b.txt']);
    expect(listed(folder)).to.deep.equal(['in/.camel/b.txt', 'in/a.txt']);
    put({ 'in/a.txt.done': '' });
    await consumeAll(target, 2);
    expect(listed(folder)).to.deep.equal(['in/.camel/a.txt', 'in/.camel/b.txt']);
  });

  it('deletes a done file for all with the last of them', async () => {
    put({ 'in/a': '1', 'in/b': '2', 'in/ready': '' });
    const seen: boolean[] = [];
    const target = await consume('doneFileName=ready', () => seen.push(existsSync(join(folder, 'in/ready'))));
    await consumeAll(target, 2);
    expect(seen).to.deep.equal([true, true]);
    expect(listed(folder)).to.deep.equal(['in/.camel/a', 'in/.camel/b']);
  });

  it('sends an empty message when there is nothing, where it is told', async () => {
    const target = await consume('sendEmptyMessageWhenIdle=true&repeatCount=2');
    await eventually(() => expect(target.received).to.have.length(2));
    expect(target.received[0]!.body).to.equal(null);
    expect(target.received[0]!.headers.size).to.equal(0);
  });

  describe('locks a file', () => {
    it('by a marker beside it, and leaves alone what somebody else has marked', async () => {
      put({ 'in/a': '1', 'in/b': '2' });
      let seen: string[] = [];
      const target = await consume('readLock=markerFile&readLockDeleteOrphanLockFiles=false', () => (seen = listed(folder)), undefined, () => put({ 'in/b.camelLock': '' }));
      await consumeAll(target, 1);
      expect(seen).to.include('in/a.camelLock');
      expect(listed(folder)).to.deep.equal(['in/.camel/a', 'in/b', 'in/b.camelLock']);
      rmSync(join(folder, 'in/b.camelLock'));
      await consumeAll(target, 2);
    });

    it('and removes markers that a crash has left', async () => {
      put({ 'in/a': '1', 'in/a.camelLock': '' });
      await consumeAll(await consume('readLock=markerFile'), 1);
      expect(listed(folder)).to.deep.equal(['in/.camel/a']);
    });

    it('until it does not change any more', async () => {
      put({ 'in/a': '1' });
      let writes = 0;
      const write = (): void => {
        if (++writes > 10) return;
        writeFileSync(join(folder, 'in/a'), 'x'.repeat(writes + 1));
        systemClock.schedule(10, write);
      };
      write();
      const target = await consume('readLock=changed&readLockCheckInterval=30&readLockTimeout=1000');
      await consumeAll(target, 1);
      expect(target.received[0]!.headers.get('CamelFileLength')).to.equal(11);
    });

    it('whatever the clock of the server says that wrote it, with readLockMinAge=0', async () => {
      put({ 'in/a': '1' });
      const ahead = new Date(systemClock.now() + 3_600_000);
      utimesSync(join(folder, 'in/a'), ahead, ahead);
      await consumeAll(await consume('readLock=changed&readLockMinAge=0&readLockCheckInterval=5&readLockTimeout=1000'), 1);
    });

    it('no longer than readLockTimeout, and tries again with the next poll', async () => {
      put({ 'in/empty': '' });
      const target = await consume('readLock=changed&readLockCheckInterval=5&readLockTimeout=12');
      await eventually(() => expect(around.logs.filter((line) => line.includes('no read lock'))).to.have.length.at.least(2));
      put({ 'in/empty': 'no more' });
      await consumeAll(target, 1);
    });

    it('without waiting when it is old enough', async () => {
      put({ 'in/a': '1' });
      utimesSync(join(folder, 'in/a'), new Date(0), new Date(0));
      await consumeAll(await consume('readLock=changed&readLockMinAge=1000&readLockCheckInterval=5000'), 1).catch(() => undefined);
      expect(listed(folder)).to.deep.equal(['in/.camel/a']);
    });

    it('by renaming it', async () => {
      put({ 'in/a': '1' });
      await consumeAll(await consume('readLock=rename'), 1);
      expect(listed(folder)).to.deep.equal(['in/.camel/a']);
    });

    it('by a key that others see', async () => {
      put({ 'in/a': '1', 'in/b': '2' });
      repository.add(join(folder, 'in/b'));
      const target = await consume('readLock=idempotent&idempotentRepository=#keys&readLockRemoveOnCommit=true');
      await consumeAll(target, 1);
      expect(names(target)).to.deep.equal(['a']);
      expect(repository.contains(join(folder, 'in/a'))).to.equal(false);
    });
  });

  it('stays inside its folder: links that lead out are not followed', async () => {
    put({ 'secret/s.txt': 's', 'in/a.txt': '1' });
    symlinkSync(join(folder, 'secret/s.txt'), join(folder, 'in/link.txt'));
    symlinkSync(join(folder, 'secret'), join(folder, 'in/out'));
    const target = await consume('noop=true&recursive=true');
    await consumeAll(target, 1);
    expect(names(target)).to.deep.equal(['a.txt']);
  });

  it('follows links inside its folder, and no cycles', async () => {
    put({ 'in/data/a.txt': '1' });
    symlinkSync('data/a.txt', join(folder, 'in/link.txt'));
    symlinkSync('.', join(folder, 'in/self'));
    const target = await consume('noop=true&recursive=true&maxDepth=20');
    await eventually(() => expect(names(target)).to.include.members(['data/a.txt', 'link.txt']));
    await new Promise<void>((resolve) => void systemClock.schedule(15, resolve));
    expect(target.received.length).to.be.lessThan(6);
  });

  it('says that its folder can not be read, goes on trying, and says when it can', async () => {
    const target = await consume('directoryMustExist=true&autoCreate=false');
    await eventually(() => expect(around.waits[0]).to.contain("can't read the folder"));
    put({ 'in/a': '1' });
    await consumeAll(target, 1);
    expect(around.waits).to.have.length(2);
    expect(around.waits[1]).to.equal('ready');
  });

  it('makes a folder that is not there, unless it is told not to', async () => {
    await consume('');
    expect(statSync(join(folder, 'in')).isDirectory()).to.equal(true);
    await consume('autoCreate=false', undefined, 'file:other');
    expect(existsSync(join(folder, 'other'))).to.equal(false);
  });

  it('keeps a handled file from being handled twice when it can not be moved, and moves it later', async () => {
    put({ 'in/a': '1', 'in/.camel': 'a file where a folder should be' });
    const target = await consume('');
    await consumeAll(target, 1);
    expect(around.logs.join('\n')).to.contain("can't be moved away");
    rmSync(join(folder, 'in/.camel'));
    await eventually(() => expect(listed(folder)).to.deep.equal(['in/.camel/a']));
    expect(target.received).to.have.length(1);
  });

  it('does not take a file again while its unit of work is open', async () => {
    put({ 'in/a': '1' });
    const target = await consume('', (exchange) => exchange.unitOfWork!.retain());
    await eventually(() => expect(target.received).to.have.length(1));
    await new Promise<void>((resolve) => void systemClock.schedule(20, resolve));
    expect(target.received).to.have.length(1);
    target.received[0]!.unitOfWork!.release();
    await consumeAll(target, 1);
  });

  it('tells content type and attributes where it is asked to', async () => {
    put({ 'in/a.csv': '1' });
    const target = await consume('noop=true&probeContentType=true&extendedAttributes=posix:permissions,basic:size');
    await consumeAll(target, 1);
    const { headers } = target.received[0]!;
    expect(headers.get('CamelFileContentType')).to.equal('text/csv');
    expect(headers.get('CamelFileExtendedAttributes')).to.deep.include({ 'basic:size': 1 });
  });

  it('can be polled: the file is moved when the message is done', async () => {
    put({ 'in/a.txt': '1' });
    const consumer = await around.consumer(definition, 'file:in?fileName=a.txt');
    const polled = (await consumer.receive!(1000))!;
    expect(toText(polled.body)).to.equal('1');
    expect(await consumer.receive!(0)).to.equal(null);
    await polled.settle(around.exchange(null));
    expect(listed(folder)).to.deep.equal(['in/.camel/a.txt']);
    expect(await consumer.receive!(5)).to.equal(null);
  });

  it('waits for a file that comes while it is polled', async () => {
    const consumer = await around.consumer(definition, 'file:in?delay=5');
    const polling = consumer.receive!(-1);
    put({ 'in/a.txt': '1' });
    expect((await polling)!.headers.get('CamelFileName')).to.equal('a.txt');
  });

  it('takes a thousand files, each once', async () => {
    put(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`in/${i}`, String(i)])));
    const target = await consume('delete=true');
    await eventually(() => expect(target.settled).to.equal(1000), 8000);
    expect(new Set(names(target)).size).to.equal(1000);
  });
});

keepsConnectorContract('file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'file-'));
  const around = new Surroundings({ baseDir: folder });
  mkdirSync(join(folder, 'in'));
  let count = 0;
  return {
    surroundings: around,
    definition,
    consumer: async (credit = 1) => {
      const consumer = await around.consumer(definition, `file:in?${quick}&move=.done/\${file:name}`);
      consumer.setCredit!(credit);
      return consumer;
    },
    send: async (...names) => {
      for (const name of names) writeFileSync(join(folder, 'in', `${String(++count).padStart(4, '0')}-${name}`), name);
    },
    nameOf: (exchange) => toText(exchange.headers.get('CamelFileNameOnly'))!.slice(5),
    acknowledged: async () => (existsSync(join(folder, 'in/.done')) ? readdirSync(join(folder, 'in/.done')).map((name) => name.slice(5)) : []),
    wrong: [
      ['file:in?delete=true&move=x', /delete/],
      ['file:in?readLock=idempotent', /needs a repository/],
      ['file:in?readLock=changed&readLockTimeout=50', /readLockTimeout/],
      ['file:none?autoCreate=false&startingDirectoryMustExist=true', /Starting directory does not exist/],
      ['file:in?include=[', /\[|include|regular/],
      ['file:in?charset=nope', /nope/],
      ['file:in?backoffMultiplier=3', /backoff/],
      ['file:in?doneFileName=${header.x}', /doneFileName/],
      ['file:${header.x}', /can't hold/],
    ],
    open: (uri) => around.consumer(definition, uri),
    close: async () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}, file.notPromised);
