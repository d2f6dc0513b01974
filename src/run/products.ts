// What is made of a trained run: the exported model and the report.
import { writeReport } from "../report/html.ts";
import { writeProduct } from "../run-folder/index.ts";
import { type Exported, exportWeights, type Weights } from "./export-weights.ts";

/**
 * Writes model.onnx of the weights that the run keeps, and the report.
 * @returns path of report.html
 */
export async function writeProducts(keep: Weights, run: Exported): Promise<string> {
  writeProduct(run.runDir, "model", exportWeights(keep, run));
  return writeReport(run.runDir);
}
