// A dataset over raw 8-bit images in memory, for measuring what comes after reading.
import type { Dataset, ReadImages } from "../src/data/index.ts";
import { openStore } from "../src/data/loading/image-store.ts";

/**
 * Images [count, side, side, 3] in memory that the loader's threads share, as those of a cache are.
 * @param bytes they are copied
 */
export function datasetOf(bytes: Uint8Array, side: number): Dataset {
  const imageBytes = side * side * 3;
  const count = Math.floor(bytes.length / imageBytes);
  const shared = new SharedArrayBuffer(count * imageBytes);
  new Uint8Array(shared).set(bytes.subarray(0, count * imageBytes));
  const store = { place: { kind: "memory" as const, bytes: shared }, imageBytes, count };
  const { read, close } = openStore(store);
  return { ...shapeOf(side, count), read: Object.assign(read, { store }) satisfies ReadImages, close };
}

/** A stream of `count` images that repeats the few it is given: as long as one likes, and no larger. */
export function repeating(bytes: Uint8Array, side: number, count: number): Dataset {
  const imageBytes = side * side * 3;
  const few = Math.floor(bytes.length / imageBytes);
  return {
    ...shapeOf(side, count),
    read(indices, target) {
      for (let at = 0; at < indices.length; at++) {
        const start = (indices[at]! % few) * imageBytes;
        target.set(bytes.subarray(start, start + imageBytes), at * imageBytes);
      }
    },
    close() {},
  };
}

const shapeOf = (side: number, count: number) => ({
  name: "bench",
  classes: ["a", "b"],
  height: side,
  width: side,
  channels: 3 as const,
  count,
  labels: new Int32Array(count),
  names: [],
  officialParts: null,
  fingerprint: "bench",
  broken: [],
});
