/**
 * Which places wait, and how many wait in front of one: a bitmap in blocks of 1,024 seqs, with a Fenwick tree
 * (P. Fenwick, 1994) over the blocks' counts. A bit a place plus 4 bytes a block; position in about 100 ns at 300,000.
 * Blocks that nobody waits in need not exist, so a jump of the counter costs nothing.
 * Bytes are laid out as in the Redis bitmap (bit 0 = most significant), so a loaded chunk is copied as it is.
 */
const blockBits = 1024;
const blockBytes = blockBits / 8;

const ones = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest > 0; rest &= rest - 1) count += 1;
  return count;
});

interface Block {
  readonly number: number;
  readonly bytes: Uint8Array;
  count: number;
}

export class PlaceIndex {
  /** Ascending by number. */
  private blocks: Block[] = [];
  private readonly slots = new Map<number, number>();
  /** Fenwick tree over the blocks' counts, 1-based. */
  private tree = new Int32Array(64);
  private total = 0;

  /** Places that wait. */
  get count(): number {
    return this.total;
  }

  has(seq: number): boolean {
    const slot = this.slots.get(Math.floor(seq / blockBits));
    if (slot === undefined) return false;
    const bit = seq % blockBits;
    return ((this.at(slot).bytes[bit >> 3] ?? 0) & (128 >> (bit & 7))) !== 0;
  }

  /** Puts a place in or out; false when it was so already. */
  set(seq: number, waits: boolean): boolean {
    const number = Math.floor(seq / blockBits);
    let slot = this.slots.get(number);
    if (slot === undefined) {
      if (!waits) return false;
      slot = this.addBlock(number);
    }
    const block = this.at(slot);
    const bit = seq % blockBits;
    const mask = 128 >> (bit & 7);
    const byte = block.bytes[bit >> 3] ?? 0;
    if (((byte & mask) !== 0) === waits) return false;
    block.bytes[bit >> 3] = byte ^ mask;
    this.addToBlock(slot, waits ? 1 : -1);
    return true;
  }

  /** Places that wait with a smaller seq. */
  countBefore(seq: number): number {
    const number = Math.floor(seq / blockBits);
    const exact = this.slots.get(number);
    const slot = exact ?? this.slotAtOrAfter(number);
    let count = 0;
    for (let node = slot; node > 0; node -= node & -node) count += this.tree[node] ?? 0;
    if (exact === undefined) return count;
    const { bytes } = this.at(exact);
    const bit = seq % blockBits;
    const lastByte = bit >> 3;
    for (let at = 0; at < lastByte; at += 1) count += ones[bytes[at] ?? 0] ?? 0;
    return count + (ones[(bytes[lastByte] ?? 0) & (0xff00 >> (bit & 7)) & 0xff] ?? 0);
  }

  /** The first place that waits, or undefined. */
  first(): number | undefined {
    for (const block of this.blocks) {
      if (block.count === 0) continue;
      const at = block.bytes.findIndex((byte) => byte !== 0);
      return block.number * blockBits + at * 8 + Math.clz32(block.bytes[at] ?? 0) - 24;
    }
    return undefined;
  }

  /** Seqs at the positions `from` (1 = the front) to `from + limit - 1`, as far as the line reaches. */
  slice(from: number, limit: number): number[] {
    const seqs: number[] = [];
    let [slot, skip] = this.blockOf(Math.max(1, from));
    for (; slot < this.blocks.length && seqs.length < limit; slot += 1) {
      const { number, bytes, count } = this.at(slot);
      if (count <= skip) {
        skip -= count;
        continue;
      }
      for (let at = 0; at < blockBytes && seqs.length < limit; at += 1) {
        const byte = bytes[at] ?? 0;
        if (byte === 0) continue;
        for (let bit = 0; bit < 8 && seqs.length < limit; bit += 1) {
          if ((byte & (128 >> bit)) === 0) continue;
          if (skip > 0) skip -= 1;
          else seqs.push(number * blockBits + at * 8 + bit);
        }
      }
    }
    return seqs;
  }

  /** Takes over a chunk of the Redis bitmap that begins at a byte divisible by 128. */
  load(byteOffset: number, bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; from += blockBytes) {
      const chunk = bytes.subarray(from, from + blockBytes);
      const count = chunk.reduce((sum, byte) => sum + (ones[byte] ?? 0), 0);
      if (count === 0) continue;
      const slot = this.addBlock((byteOffset + from) / blockBytes);
      this.at(slot).bytes.set(chunk);
      this.addToBlock(slot, count);
    }
  }

  /** The block that holds a position, by descent of the tree, and how many of it stand in front of that position. */
  private blockOf(position: number): [slot: number, skip: number] {
    let slot = 0;
    let skip = position - 1;
    for (let step = 2 ** Math.floor(Math.log2(Math.max(1, this.blocks.length))); step >= 1; step /= 2) {
      const count = this.tree[slot + step] ?? 0;
      if (slot + step > this.blocks.length || count > skip) continue;
      slot += step;
      skip -= count;
    }
    return [slot, skip];
  }

  private at(slot: number): Block {
    const block = this.blocks[slot];
    if (!block) throw new Error(`no block at slot ${slot}`);
    return block;
  }

  private slotAtOrAfter(number: number): number {
    let low = 0;
    let high = this.blocks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at(middle).number < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private addBlock(number: number): number {
    const slot = this.slotAtOrAfter(number);
    this.blocks.splice(slot, 0, { number, bytes: new Uint8Array(blockBytes), count: 0 });
    if (slot === this.blocks.length - 1 && slot + 1 < this.tree.length) {
      this.slots.set(number, slot);
      this.plant(slot);
    } else {
      this.replant();
    }
    return slot;
  }

  /** Sets the tree's node of a new last block: the sum of the nodes below it. */
  private plant(slot: number): void {
    const node = slot + 1;
    let sum = 0;
    for (let below = node - 1; below > node - (node & -node); below -= below & -below)
      sum += this.tree[below] ?? 0;
    this.tree[node] = sum;
  }

  /** Builds the tree anew, with room to grow: after a block in the middle, or when it is full. */
  private replant(): void {
    this.tree = new Int32Array(Math.max(64, this.blocks.length * 2));
    this.slots.clear();
    for (const [slot, block] of this.blocks.entries()) {
      this.slots.set(block.number, slot);
      for (let node = slot + 1; node < this.tree.length; node += node & -node) {
        this.tree[node] = (this.tree[node] ?? 0) + block.count;
      }
    }
  }

  private addToBlock(slot: number, change: number): void {
    this.at(slot).count += change;
    this.total += change;
    for (let node = slot + 1; node < this.tree.length; node += node & -node) {
      this.tree[node] = (this.tree[node] ?? 0) + change;
    }
  }
}
