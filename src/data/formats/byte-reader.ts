// Pieces of a wanted length out of a stream of chunks of any length.
import { trouble, type Where } from "./trouble.ts";

/**
 * Reads a stream front to back. Memory grows with what has arrived, not with what was asked for: a length out of a
 * hostile header costs nothing until the bytes are there.
 */
export class ByteReader {
  readonly #where: Where;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #position = 0;

  /** Bytes read so far, for messages. */
  get position(): number {
    return this.#position;
  }

  constructor(where: Where, chunks: AsyncIterable<Uint8Array>) {
    this.#where = where;
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next `length` bytes. @throws Error when the stream ends before */
  async read(length: number): Promise<Uint8Array> {
    if (this.#chunk.length >= length) return this.#take(length);
    const parts: Uint8Array[] = [];
    for await (const part of this.pieces(length)) parts.push(part);
    return Buffer.concat(parts, length);
  }

  /** Passes over `length` bytes. @throws Error when the stream ends before */
  async skip(length: number): Promise<void> {
    for await (const _ of this.pieces(length));
  }

  /** The next `length` bytes in pieces as they come. @throws Error when the stream ends before */
  async *pieces(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      if (!(await this.#fill())) {
        throw trouble(this.#where, `go on for ${left} more bytes`, `its end after ${this.#position}`);
      }
      const part = this.#take(Math.min(left, this.#chunk.length));
      left -= part.length;
      yield part;
    }
  }

  /** Whether everything has been read. */
  async atEnd(): Promise<boolean> {
    return !(await this.#fill());
  }

  /** Gives the stream up. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #fill(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return false;
      this.#chunk = next.value;
    }
    return true;
  }

  #take(length: number): Uint8Array {
    const part = this.#chunk.subarray(0, length);
    this.#chunk = this.#chunk.subarray(length);
    this.#position += length;
    return part;
  }
}
