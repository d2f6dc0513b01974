// Every snippet of docs/augmentation.md runs as it stands, and prints what is written below its console.log.
import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { transform } from "esbuild";
import sharp from "sharp";
import { expect, test } from "vitest";
import * as augment from "./index.ts";

const text = readFileSync(new URL("../../docs/augmentation.md", import.meta.url), "utf8");
const snippets = Array.from(text.matchAll(/^```ts\n([\s\S]*?)^```$/gm), ([, code]) => code!);
const modules: { readonly [name: string]: object } = { "cutout/augment": augment, sharp: { default: sharp } };

test("the snippets are found", () => expect(snippets.length).toBeGreaterThanOrEqual(7));

test.each(snippets.map((code, index) => ({ index, code })))("snippet $index", async ({ code }) => {
  const { code: plain } = await transform(code, { loader: "ts", format: "esm", target: "es2022" });
  const script = plain
    .replaceAll(/^import (\{[^}]*\}) from "([^"]+)";$/gm, 'const $1 = modules["$2"];')
    .replaceAll(/^import (\w+) from "([^"]+)";$/gm, 'const $1 = modules["$2"].default;');
  const printed: string[] = [];
  const log = (...values: unknown[]) => {
    printed.push(values.map((value) => (typeof value === "string" ? value : inspect(value))).join(" "));
  };
  const AsyncFunction = (async () => {}).constructor as new (
    ...code: string[]
  ) => (...values: unknown[]) => Promise<void>;
  await new AsyncFunction("modules", "console", script)(modules, { log });
  expect(printed.length).toBeGreaterThan(0);
  // What the comment beside or below a console.log promises, spaces aside.
  const promised = Array.from(
    code.matchAll(/^console\.log\([^;]*;(?: *\/\/ (.*))?$(?:\n\/\/ (.*)$)?/gm),
    (m) => m[1] ?? m[2],
  );
  const bare = (words: string) => words.replaceAll(/\s+/g, " ").trim();
  printed.forEach((line, at) => {
    if (promised[at] !== undefined) expect(bare(line)).toBe(bare(promised[at]!));
  });
});
