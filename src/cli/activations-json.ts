// What `cutout activations` found, for programs: plain numbers under plain names.
import type { ActivationsLook } from "../report/activations.ts";

/** Six digits: what single precision tells. */
const short = (values: ArrayLike<number>): number[] =>
  Array.from(values, (value) => Number(value.toPrecision(6)));

/** Numbers of a map, row by row. */
const mapJson = ({
  values,
  ...rest
}: {
  readonly height: number;
  readonly width: number;
  readonly values: ArrayLike<number>;
}) => ({
  ...rest,
  values: short(values),
});

export function activationsJson({ runs, hidden, images, seed }: ActivationsLook): object {
  return {
    formatVersion: 1,
    images: runs[0]!.names.length,
    part: runs[0]!.part,
    classes: runs[0]!.classes,
    seed,
    runs: runs.map(({ path, label, network, weights, epoch, layers }) => ({
      path,
      label,
      network,
      weights,
      epoch,
      layers: layers.map(({ name, shape, mean, sortedThenAveraged, averagedThenSorted }) => ({
        name,
        shape,
        mean,
        sortedThenAveraged: short(sortedThenAveraged),
        averagedThenSorted: short(averagedThenSorted),
      })),
    })),
    hidden,
    maps: images.map(({ name, label, why, runs: maps }) => ({
      name,
      label,
      why,
      runs: maps.map(({ predicted, confidence, probability, gradCam, occlusion }) => ({
        predicted,
        confidence,
        probability,
        gradCam: gradCam && mapJson(gradCam),
        occlusion: mapJson(occlusion),
      })),
    })),
  };
}
