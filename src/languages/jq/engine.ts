import { ExchangeError } from '../../core/errors.ts';
import { Thread } from '../../core/thread.ts';

/** What one evaluation may take. */
const longestMillis = 5000;

const program = `
const { parentPort, workerData } = require('node:worker_threads');
const jq = require(workerData.library);
parentPort.on('message', async ({ input, filter, flags }) => {
  try {
    parentPort.postMessage({ output: await jq.raw(input, filter, flags) });
  } catch (error) {
    parentPort.postMessage({ error: String(error && error.message) });
  }
});
`;

const failure = (message: string): ExchangeError => new ExchangeError('org.apache.camel.RuntimeCamelException', `jq: ${message.replace(/^(Failed to execute raw query|jq): /, '').trim()}`);

/** jq itself, compiled to WebAssembly: one thread for all jq expressions. */
export class JqThread {
  private readonly thread: Thread<{ readonly input: string; readonly filter: string; readonly flags: readonly string[] }, string>;

  constructor(longest = longestMillis) {
    this.thread = new Thread(program, 'jq-wasm', longest, failure);
  }

  /** The output as jq prints it with `--compact-output`. Rejects with what jq says, or when it takes too long. */
  run(input: string, filter: string, flags: readonly string[]): Promise<string> {
    return this.thread.run({ input, filter, flags: ['--compact-output', ...flags] });
  }
}

const thread = new JqThread();

export const runJq = (input: string, filter: string, flags: readonly string[]): Promise<string> => thread.run(input, filter, flags);
