// How long a hole's side is: fixed, drawn from a range, a share of the image, or following the training.
import type { Rng } from "../../rng.ts";
import {
  byKey,
  choice,
  evenInteger,
  type Kind,
  numberOrRange,
  pair,
  progress as progressKind,
  type Range,
  range,
  readValue,
  shown,
  wrong,
} from "../options.ts";
import type { ImageArea } from "./hole.ts";
import type { SideLength } from "./shape.ts";

/** A side of the image that a share is taken of. */
export type SideOf = "shorter" | "longer" | "height" | "width";

/** Side of a square, diameter of a circle. */
export type Length =
  /** Pixels: even, >= 2, because with an odd one published versions cut one pixel less than they say. */
  | number
  /** Pixels, each whole number from the first to the second equally likely; of an odd one, (n - 1) / 2 lie before the centre. */
  | { readonly pixels: Range }
  /** Share of a side, 0 to 1 (of the shorter one when left out), or drawn uniformly from a range: the nearest even number of pixels. */
  | { readonly share: number | Range; readonly of?: SideOf }
  /** Square root of a share of the image's area, drawn uniformly; `image`: all holes of an image together have it. */
  | { readonly area: Range; readonly of?: "hole" | "image" }
  /**
   * Pixels (or a share of the shorter side) at points of the training, 0 at its start and 1 at its end, with straight
   * lines between: the nearest even number of pixels. 0 is no hole.
   */
  | {
      readonly schedule: readonly (readonly [progress: number, length: number])[];
      readonly unit?: "pixels" | "share";
    };

/** A length and its chance. */
export interface WeightedLength {
  readonly length: number;
  readonly weight: number;
}

/** A length for images of one size. */
export interface LengthDistribution {
  draw(rng: Rng, progress: number, count: number): number;
  /** The same as a table; what is drawn from a continuous range is cut into `points` equal parts. */
  weights(progress: number, count: number, points: number): readonly WeightedLength[];
}

const sideOf: { readonly [S in SideOf]: (image: ImageArea) => number } = {
  shorter: ({ height, width }) => Math.min(height, width),
  longer: ({ height, width }) => Math.max(height, width),
  height: ({ height }) => height,
  width: ({ width }) => width,
};

/** The nearest even number of pixels, at least `least`; of an odd side as a whole, the even number below it. */
function nearestEven(length: number, least: number, side: number): number {
  const even = Math.max(least, 2 * Math.round(length / 2));
  return even === side + 1 && even - 2 >= least ? even - 2 : even;
}

const share: Kind<number | Range> = {
  must: "a number above 0 and at most 1, or [min, max] of such",
  read: numberOrRange({ above: 0, max: 1 }).read,
};

const unit = { kind: choice(["pixels", "share"]), otherwise: undefined } as const;

const points: Kind<Scheduled["schedule"]> = {
  must: "points [progress, length] with rising progress from 0 to 1 and lengths >= 0",
  read: (value) => {
    const list = (Array.isArray(value) ? value : []) as readonly (readonly [number, number])[];
    const good = list.every(
      (point, index) =>
        pair({ min: 0 }).read(point) !== undefined &&
        point[0] <= 1 &&
        (index === 0 || point[0] > list[index - 1]![0]),
    );
    return good && list.length > 0 ? list : undefined;
  },
};

const forms = byKey<Length>("an even integer >= 2", evenInteger(2), {
  pixels: { pixels: { kind: range({ min: 1, whole: true }) } },
  share: {
    share: { kind: share },
    of: { kind: choice(Object.keys(sideOf) as SideOf[]), otherwise: undefined },
  },
  area: {
    area: { kind: range({ min: 0, max: 1 }) },
    of: { kind: choice(["hole", "image"]), otherwise: undefined },
  },
  schedule: { schedule: { kind: points }, unit },
});

/** As an option. */
export const length: Kind<Length> = {
  must: forms.must,
  read(value, at = { where: "cutout", option: "length" }) {
    if (typeof value === "number" && Number.isInteger(value) && value > 0 && value % 2 === 1) {
      const remedy = `an odd side is told as { pixels: [${value}, ${value}] }, or as the text ${value}-${value}`;
      throw wrong(at.where, at.option, `must be ${forms.must}`, shown(value)).with({ remedy });
    }
    const read = forms.read(value, at);
    if (typeof read === "object" && "schedule" in read && read.unit === "share") {
      if (read.schedule.some(([, length]) => length > 1)) {
        const must = 'must have lengths <= 1 with the unit "share"';
        throw wrong(at.where, `${at.option}.schedule`, must, shown(read.schedule));
      }
    }
    return read;
  },
};

