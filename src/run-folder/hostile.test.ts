// A run folder from elsewhere: damage, links, pipes, devices and sizes in the place of its files are told by name.
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeRunFolder, prediction } from "../../test/fixtures/run-folder.ts";
import { tensor } from "../tensor.ts";
import { loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { configJson } from "./config-json.ts";
import { removeLeftovers } from "./create.ts";
import { openPictures, writeImage } from "./images.ts";
import { appendRecord } from "./metrics-jsonl.ts";
import { openFinishedRun, openRun } from "./open.ts";
import { encodeTensors } from "./safetensors.ts";
import { showRun } from "./show.ts";
import { loadWeights } from "./weights.ts";

const outside = mkdtempSync(join(tmpdir(), "cutout-outside-"));
afterAll(() => rmSync(outside, { recursive: true }));
const secret = join(outside, "secret");
writeFileSync(secret, "nobody's business");

const newRun = () =>
  makeRunFolder({ classes: ["a", "b"], predictions: [prediction("x", 0, 0), prediction("y", 1, 0)] });
const weights = (numbers: readonly number[]) => ({
  parameters: new Map([["w", tensor("float32", [numbers.length], Float32Array.from(numbers))]]),
  buffers: new Map(),
  optimizer: new Map(),
});

const intruders: readonly (readonly [string, (path: string) => void])[] = [
  ["a link", (path) => symlinkSync(secret, path)],
  ["a pipe", (path) => execFileSync("mkfifo", [path])],
  ["a folder", (path) => mkdirSync(path)],
];

test.each(intruders)("%s in the place of a file is refused by name, and shown as a problem", (kind, lay) => {
  for (const file of ["config.json", "dataset.json", "metrics.jsonl"]) {
    const run = newRun();
    rmSync(join(run, file));
    lay(join(run, file));
    expect(() => openRun(run), file).toThrow(`${join(run, file)}: must be a plain file, got ${kind}`);
    expect(showRun(run).problems.join(" "), file).toContain(file);
  }
  for (const file of ["environment.json", "evaluation.json", "augmented.png"]) {
    const run = newRun();
    rmSync(join(run, file), { force: true });
    lay(join(run, file));
    const shown = showRun(run);
    expect(shown.problems.join(" "), file).toMatch(new RegExp(`${file}.*got ${kind}`));
    expect(JSON.stringify(shown)).not.toContain("nobody's business");
  }
  for (const name of ["best", "last"]) {
    const run = newRun();
    lay(join(run, `${name}.safetensors`));
    expect(() => loadCheckpoint(join(run, `${name}.safetensors`))).toThrow(`got ${kind}`);
  }
});

test("nothing is written through a link", () => {
  const run = newRun();
  const { test: record } = openRun(run);
  rmSync(join(run, "metrics.jsonl"));
  const target = join(outside, "target");
  writeFileSync(target, "");
  symlinkSync(target, join(run, "metrics.jsonl"));
  expect(() => appendRecord(run, record!)).toThrow("metrics.jsonl: must be a plain file, got a link");
  symlinkSync(outside, join(run, "pictures"));
  rmSync(join(run, "images"), { recursive: true, force: true });
  symlinkSync(outside, join(run, "images"));
  expect(() => writeImage(run, 1, new Uint8Array(1))).toThrow(
    "images: must be a folder of the run folder itself, got a link",
  );
  // What a partial file would be written through.
  symlinkSync(target, join(run, "config.json.partial"));
  configJson.write(run, configJson.read(run));
  expect(readFileSync(target, "utf8")).toBe("");
  expect(readdirSync(outside).sort()).toEqual(["secret", "target"]);
});

test("linked pictures are not shown", async () => {
  const run = newRun();
  copyFileSync(secret, join(outside, "000001.webp"));
  rmSync(join(run, "images"), { recursive: true, force: true });
  symlinkSync(outside, join(run, "images"));
  expect(await openPictures(run).load("images/000001.webp")).toBeNull();
  expect(showRun(run).problems).toContain("images is a link, which is not followed: no pictures are shown.");
  rmSync(join(outside, "000001.webp"));
});

test("a huge file is not read", () => {
  const run = newRun();
  truncateSync(join(run, "config.json"), 2 ** 40);
  expect(() => openRun(run)).toThrow(/config\.json: must be of at most \d+ bytes, got 1099511627776/);
});

test("names that the system does not take are one line", () => {
  expect(() => openRun("x".repeat(5000))).toThrow("cannot be read, the name is too long (ENAMETOOLONG)");
  expect(() => showRun("x".repeat(5000))).toThrow("cannot be read, the name is too long (ENAMETOOLONG)");
});

test("an edit of config.json is told, and taken once its checksum is taken out", () => {
  const run = newRun();
  configJson.write(run, configJson.read(run));
  const file = join(run, "config.json");
  const text = readFileSync(file, "utf8");
  // Only laid out anew, it is the same.
  writeFileSync(file, JSON.stringify(JSON.parse(text)));
  expect(openRun(run).config.seed).toBe(7);
  const edited = text.replaceAll('"seed": 7', '"seed": 8');
  writeFileSync(file, edited);
  expect(() => openFinishedRun(run)).toThrow(
    'config.json: has changed since it was written, its checksum does not fit; if you changed it, take out its line "checksum"',
  );
  expect(showRun(run).config).toBeNull();
  writeFileSync(file, edited.replace(/ *"checksum".*\n/, ""));
  expect(openRun(run).config.seed).toBe(8);
});

test("a damaged checkpoint says what the other is good for", () => {
  const run = newRun();
  const [best, last] = ["best", "last"].map((name) => join(run, `${name}.safetensors`)) as [string, string];
  const damage = (path: string) => {
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
  };
  for (const path of [best, last]) saveCheckpoint(path, weights([1, 2]), null);
  damage(best);
  expect(() => loadCheckpoint(best)).toThrow(
    "best.safetensors: is damaged, its checksum does not fit its content; last.safetensors is whole: use that one (--weights last)",
  );
  saveCheckpoint(best, weights([1, 2]), null);
  damage(last);
  expect(() => loadCheckpoint(last)).toThrow("best.safetensors is whole: its weights can be used");
});

test("weights that are not finite, or do not fit the network, are refused by name", () => {
  const run = newRun();
  const best = join(run, "best.safetensors");
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) {
    saveCheckpoint(best, weights([1, wrong]), null);
    expect(() => loadCheckpoint(best)).toThrow(`best.safetensors: w must hold finite numbers, got ${wrong}`);
  }
  saveCheckpoint(best, weights([1, 2]), null);
  const network = (parameters: readonly { name: string; shape: readonly number[] }[]) =>
    ({ name: "net", numClasses: 3, parameters, buffers: [] }) as unknown as Parameters<typeof loadWeights>[2];
  expect(() => loadWeights(run, "best", network([{ name: "w", shape: [3] }]))).toThrow(
    "best.safetensors: w must be float32 [3] for net with 3 outputs, as config.json and dataset.json have it, got float32 [2]",
  );
  expect(() => loadWeights(run, "best", network([{ name: "v", shape: [3] }]))).toThrow(
    "v must be float32 [3]",
  );
  expect(() => loadWeights(run, "best", network([]))).toThrow("w must not be there");
  expect(loadWeights(run, "best", network([{ name: "w", shape: [2] }])).parameters.size).toBe(1);
});

