// What is made of a trained run: the exported model and the report.
import { writeReport } from "../report/html.ts";
import { writeProduct } from "../run-folder/index.ts";
import { type Exported, exportWeights } from "./export-weights.ts";

/**
 * Writes model.onnx and the report.
 * @returns path of report.html
 */
export async function writeProducts(run: Exported): Promise<string> {
  writeProduct(run.runDir, "model", exportWeights("best", run));
  return writeReport(run.runDir);
}