/** The longest side that can come up; null where it is a share of the area. */
export function longestSide(length: Length, image: ImageArea, continuous: boolean): number | null {
  if (typeof length === "number") return length;
  if ("pixels" in length) return length.pixels[1];
  if ("area" in length) return null;
  if ("share" in length) {
    const side = sideOf[length.of ?? "shorter"](image);
    const most = side * (typeof length.share === "number" ? length.share : length.share[1]);
    return continuous ? most : nearestEven(most, 2, side);
  }
  return Math.max(...length.schedule.map(([progress]) => scheduledLength(length, image, progress)));
}

type Scheduled = Extract<Length, { readonly schedule: unknown }>;

function scheduledLength({ schedule, unit }: Scheduled, image: ImageArea, progress: number): number {
  if (!(progress >= 0 && progress <= 1)) readValue("cutout", "progress", progressKind, progress);
  const value = valueAt(schedule, progress);
  return unit === "share"
    ? nearestEven(value * sideOf.shorter(image), 0, sideOf.shorter(image))
    : nearestEven(value, 0, sideOf.longer(image));
}

/**
 * @param continuous keep fractions of a pixel
 * @param length has been read
 */
export function lengthDistribution(
  length: Length,
  image: ImageArea,
  continuous: boolean,
): LengthDistribution {
  if (typeof length === "number") return fixed(length);
  if ("pixels" in length) {
    const [least, most] = length.pixels;
    if (least === most) return fixed(least);
    const count = most - least + 1;
    return {
      draw: (rng) => least + rng.integer(count),
      weights: () =>
        Array.from({ length: count }, (_, index) => ({ length: least + index, weight: 1 / count })),
    };
  }
  if ("area" in length) {
    const pixels = image.height * image.width;
    const divided = length.of === "image";
    return uniformDistribution(length.area, (share, holes) =>
      Math.sqrt((share * pixels) / (divided ? holes : 1)),
    );
  }
  if ("share" in length) {
    const side = sideOf[length.of ?? "shorter"](image);
    const toPixels = (share: number) => (continuous ? share * side : nearestEven(share * side, 2, side));
    if (typeof length.share === "number") return fixed(toPixels(length.share));
    return uniformDistribution(length.share, toPixels);
  }
  return {
    draw: (_, progress) => scheduledLength(length, image, progress),
    weights: (progress) => [{ length: scheduledLength(length, image, progress), weight: 1 }],
  };
}

function fixed(length: number): LengthDistribution {
  const distribution = [{ length, weight: 1 }];
  return { draw: () => length, weights: () => distribution };
}

function uniformDistribution(
  [low, high]: Range,
  toLength: (value: number, count: number) => number,
): LengthDistribution {
  return {
    draw: (rng, _, count) => toLength(low + (high - low) * rng.uniform(), count),
    weights: (_, count, points) =>
      low === high
        ? [{ length: toLength(low, count), weight: 1 }]
        : Array.from({ length: points }, (__, index) => ({
            length: toLength(low + ((high - low) * (index + 0.5)) / points, count),
            weight: 1 / points,
          })),
  };
}

/** On the straight lines between the points; constant before the first and after the last. */
function valueAt(points: readonly (readonly [number, number])[], progress: number): number {
  let before = points[0]!;
  for (const point of points) {
    if (point[0] >= progress) {
      const span = point[0] - before[0];
      return span === 0 ? point[1] : before[1] + ((point[1] - before[1]) * (progress - before[0])) / span;
    }
    before = point;
  }
  return before[1];
}

/**
 * One side with a distribution of its own.
 * @param extent of the image along it
 * @param continuous keep fractions of a pixel
 */
export function sideDistribution(side: SideLength, extent: number, continuous: boolean): LengthDistribution {
  if ("pixels" in side) {
    const pixels = [side.pixels[0], Math.min(side.pixels[1], extent)] as const;
    return lengthDistribution({ pixels }, { height: extent, width: extent }, continuous);
  }
  const round = continuous ? (value: number) => value : Math.floor;
  if ("share" in side) return uniformDistribution(side.share, (share) => round(share * extent));
  return uniformDistribution(side.areaShare, (share) => round(Math.sqrt(share) * extent));
}
