// From metrics to vega-lite specs: learning curves. No drawing here.
import type { TopLevelSpec } from "vega-lite";
import type { ShownRun } from "../run-folder/index.ts";
import { lossText, percent, printable } from "../text.ts";
import type { ReconstructionScores, Score } from "../train/evaluation.ts";
import type { EpochRecord } from "../train/events.ts";
import { literal, wrapped } from "./svg-text.ts";

/** Middle tones: legible on white and on near black. */
const colors = {
  train: "#2f7bd6",
  validation: "#d8403c",
} as const;

/** For runs laid over each other (Okabe and Ito's colour-blind safe set, darkened for white paper). */
export const runColors = ["#2f7bd6", "#d55e00", "#0a8f6b", "#b3589a", "#a07800", "#5b6ee1"] as const;

export interface Series {
  readonly name: string;
  readonly color: string;
  readonly points: readonly { readonly epoch: number; readonly value: number }[];
}

interface Mark {
  readonly epoch: number;
  readonly value: number;
  readonly text: string;
  readonly color: string;
}

interface Panel {
  readonly title: string;
  readonly series: readonly Series[];
  readonly marks: readonly Mark[];
  readonly domain: readonly [number, number];
  readonly format: string;
}

/** Pixels for a name in the legend; a longer one goes on below. */
const legendWidth = 310;

const legendLines = (name: string) => wrapped(printable(name), legendWidth, 12);

export const panelSize = { width: 400, height: 320 };
/** Up to this many epochs every epoch gets a dot; one epoch alone has no line at all. */
const dottedEpochs = 30;

/** A part of a vega-lite spec. */
export type Unit = Record<string, unknown>;

/** The best epoch on validation: the last one marked so. */
export function bestEpoch<E extends { readonly best: boolean; readonly validation: unknown }>(
  epochs: readonly E[],
): E | null {
  // Up to format version 4 each epoch of a run without validation was marked.
  return epochs.findLast(({ best, validation }) => best && validation !== null) ?? null;
}

/** The epoch whose weights were tested; before the test the best one so far. */
export function keptEpoch({
  epochs,
  test,
  evaluation,
}: Pick<ShownRun, "epochs" | "test" | "evaluation">): EpochRecord | null {
  const tested = (evaluation ?? test)?.epoch;
  return tested === undefined ? bestEpoch(epochs) : (epochs.find(({ epoch }) => epoch === tested) ?? null);
}

/** What `value` takes of the validation of each epoch that has one. */
function validationPoints(
  epochs: readonly EpochRecord[],
  value: (score: Score) => number,
): { readonly epoch: number; readonly value: number }[] {
  return epochs.flatMap(({ epoch, validation }) =>
    validation === null ? [] : [{ epoch, value: value(validation) }],
  );
}

/** Loss and accuracy against epoch: training blue, validation red, the best epoch marked. */
export function learningCurves(epochs: readonly EpochRecord[]): {
  loss: TopLevelSpec;
  accuracy: TopLevelSpec;
} {
  const best = bestEpoch(epochs);
  const panel = (of: "loss" | "top1", text: (score: Score) => string) => {
    const validated = validationPoints(epochs, (score) => score[of]);
    const training: Series = {
      name: "training",
      color: colors.train,
      points: epochs.map(({ epoch, train }) => ({ epoch, value: train[of] })),
    };
    const validation: Series = { name: "validation", color: colors.validation, points: validated };
    const score = best?.validation;
    const marks: Mark[] = score
      ? [
          {
            epoch: best.epoch,
            value: score[of],
            text: `best: epoch ${best.epoch}, ${text(score)}`,
            color: colors.validation,
          },
        ]
      : [];
    // A run without a validation part has no such curve.
    return { series: validated.length > 0 ? [training, validation] : [training], marks };
  };
  return panels({
    loss: panel("loss", ({ loss }) => lossText(loss)),
    accuracy: panel("top1", ({ top1, count }) => percent(top1, count)),
  });
}

