// Flags of the rule by which a study decides.
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
