import type { Log } from 'sarif';
import type { Diagnostic, Span } from '../core/diagnostics.ts';
import { codes } from '../dsl/codes.ts';
import { version } from './version.ts';

const uriOf = (file: string): string => file.split(/[\\/]/).map(encodeURIComponent).join('/');

const region = ({ source, start, end }: Span) => {
  const from = source.position(start);
  const to = source.position(end);
  return { startLine: from.line, startColumn: from.column, endLine: to.line, endColumn: to.column };
};

/** Complaints as a SARIF 2.1.0 log, for code scanning. */
export function sarif(list: readonly Diagnostic[]): Log {
  const used = [...new Set(list.map(({ code }) => code))].sort();
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'mecha',
            version,
            rules: used.map((code) => ({ id: code, shortDescription: { text: codes[code]?.title ?? code }, fullDescription: { text: codes[code]?.explanation ?? code }, help: { text: `\`mecha explain ${code}\`, or docs/errors/${code}.md` } })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: list.map(({ code, severity, message, at, help, fix }) => ({
          ruleId: code,
          ruleIndex: used.indexOf(code),
          level: severity,
          message: { text: `${message}${help === null ? '' : `\n${help}`}` },
          locations: at === null ? [] : [{ physicalLocation: { artifactLocation: { uri: uriOf(at.source.file) }, region: region(at) } }],
          ...(fix === null
            ? {}
            : {
                fixes: [
                  {
                    description: { text: help ?? message },
                    artifactChanges: fix.edits.map((edit) => ({ artifactLocation: { uri: uriOf(edit.at.source.file) }, replacements: [{ deletedRegion: region(edit.at), insertedContent: { text: edit.text } }] })),
                  },
                ],
              }),
        })),
      },
    ],
  };
}
