// A dataset: decoded 8-bit images of one size with their labels, read by index.
import type { LeftOut } from "./datasets/left-out.ts";
import type { ImageStore } from "./loading/image-store.ts";

/** The parts of a split. */
export const partOrder = ["train", "validation", "test"] as const;
/** Which part of the data an image belongs to. */
export type Part = (typeof partOrder)[number];

export interface ReadImages {
  /**
   * Copies images into `target`, [indices.length, height, width, channels], red-green-blue order.
   * Throws RangeError on an index outside [0, count).
   */
  (indices: ArrayLike<number>, target: Uint8Array): void;
  /**
   * Where other threads find exactly what this function reads; without it, batches are made in the thread that asks.
   * It belongs to the function, so that a dataset that reads in another way does not have it by mistake.
   */
  readonly store?: ImageStore;
}

export interface Dataset {
  /** What the user gave: a folder's name, `cifar10`, `fashion-mnist`. */
  readonly name: string;
  /** Class names; a label is an index into them. */
  readonly classes: readonly string[];
  readonly height: number;
  readonly width: number;
  /** 3 for red, green, blue; 1 for grey. */
  readonly channels: 1 | 3;
  /** Number of images. */
  readonly count: number;
  /** [count] */
  readonly labels: Int32Array;
  /** Name of each image for people: the path below the data folder, or `test_batch.bin#12`. [count] */
  readonly names: readonly string[];
  /** The split that comes with the data (CIFAR-10's test images); null where there is none. [count] */
  readonly officialParts: readonly Part[] | null;
  /** Changes when any image, label or the decoding changes; goes into checkpoints and caches. */
  readonly fingerprint: string;
  /** Images that could not be read: which, and why. They are not counted in `count`. */
  readonly broken: readonly { readonly name: string; readonly reason: string }[];
  /** What lies beside the images and is not read, counted by ending or reason; none when left out. */
  readonly leftOut?: readonly LeftOut[];
  /** What else people should know of how the data were read, a line each; none when left out. */
  readonly notes?: readonly string[];
  readonly read: ReadImages;
  /** Frees the file or memory behind it. */
  close(): void;
}

/** Indices of the images of each part. */
export type Split = { readonly [P in Part]: Int32Array };

/** Mean and standard deviation of each channel, on the scale 0 to 1. */
export interface ChannelStatistics {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}
