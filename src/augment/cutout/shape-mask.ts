// Shapes that are no rectangle, as runs of pixels of one size.
import type { ImageArea } from "./hole.ts";
import type { Mask, Polygon, Shape, Sides } from "./shape.ts";

/** A shape of one size: its box, and runs of pixels in it, three numbers each (row, first column, column after the last). */
export interface ShapeMask {
  readonly height: number;
  readonly width: number;
  readonly runs: readonly number[];
}

type Drawn = "circle" | Polygon | Mask;

/** Whether the shape needs a mask; the others are rectangles. */
export function isDrawn(shape: Shape | Sides | undefined): shape is Drawn {
  return (
    shape === "circle" || (typeof shape === "object" && (shape.kind === "polygon" || shape.kind === "mask"))
  );
}

/** The shape with sides of at most `length` pixels. */
export function shapeMask(shape: Drawn, length: number): ShapeMask {
  const side = Math.round(length);
  if (shape === "circle") return collect({ height: side, width: side }, circle(side));
  if (shape.kind === "polygon") return collect({ height: side, width: side }, polygon(shape.points, side));
  const { rows } = shape;
  const longer = Math.max(rows.length, rows[0]!.length);
  const scaled = (extent: number) => (side === 0 ? 0 : Math.max(1, Math.round((extent * side) / longer)));
  const box = { height: scaled(rows.length), width: scaled(rows[0]!.length) };
  const nearest = (at: number, from: number, to: number) => Math.floor(((at + 0.5) * from) / to);
  return collect(
    box,
    (y, x) => rows[nearest(y, rows.length, box.height)]![nearest(x, rows[0]!.length, box.width)] !== 0,
  );
}

/** Centres of pixels whose distance from the circle's centre is at most the radius; in halves of a pixel, exact. */
function circle(diameter: number): (y: number, x: number) => boolean {
  return (y, x) => (2 * y + 1 - diameter) ** 2 + (2 * x + 1 - diameter) ** 2 <= diameter ** 2;
}

/** Even-odd rule: a ray to the left crosses an odd number of edges. */
function polygon(
  points: readonly (readonly [number, number])[],
  side: number,
): (y: number, x: number) => boolean {
  return (row, column) => {
    const x = (column + 0.5) / side;
    const y = (row + 0.5) / side;
    let inside = false;
    for (let index = 0; index < points.length; index++) {
      const [ax, ay] = points[index]!;
      const [bx, by] = points[(index + 1) % points.length]!;
      if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) inside = !inside;
    }
    return inside;
  };
}

function collect({ height, width }: ImageArea, covers: (y: number, x: number) => boolean): ShapeMask {
  const runs: number[] = [];
  for (let y = 0; y < height; y++) {
    let start = -1;
    for (let x = 0; x <= width; x++) {
      const covered = x < width && covers(y, x);
      if (covered && start < 0) start = x;
      if (!covered && start >= 0) {
        runs.push(y, start, x);
        start = -1;
      }
    }
  }
  return { height, width, runs };
}

/** The mask's runs with its box's corner at (top, left), cut off at the border of the image. */
export function placedRuns({ runs }: ShapeMask, top: number, left: number, image: ImageArea): number[] {
  const placed: number[] = [];
  for (let at = 0; at < runs.length; at += 3) {
    const y = top + runs[at]!;
    const start = Math.max(0, left + runs[at + 1]!);
    const end = Math.min(image.width, left + runs[at + 2]!);
    if (y >= 0 && y < image.height && start < end) placed.push(y, start, end);
  }
  return placed;
}
