// The best checkpoint of a run as an ONNX model.
import type { Normalization } from "../augment/index.ts";
import type { Network } from "../nn/network.ts";
import { exportModel } from "../onnx/export.ts";
import { loadWeights } from "../run-folder/index.ts";

export interface Exported {
  readonly runDir: string;
  readonly network: Network;
  readonly classes: readonly string[];
  readonly normalization: Normalization;
}

export function exportBest({ runDir, network, classes, normalization }: Exported): Uint8Array {
  const { parameters, buffers } = loadWeights(runDir, "best", network);
  return exportModel({ network, parameters, buffers, classes, normalization, name: "cutout" });
}
