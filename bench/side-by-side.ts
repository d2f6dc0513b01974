// Two trainings of a study side by side with half of the processors each, against one after the other with all of them:
// node --import tsx bench/side-by-side.ts [--size 64] [--images 512] [--epochs 3] [--rounds 3]
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatVersion } from "../src/config/config.ts";
import { readSettings } from "../src/config/settings.ts";
import { localProcesses } from "../src/execute/local.ts";
import { appendTrials, createStudyFolder, openStudy } from "../src/study-folder/index.ts";
import { paintPhotos } from "../test/helpers/photos.ts";

const { values } = parseArgs({
  options: {
    size: { type: "string", default: "64" },
    images: { type: "string", default: "512" },
    epochs: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
  },
});
const [size, images, epochs, rounds] = [values.size, values.images, values.epochs, values.rounds].map(
  Number,
) as [number, number, number, number];
const processors = availableParallelism();
const root = mkdtempSync(join(tmpdir(), "cutout-side-by-side-"));
const photos = join(root, "photos");
await paintPhotos(photos, images / 2, size);
const settings = readSettings({
  data: photos,
  model: "resnet9",
  imageSize: size,
  epochs,
  batchSize: 32,
  cacheDir: join(root, "cache"),
});

/** Seconds of a pair of trainings, from the start of the first process to the end of the last one. */
async function pair(name: string, parallel: number, threads: number): Promise<number> {
  const path = join(root, name);
  createStudyFolder(path, {
    question: "compare",
    plan: null,
    arms: [{ name: "", settings }],
    data: photos,
    command: [],
    version: "",
    formatVersion,
    created: name,
  });
  const trial = { task: "train", arm: 0, stage: "", epochs: null, test: false } as const;
  appendTrials(
    path,
    openStudy(path).study,
    [],
    [1, 2].map((seed) => ({ ...trial, seed })),
  );
  const study = openStudy(path);
  const executor = localProcesses({ parallel, machine: { threads, data: null, cacheDir: null } });
  const began = performance.now();
  for await (const event of executor.run(study, study.trials, new AbortController().signal)) {
    if (event.type === "end" && event.outcome.state !== "finished") throw new Error(JSON.stringify(event));
  }
  return (performance.now() - began) / 1000;
}

const half = Math.max(1, Math.floor(processors / 2));
// Decodes the images, which both then find done.
await pair("first", 1, processors);
const ratios: number[] = [];
for (let round = 0; round < rounds; round++) {
  const after = await pair(`after${round}`, 1, processors);
  const beside = await pair(`beside${round}`, 2, half);
  ratios.push(after / beside);
  console.log(
    `one after the other, ${processors} threads: ${after.toFixed(1)} s; side by side, ${half} each: ${beside.toFixed(1)} s; ${(after / beside).toFixed(2)} times as fast (load ${loadavg()[0]!.toFixed(1)})`,
  );
}
ratios.sort((a, b) => a - b);
console.log(`median: side by side is ${ratios[Math.floor(ratios.length / 2)]!.toFixed(2)} times as fast`);
rmSync(root, { recursive: true });
