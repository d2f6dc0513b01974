// The page of `cutout find-lr`: the loss against the learning rate, and the rate that is suggested.
import type { TopLevelSpec } from "vega-lite";
import { decimal, whole } from "../text.ts";
import { html, trusted } from "./markup.ts";
import { page, section } from "./page.ts";
import { renderSvg } from "./render.ts";

/** What the range test found; see train/rate-range.ts. */
export interface ShownRates {
  readonly data: string;
  readonly network: string;
  readonly optimizer: string;
  readonly batchSize: number;
  readonly points: readonly { readonly rate: number; readonly loss: number }[];
  readonly smooth: readonly number[];
  readonly suggestion: number | null;
  readonly blewUp: boolean;
}

const colors = { loss: "#2f7bd6", suggestion: "#d8403c" };

/** The losses as dots, their smooth course as a line; of what has blown up no more than is needed to see it. */
function rateChart({ points, smooth, suggestion }: ShownRates): TopLevelSpec {
  // As high and low as the losses were before the smooth one was lowest.
  const lowestAt = smooth.indexOf(Math.min(...smooth));
  const before = points.slice(0, Math.max(lowestAt, 1) + 1).map(({ loss }) => loss);
  const [bottom, top] = [0.97 * Math.min(...before, ...smooth), 1.03 * Math.max(...before)];
  const values = points.map(({ rate, loss }, index) => ({ rate, loss, smooth: smooth[index]! }));
  const x = {
    field: "rate",
    type: "quantitative",
    title: "Learning rate",
    scale: { type: "log", nice: false, domain: [points[0]!.rate, points.at(-1)!.rate] },
    axis: { format: "~g", grid: false, tickCount: 8, labelOverlap: "greedy" },
  };
  const y = (field: string) => ({
    field,
    type: "quantitative",
    title: "Loss of a batch",
    scale: { domain: [bottom, top], nice: false, zero: false },
    axis: { format: "~g", tickCount: 6 },
  });
  const mark = suggestion === null ? [] : [{ rate: suggestion, text: `steepest at ${decimal(suggestion)}` }];
  const layer = [
    {
      data: { values: values.filter(({ loss }) => loss <= top && loss >= bottom) },
      mark: { type: "point", filled: true, size: 14, opacity: 0.45, color: colors.loss },
      encoding: { x, y: y("loss") },
    },
    {
      data: { values },
      mark: { type: "line", strokeWidth: 2.5, color: colors.loss, clip: true },
      encoding: { x, y: y("smooth") },
    },
    {
      data: { values: mark },
      mark: { type: "rule", strokeWidth: 2, strokeDash: [5, 4], color: colors.suggestion },
      encoding: { x },
    },
    {
      data: { values: mark },
      mark: { type: "text", y: -9, fill: "currentColor", fontSize: 12 },
      encoding: { x, text: { field: "text" } },
    },
  ];
  const autosize = { type: "fit", contains: "padding" };
  return { width: 640, height: 340, autosize, layer } as unknown as TopLevelSpec;
}

/** @returns the HTML of one file that works offline */
export async function ratePage(shown: ShownRates): Promise<string> {
  const { data, network, optimizer, batchSize, points, suggestion, blewUp } = shown;
  const title = "Which learning rate";
  const found =
    suggestion === null
      ? "The loss fell by no more than its noise."
      : `The loss falls fastest at ${decimal(suggestion)}.`;
  const svg = await renderSvg(rateChart(shown), { for: "page", title: `Loss by learning rate. ${found}` });
  const last = decimal(points.at(-1)!.rate);
  return page(
    title,
    html`<header>
<h1>${title}</h1>
<p>${network} with ${optimizer} on ${data}, batches of ${whole(batchSize)}</p>
</header>
<main>
<section><p class="big verdict">${found}</p>
<p>${suggestion === null ? "More steps, larger batches or other rates may tell more." : "That is a first guess for the highest rate of --schedule one-cycle or cosine, and a high one for a constant rate."} ${blewUp ? `At ${last} the loss had grown out of bounds.` : `Up to ${last} the loss stayed in bounds.`}</p></section>
${section(
  "curve",
  "Loss by learning rate",
  html`<figure class="charts">${trusted(svg)}</figure>
<p class="dim">Each dot is a step of one training whose rate grows from step to step (Smith 2017); the line is their mean over neighbours on both sides.</p>`,
)}
</main>`,
  );
}
