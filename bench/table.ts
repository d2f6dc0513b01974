// Rows as a table for a person.
import { show } from "./contest.ts";
import type { FirstStep, Row } from "./work.ts";

const number = (value: number | null, digits: number) => (value === null ? "-" : value.toFixed(digits));
const ratio = (value: number | null) => (value === null ? "-" : show(value));
const seconds = (times: FirstStep | null) =>
  times === null ? "-" : [times.load, times.compile, times.step].map((time) => time.toFixed(1)).join(" + ");

const columns: readonly { readonly title: string; cell(row: Row): string }[] = [
  { title: "engine", cell: ({ engine }) => engine },
  { title: "version", cell: ({ version }) => version ?? "-" },
  { title: "batch", cell: ({ batch }) => `${batch}` },
  { title: "threads", cell: ({ threads }) => `${threads}` },
  {
    title: "images/s",
    cell: ({ imagesPerSecond }) => (imagesPerSecond === null ? "-" : show(imagesPerSecond)),
  },
  { title: "least to most", cell: ({ spread }) => spread?.map(show).join(" to ") ?? "-" },
  { title: "to best peer", cell: ({ ratioToBestPeer }) => ratio(ratioToBestPeer) },
  { title: "ours to it", cell: ({ oursToThis }) => ratio(oursToThis) },
  { title: "peak MB", cell: ({ peakMemoryMB }) => number(peakMemoryMB, 0) },
  { title: "load + compile + first s", cell: ({ timeToFirstStep }) => seconds(timeToFirstStep) },
  {
    title: "of copy",
    cell: ({ copyShare }) => (copyShare === null ? "-" : `${(100 * copyShare).toFixed(0)} %`),
  },
];

/** One table for each work and network; what could not take part stands below it with the reason. */
export function printRows(rows: readonly Row[]): void {
  const titleOf = ({ work, model }: Row) => [work, model].filter(Boolean).join(" ");
  for (const title of new Set(rows.map(titleOf))) {
    const here = rows.filter((row) => titleOf(row) === title);
    const measured = here.filter(({ imagesPerSecond }) => imagesPerSecond !== null);
    const shown = columns.filter(({ cell }) => measured.some((row) => cell(row) !== "-"));
    const lines = [
      shown.map((column) => column.title),
      ...measured.map((row) => shown.map(({ cell }) => cell(row))),
    ];
    const widths = shown.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
    console.log(`\n${title}`);
    for (const line of lines) {
      const cells = line.map((text, column) =>
        column < 2 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!),
      );
      console.log(`  ${cells.join("  ").trimEnd()}`);
    }
    const reasons = here.flatMap(({ engine, note }) => (note === null ? [] : [`${engine}: ${note}`]));
    for (const reason of new Set(reasons)) console.log(`  ${reason}`);
  }
}
