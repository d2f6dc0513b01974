// The table of docs/augmentation.md against expectedArea.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { expectedArea } from "./cutout/area.ts";
import { cutoutOptions } from "./cutout/given.ts";
import { type CutoutPreset, presetNames } from "./cutout/presets.ts";

const text = readFileSync(new URL("../../docs/augmentation.md", import.meta.url), "utf8");
const rows = Array.from(
  text.matchAll(/^\| *(\d+) x (\d+) *\| *(\d+) *\|((?: *[\d.]+ % *\|){4})$/gm),
  ([row, ...fields]) => ({ row, fields }),
);

test("the table is found", () => expect(rows.length).toBeGreaterThanOrEqual(10));

test.each(rows)("$row", ({ fields: [height, width, length, shares] }) => {
  const image = { height: Number(height), width: Number(width) };
  const area = (nHoles: number, placement: "anywhere" | "inside") =>
    expectedArea({ length: Number(length), nHoles, placement, fill: "zero", probability: 1 }, image);
  const nominal = Number(length) ** 2 / (image.height * image.width);
  const expected = [nominal, area(1, "anywhere"), area(2, "anywhere"), area(1, "inside")];
  const written = [...shares!.matchAll(/[\d.]+/g)].map(Number);
  written.forEach((percent, column) => {
    expect(Math.abs(percent - 100 * expected[column]!)).toBeLessThan(0.05001);
  });
});

const presets = Array.from(
  text.matchAll(/^\| *`([\w-]+)` *\|.*\| *([\d.]+) %(?: for 16)? *\|$/gm),
  ([, name, percent]) => ({
    name: name!,
    percent: Number(percent),
  }),
);

test("the table of presets holds them all", () => {
  expect(presets.map(({ name }) => name).sort()).toEqual([...presetNames].sort());
});

test.each(presets)("$name", ({ name, percent }) => {
  const needed: Readonly<Record<string, object>> = {
    "reviewed-numpy": { cutLength: 16 },
    ffcv: { cropSize: 16 },
  };
  const options = cutoutOptions({ like: name, ...needed[name] } as CutoutPreset);
  expect(Math.abs(100 * expectedArea(options, { height: 32, width: 32 }) - percent)).toBeLessThan(0.0501);
});
