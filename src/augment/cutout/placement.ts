// Where a hole lies along one axis: how it is drawn, and how often each pixel is covered.
import type { Rng } from "../../rng.ts";

/** Where holes may lie. The two continuous ones are those of imgaug and Keras, for rectangles only. */
export type Placement =
  /** The centre is any pixel and the hole is clipped at the border (paper, authors' code, reviewed numpy version). */
  | "anywhere"
  /** The whole hole lies in the image; every position is equally likely (torchvision, timm, Albumentations, FFCV). */
  | "inside"
  /** As `anywhere`, with a centre and sides in fractions of a pixel; edges are rounded down (imgaug). */
  | "anywhereContinuous"
  /** As `inside`, with a corner and sides in fractions of a pixel; edges are rounded up (Keras). */
  | "insideContinuous";

/** Whether sides keep their fractions. */
export function isContinuous(placement: Placement): boolean {
  return placement === "anywhereContinuous" || placement === "insideContinuous";
}

/** One axis of a placement. Sizes are sides of the hole in pixels. */
export interface AxisPlacement {
  /** Draws where the hole is. */
  position(rng: Rng, extent: number, size: number): number;
  /** First pixel of the hole, not clipped. */
  start(position: number, size: number): number;
  /** Pixel after the last, not clipped. */
  end(position: number, size: number): number;
  /** How much of all positions covers pixel `pixel`, 0 to 1. */
  coverage(extent: number, size: number, pixel: number): number;
}

/** The part of [low, high) that lies in [0, extent). */
const overlap = (low: number, high: number, extent: number) =>
  Math.max(0, Math.min(high, extent) - Math.max(low, 0));

export const axisPlacements: { readonly [P in Placement]: AxisPlacement } = {
  // The centre is drawn; floor(size / 2) pixels lie before it, as in the authors' code.
  anywhere: {
    position: (rng, extent) => rng.integer(extent),
    start: (position, size) => position - Math.floor(size / 2),
    end: (position, size) => position - Math.floor(size / 2) + size,
    // Covered by the centres from pixel + half - size + 1 to pixel + half.
    coverage: (extent, size, pixel) => {
      const last = pixel + Math.floor(size / 2);
      return overlap(last - size + 1, last + 1, extent) / extent;
    },
  },
  // The corner is drawn.
  inside: {
    position: (rng, extent, size) => rng.integer(extent - size + 1),
    start: (position) => position,
    end: (position, size) => position + size,
    coverage: (extent, size, pixel) => {
      const positions = extent - size + 1;
      return overlap(pixel - size + 1, pixel + 1, positions) / positions;
    },
  },
  // Pixel i is covered when floor(p - s / 2) <= i < floor(p + s / 2): p in [i + 1 - s / 2, i + 1 + s / 2).
  anywhereContinuous: {
    position: (rng, extent) => rng.uniform() * extent,
    start: (position, size) => Math.floor(position - size / 2),
    end: (position, size) => Math.floor(position + size / 2),
    coverage: (extent, size, pixel) => overlap(pixel + 1 - size / 2, pixel + 1 + size / 2, extent) / extent,
  },
  // Pixel i is covered when p <= i < p + s: p in (i - s, i].
  insideContinuous: {
    position: (rng, extent, size) => rng.uniform() * (extent - size),
    start: (position) => Math.ceil(position),
    end: (position, size) => Math.ceil(position + size),
    coverage: (extent, size, pixel) => {
      const room = extent - size;
      return room === 0 ? 1 : overlap(pixel - size, pixel, room) / room;
    },
  },
};

export const placements = Object.keys(axisPlacements) as readonly Placement[];
