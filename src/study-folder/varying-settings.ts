// The settings in which the arms of a study differ, and those that they share.
import type { Config, Settings } from "../config/config.ts";
import { type ToldSetting, toldSettings, valueText } from "../config/flag-text.ts";
import type { Arm } from "./study-json.ts";

/** A setting in which arms differ. */
export interface VaryingSetting {
  /** Its flag without the dashes: `cutout`, `learning-rate`. */
  readonly name: string;
  /** The text of each arm's; null where an arm has no such setting, as the shape of holes without holes. */
  readonly values: readonly (string | null)[];
}

/** Settings are complete but for what follows from the images, and what they lack is not told. */
const told = (settings: Settings): readonly ToldSetting[] =>
  toldSettings(settings as Config).filter(({ flag }) => flag !== "" && flag !== "--seed");

/**
 * Those in which arms differ, in the order of the help. What belongs to a setting that others have switched off, as the
 * shape of holes, is told where it is not the usual, or differs among those that have it.
 */
export function varyingSettings(arms: readonly Arm[]): readonly VaryingSetting[] {
  const all = arms.map(({ settings }) => new Map(told(settings).map((one) => [one.flag, one])));
  const flags = [...new Set(all.flatMap((one) => [...one.keys()]))];
  return flags.flatMap((flag) => {
    const found = all.map((one) => one.get(flag) ?? null);
    const values = found.map((one) => one && valueText(one));
    const texts = new Set(values.filter((value) => value !== null));
    const partly = values.includes(null) && found.some((one) => one !== null && !one.usual);
    return texts.size > 1 || partly ? [{ name: flag.slice(2), values }] : [];
  });
}

/** Those that all arms have alike, with their text, in the order of the help. */
export function commonSettings(arms: readonly Arm[]): readonly (readonly [name: string, value: string])[] {
  const varying = new Set(varyingSettings(arms).map(({ name }) => name));
  const everywhere = (flag: string) =>
    arms.every(({ settings }) => told(settings).some((one) => one.flag === flag));
  return told(arms[0]!.settings)
    .filter(({ flag }) => !varying.has(flag.slice(2)) && everywhere(flag))
    .map((setting) => [setting.flag.slice(2), valueText(setting)]);
}
