import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { stream } from "../../rng.ts";
import { findDuplicates } from "./duplicates.ts";
import { hammingIndex } from "./hamming-index.ts";
import { greyThumbnail, looksOf, mirrorMask, thumbnailBytes } from "./perceptual-hash.ts";

const raw = (side: number) => ({ raw: { width: side, height: side, channels: 3 as const } });

/** A picture of blobs, [side, side, 3]: like photos, it has more of the low frequencies. */
async function picture(seed: number, side = 64): Promise<Uint8Array> {
  const random = stream(seed, "picture");
  const layers = await Promise.all(
    [3, 6, 12, 24].map((cells) => {
      const coarse = Uint8Array.from({ length: cells * cells * 3 }, () => Math.floor(256 * random.uniform()));
      return sharp(coarse, raw(cells)).resize(side, side, { fit: "fill", kernel: "cubic" }).raw().toBuffer();
    }),
  );
  const weights = [0.45, 0.3, 0.15, 0.1];
  return Uint8Array.from({ length: side * side * 3 }, (_, at) =>
    Math.round(layers.reduce((sum, layer, index) => sum + weights[index]! * layer[at]!, 0)),
  );
}

const resize = (pixels: Uint8Array, from: number, to: number) =>
  sharp(pixels, raw(from)).resize(to, to, { fit: "fill" }).raw().toBuffer();
const mirror = (pixels: Uint8Array) => sharp(pixels, raw(64)).flop().raw().toBuffer();
const jpeg = async (pixels: Uint8Array) =>
  sharp(await sharp(pixels, raw(64)).jpeg({ quality: 40 }).toBuffer())
    .raw()
    .toBuffer();
const changed = (pixels: Uint8Array, change: (value: number, at: number) => number) =>
  Uint8Array.from(pixels, (value, at) => Math.min(255, Math.max(0, Math.round(change(value, at)))));

function groupsOf(
  images: readonly { readonly pixels: Uint8Array; readonly side?: number; readonly file?: string }[],
  likeness = 0.85,
) {
  const thumbnails = new Uint8Array(images.length * thumbnailBytes);
  for (const [at, { pixels, side = 64 }] of images.entries()) {
    thumbnails.set(greyThumbnail(pixels, side, side, 3), at * thumbnailBytes);
  }
  const digests = images.map(({ pixels }) => Buffer.from(pixels).toString("base64"));
  return findDuplicates(
    { files: images.map(({ file = null }) => file), pixels: digests, thumbnails },
    likeness,
  );
}

describe("duplicates", () => {
  test("what people do to photos is seen through, and other photos are left alone", async () => {
    const random = stream(7, "noise");
    const one = await picture(1);
    const variants: Record<string, { pixels: Uint8Array; side?: number }> = {
      jpeg: { pixels: await jpeg(one) },
      smaller: { pixels: await resize(one, 64, 23), side: 23 },
      larger: { pixels: await resize(one, 64, 150), side: 150 },
      brighter: { pixels: changed(one, (value) => 0.8 * value + 50) },
      "less contrast": { pixels: changed(one, (value) => 128 + 0.4 * (value - 128)) },
      noise: { pixels: changed(one, (value) => value + 20 * (random.uniform() - 0.5)) },
      mirrored: { pixels: await mirror(one) },
      grey: {
        pixels: changed(one, (_, at) => {
          const start = at - (at % 3);
          return 0.299 * one[start]! + 0.587 * one[start + 1]! + 0.114 * one[start + 2]!;
        }),
      },
    };
    const others = await Promise.all(Array.from({ length: 20 }, (_, at) => picture(100 + at)));
    for (const [name, variant] of Object.entries(variants)) {
      const images = [...others.map((pixels) => ({ pixels })), { pixels: one }, variant];
      const groups = groupsOf(images);
      expect(
        groups.map(({ images }) => images),
        name,
      ).toEqual([[20, 21]]);
      expect(groups[0], name).toMatchObject({ sameness: "look alike", mirrored: name === "mirrored" });
    }
  });

  test("the same file, the same pixels, and a chain that is one group", async () => {
    const [one, other, third] = await Promise.all([1, 2, 3].map((seed) => picture(seed)));
    const groups = groupsOf([
      { pixels: one!, file: "a" },
      { pixels: third!, file: "x" },
      { pixels: other!, file: "b" },
      { pixels: one!, file: "a" },
      { pixels: other!, file: "c" },
      { pixels: third!, file: "x" },
      { pixels: await jpeg(third!), file: "y" },
    ]);
    expect(groups).toMatchObject([
      { images: [0, 3], sameness: "same file", likeness: 1 },
      { images: [1, 5, 6], sameness: "look alike" },
      { images: [2, 4], sameness: "same pixels", likeness: 1 },
    ]);
    expect(groups[1]!.likeness).toBeLessThan(1);
  });

  test("images that are all one, or all of one colour, or none", async () => {
    const one = await picture(1);
    expect(groupsOf([])).toEqual([]);
    expect(groupsOf([{ pixels: one }])).toEqual([]);
    const copies = await Promise.all([40, 50, 60, 70].map((side) => resize(one, 64, side)));
    const sizes = copies.map((pixels, at) => ({ pixels, side: 40 + 10 * at }));
    expect(groupsOf(sizes).map(({ images }) => images)).toEqual([[0, 1, 2, 3]]);
    // Of one colour each, so there is nothing to compare: only equal ones are the same.
    const flat = [10, 200, 10].map((value) => ({ pixels: new Uint8Array(64 * 64 * 3).fill(value) }));
    expect(groupsOf(flat).map(({ images }) => images)).toEqual([[0, 2]]);
  });

  test("what all images share does not make them alike: objects in front of one frame", async () => {
    const images = await Promise.all(
      Array.from({ length: 30 }, async (_, at) => {
        const inside = await picture(at);
        const framed = inside.map((value, place) => {
          const [y, x] = [Math.floor(place / 192), Math.floor((place % 192) / 3)];
          return x < 14 || y < 14 || x >= 50 || y >= 50 ? 230 : 0.7 * value;
        });
        return { pixels: framed };
      }),
    );
    expect(groupsOf(images)).toEqual([]);
  });

  test("copies of a few photos, as a set that was augmented before, are still found", async () => {
    const random = stream(3, "copies");
    const photos = await Promise.all([1, 2, 3].map((seed) => picture(seed)));
    const images = Array.from({ length: 90 }, (_, at) => ({
      pixels: changed(photos[at % 3]!, (value) => value + 30 * (random.uniform() - 0.5)),
    }));
    const groups = groupsOf(images);
    expect(groups.map(({ images }) => images.length)).toEqual([30, 30, 30]);
    for (const { images } of groups) expect(new Set(images.map((image) => image % 3)).size).toBe(1);
  });
});

