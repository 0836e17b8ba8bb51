import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import WebSocket from 'ws';
import { eventually } from '../eventually.ts';

const names = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'];

/** Chromium, where one is installed. */
export function installedBrowser(): string | null {
  for (const name of names) {
    for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // Another one.
      }
    }
  }
  return null;
}

interface Answer {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

/** One page of a browser without a window, led over Chromium's own protocol. */
export class Browser {
  /** What the page has complained about: exceptions, and replies of 400 and above. */
  readonly complaints: string[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'mecha-browser-'));
  private readonly process: ChildProcess;
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private socket: WebSocket | null = null;
  private said = '';
  private count = 0;

  private constructor(path: string) {
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--remote-debugging-port=0', `--user-data-dir=${this.folder}`, 'about:blank'];
    this.process = spawn(path, flags, { detached: true, stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env['PATH'], HOME: this.folder } });
    this.process.stderr!.on('data', (piece: Buffer) => void (this.said += piece.toString()));
  }

  static async open(path: string): Promise<Browser> {
    const browser = new Browser(path);
    try {
      await browser.connect();
    } catch (thrown) {
      await browser.close();
      throw thrown;
    }
    return browser;
  }

  private async connect(): Promise<void> {
    let port = '';
    await eventually(() => {
      port = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)\//.exec(this.said)?.[1] ?? '';
      if (port === '') throw new Error(this.said);
    }, 60_000);
    let address: string | undefined;
    await eventually(async () => {
      const pages = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as { type: string; webSocketDebuggerUrl: string }[];
      address = pages.find(({ type }) => type === 'page')?.webSocketDebuggerUrl;
      if (address === undefined) throw new Error('no page is open');
    }, 60_000);
    const socket = (this.socket = new WebSocket(address!));
    await new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject));
    socket.on('message', (data: Buffer) => this.heard(JSON.parse(data.toString()) as Answer));
    for (const domain of ['Page', 'Runtime', 'Network']) await this.ask(`${domain}.enable`);
  }

  private heard({ id, method, params, result, error }: Answer): void {
    if (id !== undefined) this.waiting.get(id)?.({ ...(result === undefined ? {} : { result }), ...(error === undefined ? {} : { error }) });
    else if (method === 'Runtime.exceptionThrown') this.complaints.push(JSON.stringify((params as { exceptionDetails: unknown }).exceptionDetails));
    else if (method === 'Network.responseReceived') {
      const { status, url } = (params as { response: { status: number; url: string } }).response;
      if (status >= 400) this.complaints.push(`${status} ${url}`);
    }
  }

  private ask(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.count;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, ({ result, error }) => {
        this.waiting.delete(id);
        if (error === undefined) resolve(result ?? {});
        else reject(new Error(`${method}: ${error.message}`));
      });
      this.socket!.send(JSON.stringify({ id, method, params }));
    });
  }

  async go(url: string): Promise<void> {
    await this.ask('Page.navigate', { url });
  }

  /** The value of an expression in the page. */
  async value<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = (await this.ask('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true })) as { result: { value: T }; exceptionDetails?: { text: string } };
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return result.value;
  }

  async type(text: string): Promise<void> {
    await this.ask('Input.insertText', { text });
  }

  async enter(): Promise<void> {
    for (const type of ['keyDown', 'keyUp']) await this.ask('Input.dispatchKeyEvent', { type, key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13, ...(type === 'keyDown' ? { text: '\r' } : {}) });
  }

  async close(): Promise<void> {
    this.socket?.terminate();
    const gone = this.process.exitCode === null && this.process.signalCode === null ? new Promise((resolve) => this.process.once('exit', resolve)) : null;
    // Its helpers, too, which write into its folder for as long as they live.
    if (gone !== null) process.kill(-this.process.pid!, 'SIGKILL');
    await gone;
    await eventually(() => rmSync(this.folder, { recursive: true, force: true }), 20_000);
  }
}