/** Validation loss and accuracy of several runs over each other, each with a ring at the epoch that it keeps. */
export function validationCurves(
  runs: readonly {
    readonly label: string;
    readonly run: Pick<ShownRun, "epochs" | "test" | "evaluation">;
  }[],
): {
  loss: TopLevelSpec;
  accuracy: TopLevelSpec;
} {
  const pick = (value: (score: Score) => number) => ({
    series: runs.map(({ label, run: { epochs } }, index) => ({
      name: label,
      color: runColors[index % runColors.length]!,
      points: validationPoints(epochs, value),
    })),
    marks: runs.flatMap(({ run }, index) => {
      const kept = keptEpoch(run);
      const score = kept?.validation ?? null;
      const color = runColors[index % runColors.length]!;
      return kept && score ? [{ epoch: kept.epoch, value: value(score), text: "", color }] : [];
    }),
  });
  return panels({
    loss: pick(({ loss }) => loss),
    accuracy: pick(({ top1 }) => top1),
  });
}

/** Loss and error of what was corrupted against epoch, of a pretraining. */
export function reconstructionCurves(epochs: readonly EpochRecord<ReconstructionScores>[]): {
  loss: TopLevelSpec;
  corrupted: TopLevelSpec;
} {
  const drawn = (of: "loss" | "corrupted", title: string) => {
    const training: Series = {
      name: "training",
      color: colors.train,
      points: epochs.map(({ epoch, train }) => ({ epoch, value: train[of] })),
    };
    const validation: Series = {
      name: "validation",
      color: colors.validation,
      points: epochs.flatMap(({ epoch, validation: score }) =>
        score === null ? [] : [{ epoch, value: score[of] }],
      ),
    };
    const series = validation.points.length > 0 ? [training, validation] : [training];
    const domain = lossDomain(valuesOf({ series, marks: [] }));
    return panel({ title, series, marks: [], domain, format: "~g" });
  };
  return { loss: drawn("loss", "Loss"), corrupted: drawn("corrupted", "Error where corrupted") };
}

/** Both panels in one picture. */
export function sideBySide(both: { readonly [panel: string]: TopLevelSpec }): TopLevelSpec {
  const parts = Object.values(both).map((panel) => ({
    ...panel,
    autosize: undefined,
    width: 350,
    height: 220,
  }));
  return { hconcat: parts, spacing: 30 } as unknown as TopLevelSpec;
}

type Drawing = Pick<Panel, "series" | "marks">;

function panels({ loss, accuracy }: { loss: Drawing; accuracy: Drawing }): {
  loss: TopLevelSpec;
  accuracy: TopLevelSpec;
} {
  return {
    loss: panel({ ...loss, title: "Loss", domain: lossDomain(valuesOf(loss)), format: "~g" }),
    accuracy: panel({
      ...accuracy,
      title: "Accuracy",
      domain: accuracyDomain(valuesOf(accuracy)),
      format: ".0%",
    }),
  };
}

const valuesOf = ({ series }: Drawing) =>
  series.flatMap(({ points }) => points.map(({ value }) => value)).filter(Number.isFinite);

export function lossDomain(values: readonly number[]): [number, number] {
  const highest = Math.max(0, ...values);
  return [Math.min(0, ...values), highest === 0 ? 1 : highest * 1.05];
}

/** Up to 100 %, down to the ten below the lowest: the top of the range is where the differences are. */
export function accuracyDomain(values: readonly number[]): [number, number] {
  return [Math.max(0, Math.floor(10 * Math.min(0.9, ...values) - 0.1) / 10), 1];
}

/** Round epochs to label: all of them up to ten, then the first and at most eight round ones. */
export function epochTicks(last: number): number[] {
  if (last <= 10) return Array.from({ length: last }, (_, index) => index + 1);
  const base = 10 ** Math.floor(Math.log10(last / 8));
  const step = [1, 2, 5, 10].map((factor) => factor * base).find((candidate) => last / candidate <= 8)!;
  const round = Array.from({ length: Math.floor(last / step) }, (_, index) => (index + 1) * step);
  return step >= 5 ? [1, ...round] : round;
}

