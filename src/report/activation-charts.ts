// Charts of what is inside networks: sorted magnitudes of features, and accuracy while more and more is hidden.
import type { TopLevelSpec } from "vega-lite";
import type { HiddenRow, LayerAcross } from "../study/activations.ts";
import { printable } from "../text.ts";
import { runColors, seriesColor } from "./charts.ts";

/** Points of a line; of more features evenly spaced ones are drawn, the first and the last among them. */
const mostPoints = 512;
const autosize = { type: "fit", contains: "padding" };

const seriesOf = (labels: readonly string[]) =>
  labels.map((name, run) => ({ name, color: runColors[run % runColors.length]! }));

/** The two readings of Figure 4 of a layer, on one scale: each run's magnitudes by falling value, over each other. */
export function magnitudeCharts(
  { runs }: LayerAcross,
  labels: readonly string[],
): { readonly sortedThenAveraged: TopLevelSpec; readonly averagedThenSorted: TopLevelSpec } {
  const most = Math.max(
    0,
    ...runs.flatMap(({ layer }) => [layer.sortedThenAveraged[0]!, layer.averagedThenSorted[0]!]),
  );
  const series = seriesOf(labels).filter((_, run) => runs.some((one) => one.run === run));
  const chart = (reading: "sortedThenAveraged" | "averagedThenSorted", title: string) => {
    const values = runs.flatMap(({ run, layer }) =>
      thinned(layer[reading]).map((point) => ({ ...point, series: printable(labels[run]!) })),
    );
    const features = Math.max(...runs.map(({ layer }) => layer[reading].length));
    const x = {
      field: "rank",
      type: "quantitative",
      title: "Feature, by falling magnitude",
      scale: { domain: features > 1 ? [1, features] : [0.5, 1.5], nice: false, zero: false },
      axis: { grid: false, format: "d", tickMinStep: 1, tickCount: 5 },
    };
    const y = {
      field: "value",
      type: "quantitative",
      title: null,
      stack: null,
      scale: { domain: [0, most === 0 ? 1 : 1.05 * most], nice: false },
      axis: { format: "~g", tickCount: 5 },
    };
    const color = seriesColor(series);
    return {
      title: { text: title },
      width: 400,
      height: 260,
      autosize,
      data: { values },
      layer: [
        { mark: { type: "area", opacity: 0.18 }, encoding: { x, y, color } },
        { mark: { type: "line", strokeWidth: 2, point: features === 1 }, encoding: { x, y, color } },
      ],
    } as unknown as TopLevelSpec;
  };
  return {
    sortedThenAveraged: chart("sortedThenAveraged", "Sorted in each image, then averaged"),
    averagedThenSorted: chart("averagedThenSorted", "Averaged over the images, then sorted"),
  };
}

function thinned(values: readonly number[]): { readonly rank: number; readonly value: number }[] {
  const count = Math.min(mostPoints, values.length);
  return Array.from({ length: count }, (_, at) => {
    const index = count === 1 ? 0 : Math.round((at * (values.length - 1)) / (count - 1));
    return { rank: index + 1, value: values[index]! };
  });
}

/**
 * Accuracy of each run against the share of the side that is hidden, with its 95 % interval.
 * @param chance share of the most frequent class: what guessing comes to
 */
export function hiddenChart(
  rows: readonly HiddenRow[],
  labels: readonly string[],
  chance: number,
): TopLevelSpec {
  const values = rows.flatMap(({ share, runs }) =>
    runs.map(({ accuracy, interval }, run) => ({
      share,
      accuracy,
      ...interval,
      series: printable(labels[run]!),
    })),
  );
  const least = Math.min(chance, ...values.map(({ lower }) => lower));
  const x = {
    field: "share",
    type: "quantitative",
    title: "Side of the hidden square, share of the image’s side",
    scale: { domain: [0, Math.max(...rows.map(({ share }) => share))], nice: false },
    axis: {
      format: ".0%",
      values: rows.map(({ share }) => share).filter((share) => (share * 4) % 1 === 0),
      grid: false,
    },
  };
  const scale = { domain: [Math.max(0, Math.floor(10 * least - 0.2) / 10), 1], nice: false, zero: false };
  const y = {
    field: "accuracy",
    type: "quantitative",
    title: null,
    scale,
    axis: { format: ".0%", tickCount: 5 },
  };
  const color = seriesColor(seriesOf(labels));
  const band = { ...y, field: "lower" };
  return {
    title: { text: "Accuracy, and its 95 % interval" },
    width: 400,
    height: 320,
    autosize,
    layer: [
      {
        data: { values },
        mark: { type: "area", opacity: 0.15 },
        encoding: { x, y: band, y2: { field: "upper" }, color },
      },
      {
        data: { values: [{ accuracy: chance }] },
        mark: { type: "rule", stroke: "currentColor", strokeDash: [3, 3], opacity: 0.55 },
        encoding: { y },
      },
      {
        data: { values },
        mark: { type: "line", strokeWidth: 2, strokeJoin: "round" },
        encoding: { x, y, color },
      },
      {
        data: { values },
        mark: { type: "point", filled: true, size: 26, opacity: 1 },
        encoding: { x, y, color },
      },
    ],
  } as unknown as TopLevelSpec;
}
