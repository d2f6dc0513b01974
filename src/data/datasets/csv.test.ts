import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { paint, temporaryFolder } from "../../../test/helpers/data.ts";
import { readAll } from "../../../test/helpers/readers.ts";
import { describeData } from "../open.ts";

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
