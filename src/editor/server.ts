import { fileURLToPath, pathToFileURL } from 'node:url';
import type { CodeAction, CompletionItem, Connection, Diagnostic as LspDiagnostic, Range, TextDocumentPositionParams } from 'vscode-languageserver/node.js';
import type { TextDocument as OpenDocument } from 'vscode-languageserver-textdocument';
import type { Clock } from '../core/clock.ts';
import type { Diagnostic, Span } from '../core/diagnostics.ts';
import { complete, declarationsOf, explainAt, idAt, placesOfId, placesOfRoute, referenceAt } from './knowledge.ts';
import type { Offer } from './knowledge.ts';
import { Workspace } from './workspace.ts';

export interface ServerOptions {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly clock: Clock;
}

/** Waits so long for more typing before everything is checked anew. */
const settleMillis = 80;

/** The protocol's numbers for Property, EnumMember, Reference, Variable and Function. */
const kinds: Readonly<Record<Offer['kind'], CompletionItem['kind'] & number>> = { key: 10, value: 20, reference: 18, property: 6, function: 3 };

const rangeOf = ({ source, start, end }: Span): Range => {
  const from = source.position(start);
  const to = source.position(end);
  return { start: { line: from.line - 1, character: from.column - 1 }, end: { line: to.line - 1, character: to.column - 1 } };
};

const pathOf = (uri: string): string | null => (uri.startsWith('file:') ? fileURLToPath(uri) : null);
const uriOf = (path: string): string => pathToFileURL(path).href;

const severities = { error: 1, warning: 2 } as const;

const lspProblem = ({ at, code, severity, message, help }: Diagnostic): LspDiagnostic => ({
  range: at === null ? { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } } : rangeOf(at),
  severity: severities[severity],
  code,
  source: 'mecha',
  message: help === null ? message : `${message}\n${help}`,
});

