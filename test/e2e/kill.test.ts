// kill -9 in the middle of an epoch, with the real engine: the run that goes on ends like the one left alone.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { paintPhotos } from "../helpers/photos.ts";
import { metricsOf } from "../helpers/small-run.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "cutout-kill-"));
const photos = join(root, "photos");

beforeAll(() => paintPhotos(photos, 150));
afterAll(() => rmSync(root, { recursive: true }));

function train(words: readonly string[]) {
  const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), main, "train", ...words], {
    cwd: root,
    stdio: "ignore",
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.on("exit", (code, signal) => resolve({ code, signal }));
  });
  return { child, ended };
}

const settings = (out: string) =>
  `${photos} --out ${join(root, out)} --size 28 --cache-size 32 --epochs 3 --batch-size 8 --cutout 8 --seed 4`.split(
    " ",
  );

const lines = (out: string): number => {
  const file = join(root, out, "metrics.jsonl");
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
};

it("a killed run that is resumed has the same metrics and weights, bit for bit", {
  timeout: 120_000,
}, async () => {
  expect((await train(settings("alone")).ended).code).toBe(0);

  const killed = train(settings("killed"));
  while (lines("killed") < 1) await sleep(5);
  // Some steps into the second epoch: an epoch has 24 steps and takes about half a second.
  await sleep(120);
  killed.child.kill("SIGKILL");
  expect((await killed.ended).signal).toBe("SIGKILL");
  expect(lines("killed")).toBeLessThan(3);

  expect((await train(["--resume", join(root, "killed")]).ended).code).toBe(0);
  expect(metricsOf(join(root, "killed"))).toEqual(metricsOf(join(root, "alone")));
  for (const file of ["best.safetensors", "last.safetensors", "model.onnx"]) {
    const [left, right] = ["killed", "alone"].map((out) => readFileSync(join(root, out, file)));
    expect(left!.equals(right!), file).toBe(true);
  }
});
