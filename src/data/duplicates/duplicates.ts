// Groups of images that are the same: the same file, the same pixels, or nearly the same look, also mirrored.
import { UnionFind } from "../union-find.ts";
import { hammingIndex } from "./hamming-index.ts";
import { looksOf, mirrorMask, thumbnailBytes } from "./perceptual-hash.ts";

/** Images of a dataset as far as duplicates are looked for. All arrays have an element an image. */
export interface ComparedImages {
  /** Digest of the bytes of the image's file; null where it is no file of its own. */
  readonly files: readonly (string | null)[];
  /** Digest of the decoded pixels. */
  readonly pixels: readonly string[];
  /** [count, 16, 16], see `greyThumbnail`; overwritten. */
  readonly thumbnails: Uint8Array;
}

/** How sure it is that the images of a group are the same. */
export type Sameness = "same file" | "same pixels" | "look alike";

export interface DuplicateGroup {
  /** Ascending. */
  readonly images: readonly number[];
  /** What holds for all of them. */
  readonly sameness: Sameness;
  /** The lowest likeness by which an image came into the group; 1 for the same pixels. */
  readonly likeness: number;
  /** Whether some are mirror images of others. */
  readonly mirrored: boolean;
}

/** Hashes of duplicates differ in few bits; beyond this many the search costs more and finds hardly any. */
const mostBits = 11;
const reportEvery = 1000;

/**
 * Groups images that are the same. Those that look alike are found by a 64-bit hash of their low frequencies, within
 * 11 different bits, and count when the correlation of all their frequencies reaches `likeness`. Different crops of a
 * photo are not found. What is like something in a group belongs to the group, so the ends of a long chain may differ.
 *
 * Takes about 100 bytes an image beside its input; the time grows with the number of images that are alike, not with
 * the number of pairs.
 *
 * @param likeness lowest correlation, above 0 up to 1
 * @returns the groups of two or more, by their first image
 */
export function findDuplicates(
  { files, pixels, thumbnails }: ComparedImages,
  likeness: number,
  onProgress: (done: number, total: number) => void = () => {},
): DuplicateGroup[] {
  const count = pixels.length;
  const groups = new Groups(count);
  const leaders = uniteSame(pixels, groups);

  const looks = looksOf(thumbnails.subarray(0, count * thumbnailBytes));
  const hashes = new Uint32Array(2 * leaders.length);
  for (const [at, image] of leaders.entries()) {
    hashes.set(looks.hashes.subarray(2 * image, 2 * image + 2), 2 * at);
  }
  const index = hammingIndex(hashes, mostBits);
  const masks = [
    { mirrored: false, mask: [0, 0] },
    { mirrored: true, mask: mirrorMask },
  ] as const;
  for (const [at, image] of leaders.entries()) {
    for (const { mirrored, mask } of masks) {
      const low = (hashes[2 * at]! ^ mask[0]) >>> 0;
      const high = (hashes[2 * at + 1]! ^ mask[1]) >>> 0;
      index.search(low, high, (other) => {
        if (other <= at) return; // each pair once
        const second = leaders[other]!;
        if (groups.rootOf(image) === groups.rootOf(second)) return;
        const alike = looks.likeness(image, second, mirrored);
        if (alike >= likeness) groups.unite(image, second, alike, mirrored);
      });
    }
    if ((at + 1) % reportEvery === 0 || at + 1 === leaders.length) onProgress(at + 1, leaders.length);
  }
  return groups.list().map(({ images, ...found }) => ({
    ...found,
    images,
    sameness: samenessOf(images, files, pixels),
  }));
}

/** Unites images with the same pixels; the first of each are returned. */
function uniteSame(pixels: readonly string[], groups: Groups): number[] {
  const firstOf = new Map<string, number>();
  const leaders: number[] = [];
  for (const [image, digest] of pixels.entries()) {
    const first = firstOf.get(digest);
    if (first === undefined) {
      firstOf.set(digest, image);
      leaders.push(image);
    } else {
      groups.unite(first, image, 1, false);
    }
  }
  return leaders;
}

function samenessOf(
  images: readonly number[],
  files: ComparedImages["files"],
  pixels: ComparedImages["pixels"],
): Sameness {
  const first = images[0]!;
  const all = (digests: readonly (string | null)[]) =>
    digests[first] !== null && images.every((image) => digests[image] === digests[first]);
  return all(files) ? "same file" : all(pixels) ? "same pixels" : "look alike";
}

/** Images that belong together, and by how little and how they came together. */
class Groups {
  readonly #union: UnionFind;
  readonly #likeness: Float64Array;
  readonly #mirrored: Uint8Array;

  constructor(count: number) {
    this.#union = new UnionFind(count);
    this.#likeness = new Float64Array(count).fill(1);
    this.#mirrored = new Uint8Array(count);
  }

  rootOf(image: number): number {
    return this.#union.rootOf(image);
  }

  unite(one: number, other: number, likeness: number, mirrored: boolean): void {
    const [first, second] = [this.rootOf(one), this.rootOf(other)];
    this.#union.unite(first, second);
    const root = this.rootOf(first);
    this.#likeness[root] = Math.min(this.#likeness[first]!, this.#likeness[second]!, likeness);
    this.#mirrored[root] = this.#mirrored[first]! | this.#mirrored[second]! | Number(mirrored);
  }

  /** Those of two or more. */
  list(): { images: number[]; likeness: number; mirrored: boolean }[] {
    return this.#union
      .groups()
      .filter((images) => images.length > 1)
      .map((images) => ({
        images,
        likeness: this.#likeness[images[0]!]!,
        mirrored: this.#mirrored[images[0]!] === 1,
      }));
  }
}
