import { LRUCache } from 'lru-cache';
import type { QuickJSContext, QuickJSHandle, QuickJSRuntime, QuickJSSyncVariant, QuickJSWASMModule } from 'quickjs-emscripten-core';
import { interruptibly, isInterruption } from '../../core/boundedRegExp.ts';
import { ExchangeError } from '../../core/errors.ts';
import { mark, prelude } from './prelude.ts';

/** What one evaluation may take at most. */
const longestMillis = 1000;
const mostMemoryBytes = 64 * 1024 * 1024;
/** Deep enough for everyday recursion, shallow enough for the stack of the process. */
const stackBytes = 200 * 1024;
/** A script keeps a sandbox of its own; beyond so many the one that was not used for longest is made anew. */
const mostSandboxes = 100;

/** What the sandbox asks for: an operation, a name, and a value as JSON. Gives JSON, or nothing. */
export interface Host {
  answer(operation: string, name: string, value: string): string | undefined;
}

const failure = (message: string): ExchangeError => new ExchangeError('org.graalvm.polyglot.PolyglotException', message);
const tooLong = (): ExchangeError => new ExchangeError('java.util.concurrent.TimeoutException', `js: not done after ${longestMillis} ms`);

let loading: Promise<QuickJSWASMModule> | null = null;
let loaded: QuickJSWASMModule | null = null;
/** Made anew after the interpreter itself broke down (the stack of the process ran out in it). */
let generation = 0;

async function load(): Promise<QuickJSWASMModule> {
  const { newQuickJSWASMModuleFromVariant } = await import('quickjs-emscripten-core');
  const { default: variant } = await import('@jitl/quickjs-wasmfile-release-sync');
  loaded = await newQuickJSWASMModuleFromVariant('default' in variant ? (variant as unknown as { default: QuickJSSyncVariant }).default : (variant as QuickJSSyncVariant));
  return loaded;
}

/** One script with its interpreter: nothing of the process is in it but what `host` answers. */
class Sandbox {
  private readonly runtime: QuickJSRuntime;
  private readonly context: QuickJSContext;
  private readonly evaluator: QuickJSHandle;
  private readonly run: QuickJSHandle;
  private host: Host | null = null;
  private hostError: unknown = null;
  private end = 0;

  constructor(module: QuickJSWASMModule, script: Script) {
    this.runtime = module.newRuntime();
    this.runtime.setMemoryLimit(mostMemoryBytes);
    this.runtime.setMaxStackSize(stackBytes);
    this.runtime.setInterruptHandler(() => performance.now() > this.end);
    this.context = this.runtime.newContext();
    const { context } = this;
    this.start();
    const make = context.unwrapResult(context.evalCode(prelude, 'mecha.js'));
    const host = context.newFunction('host', (operation, name, value) => this.answer(context.getString(operation), context.getString(name), context.getString(value)));
    const [text, marked] = [context.newString(script.source), context.newString(mark)];
    const compiled = script.compiled === null ? context.null : context.newString(script.compiled);
    this.evaluator = context.unwrapResult(context.callFunction(make, context.undefined, host, text, marked, compiled, script.mayLeak ? context.true : context.false));
    this.run = context.getProp(this.evaluator, 'run');
    for (const handle of [make, host, text, marked, compiled]) handle.dispose();
  }

  private answer(operation: string, name: string, value: string): QuickJSHandle | { error: QuickJSHandle } {
    try {
      const answer = this.host?.answer(operation, name, value);
      return answer === undefined ? this.context.undefined : this.context.newString(answer);
    } catch (thrown) {
      this.hostError = thrown;
      return { error: this.context.newError({ name: 'Error', message: (thrown as Error).message }) };
    }
  }

  private start(): void {
    this.end = performance.now() + longestMillis;
  }

  /** The result as JSON. @param body as JSON, when the script will want it; null leaves it to be asked for. @throws ExchangeError */
  evaluate(host: Host, body: string | null): string {
    const { context } = this;
    this.host = host;
    this.hostError = null;
    this.start();
    try {
      const text = body === null ? context.undefined : context.newString(body);
      const result = context.callFunction(this.run, this.evaluator, text);
      text.dispose();
      if (result.error !== undefined) throw this.failure(result.error);
      try {
        return context.typeof(result.value) === 'object' ? this.settled(result.value) : context.getString(result.value);
      } finally {
        result.value.dispose();
      }
    } finally {
      this.host = null;
    }
  }

