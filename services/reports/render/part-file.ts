/**
 * The file that is being written, under its temporary name. Counts its bytes and refuses more than it may have; a full
 * disk or a lost folder is told by the next call. Once `close` has returned, what was written has reached the disk.
 */
import { once } from "node:events";
import { type FileHandle, open } from "node:fs/promises";
import { Writable } from "node:stream";
import { finished } from "node:stream/promises";

const BUFFER_BYTES = 262_144;

export class TooLargeError extends Error {}

export class PartFile extends Writable {
  readonly #path: string;
  readonly #maxBytes: number;
  #handle: FileHandle | undefined;
  #bytes = 0;

  constructor(path: string, maxBytes: number) {
    super({ highWaterMark: BUFFER_BYTES, decodeStrings: true });
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.on("error", () => undefined); // Every call looks at `errored`; nobody need be waiting when it happens.
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Writes, and waits where the disk is slower. @throws TooLargeError; what the file system says. */
  async print(text: string): Promise<void> {
    this.#check();
    if (!this.write(text)) await this.settled();
  }

  /** Resolves as soon as the file takes more. @throws as `print`. */
  async settled(): Promise<void> {
    this.#check();
    if (this.writableNeedDrain) await once(this, "drain");
  }

  /** @throws as `print`. */
  async close(): Promise<void> {
    this.#check();
    const written = finished(this);
    if (!this.writableEnded) this.end();
    await written;
  }

  override _construct(callback: (error?: Error | null) => void): void {
    settle(callback, async () => {
      this.#handle = await open(this.#path, "w");
    });
  }

  override _write(chunk: Uint8Array, _encoding: string, callback: (error?: Error | null) => void): void {
    settle(callback, () => this.#append([chunk]));
  }

  override _writev(chunks: { chunk: Uint8Array }[], callback: (error?: Error | null) => void): void {
    settle(callback, () => this.#append(chunks.map(({ chunk }) => chunk)));
  }

  override _final(callback: (error?: Error | null) => void): void {
    settle(callback, async () => {
      await this.#handle?.datasync();
    });
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const handle = this.#handle;
    this.#handle = undefined;
    settle(
      (closing) => callback(error ?? closing),
      async () => handle?.close(),
    );
  }

  async #append(chunks: readonly Uint8Array[]): Promise<void> {
    this.#bytes += chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    if (this.#bytes > this.#maxBytes) throw new TooLargeError(`the file is larger than ${this.#maxBytes} bytes`);
    let left = Buffer.concat(chunks);
    while (left.length > 0) {
      // A disk that runs full first takes a part.
      const { bytesWritten } = (await this.#handle?.write(left)) ?? { bytesWritten: left.length };
      left = left.subarray(bytesWritten);
    }
  }

  #check(): void {
    if (this.errored) throw this.errored;
  }
}

function settle(callback: (error?: Error | null) => void, work: () => Promise<void>): void {
  work().then(() => callback(), callback);
}
