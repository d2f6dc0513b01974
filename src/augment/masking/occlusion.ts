// Occlusion by scratches, dots and scribbles, after the noise modules of Bengio et al. 2011 ("Deep Learners Benefit
// More from Out-of-Distribution Examples"): strokes of a round pen over the image.
import type { Rng } from "../../rng.ts";
import { type MaskFill, maskFill } from "../fill/fill.ts";
import {
  choice,
  type Fields,
  number,
  type Kind as OptionKind,
  probability,
  type Range,
  range,
  readOptions,
} from "../options.ts";
import { uniformIn } from "../random.ts";
import {
  type FillSeed,
  integerList,
  type MaskArea,
  type MaskingAugmentation,
  masking,
  paintsOver,
} from "./masking.ts";

export interface OcclusionOptions {
  /** `scratches`: straight lines; `dots`: discs; `scribbles`: lines that wander. */
  readonly kind: "scratches" | "dots" | "scribbles";
  /** Chance that an image gets marks at all, 0 to 1. */
  readonly probability: number;
  /** Numbers of marks, one is drawn for each image, all equally likely; one that stands twice is twice as likely. */
  readonly counts: readonly number[];
  /** Thickness of a line or diameter of a dot, as a share of the image's shorter side; at least one pixel. */
  readonly thickness: Range;
  /** Length of a line as a share of the image's shorter side; dots have none. */
  readonly length: Range;
  /** Standard deviation of a scratch's angle to the vertical, or of a scribble's turn at each of its steps; degrees. */
  readonly angle: number;
  readonly fill: MaskFill;
}

/** One movement of a round pen. */
export interface Stroke {
  /** Row and column, in pixels from the image's top left corner; one point is a dot. */
  readonly points: readonly (readonly [y: number, x: number])[];
  /** Half the thickness, pixels. */
  readonly radius: number;
}

/** No strokes when the image stays whole. */
export interface OcclusionParameters extends FillSeed {
  readonly strokes: readonly Stroke[];
}

type Kind = OcclusionOptions["kind"];

/**
 * Scratches are the paper's where it gives numbers: in 15 % of the images; one, two or three with the chances 50, 30
 * and 20 %; an angle of up to 100 degrees deviation. Its lines are cut from images of the digit 1, ours are drawn.
 * It has no numbers for dots and scribbles.
 */
const defaults: { readonly [K in Kind]: OcclusionOptions } = {
  scratches: {
    kind: "scratches",
    probability: 0.15,
    counts: [1, 1, 1, 1, 1, 2, 2, 2, 3, 3],
    thickness: [0.01, 0.05],
    length: [0.5, 1.5],
    angle: 100,
    fill: "randomColour",
  },
  dots: {
    kind: "dots",
    probability: 0.5,
    counts: [4, 8, 12, 16],
    thickness: [0.03, 0.1],
    length: [0, 0],
    angle: 0,
    fill: "randomColour",
  },
  scribbles: {
    kind: "scribbles",
    probability: 0.5,
    counts: [1, 2, 3],
    thickness: [0.02, 0.05],
    length: [1, 3],
    angle: 30,
    fill: "randomColour",
  },
};

const where = "occlusion";
const kinds = choice(["scratches", "dots", "scribbles"]);
/** Straight pieces of a scribble. */
const scribbleSteps = 32;

/** The points of one mark, in pixels; `side` is the image's shorter side. */
const drawings: {
  readonly [K in Kind]: (
    rng: Rng,
    area: MaskArea,
    side: number,
    options: OcclusionOptions,
  ) => Stroke["points"];
} = {
  dots: (rng, area) => [anyPoint(rng, area)],
  scratches(rng, area, side, { length, angle }) {
    const [y, x] = anyPoint(rng, area);
    const half = (uniformIn(rng, length) * side) / 2;
    const turned = radians(rng.normal() * angle);
    const [dy, dx] = [half * Math.cos(turned), half * Math.sin(turned)];
    return [point(y - dy, x - dx), point(y + dy, x + dx)];
  },
  scribbles(rng, area, side, { length, angle }) {
    let [y, x] = anyPoint(rng, area);
    const step = (uniformIn(rng, length) * side) / scribbleSteps;
    let heading = 2 * Math.PI * rng.uniform();
    const points = [point(y, x)];
    for (let count = 0; count < scribbleSteps; count++) {
      heading += radians(rng.normal() * angle);
      y += step * Math.sin(heading);
      x += step * Math.cos(heading);
      points.push(point(y, x));
    }
    return points;
  },
};

