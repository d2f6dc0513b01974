import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { paint, temporaryFolder } from "../../../test/helpers/data.ts";
import { readAll } from "../../../test/helpers/readers.ts";
import { describeData } from "../open.ts";
import { csvSource } from "./csv.ts";

describe("a table of labels", () => {
  async function table(text: string, name = "labels.csv"): Promise<string> {
    const folder = temporaryFolder();
    await paint(join(folder, "a, b.png"), [255, 0, 0]);
    await paint(join(folder, "deep/b.png"), [0, 255, 0]);
    await paint(join(folder, "c.jpg"), [0, 0, 255]);
    writeFileSync(join(folder, name), text);
    return folder;
  }
  const summary = async (folder: string, options = {}) => {
    const { images, broken, source } = await readAll({ data: folder, ...options });
    return {
      classes: source.classes,
      images: images.map(({ name, className, pixels }) => [
        name,
        className,
        [...pixels.slice(0, 3)].indexOf(Math.max(...pixels.slice(0, 3))),
      ]),
      broken: broken.map(({ name, reason }) => `${name}: ${reason}`),
    };
  };
  const expected = {
    classes: ["cat", 'a "dog"'].sort(),
    images: [
      ["a, b.png", "cat", 0],
      ["deep/b.png", 'a "dog"', 1],
      ["c.jpg", "cat", 2],
    ],
    broken: ["no.png: cannot be opened (ENOENT)"],
  };

  it.each([
    [
      "commas and quotes",
      'file,label\r\n"a, b.png",cat\r\ndeep/b.png,"a ""dog"""\r\nc.jpg,cat\r\nno.png,cat\r\n',
    ],
    [
      "semicolons, other names and columns between",
      '\uFEFFn;Filename;x;CLASS\n1;a, b.png;;cat\n2;deep/b.png;;"a ""dog"""\n\n3;c;;cat\n4;no.png;;cat',
    ],
  ])("with %s", async (_, text) => {
    const folder = await table(text);
    expect((await describeData({ data: join(folder, "labels.csv") })).format).toBe("csv");
    expect(await summary(join(folder, "labels.csv"))).toEqual(expected);
  });

  it("in a folder by its usual name, with tabs, and by given columns", async () => {
    const folder = await table(
      'what\tkind\na, b.png\tcat\ndeep/b.png\t"a ""dog"""\nc\tcat\nno.png\tcat\n',
      "labels.tsv",
    );
    expect((await describeData({ data: folder })).format).toBe("folder");
    const columns = { image: "what", label: "kind" };
    expect(await summary(join(folder, "labels.tsv"), { columns })).toEqual(expected);
    const usual = await table(
      "id,label\nc,2\na, b.png,10\n".replace("a, b.png", '"a, b.png"'),
      "metadata.csv",
    );
    expect((await describeData({ data: usual })).format).toBe("csv");
    // Numbers are sorted by value.
    expect((await summary(usual)).classes).toEqual(["2", "10"]);
  });

  it("refuses what is no table of labels", async () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ["", /must name the columns in its first line, got an empty file/],
      ["a,b\nc.jpg,1\n", /must have columns "file" and "label", got a, b; name them by --columns FILE,LABEL/],
      ["file,label\n", /must name images, got none/],
      ["file,label\nc.jpg,\n", /must hold a file and a label in each line, got none in image 1/],
      ["file,label\nc.jpg,1\nc.jpg,2\n", /must name each image once, got c.jpg twice/],
      ["file,label\nc.jpg,1\ndeep/b.png,1\n", /at least two classes, got one \(1\)/],
      [`file,label\n"${"x".repeat(100_000)}`, /must be a table of labels, got a damaged or foreign one/],
      ['file,label\nc.jpg,"1"2\n', /must be a table of labels, got a damaged or foreign one/],
    ];
    for (const [text, message] of cases) {
      await expect(summary(join(await table(text), "labels.csv")), text.slice(0, 30)).rejects.toThrow(
        message,
      );
    }
  });
});

