// Every pair of runs with one seed, as a table.
import { percent, points } from "../text.ts";
import { type Html, html } from "./markup.ts";
import { table } from "./page.ts";

interface Pair {
  readonly seed: number | string;
  /** Accuracies, shares. */
  readonly first: number;
  readonly second: number;
  readonly difference: number;
}

/** @param names of the settings of the first and of the second run */
export function pairsTable(pairs: readonly Pair[], names: readonly [string, string]): Html {
  return table(
    ["Seed", ...names, "Difference, percentage points"],
    pairs.map(({ seed, first, second, difference }) => [
      String(seed),
      percent(first),
      percent(second),
      html`<span class="${difference > 0 ? "good" : difference < 0 ? "bad" : ""}">${points(difference)}</span>`,
    ]),
  );
}
