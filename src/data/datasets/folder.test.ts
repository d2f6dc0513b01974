import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, it } from "vitest";
import { paint, temporaryFolder } from "../../../test/helpers/data.ts";
import { type Part, partOrder } from "../dataset.ts";
import { folderSource } from "./folder.ts";
import type { Source } from "./source.ts";

/** A folder with empty files of these names; a name that ends in `/` is an empty folder. */
function folderOf(...names: readonly string[]): string {
  const folder = temporaryFolder();
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    if (name.endsWith("/")) mkdirSync(join(folder, name));
    else writeFileSync(join(folder, name), "");
  }
  return folder;
}

const names = (source: Source) => source.files.map(({ name }) => name);

it("reads a folder a class: sorted, nested, hidden files skipped, other files counted", () => {
  const folder = folderOf(
    "dog/b.PNG",
    "cat/10.jpg",
    "cat/9.jpg",
    "cat/indoors/at night/a.webp",
    "cat/.hidden.jpg",
    ".cache/x.jpg",
    "__MACOSX/cat/._9.jpg",
    "cat/notes.txt",
    "pairs.tsv",
    "Ant/1.jpeg",
  );
  const source = folderSource(folder);
  expect(source.classes).toEqual(["Ant", "cat", "dog"]);
  expect(names(source)).toEqual([
    "Ant/1.jpeg",
    "cat/10.jpg",
    "cat/9.jpg",
    "cat/indoors/at night/a.webp",
    "dog/b.PNG",
  ]);
  expect(source.task).toContain("(5 other files ignored)");
  expect(source.leftOut).toEqual([
    { what: "hidden folders", count: 1, names: [".cache/"] },
    { what: "folders of photo tools or the system", count: 1, names: ["__MACOSX/"] },
    { what: ".tsv", count: 1, names: ["pairs.tsv"] },
    { what: "hidden files", count: 1, names: ["cat/.hidden.jpg"] },
    { what: ".txt", count: 1, names: ["cat/notes.txt"] },
  ]);
  expect(source.total).toBe(5);
});

it("takes nothing that a training or a study has written for photos, wherever it lies", () => {
  const photos = ["cat/1.jpg", "cat/2.jpg", "dog/1.jpg"];
  const folder = folderOf(
    ...photos,
    "runs/one/environment.json",
    "runs/one/config.json",
    "runs/one/images/1.webp",
    "runs/two/environment.json",
    "study/study.json",
    "study/trials/0000/augmented.png",
    "cat/mine/environment.json",
    "cat/mine/images/2.webp",
  );
  const source = folderSource(folder);
  expect(names(source)).toEqual(photos);
  expect(source.classes).toEqual(["cat", "dog"]);
  const left = source.leftOut?.[0];
  expect(left).toMatchObject({ what: "folders of runs", count: 3 });
  expect([...left!.names].sort()).toEqual(["cat/mine/", "runs/", "study/"]);
  // Photos beside it are photos.
  expect(names(folderSource(folderOf(...photos, "dog/run/environment.json")))).toEqual(photos);
});

it("takes a class with a config.json of another program, and one with a run among its images, for a class", () => {
  const photos = ["cat/1.jpg", "dog/1.jpg"];
  expect(names(folderSource(folderOf(...photos, "dog/config.json")))).toEqual(photos);
  expect(names(folderSource(folderOf(...photos, "owl/1.jpg", "owl/run/environment.json")))).toEqual([
    ...photos,
    "owl/1.jpg",
  ]);
});

it("gives each image the label of its folder, and a reason where it is broken", async () => {
  const folder = temporaryFolder();
  await paint(join(folder, "b", "1.png"), [1, 2, 3]);
  await paint(join(folder, "a", "deep", "2.png"), [4, 5, 6]);
  writeFileSync(join(folder, "a", "0.png"), "");
  symlinkSync(join(folder, "nowhere.png"), join(folder, "a", "link.png"));
  const found = [];
  const options = { size: { height: 1, width: 1 }, fit: "cover", maxPixels: 1e6 } as const;
  for await (const image of folderSource(folder).images(options)) found.push(image);
  expect(found).toEqual([
    { name: "a/0.png", reason: "empty file (0 bytes)" },
    { name: "a/deep/2.png", label: 0, pixels: Uint8Array.of(4, 5, 6), part: null },
    { name: "a/link.png", reason: "cannot be opened (ENOENT)" },
    { name: "b/1.png", label: 1, pixels: Uint8Array.of(1, 2, 3), part: null },
  ]);
});

