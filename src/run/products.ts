// What is made of a trained run: the exported model and the report.
import { writeReport } from "../report/html.ts";
import { writeProduct } from "../run-folder/index.ts";
import { type Exported, exportBest } from "./export-best.ts";

/**
 * Writes model.onnx and the report.
 * @returns path of report.html
 */
export async function writeProducts(run: Exported): Promise<string> {
  writeProduct(run.runDir, "model", exportBest(run));
  return writeReport(run.runDir);
}
