// A Parquet file's columns, value by value and page by page (https://parquet.apache.org/docs/file-format/).
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { type FileMetaData, parquetMetadata } from "hyparquet";
import { compressors, decompressZstd } from "hyparquet-compressors";
import type { ByteFile } from "./byte-file.ts";
import { type PageValue, valuesOf } from "./parquet-page.ts";
import { checkThrift, readThrift, type ThriftFields } from "./thrift.ts";
import { trouble, type Where } from "./trouble.ts";

/** A column that holds values. */
export interface ParquetColumn {
  /** Names from the top down: `["image", "bytes"]`. */
  readonly path: readonly string[];
  readonly type: string;
  /** How many of the names above may be missing: a value is there when all are. */
  readonly maxDefinitionLevel: number;
  /** Whether it holds lists. */
  readonly repeated: boolean;
}

export interface ParquetFile {
  readonly numRows: number;
  readonly columns: readonly ParquetColumn[];
  /** Texts that the writer has put in, by their key. */
  readonly texts: ReadonlyMap<string, string>;
  readonly metadata: FileMetaData;
}

const largestFooter = 2 ** 28;
const mostColumns = 10_000;
const deepestColumn = 16;

/**
 * The footer of a file. Sizes in it are checked against the file's before anything is made of them.
 * @throws Error when the file is cut short or damaged
 */
export function openParquet(file: ByteFile, where: Where): ParquetFile {
  const { size } = file;
  const magic = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
  const tail = size < 12 ? null : file.read(size - 8, 8);
  if (tail === null || magic(file.read(0, 4)) !== "PAR1" || magic(tail.subarray(4)) !== "PAR1") {
    throw trouble(where, 'be a whole Parquet file ("PAR1" at both ends)', "a damaged or foreign one");
  }
  const length = new DataView(tail.buffer).getUint32(0, true);
  if (length > size - 12 || length > largestFooter) {
    throw trouble(where, "have a footer within the file", `one of ${length} bytes in ${size}`);
  }
  const footer = file.read(size - 8 - length, length + 8);
  checkThrift(footer.subarray(0, length));
  const metadata = parquetMetadata(footer, { geoparquet: false });
  const numRows = Number(metadata.num_rows);
  const rows = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  if (rows !== numRows || metadata.row_groups.some((group) => group.num_rows < 0)) {
    throw trouble(where, `hold ${numRows} rows`, `${rows} in its groups`);
  }
  // An image takes a byte at least, so there cannot be more.
  if (numRows > size) throw trouble(where, `hold ${numRows} rows`, `${size} bytes, which cannot`);
  const texts = (metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? ""] as const);
  return { numRows, columns: columnsOf(metadata, where), texts: new Map(texts), metadata };
}

/** The leaves of the schema, which is a tree written out depth first. */
function columnsOf({ schema }: FileMetaData, where: Where): ParquetColumn[] {
  const columns: ParquetColumn[] = [];
  if (schema.length > mostColumns) throw trouble(where, `have at most ${mostColumns} columns`, "more");
  let next = 0;
  const walk = (path: readonly string[], level: number, repeated: boolean) => {
    const element = schema[next++];
    if (element === undefined || path.length > deepestColumn)
      throw trouble(where, "have a proper schema", "none");
    const here = next === 1 ? [] : [...path, element.name];
    const root = next === 1;
    const optional = !root && element.repetition_type !== "REQUIRED";
    const lists = repeated || (!root && element.repetition_type === "REPEATED");
    const deeper = level + (optional ? 1 : 0);
    const children = element.num_children ?? 0;
    for (let child = 0; child < children; child++) walk(here, deeper, lists);
    if (children === 0 && !root) {
      columns.push({ path: here, type: element.type ?? "", maxDefinitionLevel: deeper, repeated: lists });
    }
  };
  walk([], 0, false);
  return columns;
}

/**
 * The values of a column from the first row to the last, a page in memory at a time; null where there is none.
 * Bytes are views of the page.
 *
 * @throws Error when a page is damaged, of an unknown kind, or larger than its file could hold
 */
export function* columnValues(
  file: ByteFile,
  where: Where,
  { metadata }: ParquetFile,
  column: ParquetColumn,
): Generator<PageValue> {
  const wanted = column.path.join("\0");
  if (column.repeated) throw trouble(where, `hold one value a row in "${column.path.join(".")}"`, "lists");
  for (const { columns, num_rows } of metadata.row_groups) {
    const chunk = columns.find(({ meta_data }) => meta_data?.path_in_schema.join("\0") === wanted);
    if (chunk?.meta_data === undefined || chunk.file_path) {
      throw trouble(where, `hold the column "${column.path.join(".")}" in each group of rows`, "none");
    }
    const { codec, data_page_offset, dictionary_page_offset, total_compressed_size } = chunk.meta_data;
    const start = Number(dictionary_page_offset || data_page_offset);
    const end = start + Number(total_compressed_size);
    if (!(start >= 4 && start < end && end <= file.size - 8)) {
      throw trouble(where, "hold its columns within the file", `bytes ${start} to ${end} of ${file.size}`);
    }
    yield* chunkValues({ file, where, column, codec, start, end, rows: Number(num_rows) });
  }
}

