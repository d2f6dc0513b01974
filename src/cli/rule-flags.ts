// Flags of the rule by which a study decides.
import type { Settings } from "../config/config.ts";
import { settingsError } from "../config/settings.ts";

/** Percentage points as a share. */
export function pointsFrom(where: string, text: string): number {
  const points = Number(text);
  if (points > 0 && points < 100) return points / 100;
  throw settingsError({ where, what: "must be above 0 and below 100 percentage points", got: text });
}

/** The part of the images whose accuracy counts: one that the settings leave. */
export function partFrom(where: string, text: string, { split }: Settings): "test" | "validation" {
  if (text !== "test" && text !== "validation") {
    throw settingsError({ where, what: "must be test or validation", got: text });
  }
  if (text === "test" || split.validation !== 0) return text;
  throw settingsError({
    where,
    what: "goes by the validation part",
    got: "--validation 0",
    remedy: "leave one of the two out",
  });
}
