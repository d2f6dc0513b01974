// A dataset over raw 8-bit images in memory, for measuring what comes after reading.
import type { Dataset } from "../src/data/dataset.ts";

/** @param bytes [count, side, side, 3] */
export function datasetOf(bytes: Uint8Array, side: number): Dataset {
  const imageBytes = side * side * 3;
  const count = Math.floor(bytes.length / imageBytes);
  return {
    ...shapeOf(side, count),
    read: (indices, target) => copyImages(indices, target, bytes, imageBytes, count),
  };
}

/** A stream of `count` images that repeats the few it is given: as long as one likes, and no larger. */
export function repeating(bytes: Uint8Array, side: number, count: number): Dataset {
  const imageBytes = side * side * 3;
  const few = Math.floor(bytes.length / imageBytes);
  return {
    ...shapeOf(side, count),
    read: (indices, target) => copyImages(indices, target, bytes, imageBytes, few),
  };
}

function copyImages(
  indices: ArrayLike<number>,
  target: Uint8Array,
  bytes: Uint8Array,
  imageBytes: number,
  count: number,
): void {
  for (let at = 0; at < indices.length; at++) {
    const start = (indices[at]! % count) * imageBytes;
    target.set(bytes.subarray(start, start + imageBytes), at * imageBytes);
  }
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
  officialTest: null,
  fingerprint: "bench",
  broken: [],
  close() {},
});
