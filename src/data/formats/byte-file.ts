// Reads parts of a file: never more memory than is asked for, never past the file's end.
import { closeSync, createReadStream, fstatSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import type { SourceFile } from "../datasets/source.ts";
import { explained, trouble, type Where } from "./trouble.ts";

export interface ByteFile {
  readonly size: number;
  /** The bytes [from, from + length). @throws Error when the file ends before */
  read(from: number, length: number): Uint8Array<ArrayBuffer>;
  close(): void;
}

/** Opens a regular file. @throws Error, with the reader's name, when it cannot be opened */
export function openBytes(where: Where): ByteFile {
  let descriptor: number;
  try {
    // A pipe would block when it is opened.
    if (!statSync(where.file).isFile()) throw trouble(where, "be a file", "something else", "give a file");
    descriptor = openSync(where.file, "r");
  } catch (error) {
    throw explained(where, "a file", error);
  }
  const { size } = fstatSync(descriptor);
  return {
    size,
    read(from, length) {
      if (!(length >= 0 && from >= 0 && from + length <= size)) {
        throw trouble(where, `hold ${length} bytes from byte ${from} on`, `${size} bytes in all`);
      }
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const got = readSync(descriptor, bytes, done, length - done, from + done);
        if (got === 0) throw trouble(where, `have ${size} bytes`, `its end at ${from + done}`);
        done += got;
      }
      return bytes;
    },
    close: () => closeSync(descriptor),
  };
}

/** Opens, uses and closes a file. */
export function withBytes<T>(where: Where, use: (file: ByteFile) => T): T {
  const file = openBytes(where);
  try {
    return use(file);
  } finally {
    file.close();
  }
}

/** The bytes [from, to) of a file, a chunk at a time; all of it without bounds. */
export function streamBytes(file: string, from = 0, to = Number.POSITIVE_INFINITY): NodeJS.ReadableStream {
  return createReadStream(file, { start: from, end: to - 1, highWaterMark: 2 ** 18 });
}

/** What the cache must know of files to notice a change. @throws Error when one cannot be looked at */
export function listed(reader: string, folder: string, names: readonly string[]): SourceFile[] {
  return names.map((name) => {
    const file = join(folder, name);
    try {
      const { size, mtimeMs, mode } = statSync(file);
      return { name, size, mtimeMs, mode };
    } catch (error) {
      throw explained({ reader, file }, "a file", error);
    }
  });
}
