// The most activated feature map of a layer for each image, and the layers that have maps.
import type { Graph } from "../graph/graph.ts";
import { reshape } from "../graph/shape.ts";
import type { Value } from "../graph/types.ts";
import type { Network } from "./network.ts";
import { refusal } from "./options.ts";
import { unitsOf } from "./units.ts";

/** A layer with feature maps, and their size. */
export interface MapLayer {
  /** As `cutout activations` has it. */
  readonly name: string;
  readonly height: number;
  readonly width: number;
}

/**
 * @param layer name of a layer, or `last` for the last one that has feature maps
 * @throws CutoutError about the field `augment.targeted.layer` that lists the layers with maps
 */
export function mapLayer(network: Pick<Network, "name" | "layer" | "input">, layer: string): MapLayer {
  const layers = unitsOf(network).units.flatMap(({ name, output }): MapLayer[] =>
    output.length === 3 ? [{ name, height: output[1], width: output[2] }] : [],
  );
  const found = layer === "last" ? layers.at(-1) : layers.find(({ name }) => name === layer);
  if (found !== undefined) return found;
  const names = layers.map(({ name }) => name).join(", ");
  throw refusal({
    field: "augment.targeted.layer",
    what: `must be a layer of ${network.name} with feature maps: ${names}${names === "" ? "it has none" : " or last"}`,
    got: layer,
  });
}

/**
 * Of each image the map that is largest in the mean; of several equal ones their mean.
 * @param features [C, H, W, N]
 * @returns [N, H * W]
 */
export function mostActivated(g: Graph, features: Value): Value {
  const [, height, width, count] = features.shape as readonly [number, number, number, number];
  const means = g.apply("reduceMean", [features], { axes: [1, 2] });
  const isLargest = g.apply("equal", [means, g.apply("reduceMax", [means], { axes: [0] })]);
  const share = g.apply("cast", [isLargest], { to: "float32" });
  const ties = g.apply("reduceSum", [share], { axes: [0] });
  const sum = g.apply("reduceSum", [g.apply("mul", [features, share])], { axes: [0] });
  const maps = reshape(g, g.apply("div", [sum, ties]), [height * width, count]);
  return g.apply("transpose", [maps], { permutation: [1, 0] });
}
