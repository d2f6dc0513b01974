// From a vega-lite spec to SVG text, in plain Node: no browser, no canvas, no network.

import type { LoggerInterface } from "vega";
import type { Config, TopLevelSpec } from "vega-lite";
import { CutoutError } from "../error.ts";
import { textWidth } from "./text-width.ts";

const fonts =
  "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif";

/** Everything written is in the colour of the text around it, so that one SVG suits light, dark and paper. */
const theme: Config = {
  font: fonts,
  padding: 6,
  view: { stroke: null },
  title: { color: "currentColor", fontSize: 14, fontWeight: 600, anchor: "start", offset: 20 },
  axis: {
    labelColor: "currentColor",
    titleColor: "currentColor",
    domainColor: "currentColor",
    tickColor: "currentColor",
    gridColor: "currentColor",
    gridOpacity: 0.12,
    domainOpacity: 0.4,
    tickOpacity: 0.4,
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 400,
    titlePadding: 8,
  },
  legend: { labelColor: "currentColor", labelFontSize: 12, labelLimit: 300, symbolSize: 200, offset: 8 },
};

// The types of vega leave this object out. Without a canvas it guesses 0.8 of the font size for every character.
interface TextMetrics {
  width: (item: { fontSize?: number }, text: string) => number;
}

/** Loaded with the first chart: it takes half a second, and a module that waits below vega cannot be required. */
async function loadLibraries() {
  const [vega, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  const { textMetrics } = vega as unknown as { textMetrics: TextMetrics };
  textMetrics.width = (item, text) => textWidth(String(text ?? ""), item.fontSize ?? 11);
  return { View: vega.View, parse: vega.parse, compile };
}

let libraries: ReturnType<typeof loadLibraries> | undefined;

export interface SvgOptions {
  /** `page`: to be put into HTML, see-through; `file`: on white, to stand alone. */
  readonly for: "page" | "file";
  /** What the picture shows, for people who cannot see it. */
  readonly title: string;
}

/**
 * Draws a chart.
 * @returns an `<svg>` element; for a page without anything that looks like an address
 */
export async function renderSvg(spec: TopLevelSpec, options: SvgOptions): Promise<string> {
  const config: Config = {
    ...theme,
    background: options.for === "file" ? "white" : (null as unknown as string),
  };
  libraries ??= loadLibraries();
  const { View, parse, compile } = await libraries;
  const compiled = compile(spec, { config, logger: quiet });
  const view = new View(parse(compiled.spec), { renderer: "none", logger: quiet });
  try {
    const svg = named(await view.toSVG(), options.title);
    return options.for === "file"
      ? svg
      : svg.replace(/ xmlns(:xlink)?="[^"]*"/g, "").replaceAll(" xlink:href=", " href=");
  } finally {
    view.finalize();
  }
}

function named(svg: string, title: string): string {
  const text = title.replace(/[&<"]/g, (character) => `&#${character.charCodeAt(0)};`);
  // By a function: in a text, "$&" would be a part of the SVG.
  return svg.replace("<svg ", () => `<svg role="group" aria-label="${text}" `);
}

/** Advice for chart authors is of no use to the reader of a report; errors are thrown. */
const quiet: LoggerInterface = {
  level: (() => quiet) as LoggerInterface["level"],
  error(...messages: readonly unknown[]) {
    throw new CutoutError({ where: "report", what: `a chart could not be drawn: ${messages.join(" ")}` });
  },
  warn: () => quiet,
  info: () => quiet,
  debug: () => quiet,
};
