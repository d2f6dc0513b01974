// A checkpoint of a run as an ONNX model.
import type { Normalization } from "../augment/index.ts";
import type { Network } from "../nn/network.ts";
import { exportModel } from "../onnx/export.ts";
import { configJson, environmentJson, loadWeights } from "../run-folder/index.ts";

/** Which checkpoint of a run: the best epoch on validation, or the state that it has come to, in the end that of the last epoch. */
export const weightNames = ["best", "last"] as const;
export type Weights = (typeof weightNames)[number];

export interface Exported {
  readonly runDir: string;
  readonly network: Network;
  readonly classes: readonly string[];
  readonly normalization: Normalization;
}

/** A checkpoint of a run as an ONNX model, which tells how its images are read. */
export function exportWeights(
  weights: Weights,
  { runDir, network, classes, normalization }: Exported,
): Uint8Array {
  const { parameters, buffers } = loadWeights(runDir, weights, network);
  const { fit, cacheSize, crops } = configJson.read(runDir);
  return exportModel({
    network,
    parameters,
    buffers,
    classes,
    normalization,
    reading: { fit, cacheSize, crops },
    name: "cutout",
    version: environmentJson.show(runDir, [])?.versions.cutout,
  });
}
