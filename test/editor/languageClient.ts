import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { MessageConnection } from 'vscode-languageserver/node.js';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver/node.js';

export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

export interface Problem {
  readonly range: Range;
  readonly message: string;
  readonly severity: number;
  readonly code?: string;
}

/** Position of `|` in a text, and the text without it. */
export function atCursor(marked: string): { text: string; position: Position } {
  const at = marked.indexOf('|');
  const before = marked.slice(0, at).split('\n');
  return { text: marked.slice(0, at) + marked.slice(at + 1), position: { line: before.length - 1, character: before.at(-1)!.length } };
}

/** An editor's side of the language server protocol, over the standard streams of a server that it has started. */
export class LanguageClient {
  readonly connection: MessageConnection;
  private readonly child: ChildProcess;
  private readonly told = new Map<string, (problems: readonly Problem[]) => void>();
  private readonly problems = new Map<string, readonly Problem[]>();
  private readonly versions = new Map<string, number>();
  /** What servers ask for with workspace/configuration. */
  settings: Readonly<Record<string, unknown>> = {};
  log = '';

  constructor(command: string, args: readonly string[], folder: string) {
    this.child = spawn(command, args, { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stderr!.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
    this.connection = createMessageConnection(new StreamMessageReader(this.child.stdout!), new StreamMessageWriter(this.child.stdin!));
    this.connection.onRequest('workspace/configuration', ({ items }: { items: { section: string }[] }) => items.map(({ section }) => this.settings[section] ?? null));
    this.connection.onRequest('client/registerCapability', () => null);
    this.connection.onRequest('workspace/applyEdit', () => ({ applied: true }));
    this.connection.onNotification('textDocument/publishDiagnostics', ({ uri, diagnostics }: { uri: string; diagnostics: Problem[] }) => {
      this.problems.set(uri, diagnostics);
      this.told.get(uri)?.(diagnostics);
    });
    this.connection.listen();
  }

  async start(rootUri: string): Promise<any> {
    const capabilities = {
      textDocument: {
        completion: { completionItem: { snippetSupport: true, documentationFormat: ['markdown'] } },
        hover: { contentFormat: ['markdown', 'plaintext'] },
        rename: { prepareSupport: true },
        publishDiagnostics: {},
        codeAction: { codeActionLiteralSupport: { codeActionKind: { valueSet: ['quickfix'] } } },
      },
      workspace: { configuration: true, workspaceFolders: true },
    };
    const answer = await this.connection.sendRequest('initialize', { processId: null, rootUri, capabilities, workspaceFolders: [{ uri: rootUri, name: 'work' }] });
    await this.connection.sendNotification('initialized', {});
    return answer;
  }

  async open(uri: string, text: string): Promise<void> {
    this.problems.delete(uri);
    const version = (this.versions.get(uri) ?? 0) + 1;
    this.versions.set(uri, version);
    if (version === 1) await this.connection.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId: 'yaml', version, text } });
    else await this.connection.sendNotification('textDocument/didChange', { textDocument: { uri, version }, contentChanges: [{ text }] });
  }

  /** The problems that the server tells of the text that was opened last. */
  async problemsOf(uri: string, isRight: (problems: readonly Problem[]) => boolean = () => true): Promise<readonly Problem[]> {
    const known = this.problems.get(uri);
    if (known !== undefined && isRight(known)) return known;
    return new Promise((resolve) =>
      this.told.set(uri, (problems) => {
        if (!isRight(problems)) return;
        this.told.delete(uri);
        resolve(problems);
      }),
    );
  }

  ask<T = any>(method: string, uri: string, position: Position, more: Record<string, unknown> = {}): Promise<T> {
    return this.connection.sendRequest(`textDocument/${method}`, { textDocument: { uri }, position, ...more });
  }

  /** Opens a text with a cursor (`|`) and gives the labels that are offered there. */
  async completions(uri: string, marked: string): Promise<{ label: string; documentation?: unknown; detail?: string; insertText?: string; textEdit?: { newText: string; range: Range } }[]> {
    const { text, position } = atCursor(marked);
    await this.open(uri, text);
    const answer = await this.ask('completion', uri, position);
    return Array.isArray(answer) ? answer : (answer?.items ?? []);
  }

  async hover(uri: string, marked: string): Promise<string> {
    const { text, position } = atCursor(marked);
    await this.open(uri, text);
    const answer = await this.ask('hover', uri, position);
    const contents = answer?.contents;
    return typeof contents === 'string' ? contents : (contents?.value ?? '');
  }

  async stop(): Promise<number | null> {
    await this.connection.sendRequest('shutdown');
    const ended = new Promise<number | null>((resolve) => this.child.once('exit', (code) => resolve(code)));
    await this.connection.sendNotification('exit');
    const code = await ended;
    this.connection.dispose();
    return code;
  }
}
