// `cutout export`: a checkpoint of a run as an ONNX model.
import { join } from "node:path";
import type { Command } from "commander";
import type { Weights } from "../run/classifier.ts";
import { say, tell } from "./console.ts";
import { weightsOption } from "./model-options.ts";
import { checkOutFile, writeOutFile } from "./out-file.ts";

export function addExport(program: Command): void {
  program
    .command("export")
    .summary("write a run's model as ONNX")
    .description(
      "Writes the weights that a run keeps as an ONNX model: images [N, C, H, W] from 0 to 1 in, probabilities out.",
    )
    .argument("<run>", "run folder, finished or not")
    .addOption(weightsOption())
    .option("--out <file>", "file to write (default: model.onnx in the run folder)")
    .action(exportAction);
}

async function exportAction(
  run: string,
  options: { readonly out?: string; readonly weights?: Weights },
): Promise<void> {
  const out = options.out ?? join(run, "model.onnx");
  checkOutFile("--out", out, ".onnx");
  const { exportRun } = await import("../run/classifier.ts");
  const { weights } = options;
  const model = exportRun(run, { weights, onEvent: ({ text }) => tell(text) });
  writeOutFile(out, model);
  say(`${out}  ${(model.length / 1e6).toFixed(1)} MB`);
}
