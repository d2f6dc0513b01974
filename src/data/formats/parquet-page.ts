// The values of one Parquet page (https://parquet.apache.org/docs/file-format/data-pages/encodings/).
// Not hyparquet's: there a run of eight bytes ends the process or never ends, as it is written out beyond the values wanted.

export type PageValue = Uint8Array | number | null;

export interface Page {
  /** Decompressed bytes. */
  readonly body: Uint8Array;
  /** Number of values, missing ones included. */
  readonly count: number;
  readonly encoding: number;
  /** Physical type of the column. */
  readonly type: string;
  /** Where values may be missing: the highest level, and the bytes of the levels where they stand apart. */
  readonly levels: { readonly max: number; readonly bytes: Uint8Array | null } | null;
  readonly dictionary: readonly PageValue[] | null;
}

const encodings = { plain: 0, plainDictionary: 2, rle: 3, rleDictionary: 8 } as const;

/**
 * The values in order; null for a missing one.
 * @throws Error when the page is damaged, or encoded in another way than plainly or by a dictionary
 */
export function* valuesOf({ body, count, encoding, type, levels, dictionary }: Page): Generator<PageValue> {
  let at = 0;
  let present: Uint8Array | null = null;
  if (levels !== null) {
    let bytes = levels.bytes;
    if (bytes === null) {
      const length = viewOf(body).getUint32(0, true);
      if (length > body.length - 4) throw new Error(`levels of ${length} bytes in a page of ${body.length}`);
      bytes = body.subarray(4, 4 + length);
      at = 4 + length;
    }
    const found = hybrid(bytes, bitsOf(levels.max), count);
    present = Uint8Array.from(found, (level) => (level === levels.max ? 1 : 0));
  }
  const stored = present === null ? count : present.reduce((sum, one) => sum + one, 0);
  const values = storedValues(body.subarray(at), stored, encoding, type, dictionary);
  for (let row = 0; row < count; row++) {
    if (present?.[row] === 0) yield null;
    else yield values.next().value as PageValue;
  }
}

function* storedValues(
  bytes: Uint8Array,
  count: number,
  encoding: number,
  type: string,
  dictionary: readonly PageValue[] | null,
): Generator<PageValue> {
  if (count === 0) return;
  if (encoding === encodings.plain) {
    const read = plain[type];
    if (read === undefined) throw new Error(`columns of type ${type} are not read`);
    yield* read(bytes, count);
  } else if (encoding === encodings.plainDictionary || encoding === encodings.rleDictionary) {
    if (dictionary === null) throw new Error("a page refers to a dictionary that is not there");
    const width = bytes[0];
    if (width === undefined || width > 32) throw new Error(`a dictionary's numbers have ${width} bits`);
    for (const index of hybrid(bytes.subarray(1), width, count)) {
      const value = dictionary[index];
      if (value === undefined) throw new Error(`value ${index} of a dictionary of ${dictionary.length}`);
      yield value;
    }
  } else if (encoding === encodings.rle && type === "BOOLEAN") {
    yield* hybrid(bytes.subarray(4), 1, count);
  } else {
    throw new Error(`a column has encoding ${encoding}; write it plainly or with a dictionary`);
  }
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const bitsOf = (highest: number) => 32 - Math.clz32(highest);

function fixed(width: number, get: (view: DataView, at: number) => number | bigint) {
  return function* (bytes: Uint8Array, count: number): Generator<number> {
    const view = viewOf(bytes);
    for (let index = 0; index < count; index++) yield Number(get(view, width * index));
  };
}

/** Plainly written values, by type. Reading past the end throws RangeError. */
const plain: {
  readonly [type: string]: (bytes: Uint8Array, count: number) => Generator<PageValue>;
} = {
  INT32: fixed(4, (view, at) => view.getInt32(at, true)),
  INT64: fixed(8, (view, at) => view.getBigInt64(at, true)),
  FLOAT: fixed(4, (view, at) => view.getFloat32(at, true)),
  DOUBLE: fixed(8, (view, at) => view.getFloat64(at, true)),
  *BOOLEAN(bytes, count) {
    const view = viewOf(bytes);
    for (let index = 0; index < count; index++) yield (view.getUint8(index >> 3) >> (index & 7)) & 1;
  },
  *BYTE_ARRAY(bytes, count) {
    const view = viewOf(bytes);
    for (let index = 0, at = 0; index < count; index++) {
      const length = view.getUint32(at, true);
      at += 4;
      if (length > bytes.length - at)
        throw new Error(`${length} bytes wanted at byte ${at} of ${bytes.length}`);
      yield bytes.subarray(at, at + length);
      at += length;
    }
  },
};

/** Runs of one number, and numbers packed into bits, the lowest first: `count` of them, `width` bits each. */
function hybrid(bytes: Uint8Array, width: number, count: number): Uint32Array {
  const numbers = new Uint32Array(count);
  let at = 0;
  const byte = () => {
    if (at >= bytes.length) throw new Error(`numbers end at byte ${at}`);
    return bytes[at++]!;
  };
  const wholeBytes = Math.ceil(width / 8);
  for (let done = 0; done < count; ) {
    let header = 0;
    for (let place = 0, next = 0x80; next >= 0x80; place++) {
      if (place > 4) throw new Error(`a number without end at byte ${at}`);
      next = byte();
      header += (next & 0x7f) * 2 ** (7 * place);
    }
    if (header % 2 === 0) {
      const length = Math.min(header / 2, count - done);
      if (length === 0) throw new Error(`an empty run at byte ${at}`);
      let value = 0;
      for (let place = 0; place < wholeBytes; place++) value += byte() * 2 ** (8 * place);
      numbers.fill(value, done, done + length);
      done += length;
    } else {
      const groups = (header - 1) / 2;
      const length = Math.min(8 * groups, count - done);
      if (length === 0) throw new Error(`an empty run at byte ${at}`);
      const end = at + groups * width;
      for (let index = 0, bit = 0; index < length; index++) {
        let value = 0;
        for (let place = 0; place < width; place++, bit++) {
          const from = bytes[at + (bit >> 3)];
          if (from === undefined) throw new Error(`numbers end at byte ${bytes.length}`);
          value += ((from >> (bit & 7)) & 1) * 2 ** place;
        }
        numbers[done++] = value;
      }
      at = end;
    }
  }
  return numbers;
}
