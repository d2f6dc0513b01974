// A length of time as a text: 30m, 2h, 90s, 1h30m.
import { settingsError } from "./settings.ts";

const units = { h: 3600, m: 60, s: 1 } as const;

/**
 * Seconds.
 * @param where flag that holds the text
 * @throws CutoutError when it is no length of time, or none above 0
 */
export function secondsFrom(where: string, text: string): number {
  const parts = /^(?=\d)(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?$/.exec(text.trim());
  const [hours = 0, minutes = 0, seconds = 0] = parts?.slice(1).map((part) => Number(part ?? 0)) ?? [];
  const total = hours * units.h + minutes * units.m + seconds * units.s;
  if (total > 0 && Number.isFinite(total)) return total;
  throw settingsError({ where, what: "must be a time above 0, as 30m, 2h, 90s or 1h30m", got: text });
}
