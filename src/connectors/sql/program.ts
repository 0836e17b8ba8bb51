/**
 * What the thread of a database runs. It answers `run`, `batch`, `exec`, `rest` (more rows of a large result) and `close`.
 *
 * The library reads and writes through `node:fs`, which is changed here, in this thread alone:
 *
 * - A lock of the library is a folder beside the file. Here it holds the name of its owner, so that what a killed process has left is told from what is
 *   in use; a lock in use is waited for.
 * - The library takes its own lock for that of another who is writing, and would never roll back what a killed process had begun. It does not see its own.
 * - A database in memory is in buffers that the process shares with the thread: it outlives a thread that had to be ended.
 */
export const program = `
const { parentPort, workerData } = require('node:worker_threads');
const fs = require('node:fs');
const path = require('node:path');
const { file, number, memory, longestLockMillis, mostBytes, chunkBytes } = workerData;
const real = { ...fs };

// When a process began, in the words of the system, where it says so: a later one may have the same number.
const startOf = (pid) => {
  try {
    const boot = real.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);
    return boot + '.' + real.readFileSync('/proc/' + pid + '/stat', 'latin1').replace(/^.*\\)/s, '').trim().split(' ')[19];
  } catch {
    return '';
  }
};
const host = require('node:os').hostname();
const owner = [host, process.pid, startOf(process.pid), number].join('~');
const isGone = (name) => {
  const [, at, pid, start] = /^(.+)~(\\d+)~([^~]*)~\\d+$/.exec(name) ?? [];
  if (at !== host) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (thrown) {
    if (thrown.code === 'ESRCH') return true;
  }
  return start !== '' && startOf(pid) !== start;
};
const sleep = (millis) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis);
const isLock = (name) => typeof name === 'string' && name === file + '.lock';
let isHeld = false;

function lock(name) {
  const end = Date.now() + longestLockMillis;
  for (;;) {
    try {
      real.mkdirSync(name);
      real.writeFileSync(path.join(name, owner), '');
      isHeld = true;
      return;
    } catch (thrown) {
      if (thrown.code !== 'EEXIST') throw thrown;
      let holder;
      try {
        [holder] = real.readdirSync(name);
        if (holder !== undefined && isGone(holder)) {
          // Only one of those who see this takes the name away, and with it the folder.
          real.unlinkSync(path.join(name, holder));
          real.rmdirSync(name);
          continue;
        }
      } catch {
        // Another was faster.
      }
      if (Date.now() > end) {
        lockedBy = holder ?? 'somebody who has left no name';
        throw thrown;
      }
      sleep(3);
    }
  }
}
let lockedBy = '';

function unlock(name) {
  isHeld = false;
  real.rmSync(path.join(name, owner), { force: true });
  real.rmdirSync(name);
}

fs.mkdirSync = (name, ...rest) => (isLock(name) ? lock(name) : real.mkdirSync(name, ...rest));
fs.rmdirSync = (name, ...rest) => (isLock(name) ? unlock(name) : real.rmdirSync(name, ...rest));
fs.accessSync = (name, ...rest) => {
  if (isLock(name) && isHeld) throw Object.assign(new Error('ours'), { code: 'ENOENT' });
  return real.accessSync(name, ...rest);
};

if (memory !== null) {
  const missing = () => Object.assign(new Error('no such file'), { code: 'ENOENT' });
  // Beside the bytes: whether the file exists, and how long it is.
  const files = memory.map(({ bytes, state }) => ({ bytes, state: new Float64Array(state), data: new Uint8Array(bytes) }));
  const slot = (name) => (name === file ? 0 : name === file + '-journal' ? 1 : -1);
  const first = 1 << 24;
  const fileOf = (descriptor) => files[descriptor - first];
  fs.accessSync = (name) => {
    if (slot(name) < 0 || files[slot(name)].state[0] === 0) throw missing();
  };
  fs.mkdirSync = () => {};
  fs.rmdirSync = () => {};
  fs.openSync = (name, ...rest) => {
    if (slot(name) < 0) return real.openSync(name, ...rest);
    files[slot(name)].state[0] = 1;
    return first + slot(name);
  };
  fs.closeSync = (descriptor) => void (descriptor < first && real.closeSync(descriptor));
  fs.fsyncSync = (descriptor) => void (descriptor < first && real.fsyncSync(descriptor));
  fs.fstatSync = (descriptor) => (descriptor < first ? real.fstatSync(descriptor) : { size: fileOf(descriptor).state[1] });
  fs.unlinkSync = (name) => {
    const { state } = files[slot(name)];
    state[0] = 0;
    state[1] = 0;
  };
  fs.ftruncateSync = (descriptor, size) => {
    fileOf(descriptor).state[1] = size;
  };
  fs.readSync = (descriptor, into, offset, length, from) => {
    if (descriptor < first) return real.readSync(descriptor, into, offset, length, from);
    const { data, state } = fileOf(descriptor);
    // The library gives a bigint.
    const position = Number(from);
    const end = Math.min(state[1], position + length);
    if (end <= position) return 0;
    into.set(data.subarray(position, end), offset);
    return end - position;
  };
  fs.writeSync = (descriptor, from, offset, length, position) => {
    const { bytes, data, state } = fileOf(descriptor);
    const end = position + length;
    if (end > bytes.byteLength) bytes.grow(Math.min(bytes.maxByteLength, Math.max(end, bytes.byteLength * 2)));
    if (position > state[1]) data.fill(0, state[1], position);
    data.set(from.subarray(offset, offset + length), position);
    if (end > state[1]) state[1] = end;
    return length;
  };
}

const { Database } = require(workerData.library);
let opened = null;
const database = () => (opened ??= new Database(file));
const results = new Map();
let lastResult = 0;

const sizeOf = (value) => 16 + (typeof value === 'string' ? value.length * 2 : value instanceof Uint8Array ? value.length : 0);

/** The first rows of a result; the rest is asked for. */
function chunk(id, rows) {
  let size = 0;
  let count = 0;
  for (; count < rows.length && size < chunkBytes; count++) for (const name in rows[count]) size += sizeOf(rows[count][name]);
  if (count === rows.length) {
    results.delete(id);
    return { rows, rest: null };
  }
  results.set(id, rows.slice(count));
  return { rows: rows.slice(0, count), rest: id };
}

function run({ text, values, isQuery, mostRows }) {
  let statement;
  try {
    statement = database().prepare(text);
    if (!isQuery) {
      const { changes, lastInsertRowid } = statement.run(values);
      // What defines tables leaves the count of the last change as it was.
      return { rows: null, rest: null, changes: /^[^a-z]*(?:create|drop|alter)/i.test(text) ? 0 : changes, lastId: lastInsertRowid };
    }
    const rows = [];
    let size = 0;
    // Not the iterator of the library: what is left of a statement that is not read to its end is taken away by finalize.
    for (const row of statement.iterate(values)) {
      rows.push(row);
      if (rows.length === mostRows) break;
      for (const name in row) size += sizeOf(row[name]);
      if (size > mostBytes) throw new Error('the result takes more than ' + mostBytes / 1048576 + ' MB: ask for fewer rows (LIMIT, or the option template.maxRows) or columns at a time');
    }
    return { ...chunk(++lastResult, rows), changes: 0, lastId: 0 };
  } finally {
    try {
      statement?.finalize();
    } catch {
      // It says again what the statement failed with.
    }
  }
}

function batch({ tasks }) {
  const isInner = database().inTransaction;
  opened.exec(isInner ? 'SAVEPOINT batch' : 'BEGIN');
  let at = -1;
  try {
    let changes = 0;
    for (const task of tasks) {
      at++;
      changes += run(task).changes;
    }
    at = -1;
    opened.exec(isInner ? 'RELEASE batch' : 'COMMIT');
    return { changes };
  } catch (thrown) {
    opened.exec(isInner ? 'ROLLBACK TO batch; RELEASE batch' : 'ROLLBACK');
    throw Object.assign(thrown, { at });
  }
}

const work = {
  run,
  batch,
  exec: ({ text }) => void database().exec(text),
  rest: ({ id }) => {
    const rows = results.get(id);
    results.delete(id);
    return chunk(id, rows);
  },
  close: () => {
    opened?.close();
    opened = null;
  },
};

parentPort.on('message', (request) => {
  try {
    lockedBy = '';
    parentPort.postMessage({ output: { value: work[request.kind](request) } });
  } catch (thrown) {
    const message = String(thrown.message ?? thrown);
    parentPort.postMessage({ output: { failure: lockedBy === '' ? message : message + ' (by ' + lockedBy + ': ' + file + '.lock)', at: thrown.at ?? -1 } });
  }
});
`;
