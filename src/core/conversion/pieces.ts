const mostFew = 1000;
const smallBytes = 64;

/** Bytes that come in pieces, and are put together at the end: small pieces without the room that each of them takes by itself. */
export class Pieces {
  private readonly full: Uint8Array[] = [];
  private few: Uint8Array[] = [];
  private fewLength = 0;

  /** Of all the pieces. */
  length = 0;

  push(piece: Uint8Array): void {
    this.length += piece.length;
    this.fewLength += piece.length;
    if (this.few.push(piece) < mostFew) return;
    if (this.fewLength < mostFew * smallBytes) this.full.push(Buffer.concat(this.few));
    else for (const one of this.few) this.full.push(one);
    this.few = [];
    this.fewLength = 0;
  }

  bytes(): Buffer {
    const all = this.full.length === 0 ? this.few : [...this.full, ...this.few];
    const [only] = all;
    return all.length === 1 && Buffer.isBuffer(only) ? only : Buffer.concat(all, this.length);
  }
}
