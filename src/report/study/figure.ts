// A figure of a study's page: drawings beside each other, and below them what is seen there.
import type { TopLevelSpec } from "vega-lite";
import { printable } from "../../text.ts";
import { panelSize, type Unit } from "../charts.ts";
import { type Content, type Html, html, trusted } from "../markup.ts";
import { renderSvg } from "../render.ts";
import { literal, shortened, wrapped } from "../svg-text.ts";

/** Of lines and bars that show a direction: legible on white and on near black. */
export const signColors = { up: "#0a8f6b", down: "#d03a30", none: "#7a8592" } as const;

export interface Drawing {
  readonly spec: TopLevelSpec;
  /** For people who cannot see it. */
  readonly title: string;
}

/**
 * @param caption what the points, bars and bands are, and of how many runs
 * @param beside what stands in the last place of the row, as the table of what is drawn
 */
export async function figure(
  drawings: readonly Drawing[],
  caption: Content,
  beside: Html | null = null,
): Promise<Html> {
  const drawn: Html[] = [];
  for (const { spec, title } of drawings) drawn.push(trusted(await renderSvg(spec, { for: "page", title })));
  return html`<div class="charts">${drawn.map((svg) => html`<div>${svg}</div>`)}${beside && html`<div>${beside}</div>`}</div>
<p class="dim">${caption}</p>`;
}

/** One drawing with a title, as large as the others of its row. */
export function drawing(title: string, layer: readonly Unit[], size: Unit = {}): TopLevelSpec {
  const autosize = { type: "fit", contains: "padding" };
  return { title: { text: title }, ...panelSize, ...size, autosize, layer } as unknown as TopLevelSpec;
}

/** Names on several lines as the labels of an axis whose values are their indices. */
export const labelsByIndex = (labels: readonly (readonly string[])[]): string =>
  `${literal(labels)}[datum.value]`;

/** From the least to the greatest with room on both sides; always with 0. */
export function domainAround(values: readonly number[], room = 0.06): [number, number] {
  const [least, most] = [Math.min(0, ...values), Math.max(0, ...values)];
  const wide = most - least || 1;
  return [least - room * wide, most + room * wide];
}

/** Texts that are alike get a number, as rows of a chart are told apart by them. */
export function distinct(texts: readonly string[]): readonly string[] {
  return texts.map((text, at) =>
    texts.indexOf(text) === texts.lastIndexOf(text) ? text : `${at + 1} ${text}`,
  );
}

const rowHeight = 30;
/** Room for so many rows. */
export const rowsHeight = (count: number) => ({ height: Math.max(180, 90 + rowHeight * count) });

/** Room for the name of a row, pixels. */
const rowWidth = 216;

/** Two lines at most; the second ends with an ellipsis where there would be more. */
function onTwoLines(text: string): readonly string[] {
  const [first, ...rest] = wrapped(text, rowWidth, 12);
  return rest.length < 2 ? [first ?? "", ...rest] : [first!, shortened(rest.join(" "), rowWidth, 12)];
}

/** Names of rows, from the first at the top. */
export function rowAxis(rows: readonly string[]): Unit {
  const shown = distinct(rows.map((row) => onTwoLines(printable(row)).join("\n")));
  const lines = shown.map((text) => text.split("\n"));
  const of = (values: unknown) => `${literal(values)}[indexof(${literal(rows)}, datum.value)]`;
  const labels = {
    labelExpr: of(lines),
    labelLimit: rowWidth,
    // The middle of both lines beside the row, not that of the first.
    labelOffset: { condition: { test: of(lines.map(({ length }) => length > 1)), value: -7 }, value: 0 },
  };
  return {
    field: "row",
    type: "nominal",
    title: null,
    sort: rows,
    scale: { domain: rows },
    axis: { grid: false, ticks: false, domain: false, ...labels },
  };
}
