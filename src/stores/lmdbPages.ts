import { readSync } from 'node:fs';

/** How LMDB (format 2, 64 bits) lays its pages out: a header, the places of the nodes, free room, the nodes from the end backwards. */
const header = { bytes: 24, flags: 18, lower: 20, upper: 22, overflowPages: 20 } as const;
const node = { flags: 4, keySize: 6, bytes: 8 } as const;
const BRANCH = 1;
const LEAF = 2;
const OVERFLOW = 4;
const BIG = 1;
const TREE = 2;
/** Where a tree's description has its root. */
const treeRoot = 40;
const treeBytes = 48;
/** All ones, as a number: a tree without pages. */
const noRoot = 2 ** 64;

/** Numbers of pages stay far below 2^53. */
export const pageNumber = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);

/**
 * A value of a tree that is one page, without the engine: what is read of a store before anybody knows whether it can be opened.
 * @returns null when it is not there, or the tree is larger or damaged
 */
export function valueIn(file: number, pageSize: number, pages: number, root: number, key: Buffer): Buffer | null {
  if (root < 2 || root >= pages) return null;
  const page = Buffer.alloc(pageSize);
  readSync(file, page, 0, pageSize, root * pageSize);
  if (page.readUInt16LE(header.flags) !== LEAF) return null;
  const end = Math.min(header.bytes + page.readUInt16LE(header.lower), pageSize - 1);
  for (let i = header.bytes; i < end; i += 2) {
    const at = header.bytes + page.readUInt16LE(i);
    if (at + node.bytes > pageSize || page.readUInt16LE(at + node.flags) !== 0) continue;
    const data = at + node.bytes + page.readUInt16LE(at + node.keySize);
    if (page.subarray(at + node.bytes, data).equals(key)) return page.subarray(data, data + page.readUInt32LE(at));
  }
  return null;
}

/**
 * Follows every tree from its root and looks at each page that it is made of: the engine itself trusts them, and takes the process down with a page
 * that is not what it should be. Bodies of large values are not read, only where they begin.
 * @param most only the first so many pages, from the roots down
 * @returns what is wrong, or null
 */
export function damagedPage(file: number, pageSize: number, pages: number, roots: readonly number[], most = Infinity): string | null {
  const page = Buffer.allocUnsafe(pageSize);
  const begin = Buffer.allocUnsafe(header.bytes);
  const waiting = roots.filter((root) => root !== noRoot);
  const isOutside = (number: number, count = 1): boolean => number < 2 || number + count > pages;
  for (let seen = 0; waiting.length > 0 && seen < most; seen++) {
    const number = most === Infinity ? waiting.pop()! : waiting.shift()!;
    const wrong = (what: string): string => `page ${number} ${what}`;
    if (seen > pages) return wrong('is reached more than once');
    if (isOutside(number)) return wrong('is not in the file');
    if (readSync(file, page, 0, pageSize, number * pageSize) < pageSize || pageNumber(page, 0) !== number) return wrong('is not where it should be');
    const flags = page.readUInt16LE(header.flags);
    if (flags !== BRANCH && flags !== LEAF) return wrong('is of no kind that belongs there');
    const room = pageSize - header.bytes;
    const lower = page.readUInt16LE(header.lower);
    const upper = page.readUInt16LE(header.upper);
    if (lower % 2 !== 0 || lower > upper || upper > room) return wrong('has no sense in its sizes');
    for (let i = 0; i < lower; i += 2) {
      const place = page.readUInt16LE(header.bytes + i);
      const at = header.bytes + place;
      if (place < upper || at + node.bytes > pageSize) return wrong('has an entry outside of itself');
      const nodeFlags = page.readUInt16LE(at + node.flags);
      const data = at + node.bytes + page.readUInt16LE(at + node.keySize);
      const size = page.readUInt32LE(at);
      if (flags === BRANCH) {
        if (data > pageSize) return wrong('has a key that goes beyond it');
        waiting.push(nodeFlags * 2 ** 32 + size);
        continue;
      }
      const isBig = (nodeFlags & BIG) !== 0;
      if (data + (isBig ? header.bytes : size) > pageSize) return wrong('has an entry that goes beyond it');
      if ((nodeFlags & TREE) !== 0) {
        if (size !== treeBytes) return wrong('describes a tree wrongly');
        const root = pageNumber(page, data + treeRoot);
        if (root !== noRoot) waiting.push(root);
      } else if (isBig) {
        seen++;
        const first = pageNumber(page, data);
        if (isOutside(first)) return wrong('names a page that is not in the file');
        readSync(file, begin, 0, header.bytes, first * pageSize);
        const count = begin.readUInt32LE(header.overflowPages);
        if (pageNumber(begin, 0) !== first || begin.readUInt16LE(header.flags) !== OVERFLOW || isOutside(first, count) || size > count * pageSize) {
          return `page ${first} is no beginning of a large value`;
        }
      }
    }
  }
  return null;
}
