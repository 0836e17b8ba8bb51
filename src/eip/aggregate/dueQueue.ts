/** Something that is due at a time, which may move. */
export interface Due {
  /** Milliseconds of the clock; 0 = not any more. */
  due: number;
  /** When the queue looks at it; 0 = it is not in the queue. */
  queuedFor: number;
}

interface Entry<T extends Due> {
  readonly at: number;
  readonly item: T;
}

/**
 * Items by the time at which they are due. Moving one to a later time costs nothing: the queue finds out when it would have been due
 * before.
 */
export class DueQueue<T extends Due> {
  /** A binary heap. */
  private readonly heap: Entry<T>[] = [];

  /** When to look next; Infinity = never. */
  get next(): number {
    return this.heap.length === 0 ? Infinity : this.heap[0]!.at;
  }

  set(item: T, due: number): void {
    item.due = due;
    if (item.queuedFor !== 0 && item.queuedFor <= due) return;
    item.queuedFor = due;
    this.push({ at: due, item });
  }

  /** The next item that is due by now, or null. */
  take(now: number): T | null {
    while (this.heap.length > 0 && this.heap[0]!.at <= now) {
      const { at, item } = this.pop();
      // It was moved to an earlier time since, and has another entry.
      if (item.queuedFor !== at) continue;
      item.queuedFor = 0;
      if (item.due === 0) continue;
      if (item.due <= now) return item;
      this.set(item, item.due);
    }
    return null;
  }

  private push(entry: Entry<T>): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.at <= entry.at) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  private pop(): Entry<T> {
    const { heap } = this;
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++;
      if (heap[child]!.at >= last.at) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}
