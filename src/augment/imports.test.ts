// `cutout/augment` needs nothing: no package and nothing of Node is reached from its index.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** What a module imports or exports from, types left out: those do not reach the built program. */
function specifiersOf(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const statements = code.matchAll(/^\s*(?:import|export)\s+(?!type\b)(?:[\w*{][^;]*?\sfrom\s+)?"([^"]+)"/gm);
  const calls = code.matchAll(/\b(?:import|require)\(\s*"([^"]+)"/g);
  return [...statements, ...calls].map(([, specifier]) => specifier!);
}

test("every module reached from the index is a file beside it", () => {
  const start = fileURLToPath(new URL("index.ts", import.meta.url));
  const reached = new Set([start]);
  for (const path of reached) {
    for (const specifier of specifiersOf(readFileSync(path, "utf8"))) {
      expect(specifier, `${path} imports ${specifier}`).toMatch(/^\.\.?\/.*\.ts$/);
      const target = join(dirname(path), specifier);
      expect(existsSync(target), target).toBe(true);
      reached.add(target);
    }
  }
  const names = [...reached].map((path) => path.split("/").slice(-2).join("/"));
  expect(names).toContain("src/rng.ts");
  expect(names).toContain("cutout/sample.ts");
});

test("a package would be found", () => {
  expect(
    specifiersOf(
      'import { a, b } from "pure-rand";\nimport type { T } from "zod";\nexport * from "sharp";\nimport "x";',
    ),
  ).toEqual(["pure-rand", "sharp", "x"]);
  expect(specifiersOf('import {\n  a,\n  type B,\n} from "y";\nconst z = await import("z");')).toEqual([
    "y",
    "z",
  ]);
});
