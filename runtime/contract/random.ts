// Chance as a parameter: ids and jitter draw from here, tests seed it.
import { randomFillSync } from "node:crypto";

export interface Random {
  /** A number in [0, 1). */
  fraction(): number;
  /** Fills `bytes` with random bytes. */
  fill(bytes: Uint8Array): void;
}

const POOL_BYTES = 8192;

/** Cryptographic randomness, drawn from the kernel a page at a time. */
export class SystemRandom implements Random {
  #pool = new Uint8Array(POOL_BYTES);
  #used = POOL_BYTES;

  fraction(): number {
    const bytes = new Uint8Array(4);
    this.fill(bytes);
    return new DataView(bytes.buffer).getUint32(0) / 2 ** 32;
  }

  fill(bytes: Uint8Array): void {
    if (this.#used + bytes.length > POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    bytes.set(this.#pool.subarray(this.#used, this.#used + bytes.length));
    this.#used += bytes.length;
  }
}

/** A repeatable sequence (mulberry32) for tests and simulations. Never for ids that must not be guessed. */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  fill(bytes: Uint8Array): void {
    for (let index = 0; index < bytes.length; index++) bytes[index] = Math.floor(this.fraction() * 256);
  }
}
