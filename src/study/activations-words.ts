// What a look into one or two networks comes to in words: the same ones in the terminal and on the page.
import { counted, decimal, listed, percent, points, pValue, span } from "../text.ts";
import { type HiddenRow, type InspectedRun, layersAcross } from "./activations.ts";
import { significance } from "./comparison.ts";

const quoted = ({ label }: Pick<InspectedRun, "label">) => `“${label}”`;

/** The sizes of the square at which two runs differ, after the correction for having looked at all of them. */
const differing = (rows: readonly HiddenRow[]) =>
  rows.filter(({ paired }) => paired !== null && paired.adjusted < significance && paired.difference !== 0);

/** The sentence on hidden parts that a reader takes home. */
export function hiddenHeadline(runs: readonly InspectedRun[], rows: readonly HiddenRow[]): string {
  const [first, second] = runs as readonly [InspectedRun, InspectedRun?];
  const half = rows.find(({ share }) => share === 0.5)!;
  const images = first.names.length;
  if (second === undefined) {
    return `With a square of half the side hidden ${quoted(first)} is right on ${percent(half.runs[0]!.accuracy, images)} of the images, with nothing hidden on ${percent(rows[0]!.runs[0]!.accuracy, images)}.`;
  }
  const found = differing(rows.slice(1));
  if (found.length === 0)
    return "These images do not tell the two models apart when a part of the image is hidden.";
  const ahead = new Set(found.map(({ paired }) => paired!.difference > 0));
  const sizes = listed(found.map(({ share }) => percent(share, 1).replace(".0", "")));
  if (ahead.size > 1) return `Which of the two models is right more often depends on how much is hidden.`;
  const [more, fewer] = ahead.has(true) ? [second, first] : [first, second];
  return `With a square of ${sizes} of the side hidden, the model of ${quoted(more)} is right more often than that of ${quoted(fewer)}.`;
}

/** What stands behind the headline. */
export function hiddenSentences(
  runs: readonly InspectedRun[],
  rows: readonly HiddenRow[],
): readonly string[] {
  const images = runs[0]!.names.length;
  const half = rows.find(({ share }) => share === 0.5)!;
  const falls = runs.map((run, index) => {
    const at = (row: HiddenRow) => row.runs[index]!.accuracy;
    return `${quoted(run)} ${percent(at(rows[0]!), images)} to ${percent(at(half), images)} (${points(at(half) - at(rows[0]!), 1)} points)`;
  });
  if (half.paired === null) return [];
  const { difference, interval, p, adjusted } = half.paired;
  return [
    `From nothing to half the side hidden (a quarter of the area): ${falls.join(", ")}.`,
    `At half the side ${quoted(runs[1]!)} minus ${quoted(runs[0]!)} is ${points(difference, 1)} percentage points of ${counted(images, "image")} (95 % interval ${span(interval, 1)}; McNemar’s exact test p ${pValue(p)}, ${pValue(adjusted)} after Holm’s correction for the ${rows.length} sizes).`,
    "This is about these two models only: one pair cannot tell what a setting does, and another seed may turn it round.",
  ];
}

/** Mean magnitudes: `layer2  0.412  0.530  +28.6 %`, with one run without the last two. */
export function magnitudeRows(runs: readonly InspectedRun[]): readonly (readonly string[])[] {
  return layersAcross(runs).map(({ name, runs: having }) => {
    const means = runs.map((_, run) => having.find((one) => one.run === run)?.layer.mean ?? null);
    const cells = means.map((mean) => (mean === null ? "–" : decimal(mean)));
    if (runs.length < 2) return [name, ...cells];
    const [one, other] = means;
    return [name, ...cells, one && other ? `${points(other / one - 1, 1)} %` : "–"];
  });
}

/** Hidden parts: side, area, and the accuracy of each run with its interval; with two the difference and p. */
export function hiddenTable(
  runs: readonly InspectedRun[],
  rows: readonly HiddenRow[],
): readonly (readonly string[])[] {
  const images = runs[0]!.names.length;
  return rows.map(({ share, runs: found, paired }) => [
    `${Number((100 * share).toFixed(1))} %`,
    `${(100 * found[0]!.area).toFixed(1)} %`,
    ...found.map(({ accuracy, interval }) => {
      const bounds = [interval.lower, interval.upper].map((bound) => (100 * bound).toFixed(1));
      return `${percent(accuracy, images)} (${bounds.join(" to ")})`;
    }),
    ...(paired === null
      ? []
      : [
          `${points(paired.difference, 1)} (${span(paired.interval, 1)})`,
          `${paired.onlyFirstRight} / ${paired.onlySecondRight}`,
          pValue(paired.adjusted),
        ]),
  ]);
}
