/** How places ended, two bits a place, laid out as in the Redis string `ended`; blocks nobody ended in need not exist. */
export const endings = ['none', 'entered', 'left', 'expired'] as const;
export type Ending = (typeof endings)[number];

const blockPlaces = 4096;
const blockBytes = blockPlaces / 4;

export class EndedIndex {
  private readonly blocks = new Map<number, Uint8Array>();

  get(seq: number): Ending {
    const byte = this.blocks.get(Math.floor(seq / blockPlaces))?.[(seq % blockPlaces) >> 2] ?? 0;
    return endings[(byte >> shiftOf(seq)) & 3] ?? 'none';
  }

  set(seq: number, ending: Ending): void {
    const number = Math.floor(seq / blockPlaces);
    let block = this.blocks.get(number);
    if (!block) {
      block = new Uint8Array(blockBytes);
      this.blocks.set(number, block);
    }
    const at = (seq % blockPlaces) >> 2;
    const shift = shiftOf(seq);
    block[at] = ((block[at] ?? 0) & ~(3 << shift)) | (endings.indexOf(ending) << shift);
  }

  /** Takes over a chunk of the Redis string that begins at a byte divisible by 1,024. */
  load(byteOffset: number, bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; from += blockBytes) {
      const block = new Uint8Array(blockBytes);
      block.set(bytes.subarray(from, from + blockBytes));
      if (block.some((byte) => byte !== 0)) this.blocks.set((byteOffset + from) / blockBytes, block);
    }
  }
}

/** BITFIELD's u2 #n counts from the most significant bits of a byte. */
const shiftOf = (seq: number): number => 6 - 2 * (seq % 4);
