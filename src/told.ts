// What others tell at their time, to be listened to at one's own.

/** Everything told until the end, in its order. One may listen. */
export class Told<T> implements AsyncIterable<T> {
  readonly #waiting: T[] = [];
  #over = false;
  #wake = () => {};

  readonly tell = (what: T): void => {
    this.#waiting.push(what);
    this.#wake();
  };

  readonly end = (): void => {
    this.#over = true;
    this.#wake();
  };

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      while (this.#waiting.length > 0) yield this.#waiting.shift()!;
      if (this.#over) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
