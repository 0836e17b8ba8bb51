import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { expect } from 'chai';
import { Diagnostics } from '../../src/core/diagnostics.ts';
import { readSources, routeFiles, watchedPaths } from '../../src/runtime/files.ts';

describe('route files', () => {
  let folder: string;
  let problems: Diagnostics;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mecha-files-'));
    problems = new Diagnostics();
    for (const name of ['routes/b.yaml', 'routes/a.yml', 'routes/deep/c.yaml', 'routes/mecha.yaml', 'routes/a.test.yaml', 'routes/note.txt', 'routes/.hidden/d.yaml', 'routes/node_modules/e.yaml', 'other.yaml']) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), '[]');
    }
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const found = (...paths: string[]): string[] => routeFiles(paths, folder, problems).map((file) => relative(folder, file));

  it('are the YAML files of a folder and those below it, without configuration, tests and what is hidden', () => {
    expect(found('routes')).to.deep.equal(['routes/a.yml', 'routes/b.yaml', 'routes/deep/c.yaml']);
  });

  it('are not what a build of Maven has copied, nor what belongs to its tests, nor properties', () => {
    for (const name of ['project/pom.xml', 'project/src/main/resources/camel/x.yaml', 'project/src/test/resources/y.yaml', 'project/target/classes/camel/x.yaml', 'project/application.yaml', 'project/application-dev.yml', 'routes/target/z.yaml', 'routes/a.properties']) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), '[]');
    }
    expect(found('project')).to.deep.equal(['project/src/main/resources/camel/x.yaml']);
    expect(found('routes')).to.include('routes/target/z.yaml');
    expect(found('routes/a.properties')).to.deep.equal([]);
  });

  it('that were found beside those that were asked for, and belong to something else, are passed over', () => {
    writeFileSync(join(folder, 'routes/deployment.yaml'), 'apiVersion: apps/v1\nkind: Deployment\n---\nkind: Service\n');
    writeFileSync(join(folder, 'routes/b.yaml'), '- from:\n    uri: direct:a\n');
    const read = (...named: string[]): string[] => readSources(routeFiles(named, folder, problems), folder, problems, Infinity, named).map(({ file }) => file);
    expect(read('routes')).to.include('routes/b.yaml').and.not.to.include('routes/deployment.yaml');
    expect(read('routes/deployment.yaml')).to.deep.equal(['routes/deployment.yaml']);
  });

  it('are what a glob matches', () => {
    expect(found('routes/*.yaml')).to.include('routes/b.yaml').and.not.to.include('routes/deep/c.yaml');
    expect(found('routes/**/c.yaml', '*.yaml')).to.deep.equal(['routes/deep/c.yaml', 'other.yaml']);
  });

  it('are taken once each, in the order in which they are named', () => {
    expect(found('routes/deep', 'routes', 'routes/b.yaml', join(folder, 'other.yaml'))).to.deep.equal(['routes/deep/c.yaml', 'routes/a.yml', 'routes/b.yaml', 'other.yaml']);
  });

  it('may lie behind links', () => {
    symlinkSync(join(folder, 'routes/deep'), join(folder, 'linked'));
    expect(found('linked')).to.deep.equal(['linked/c.yaml']);
  });

  it('are looked for but once where a link leads back, and never in pipes', () => {
    symlinkSync(join(folder, 'routes'), join(folder, 'routes/deep/up'));
    symlinkSync('loop', join(folder, 'loop'));
    execFileSync('mkfifo', [join(folder, 'routes/pipe.yaml')]);
    expect(found('routes')).to.deep.equal(['routes/a.yml', 'routes/b.yaml', 'routes/deep/c.yaml']);
    expect(problems.list).to.deep.equal([]);
    // One that is named would be waited for.
    expect(readSources([join(folder, 'routes/pipe.yaml')], folder, problems)).to.deep.equal([]);
    found('loop');
    expect(problems.list.map(({ code, message }) => `${code} ${message}`.replaceAll(folder, ''))).to.deep.equal(["M0709 `routes/pipe.yaml` can't be read: it is no file", "M0709 `loop` can't be read: ELOOP: too many symbolic links encountered, stat '/loop'"]);
  });

  it('that are missing are complained about', () => {
    found('gone', 'gone/*.yaml');
    expect(problems.sorted().map(({ code }) => code)).to.deep.equal(['M0706', 'M0706']);
  });

  it('are read as text without a byte order mark; what is none is complained about', () => {
    writeFileSync(join(folder, 'bom.yaml'), '\uFEFF- a');
    writeFileSync(join(folder, 'binary.yaml'), Buffer.from([1, 0, 2]));
    const sources = readSources([join(folder, 'bom.yaml'), join(folder, 'binary.yaml'), join(folder, 'gone.yaml')], folder, problems);
    expect(sources.map(({ file, text }) => [file, text])).to.deep.equal([['bom.yaml', '- a']]);
    expect(problems.sorted().map(({ code }) => code)).to.have.members(['M0708', 'M0709']);
  });

  it('in two bytes a letter are told as such, with what makes UTF-8 of them', () => {
    const text = Buffer.from('- from:', 'utf16le');
    const files = { 'bom.yaml': Buffer.concat([Buffer.from([0xff, 0xfe]), text]), 'little.yaml': text, 'big.yaml': Buffer.from(text).swap16() };
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
    readSources(Object.keys(files).map((name) => join(folder, name)), folder, problems);
    expect(problems.list.map(({ code, message, help }) => `${code} ${message}; ${/`.*?`/.exec(help!)![0]}`)).to.deep.equal([
      'M0708 `bom.yaml` is written in UTF-16; `iconv -f utf-16 -t utf-8`',
      'M0708 `little.yaml` is written in UTF-16LE; `iconv -f utf-16le -t utf-8`',
      'M0708 `big.yaml` is written in UTF-16BE; `iconv -f utf-16be -t utf-8`',
    ]);
  });

  it('are bounded all together, and the one that goes beyond is named', () => {
    const files = ['a.yaml', 'b.yaml', 'c.yaml'].map((name) => join(folder, name));
    for (const file of files) writeFileSync(file, '# a comment\n'.repeat(50_000));
    expect(readSources(files, folder, problems, 1024 * 1024).map(({ file }) => file)).to.deep.equal(['a.yaml']);
    expect(problems.sorted().map(({ code, message }) => `${code} ${message}`)).to.deep.equal(['M0707 the route files are larger than 1 MB together, with `b.yaml` (0.6 MB)']);
    expect(readSources(files, folder, problems, 2 * 1024 * 1024)).to.have.length(3);
  });

  it('are watched at the folder where a glob begins', () => {
    expect(watchedPaths(['routes', 'routes/**/*.yaml', 'other.yaml'], folder).map((path) => relative(folder, path))).to.deep.equal(['routes', 'routes', 'other.yaml']);
  });
});
