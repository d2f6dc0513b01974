// A training with something dropped inside the network: the same bit for bit when it is gone on with, and its exported
// model answers as the run's own evaluation did.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { paintPhotos } from "../../test/helpers/photos.ts";
import { smallTrial } from "../../test/helpers/small-trial.ts";
import { loadCheckpoint } from "../run-folder/checkpoint.ts";
import { openClassifier } from "./classifier.ts";
import type { RunEvent } from "./events.ts";
import { openTrainedNetwork } from "./trained-model.ts";
import { resumeTrial, runTrial } from "./trial.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-regularized-"));
const data = join(root, "photos");
beforeAll(() => paintPhotos(data, 16));
afterAll(() => rmSync(root, { recursive: true }));

const settings = smallTrial(root, {
  split: { validation: 4, test: 6 },
  regularize: [
    "spatial-dropout:0.2@layer1",
    "max-pooling-dropout:0.3@all",
    "max-drop:over=channels@layer2",
    "dropblock:0.2@layer3",
    "stochastic-depth:0.3,per=batch@layer3.residual",
    { name: "dropout", options: { probability: 0.1 }, at: "last" },
  ],
});

const metricsOf = (runDir: string) =>
  readFileSync(join(runDir, "metrics.jsonl"), "utf8").replace(
    /"(imagesPerSecond|seconds|checksum)":[^,}]*/g,
    '"$1":0',
  );
const lastOf = (runDir: string) => loadCheckpoint(join(runDir, "last.safetensors"));

test("stopped after a step and gone on with, it is the same; without, it is another", async () => {
  const alone = await runTrial(settings);
  const stop = new AbortController();
  let steps = 0;
  const onEvent = (event: RunEvent) => {
    if (event.type === "step" && ++steps === 2) stop.abort();
  };
  const { runDir, status } = await runTrial(settings, { signal: stop.signal, onEvent });
  expect(status).toBe("interrupted");
  const resumed = await resumeTrial(runDir);
  expect(resumed.status).toBe("finished");
  expect(metricsOf(runDir)).toBe(metricsOf(alone.runDir));
  expect(lastOf(runDir).state).toEqual(lastOf(alone.runDir).state);

  const plain = await runTrial({ ...settings, regularize: [] });
  expect(metricsOf(plain.runDir)).not.toBe(metricsOf(alone.runDir));
  // The weights are of the same names and shapes.
  const names = (from: string) => [...lastOf(from).state.parameters.keys()];
  expect(names(plain.runDir)).toEqual(names(alone.runDir));

  const { network } = openTrainedNetwork(alone.runDir, undefined);
  expect(JSON.stringify(network.layer)).toContain('"maxPoolDropout"');
  const { predictions } = JSON.parse(readFileSync(join(alone.runDir, "evaluation.json"), "utf8"));
  const classifier = await openClassifier(alone.runDir);
  const files = predictions.map(({ name }: { readonly name: string }) => join(data, name));
  let seen = 0;
  for await (const answer of classifier.classify(files, { topK: 1 })) {
    if ("reason" in answer) throw new Error(answer.reason);
    expect(answer.classes[0]!.probability).toBeCloseTo(predictions[seen++]!.confidence, 5);
  }
  expect(seen).toBe(predictions.length);
  await classifier.close();
}, 600_000);