describe("a column that tells the parts", () => {
  const table = async (header: string, ...values: readonly string[]) => {
    const folder = temporaryFolder();
    const rows = [];
    for (const [at, value] of values.entries()) {
      await paint(join(folder, `${at}.png`), [at, 0, 0]);
      rows.push(`${at}.png,${at % 2 === 0 ? "cat" : "dog"},${value}`);
    }
    writeFileSync(join(folder, "labels.csv"), `file,label,${header}\n${rows.join("\n")}\n`);
    const source = await csvSource(join(folder, "labels.csv"), null);
    const parts = [];
    const options = { size: { height: 1, width: 1 }, fit: "cover", maxPixels: 1e6 } as const;
    for await (const image of source.images(options)) if (!("reason" in image)) parts.push(image.part);
    return { parts, notes: source.notes, all: source.parts };
  };

  it.each([
    ["split", ["train", "train", "val", "test"], ["train", "train", "validation", "test"]],
    ["Subset", ["Training", "Testing", "Training", "Testing"], ["train", "test", "train", "test"]],
    ["set", ["train", "", "valid", "valid"], ["train", "train", "test", "test"]],
    ["is_test", ["0", "1", "False", "True"], ["train", "test", "train", "test"]],
    ["is_valid", ["False", "True", "False", "True"], ["train", "test", "train", "test"]],
    ["is_training_image", ["1", "1", "0", "0"], ["train", "train", "test", "test"]],
  ])("%s of %j is used", async (header, values, parts) => {
    const found = await table(header, ...values);
    expect(found.parts).toEqual(parts);
    expect(found.notes).toEqual([
      `labels.csv: the column "${header}" tells the parts ${found.all.join(", ")}`,
    ]);
  });

  it.each([
    [
      "split",
      ["train", "fold2", "train", "test"],
      /not used .* it says "fold2", not train, validation or test/,
    ],
    ["split", ["test", "test", "test", "test"], /not used .* one part alone/],
    ["is_test", ["maybe", "0", "0", "1"], /not used .* it says "maybe"/],
  ])("%s of %j is said not to be", async (header, values, note) => {
    const found = await table(header, ...values);
    expect(found.parts).toEqual([null, null, null, null]);
    expect(found.all).toEqual([]);
    expect(found.notes?.[0]).toMatch(note);
  });
});

it("takes names that look the same for the same: columns, labels, files", async () => {
  const folder = temporaryFolder();
  await paint(join(folder, "cafe\u0301.png"), [1, 2, 3]);
  await paint(join(folder, "2.png"), [1, 2, 3]);
  await paint(join(folder, "3.png"), [1, 2, 3]);
  const rows = ["caf\u00E9.png,\u00FC", "2.png,u\u0308", "3.png,o"];
  writeFileSync(join(folder, "t.csv"), `ima\u0302ge,cate\u0301gorie\n${rows.join("\n")}\n`);
  const source = await csvSource(join(folder, "t.csv"), { image: "im\u00E2ge", label: "cat\u00E9gorie" });
  expect(source.classes).toEqual(["o", "\u00FC"]);
  const labels = [];
  const options = { size: { height: 1, width: 1 }, fit: "cover", maxPixels: 1e6 } as const;
  for await (const image of source.images(options))
    labels.push("reason" in image ? image.reason : image.label);
  expect(labels).toEqual([1, 1, 0]);
});

it("lists what lies beside it and no line names: images, folders of them, other files", async () => {
  const folder = temporaryFolder();
  for (const name of ["a.png", "deep/b.png", "deep/un.png", "c.png", "more/d.png", "deep/er/e.png"]) {
    await paint(join(folder, name), [1, 2, 3]);
  }
  for (const name of ["x.ppm", "deep/.DS_Store", "test.csv"]) writeFileSync(join(folder, name), "x");
  mkdirSync(join(folder, "papers"));
  writeFileSync(join(folder, "papers", "a.pdf"), "x");
  writeFileSync(join(folder, "labels.csv"), "file,label\n./a.png,cat\ndeep/../deep/b,dog\nno.png,dog\n");
  const { leftOut } = await csvSource(join(folder, "labels.csv"), null);
  expect(Object.fromEntries(leftOut!.map(({ what, names }) => [what, names]))).toEqual({
    "images that the table does not name": ["c.png", "deep/un.png"],
    "folders of images that the table does not name": ["deep/er/", "more/"],
    ".ppm": ["x.ppm"],
    ".csv": ["test.csv"],
    "files of photo tools or the system": ["deep/.DS_Store"],
  });
});
