import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import Ajv from 'ajv-draft-04';
import addFormats from 'ajv-formats';
import { expect } from 'chai';
import type { Log, Region } from 'sarif';
import { Source } from '../../src/core/diagnostics.ts';
import { sarif } from '../../src/cli/sarif.ts';
import { codes } from '../../src/dsl/codes.ts';
import { checkFiles } from '../dsl/check.ts';
import { Desk } from './desk.ts';

/** The schema of SARIF 2.1.0 that its committee publishes, as a package of Microsoft carries it. */
const schema = JSON.parse(readFileSync(createRequire(import.meta.url).resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'), 'utf8')) as object;
const ajv = new Ajv.default({ strict: false, allErrors: true, unicodeRegExp: false });
addFormats.default(ajv as never);
const isSarif = ajv.compile(schema);

const golden = new URL('../dsl/golden/', import.meta.url);

/** What the schema says of a log, and what the standard wants beside it: rules by their index, regions within their file, relative URIs. */
function holdsTheStandard(log: Log, textOf: (uri: string) => string): void {
  isSarif(log);
  expect(isSarif.errors ?? []).to.deep.equal([]);
  expect(log.$schema).to.match(/sarif-2\.1\.0\.json$/);
  const [run] = log.runs;
  const rules = run!.tool.driver.rules!;
  expect(rules.map(({ id }) => id)).to.deep.equal([...new Set(rules.map(({ id }) => id))]);
  for (const { id, shortDescription } of rules) expect(shortDescription!.text, id).to.equal(codes[id]!.title);
  const holdsRegion = ({ startLine, startColumn, endLine, endColumn }: Region, uri: string): void => {
    const lines = textOf(uri).split('\n');
    expect(startLine, uri).to.be.within(1, lines.length);
    expect(endLine, uri).to.be.within(startLine!, lines.length);
    expect(startColumn, uri).to.be.within(1, lines[startLine! - 1]!.length + 1);
    expect(endColumn, uri).to.be.within(startLine === endLine ? startColumn! : 1, lines[endLine! - 1]!.length + 1);
  };
  for (const { ruleId, ruleIndex, level, message, locations, fixes } of run!.results!) {
    expect(rules[ruleIndex!]!.id).to.equal(ruleId);
    expect(level).to.be.oneOf(['error', 'warning']);
    expect(message.text).to.be.a('string').and.not.equal('');
    for (const { physicalLocation } of locations!) {
      const uri = physicalLocation!.artifactLocation!.uri!;
      expect(uri).to.match(/^[^/:][^: ]*$/);
      holdsRegion(physicalLocation!.region!, uri);
    }
    for (const { artifactChanges } of fixes ?? []) for (const { artifactLocation, replacements } of artifactChanges) for (const { deletedRegion } of replacements) holdsRegion(deletedRegion, artifactLocation.uri!);
  }
}

describe('the SARIF log of complaints', () => {
  it('holds the schema of SARIF 2.1.0 for all that is wrong with the golden files', function () {
    this.timeout(60_000);
    const names = readdirSync(golden).filter((name) => name.endsWith('.yaml'));
    let count = 0;
    let withFix = 0;
    for (const name of names) {
      const text = readFileSync(new URL(name, golden), 'utf8');
      const log = sarif(checkFiles([new Source(name, text)]));
      holdsTheStandard(log, () => text);
      count += log.runs[0]!.results!.length;
      withFix += log.runs[0]!.results!.filter(({ fixes }) => fixes !== undefined).length;
    }
    expect(count).to.be.greaterThan(names.length - 1);
    expect(withFix).to.be.greaterThan(30);
  });

  it('holds it from the command: names with blanks and umlauts, lints, and what stands in no file', async () => {
    const desk = new Desk();
    try {
      const files = { 'a b/lösung #1.yaml': '- from:\n    uri: direct:a\n    steps:\n      - setBodi: { simple: x }\n      - log: { simple: Hello ${body} }\n', 'lint.yaml': '- from:\n    uri: direct:unused\n    steps:\n      - stop: {}\n      - log: never\n', 'empty.yaml': '' };
      for (const [name, text] of Object.entries(files)) desk.write(name, text);
      const { out, code } = await desk.mecha('validate', '--format', 'sarif', '.');
      const log = JSON.parse(out) as Log;
      holdsTheStandard(log, (uri) => files[decodeURIComponent(uri) as keyof typeof files]);
      const uris = new Set(log.runs[0]!.results!.flatMap(({ locations }) => locations!.map(({ physicalLocation }) => physicalLocation!.artifactLocation!.uri)));
      expect(uris).to.include('a%20b/l%C3%B6sung%20%231.yaml').and.to.include('empty.yaml');
      expect(code).to.equal(2);
      const lints = JSON.parse((await desk.mecha('validate', '--format', 'sarif', 'lint.yaml')).out) as Log;
      holdsTheStandard(lints, () => files['lint.yaml']);
      expect(lints.runs[0]!.results!.map(({ level }) => level)).to.include('warning');
      holdsTheStandard(JSON.parse((await desk.mecha('validate', '--format', 'sarif', 'nowhere.yaml')).out) as Log, () => '');
      desk.write('good.yaml', '- from:\n    uri: timer:a\n    steps:\n      - log: x\n');
      const { runs } = JSON.parse((await desk.mecha('validate', '--format', 'sarif', 'good.yaml')).out) as Log;
      expect(runs[0]!.results).to.deep.equal([]);
    } finally {
      desk.clear();
    }
  });

  it('is refused by the schema where a part is wrong', () => {
    const log = sarif(checkFiles([new Source('x.yaml', '- from:\n    uri: direct:a\n    steps:\n      - setBodi: {}\n')]));
    const broken = (change: (log: any) => void): boolean => {
      const copy = structuredClone(log) as unknown;
      change(copy);
      return isSarif(copy);
    };
    expect(broken(() => undefined)).to.equal(true);
    expect(broken((one) => (one.runs[0].results[0].level = 'fatal'))).to.equal(false);
    expect(broken((one) => (one.runs[0].results[0].locations[0].physicalLocation.region.startLine = 0))).to.equal(false);
    expect(broken((one) => delete one.runs[0].tool.driver.name)).to.equal(false);
    expect(broken((one) => (one.version = '2.0.0'))).to.equal(false);
  });
});