it("reads one flat folder with Kaggle's names", () => {
  const source = folderSource(
    folderOf("dog.10.jpg", "cat.1.jpg", "cat.0.jpg", "sea.lion.3.png", "readme.md"),
  );
  expect(source.classes).toEqual(["cat", "dog", "sea.lion"]);
  expect(names(source)).toEqual(["cat.0.jpg", "cat.1.jpg", "dog.10.jpg", "sea.lion.3.png"]);
});

const officialParts = async (source: Source) => {
  const parts: string[] = [];
  const options = { size: { height: 1, width: 1 }, fit: "cover", maxPixels: 1e6 } as const;
  for await (const image of source.images(options)) {
    if ("reason" in image) throw new Error(`${image.name}: ${image.reason}`);
    parts.push(`${image.name} ${source.classes[image.label]} ${image.part}`);
  }
  return parts;
};

/** Folders with the parts that their images are of. */
const partLayouts: [string, Readonly<Record<string, Part>>, string][] = [
  [
    "train and test",
    { train: "train", test: "test" },
    "decoding NAME (test is the test part, train is divided into training and validation)",
  ],
  [
    "train, val and test",
    { train: "train", val: "validation", test: "test" },
    "decoding NAME (test is the test part, val is the validation part)",
  ],
  [
    "train and validation",
    { Train: "train", validation: "test" },
    "decoding NAME (validation is the test part, Train is divided into training and validation)",
  ],
  [
    "training_set and tests",
    { training_set: "train", tests: "test" },
    "decoding NAME (tests is the test part, training_set is divided into training and validation)",
  ],
  [
    "train, eval and holdout",
    { train: "train", eval: "validation", "hold-out": "test" },
    "decoding NAME (hold-out is the test part, eval is the validation part)",
  ],
  [
    "train and val of a year",
    { train2017: "train", val2017: "test" },
    "decoding NAME (val2017 is the test part, train2017 is divided into training and validation)",
  ],
];
it.each(partLayouts)("takes %s for the official split", async (_, partOf, task) => {
  const folder = temporaryFolder();
  for (const part of Object.keys(partOf)) {
    for (const name of ["cat", "dog"]) await paint(join(folder, part, name, "0.png"), [1, 2, 3]);
  }
  const source = folderSource(folder);
  const present = new Set(Object.values(partOf));
  expect(source).toMatchObject({ classes: ["cat", "dog"], total: 2 * Object.keys(partOf).length });
  expect(source.parts).toEqual(partOrder.filter((part) => present.has(part)));
  expect(source.task).toBe(task.replace("NAME", basename(folder)));
  expect((await officialParts(source)).sort()).toEqual(
    Object.entries(partOf)
      .flatMap(([at, part]) => ["cat", "dog"].map((name) => `${at}/${name}/0.png ${name} ${part}`))
      .sort(),
  );
});

it("takes parts of a split whose classes are in the names, and counts the other files of all folders", () => {
  const source = folderSource(
    folderOf("train/cat.0.jpg", "train/dog.1.jpg", "test/cat.2.jpg", "test/dog.3.jpg", "test/a.txt", "b.md"),
  );
  expect(source.classes).toEqual(["cat", "dog"]);
  expect(names(source)).toEqual(["test/cat.2.jpg", "test/dog.3.jpg", "train/cat.0.jpg", "train/dog.1.jpg"]);
  expect(source.task).toContain("(2 other files ignored; test is the test part, train is divided");
});

