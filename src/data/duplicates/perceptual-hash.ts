// What an image looks like in 64 bits, for searching, and in 255 small numbers, for comparing.

/** Side of the grey thumbnail that everything is computed from, pixels. */
const side = 16;
export const thumbnailBytes = side * side;

/**
 * The grey thumbnail of an image: each of its 16x16 pixels is the mean of the area that it covers (Rec. 601 luma),
 * whatever the image's size.
 *
 * @param pixels [height, width, channels], 1 or 3 channels
 * @returns [16, 16], 0 to 255, rounded
 */
export function greyThumbnail(
  pixels: Uint8Array,
  height: number,
  width: number,
  channels: number,
): Uint8Array {
  const rows = new Float64Array(side * width);
  const vertical = sharesOf(height);
  for (let at = 0; at < vertical.from.length; at++) {
    const target = vertical.to[at]! * width;
    const share = vertical.share[at]!;
    for (let x = 0, from = vertical.from[at]! * width * channels; x < width; x++, from += channels) {
      const grey =
        channels === 1
          ? pixels[from]!
          : 0.299 * pixels[from]! + 0.587 * pixels[from + 1]! + 0.114 * pixels[from + 2]!;
      rows[target + x]! += share * grey;
    }
  }
  const thumbnail = new Float64Array(thumbnailBytes);
  const horizontal = sharesOf(width);
  for (let at = 0; at < horizontal.from.length; at++) {
    const { from, to, share } = horizontal;
    for (let y = 0; y < side; y++) {
      thumbnail[y * side + to[at]!]! += share[at]! * rows[y * width + from[at]!]!;
    }
  }
  return Uint8Array.from(thumbnail, Math.round);
}

/** How much of each of `size` pixels in a line goes to each of the 16; what one of the 16 gets sums to 1. */
interface Shares {
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly share: Float64Array;
}

const sharesBySize = new Map<number, Shares>();

function sharesOf(size: number): Shares {
  const known = sharesBySize.get(size);
  if (known !== undefined) return known;
  const scale = size / side;
  const entries: { from: number; to: number; share: number }[] = [];
  for (let to = 0; to < side; to++) {
    for (let from = Math.floor(to * scale); from < Math.min(size, (to + 1) * scale); from++) {
      const overlap = Math.min(from + 1, (to + 1) * scale) - Math.max(from, to * scale);
      if (overlap > 0) entries.push({ from, to, share: overlap / scale });
    }
  }
  const shares = {
    from: Int32Array.from(entries, ({ from }) => from),
    to: Int32Array.from(entries, ({ to }) => to),
    share: Float64Array.from(entries, ({ share }) => share),
  };
  sharesBySize.set(size, shares);
  return shares;
}

/** Orthonormal cosine transform of 16 numbers, [frequency, place]. */
const cosines = Float64Array.from({ length: side * side }, (_, at) => {
  const frequency = Math.floor(at / side);
  const scale = Math.sqrt((frequency === 0 ? 1 : 2) / side);
  return scale * Math.cos((Math.PI * (2 * (at % side) + 1) * frequency) / (2 * side));
});

/** Places of the 64 lowest frequencies but the mean in a transform [vertical, horizontal], in zigzag order. */
const hashed: readonly number[] = Array.from({ length: 11 }, (_, sum) =>
  Array.from({ length: sum + 1 }, (_, vertical) => vertical * side + sum - vertical),
)
  .flat()
  .slice(1, 65);

/** Bits go to the four 16-bit parts in turn, so that no part holds only the coarse or only the fine frequencies. */
const bitOf = (order: number) => 16 * (order % 4) + Math.floor(order / 4);

/**
 * Photos have much more of the low frequencies (their amplitude falls as one over the frequency), and would all seem
 * alike by them. Weighted by the frequency, all count the same.
 */
const weights = Float64Array.from({ length: thumbnailBytes }, (_, at) =>
  Math.hypot(Math.floor(at / side), at % side),
);

/** -1 where mirroring left and right turns the sign: at odd horizontal frequencies. */
const mirrorSigns = Int8Array.from({ length: thumbnailBytes }, (_, at) => (at % 2 === 1 ? -1 : 1));

/** The bits of a hash that mirroring turns. */
export const mirrorMask: readonly [low: number, high: number] = halvesOf((place) => mirrorSigns[place]! < 0);

function halvesOf(isSet: (place: number) => boolean): [low: number, high: number] {
  const halves: [number, number] = [0, 0];
  for (const [order, place] of hashed.entries()) {
    const bit = bitOf(order);
    if (isSet(place)) halves[bit >> 5]! |= 1 << (bit & 31);
  }
  return [halves[0] >>> 0, halves[1] >>> 0];
}

