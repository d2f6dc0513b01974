// kill -9 in the middle of an epoch, with the real engine: the run that goes on ends like the one left alone.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { paintPhotos } from "../helpers/photos.ts";
import { metricsOf } from "../helpers/small-run.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const killedProgram = fileURLToPath(new URL("../helpers/killed-program.ts", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "cutout-kill-"));
const photos = join(root, "photos");

beforeAll(() => paintPhotos(photos, 150));
afterAll(() => rmSync(root, { recursive: true }));

/** How a program ends. */
async function run(...words: readonly string[]): Promise<{ code: number | null; signal: string | null }> {
  const command = ["--import", import.meta.resolve("tsx"), ...words];
  const [code, signal] = await once(spawn(process.execPath, command, { cwd: root, stdio: "ignore" }), "exit");
  return { code, signal };
}

const settings = "--size 28 --cache-size 32 --epochs 3 --batch-size 8 --cutout 8 --seed 4".split(" ");
const train = (out: string) => ["train", photos, "--out", join(root, out), ...settings];

const linesOf = (out: string) =>
  readFileSync(join(root, out, "metrics.jsonl"), "utf8").split("\n").length - 1;

it("a killed run that is resumed has the same metrics and weights, bit for bit", {
  timeout: 300_000,
}, async () => {
  expect((await run(main, ...train("alone"))).code).toBe(0);

  const killed = await run(killedProgram, join(root, "killed"), ...train("killed"));
  expect(killed.signal).toBe("SIGKILL");
  expect(linesOf("killed")).toBe(1);

  expect((await run(main, "train", "--resume", join(root, "killed"))).code).toBe(0);
  expect(metricsOf(join(root, "killed"))).toEqual(metricsOf(join(root, "alone")));
  for (const file of ["best.safetensors", "last.safetensors", "model.onnx"]) {
    const [left, right] = ["killed", "alone"].map((out) => readFileSync(join(root, out, file)));
    expect(left!.equals(right!), file).toBe(true);
  }
});
