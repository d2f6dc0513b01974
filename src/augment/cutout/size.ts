// The box of a hole, height and width: how it is drawn, and its distribution.
import type { Rng } from "../../rng.ts";
import type { ImageArea } from "./hole.ts";
import { type Length, lengthDistribution, sideDistribution } from "./length.ts";
import type { CutoutOptions } from "./options.ts";
import { isSides } from "./shape.ts";

/** A height and width, and their chance. */
export interface WeightedBox extends ImageArea {
  readonly weight: number;
}

/** The box of a hole in images of one size. */
export interface BoxDistribution {
  draw(rng: Rng, progress: number, count: number): ImageArea;
  /** Whether a box is taken; one that is not is drawn again. */
  fits(box: ImageArea): boolean;
  /** All boxes with their chance, those that do not fit too; continuous draws in parts. */
  weights(progress: number, count: number): readonly WeightedBox[];
}

const always = () => true;

/** Parts that a continuous draw is cut into: one that decides alone, and each of two that decide together. */
const pointsAlone = 2048;
const pointsTogether = 200;

/** @param continuous keep fractions of a pixel */
export function boxDistribution(
  options: CutoutOptions,
  image: ImageArea,
  continuous: boolean,
): BoxDistribution {
  const { shape } = options;
  if (isSides(shape)) {
    const rows = sideDistribution(shape.height, image.height, continuous);
    const columns = sideDistribution(shape.width, image.width, continuous);
    return {
      draw(rng, progress, count) {
        const height = rows.draw(rng, progress, count);
        return { height, width: columns.draw(rng, progress, count) };
      },
      fits: always,
      weights: (progress, count) => {
        const widths = columns.weights(progress, count, pointsTogether);
        return merged(
          rows
            .weights(progress, count, pointsTogether)
            .flatMap((row) =>
              widths.map((column) => box(row.length, column.length, row.weight * column.weight)),
            ),
        );
      },
    };
  }
  const distribution = lengthDistribution(options.length as Length, image, continuous);
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
        const length = distribution.draw(rng, progress, count);
        return stretched(length, rng.uniform());
      },
      fits: inside ? strictly : always,
      weights: (progress, count) =>
        merged(
          distribution.weights(progress, count, pointsTogether).flatMap(({ length, weight }) =>
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
      const length = round(distribution.draw(rng, progress, count));
      return { height: length, width: length };
    },
    fits: inside && random ? strictly : always,
    weights: (progress, count) =>
      merged(
        distribution
          .weights(progress, count, pointsAlone)
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
