// A hole as plain data: which pixels of an image are cut out.
import type { ImageShape } from "../image/layout.ts";
import { list, object, readValue, shown, wrong } from "../options.ts";

/** The side of an image that a hole is drawn in. */
export type ImageArea = Pick<ImageShape, "height" | "width">;

/**
 * Rows [top, bottom) and columns [left, right) of an image, all channels: the whole of it, or the box around `runs`.
 * Plain JSON data: it can be stored and applied later, to another image, its mask or its boxes.
 */
export interface Hole {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
  /**
   * For what is no rectangle: runs of pixels, three numbers each (row, first column, column after the last), row by
   * row from left to right, without overlap.
   */
  readonly runs?: readonly number[];
  /** What the fill draws in this hole follows from it: noise, a colour, the choice of another image. */
  readonly seed?: number;
}

/**
 * Throws unless the hole lies in the image, and its runs in the hole: what does not would be painted into the
 * neighbour in a batch.
 */
export function checkHole(hole: Hole, { height, width }: ImageArea): void {
  if (hole === null || typeof hole !== "object") readValue("cutout", "hole", object, hole);
  if (!inRange(hole.top, hole.bottom, height) || !inRange(hole.left, hole.right, width)) {
    const got = `rows [${hole.top}, ${hole.bottom}), columns [${hole.left}, ${hole.right})`;
    throw wrong("cutout", "hole", `must lie in the image of ${height} x ${width}`, got);
  }
  if (hole.seed !== undefined && !Number.isSafeInteger(hole.seed)) {
    throw wrong("cutout", "seed of a hole", "must be an integer", shown(hole.seed));
  }
  if (hole.runs !== undefined) {
    readValue("cutout", "runs", list, hole.runs);
    checkRuns(hole.runs, hole);
  }
}

function checkRuns(runs: readonly number[], { top, bottom, left, right }: Hole): void {
  let row = top;
  let free = left;
  for (let at = 0; at < runs.length; at += 3) {
    const y = runs[at]!;
    const start = runs[at + 1];
    const end = runs[at + 2];
    if (y !== row) free = left;
    if (!(y >= row && y < bottom && start! >= free && start! <= end! && end! <= right)) {
      const place = `the hole's rows [${top}, ${bottom}) and columns [${left}, ${right})`;
      const got = `(${y}, ${start}, ${end}) at ${at}`;
      throw wrong("cutout", "runs", `must be (row, start, end) in ${place}, in order`, got);
    }
    if (!Number.isInteger(y) || !Number.isInteger(start) || !Number.isInteger(end)) {
      throw wrong("cutout", "runs", "must be integers", `(${y}, ${start}, ${end}) at ${at}`);
    }
    row = y;
    free = end!;
  }
}

function inRange(start: number, end: number, extent: number): boolean {
  return Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start <= end && end <= extent;
}

/** The hole of side `length` around pixel (y, x), clipped at the border: never moved inside. */
export function holeAround(image: ImageArea, length: number, y: number, x: number): Hole {
  const before = Math.floor(length / 2);
  return {
    top: Math.max(0, y - before),
    bottom: Math.min(image.height, y - before + length),
    left: Math.max(0, x - before),
    right: Math.min(image.width, x - before + length),
  };
}

/** Whether a pixel is cut out. */
export function holeCovers({ top, bottom, left, right, runs }: Hole, y: number, x: number): boolean {
  if (y < top || y >= bottom || x < left || x >= right) return false;
  if (runs === undefined) return true;
  for (let at = 0; at < runs.length; at += 3) {
    if (runs[at] === y && runs[at + 1]! <= x && x < runs[at + 2]!) return true;
  }
  return false;
}

/**
 * Holes as a map of pixels, for masks, boxes and key points: 1 where at least one hole lies, else 0.
 * @returns height x width numbers
 * @throws Error when a hole reaches outside the image
 */
export function coverageMap(holes: readonly Hole[], image: ImageArea): Uint8Array {
  readValue("cutout", "holes", list, holes);
  const map = new Uint8Array(image.height * image.width);
  for (const hole of holes) {
    checkHole(hole, image);
    forEachRun(hole, (y, start, end) => {
      map.fill(1, y * image.width + start, y * image.width + end);
    });
  }
  return map;
}

/** Calls back with each run of pixels of a hole, row by row. */
export function forEachRun(
  { top, bottom, left, right, runs }: Hole,
  use: (y: number, start: number, end: number) => void,
): void {
  if (runs === undefined) {
    for (let y = top; y < bottom; y++) use(y, left, right);
  } else {
    for (let at = 0; at < runs.length; at += 3) use(runs[at]!, runs[at + 1]!, runs[at + 2]!);
  }
}
