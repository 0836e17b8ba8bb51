import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Exchange } from '../../../src/core/exchange/exchange.ts';
import { FileBody } from '../../../src/core/conversion/file-body.ts';
import { file } from '../../../src/connectors/file/definition.ts';
import { isWithin } from '../../../src/connectors/file/names.ts';
import { Surroundings } from '../../contract/connector.ts';

const definition = file as never;

describe('file, as a target', () => {
  let folder: string;
  let around: Surroundings;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'file-'));
    around = new Surroundings({ baseDir: folder });
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = async (query: string, body: unknown, headers: Readonly<Record<string, unknown>> = { CamelFileName: 'a.txt' }): Promise<Exchange> => {
    const producer = await around.producer(definition, `file:out${query === '' ? '' : `?${query}`}`);
    return around.send(producer, around.exchange(body, headers));
  };
  const content = (name: string): string => readFileSync(join(folder, 'out', name), 'utf8');
  const written = (): string[] => (existsSync(join(folder, 'out')) ? readdirSync(join(folder, 'out')).sort() : []);
  const complaint = async (query: string, body: unknown, headers?: Readonly<Record<string, unknown>>): Promise<string> => {
    const { exception } = await write(query, body, headers);
    return exception === null ? 'nothing' : `${exception.name}: ${exception.message}`;
  };

  it('writes texts, bytes, streams and files, under their name and nothing beside it', async () => {
    await write('', 'text');
    await write('', Buffer.from([1, 2, 255]), { CamelFileName: 'bytes' });
    await write('', Readable.from([Buffer.from('a'), 'b']), { CamelFileName: 'stream' });
    const stats = statSync(join(folder, 'out/a.txt'));
    await write('', new FileBody({ path: join(folder, 'out/a.txt'), name: 'a.txt', length: stats.size, lastModified: stats.mtimeMs }), { CamelFileName: 'copy' });
    expect(written()).to.deep.equal(['a.txt', 'bytes', 'copy', 'stream']);
    expect([content('a.txt'), content('stream'), content('copy')]).to.deep.equal(['text', 'ab', 'text']);
    expect([...readFileSync(join(folder, 'out/bytes'))]).to.deep.equal([1, 2, 255]);
  });

  it('refuses bodies that have no bytes, and writes nothing', async () => {
    for (const body of [{ a: 1 }, [1], 5, true]) expect(await complaint('', body)).to.contain('Cannot store file');
    expect(await complaint('', null)).to.contain('GenericFileOperationFailedException: Cannot write null body to file');
    expect(written()).to.deep.equal([]);
    await write('allowNullBody=true', null);
    expect(content('a.txt')).to.equal('');
  });

  it('tells what it has written, and leaves the name in the message as it was', async () => {
    const exchange = await write('fileName=fixed-${header.id}.txt', 'x', { id: 7 });
    expect(exchange.headers.toObject()).to.deep.equal({ id: 7, CamelFileName: null, CamelFileNameProduced: 'out/fixed-7.txt' });
    const overruled = await write('', 'x', { CamelFileName: 'b', CamelOverruleFileName: 'c' });
    expect(overruled.headers.toObject()).to.deep.equal({ CamelFileName: 'b', CamelFileNameProduced: 'out/c' });
  });

  it("takes the exchange's id for a name when there is none", async () => {
    const exchange = await write('', 'x', {});
    expect(written()).to.deep.equal([exchange.id]);
  });

  it('makes folders, unless it is told not to', async () => {
    await write('', 'x', { CamelFileName: 'b/c/d.txt' });
    expect(content('b/c/d.txt')).to.equal('x');
    expect(await complaint('autoCreate=false', 'x', { CamelFileName: 'e/f.txt' })).to.contain('no such file or folder');
    await write('flatten=true', 'x', { CamelFileName: 'g/h.txt' });
    expect(content('h.txt')).to.equal('x');
  });

  it('gives files and new folders the permissions that it is told', async () => {
    await write('chmod=640&chmodDirectory=750', 'x', { CamelFileName: 'n/a' });
    expect(statSync(join(folder, 'out/n/a')).mode & 0o777).to.equal(0o640);
    expect(statSync(join(folder, 'out/n')).mode & 0o777).to.equal(0o750);
  });

  describe('when the file is there', () => {
    beforeEach(() => write('', 'old'));

    it('replaces it', async () => {
      await write('', 'new');
      expect(content('a.txt')).to.equal('new');
    });

    it('appends, with what it is told to append', async () => {
      await write('fileExist=Append&appendChars=\\n', 'new');
      await write('fileExist=Append&appendChars=\\n', 'er');
      expect(content('a.txt')).to.equal('oldnew\ner\n');
    });

    it('takes back what it could not append whole', async () => {
      const broken = Readable.from(
        (async function* () {
          yield 'half';
          await Promise.resolve();
          throw new Error('the source broke');
        })(),
      );
      expect(await complaint('fileExist=Append', broken)).to.contain('Cannot store file');
      expect(content('a.txt')).to.equal('old');
    });

    it('keeps it when the new content breaks off', async () => {
      const broken = Readable.from(
        (async function* () {
          yield 'half';
          await Promise.resolve();
          throw new Error('the source broke');
        })(),
      );
      expect(await complaint('', broken)).to.contain('Cannot store file');
      expect(content('a.txt')).to.equal('old');
      expect(written()).to.deep.equal(['a.txt']);
    });

    it('fails', async () => {
      expect(await complaint('fileExist=Fail', 'new')).to.equal(`GenericFileOperationFailedException: File already exist: ${join(folder, 'out/a.txt')}. Cannot write new file.`);
    });

    it('leaves it', async () => {
      expect((await write('fileExist=Ignore', 'new')).exception).to.equal(null);
      expect(content('a.txt')).to.equal('old');
    });

    it('moves it', async () => {
      await write('fileExist=Move&moveExisting=backup', 'new');
      await write('fileExist=Move&moveExisting=${file:name.noext}-2.txt', 'newer');
      expect([content('a.txt'), content('backup/a.txt'), content('a-2.txt')]).to.deep.equal(['newer', 'old', 'new']);
      await write('fileExist=Move&moveExisting=backup', 'newest');
      expect(await complaint('fileExist=Move&moveExisting=backup&eagerDeleteTargetFile=false', 'x')).to.contain('there is a file already');
    });

    it('renames over it', async () => {
      await write('fileExist=TryRename&tempPrefix=t-', 'new');
      expect(written()).to.deep.equal(['a.txt']);
      expect(content('a.txt')).to.equal('new');
    });
  });

  it('appends the texts of many messages one after the other, none lost and none mixed', async () => {
    const producer = await around.producer(definition, 'file:out?fileExist=Append&fileName=log&forceWrites=false');
    await Promise.all(Array.from({ length: 50 }, (_, i) => around.send(producer, around.exchange(`line ${i}\n`))));
    expect(content('log').trim().split('\n').sort()).to.deep.equal(Array.from({ length: 50 }, (_, i) => `line ${i}`).sort());
  });

  it('writes under the temporary name that it is told', async () => {
    let seen: string[] = [];
    const body = Readable.from(
      (async function* () {
        yield 'x';
        await Promise.resolve();
        seen = readdirSync(join(folder, 'out/d'));
      })(),
    );
    await write('tempFileName=tmp-${file:onlyname}', body, { CamelFileName: 'd/a.txt', CamelFileNameOnly: 'a.txt' });
    expect(seen).to.deep.equal(['tmp-a.txt']);
    expect(readdirSync(join(folder, 'out/d'))).to.deep.equal(['a.txt']);
  });

  it('writes the done file after the file', async () => {
    await write('doneFileName=${file:name}.done', 'x');
    await write('doneFileName=ready', 'x', { CamelFileName: 'b' });
    expect(written()).to.deep.equal(['a.txt', 'a.txt.done', 'b', 'ready']);
  });

  it('fails where the charset lacks a character, whatever the body is, and leaves nothing of it', async () => {
    await write('charset=iso-8859-1', 'ä', { CamelFileName: 'log' });
    for (const body of ['a€', Buffer.from('a€'), Readable.from([Buffer.from('a'), Buffer.from([0xe2, 0x82]), Buffer.from([0xac])])]) {
      expect(await complaint('charset=iso-8859-1', body)).to.contain('the charset iso-8859-1 has no `€` (U+20AC)');
    }
    expect(await complaint('charset=iso-8859-1&fileExist=Append', 'b€', { CamelFileName: 'log' })).to.contain('Cannot store file');
    expect(written()).to.deep.equal(['log']);
    expect(readFileSync(join(folder, 'out/log')).toString('hex')).to.equal('e4');
  });

  it('writes in another charset', async () => {
    await write('charset=iso-8859-1', 'ä');
    await write('charset=windows-1251', 'Ж', { CamelFileName: 'b' });
    expect([...readFileSync(join(folder, 'out/a.txt'))]).to.deep.equal([0xe4]);
    expect([...readFileSync(join(folder, 'out/b'))]).to.deep.equal([0xc6]);
  });

  it('tells the digest, and writes it beside the file', async () => {
    const exchange = await write('checksumFileAlgorithm=MD5', 'x');
    expect(exchange.headers.get('CamelFileChecksum')).to.equal('9dd4e461268c8034f5c8564e155c67a6');
    expect(content('a.txt.MD5')).to.equal('9dd4e461268c8034f5c8564e155c67a6');
    await write('checksumFileAlgorithm=SHA_256&checksumWriteFile=false', 'x', { CamelFileName: 'b' });
    expect(written()).to.deep.equal(['a.txt', 'a.txt.MD5', 'b']);
  });

  it('keeps the time of the source', async () => {
    await write('keepLastModified=true', 'x', { CamelFileName: 'a.txt', CamelFileLastModified: 1_000_000_000_000 });
    expect(statSync(join(folder, 'out/a.txt')).mtimeMs).to.equal(1_000_000_000_000);
  });

  describe('stays inside its folder', () => {
    it('against names with dots', async () => {
      expect(await complaint('', 'x', { CamelFileName: '../evil.txt' })).to.equal(
        `IllegalArgumentException: Cannot write file with name: ${join(folder, 'evil.txt')} as the filename is jailed to the starting directory: ${join(folder, 'out')}/`,
      );
      expect(readdirSync(folder)).to.deep.equal([]);
      await write('jailStartingDirectory=false', 'x', { CamelFileName: '../allowed.txt' });
      expect(readdirSync(folder)).to.include('allowed.txt');
    });

    it('against links', async () => {
      mkdirSync(join(folder, 'elsewhere'));
      mkdirSync(join(folder, 'out'));
      writeFileSync(join(folder, 'elsewhere/b'), 'b');
      symlinkSync(join(folder, 'elsewhere'), join(folder, 'out/link'));
      symlinkSync(join(folder, 'elsewhere/b'), join(folder, 'out/b'));
      expect(await complaint('', 'x', { CamelFileName: 'link/a' })).to.contain('jailed');
      expect(await complaint('fileExist=Append', 'x', { CamelFileName: 'b' })).to.contain('jailed');
      await write('', 'new', { CamelFileName: 'b' });
      expect(readFileSync(join(folder, 'elsewhere/b'), 'utf8'), 'the link is replaced, not followed').to.equal('b');
      expect(readdirSync(join(folder, 'elsewhere'))).to.deep.equal(['b']);
    });

    it('against temporary and done names', async () => {
      expect(await complaint('tempFileName=../../t', 'x')).to.contain('jailed');
      expect(await complaint('doneFileName=../../d', 'x')).to.contain('jailed');
      expect(await complaint('fileExist=Override', 'x', { CamelFileName: '' })).to.contain('it is a folder');
    });

    it('whatever the name', () =>
      fc.assert(
        fc.asyncProperty(fc.array(fc.constantFrom('..', '.', 'a', '/', '//', '\\', '...', 'a/..', ' ', '%2e'), { maxLength: 6 }), async (parts) => {
          const exchange = await write('forceWrites=false', 'x', { CamelFileName: parts.join('/') });
          expect(readdirSync(folder).filter((name) => name !== 'out')).to.deep.equal([]);
          const produced = exchange.headers.get('CamelFileNameProduced');
          if (typeof produced === 'string') expect(isWithin(join(folder, 'out'), join(folder, produced))).to.equal(true);
        }),
        { numRuns: 60 },
      ));
  });

  it('refuses options that do not fit together', async () => {
    for (const [query, expected] of [
      ['fileExist=Move', '`fileExist=Move` needs `moveExisting`'],
      ['fileExist=Append&tempPrefix=x', '`fileExist=Append` and temporary names exclude each other'],
      ['chmod=999', '`chmod` must be between 000 and 777'],
      ['charset=nope', 'nope'],
      ['doneFileName=${header.x}', 'doneFileName'],
      ['checksumFileAlgorithm=MD2', 'MD2'],
    ] as const) {
      const thrown = await around.producer(definition, `file:out?${query}`).then(
        () => null,
        (error: Error) => error,
      );
      expect(thrown?.message, query).to.contain(expected);
    }
  });
});