/** The colours of series by the field `series`, with their legend below. */
export function seriesColor(series: readonly Pick<Series, "name" | "color">[]): Unit {
  return {
    field: "series",
    type: "nominal",
    title: null,
    scale: { domain: series.map(({ name }) => printable(name)), range: series.map((one) => one.color) },
    legend: {
      orient: "bottom",
      symbolType: "stroke",
      symbolStrokeWidth: 3,
      symbolOpacity: 1,
      // Two names of a dozen letters fit beside each other below a panel; longer or more ones stand in a column.
      columns: series.length > 2 || series.some(({ name }) => name.length > 18) ? 1 : 2,
      labelLimit: legendWidth,
      labelExpr: `${literal(series.map(({ name }) => legendLines(name)))}[datum.index]`,
    },
  };
}

function panel({ title, series, marks, domain, format }: Panel): TopLevelSpec {
  const last = Math.max(1, ...series.flatMap(({ points }) => points.map(({ epoch }) => epoch)));
  const epochDomain = last === 1 ? [0.5, 1.5] : [1, last];
  const values = series.flatMap(({ name, points }) =>
    points
      .filter(({ value }) => Number.isFinite(value))
      .map((point) => ({ ...point, series: printable(name) })),
  );
  const shown = marks.filter(({ value }) => Number.isFinite(value));
  const x = {
    field: "epoch",
    type: "quantitative",
    title: "Epoch",
    scale: { domain: epochDomain, nice: false, zero: false },
    axis: { values: epochTicks(last), format: "d", grid: false, labelOverlap: "greedy", labelFlush: false },
  };
  const y = {
    field: "value",
    type: "quantitative",
    title: null,
    scale: { domain, nice: false, zero: false },
    axis: { format, tickCount: 5 },
  };
  const color = seriesColor(series);
  const layer: Unit[] = [
    {
      data: { values },
      mark: { type: "line", strokeWidth: 2, strokeJoin: "round" },
      encoding: { x, y, color },
    },
  ];
  if (last <= dottedEpochs) {
    const size = last === 1 ? 70 : 22;
    layer.push({
      data: { values },
      mark: { type: "point", filled: true, size, opacity: 1 },
      encoding: { x, y, color },
    });
  }
  layer.push(...shown.flatMap((mark) => markLayers(mark, epochDomain, x, y)));
  // The size is that of the whole picture: panels with longer numbers at the side come out as large as the others.
  const autosize = { type: "fit", contains: "padding" };
  return { title: { text: title }, ...panelSize, autosize, layer } as unknown as TopLevelSpec;
}

/** A ring on the curve; with a text also a dashed line up to the text above the panel, where no curve is. */
function markLayers(mark: Mark, [first, last]: number[], x: Unit, y: Unit): Unit[] {
  const place = (mark.epoch - first!) / (last! - first!);
  const data = { values: [{ epoch: mark.epoch, value: mark.value, text: mark.text }] };
  const ring = { type: "point", filled: false, size: 110, strokeWidth: 2, stroke: mark.color, opacity: 1 };
  const layers: Unit[] = [{ data, mark: ring, encoding: { x, y } }];
  if (mark.text === "") return layers;
  const rule = { type: "rule", stroke: "currentColor", strokeDash: [3, 3], opacity: 0.55 };
  const align = place < 0.3 ? "left" : place > 0.7 ? "right" : "center";
  const text = { type: "text", y: -9, align, baseline: "middle", fill: "currentColor", fontSize: 12 };
  layers.unshift({ data, mark: rule, encoding: { x } });
  layers.push({ data, mark: text, encoding: { x, text: { field: "text" } } });
  return layers;
}