interface Chunk {
  readonly file: ByteFile;
  readonly where: Where;
  readonly column: ParquetColumn;
  readonly codec: string;
  readonly start: number;
  readonly end: number;
  readonly rows: number;
}

/** Writers end dictionaries at a MiB or so; each value becomes an object here, however little it takes in the page. */
const mostDictionaryValues = 2 ** 20;

const kinds = { data: 0, dictionary: 2, dataV2: 3 } as const;

function* chunkValues({ file, where, column, codec, start, end, rows }: Chunk): Generator<PageValue> {
  let dictionary: readonly PageValue[] | null = null;
  let at = start;
  let left = rows;
  while (left > 0) {
    const { fields, length } = readPageHeader(file, at, end);
    const kind = fields.field_1;
    const unpacked = size(fields.field_2);
    const packed = size(fields.field_3);
    at += length;
    if (at + packed > end) {
      throw trouble(where, "hold its pages within their column", `${packed} bytes at byte ${at} of ${end}`);
    }
    const v2 = kind === kinds.dataV2 ? (fields.field_8 as ThriftFields) : null;
    const levels = v2 === null ? 0 : size(v2.field_5) + size(v2.field_6);
    if (levels > packed || levels > unpacked)
      throw trouble(where, "have whole pages", "one without its levels");
    const raw = file.read(at, packed);
    at += packed;
    // In version 2 the levels stand before the compressed part.
    const stored = v2?.field_7 === false ? "UNCOMPRESSED" : codec;
    const body = unpack(stored, raw.subarray(levels), unpacked - levels, where);
    if (kind === kinds.dictionary) {
      const header = fields.field_7 as ThriftFields;
      const count = size(header.field_1);
      if (count > mostDictionaryValues) throw trouble(where, "have a proper dictionary", `${count} values`);
      dictionary = [
        ...valuesOf({ body, count, encoding: 0, type: column.type, levels: null, dictionary: null }),
      ];
    } else if (kind === kinds.data || v2 !== null) {
      const header = v2 ?? (fields.field_5 as ThriftFields);
      const count = size(header.field_1);
      if (count > left || count === 0)
        throw trouble(where, `have at most ${left} values in a page`, `${count}`);
      left -= count;
      const encoding = size(v2 === null ? header.field_2 : header.field_4);
      const max = column.maxDefinitionLevel;
      const bytes = v2 === null ? null : raw.subarray(size(v2.field_6), levels);
      const ofPage = max === 0 ? null : { max, bytes };
      yield* valuesOf({ body, count, encoding, type: column.type, levels: ofPage, dictionary });
    }
    // Pages of other kinds (indexes) are passed over.
  }
}

/** Headers have some dozens of bytes; statistics in them can make them longer. */
const headerSizes = [2 ** 12, 2 ** 20];

function readPageHeader(file: ByteFile, at: number, end: number) {
  const [short, long] = headerSizes.map((length) => Math.min(length, end - at)) as [number, number];
  try {
    return readThrift(file.read(at, short));
  } catch (error) {
    if (long === short) throw error;
    return readThrift(file.read(at, long));
  }
}

function size(value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
  throw new Error(`a size must be a whole number from 0 on, got ${String(value)}`);
}

/** A page is some megabytes; one of a thousand large photos can have several hundred. */
const largestPage = 2 ** 30;
/** Photos and labels pack a few times at most; what claims more is no data set. */
const largestRatio = 1100;

type Unpack = (packed: Uint8Array, length: number) => Uint8Array;

const codecs: { readonly [name: string]: Unpack } = {
  UNCOMPRESSED: (packed) => packed,
  SNAPPY(packed, length) {
    // The library believes the length in front of the data.
    let declared = 0;
    for (let place = 0; place < 5; place++) {
      declared += (packed[place]! & 0x7f) * 2 ** (7 * place);
      if (!(packed[place]! >= 0x80)) break;
    }
    if (declared !== length) throw new Error(`a page of ${length} bytes says that it has ${declared}`);
    return compressors.SNAPPY!(packed, length);
  },
  GZIP: (packed, length) => gunzipSync(packed, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (packed, length) => brotliDecompressSync(packed, { maxOutputLength: Math.max(1, length) }),
  ZSTD: (packed, length) => decompressZstd(packed, new Uint8Array(length)),
  LZ4: (packed, length) => compressors.LZ4!(packed, length),
  LZ4_RAW: (packed, length) => compressors.LZ4_RAW!(packed, length),
};

function unpack(codec: string, packed: Uint8Array, length: number, where: Where): Uint8Array {
  const codecOf = codecs[codec];
  if (codecOf === undefined) throw trouble(where, "be compressed in a known way", String(codec));
  if (length > largestPage || length > largestRatio * packed.length + 2 ** 16) {
    throw trouble(where, "have pages of an honest size", `one of ${length} bytes in ${packed.length}`);
  }
  const bytes = length === 0 ? new Uint8Array(0) : codecOf(packed, length);
  if (bytes.length !== length) throw trouble(where, `have a page of ${length} bytes`, `${bytes.length}`);
  return bytes;
}
