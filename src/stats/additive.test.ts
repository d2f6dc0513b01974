// The rest of an additive model with gaps, against numpy's least squares.
import { expect, test } from "vitest";
import { stream } from "../rng.ts";
import { additiveRest, type Cell } from "./additive.ts";

test("a table with gaps as numpy.linalg.lstsq has it", () => {
  const table: readonly (readonly [row: number, column: number, value: number])[] = [
    [0, 0, 0.61],
    [1, 0, 0.66],
    [2, 0, 0.68],
    [3, 0, 0.52],
    [4, 0, 0.4],
    [0, 1, 0.75],
    [1, 1, 0.77],
    [2, 1, 0.81],
    [3, 1, 0.7],
    [0, 2, 0.9],
    [2, 2, 0.925],
    [1, 2, 0.92],
  ];
  const cells = table.map(([row, column, value]): Cell => ({ row, column, value }));
  const { deviation, freedom } = additiveRest(cells);
  expect(freedom).toBe(5);
  expect(deviation).toBeCloseTo(0.019206480387850586, 10);
});

test("rows and columns that explain all leave nothing, and a single column leaves no freedom", () => {
  const random = stream(1, "additive");
  const [rows, columns] = [0, 1].map(() => Array.from({ length: 5 }, () => random.normal())) as [
    number[],
    number[],
  ];
  const cells = rows.flatMap((row, i) =>
    columns.map((column, j) => ({ row: i, column: j, value: row + column })),
  );
  expect(additiveRest(cells).deviation).toBeLessThan(1e-12);
  expect(additiveRest(cells.filter(({ column }) => column === 0))).toEqual({ deviation: null, freedom: 0 });
});
