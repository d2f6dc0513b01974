// What the package is to those who import it: sizes, what its entries pull in, and that Node can require it.
import { execFile, execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { type BuildOptions, build, type Metafile } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "cutout-package-"));
const installed = join(folder, "node_modules/cutout");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The package as it is published, in `node_modules` of an empty folder, beside the libraries of this checkout. */
beforeAll(() => {
  mkdirSync(installed, { recursive: true });
  cpSync(join(root, "package.json"), join(installed, "package.json"));
  symlinkSync(join(root, "node_modules"), join(installed, "node_modules"));
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const options = ["-p", "tsconfig.build.json", "--noCheck", "--declaration", "false"];
  execFileSync(process.execPath, [compiler, ...options, "--outDir", join(installed, "dist")], { cwd: root });
});

/** Bundles a program that stands in the folder. */
async function bundled(program: string, options: BuildOptions = {}) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: folder },
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "node",
    absWorkingDir: installed,
    external: Object.keys(packageJson.dependencies),
    ...options,
  });
  return { code: outputFiles![0]!.text, metafile: metafile! };
}

/** Everything that is loaded with a program before it does anything: modules of the package and libraries. */
function loadedWith({ inputs }: Metafile): string[] {
  const reached = new Set(["<stdin>"]);
  for (const path of reached) {
    for (const { path: next, kind } of inputs[path]?.imports ?? []) {
      if (kind !== "dynamic-import") reached.add(next);
    }
  }
  return [...reached];
}

const notForPrediction =
  /^dist\/(report|study|execute|optim\/update|train\/(trainer|training-thread))|^dist\/run\/trial|^(vega|vega-lite)$/;

describe("sizes and what is pulled in", () => {
  test("cutout() alone: at most 12 kB gzip", async () => {
    const { code } = await bundled('export { cutout } from "cutout/augment";', { minify: true });
    expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(12_000);
  });

  test("cutout/augment needs no library and nothing of Node", async () => {
    const { metafile } = await bundled('export * from "cutout/augment";', { platform: "neutral" });
    expect(loadedWith(metafile).filter((path) => !/^(<stdin>|dist\/)/.test(path))).toEqual([]);
  });

  test("cutout/predict: no charts, no training", async () => {
    const { metafile } = await bundled('export * from "cutout/predict";', { treeShaking: false });
    const loaded = loadedWith(metafile);
    expect(loaded).toContain("dist/run/classifier.js");
    expect(loaded).toContain("onnxruntime-node");
    expect(loaded.filter((path) => notForPrediction.test(path))).toEqual([]);
  });

  test("cutout: charts only when they are drawn", async () => {
    const { metafile } = await bundled('export * from "cutout";', { treeShaking: false });
    const loaded = loadedWith(metafile);
    expect(loaded).toContain("dist/report/render.js");
    expect(loaded).toContain("dist/train/training-thread.js");
    expect(loaded.filter((path) => /^vega/.test(path))).toEqual([]);
  });

  test.each(["cutout", "cutout/predict"])(
    "%s: a bundle too tells ONNX Runtime not to report",
    async (entry) => {
      const { code } = await bundled(`export { openClassifier } from "${entry}";`);
      expect(code).toContain('process.env.ORT_DISABLE_TELEMETRY ??= "1"');
    },
  );
});

describe("package.json", () => {
  test("has what it names", () => {
    const entries = Object.values(packageJson.exports)
      .filter((entry) => typeof entry === "object")
      .map((entry) => entry.default);
    expect(entries).toHaveLength(3);
    const named = [...entries, ...packageJson.sideEffects, packageJson.bin.cutout];
    expect(named.filter((path) => !existsSync(join(installed, path)))).toEqual([]);
    for (const entry of Object.values(packageJson.exports)) {
      if (typeof entry === "object") expect(entry.types).toBe(entry.default.replace(/\.js$/, ".d.ts"));
    }
  });

  test("has no source maps, whose sources it would not have", () => {
    const files = readdirSync(join(installed, "dist"), { recursive: true, encoding: "utf8" });
    expect(files).toContain("index.js");
    expect(files.filter((file) => file.endsWith(".map"))).toEqual([]);
  });
});

/** From these on Node requires modules. */
const [major, minor] = process.versions.node.split(".").map(Number) as [number, number];
const requires = major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19);

test.each(["cutout", "cutout/augment", "cutout/predict"])("require(%j) is what import is", async (entry) => {
  const program = (load: string) =>
    `(async () => console.log(Object.keys(${load}).filter((name) => name !== "module.exports").sort().join()))()`;
  const run = (load: string) =>
    promisify(execFile)(process.execPath, ["-e", program(load)], { cwd: folder, encoding: "utf8" });
  const { stdout: imported } = await run(`await import("${entry}")`);
  expect(imported).toMatch(/CutoutError|cutout/);
  if (requires) expect((await run(`require("${entry}")`)).stdout).toBe(imported);
});
