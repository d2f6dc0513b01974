// Commands that go on from an answer, as a person would type them.
import type { Arm } from "../../study-folder/index.ts";
import { shellWord } from "../../text.ts";

/** Name of an arm that changes nothing; any other is named by its flags, or by its config file. */
export const unchanged = "baseline";

/** What a command begins with: the images, and the flags that are for all arms. */
export const baseOf = ({ common }: { readonly common: readonly string[] }, arms: readonly Arm[]) => [
  arms[0]!.settings.data,
  ...common,
];

/** Trains with what an arm says. @param base the images, and the flags that are for all arms */
export function trainCommand(base: readonly string[], { name }: Arm): string {
  const words = ["cutout", "train", ...base].map(shellWord).join(" ");
  if (name === unchanged) return words;
  return `${words} ${name.endsWith(".json") ? `--config ${shellWord(name)}` : name}`;
}

/**
 * Compares two arms until the rule stops.
 * @param seed first of the pairs: above all that the arms were chosen by, as luck that chose would be counted again
 */
export function compareCommand(
  base: readonly string[],
  [first, second]: readonly [Arm, Arm],
  seed: number,
): string {
  const [data, ...common] = base;
  const told = ({ name }: Arm) => (name === unchanged ? "" : name);
  const words = [data!, "--a", told(first), "--b", told(second), ...common, "--seed", String(seed)];
  return ["cutout", "compare", ...words].map(shellWord).join(" ");
}