it("takes a folder named train for a class beside other classes", () => {
  const source = folderSource(folderOf("train/1.jpg", "bus/1.jpg", "car/1.jpg"));
  expect(source).toMatchObject({ classes: ["bus", "car", "train"], parts: [] });
});

it("follows links to folders, but not in circles", () => {
  const folder = folderOf("cat/1.jpg", "dog/1.jpg");
  symlinkSync(join(folder, "dog"), join(folder, "wolf"));
  symlinkSync(join(folder, "cat"), join(folder, "cat", "again"));
  expect(names(folderSource(folder))).toEqual(["cat/1.jpg", "dog/1.jpg", "wolf/1.jpg"]);
});

it.skipIf(process.platform === "win32")(
  "names what lies there and is no photo, and never makes a class of it",
  () => {
    const folder = folderOf(
      "cat/1.jpg",
      "cat/2.ppm",
      "cat/3.ppm",
      "cat/Thumbs.db",
      "cat/@eaDir/1.jpg/SYNOPHOTO_THUMB_M.jpg",
      "dog/1.jpg",
      "dog/.DS_Store",
      "dog/._1.jpg",
      ".thumbnails/1.jpg",
      "@eaDir/1.jpg",
      "#recycle/cat/1.jpg",
      "Catalog Previews.lrdata/1.jpg",
      ".Trash-1000/files/1.jpg",
      "$RECYCLE.BIN/1.jpg",
      "desktop.ini",
    );
    writeFileSync(join(folder, "cat", "IMG_0001"), Buffer.from([0xff, 0xd8, 0xff, 0xe0]));
    writeFileSync(join(folder, "LICENSE"), "text");
    const source = folderSource(folder);
    expect(source.classes).toEqual(["cat", "dog"]);
    expect(names(source)).toEqual(["cat/1.jpg", "dog/1.jpg"]);
    const told = source.leftOut?.map(
      ({ what, count, remedy }) => `${count} ${what}${remedy ? `; ${remedy}` : ""}`,
    );
    expect(told?.sort()).toEqual([
      "1 without an ending",
      "1 without an ending; JPEG by their first bytes: give them the ending .jpg",
      "2 .ppm; convert them to PNG or JPEG",
      "4 files of photo tools or the system",
      "7 folders of photo tools or the system",
    ]);
  },
);

it.skipIf(process.platform !== "linux")("loses no class or image whose name is not UTF-8", async () => {
  const folder = folderOf("cat/1.jpg", "dog/1.jpg");
  const latin = (text: string) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(text, "latin1")]);
  writeFileSync(latin("cat/caf\xE9.jpg"), "");
  const broken = [];
  const options = { size: { height: 1, width: 1 }, fit: "cover", maxPixels: 1e6 } as const;
  for await (const image of folderSource(folder).images(options)) {
    if (image.name.includes("caf")) broken.push(image);
  }
  expect(broken).toEqual([{ name: "cat/caf\\xE9.jpg", reason: "its name is not UTF-8: rename the file" }]);
  mkdirSync(latin("caf\xE9"));
  writeFileSync(latin("caf\xE9/1.jpg"), "");
  expect(() => folderSource(folder)).toThrow(/must have names in UTF-8, got "caf\\xE9"; rename it/);
});

it("takes names that look the same for the same: classes, and classes of parts", () => {
  const [composed, apart] = ["caf\u00E9", "cafe\u0301"];
  const both = folderSource(folderOf(`${composed}/1.jpg`, `${apart}/2.jpg`, "dog/1.jpg"));
  expect(both).toMatchObject({ classes: [composed, "dog"], total: 3 });
  const parts = folderSource(
    folderOf(`train/${composed}/1.jpg`, "train/dog/1.jpg", `test/${apart}/1.jpg`, "test/dog/1.jpg"),
  );
  expect(parts).toMatchObject({ classes: [composed, "dog"], total: 4 });
  // One spelling alone stays as it is: what was trained on it goes on.
  expect(folderSource(folderOf(`${apart}/1.jpg`, "dog/1.jpg")).classes).toEqual([apart, "dog"]);
});

