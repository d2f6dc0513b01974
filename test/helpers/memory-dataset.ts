// A small dataset in memory for tests: each class is a pattern of grey values, with noise.
import type { Dataset } from "../../src/data/index.ts";
import { stream } from "../../src/rng.ts";

export interface MemoryDatasetOptions {
  readonly count: number;
  readonly numClasses: number;
  readonly side: number;
  readonly channels: 1 | 3;
  readonly seed: number;
  /** 0: the pattern only; 1: noise only. */
  readonly noise: number;
}

/** `count` images, labels 0, 1, ... in turn. The same options give the same images. */
export function memoryDataset(options: MemoryDatasetOptions): Dataset {
  const { count, numClasses, side, channels, seed, noise } = options;
  const imageSize = side * side * channels;
  const patterns = Array.from({ length: numClasses }, (_, label) => {
    const rng = stream(seed, "pattern", label);
    return Array.from({ length: imageSize }, () => 255 * rng.uniform());
  });
  const labels = Int32Array.from({ length: count }, (_, index) => index % numClasses);
  const bytes = new Uint8Array(count * imageSize);
  for (let index = 0; index < count; index++) {
    const rng = stream(seed, "noise", index);
    const pattern = patterns[labels[index]!]!;
    for (let place = 0; place < imageSize; place++) {
      bytes[index * imageSize + place] = Math.round(
        (1 - noise) * pattern[place]! + noise * 255 * rng.uniform(),
      );
    }
  }
  return {
    name: "memory",
    classes: Array.from({ length: numClasses }, (_, label) => `class ${label}`),
    height: side,
    width: side,
    channels,
    count,
    labels,
    names: Array.from({ length: count }, (_, index) => `image ${index}`),
    officialParts: null,
    fingerprint: JSON.stringify(options),
    broken: [],
    read(indices, target) {
      Array.from(indices).forEach((index, position) => {
        if (!(index >= 0 && index < count)) throw new RangeError(`memory dataset: no image ${index}`);
        target.set(bytes.subarray(index * imageSize, (index + 1) * imageSize), position * imageSize);
      });
    },
    close() {},
  };
}
