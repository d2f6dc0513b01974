// Where the decoded images of a dataset lie, as plain data: every thread can open them for itself.
import { closeSync, openSync, readSync } from "node:fs";
import { CutoutError } from "../../error.ts";

export interface ImageStore {
  readonly place:
    | { readonly kind: "memory"; readonly bytes: SharedArrayBuffer }
    | { readonly kind: "file"; readonly path: string };
  /** Bytes of one image: height x width x channels. */
  readonly imageBytes: number;
  readonly count: number;
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
  close(): void;
}

export function openStore({ place, imageBytes, count }: ImageStore): StoredImages {
  const memory = place.kind === "memory" ? new Uint8Array(place.bytes) : null;
  const file = place.kind === "file" ? { path: place.path, descriptor: openSync(place.path, "r") } : null;
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
        else readFully(file!, target.subarray(at * imageBytes, (at + 1) * imageBytes), start, image);
      }
    },
    close() {
      if (open && file !== null) closeSync(file.descriptor);
      open = false;
    },
  };
}

/** Reads a whole file of `count` images into memory that threads share. */
export function loadStore(path: string, imageBytes: number, count: number): ImageStore {
  const bytes = new SharedArrayBuffer(count * imageBytes);
  const descriptor = openSync(path, "r");
  try {
    readFully({ path, descriptor }, new Uint8Array(bytes), 0, count - 1);
  } finally {
    closeSync(descriptor);
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
      throw new CutoutError({
        where: "data",
        what: `${path} ends before image ${image}`,
        remedy: "delete it, it is made again",
      });
    done += got;
  }
}
