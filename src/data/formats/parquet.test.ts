import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { largestAllocation } from "../../../test/helpers/fuzz-readers.ts";
import { columnValues, type ParquetFile } from "./parquet.ts";
import { type Page, valuesOf } from "./parquet-page.ts";
import { checkThrift, readThrift } from "./thrift.ts";

describe("Thrift", () => {
  it("is checked before anything is made of it", async () => {
    const cases: readonly (readonly [number[], RegExp])[] = [
      [[0x19, 0xf5, 0xff, 0xff, 0xff, 0x0f], /a list of 33554431/],
      [Array.from({ length: 100 }, () => 0x1c), /nested too deeply/],
      [[0x19, ...Array.from({ length: 100 }, () => 0x19)], /nested too deeply/],
      [[0x15, ...new Array<number>(1000).fill(0x80)], /a number without end/],
      [[0x18, 0xff, 0xff, 0xff, 0xff, 0x07, 0], /bytes wanted/],
      [[0x1b, 0], /type 11/],
      [[0x15], /bytes wanted/],
      [[], /bytes wanted/],
    ];
    const largest = await largestAllocation(async () => {
      for (const [bytes, message] of cases)
        expect(() => checkThrift(Uint8Array.from(bytes))).toThrow(message);
    });
    expect(largest).toBeLessThan(2 ** 20);
  });

  it("that passes the check is read by the library, to the same end", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          checkThrift(bytes);
        } catch {
          return;
        }
        // Its own checks may refuse more, but it never goes beyond the end.
        try {
          expect(readThrift(bytes).length).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect((error as Error).message).toMatch(/thrift/);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("dictionaries", () => {
  /** A number as Thrift's compact protocol writes it. */
  const varint = (value: number): number[] =>
    value < 64 ? [2 * value] : [((2 * value) & 0x7f) | 0x80, ...unsigned(Math.floor((2 * value) / 128))];
  const unsigned = (value: number): number[] =>
    value < 128 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(Math.floor(value / 128))];

  it("of more values than memory has room for are refused", () => {
    // Ten million empty texts, which pack into some kilobytes.
    const count = 10_000_000;
    const packed = gzipSync(Buffer.alloc(4 * count));
    const fields = [0x15, ...varint(2), 0x15, ...varint(4 * count), 0x15, ...varint(packed.length)];
    const header = [...fields, 0x4c, 0x15, ...varint(count), 0x15, 0, 0, 0];
    const bytes = Buffer.concat([Buffer.alloc(4), Buffer.from(header), packed, Buffer.alloc(8)]);
    const meta_data = {
      path_in_schema: ["image"],
      codec: "GZIP",
      data_page_offset: 4n,
      total_compressed_size: BigInt(header.length + packed.length),
    };
    const metadata = { row_groups: [{ columns: [{ meta_data }], num_rows: 10n }] };
    const values = columnValues(
      {
        size: bytes.length,
        read: (at, length) => Uint8Array.from(bytes.subarray(at, at + length)),
        close() {},
      },
      { reader: "parquet", file: "a.parquet" },
      { metadata } as unknown as ParquetFile,
      { path: ["image"], type: "BYTE_ARRAY", maxDefinitionLevel: 0, repeated: false },
    );
    expect(() => values.next()).toThrow(
      "parquet: a.parquet must have a proper dictionary, got 10000000 values; download it again",
    );
  });
});

describe("pages", () => {
  const page = (more: Partial<Page>): Page => ({
    body: new Uint8Array(),
    count: 5,
    encoding: 0,
    type: "INT32",
    levels: null,
    dictionary: null,
    ...more,
  });
  const values = (more: Partial<Page>) => [...valuesOf(page(more))];
  const dictionary = [10, 20, 30, 40, 50, 60, 70, 80];

  it("hold runs and packed bits", () => {
    // 3 bits each: a run of three 2s, then eight packed numbers 0 to 7, of which two are wanted.
    const body = Uint8Array.of(3, 6, 2, 3, 0b10001000, 0b11000110, 0b11111010);
    expect(values({ body, encoding: 8, dictionary })).toEqual([30, 30, 30, 10, 20]);
    expect(values({ body: body.subarray(0, 1), encoding: 8, dictionary, count: 0 })).toEqual([]);
    expect(values({ body, encoding: 8, dictionary, count: 11 }).slice(3)).toEqual(dictionary);
  });

  it("know where a value is missing", () => {
    const levels = { max: 1, bytes: Uint8Array.of(3, 0b01011) };
    expect(values({ body: Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0), levels })).toEqual([
      1,
      2,
      null,
      3,
      null,
    ]);
  });

  it("refuse runs, indices and lengths beyond what is there", () => {
    const runs: readonly (readonly [Partial<Page>, RegExp])[] = [
      [{ body: Uint8Array.of(3, 0, 1), encoding: 8, dictionary }, /an empty run/],
      [{ body: Uint8Array.of(3, 10, 7), encoding: 8, dictionary: [1] }, /value 7 of a dictionary of 1/],
      [{ body: Uint8Array.of(3, 3, 1), encoding: 8, dictionary }, /numbers end/],
      [
        { body: Uint8Array.of(3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), encoding: 8, dictionary },
        /without end/,
      ],
      [{ body: Uint8Array.of(40, 10, 0), encoding: 8, dictionary }, /40 bits/],
      [{ body: Uint8Array.of(1, 10, 0), encoding: 8 }, /a dictionary that is not there/],
      [{ body: Uint8Array.of(1, 0, 0, 0), type: "BYTE_ARRAY" }, /1 bytes wanted/],
      [{ body: Uint8Array.of(0xff, 0xff, 0xff, 0x7f), type: "BYTE_ARRAY" }, /2147483647 bytes wanted/],
      [
        { body: Uint8Array.of(0xff, 0xff, 0xff, 0x7f), levels: { max: 1, bytes: null } },
        /levels of 2147483647/,
      ],
      [{ encoding: 5 }, /encoding 5; write it plainly/],
      [{ type: "INT96" }, /type INT96 are not read/],
      [{ body: Uint8Array.of(1) }, /bounds|Offset/],
    ];
    for (const [more, message] of runs) expect(() => values(more), String(message)).toThrow(message);
  });

  it("never make more of a long run than is wanted", async () => {
    const body = Uint8Array.of(3, 0xfe, 0xff, 0xff, 0xff, 0x0f, 1);
    const largest = await largestAllocation(async () => {
      expect(values({ body, encoding: 8, dictionary })).toEqual([20, 20, 20, 20, 20]);
    });
    expect(largest).toBeLessThan(1000);
  });
});
