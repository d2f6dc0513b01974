// The convolutions of a network as a table: what each algorithm takes, and which is chosen.
import type { LayerTiming } from "../run/layer-times.ts";
import { formatTable } from "./table.ts";

const header = [
  "layers",
  "convolution",
  "algorithm",
  "forward",
  "gradients",
  "together",
  "GFLOP/s",
  "chosen by",
];
const alignments = ["left", "left", "left", "right", "right", "right", "right", "left"] as const;

/** `layer1.0.conv1 and 3 more` */
function layerNames([first, ...others]: readonly string[]): string {
  return others.length === 0 ? first! : `${first} and ${others.length} more`;
}

function rowsOf({ layers, geometry, passes, times, passedOver, byRule, byTiming }: LayerTiming): string[][] {
  const what = passes.includes("inputGrad") ? geometry : `${geometry}, no gradient by its input`;
  const chosenBy = (algorithm: string) =>
    [...(algorithm === byRule ? ["fixed"] : []), ...(algorithm === byTiming ? ["timed"] : [])].join(", ");
  const rows = [
    ...times.map(({ algorithm, forward, gradients, together, gigaflops }) => [
      algorithm,
      ...[forward, gradients, together].map((milliseconds) => milliseconds.toFixed(1)),
      gigaflops.toFixed(0),
      chosenBy(algorithm),
    ]),
    ...passedOver.map((algorithm) => [algorithm, "-", "-", "-", "-", chosenBy(algorithm)]),
  ];
  return rows.map((row, index) => [...(index === 0 ? [layerNames(layers), what] : ["", ""]), ...row]);
}

/** Milliseconds of all layers, each as often as the network has it; null where an algorithm was not timed. */
function sumOf(table: readonly LayerTiming[], by: "byRule" | "byTiming"): number | null {
  const parts = table.map(({ layers, times, [by]: chosen }) => {
    const found = times.find(({ algorithm }) => algorithm === chosen);
    return found ? layers.length * found.together : Number.NaN;
  });
  const sum = parts.reduce((total, part) => total + part, 0);
  return Number.isNaN(sum) ? null : sum;
}

/** Times are milliseconds; rates are those of the direct computation. */
export function formatLayers(table: readonly LayerTiming[]): string {
  const [fixed, timed] = [sumOf(table, "byRule"), sumOf(table, "byTiming")];
  const show = (sum: number | null) => (sum === null ? "not timed" : `${sum.toFixed(0)} ms`);
  return [
    formatTable([header, ...table.flatMap(rowsOf)], alignments),
    `all convolutions of a training step: fixed ${show(fixed)}, timed ${show(timed)}`,
  ].join("\n");
}
