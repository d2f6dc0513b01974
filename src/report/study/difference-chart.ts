// Parts of charts of differences in percentage points: what does not matter as a band, means with the bars of their intervals.
import type { Interval } from "../../stats/proportion.ts";
import type { Unit } from "../charts.ts";

/** The band of what does not matter, where that was said (0: it was not), and the line of no difference. */
export function ground(smallest: number): readonly Unit[] {
  const reach = 100 * smallest;
  return [
    {
      data: { values: reach === 0 ? [] : [{ from: -reach, to: reach }] },
      mark: { type: "rect", fill: "currentColor", opacity: 0.12 },
      encoding: { x: { field: "from", type: "quantitative" }, x2: { field: "to" } },
    },
    {
      data: { values: [{ at: 0 }] },
      mark: { type: "rule", stroke: "currentColor", opacity: 0.6 },
      encoding: { x: { field: "at", type: "quantitative" } },
    },
  ];
}

/** An axis of percentage points. */
export const pointsAxis = (domain: readonly number[], title: string) => ({
  type: "quantitative",
  title,
  scale: { domain, nice: false, zero: false },
  axis: {
    labelExpr: "datum.value === 0 ? '0' : format(datum.value, '+~r')",
    tickCount: 6,
    labelOverlap: "parity",
    labelSeparation: 6,
  },
});

export const differenceTitle = "difference, percentage points";

/** Means as diamonds, with the bars of their intervals where there are. */
export function bar(
  rows: readonly { readonly row: string; readonly mean: number; readonly interval: Interval | null }[],
  y: Unit,
  domain: readonly number[],
  color = "currentColor",
): readonly Unit[] {
  const axis = pointsAxis(domain, differenceTitle);
  return [
    {
      data: {
        values: rows.flatMap(({ row, interval }) =>
          interval === null ? [] : [{ row, from: 100 * interval.lower, to: 100 * interval.upper }],
        ),
      },
      mark: { type: "rule", stroke: color, strokeWidth: 4, opacity: 0.55 },
      encoding: { x: { field: "from", ...axis }, x2: { field: "to" }, y },
    },
    {
      data: { values: rows.map(({ row, mean }) => ({ row, value: 100 * mean })) },
      mark: { type: "point", shape: "diamond", filled: true, size: 130, fill: color, opacity: 1 },
      encoding: { x: { field: "value", ...axis }, y },
    },
  ];
}
