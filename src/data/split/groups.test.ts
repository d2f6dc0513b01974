import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../../test/helpers/data.ts";
import { readGroups } from "./groups.ts";

function fileOf(text: string): string {
  const file = join(temporaryFolder(), "groups");
  writeFileSync(file, text);
  return file;
}

it.each([
  ["tabs, header", "file_a\tfile_b\ncat/a, 1.jpg\tcat/2.jpg\n", [["cat/a, 1.jpg", "cat/2.jpg"]]],
  ["tabs, no header, CRLF, mark", "\uFEFFcat/1.jpg\tcat/2.jpg\r\n\r\n", [["cat/1.jpg", "cat/2.jpg"]]],
  [
    "groups of any size",
    "1.jpg\t2.jpg\t3.jpg\n4.jpg\n5.jpg\t6.jpg",
    [
      ["1.jpg", "2.jpg", "3.jpg"],
      ["5.jpg", "6.jpg"],
    ],
  ],
  ["commas and quotes", 'a,b\n"x, ""y"".jpg", 2.jpg\n', [['x, "y".jpg', "2.jpg"]]],
  ["white space and comments", "# pairs\n1.jpg  ./2.jpg\n", [["1.jpg", "2.jpg"]]],
  ["names with #", "test_batch.bin#1\ttest_batch.bin#2", [["test_batch.bin#1", "test_batch.bin#2"]]],
])("reads %s", (_, text, groups) => {
  expect(readGroups(fileOf(text))).toEqual(groups);
});

it("refuses a missing file and one without groups", () => {
  expect(() => readGroups(join(temporaryFolder(), "none.tsv"))).toThrow(
    /^groups: .*none.tsv cannot be read, it does not exist \(ENOENT\)/,
  );
  for (const text of ["", "file_a\tfile_b\n", "1.jpg\n2.jpg\n"]) {
    expect(() => readGroups(fileOf(text))).toThrow(
      /must have lines with two or more names of images, got none/,
    );
  }
});
