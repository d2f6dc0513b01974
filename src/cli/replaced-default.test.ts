import { expect, test } from "vitest";
import { readSettings } from "../config/settings.ts";
import { replacedDefaultNote } from "./replaced-default.ts";

const arm = (name: string, augmentations?: string[]) => ({
  name,
  settings: readSettings({
    data: "photos",
    ...(augmentations !== undefined && { augment: { augmentations } }),
  }),
});
const erasing = arm("--augment random-erasing", ["random-erasing"]);

test("who names augmentations beside others that do not has lost the default, and is told how to keep it", () => {
  expect(replacedDefaultNote([arm("baseline"), erasing])).toBe(
    "--augment random-erasing: in the place of what few photos get by default, which others here may have; --augment auto beside it keeps that",
  );
});

test.each([
  ["all have the default", [arm("a"), arm("b")]],
  ["none has it", [arm("a", []), erasing]],
  ["it is kept beside what is named", [arm("a"), arm("b", ["auto", "random-erasing"])]],
  ["it is turned off, which says so itself", [arm("a"), arm("--no-augment", [])]],
])("nothing is said where %s", (_, arms) => expect(replacedDefaultNote(arms)).toBeNull());
