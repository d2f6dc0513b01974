// What is gathered about each image while the images of some data go by.
import { createHash } from "node:crypto";
import type { ChannelStatistics } from "../dataset.ts";
import type { LeftOut } from "../datasets/left-out.ts";
import type { BrokenImage } from "../datasets/source.ts";
import { greyThumbnail, thumbnailBytes } from "../duplicates/perceptual-hash.ts";
import { isGrey } from "../images/grey.ts";
import type { Size } from "../images/image.ts";
import { isEndingOf } from "../images/image-format.ts";
import { momentsOf } from "../loading/statistics.ts";

export interface Spread {
  readonly smallest: number;
  readonly median: number;
  readonly largest: number;
}

/** Of images as they are stored, pixels. */
export interface Sizes {
  readonly width: Spread;
  readonly height: Spread;
  /** Width divided by height. */
  readonly aspect: Spread;
  /** The most frequent ones first, ten at most. */
  readonly common: readonly (Size & { readonly count: number })[];
}

/** Mean and deviation of the images of one part, squashed to one size. */
export interface MeasuredChannels extends ChannelStatistics {
  readonly part: string;
  readonly size: Size;
}

/** What an image's own file tells. */
export interface LookedAtFile {
  readonly digest: string;
  readonly format: string;
  readonly size: Size | null;
}

/** To this size photos are decoded to be looked at; images of one native size stay as they are. */
export const photoSize: Size = { height: 128, width: 128 };
const examplesOfClass = 6;

/** 120 bits of SHA-256: short, and still no two alike by chance. */
export function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64").slice(0, 20);
}

export class Scan {
  readonly names: string[] = [];
  readonly files: (string | null)[] = [];
  readonly pixels: string[] = [];
  readonly labels: number[] = [];
  readonly partOf: number[] = [];
  readonly parts: string[] = [];
  readonly classes: string[] = [];
  readonly broken: BrokenImage[] = [];
  readonly leftOut: LeftOut[] = [];
  readonly notes: string[] = [];
  readonly misnamed: string[] = [];
  thumbnails = new Uint8Array(1024 * thumbnailBytes);
  private readonly sizeCounts = new Map<string, number>();
  private readonly formatCounts = new Map<string, number>();
  /** Of each part: how often each value is there, a channel each. */
  private readonly values: Float64Array[][] = [];
  private allGrey = true;
  private size: Size = photoSize;

  add(
    name: string,
    part: string,
    pixels: Uint8Array,
    size: Size,
    native: Size | null,
    file: LookedAtFile | null,
  ): void {
    const image = this.names.push(name) - 1;
    const at = this.placeOf(part);
    this.partOf.push(at);
    this.files.push(file?.digest ?? null);
    this.pixels.push(digestOf(pixels));
    const channels = pixels.length / (size.height * size.width);
    if ((image + 1) * thumbnailBytes > this.thumbnails.length) {
      const larger = new Uint8Array(2 * this.thumbnails.length);
      larger.set(this.thumbnails);
      this.thumbnails = larger;
    }
    this.thumbnails.set(greyThumbnail(pixels, size.height, size.width, channels), image * thumbnailBytes);
    this.allGrey &&= channels === 1 || isGrey(pixels);
    this.size = size;
    for (let channel = 0; channel < channels; channel++) {
      const values = this.values[at]![channel]!;
      for (let pixel = channel; pixel < pixels.length; pixel += channels) values[pixels[pixel]!]!++;
    }
    const known = file?.size ?? native;
    if (known !== null) count(this.sizeCounts, `${known.width} ${known.height}`);
    if (file !== null) {
      count(this.formatCounts, file.format);
      if (!isEndingOf(name, file.format)) this.misnamed.push(name);
    }
  }

  /** The place of a part, which is added when it is new. */
  placeOf(part: string): number {
    const at = this.parts.indexOf(part);
    if (at >= 0) return at;
    this.values.push([0, 1, 2].map(() => new Float64Array(256)));
    return this.parts.push(part) - 1;
  }

  /** Parts that do not have the same classes are joined by the classes' names. */
  labelOf(name: string): number {
    const known = this.classes.indexOf(name);
    return known < 0 ? this.classes.push(name) - 1 : known;
  }

  counts(): number[][] {
    const counts = this.parts.map(() => this.classes.map(() => 0));
    for (const [image, label] of this.labels.entries()) counts[this.partOf[image]!]![label]!++;
    return counts;
  }

  /** Names of a few images of each class, from the first to the last. */
  examples(): string[][] {
    const ofClass = this.classes.map((): number[] => []);
    for (const [image, label] of this.labels.entries()) ofClass[label]!.push(image);
    return ofClass.map((images) => {
      const shown = Math.min(examplesOfClass, images.length);
      return Array.from({ length: shown }, (_, at) => {
        return this.names[images[Math.floor((at * images.length) / shown)]!]!;
      });
    });
  }

  sizes(): Sizes | null {
    if (this.sizeCounts.size === 0) return null;
    const sizes = [...this.sizeCounts].map(([text, times]) => {
      const [width, height] = text.split(" ").map(Number) as [number, number];
      return { width, height, count: times };
    });
    return {
      width: spreadOf(sizes.map(({ width, count }) => [width, count])),
      height: spreadOf(sizes.map(({ height, count }) => [height, count])),
      aspect: spreadOf(sizes.map(({ width, height, count }) => [width / height, count])),
      common: sizes.sort((a, b) => b.count - a.count).slice(0, 10),
    };
  }

  formats(): { readonly format: string; readonly count: number }[] {
    return [...this.formatCounts]
      .map(([format, times]) => ({ format, count: times }))
      .sort((a, b) => b.count - a.count);
  }

  channels(): MeasuredChannels {
    const isUsed = (values: Float64Array) => values.some((times) => times > 0);
    const part = this.values.findIndex((channels) => channels.some(isUsed));
    const used = this.values[part]!.filter(isUsed);
    const each = (this.allGrey ? used.slice(0, 1) : used).map(momentsOf);
    const [mean, std] = [each.map((one) => one.mean), each.map((one) => one.std)];
    return { mean, std, part: this.parts[part]!, size: this.size };
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** @param values each with how often it is there */
function spreadOf(values: readonly (readonly [value: number, times: number])[]): Spread {
  const sorted = [...values].sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, times]) => sum + times, 0);
  let before = 0;
  const median = sorted.find(([, times]) => {
    before += times;
    return 2 * before >= total;
  })!;
  return { smallest: sorted[0]![0], median: median[0], largest: sorted.at(-1)![0] };
}
