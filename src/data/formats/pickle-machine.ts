// The stack and the memo of a pickle, and the values on them.
import type { NumpyType } from "./numpy-type.ts";

/** An array as it lies in the file; `data` is a view of the file's bytes. */
export interface PickledArray {
  readonly shape: readonly number[];
  readonly type: NumpyType;
  /** Whether the first axis is the fastest. */
  readonly fortranOrder: boolean;
  readonly data: Uint8Array;
}

/** Byte strings (Python 2's `str` too) are views of the file's bytes; tuples are arrays. */
export type Pickled =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Pickled[]
  | ReadonlyMap<string, Pickled>
  | PickledArray;

/** Objects while they are made: the pickle fills them in later. */
export class Global {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}
export class NumpyDtype {
  code: string;
  constructor(code: string) {
    this.code = code;
  }
}
export class NumpyArray implements PickledArray {
  shape: readonly number[] = [];
  type: NumpyType = { kind: "uint", bytes: 1, littleEndian: true };
  fortranOrder = false;
  data: Uint8Array = new Uint8Array(0);
}
export class Dictionary extends Map<string, Value> {}
export const mark = Symbol("mark");
export type Value =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | Value[]
  | Global
  | NumpyDtype
  | NumpyArray
  | Dictionary
  | typeof mark;

export class Machine {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #stack: Value[] = [];
  readonly #memo = new Map<number, Value>();
  /** Bytes that `_codecs.encode` may still make: it could be told to encode one long text again and again. */
  #encodable: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#encodable = bytes.length;
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.at) {
      throw new Error(`${length} bytes wanted at byte ${this.at} of ${this.#bytes.length}`);
    }
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  unsigned(bytes: 1 | 2 | 4 | 8): number {
    this.take(bytes);
    const from = this.at - bytes;
    if (bytes === 8) return Number(this.#view.getBigUint64(from, true));
    if (bytes === 4) return this.#view.getUint32(from, true);
    return bytes === 2 ? this.#view.getUint16(from, true) : this.#bytes[from]!;
  }

  signed(bytes: number): number {
    if (bytes > 8) throw new Error(`an integer of ${bytes} bytes at byte ${this.at}`);
    let value = 0n;
    for (const [index, byte] of this.take(bytes).entries()) value |= BigInt(byte) << BigInt(8 * index);
    return Number(BigInt.asIntN(8 * bytes, value));
  }

  double(): number {
    this.take(8);
    return this.#view.getFloat64(this.at - 8, false);
  }

  line(): string {
    const end = this.#bytes.indexOf(10, this.at);
    if (end < 0 || end - this.at > 256) throw new Error(`no name at byte ${this.at}`);
    const text = Buffer.from(this.take(end - this.at)).toString("latin1");
    this.at++;
    return text;
  }

  push(value: Value): void {
    this.#stack.push(value);
  }

  pop(): Value {
    if (this.#stack.length === 0) throw new Error(`nothing to take from the stack at byte ${this.at}`);
    return this.#stack.pop()!;
  }

  top(): Value {
    const value = this.pop();
    this.push(value);
    return value;
  }

  popLast(count: number): Value[] {
    if (this.#stack.length < count) throw new Error(`nothing to take from the stack at byte ${this.at}`);
    return this.#stack.splice(-count);
  }

  /** What stands above the last mark, which is taken away. */
  popToMark(): Value[] {
    const at = this.#stack.lastIndexOf(mark);
    if (at < 0) throw new Error(`no mark on the stack at byte ${this.at}`);
    const values = this.#stack.splice(at + 1);
    this.#stack.pop();
    return values;
  }

  remember(at = this.#memo.size): void {
    this.#memo.set(at, this.top());
  }

  recall(at: number): void {
    const value = this.#memo.get(at);
    if (value === undefined) throw new Error(`nothing remembered as ${at}`);
    this.push(value);
  }

  encode(text: string): Uint8Array {
    this.#encodable -= text.length;
    if (this.#encodable < 0) throw new Error("more text is encoded than the file holds");
    return new Uint8Array(Buffer.from(text, "latin1"));
  }

  result(): Pickled {
    const value = this.pop();
    if (value === mark || value instanceof Global || value instanceof NumpyDtype) {
      throw new Error("the pickle must end with data");
    }
    return value as Pickled;
  }
}
