// One or two networks looked into on the same images: what is said of their features and of hidden parts.
import { holm, mcnemarExact } from "../stats/mcnemar.ts";
import {
  type Interval,
  type PairedCounts,
  pairedDifferenceInterval,
  wilsonInterval,
} from "../stats/proportion.ts";

/** What was measured of a run, as far as it is needed here. */
export interface InspectedRun {
  readonly label: string;
  readonly classes: readonly string[];
  readonly part: string;
  readonly names: readonly string[];
  readonly labels: readonly number[];
  readonly layers: readonly InspectedLayer[];
  readonly hidden: readonly {
    readonly share: number;
    readonly side: number;
    readonly area: number;
    readonly right: ArrayLike<number>;
  }[];
  readonly answers: readonly {
    readonly predicted: number;
    readonly confidence: number;
    readonly probability: number;
  }[];
}

export interface InspectedLayer {
  readonly name: string;
  readonly shape: readonly number[];
  readonly mean: number;
  readonly sortedThenAveraged: readonly number[];
  readonly averagedThenSorted: readonly number[];
}

/** Why two runs cannot be laid over each other; null when they can. */
export function whyNoPair(
  first: Pick<InspectedRun, "classes" | "names" | "labels">,
  second: Pick<InspectedRun, "classes" | "names" | "labels">,
): string | null {
  const same = (one: readonly unknown[], other: readonly unknown[]) =>
    one.length === other.length && one.every((value, index) => value === other[index]);
  if (!same(first.classes, second.classes)) return "the runs have different classes";
  if (!same(first.names, second.names)) {
    return "the runs were tested on different images; split them with the same seed to compare, or give both the same images with --data";
  }
  return same(first.labels, second.labels) ? null : "the runs disagree on what some images are";
}

/** Accuracy of a run with a square of one size. */
export interface HiddenAccuracy {
  readonly side: number;
  readonly area: number;
  readonly correct: number;
  readonly accuracy: number;
  /** 95 %, Wilson's. */
  readonly interval: Interval;
}

/** The second run against the first on the same images behind the same squares. */
export interface HiddenDifference extends PairedCounts {
  /** Accuracy of the second minus that of the first, and its 95 % interval, Tango's. */
  readonly difference: number;
  readonly interval: Interval;
  /** McNemar's exact test, and after Holm's correction for all sizes of the square. */
  readonly p: number;
  readonly adjusted: number;
}

export interface HiddenRow {
  /** Of the image's shorter side. */
  readonly share: number;
  /** In the order of the runs. */
  readonly runs: readonly HiddenAccuracy[];
  /** Null with one run. */
  readonly paired: HiddenDifference | null;
}

/** Accuracy while more and more is hidden: every size of the square on the same images. */
export function hiddenRows(runs: readonly InspectedRun[]): readonly HiddenRow[] {
  const rows = runs[0]!.hidden.map(({ share }, at): HiddenRow => {
    const measured = runs.map(({ hidden }) => hidden[at]!);
    const [first, second] = measured;
    return {
      share,
      runs: measured.map(({ side, area, right }): HiddenAccuracy => {
        const correct = Array.from(right).reduce((sum, one) => sum + one, 0);
        const interval = wilsonInterval(correct, right.length);
        return { side, area, correct, accuracy: correct / right.length, interval };
      }),
      paired: second === undefined ? null : differenceOf(first!.right, second.right),
    };
  });
  const adjusted = holm(rows.flatMap(({ paired }) => paired?.p ?? []));
  return rows.map((row, at) => ({
    ...row,
    paired: row.paired && { ...row.paired, adjusted: adjusted[at]! },
  }));
}

function differenceOf(first: ArrayLike<number>, second: ArrayLike<number>): HiddenDifference {
  const counts = { bothRight: 0, onlyFirstRight: 0, onlySecondRight: 0, bothWrong: 0 };
  for (let image = 0; image < first.length; image++) {
    if (first[image]) counts[second[image] ? "bothRight" : "onlyFirstRight"]++;
    else counts[second[image] ? "onlySecondRight" : "bothWrong"]++;
  }
  const p = mcnemarExact(counts.onlyFirstRight, counts.onlySecondRight);
  return {
    ...counts,
    difference: (counts.onlySecondRight - counts.onlyFirstRight) / first.length,
    interval: pairedDifferenceInterval(counts),
    p,
    adjusted: p,
  };
}

/** Why an image is shown. */
export type ShownFor = "asked for" | "only one is right" | "sure and wrong" | "sure and right";

export interface ChosenImage {
  /** Its place among the images. */
  readonly position: number;
  readonly why: ShownFor;
}

/**
 * Images worth a look: those on which two runs disagree, half of them for each side where there are so many, the
 * greatest difference in the true class's probability first; then the surest mistakes and the surest right answers of
 * the first run in turn.
 */
export function worthLooking(runs: readonly InspectedRun[], count: number): readonly ChosenImage[] {
  const [first, second] = runs as readonly [InspectedRun, InspectedRun?];
  const places = first.answers.map((_, position) => position);
  const isRight = (run: InspectedRun, at: number) => run.answers[at]!.predicted === run.labels[at];
  const by = (value: (position: number) => number) => (a: number, b: number) => value(b) - value(a) || a - b;
  const only = (right: InspectedRun, wrong: InspectedRun) =>
    places
      .filter((at) => isRight(right, at) && !isRight(wrong, at))
      .sort(by((at) => right.answers[at]!.probability - wrong.answers[at]!.probability));
  const surest = (right: boolean) =>
    places.filter((at) => isRight(first, at) === right).sort(by((at) => first.answers[at]!.confidence));
  const disagreements = second === undefined ? [] : inTurn(only(first, second), only(second, first));
  const others = inTurn(surest(false), surest(true));
  const disagreed = new Set(disagreements);
  return [...disagreements, ...others.filter((at) => !disagreed.has(at))].slice(0, count).map((position) => ({
    position,
    why: disagreed.has(position)
      ? "only one is right"
      : isRight(first, position)
        ? "sure and right"
        : "sure and wrong",
  }));
}

function inTurn(one: readonly number[], other: readonly number[]): number[] {
  const longest = Math.max(one.length, other.length);
  return Array.from({ length: longest }, (_, at) => [
    ...one.slice(at, at + 1),
    ...other.slice(at, at + 1),
  ]).flat();
}

/** A layer of the runs that have one of this name. */
export interface LayerAcross {
  readonly name: string;
  readonly runs: readonly { readonly run: number; readonly layer: InspectedLayer }[];
}

export function layersAcross(runs: readonly InspectedRun[]): readonly LayerAcross[] {
  const names = [...new Set(runs.flatMap(({ layers }) => layers.map(({ name }) => name)))];
  return names.map((name) => ({
    name,
    runs: runs.flatMap(({ layers }, run) =>
      layers.filter((layer) => layer.name === name).map((layer) => ({ run, layer })),
    ),
  }));
}
