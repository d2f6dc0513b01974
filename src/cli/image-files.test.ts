import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
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
  imageFiles(given.map((each) => join(root, each))).map((file) => file.slice(root.length + 1));

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
  ["nowhere/*.jpg", "must match some file, got none"],
  ["*.gif", "must match some file, got none"],
  ["empty", "must hold images"],
])("%s: %s", (given, message) => expect(() => found(given)).toThrow(message));
