/** When places were given out: one record a second of joins, read as it grows, searched by seq. */

/** Bytes of a record: first seq, and tenths of a second since the event's base, 4 bytes each. */
const recordBytes = 8;

export class Arrivals {
  private readonly firstSeqs: number[] = [];
  private readonly tenths: number[] = [];

  /** Byte from which the rest is to be read. */
  get readBytes(): number {
    return this.firstSeqs.length * recordBytes;
  }

  /** Takes in what was read from `readBytes` on; half a record at its end is left for the next time. */
  take(bytes: Buffer): void {
    for (let at = 0; at + recordBytes <= bytes.length; at += recordBytes) {
      this.firstSeqs.push(bytes.readUInt32BE(at));
      this.tenths.push(bytes.readUInt32BE(at + 4));
    }
  }

  /** When a place was given out, ms since base, to the second; undefined where no record reaches so far back. */
  sinceBaseMs(seq: number): number | undefined {
    let low = 0;
    let high = this.firstSeqs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.firstSeqs[middle] ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    const tenths = this.tenths[low - 1];
    return tenths === undefined ? undefined : tenths * 100;
  }
}
