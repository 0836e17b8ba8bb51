/** What a command may reach of the process; tests hand in their own. */
export interface Terminal {
  /** Standard input, where there is one. */
  readonly in?: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly out: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly rows?: number; readonly columns?: number };
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly nodeVersion?: string;
  readonly pid?: number;
  /** Path of the program's script. */
  readonly script?: string;
  /** Called with SIGINT, SIGTERM, SIGHUP; gives what ends it. */
  onSignal(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP', run: () => void): () => void;
  /** Ends the process at once. */
  exit(code: number): void;
}

export const hasColour = (stream: { readonly isTTY?: boolean }, environment: Terminal['environment']): boolean =>
  environment['NO_COLOR'] === undefined && (environment['FORCE_COLOR'] !== undefined || stream.isTTY === true);
