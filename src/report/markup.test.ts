// Escaping and the writing of numbers.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  counted,
  dottedKeys,
  duration,
  percent,
  points,
  printable,
  pValue,
  settingAt,
  shellWord,
} from "../text.ts";
import { escapeHtml, html, trusted } from "./markup.ts";

test("any text in a template is text: no markup of its own, and all of it is kept", () => {
  const decode = (text: string) =>
    text
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&quot;", '"')
      .replaceAll("&#39;", "'")
      .replaceAll("&amp;", "&");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const escaped = html`${text}`.text;
      expect(escaped).toBe(escapeHtml(text));
      expect(escaped).not.toMatch(/[<>"']/);
      expect(decode(escaped)).toBe(printable(text));
      expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cs}]/u);
    }),
  );
});

test("templates nest, join lists, and drop what is nothing", () => {
  expect(html`<b>${html`<i>${"<"}</i>`}${["a", "&", 1]}${null}${undefined}${false}${0}</b>`.text).toBe(
    "<b><i>&lt;</i>a&amp;10</b>",
  );
  expect(html`${trusted("<svg/>")}`.text).toBe("<svg/>");
});

test("numbers as people read them", () => {
  expect(percent(0.92768, 12_500)).toBe("92.77\u00a0%");
  expect(percent(0.925, 40)).toBe("92.5\u00a0%");
  expect(percent(null)).toBe("–");
  expect(points(0.0133)).toBe("+1.33");
  expect(points(-0.0133)).toBe("−1.33");
  expect(points(-0.00001)).toBe("0.00");
  expect(counted(1, "image")).toBe("1 image");
  expect(counted(12_500, "class", "classes")).toBe("12,500 classes");
  expect([0.04, 59.7, 3599.6, 7384].map(duration)).toEqual(["0.0 s", "1 min 0 s", "1 h 0 min", "2 h 3 min"]);
  expect([0.00001, 0.0312, 0.1, 1].map(pValue)).toEqual(["below 0.0001", "0.031", "0.10", "1.00"]);
});

test("settings by dotted key, and back", () => {
  const settings = { a: { b: null, c: [1, 2], d: {} }, e: "x", f: false };
  expect(dottedKeys(settings)).toEqual([
    ["a.b", "off"],
    ["a.c", "[1,2]"],
    ["a.d", "{}"],
    ["e", "x"],
    ["f", "false"],
  ]);
  expect(settingAt(settings, "a.c")).toEqual([1, 2]);
  expect(settingAt(settings, "a.b.c")).toBeUndefined();
  expect(settingAt(settings, "constructor.name")).toBeUndefined();
  expect(settingAt(null, "a")).toBeUndefined();
});

test("paths are written so that a shell reads one word", () => {
  expect(shellWord("runs/2026-01-02-a_b-1")).toBe("runs/2026-01-02-a_b-1");
  expect(shellWord("my photos")).toBe("'my photos'");
  expect(shellWord("it's; rm -rf $HOME")).toBe("'it'\\''s; rm -rf $HOME'");
  expect(shellWord("")).toBe("''");
});
