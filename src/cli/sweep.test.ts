// A sweep by the real program: real trainings on painted images, an interruption, and the answer.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/fixtures/run-folder.ts";
import { paintPhotos } from "../../test/helpers/photos.ts";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));

function cutout(...words: readonly string[]) {
  const command = ["--import", import.meta.resolve("tsx"), main, ...words];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
  return { status, output: stdout, errors: stderr };
}

test("a length and none: trials, results.csv, answer; resumed without training again", {
  timeout: 120_000,
}, async () => {
  const root = temporaryFolder();
  const [photos, study] = [join(root, "photos"), join(root, "study")];
  await paintPhotos(photos, 16, 8);
  const small =
    "--size 8 --cache-size 8 --epochs 1 --batch-size 8 --validation 8 --test 8 --threads 1 --parallel 1".split(
      " ",
    );
  const cache = ["--cache-dir", join(root, "cache")];
  const words = ["sweep", photos, "--length", "0,4", "--seeds", "1", "--out", study, ...small, ...cache];
  const { status, output, errors } = cutout(...words);
  expect(errors).toContain("2 of 2 trials to run");
  expect(status).toBe(0);
  expect(output).toMatch(
    /^Length (\d is highest on the validation part; one seed tells none of the others from it\.|0 and 4 are equally high on the validation part with 1 seed; length 0 is taken\.)$/m,
  );
  expect(output).toMatch(/^length 4: \d+\.\d\d %/m);
  expect(output).toContain("On the test part, looked at once, for the chosen value:");
  const rows = readFileSync(join(study, "results.csv"), "utf8").trim().split("\n");
  expect(rows.slice(1, 3).map((row) => row.split(",").slice(1, 5).join(","))).toEqual([
    "--no-cutout,0,sweep,finished",
    "--cutout 4,0,sweep,finished",
  ]);
  expect(rows.slice(3).every((row) => row.includes(",test,finished,"))).toBe(true);
  const again = cutout("study", "resume", study);
  expect(again.errors).not.toContain("trials to run");
  expect(again.output.split("\n").slice(0, 5)).toEqual(output.split("\n").slice(0, 5));
});
