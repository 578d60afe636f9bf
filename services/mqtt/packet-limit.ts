// How large one MQTT packet may be, seen from the bytes of a connection as they come. The parser collects a packet whole
// before anybody is asked about it, and its header may promise 256 MB; this one reads that promise first.

/** MQTT 3.1.1, 2.2.3: at most four bytes, seven bits each. */
const MOST_LENGTH_BYTES = 4;

export class PacketLimit {
  readonly #mostBytes: () => number;
  /** Of the packet that is under way, after its header. */
  #bodyLeft = 0;
  #length = 0;
  #lengthBytes = 0;
  #isInLength = false;

  /** @param mostBytes - of a packet without its header's first bytes; asked for each one. */
  constructor(mostBytes: () => number) {
    this.#mostBytes = mostBytes;
  }

  /** `false` as soon as a packet says that it is larger, or has a header that is none; nothing is to be read after that. */
  allows(chunk: Uint8Array): boolean {
    let at = 0;
    while (at < chunk.length) {
      if (this.#bodyLeft > 0) {
        const skipped = Math.min(this.#bodyLeft, chunk.length - at);
        this.#bodyLeft -= skipped;
        at += skipped;
      } else if (!this.#isInLength) {
        this.#begin();
        at += 1;
      } else {
        if (!this.#allowsLength(chunk[at] ?? 0)) return false;
        at += 1;
      }
    }
    return true;
  }

  #begin(): void {
    this.#isInLength = true;
    this.#length = 0;
    this.#lengthBytes = 0;
  }

  #allowsLength(byte: number): boolean {
    this.#length += (byte & 0x7f) * 128 ** this.#lengthBytes;
    this.#lengthBytes += 1;
    const hasMore = (byte & 0x80) !== 0;
    if (this.#length > this.#mostBytes() || (hasMore && this.#lengthBytes === MOST_LENGTH_BYTES)) return false;
    if (!hasMore) {
      this.#isInLength = false;
      this.#bodyLeft = this.#length;
    }
    return true;
  }
}