  /** The result of a promise: its jobs run here, as long as there are any. */
  private settled(promise: QuickJSHandle): string {
    const { context, runtime } = this;
    for (;;) {
      const state = context.getPromiseState(promise);
      if (state.type === 'fulfilled') {
        const text = context.getString(state.value);
        state.value.dispose();
        return text;
      }
      if (state.type === 'rejected') throw this.failure(state.error);
      if (performance.now() > this.end) throw tooLong();
      if (!runtime.hasPendingJob()) throw failure('the script gives a promise that nothing settles');
      const jobs = runtime.executePendingJobs(100);
      if (jobs.error !== undefined) throw this.failure(jobs.error);
    }
  }

  private failure(thrown: QuickJSHandle): ExchangeError {
    const value = this.context.dump(thrown) as unknown;
    thrown.dispose();
    const { name, message } = (typeof value === 'object' && value !== null ? value : { message: String(value) }) as { name?: string; message?: string };
    if (name === 'InternalError' && message === 'interrupted') return tooLong();
    if (this.hostError instanceof ExchangeError && message === this.hostError.message) return this.hostError;
    return failure(name === undefined ? (message ?? JSON.stringify(value)) : `${name}: ${message}`);
  }

  dispose(): void {
    this.run.dispose();
    this.evaluator.dispose();
    this.context.dispose();
    this.runtime.dispose();
  }
}

/** A script, and what was found out about it once. */
export interface Script {
  readonly source: string;
  /** The body of a function with the same value, compiled once; null where the script takes an `eval` each time. */
  readonly compiled: string | null;
  /** It may leave globals behind, which are taken away after each evaluation. */
  readonly mayLeak: boolean;
  /** It may ask for work that the interpreter can't interrupt, of numbers as large as one likes: it is watched from outside. */
  readonly mayBlock: boolean;
  /** It may change what JavaScript itself brings: each evaluation gets a sandbox of its own. */
  readonly mayChangeBuiltIns: boolean;
}

const sandboxes = new LRUCache<Script, { readonly sandbox: Sandbox; readonly generation: number }>({
  max: mostSandboxes,
  dispose: ({ sandbox, generation: made }) => {
    // A broken interpreter goes as a whole.
    if (made === generation) sandbox.dispose();
  },
});

function broken(thrown: unknown): ExchangeError {
  generation++;
  loading = null;
  loaded = null;
  return failure(`the interpreter broke down: ${(thrown as Error).message}`);
}

/** What the interpreter does not end itself is ended from outside some time later, and the interpreter with it. */
const graceMillis = 200;

function evaluateWatched(sandbox: Sandbox, script: Script, host: Host, body: string | null): string {
  if (!script.mayBlock) return sandbox.evaluate(host, body);
  try {
    return interruptibly(() => sandbox.evaluate(host, body), longestMillis + graceMillis);
  } catch (thrown) {
    if (!isInterruption(thrown)) throw thrown;
    broken(thrown);
    throw tooLong();
  }
}

function evaluateAlone(module: QuickJSWASMModule, script: Script, host: Host, body: string | null): string {
  const made = generation;
  const sandbox = new Sandbox(module, script);
  try {
    return evaluateWatched(sandbox, script, host, body);
  } catch (thrown) {
    throw thrown instanceof ExchangeError ? thrown : broken(thrown);
  } finally {
    if (made === generation) sandbox.dispose();
  }
}

function evaluateIn(module: QuickJSWASMModule, script: Script, host: Host, body: string | null): string {
  if (script.mayChangeBuiltIns) return evaluateAlone(module, script, host, body);
  let entry = sandboxes.get(script);
  if (entry === undefined || entry.generation !== generation) {
    entry = { sandbox: new Sandbox(module, script), generation };
    sandboxes.set(script, entry);
  }
  try {
    return evaluateWatched(entry.sandbox, script, host, body);
  } catch (thrown) {
    if (!(thrown instanceof ExchangeError)) {
      const failed = broken(thrown);
      sandboxes.delete(script);
      throw failed;
    }
    // What was interrupted, or ran out of memory, may have left anything behind.
    if (/not done after|out of memory|stack overflow/.test(thrown.message)) sandboxes.delete(script);
    throw thrown;
  }
}

/**
 * Evaluates a script in its own sandbox (QuickJS in WebAssembly).
 * @param script the same object, the same sandbox
 * @returns the result as JSON, as the prelude writes it; a promise of it only while the interpreter is being loaded
 */
export function evaluateScript(script: Script, host: Host, body: string | null): string | Promise<string> {
  if (loaded !== null) return evaluateIn(loaded, script, host, body);
  return (loading ??= load()).then((module) => evaluateIn(module, script, host, body));
}
