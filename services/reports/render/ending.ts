// Why a render ends before its time. Whoever waits for something on the render's behalf waits with `race`, and is woken
// by the end; the first cause stays. One wait at a time: a promise that many waits hang on would keep them all.
export class Ending {
  #cause: { readonly error: unknown } | undefined;
  #wake: ((error: unknown) => void) | undefined;

  get cause(): { readonly error: unknown } | undefined {
    return this.#cause;
  }

  end(error: unknown): void {
    this.#cause ??= { error };
    this.#wake?.(this.#cause.error);
  }

  throwIfEnded(): void {
    if (this.#cause !== undefined) throw this.#cause.error;
  }

  /** @throws the cause of the end; what the work throws. */
  race<T>(work: PromiseLike<T> | T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      Promise.resolve(work).then(resolve, reject);
      if (this.#cause !== undefined) reject(this.#cause.error);
      else this.#wake = reject;
    });
  }
}