test("an older checkpoint, without a checksum, is read", () => {
  const run = newRun();
  const best = join(run, "best.safetensors");
  const { parameters } = weights([1, 2]);
  const metadata = { "cutout.version": "1", "cutout.buffers": "[]", "cutout.position": "null" };
  writeFileSync(best, Buffer.concat(encodeTensors({ tensors: parameters, metadata })));
  expect(loadCheckpoint(best).state.parameters).toEqual(parameters);
  // One of now that has lost its checksum is damaged.
  writeFileSync(
    best,
    Buffer.concat(encodeTensors({ tensors: parameters, metadata: { ...metadata, "cutout.version": "2" } })),
  );
  expect(() => loadCheckpoint(best)).toThrow("is damaged");
});

test("what a kill has left half written is taken away, and nothing else", () => {
  const run = newRun();
  mkdirSync(join(run, "images"), { recursive: true });
  const before = readdirSync(run).sort();
  writeFileSync(join(run, "last.safetensors.partial"), "");
  writeFileSync(join(run, "images", "1.webp.partial"), "");
  writeFileSync(join(run, `run.lock.${"a".repeat(32)}.partial`), "");
  writeFileSync(join(run, `run.lock.${"b".repeat(32)}`), "");
  removeLeftovers(run);
  expect(readdirSync(run).sort()).toEqual(before);
  expect(existsSync(join(run, "images", "1.webp.partial"))).toBe(false);
});
