// From a confusion matrix to a vega-lite spec. No drawing here.

import type { TopLevelSpec } from "vega-lite";
import { printable } from "../text.ts";
import type { Evaluation } from "../train/evaluation.ts";
import { shortenedInside } from "./svg-text.ts";
import { textWidth } from "./text-width.ts";

/** Middle tones: legible on white and on near black. */
const colors = { right: "#1f6fd0", wrong: "#d03a30" } as const;

/** Most pixels of a class name beside the matrix. */
const labelWidth = 130;

/** Up to this many classes, cells without images show a 0. */
const writtenZeros = 12;

type Unit = Record<string, unknown>;

/** Where a click on a cell of the matrix leads. */
export function cellId(label: number, predicted: number): string {
  return `cell-${label}-${predicted}`;
}

/**
 * Heat map of counts: rows are the true classes, columns what was predicted. Right answers blue, mistakes red;
 * the depth is the share of the row, for mistakes its square root, so that rare ones can still be seen.
 * @param linked whether each cell that counts something is a link to `#cell-ROW-COLUMN`
 */
export function confusionMatrix({ classes, confusion }: Evaluation, linked: boolean): TopLevelSpec {
  const names = classes.map(({ name }) => printable(name));
  const size = names.length;
  const cell =
    size <= 2 ? 130 : size <= 5 ? 80 : size <= 12 ? 46 : Math.max(2, Math.min(30, Math.floor(1700 / size)));
  // Zeros are only written into small matrices; of a thousand classes they would be a million.
  const shown = (count: number) => count > 0 || size <= writtenZeros;
  const cells = confusion.flatMap((row, label) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return [...row.entries()]
      .filter(([, count]) => shown(count))
      .map(([predicted, count]) => {
        const share = total === 0 ? 0 : count / total;
        const depth = count === 0 ? 0 : 0.06 + 0.94 * (label === predicted ? share : Math.sqrt(share));
        const description = `${names[label]} predicted as ${names[predicted]}: ${count}`;
        return { label, predicted, count, depth, description, href: `#${cellId(label, predicted)}` };
      });
  });
  const indices = names.map((_, index) => index);
  const labelled = cell >= 7;
  const fontSize = Math.min(13, cell - 6 > 6 ? cell - 5 : cell);
  const longest = Math.max(0, ...names.map((name) => textWidth(name, fontSize)));
  const axis = {
    labels: labelled,
    labelExpr: "classNames[datum.value]",
    labelFontSize: fontSize,
    labelLimit: 1.1 * labelWidth,
    labelOverlap: false,
    ticks: false,
    domain: false,
    grid: size > 12 && labelled,
    tickBand: "extent",
  };
  const scale = { domain: indices, padding: size <= 12 ? 0.03 : 0 };
  const angle = longest < cell - 4 ? 0 : size <= 12 ? -45 : -90;
  const x = {
    field: "predicted",
    type: "ordinal",
    title: "Predicted class",
    scale,
    axis: {
      ...axis,
      orient: "top",
      labelAngle: angle,
      labelAlign: angle === 0 ? "center" : "left",
      labelBaseline: angle === 0 ? "bottom" : "middle",
    },
  };
  const y = { field: "label", type: "ordinal", title: "True class", scale, axis };
  const layer: Unit[] = [
    {
      transform: [{ filter: "datum.count > 0" }],
      mark: { type: "rect" },
      encoding: {
        x,
        y,
        fill: {
          condition: { test: "datum.label === datum.predicted", value: colors.right },
          value: colors.wrong,
        },
        fillOpacity: { field: "depth", type: "quantitative", scale: null },
        description: { field: "description" },
        ...(linked ? { href: { field: "href" } } : {}),
      },
    },
  ];
  if (cell >= 14) {
    const digits = String(cells.reduce((most, { count }) => Math.max(most, count), 0)).length;
    const countSize = Math.min(22, 0.4 * cell, (0.86 * cell) / (0.6 * digits));
    layer.push({
      mark: { type: "text", fontSize: countSize, aria: false },
      encoding: {
        x,
        y,
        text: { field: "count" },
        // White on the deep cells; elsewhere the page's own text colour, which suits light and dark.
        fill: { condition: { test: "datum.depth > 0.8", value: "#fff" }, value: "currentColor" },
        fillOpacity: { condition: { test: "datum.count > 0", value: 1 }, value: 0.35 },
      },
    });
  }
  return {
    width: cell * size,
    height: cell * size,
    params: [{ name: "classNames", value: names.map((name) => shortenedInside(name, labelWidth, fontSize)) }],
    data: { values: cells },
    layer,
  } as unknown as TopLevelSpec;
}
