// `cutout preview`: a picture of augmented training images, and the share of them that is masked.
import type { Command } from "commander";
import { Option } from "commander";
import { replaceFile } from "../durable-file.ts";
import { say } from "./console.ts";
import { addSettingFlags, settingsFrom } from "./flags.ts";
import { createProgress } from "./progress.ts";

/** Images and draws of each on the sheet. */
const sheet = { images: 8, draws: 7 };

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
  const { settings, nameOf } = settingsFrom(data, options);
  const { prepare } = await import("../study/prepare.ts");
  const { previewSheet } = await import("../report/sheet.ts");
  const { augmentationText } = await import("../report/describe.ts");
  const progress = createProgress(process.stderr);
  try {
    const { config, dataset, split, pipeline } = await prepare(settings, nameOf, progress.onProgress);
    try {
      const picture = await previewSheet(dataset, pipeline, {
        ...sheet,
        seed: config.seed,
        indices: split.train,
        title: augmentationText(config),
      });
      progress.clear();
      const out = options.out as string;
      replaceFile(out, [picture]);
      say(`${out}  ${augmentationText(config)}`);
    } finally {
      dataset.close();
    }
  } finally {
    progress.clear();
  }
}
