// cutout/augment in a real browser: parameters drawn in Node give the same pixels there, bit for bit; real ImageData.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type AugmentationSpec,
  augmentationNames,
  createAugmentation,
  type Image,
} from "../../src/augment/index.ts";
import { stream } from "../../src/rng.ts";
import { augmentationExamples } from "../helpers/augmentations.ts";
import type { Job, Results } from "./page.ts";

/** A Chromium on the path that starts (some are only a hint at another package); without one these tests are skipped. */
const chromium = (process.env.PATH ?? "")
  .split(delimiter)
  .flatMap((folder) => ["chromium", "chromium-browser", "google-chrome"].map((name) => join(folder, name)))
  .find((file) => {
    const started = existsSync(file) && spawnSync(file, ["--version"], { encoding: "utf8" });
    return started && started.status === 0 && /Chrom/.test(started.stdout);
  });

const shape = { height: 9, width: 8, channels: 3, layout: "HWC" } as const;
const bytes = Array.from({ length: 216 }, (_, i) => (i * i * 31 + 7 * i) % 256);

const jobs: Job[] = augmentationNames.flatMap((name) =>
  [0, 1, 2, 3, 4, 5].map((seed) => {
    const spec = { name, options: augmentationExamples[name] } as AugmentationSpec;
    const floats = seed % 2 === 1;
    return {
      spec,
      parameters: createAugmentation(spec).sample(stream(seed, "browser"), shape, 0.5),
      image: shape,
      floats,
      pixels: floats ? bytes.map((value) => Math.fround(value / 255)) : bytes,
    };
  }),
);

describe.skipIf(chromium === undefined)("Chromium", () => {
  const folder = mkdtempSync(join(tmpdir(), "cutout-browser-"));
  // Its helper processes may still write for a moment.
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  let results: Results;

  beforeAll(async () => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL("page.ts", import.meta.url))],
      bundle: true,
      write: false,
      format: "iife",
      platform: "browser",
      // The whole package must need nothing: whatever is not ours fails the build.
      packages: "external",
    });
    const script = outputFiles[0]!.text;
    expect(script).not.toMatch(/\brequire\(/);
    const page = join(folder, "page.html");
    writeFileSync(page, `<body><script>const jobs = ${JSON.stringify(jobs)};\n${script}</script></body>`);
    const flags = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      // Containers have little of it.
      "--disable-dev-shm-usage",
      `--user-data-dir=${join(folder, "profile")}`,
    ];
    const html = execFileSync(chromium!, [...flags, "--dump-dom", pathToFileURL(page).href], {
      encoding: "utf8",
      timeout: 150_000,
      stdio: ["ignore", "pipe", "ignore"],
    });
    results = JSON.parse(/<body>(.*)<\/body>/s.exec(html)![1]!);
  });

  test.each(jobs.map((job, index) => ({ index, name: job.spec.name, ...job })))(
    "$name $parameters",
    ({ index, spec, parameters, floats, pixels }) => {
      const array = floats ? Float32Array.from(pixels) : Uint8Array.from(pixels);
      const here = createAugmentation(spec).apply({ ...shape, pixels: array } as Image, parameters);
      expect(results.images[index]).toEqual([...here.pixels]);
    },
  );

  test("ImageData of a canvas: the same class, colours and alpha go together", () => {
    const { isImageData, size, before, flipped, padded } = results.canvas;
    expect(isImageData).toBe(true);
    const at = (data: readonly number[], width: number, y: number, x: number) =>
      data.slice(4 * (y * width + x), 4 * (y * width + x) + 4);
    expect(at(before, 4, 0, 0)).toEqual([255, 0, 0, 255]);
    expect(at(before, 4, 1, 3)[3]).toBe(128);
    for (let y = 0; y < 3; y++) {
      for (let x = 0; x < 4; x++) expect(at(flipped, 4, y, x)).toEqual(at(before, 4, y, 3 - x));
    }
    expect(size).toEqual([3, 3]);
    for (let x = 0; x < 3; x++) {
      expect(at(padded, 3, 0, x)).toEqual([0, 0, 255, 255]);
      expect(at(padded, 3, 1, x)).toEqual(at(before, 4, 0, x));
    }
  });
});
