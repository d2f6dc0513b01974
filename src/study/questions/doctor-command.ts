// The command that trains with what a doctor's study has found.
import type { Arm } from "../../study-folder/index.ts";
import { shellWord } from "../../text.ts";

/**
 * @param base images and flags of the baseline
 * @param treatment null for the baseline
 */
export function trainCommand(base: readonly string[], treatment: Arm | null): string {
  const words = ["cutout", "train", ...base].map(shellWord).join(" ");
  return treatment === null ? words : `${words} ${flagsOf(treatment)}`;
}

/** Compares one treatment with the baseline, until the rule stops. */
export function compareCommand(base: readonly string[], treatment: Arm): string {
  const [data, ...flags] = base.map(shellWord);
  return ["cutout", "compare", data, ...flags, "--a", "''", "--b", shellWord(treatment.name)].join(" ");
}

/** An arm is named by its flags, or by its config file. */
const flagsOf = ({ name }: Arm) => (name.endsWith(".json") ? `--config ${shellWord(name)}` : name);
