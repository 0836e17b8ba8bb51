import { execFileSync } from 'node:child_process';
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { kill, pid, platform } from 'node:process';
import type { Clock, Timer } from '../core/clock.ts';
import { makeFolder } from '../core/folder.ts';
import { StoreError } from '../core/state/store.ts';

interface Holder {
  readonly pid: number;
  /** When the process started, in the system's own words; a later process with the same pid has another. Null: can't be told here. */
  readonly started: string | null;
  readonly host: string;
}

const fileName = 'mecha.pid';
const beatMillis = 5000;
/** Another machine's process counts as gone when its lock has not been touched for so long. */
const silentMillis = 30_000;

/** When a process started, or null when there is none or the system doesn't say. */
function startOf(process: number): string | null {
  try {
    if (platform === 'linux') {
      const stat = readFileSync(`/proc/${process}/stat`, 'utf8');
      // The command in parentheses may hold anything; field 22 is the start in clock ticks since boot.
      const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
      return `${bootId()}/${ticks}`;
    }
    if (platform === 'win32') return null;
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(process)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() || null;
  } catch {
    return null;
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

function isRunning(holder: Holder): boolean {
  try {
    kill(holder.pid, 0);
  } catch (thrown) {
    // EPERM: it runs, under another user.
    if ((thrown as { code?: string }).code !== 'EPERM') return false;
  }
  if (holder.started === null) return true;
  const started = startOf(holder.pid);
  return started === null || started === holder.started;
}

function read(path: string): { text: string; holder: Holder | null; touched: number } | null {
  try {
    const text = readFileSync(path, 'utf8');
    const touched = statSync(path).mtimeMs;
    try {
      const { pid: holderPid, started, host } = JSON.parse(text) as Partial<Holder>;
      if (typeof holderPid === 'number' && holderPid > 0) return { text, holder: { pid: holderPid, started: started ?? null, host: host ?? hostname() }, touched };
    } catch {
      // Half written: its writer died, or is about to finish.
    }
    return { text, holder: null, touched };
  } catch {
    return null;
  }
}

/** Marks a folder as this process's own until `release`. */
export class FolderLock {
  /** Who had the folder before did not let go of it: killed, crashed, or the power went. */
  isTakenOver = false;
  private readonly path: string;
  private readonly text: string;
  private readonly clock: Clock;
  private beat: Timer | null = null;

  /** @throws StoreError naming the process that has the folder */
  constructor(folder: string, clock: Clock) {
    this.clock = clock;
    this.path = join(folder, fileName);
    this.text = JSON.stringify({ pid, started: startOf(pid), host: hostname() } satisfies Holder);
    try {
      makeFolder(folder);
      this.take(folder);
    } catch (thrown) {
      if (thrown instanceof StoreError) throw thrown;
      throw new StoreError(`can't use the state folder ${folder}: ${(thrown as Error).message}`, thrown);
    }
    this.keepAlive();
  }

  /** @param isDone false: what this one found out when it took the folder over, the next must find out again */
  release(isDone = true): void {
    this.beat?.cancel();
    this.beat = null;
    if (read(this.path)?.text !== this.text) return;
    if (isDone || !this.isTakenOver) return rmSync(this.path, { force: true });
    writeFileSync(this.path, '');
    utimesSync(this.path, 0, 0);
  }

  private take(folder: string): void {
    for (let attempt = 0; attempt < 10; attempt++) {
      try {
        writeFileSync(this.path, this.text, { flag: 'wx' });
        this.touch();
        return;
      } catch (thrown) {
        const { code } = thrown as { code?: string };
        // Made, and no room for a word in it: it would keep the folder from the next start.
        if (code === 'ENOSPC' || code === 'EDQUOT') rmSync(this.path, { force: true });
        if (code !== 'EEXIST') throw thrown;
      }
      const found = read(this.path);
      if (found === null) continue;
      const { holder } = found;
      if (holder !== null && holder.host === hostname() && isRunning(holder)) {
        throw new StoreError(`the state folder ${folder} is in use by process ${holder.pid}${holder.pid === pid ? ' (this one)' : ''}: two processes can't share it`);
      }
      const silent = this.clock.now() - found.touched;
      if (holder === null ? silent < 1000 : holder.host !== hostname() && silent < silentMillis) {
        const who = holder === null ? 'another process' : `process ${holder.pid} on ${holder.host}`;
        throw new StoreError(`the state folder ${folder} is in use by ${who}: its lock ${this.path} was touched ${Math.round(silent / 1000)} s ago`);
      }
      this.removeStale(found.text);
      this.isTakenOver = true;
    }
    throw new StoreError(`can't get hold of the state folder ${folder}: others take it all the time`);
  }

  /** Moves the dead process's lock away; if another process was quicker and the lock is its own by now, it gets it back. */
  private removeStale(staleText: string): void {
    const aside = `${this.path}.${pid}`;
    try {
      renameSync(this.path, aside);
    } catch {
      return;
    }
    if (read(aside)?.text !== staleText) {
      try {
        linkSync(aside, this.path);
      } catch {
        // A third has taken it in the meantime.
      }
    }
    rmSync(aside, { force: true });
  }

  private touch(): void {
    const seconds = this.clock.now() / 1000;
    utimesSync(this.path, seconds, seconds);
  }

  private keepAlive(): void {
    this.beat = this.clock.schedule(beatMillis, () => {
      try {
        this.touch();
      } catch {
        // Without the file there is nothing to keep alive; the next write to the store will say what is wrong.
      }
      this.keepAlive();
    });
  }
}
