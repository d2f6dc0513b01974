// The best checkpoint of a run as an ONNX model.
import type { Normalization } from "../augment/index.ts";
import type { Network } from "../nn/network.ts";
import { exportModel } from "../onnx/export.ts";
import { checkpointPath, loadCheckpoint } from "../run-folder/index.ts";

export interface Exported {
  readonly runDir: string;
  readonly network: Network;
  readonly classes: readonly string[];
  readonly normalization: Normalization;
}

export function exportBest({ runDir, network, classes, normalization }: Exported): Uint8Array {
  const { parameters, buffers } = loadCheckpoint(checkpointPath(runDir, "best")).state;
  return exportModel({ network, parameters, buffers, classes, normalization, name: "cutout" });
}
