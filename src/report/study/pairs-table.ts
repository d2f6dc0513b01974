// Every pair of runs with one seed, as a table.
import type { SeedPair } from "../../study/questions/pairs.ts";
import { percent, points } from "../../text.ts";
import { type Html, html } from "../markup.ts";
import { table } from "../page.ts";

/** @param names of the settings of the first and of the second run */
export function pairsTable(pairs: readonly SeedPair[], names: readonly [string, string]): Html {
  return table(
    ["Seed", ...names, "Difference, percentage points"],
    pairs.map(({ seed, first, second, difference }) => [
      seed,
      percent(first),
      percent(second),
      html`<span class="${difference > 0 ? "good" : difference < 0 ? "bad" : ""}">${points(difference)}</span>`,
    ]),
  );
}
