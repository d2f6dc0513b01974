// Seeds as a command line tells them.
import { settingsError } from "../config/settings.ts";

/** Above this a list is a slip of the finger. */
const most = 1000;

/**
 * `3`: so many, from the first one on; `0-4`: all of these; `1,5,7`: these.
 * @throws CutoutError when it is none of these, or none are left
 */
export function seedsFrom(where: string, text: string, first: number): readonly number[] {
  const seeds = seedsIn(text.trim(), first);
  const valid = seeds?.every((seed) => Number.isSafeInteger(seed) && seed >= 0 && seed < 2 ** 31) === true;
  if (seeds === null || !valid || seeds.length === 0 || seeds.length > most) {
    throw settingsError({
      where,
      what: `must be a number of seeds from 1 to ${most}, a range such as 0-4, or a list such as 1,5,7`,
      got: text,
    });
  }
  const twice = seeds.find((seed, at) => seeds.indexOf(seed) < at);
  if (twice === undefined) return seeds;
  throw settingsError({ where, what: "must be different seeds", got: `${twice} twice` });
}

function seedsIn(text: string, first: number): readonly number[] | null {
  if (/^\d+$/.test(text)) return Number(text) > most ? null : from(first, Number(text));
  const [, low, high] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  if (low !== undefined) {
    const count = Number(high) - Number(low) + 1;
    return count >= 1 && count <= most ? from(Number(low), count) : null;
  }
  return /^\d+(\s*,\s*\d+)+$/.test(text) ? text.split(",").map(Number) : null;
}

const from = (first: number, count: number) => Array.from({ length: count }, (_, at) => first + at);