it("does not fill a class with others by a link", () => {
  const folder = folderOf("cat/1.jpg", "dog/1.jpg");
  symlinkSync(folder, join(folder, "cat", "up"));
  symlinkSync("..", join(folder, "cat", "up too"));
  symlinkSync("../dog", join(folder, "cat", "friend"));
  symlinkSync(".", join(folder, "all"));
  const elsewhere = folderOf("more/2.jpg");
  symlinkSync(join(elsewhere, "more"), join(folder, "cat", "more"));
  const source = folderSource(folder);
  expect(names(source)).toEqual(["cat/1.jpg", "cat/more/2.jpg", "dog/1.jpg"]);
  expect(source.classes).toEqual(["cat", "dog"]);
  expect(source.leftOut?.map(({ what, count }) => [what, count])).toEqual([
    ["links that lead back up", 3],
    ["links into the classes", 1],
  ]);
});

it.skipIf(process.platform === "win32")("never opens a pipe", () => {
  const folder = folderOf("cat/1.jpg", "dog/1.jpg");
  execFileSync("mkfifo", [join(folder, "cat", "pipe.jpg")]);
  expect(names(folderSource(folder))).toEqual(["cat/1.jpg", "dog/1.jpg"]);
});

const wrong: [string, readonly string[], RegExp][] = [
  ["nothing", [], /must hold images .* got nothing; give a folder of class folders/],
  ["text files only", ["a.txt", "b.txt"], /must hold images .* got 2 other files/],
  ["class folders of text files only", ["cat/a.txt", "dog/b.txt"], /must hold images .* got 2 other files/],
  [
    "an empty class folder",
    ["cat/1.jpg", "dog/"],
    /class folder .*dog must hold images, got none \(0 other files\)/,
  ],
  [
    "a class folder of text",
    ["cat/1.jpg", "dog/1.txt"],
    /class folder .*dog must hold images, got none \(1 other file, .txt: 1\)/,
  ],
  [
    "classes of unknown endings",
    ["cat/1.ppm", "cat/2.ppm", "dog/1.ppm"],
    /must hold images .* got 3 other files, .ppm: 3; convert them to PNG or JPEG$/,
  ],
  [
    "a class of an unknown ending",
    ["cat/1.jpg", "dog/1.psd"],
    /dog must hold images, got none \(1 other file, .psd: 1\); convert them to PNG or JPEG$/,
  ],
  ["an archive", ["photos.zip"], /got 1 other file, .zip: 1; unpack them$/],
  ["one class", ["cat/1.jpg", "cat/2.jpg"], /at least two classes, got one \("cat"\)/],
  [
    "one folder around the classes",
    ["PetImages/Cat/1.jpg", "PetImages/Dog/a/1.jpg"],
    /got one \("PetImages"\); give .*[\\/]PetImages$/,
  ],
  [
    "two folders around the parts of a split",
    ["a/b/train/cat/1.jpg", "a/b/test/cat/1.jpg"],
    /got one \("a"\); give .*[\\/]a[\\/]b$/,
  ],
  [
    "one folder around Kaggle's names",
    ["train/cat.0.jpg", "train/dog.0.jpg"],
    /^data: .* give .*[\\/]train, it is divided$/,
  ],
  [
    "one folder around flat names",
    ["photos/cat.0.jpg", "photos/dog.0.jpg"],
    /got one \("photos"\); give .*[\\/]photos$/,
  ],
  [
    "folders within one class",
    ["cat/1.jpg", "cat/more/2.jpg"],
    /one \("cat"\); give the folder that holds a folder/,
  ],
  ["one class, flat", ["cat.1.jpg"], /at least two classes, got one \("cat"\)/],
  [
    "class names that differ in case only",
    ["Cat/1.jpg", "cat/2.jpg", "dog/1.jpg"],
    /got "Cat" and "cat"; merge/,
  ],
  ["flat class names that differ in case only", ["Cat.1.jpg", "cat.2.jpg"], /got "Cat" and "cat"; merge/],
  [
    "images beside class folders",
    ["cat/1.jpg", "dog/1.jpg", "2.jpg"],
    /got 2 folders \(cat, ...\) and 1 image beside/,
  ],
  [
    "flat images without classes",
    ["cat.1.jpg", "IMG_1.jpg"],
    /must be named CLASS.NUMBER.jpg .* got IMG_1.jpg/,
  ],
  [
    "parts without one for the test",
    ["train/cat/1.jpg", "train/dog/1.jpg", "training2/cat/1.jpg"],
    /one for the test \(train and test\), got train, training2; give .*train, it is divided/,
  ],
  ["a test part alone", ["test/cat/1.jpg", "test/dog/1.jpg"], /got test; give .*test, it is divided/],
  [
    "parts beside other folders",
    ["train/cat/1.jpg", "test/cat/1.jpg", "extra/1.jpg"],
    /either classes or parts of a split, got extra beside test, train; move the former away, or give .*train/,
  ],
  [
    "images beside parts",
    ["train/cat/1.jpg", "test/cat/1.jpg", "1.jpg"],
    /got 2 folders \(test, ...\) and 1 image beside \(1.jpg/,
  ],
  [
    "a class that the test part has not",
    ["train/cat/1.jpg", "train/dog/1.jpg", "train/owl/1.jpg", "test/dog/1.jpg"],
    /same classes, got "cat" and 1 more in train alone \(missing in test\); name and fill .* or give .*train alone/,
  ],
  [
    "a class that only the validation part has",
    ["train/cat/1.jpg", "val/cat/1.jpg", "val/Dog/1.jpg", "test/cat/1.jpg"],
    /same classes, got "Dog" in val alone \(missing in t.*train alone, it is divided/,
  ],
  [
    "an empty part",
    ["train/cat/1.jpg", "train/dog/1.jpg", "test/"],
    /same classes, got no images in test \(missing in test\); .* give .*train alone, it is divided/,
  ],
  [
    "an empty class folder of a part",
    ["train/cat/1.jpg", "train/dog/1.jpg", "test/cat/1.jpg", "test/dog/"],
    /class folder .*test.dog must hold images, got none/,
  ],
  [
    "a test part without labels",
    ["train/cat/1.jpg", "train/dog/1.jpg", "test/1.jpg", "test/2.jpg"],
    /test has no class folders, so its 2 images must be named .* or give the part for training alone, it is divided/,
  ],
  ["parts of one class", ["train/cat/1.jpg", "val/cat/1.jpg"], /at least two classes, got one \("cat"\)/],
  [
    "parts whose classes differ in case only",
    ["train/cat/1.jpg", "train/dog/1.jpg", "test/Cat/1.jpg", "test/dog/1.jpg"],
    /same classes, got "cat" in train alone \(missing in test\)|"Cat" in test alone/,
  ],
];
it.each(wrong)("refuses %s in one clear line", (_, files, message) => {
  const folder = folderOf(...files);
  let text = "";
  try {
    folderSource(folder);
  } catch (error) {
    text = (error as Error).message;
  }
  expect(text).toMatch(message);
  expect(text).toMatch(/^data: /);
  expect(text).toContain(folder);
  expect(text).not.toContain("\n");
});

it("refuses a missing folder and a file", () => {
  const folder = folderOf("file.jpg");
  expect(() => folderSource(join(folder, "missing"))).toThrow(
    /^data: .*missing does not exist; give the folder/,
  );
  expect(() => folderSource(join(folder, "file.jpg"))).toThrow(
    /^data: .*file.jpg is not a folder; give the folder/,
  );
});

it.skipIf(process.getuid?.() === 0 || process.platform === "win32")(
  "refuses a folder that cannot be read",
  () => {
    const folder = folderOf("cat/1.jpg", "dog/1.jpg");
    chmodSync(join(folder, "dog"), 0o000);
    expect(() => folderSource(folder)).toThrow(
      /dog cannot be read, that is not permitted: check the permissions .* \(EACCES\)/,
    );
    chmodSync(join(folder, "dog"), 0o700);
  },
);
