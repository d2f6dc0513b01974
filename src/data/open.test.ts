// What data are: files that lie beside folders of images do not change it, and are named with the flag that takes them.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { paint, temporaryFolder } from "../../test/helpers/data.ts";
import type { Source } from "./datasets/source.ts";
import { describeData, openSource } from "./open.ts";

async function photos(...files: readonly string[]): Promise<string> {
  const folder = temporaryFolder();
  for (const file of files.length > 0 ? files : ["cat/1.png", "dog/1.png"])
    await paint(join(folder, file), [1, 2, 3]);
  return folder;
}

const told = ({ leftOut = [] }: Source) =>
  leftOut.map(({ what, names, remedy }) => [what, names.join(), remedy ?? ""]);
const classesOf = (table: string) => `file,label\n${table}`;

describe("folders of images win", () => {
  it.each([
    ["an archive of shards", "backup.tar", "x", "webdataset"],
    ["a Parquet file", "export.parquet", "x", "parquet"],
    ["a table that is about other files", "metadata.csv", classesOf("1001,felis\n1002,canis\n"), "csv"],
    ["a table that says the same", "labels.csv", classesOf("cat/1.png,cat\ndog/1.png,dog\n"), "csv"],
    ["a table that is none", "labels.csv", "a;b\n1;2\n", null],
  ])("beside %s", async (_, file, text, format) => {
    const data = await photos();
    writeFileSync(join(data, file), text);
    const source = await openSource({ data });
    expect(source.classes).toEqual(["cat", "dog"]);
    expect((await describeData({ data })).format).toBe("folder");
    const remedy = format === null ? "" : `--format ${format} takes them instead of the folders`;
    expect(told(source)).toEqual([[/\.[^.]+$/.exec(file)![0], file, remedy]]);
  });

  it("with parts, with names of classes, and where an archive lies in a class folder", async () => {
    for (const data of [
      await photos("train/cat/1.png", "train/dog/1.png", "test/cat/1.png", "test/dog/1.png"),
      await photos("cat.0.png", "dog.0.png"),
    ]) {
      writeFileSync(join(data, "all.tar"), "x");
      const source = await openSource({ data });
      expect(source.classes).toEqual(["cat", "dog"]);
      expect(told(source)).toEqual([
        [".tar", "all.tar", "--format webdataset takes them instead of the folders"],
      ]);
    }
    const within = await photos();
    writeFileSync(join(within, "cat", "old.tar"), "x");
    expect(told(await openSource({ data: within }))[0]?.[1]).toBe("cat/old.tar");
  });

  it("but a format that is asked for is taken", async () => {
    const data = await photos();
    writeFileSync(join(data, "labels.csv"), classesOf("cat/1.png,tabby\ndog/1.png,hound\n"));
    expect((await openSource({ data, format: "csv" })).classes).toEqual(["hound", "tabby"]);
    writeFileSync(join(data, "a.tar"), "x");
    expect((await describeData({ data, format: "webdataset" })).format).toBe("webdataset");
  });
});

it.skipIf(process.platform !== "linux")(
  "a class whose name is not UTF-8 is named, whatever lies beside it",
  async () => {
    const data = await photos();
    mkdirSync(Buffer.concat([Buffer.from(`${data}/`), Buffer.from("\xE9cole", "latin1")]));
    writeFileSync(join(data, "a.tar"), "x");
    await expect(openSource({ data })).rejects.toThrow(/names in UTF-8, got "\\xE9cole"/);
  },
);

describe("what is no folder of classes stays what it is", () => {
  it.each([
    ["one folder of images", ["images/1.png", "images/2.png"], "images/1.png,a\nimages/2.png,b\n"],
    ["folders that are no classes", ["one/1.png", "two/2.png"], "one/1.png,a\ntwo/2.png,b\n"],
    ["loose images", ["1.png", "2.png"], "1.png,a\n2.png,b\n"],
  ])("a table with %s", async (_, files, table) => {
    const data = await photos(...files);
    writeFileSync(join(data, "labels.csv"), classesOf(table));
    expect((await openSource({ data })).classes).toEqual(["a", "b"]);
  });

  it("shards with pictures of a page beside them", async () => {
    const data = await photos("assets/logo.png", "docs/figure.png");
    mkdirSync(join(data, "data"));
    writeFileSync(join(data, "data", "train-0.parquet"), "x");
    expect(
      (await describeData({ data, format: "auto" }).catch((error: Error) => error.message)) as string,
    ).toMatch(/^parquet: /);
  });
});

it.each([
  ["data/asirra/PetImages", "asirra"],
  ["train/asirra", "asirra"],
  ["cifar-10-batches-bin", "cifar10"],
  ["elsewhere/stl10_binary", "stl10"],
])("data that are not there: %s can be got", async (path, name) => {
  const data = join(temporaryFolder(), path);
  const message = `does not exist; get it with: cutout data get ${name}`;
  await expect(openSource({ data })).rejects.toThrow(message);
  await expect(openSource({ data, format: "cifar10" })).rejects.toThrow(message);
});
