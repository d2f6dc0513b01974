import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { imageFiles } from "./image-files.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-files-"));
const files = ["a.jpg", "b.PNG", "notes.txt", "sub/c.jpeg", "sub/d(1).jpg", "sub/deep/e.webp", ".hidden.jpg"];
beforeAll(() => {
  mkdirSync(join(root, "sub/deep"), { recursive: true });
  mkdirSync(join(root, "empty"));
  for (const file of files) writeFileSync(join(root, file), "");
});
afterAll(() => rmSync(root, { recursive: true }));

const found = (...given: string[]) =>
  imageFiles(given.map((each) => join(root, each))).map((each) =>
    "image" in each
      ? each.image.slice(root.length + 1)
      : `${each.name.slice(root.length + 1)}: ${each.reason}`,
  );

test.each([
  [["a.jpg"], ["a.jpg"]],
  [["notes.txt"], ["notes.txt"]],
  [[""], ["a.jpg", "b.PNG", "sub/c.jpeg", "sub/d(1).jpg", "sub/deep/e.webp"]],
  [
    ["sub", "sub/c.jpeg"],
    ["sub/c.jpeg", "sub/d(1).jpg", "sub/deep/e.webp"],
  ],
  [["*.jpg"], ["a.jpg"]],
  [["?.*"], ["a.jpg", "b.PNG"]],
  [["*/*.jp*g"], ["sub/c.jpeg", "sub/d(1).jpg"]],
  [["**/*.jpg"], ["a.jpg", "sub/d(1).jpg"]],
  [["sub/d(*).jpg"], ["sub/d(1).jpg"]],
])("%j gives %j", (given, expected) => expect(found(...given)).toEqual(expected));

test.each([
  ["nowhere.jpg", "no such image or folder"],
  ["notes.txt/a.jpg", "no such image or folder"],
  [`${"a".repeat(300)}.jpg`, "no such image or folder: the name is too long"],
  ["nowhere/*.jpg", "no file matches"],
  ["*.gif", "no file matches"],
  ["empty", "the folder holds no images (.jpg, .png, ...)"],
])("%s has its place in the list: %s", (given, reason) => {
  expect(found("a.jpg", given, "b.PNG")).toEqual(["a.jpg", `${given}: ${reason}`, "b.PNG"]);
});

test("an address is an image, and other files of a folder are told", () => {
  expect(imageFiles(["https://example.org/a?b=*"])).toEqual([{ image: "https://example.org/a?b=*" }]);
  const told: unknown[] = [];
  imageFiles([root], (...leftOut) => told.push(leftOut));
  expect(told).toEqual([[root, [join(root, "notes.txt")]]]);
});

test("linked folders are followed, but not in circles; what cannot be read there is named", () => {
  const folder = join(root, "linked");
  mkdirSync(folder);
  symlinkSync(join(root, "sub"), join(folder, "elsewhere"));
  symlinkSync(folder, join(folder, "itself"));
  symlinkSync(join(root, "nothing"), join(folder, "lost.jpg"));
  execFileSync("mkfifo", [join(folder, "pipe.jpg")]);
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.of(0xe9), Buffer.from(".jpg")]), "");
  try {
    expect(found("linked")).toEqual([
      "linked/caf\uFFFD.jpg: its name is no valid UTF-8: rename it",
      "linked/elsewhere/c.jpeg",
      "linked/elsewhere/d(1).jpg",
      "linked/elsewhere/deep/e.webp",
      "linked/lost.jpg: a link to nothing",
      "linked/pipe.jpg: a pipe or device, which is read only where it is named",
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