/** Serves the language server protocol until the client says `exit` or hangs up; gives the exit code. */
export async function serveLanguage(options: ServerOptions): Promise<number> {
  // Only who serves editors pays for the library.
  const { CodeActionKind, CompletionItemTag, createConnection, DidChangeWatchedFilesNotification, ResponseError, StreamMessageReader, StreamMessageWriter, TextDocuments, TextDocumentSyncKind } = await import('vscode-languageserver/node.js');
  const { TextDocument } = await import('vscode-languageserver-textdocument');
  const connection: Connection = createConnection(new StreamMessageReader(options.input as NodeJS.ReadableStream), new StreamMessageWriter(options.output as NodeJS.WritableStream));
  const documents = new TextDocuments(TextDocument);
  let workspace = new Workspace(options.folder, options.environment);
  let timer: { cancel(): void } | null = null;
  let shown = new Set<string>();
  let found = new Map<string, Diagnostic[]>();
  let canWatch = false;

  const textAt = ({ textDocument: { uri }, position }: TextDocumentPositionParams): { document: OpenDocument; text: string; offset: number } | null => {
    const document = documents.get(uri);
    return document === undefined ? null : { document, text: document.getText(), offset: document.offsetAt(position) };
  };

  const check = async (): Promise<void> => {
    found = await workspace.problems();
    const next = new Set<string>();
    for (const [path, problems] of found) {
      if (problems.length === 0 && !shown.has(path) && !workspace.open.has(path)) continue;
      next.add(path);
      await connection.sendDiagnostics({ uri: uriOf(path), diagnostics: problems.map(lspProblem) });
    }
    for (const path of shown) if (!next.has(path)) await connection.sendDiagnostics({ uri: uriOf(path), diagnostics: [] });
    shown = next;
  };
  const checkSoon = (): void => {
    timer?.cancel();
    timer = options.clock.schedule(settleMillis, () => void check().catch((thrown: unknown) => connection.console.error(String((thrown as Error).stack ?? thrown))));
  };

  connection.onInitialize(({ rootUri, workspaceFolders, capabilities }) => {
    const root = workspaceFolders?.[0]?.uri ?? rootUri;
    const folder = root == null ? null : pathOf(root);
    if (folder !== null) workspace = new Workspace(folder, options.environment);
    canWatch = capabilities.workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
    return {
      serverInfo: { name: 'mecha', version: options.version },
      capabilities: {
        textDocumentSync: TextDocumentSyncKind.Incremental,
        completionProvider: { triggerCharacters: [':', '?', '&', '{', '#', ' ', '-', '.', '['] },
        hoverProvider: true,
        definitionProvider: true,
        referencesProvider: true,
        renameProvider: { prepareProvider: true },
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
      },
    };
  });
  connection.onInitialized(() => {
    if (canWatch) void connection.client.register(DidChangeWatchedFilesNotification.type, { watchers: [{ globPattern: '**/*.{yaml,yml,properties}' }] });
    checkSoon();
  });
  connection.onDidChangeWatchedFiles(checkSoon);
  documents.onDidChangeContent(({ document }) => {
    const path = pathOf(document.uri);
    if (path !== null) workspace.open.set(path, document.getText());
    checkSoon();
  });
  documents.onDidClose(({ document }) => {
    const path = pathOf(document.uri);
    if (path !== null) workspace.open.delete(path);
    checkSoon();
  });

  connection.onCompletion((params): CompletionItem[] => {
    const at = textAt(params);
    if (at === null) return [];
    return complete(at.text, at.offset, workspace).map(({ label, kind, detail, documentation, insert, start, end, isDeprecated, order }) => ({
      label,
      kind: kinds[kind],
      detail,
      documentation: { kind: 'markdown', value: documentation },
      textEdit: { range: { start: at.document.positionAt(start), end: at.document.positionAt(end) }, newText: insert },
      filterText: label,
      sortText: `${order}${label}`,
      ...(isDeprecated ? { tags: [CompletionItemTag.Deprecated] } : {}),
    }));
  });

  connection.onHover((params) => {
    const at = textAt(params);
    const explained = at === null ? null : explainAt(at.text, at.offset, workspace);
    return explained === null ? null : { contents: { kind: 'markdown', value: explained.text }, range: { start: at!.document.positionAt(explained.start), end: at!.document.positionAt(explained.end) } };
  });

  connection.onDefinition((params) => {
    const at = textAt(params);
    const reference = at === null ? null : referenceAt(at.text, at.offset);
    return reference === null ? [] : declarationsOf(reference, workspace).map(({ at: place }) => ({ uri: uriOf(place.source.file), range: rangeOf(place) }));
  });

  /** What would be renamed, and all places of it. */
  const named = (params: TextDocumentPositionParams): { start: number; end: number; name: string; places: { path: string; at: Span }[] } | null => {
    const at = textAt(params);
    if (at === null) return null;
    const id = idAt(at.text, at.offset);
    if (id !== null) return { start: id.start, end: id.end, name: id.name, places: placesOfId(id.name, workspace) };
    const reference = referenceAt(at.text, at.offset);
    return reference?.kind === 'route' ? { start: reference.start, end: reference.end, name: reference.name.slice(reference.name.indexOf(':') + 1), places: placesOfRoute(reference.name, workspace) } : null;
  };

  connection.onReferences((params) => (named(params)?.places ?? []).map(({ path, at }) => ({ uri: uriOf(path), range: rangeOf(at) })));

  connection.onPrepareRename((params) => {
    const what = named(params);
    const document = documents.get(params.textDocument.uri);
    return what === null || document === undefined ? null : { range: { start: document.positionAt(what.start), end: document.positionAt(what.end) }, placeholder: what.name };
  });

  connection.onRenameRequest((params) => {
    const what = named(params);
    if (what === null) return null;
    if (!/^[\w.:/-]+$/.test(params.newName)) return new ResponseError(-32602, `\`${params.newName}\` can be no id: use letters, digits, \`-\`, \`_\` and \`.\``);
    const changes: Record<string, { range: Range; newText: string }[]> = {};
    for (const { path, at } of what.places) (changes[uriOf(path)] ??= []).push({ range: rangeOf(at), newText: params.newName });
    return { changes };
  });

  connection.onCodeAction(({ textDocument: { uri }, range }): CodeAction[] => {
    const path = pathOf(uri);
    const problems = path === null ? [] : (found.get(path) ?? []);
    return problems.flatMap((problem): CodeAction[] => {
      if (problem.fix === null || problem.at === null) return [];
      const place = rangeOf(problem.at);
      if (place.end.line < range.start.line || place.start.line > range.end.line) return [];
      const changes: Record<string, { range: Range; newText: string }[]> = {};
      for (const { at, text } of problem.fix.edits) (changes[uriOf(at.source.file)] ??= []).push({ range: rangeOf(at), newText: text });
      return [{ title: problem.help ?? problem.message, kind: CodeActionKind.QuickFix, diagnostics: [lspProblem(problem)], isPreferred: problem.fix.isSure, edit: { changes } }];
    });
  });

  documents.listen(connection);
  return new Promise((resolve) => {
    let isShutDown = false;
    connection.onShutdown(() => {
      isShutDown = true;
      timer?.cancel();
    });
    connection.onExit(() => resolve(isShutDown ? 0 : 1));
    options.input.on('end', () => resolve(isShutDown ? 0 : 1));
    connection.listen();
  });
}
