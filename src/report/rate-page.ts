// The page of `cutout find-lr`: the loss against the learning rate, and the rate that is suggested.
import type { TopLevelSpec } from "vega-lite";
import { capital, decimal, whole } from "../text.ts";
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
  readonly suggestion:
    | { readonly kind: "rate"; readonly rate: number }
    | { readonly kind: "noise" | "still falling" };
  /** The rate without `--learning-rate`. */
  readonly usual: number;
  readonly blewUp: boolean;
}

/** The test tells no better than this: by seed it differs twofold, and with few photos it lies below the best rates. */
const near = 5;

/** What was found, and what to do. */
export function suggestionText({ suggestion, usual, points }: ShownRates): string {
  switch (suggestion.kind) {
    case "noise":
      return `the loss fell by no more than its noise; keep the usual rate (${decimal(usual)}), or take more --steps or larger batches`;
    case "still falling":
      return `at ${decimal(points.at(-1)!.rate)} the loss was still falling; take a higher --highest`;
    case "rate": {
      const { rate } = suggestion;
      const isNear = Math.max(rate / usual, usual / rate) <= near;
      return `--learning-rate ${decimal(rate)}, where the loss was lowest; the usual rate here, ${decimal(usual)}, ${isNear ? "is near that and may as well stay" : "is far from that"}`;
    }
  }
}

const colors = { loss: "#2f7bd6", suggestion: "#d8403c", usual: "#8a8a8a" };

/** 1 and 3 of each power of ten: more would run into each other. */
function rateTicks(first: number, last: number): number[] {
  const powers = Math.ceil(Math.log10(last)) - Math.floor(Math.log10(first)) + 1;
  return Array.from({ length: powers }, (_, at) => Math.floor(Math.log10(first)) + at)
    .flatMap((power) => [Number(`1e${power}`), Number(`3e${power}`)])
    .filter((rate) => rate >= first && rate <= last);
}

/** The losses as dots, their smooth course as a line; of what has blown up no more than is needed to see it. */
function rateChart({ points, smooth, suggestion, usual }: ShownRates): TopLevelSpec {
  // As high and low as the losses were before the smooth one was lowest, and the smooth one to its end.
  const lowestAt = smooth.indexOf(Math.min(...smooth));
  const before = points.slice(0, Math.max(lowestAt, 1) + 1).map(({ loss }) => loss);
  const [bottom, top] = [0.97 * Math.min(...before, ...smooth), 1.03 * Math.max(...before, ...smooth)];
  const values = points.map(({ rate, loss }, index) => ({ rate, loss, smooth: smooth[index]! }));
  const [first, last] = [points[0]!.rate, points.at(-1)!.rate];
  const ticks = rateTicks(first, last);
  const x = {
    field: "rate",
    type: "quantitative",
    title: "Learning rate",
    scale: { type: "log", nice: false, domain: [first, last] },
    axis: { format: "~g", grid: false, ...(ticks.length > 1 ? { values: ticks } : { tickCount: 4 }) },
  };
  const y = (field: string) => ({
    field,
    type: "quantitative",
    title: "Loss of a batch",
    scale: { domain: [bottom, top], nice: false, zero: false },
    axis: { format: "~g", tickCount: 6 },
  });
  const marked = (rate: number, text: string, color: string, line: number) =>
    rate < first || rate > last
      ? []
      : [
          {
            data: { values: [{ rate }] },
            mark: { type: "rule", strokeWidth: 2, strokeDash: [5, 4], color },
            encoding: { x },
          },
          {
            data: { values: [{ rate, text: `${text}: ${decimal(rate)}` }] },
            mark: { type: "text", y: -9 - 15 * line, fill: "currentColor", fontSize: 12 },
            encoding: { x, text: { field: "text" } },
          },
        ];
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
    ...marked(usual, "usual", colors.usual, 1),
    ...(suggestion.kind === "rate" ? marked(suggestion.rate, "suggested", colors.suggestion, 0) : []),
  ];
  const autosize = { type: "fit", contains: "padding" };
  return { width: 640, height: 340, autosize, layer } as unknown as TopLevelSpec;
}

/** @returns the HTML of one file that works offline */
export async function ratePage(shown: ShownRates): Promise<string> {
  const { data, network, optimizer, batchSize, points, suggestion, blewUp } = shown;
  const title = "Which learning rate";
  const headline =
    suggestion.kind === "rate"
      ? `The loss is lowest at ${decimal(suggestion.rate)}.`
      : "The loss tells no learning rate.";
  const found = capital(`${suggestionText(shown)}.`);
  const svg = await renderSvg(rateChart(shown), { for: "page", title: `Loss by learning rate. ${found}` });
  const last = decimal(points.at(-1)!.rate);
  return page(
    title,
    html`<header>
<h1>${title}</h1>
<p>${network} with ${optimizer} on ${data}, batches of ${whole(batchSize)}</p>
</header>
<main>
<section><p class="big verdict">${headline}</p>
<p>${found}${suggestion.kind === "rate" ? " It is for the highest rate of --schedule one-cycle or cosine; a constant rate should be a few times lower." : ""}${blewUp ? ` At ${last} the loss had grown out of bounds.` : ""}</p></section>
${section(
  "curve",
  "Loss by learning rate",
  html`<figure>${trusted(svg)}</figure>
<p class="dim">Each dot is a step of one training whose rate grows from step to step (Smith 2017); the line is their mean over neighbours on both sides.</p>`,
)}
</main>`,
  );
}