describe("looks", () => {
  test("a mirrored image has the mask's bits of its hash turned", async () => {
    const pixels = await Promise.all([1, 2, 3].map((seed) => picture(seed)));
    const both = await Promise.all(pixels.flatMap((one) => [one, mirror(one)]));
    const thumbnails = new Uint8Array(6 * thumbnailBytes);
    for (const [at, one] of both.entries())
      thumbnails.set(greyThumbnail(one, 64, 64, 3), at * thumbnailBytes);
    const looks = looksOf(thumbnails);
    for (const first of [0, 2, 4]) {
      const [low, high] = looks.hashes.subarray(2 * first, 2 * first + 2);
      expect([...looks.hashes.subarray(2 * first + 2, 2 * first + 4)]).toEqual([
        (low! ^ mirrorMask[0]) >>> 0,
        (high! ^ mirrorMask[1]) >>> 0,
      ]);
      expect(looks.likeness(first, first, false)).toBeCloseTo(1, 9);
      expect(looks.likeness(first, first + 1, true)).toBeGreaterThan(0.99);
      expect(looks.likeness(first, first + 1, false)).toBeLessThan(0.5);
    }
  });

  test("a thumbnail of any size is the means of areas", () => {
    const side = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(side, side, fc.constantFrom(1, 3), fc.nat(255), (height, width, channels, value) => {
        const flat = greyThumbnail(
          new Uint8Array(height * width * channels).fill(value),
          height,
          width,
          channels,
        );
        expect(new Set(flat)).toEqual(new Set([value]));
      }),
    );
    // 32x32 is halved: each pixel the mean of four.
    const random = stream(1, "pixels");
    const pixels = Uint8Array.from({ length: 32 * 32 }, () => Math.floor(256 * random.uniform()));
    const thumbnail = greyThumbnail(pixels, 32, 32, 1);
    for (let y = 0; y < 16; y++) {
      for (let x = 0; x < 16; x++) {
        const four = [0, 1, 32, 33].map((step) => pixels[64 * y + 2 * x + step]!);
        const mean = four.reduce((sum, value) => sum + value, 0) / 4;
        expect(Math.abs(thumbnail[16 * y + x]! - mean)).toBeLessThanOrEqual(0.5);
      }
    }
  });
});

test("the index finds what comparing with all finds, each once", () => {
  const half = fc.nat(0xffff_ffff);
  // Hashes near each other, so that there is something to find.
  const hashes = fc
    .tuple(
      fc.array(fc.tuple(half, half), { minLength: 1, maxLength: 6 }),
      fc.array(fc.tuple(fc.nat(5), fc.array(fc.nat(63), { maxLength: 14 })), { minLength: 1, maxLength: 40 }),
    )
    .map(([centres, copies]) =>
      copies.flatMap(([centre, flips]) => {
        const hash = [...centres[centre % centres.length]!];
        for (const bit of flips) hash[bit >> 5]! ^= 1 << (bit & 31);
        return hash.map((value) => value >>> 0);
      }),
    );
  const bits = (value: number) => value.toString(2).replaceAll("0", "").length;
  fc.assert(
    fc.property(hashes, fc.integer({ min: 0, max: 15 }), (list, distance) => {
      const index = hammingIndex(Uint32Array.from(list), distance);
      const [low, high] = list as [number, number];
      const found: [number, number][] = [];
      index.search(low, high, (at, different) => found.push([at, different]));
      const expected = Array.from({ length: list.length / 2 }, (_, at): [number, number] => [
        at,
        bits((low ^ list[2 * at]!) >>> 0) + bits((high ^ list[2 * at + 1]!) >>> 0),
      ]).filter(([, different]) => different <= distance);
      expect(found.sort(([a], [b]) => a - b)).toEqual(expected);
    }),
    { numRuns: 30 },
  );
});
