// Checks Thrift's compact encoding before a library reads it: no list longer than the bytes that are left, no depth
// and no number without end (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md).

import { deserializeTCompactProtocol } from "hyparquet/src/thrift.js";
import { CutoutError } from "../../error.ts";

const deepest = 24;
const types = {
  stop: 0,
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  struct: 12,
};

/** A structure's fields by number, as the library gives them. */
export type ThriftFields = { readonly [field: `field_${number}`]: unknown };

/**
 * The structure at the start of `bytes`, and its length.
 * @throws Error when it is damaged or goes on beyond the end
 */
export function readThrift(bytes: Uint8Array): { readonly fields: ThriftFields; readonly length: number } {
  checkThrift(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader = { view, offset: 0 };
  return { fields: deserializeTCompactProtocol(reader) as ThriftFields, length: reader.offset };
}

/** @throws Error when the structure at the start of `bytes` is damaged or goes on beyond the end */
export function checkThrift(bytes: Uint8Array): void {
  let at = 0;
  const take = (length: number) => {
    if (length > bytes.length - at)
      throw new CutoutError({ where: "thrift", what: `${length} bytes wanted at byte ${at}` });
    at += length;
  };
  const byte = () => {
    take(1);
    return bytes[at - 1]!;
  };
  const varint = () => {
    let value = 0;
    for (let place = 0; place < 10; place++) {
      const next = byte();
      value += (next & 0x7f) * 2 ** (7 * place);
      if (next < 0x80) return value;
    }
    throw new CutoutError({ where: "thrift", what: `a number without end at byte ${at}` });
  };
  const element = (type: number, depth: number, inList: boolean): void => {
    if (type === types.true || type === types.false) {
      if (inList) take(1);
    } else if (type === types.byte) take(1);
    else if (type === types.i16 || type === types.i32 || type === types.i64) varint();
    else if (type === types.double) take(8);
    else if (type === types.binary) take(varint());
    else if (type === types.list || type === types.set) list(depth + 1);
    else if (type === types.struct) struct(depth + 1);
    else throw new CutoutError({ where: "thrift", what: `type ${type} at byte ${at}` });
  };
  const list = (depth: number) => {
    if (depth > deepest) throw new CutoutError({ where: "thrift", what: "nested too deeply" });
    const head = byte();
    const size = head >> 4 === 15 ? varint() : head >> 4;
    if (size > bytes.length - at)
      throw new CutoutError({ where: "thrift", what: `a list of ${size} at byte ${at} of ${bytes.length}` });
    for (let index = 0; index < size; index++) element(head & 15, depth, true);
  };
  const struct = (depth: number) => {
    if (depth > deepest) throw new CutoutError({ where: "thrift", what: "nested too deeply" });
    for (let head = byte(); (head & 15) !== types.stop; head = byte()) {
      if (head >> 4 === 0) varint(); // the field's number, where it is not the last one's plus a little
      element(head & 15, depth, false);
    }
  };
  struct(0);
}
