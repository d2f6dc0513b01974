// Safetensors files: round trips, and broken or hostile files.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { type DType, sizeOf, type Tensor, zeros } from "../tensor.ts";
import { encodeTensors, readTensors, type TensorFile } from "./safetensors.ts";

const folder = mkdtempSync(join(tmpdir(), "cutout-safetensors-"));
const path = join(folder, "file.safetensors");
afterAll(() => rmSync(folder, { recursive: true }));

const anyTensor: fc.Arbitrary<Tensor> = fc
  .record({
    dtype: fc.constantFrom<DType>("float32", "int32", "uint8", "bool"),
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
    bytes: fc.infiniteStream(fc.integer({ min: 0, max: 255 })),
  })
  .map(({ dtype, shape, bytes }) => {
    const value = zeros(dtype, shape);
    const raw = new Uint8Array(value.data.buffer);
    for (let index = 0; index < raw.length; index++) raw[index] = bytes.next().value;
    return value;
  });
const anyName = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("__proto__", "constructor", "a.weight", "1"),
);
const anyFile: fc.Arbitrary<TensorFile> = fc.record({
  tensors: fc
    .array(fc.tuple(anyName, anyTensor), { maxLength: 6 })
    .map((entries) => new Map(entries.filter(([name]) => name !== "__metadata__"))),
  metadata: fc.dictionary(fc.string(), fc.string()),
});

const bytesOf = (value: Tensor) =>
  Buffer.from(value.data.buffer, value.data.byteOffset, value.data.byteLength);

test("what is written is read back: names, types, shapes and every byte", () => {
  fc.assert(
    fc.property(anyFile, (file) => {
      writeFileSync(path, Buffer.concat(encodeTensors(file)));
      const back = readTensors(path);
      expect(new Set(back.tensors.keys())).toEqual(new Set(file.tensors.keys()));
      for (const [name, value] of file.tensors) {
        const found = back.tensors.get(name)!;
        expect([found.dtype, found.shape]).toEqual([value.dtype, value.shape]);
        expect(found.data.constructor).toBe(value.data.constructor);
        expect(bytesOf(found).equals(bytesOf(value))).toBe(true);
      }
      expect({ ...back.metadata }).toEqual({ ...file.metadata });
    }),
    { numRuns: 200 },
  );
});

test("tensors lie at multiples of their element size, the header ends at a multiple of 8", () => {
  fc.assert(
    fc.property(anyFile, (file) => {
      const header = encodeTensors(file)[1]!;
      expect(header.length % 8).toBe(0);
      const entries = new Map<string, { data_offsets: number[] }>(
        Object.entries(JSON.parse(Buffer.from(header).toString())),
      );
      for (const [name, { data }] of file.tensors) {
        expect(entries.get(name)!.data_offsets[0]! % data.BYTES_PER_ELEMENT).toBe(0);
      }
    }),
  );
});

