// The box of a hole, height and width: how it is drawn, and its distribution.
import type { Rng } from "../../rng.ts";
import type { ImageArea } from "./hole.ts";
import { type Length, lengthLaw, sideLaw } from "./length.ts";
import type { CutoutOptions } from "./options.ts";
import { isSides } from "./shape.ts";

/** A height and width, and their chance. */
export interface WeightedBox extends ImageArea {
  readonly weight: number;
}

/** The box of a hole in images of one size. */
export interface BoxLaw {
  draw(rng: Rng, progress: number, count: number): ImageArea;
  /** Whether a box is taken; one that is not is drawn again. */
  fits(box: ImageArea): boolean;
  /** All boxes with their chance, those that do not fit too; continuous draws in parts. */
  distribution(progress: number, count: number): readonly WeightedBox[];
}

const always = () => true;

/** Parts that a continuous draw is cut into: one that decides alone, and each of two that decide together. */
const pointsAlone = 2048;
const pointsTogether = 200;

/** @param continuous keep fractions of a pixel */
export function boxLaw(options: CutoutOptions, image: ImageArea, continuous: boolean): BoxLaw {
  const { shape } = options;
  if (isSides(shape)) {
    const rows = sideLaw(shape.height, image.height, continuous);
    const columns = sideLaw(shape.width, image.width, continuous);
    return {
      draw(rng, progress, count) {
        const height = rows.draw(rng, progress, count);
        return { height, width: columns.draw(rng, progress, count) };
      },
      fits: always,
      distribution: (progress, count) => {
        const widths = columns.distribution(progress, count, pointsTogether);
        return merged(
          rows
            .distribution(progress, count, pointsTogether)
            .flatMap((row) =>
              widths.map((column) => box(row.length, column.length, row.weight * column.weight)),
            ),
        );
      },
    };
  }
  const law = lengthLaw(options.length as Length, image, continuous);
  const round = continuous ? (value: number) => value : Math.round;
  const inside = options.placement === "inside" || options.placement === "insideContinuous";
  // torchvision and timm: strictly smaller. A square of a length that was given has been checked.
  const strictly = ({ height, width }: ImageArea) => height < image.height && width < image.width;
  if (typeof shape === "object" && shape.kind === "rectangle") {
    const low = Math.log(shape.aspect[0]);
    const span = Math.log(shape.aspect[1]) - low;
    const stretched = (length: number, at: number): ImageArea => {
      const aspect = Math.exp(low + span * at);
      const area = length * length;
      return { height: round(Math.sqrt(area * aspect)), width: round(Math.sqrt(area / aspect)) };
    };
    return {
      draw(rng, progress, count) {
        const length = law.draw(rng, progress, count);
        return stretched(length, rng.uniform());
      },
      fits: inside ? strictly : always,
      distribution: (progress, count) =>
        merged(
          law.distribution(progress, count, pointsTogether).flatMap(({ length, weight }) =>
            Array.from({ length: pointsTogether }, (_, index) => {
              const { height, width } = stretched(length, (index + 0.5) / pointsTogether);
              return box(height, width, weight / pointsTogether);
            }),
          ),
        ),
    };
  }
  const random = typeof options.length === "object" && "area" in options.length;
  return {
    draw(rng, progress, count) {
      const length = round(law.draw(rng, progress, count));
      return { height: length, width: length };
    },
    fits: inside && random ? strictly : always,
    distribution: (progress, count) =>
      merged(
        law
          .distribution(progress, count, pointsAlone)
          .map(({ length, weight }) => box(round(length), round(length), weight)),
      ),
  };
}

const box = (height: number, width: number, weight: number): WeightedBox => ({ height, width, weight });

/** Equal boxes as one. */
function merged(boxes: readonly WeightedBox[]): WeightedBox[] {
  const byHeight = new Map<number, Map<number, number>>();
  for (const { height, width, weight } of boxes) {
    let widths = byHeight.get(height);
    if (widths === undefined) {
      widths = new Map();
      byHeight.set(height, widths);
    }
    widths.set(width, (widths.get(width) ?? 0) + weight);
  }
  return [...byHeight].flatMap(([height, widths]) =>
    [...widths].map(([width, weight]) => box(height, width, weight)),
  );
}
