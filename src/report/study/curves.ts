// Every run's learning curves: those of all arms over each other, or an arm a panel where there are many.
import type { ShownTrial } from "../../study-folder/index.ts";
import { counted, printable } from "../../text.ts";
import type { EpochRecord } from "../../train/events.ts";
import { accuracyDomain, epochTicks, lossDomain, seriesColor, type Unit } from "../charts.ts";
import { type Html, html } from "../markup.ts";
import { section } from "../page.ts";
import { type Drawing, drawing, figure } from "./figure.ts";
import { armColor, type StudyView, shortName } from "./view.ts";

/** Up to so many arms are told apart by their colours. */
const mostTogether = 6;

type Value = (epoch: EpochRecord) => number | null;

interface Measure {
  readonly title: string;
  readonly value: Value;
  readonly format: string;
  readonly domain: (values: readonly number[]) => readonly [number, number];
}

const measures: readonly Measure[] = [
  {
    title: "Validation accuracy",
    value: ({ validation }) => validation?.top1 ?? null,
    format: ".0%",
    domain: accuracyDomain,
  },
  { title: "Training accuracy", value: ({ train }) => train.top1, format: ".0%", domain: accuracyDomain },
  {
    title: "Validation loss",
    value: ({ validation }) => validation?.loss ?? null,
    format: "~g",
    domain: lossDomain,
  },
  { title: "Training loss", value: ({ train }) => train.loss, format: "~g", domain: lossDomain },
];

interface Point {
  readonly run: string;
  readonly arm: number;
  readonly epoch: number;
  readonly value: number;
}

const trained = (shown: readonly ShownTrial[]) =>
  shown.filter(({ trial, epochs }) => trial.task === "train" && epochs.length > 0);

export async function curvesSection({ shown, study }: StudyView): Promise<Html | null> {
  const runs = trained(shown);
  if (runs.length === 0) return null;
  const arms = [...new Set(runs.map(({ trial }) => trial.arm))].sort((a, b) => a - b);
  const names = study.arms.map(({ name }) => name);
  const drawings = arms.length <= mostTogether ? together(runs, arms, names) : apart(runs, arms, names);
  const what =
    arms.length <= mostTogether
      ? "each thin line is a run, with the colour of its settings; the thick lines are the means over the finished runs of equal length"
      : "a panel for each of the settings, each line a run: validation solid, training dashed; the scale is the same in all";
  return section(
    "curves",
    "Learning curves",
    await figure(
      drawings,
      html`${counted(runs.length, "run")} by epoch: ${what}. Training accuracy and loss are measured on the augmented images while they are learnt.`,
    ),
  );
}

function pointsOf(runs: readonly ShownTrial[], value: Value): readonly Point[] {
  return runs.flatMap(({ trial, epochs }) =>
    epochs.flatMap((record): readonly Point[] => {
      const found = value(record);
      if (found === null || !Number.isFinite(found)) return [];
      return [{ run: String(trial.index), arm: trial.arm, epoch: record.epoch, value: found }];
    }),
  );
}

/** The mean of the finished runs of an arm that have the length of the most of them; none of one run, whose line it would be. */
function meansOf(runs: readonly ShownTrial[], value: Value): readonly Point[] {
  const arms = [...new Set(runs.map(({ trial }) => trial.arm))];
  return arms.flatMap((arm) => {
    const finished = runs.filter(({ trial, outcome }) => trial.arm === arm && outcome.state === "finished");
    const longest = Math.max(0, ...finished.map(({ epochs }) => epochs.length));
    const equal = finished.filter(({ epochs }) => epochs.length === longest);
    if (equal.length < 2) return [];
    return Array.from({ length: longest }, (_, at): Point | null => {
      const values = equal.map(({ epochs }) => value(epochs[at]!));
      if (!values.every((one): one is number => one !== null && Number.isFinite(one))) return null;
      return { run: "mean", arm, epoch: at + 1, value: values.reduce((a, b) => a + b, 0) / values.length };
    }).filter((point) => point !== null);
  });
}

function axes(
  points: readonly Point[],
  { format, domain }: Pick<Measure, "format" | "domain">,
): { readonly x: Unit; readonly y: Unit } {
  const last = Math.max(1, ...points.map(({ epoch }) => epoch));
  return {
    x: {
      field: "epoch",
      type: "quantitative",
      title: "Epoch",
      scale: { domain: last === 1 ? [0.5, 1.5] : [1, last], nice: false, zero: false },
      axis: { values: epochTicks(last), format: "d", grid: false, labelOverlap: "greedy", labelFlush: false },
    },
    y: {
      field: "value",
      type: "quantitative",
      title: null,
      scale: { domain: domain(points.map(({ value }) => value)), nice: false, zero: false },
      axis: { format, tickCount: 5 },
    },
  };
}

function together(
  runs: readonly ShownTrial[],
  arms: readonly number[],
  names: readonly string[],
): readonly Drawing[] {
  return measures.flatMap((measure) => {
    const points = pointsOf(runs, measure.value);
    if (points.length === 0) return [];
    const { x, y } = axes(points, measure);
    const named = arms.map((arm) => ({ name: shortName(names[arm]!, 300), color: armColor(arm) }));
    // Arms are told apart by their index: names may be cut to the same text.
    const scale = { domain: arms, range: arms.map(armColor) };
    const color = { ...seriesColor(named), field: "arm", scale };
    const line = (width: number, opacity: number) => ({
      type: "line",
      strokeWidth: width,
      strokeJoin: "round",
      opacity,
    });
    const detail = { field: "run", type: "nominal" };
    const means = meansOf(runs, measure.value);
    const alone = points.every(({ epoch }) => epoch === 1);
    const layer: Unit[] = [
      {
        data: { values: points },
        mark: line(1.2, means.length === 0 ? 0.9 : 0.4),
        encoding: { x, y, color, detail },
      },
      { data: { values: means }, mark: line(3, 1), encoding: { x, y, color, detail } },
    ];
    if (alone)
      layer.push({
        data: { values: points },
        mark: { type: "point", filled: true, size: 60 },
        encoding: { x, y, color },
      });
    return [{ spec: drawing(measure.title, layer), title: `${measure.title} of each run against epoch` }];
  });
}

/** Accuracy alone, an arm a panel. */
function apart(
  runs: readonly ShownTrial[],
  arms: readonly number[],
  names: readonly string[],
): readonly Drawing[] {
  const [validation, training] = [measures[0]!, measures[1]!];
  const all = [...pointsOf(runs, validation.value), ...pointsOf(runs, training.value)];
  const { x, y } = axes(all, validation);
  const detail = { field: "run", type: "nominal" };
  return arms.map((arm) => {
    const own = runs.filter(({ trial }) => trial.arm === arm);
    const line = (measure: Measure, mark: Unit): Unit => ({
      data: { values: pointsOf(own, measure.value) },
      mark: { type: "line", strokeJoin: "round", stroke: armColor(0), ...mark },
      encoding: { x, y, detail },
    });
    const layer = [
      line(training, { strokeWidth: 1.2, strokeDash: [4, 3], opacity: 0.6 }),
      line(validation, { strokeWidth: 2, opacity: 0.9 }),
    ];
    const name = printable(names[arm]!);
    return {
      spec: drawing(shortName(name, 290), layer, { width: 330, height: 220 }),
      title: `Accuracy of the runs of ${name} against epoch`,
    };
  });
}