test("a file cut short anywhere, or with a byte more, is refused", () => {
  const tensors = new Map<string, Tensor>([
    ["a.weight", { dtype: "float32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
    ["b", { dtype: "uint8", shape: [3], data: Uint8Array.of(7, 8, 9) }],
  ]);
  const whole = Buffer.concat(encodeTensors({ tensors, metadata: { format: "pt" } }));
  for (let length = 0; length < whole.length; length++) {
    writeFileSync(path, whole.subarray(0, length));
    expect(() => readTensors(path), `${length} bytes`).toThrow(
      /file\.safetensors: not a whole safetensors file/,
    );
  }
  writeFileSync(path, Buffer.concat([whole, Buffer.alloc(1)]));
  expect(() => readTensors(path)).toThrow(/must fill the 28 bytes after the header, got 27/);
  writeFileSync(path, whole);
  expect(readTensors(path).tensors.size).toBe(2);
});

test("random damage gives an error or a file that keeps the format's rules, never anything else", () => {
  const tensors = new Map<string, Tensor>([["weight", zeros("float32", [2, 3])]]);
  const whole = Buffer.concat(encodeTensors({ tensors, metadata: {} }));
  const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(damage, (changes) => {
      const bytes = Buffer.from(whole);
      for (const [place, value] of changes) bytes[place] = value;
      writeFileSync(path, bytes);
      try {
        for (const value of readTensors(path).tensors.values())
          expect(value.data.length).toBe(sizeOf(value.shape));
      } catch (error) {
        expect((error as Error).message).toMatch(/^.*file\.safetensors: not a whole safetensors file, /);
      }
    }),
    { numRuns: 500 },
  );
});

describe("hostile headers", () => {
  const entry = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
  const cases: readonly (readonly [string, unknown, RegExp])[] = [
    ["no object", [], /header must be a JSON object/],
    ["null", null, /header must be a JSON object/],
    ["another type", { a: { ...entry, dtype: "F64" } }, /tensor a must have one of the types .*, got F64/],
    ["a prototype's name as type", { a: { ...entry, dtype: "toString" } }, /got toString/],
    ["negative extent", { a: { ...entry, shape: [-2, -1] } }, /tensor a must have a shape of whole numbers/],
    ["fraction", { a: { ...entry, shape: [0.5, 4] } }, /shape of whole numbers/],
    ["huge shape", { a: { ...entry, shape: [2 ** 53 - 1, 2 ** 53 - 1] } }, /must take .* bytes, got 8/],
    [
      "too long",
      { a: { ...entry, shape: [4], data_offsets: [0, 16] } },
      /must lie within 8 bytes, got 0 to 16/,
    ],
    ["backwards", { a: { ...entry, data_offsets: [8, 0] } }, /must lie within 8 bytes, got 8 to 0/],
    ["three offsets", { a: { ...entry, data_offsets: [0, 4, 8] } }, /must have two offsets/],
    ["no offsets", { a: { dtype: "F32", shape: [2] } }, /must have two offsets/],
    ["overlap", { a: entry, b: entry }, /tensor b must begin where the one before it ends, at byte 8, got 0/],
    [
      "a gap",
      { a: { ...entry, shape: [1], data_offsets: [4, 8] } },
      /tensor a must begin .* at byte 0, got 4/,
    ],
    [
      "bytes left over",
      { a: { ...entry, shape: [1], data_offsets: [0, 4] } },
      /must fill the 8 bytes .*, got 4/,
    ],
    ["numbers as metadata", { __metadata__: { a: 1 }, a: entry }, /__metadata__ must map names to strings/],
  ];
  test.each(cases)("%s", (_name, json, message) => {
    writeFileSync(path, fileOf(JSON.stringify(json), 8));
    expect(() => readTensors(path)).toThrow(message);
  });
  test("a header length beyond all numbers", () => {
    writeFileSync(path, Buffer.concat([Buffer.alloc(8, 255), Buffer.alloc(100)]));
    expect(() => readTensors(path)).toThrow(/header must fit into the file's 108 bytes/);
  });
  test("bytes that are no UTF-8", () => {
    const bytes = fileOf('{"a":0}', 0);
    bytes[10] = 0xff;
    writeFileSync(path, bytes);
    expect(() => readTensors(path)).toThrow(/header must be JSON/);
  });
});

test("a missing file, a folder, and the reserved name", () => {
  expect(() => readTensors(join(folder, "none"))).toThrow(/none: is missing/);
  expect(() => readTensors(folder)).toThrow(/must be a plain file, got a folder/);
  const tensors = new Map([["__metadata__", zeros("uint8", [1])]]);
  expect(() => encodeTensors({ tensors, metadata: {} })).toThrow(/must not be called __metadata__/);
});

test("the layout is the published one, byte for byte", () => {
  const tensors = new Map<string, Tensor>([
    ["x", { dtype: "float32", shape: [1], data: Float32Array.of(1) }],
  ]);
  writeFileSync(path, Buffer.concat(encodeTensors({ tensors, metadata: { format: "pt" } })));
  const text = '{"__metadata__":{"format":"pt"},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
  expect(readFileSync(path)).toEqual(fileOf(text.padEnd(Math.ceil(text.length / 8) * 8), Float32Array.of(1)));
});

function fileOf(header: string, data: number | Float32Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  const bytes = typeof data === "number" ? Buffer.alloc(data) : Buffer.from(data.buffer);
  return Buffer.concat([length, Buffer.from(header), bytes]);
}
