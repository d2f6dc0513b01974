// Where the decoded images of a dataset lie, as plain data: every thread can open them for itself. What a file holds is
// checked against its sums before it is believed, once a block.
import { createHash } from "node:crypto";
import { closeSync, readSync, rmSync } from "node:fs";
import { CutoutError } from "../../error.ts";

export interface ImageStore {
  readonly place:
    | { readonly kind: "memory"; readonly bytes: SharedArrayBuffer }
    | ({
        readonly kind: "file";
        /** Block -> 1 where its sum has been found right, for all threads. */
        readonly verified: SharedArrayBuffer;
      } & ImageFile);
  /** Bytes of one image: height x width x channels. */
  readonly imageBytes: number;
  readonly count: number;
}

/** A file of images that is open: it can be read on, in every thread, when somebody has removed or replaced it. */
export interface ImageFile {
  readonly path: string;
  readonly descriptor: number;
  /** Of each block, the last one may be shorter; see {@link sumOf}. */
  readonly sums: readonly string[];
}

/** Images of a store that is open in this thread. */
export interface StoredImages {
  /** All images, one after the other, where they are in memory. Other threads have the same: it is not written to. */
  readonly memory: Uint8Array | null;
  /**
   * Copies images into `target`, one after the other.
   * @throws RangeError on an index outside the store or a target that is too small, Error when the file is too short
   */
  read(indices: ArrayLike<number>, target: Uint8Array): void;
  /** Other threads may no longer read a file either. */
  close(): void;
}

/** Bytes that have a sum together. */
export const blockBytes = 2 ** 20;

/** 64 bits of SHA-256: enough for damage, which is not made on purpose. */
export function sumOf(block: Uint8Array): string {
  return createHash("sha256").update(block).digest("base64").slice(0, 11);
}

/** The sums of a file's blocks. */
export function sumsOf(path: string, descriptor: number, bytes: number): string[] {
  const block = new Uint8Array(blockBytes);
  return Array.from({ length: Math.ceil(bytes / blockBytes) }, (_, at) => {
    const start = at * blockBytes;
    const part = block.subarray(0, Math.min(blockBytes, bytes - start));
    readFully({ path, descriptor }, part, start, 0);
    return sumOf(part);
  });
}

/** Cached images that are not those that were written. */
export class DamagedImages extends CutoutError {}

export function openStore({ place, imageBytes, count }: ImageStore): StoredImages {
  const memory = place.kind === "memory" ? new Uint8Array(place.bytes) : null;
  const file = place.kind === "file" ? place : null;
  const check = file === null ? () => {} : checking(file, imageBytes * count);
  let open = true;
  return {
    memory,
    read(indices, target) {
      if (!open)
        throw new CutoutError({
          where: "data",
          what: "the dataset must be open",
          got: "a read after close()",
        });
      if (target.length < indices.length * imageBytes) {
        throw new RangeError(
          `data: target must hold ${indices.length} images of ${imageBytes} bytes, got ${target.length} bytes`,
        );
      }
      for (let at = 0; at < indices.length; at++) {
        const image = indices[at]!;
        if (!Number.isInteger(image) || image < 0 || image >= count) {
          throw new RangeError(`data: index must be an integer from 0 to ${count - 1}, got ${image}`);
        }
        const start = image * imageBytes;
        if (memory !== null) target.set(memory.subarray(start, start + imageBytes), at * imageBytes);
        else {
          check(start, start + imageBytes, image);
          readFully(file!, target.subarray(at * imageBytes, (at + 1) * imageBytes), start, image);
        }
      }
    },
    close() {
      if (open && file !== null) closeSync(file.descriptor);
      open = false;
    },
  };
}

/** Looks at the blocks from `start` to `end` (bytes) that nobody has looked at yet. */
function checking(
  file: ImageFile & { readonly verified: SharedArrayBuffer },
  bytes: number,
): (start: number, end: number, image: number) => void {
  const verified = new Uint8Array(file.verified);
  let block: Uint8Array | null = null;
  return (start, end, image) => {
    for (let at = Math.floor(start / blockBytes); at * blockBytes < end; at++) {
      if (verified[at] === 1) continue;
      block ??= new Uint8Array(blockBytes);
      const part = block.subarray(0, Math.min(blockBytes, bytes - at * blockBytes));
      readFully(file, part, at * blockBytes, image);
      if (sumOf(part) !== file.sums[at]) {
        rmSync(file.path, { force: true }); // so that the next start makes it again
        throw damaged(file.path, at);
      }
      verified[at] = 1;
    }
  };
}

const damaged = (path: string, block: number) =>
  new DamagedImages({
    where: "cache",
    what: `${path} is damaged (the sum of its block ${block} is wrong)`,
    remedy: "start again: the images are then decoded anew",
  });

/** The images of a file that are left there. Takes the descriptor over. */
export function fileStore(file: ImageFile, imageBytes: number, count: number): ImageStore {
  const verified = new SharedArrayBuffer(file.sums.length);
  return { place: { kind: "file", ...file, verified }, imageBytes, count };
}

/**
 * Reads a whole file of `count` images into memory that threads share. Closes it.
 * @throws DamagedImages when the sum of a block is wrong
 */
export function loadStore(file: ImageFile, imageBytes: number, count: number): ImageStore {
  const bytes = new SharedArrayBuffer(count * imageBytes);
  try {
    const all = new Uint8Array(bytes);
    readFully(file, all, 0, count - 1);
    for (const [at, sum] of file.sums.entries()) {
      // A copy, as what is shared may change below a hash.
      const part = all.slice(at * blockBytes, (at + 1) * blockBytes);
      if (sumOf(part) !== sum) throw damaged(file.path, at);
    }
  } finally {
    closeSync(file.descriptor);
  }
  return { place: { kind: "memory", bytes }, imageBytes, count };
}

function readFully(
  { path, descriptor }: { readonly path: string; readonly descriptor: number },
  target: Uint8Array,
  start: number,
  image: number,
): void {
  for (let done = 0; done < target.length; ) {
    const got = readSync(descriptor, target, done, target.length - done, start + done);
    if (got === 0)
      throw new DamagedImages({
        where: "data",
        what: `${path} ends before image ${image}`,
        remedy: "delete it, it is made again",
      });
    done += got;
  }
}
