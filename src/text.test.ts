// What text is shown of what people and files say.
import { expect, test } from "vitest";
import { printable, withoutPassword } from "./text.ts";

test.each([
  ["redis://:secret@host:6379", "redis://host:6379"],
  ["--on=rediss://user:se@cret@host/1", "--on=rediss://host/1"],
  ["https://user:secret@example.org/photos.zip", "https://example.org/photos.zip"],
  ["redis://127.0.0.1:6379", "redis://127.0.0.1:6379"],
  ["photos@home", "photos@home"],
  ["https://example.org/a@b.zip", "https://example.org/a@b.zip"],
])("a word of a command line is kept without what opens doors: %s", (word, kept) => {
  expect(withoutPassword(word)).toBe(kept);
});

test("what cannot be shown on a line, or would turn what follows it, is replaced", () => {
  expect(printable("a\nb\u2028c\u202Ed\uD800e")).toBe("a\uFFFDb\uFFFDc\uFFFDd\uFFFDe");
  expect(printable("猫 <&> é")).toBe("猫 <&> é");
});
