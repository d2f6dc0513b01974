// Numpy's names of element types, and arrays of any of them as numbers.

export interface NumpyType {
  readonly kind: "uint" | "int" | "float" | "bool";
  /** Bytes of one element. */
  readonly bytes: number;
  readonly littleEndian: boolean;
}

const kinds: { readonly [letter: string]: NumpyType["kind"] } = {
  u: "uint",
  i: "int",
  f: "float",
  b: "bool",
};

/** The type behind `|u1`, `<i8`, `>f4`, ... @throws Error for texts, objects, complex and structured types */
export function numpyType(code: string): NumpyType {
  const [, order, letter, size] = /^([<>|=]?)([uifb])([1248])$/.exec(code) ?? [];
  if (letter === undefined)
    throw new Error(`arrays must be of plain numbers, got type ${JSON.stringify(code)}`);
  return { kind: kinds[letter]!, bytes: Number(size), littleEndian: order !== ">" };
}

/** The name people know: uint8, float32, ... */
export function typeName({ kind, bytes }: NumpyType): string {
  return kind === "bool" ? kind : `${kind}${8 * bytes}`;
}

/**
 * All elements as numbers, in the order of the bytes.
 * @throws Error when the type is half precision, or an integer is beyond 2^53
 */
export function toNumbers(data: Uint8Array, type: NumpyType): Float64Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const get = getters[`${type.kind}${type.bytes}`];
  if (get === undefined) throw new Error(`numbers of type ${typeName(type)} cannot be read`);
  const count = Math.floor(data.length / type.bytes);
  return Float64Array.from({ length: count }, (_, at) => {
    const value = Number(get(view, at * type.bytes, type.littleEndian));
    if (type.kind !== "float" && !Number.isSafeInteger(value)) throw new Error(`${value} is too large`);
    return value;
  });
}

type Get = (view: DataView, at: number, littleEndian: boolean) => number | bigint;

const getters: { readonly [type: string]: Get } = {
  uint1: (view, at) => view.getUint8(at),
  uint2: (view, at, little) => view.getUint16(at, little),
  uint4: (view, at, little) => view.getUint32(at, little),
  uint8: (view, at, little) => view.getBigUint64(at, little),
  int1: (view, at) => view.getInt8(at),
  int2: (view, at, little) => view.getInt16(at, little),
  int4: (view, at, little) => view.getInt32(at, little),
  int8: (view, at, little) => view.getBigInt64(at, little),
  float4: (view, at, little) => view.getFloat32(at, little),
  float8: (view, at, little) => view.getFloat64(at, little),
  bool1: (view, at) => view.getUint8(at),
};
