// Parquet files with a column of parts, and rows without labels.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import sharp from "sharp";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../../test/helpers/data.ts";
import { openSource } from "../open.ts";

async function file(
  folder: string,
  name: string,
  split: readonly string[],
  labels: readonly (string | null)[],
) {
  const picture = await sharp({ create: { width: 2, height: 2, channels: 3, background: "red" } })
    .png()
    .toBuffer();
  const columnData = [
    { name: "image", data: labels.map(() => new Uint8Array(picture)), type: "BYTE_ARRAY" as const },
    { name: "label", data: [...labels], type: "STRING" as const },
    { name: "split", data: [...split], type: "STRING" as const },
  ];
  writeFileSync(join(folder, name), new Uint8Array(parquetWriteBuffer({ columnData })));
}

async function partsOf(data: string) {
  const source = await openSource({ data });
  const parts: unknown[] = [];
  const options = { size: { height: 1, width: 1 }, fit: "cover", maxPixels: 1e6 } as const;
  for await (const image of source.images(options)) {
    parts.push("reason" in image ? image.reason : [source.classes[image.label], image.part]);
  }
  return { parts, notes: source.notes, leftOut: source.leftOut };
}

it("uses a column that says train or test, and counts the rows without a label", async () => {
  const folder = temporaryFolder();
  await file(folder, "a.parquet", ["test", "train", "train", "test"], ["cat", null, "dog", "dog"]);
  expect(await partsOf(folder)).toEqual({
    parts: [
      ["cat", "test"],
      ["dog", "train"],
      ["dog", "test"],
    ],
    notes: ['the column "split" tells the parts train, test'],
    leftOut: [{ what: "rows without a label", count: 1, names: [] }],
  });
});

it("says that it does not use one where the names of the files tell the parts", async () => {
  const folder = temporaryFolder();
  await file(folder, "train.parquet", ["test", "test"], ["cat", "dog"]);
  await file(folder, "test.parquet", ["train", "train"], ["cat", "dog"]);
  const { parts, notes } = await partsOf(folder);
  expect(parts).toEqual([
    ["cat", "test"],
    ["dog", "test"],
    ["cat", "train"],
    ["dog", "train"],
  ]);
  expect(notes).toEqual([
    'the column "split" is not used to divide the images: the names of the files tell the parts',
  ]);
});