/**
 * Scratches, dots or scribbles. Draws a number against `probability`, how many marks, and for each its thickness and
 * its points; last the seed of the fill. Parts of a mark that lie outside the image are not seen.
 * @param options the defaults depend on `kind`, which is `scratches` when left out
 * @throws Error that names the option when one is wrong or unknown
 */
export function occlusion(options: Partial<OcclusionOptions> = {}): MaskingAugmentation<OcclusionParameters> {
  const known = kinds.read(options.kind) ?? "scratches";
  const complete = readOptions(where, fieldsOf(known), options);
  const { kind, probability, counts, thickness, fill } = complete;
  return masking<OcclusionParameters>({
    name: where,
    fill,
    parameters: { strokes: { kind: strokesKind } },
    sample(rng, { height, width }) {
      if (rng.uniform() >= probability) return { strokes: [] };
      const side = Math.min(height, width);
      const strokes = Array.from({ length: counts[rng.integer(counts.length)]! }, (): Stroke => {
        const radius = rounded(Math.max(1, uniformIn(rng, thickness) * side) / 2);
        return { points: drawings[kind](rng, { height, width }, side, complete), radius };
      });
      return { strokes };
    },
    paint(mask, area, { strokes }) {
      for (const stroke of strokes) drawStroke(mask, area, stroke);
    },
  });
}
occlusion.about = paintsOver(where);

const strokesKind: OptionKind<readonly Stroke[]> = {
  must: "a list of strokes { points, radius }: at least one point [y, x], and a radius >= 0",
  read: (value) => (Array.isArray(value) && value.every(isStroke) ? value : undefined),
};

function isStroke(value: unknown): value is Stroke {
  const { points, radius } = (value ?? {}) as { readonly points?: unknown; readonly radius?: unknown };
  const isPoint = (point: unknown) =>
    Array.isArray(point) && point.length === 2 && point.every(Number.isFinite);
  return (
    Array.isArray(points) &&
    points.length > 0 &&
    points.every(isPoint) &&
    typeof radius === "number" &&
    radius >= 0
  );
}

function fieldsOf(kind: Kind): Fields<OcclusionOptions> {
  const otherwise = defaults[kind];
  return {
    kind: { kind: kinds, otherwise: kind },
    probability: { kind: probability, otherwise: otherwise.probability },
    counts: { kind: integerList(1), otherwise: otherwise.counts },
    thickness: { kind: range({ min: 0 }), otherwise: otherwise.thickness },
    length: { kind: range({ min: 0 }), otherwise: otherwise.length },
    angle: { kind: number({ min: 0 }), otherwise: otherwise.angle },
    fill: { kind: maskFill, otherwise: otherwise.fill },
  };
}

/** Masks the pixels whose centre is at most the radius away from the line. */
function drawStroke(mask: Uint8Array, { height, width }: MaskArea, { points, radius }: Stroke): void {
  for (let piece = 0; piece < Math.max(1, points.length - 1); piece++) {
    const [y0, x0] = points[piece]!;
    const [y1, x1] = points[piece + 1] ?? points[piece]!;
    const [dy, dx] = [y1 - y0, x1 - x0];
    const squared = dy * dy + dx * dx;
    const top = Math.max(0, Math.floor(Math.min(y0, y1) - radius));
    const bottom = Math.min(height, Math.ceil(Math.max(y0, y1) + radius));
    const left = Math.max(0, Math.floor(Math.min(x0, x1) - radius));
    const right = Math.min(width, Math.ceil(Math.max(x0, x1) + radius));
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const [cy, cx] = [y + 0.5 - y0, x + 0.5 - x0];
        // The nearest point of the piece, as a share of the way along it.
        const along = squared === 0 ? 0 : Math.min(1, Math.max(0, (cy * dy + cx * dx) / squared));
        if ((cy - along * dy) ** 2 + (cx - along * dx) ** 2 <= radius * radius) mask[y * width + x] = 1;
      }
    }
  }
}

function anyPoint(rng: Rng, { height, width }: MaskArea): readonly [number, number] {
  const y = rng.uniform() * height;
  return point(y, rng.uniform() * width);
}

/** Hundredths of a pixel are enough, and short to store. */
function point(y: number, x: number): readonly [number, number] {
  return [rounded(y), rounded(x)];
}

function rounded(value: number): number {
  // JSON knows no -0.
  return Math.round(value * 100) / 100 + 0;
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