/** Images by their looks; brightness and contrast do not count. */
export interface Looks {
  /** Lower and upper half of each image's hash in turn: signs of low frequencies, [2 count]. */
  readonly hashes: Uint32Array;
  /** Likeness of two images, or of one with the mirrored other: the correlation of their frequencies, -1 to 1. */
  likeness(one: number, other: number, mirrored: boolean): number;
}

/**
 * What all images have in common is taken away first: a dark border, say, does not make two images alike when all of
 * them have it. But where it is nearly all that there is (this share of the variance), the images are copies of each
 * other, and without it only noise would be left.
 */
const copiesShare = 0.99;

/**
 * @param thumbnails of all images, one after the other, as {@link greyThumbnail} gives them; they are overwritten, so
 *   that no second copy is needed
 */
export function looksOf(thumbnails: Uint8Array): Looks {
  const count = thumbnails.length / thumbnailBytes;
  const common = commonTransform(thumbnails, count);
  const features = new Int8Array(thumbnails.buffer, thumbnails.byteOffset, thumbnails.length);
  const norms = new Float64Array(count);
  const hashes = new Uint32Array(2 * count);
  const transform = new Float64Array(thumbnailBytes);
  for (let image = 0; image < count; image++) {
    const start = image * thumbnailBytes;
    transformThumbnail(thumbnails, start, transform);
    let largest = 0;
    for (let at = 0; at < thumbnailBytes; at++) {
      transform[at] = (transform[at]! - common[at]!) * weights[at]!;
      largest = Math.max(largest, Math.abs(transform[at]!));
    }
    hashes.set(
      halvesOf((place) => transform[place]! > 0),
      2 * image,
    );
    let squares = 0;
    for (let at = 0; at < thumbnailBytes; at++) {
      const feature = largest === 0 ? 0 : Math.round((127 * transform[at]!) / largest);
      features[start + at] = feature;
      squares += feature * feature;
    }
    norms[image] = Math.sqrt(squares);
  }
  return {
    hashes,
    likeness(one, other, mirrored) {
      let product = 0;
      const [first, second] = [one * thumbnailBytes, other * thumbnailBytes];
      for (let at = 0; at < thumbnailBytes; at++) {
        const term = features[first + at]! * features[second + at]!;
        product += mirrored ? mirrorSigns[at]! * term : term;
      }
      const norm = norms[one]! * norms[other]!;
      return norm === 0 ? 0 : product / norm;
    },
  };
}

/** The transform of the mean image and its mirror image, of contrast 1; zeros where the images are copies. */
function commonTransform(thumbnails: Uint8Array, count: number): Float64Array {
  const common = new Float64Array(thumbnailBytes);
  const transform = new Float64Array(thumbnailBytes);
  let all = 0;
  for (let image = 0; image < count; image++) {
    transformThumbnail(thumbnails, image * thumbnailBytes, transform);
    for (let at = 0; at < thumbnailBytes; at++) {
      common[at]! += transform[at]! / count;
      all += transform[at]! ** 2 / count;
    }
  }
  if (common.reduce((sum, value) => sum + value ** 2, 0) > copiesShare * all) return common.fill(0);
  return common.map((value, at) => (mirrorSigns[at]! > 0 ? value : 0));
}

const rows = new Float64Array(thumbnailBytes);

/** The cosine transform of a thumbnail, its mean taken out and divided by its deviation (plus 1, against noise). */
function transformThumbnail(thumbnails: Uint8Array, start: number, target: Float64Array): void {
  for (let y = 0; y < side; y++) {
    for (let horizontal = 0; horizontal < side; horizontal++) {
      let sum = 0;
      for (let x = 0; x < side; x++)
        sum += cosines[horizontal * side + x]! * thumbnails[start + y * side + x]!;
      rows[y * side + horizontal] = sum;
    }
  }
  let squares = 0;
  for (let vertical = 0; vertical < side; vertical++) {
    for (let horizontal = 0; horizontal < side; horizontal++) {
      let sum = 0;
      for (let y = 0; y < side; y++) sum += cosines[vertical * side + y]! * rows[y * side + horizontal]!;
      target[vertical * side + horizontal] = sum;
      squares += sum * sum;
    }
  }
  squares -= target[0]! ** 2;
  target[0] = 0;
  const scale = 1 / (Math.sqrt(Math.max(0, squares) / thumbnailBytes) + 1);
  for (let at = 0; at < thumbnailBytes; at++) target[at]! *= scale;
}
