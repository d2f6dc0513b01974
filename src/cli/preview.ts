// `cutout preview`: a picture of augmented training images, and the share of them that is masked.
import { isAbsolute, relative, resolve, sep } from "node:path";
import type { Command } from "commander";
import { Option } from "commander";
import { settingsFrom } from "../config/flags.ts";
import { settingsError } from "../config/settings.ts";
import { printable } from "../text.ts";
import { namedBy, say, tell } from "./console.ts";
import { checkOutFile, writeOutFile } from "./out-file.ts";
import { createProgress } from "./progress.ts";
import { addSettingFlags } from "./setting-flags.ts";

export function addPreview(program: Command): void {
  const command = program
    .command("preview")
    .summary("look at the augmented training images")
    .description(
      "Writes a picture of what training would see: each image as it is, then as drawn in the first epochs. " +
        "Takes the settings of train.",
    )
    .argument("[data]", "as for train")
    .addOption(new Option("--out <file>", "PNG to write").default("preview.png"));
  addSettingFlags(command).action(previewAction);
}

async function previewAction(
  data: string | undefined,
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { settings, nameOf, notes } = settingsFrom(data, options);
  notes.forEach(tell);
  const out = options.out as string;
  checkOutFile("--out", out, ".png");
  checkBeside(out, settings.data);
  const { prepare } = await import("../run/prepare.ts");
  const { describeReading } = await import("../run/describe-trial.ts");
  const { augmentedSheet } = await import("../run/augmented-sheet.ts");
  const { augmentationOrderText, augmentationText } = await import("../report/describe.ts");
  const progress = createProgress(process.stderr);
  try {
    const prepared = await namedBy(nameOf, prepare(settings, progress.onProgress));
    try {
      progress.clear();
      describeReading(prepared, "cutout data stats").map(printable).forEach(tell);
      const picture = await augmentedSheet(prepared);
      progress.clear();
      writeOutFile(out, picture);
      say(`${out}  ${augmentationText(prepared.config)}`);
      say(`in this order: ${augmentationOrderText(prepared.config)}`);
    } finally {
      prepared.dataset.close();
    }
  } finally {
    progress.clear();
  }
}

/** @throws CutoutError when the picture would lie among the photos, and be one of them from then on */
function checkBeside(out: string, data: string): void {
  const below = relative(resolve(data), resolve(out));
  if (isAbsolute(below) || below.split(sep)[0] === "..") return;
  throw settingsError({
    where: "--out",
    what: `must lie outside of ${data}, where the next training would take it for a photo`,
    got: out,
    remedy: "name another place, as --out ../preview.png",
  });
}
