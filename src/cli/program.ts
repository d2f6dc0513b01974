// The program `cutout`: one file a command, and the way errors become one line and an exit code.
import { Command } from "commander";
import { version } from "../version.ts";
import { addActivations } from "./activations.ts";
import { addBench } from "./bench.ts";
import { addCompare } from "./compare.ts";
import { describeFailure, exitCodeOf, isCommanderError, tell } from "./console.ts";
import { addData } from "./data.ts";
import { addDemo } from "./demo.ts";
import { addDoctor } from "./doctor.ts";
import { addEval } from "./eval.ts";
import { addExport } from "./export.ts";
import { addFindRate } from "./find-lr.ts";
import { addModels } from "./models.ts";
import { addPredict } from "./predict.ts";
import { addPretrain } from "./pretrain.ts";
import { addPreview } from "./preview.ts";
import { addRecipes } from "./recipes.ts";
import { addStudy, addTrial } from "./study.ts";
import { addSweep } from "./sweep.ts";
import { addTrain } from "./train.ts";
import { addTune } from "./tune.ts";
import { addWorker } from "./worker.ts";

function createProgram(): Command {
  const program = new Command("cutout")
    .description(
      "Train image classifiers from a folder of photos, with and without Cutout, and tell whether it helped.",
    )
    .version(version)
    .showHelpAfterError("(--help lists the options)");
  for (const add of [
    addTrain,
    addPretrain,
    addEval,
    addPredict,
    addExport,
    addPreview,
    addFindRate,
    addCompare,
    addDoctor,
    addSweep,
    addActivations,
    addTune,
    addData,
    addRecipes,
    addStudy,
    addTrial,
    addDemo,
    addBench,
    addModels,
    addWorker,
  ]) {
    add(program);
  }
  const commands = program.commands.flatMap((command) => [command, ...command.commands]);
  for (const command of [program, ...commands]) {
    command
      .exitOverride()
      .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "cutout: ")) });
    if (command !== program) command.option("--debug", "show where an error comes from");
  }
  return program;
}

/**
 * Runs a command line; sets the exit code of the process.
 * @param words what stands after the program's name
 */
export async function main(words: readonly string[]): Promise<void> {
  const program = createProgram();
  if (words.length === 0) {
    program.outputHelp();
    return;
  }
  try {
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    if (isCommanderError(error)) {
      process.exitCode = exitCodeOf(error);
      return;
    }
    const failure = describeFailure(error, words.includes("--debug"));
    tell(failure.text);
    process.exitCode = failure.exitCode;
  }
}
