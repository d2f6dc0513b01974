// Flags of the rule by which a study decides.
import type { Settings } from "../config/config.ts";
import { settingsError } from "../config/settings.ts";

/** Percentage points as a share. */
export function pointsFrom(where: string, text: string): number {
  const points = Number(text);
  if (points > 0 && points < 100) return points / 100;
  throw settingsError({ where, what: "must be above 0 and below 100 percentage points", got: text });
}

/** The part of the images whose accuracy counts. */
export function partFrom(where: string, text: string): "test" | "validation" {
  if (text === "test" || text === "validation") return text;
  throw settingsError({ where, what: "must be test or validation", got: text });
}

/**
 * Before the first run, as a study finds out only when that has ended.
 * @param by what goes by it: `the screening`
 * @throws CutoutError where no image is left for the validation part
 */
export function checkValidation({ split }: Settings, by: string): void {
  if (split.validation !== 0) return;
  throw settingsError({
    where: "--validation",
    what: `must be above 0: ${by} goes by the validation part`,
    got: "0",
  });
}
