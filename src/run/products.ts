// What is made of a trained run: the exported model and the report.
import type { Normalization } from "../augment/index.ts";
import type { Network } from "../nn/network.ts";
import { exportModel } from "../onnx/export.ts";
import { writeReport } from "../report/html.ts";
import { loadWeights, writeProduct } from "../run-folder/index.ts";

interface Exported {
  readonly runDir: string;
  readonly network: Network;
  readonly classes: readonly string[];
  readonly normalization: Normalization;
}

/**
 * Writes model.onnx and the report.
 * @returns path of report.html
 */
export async function writeProducts(run: Exported): Promise<string> {
  writeProduct(run.runDir, "model", exportBest(run));
  return writeReport(run.runDir);
}

/** The best checkpoint of a run as an ONNX model. */
export function exportBest({ runDir, network, classes, normalization }: Exported): Uint8Array {
  const { parameters, buffers } = loadWeights(runDir, "best", network);
  return exportModel({ network, parameters, buffers, classes, normalization, name: "cutout" });
}
