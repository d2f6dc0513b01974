import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { configFor, sizesFor } from "../../test/helpers/config.ts";
import { formatVersion } from "../config/config.ts";
import { readSettings } from "../config/settings.ts";
import { describeEnvironment } from "../run/environment.ts";
import { shellWord } from "../text.ts";
import type { EpochRecord, TestRecord } from "../train/events.ts";
import { createRun } from "./create.ts";
import type { DatasetRecord } from "./dataset-json.ts";
import { checkSameMeaning, openFinishedRun, openRun } from "./open.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-runs-"));
afterAll(() => rmSync(root, { recursive: true }));

const write = (path: string, value: unknown) => writeFileSync(path, JSON.stringify(value));

let runsDir = "";
let count = 0;
beforeEach(() => {
  runsDir = join(root, `runs${count++}`);
});
afterEach(() => {
  vi.useRealTimers();
});

const dataset: DatasetRecord = {
  name: "my photos/2",
  classes: ["cat", "dog"],
  height: 72,
  width: 72,
  channels: 3,
  count: 100,
  fingerprint: "f",
  mean: [0.5, 0.5, 0.5],
  std: [0.2, 0.2, 0.2],
  split: { train: 70, validation: 15, test: 15 },
  broken: [],
};

async function create(out: string | null = null, data = dataset): Promise<string> {
  const settings = readSettings({ data: "photos", runsDir });
  const config = configFor(settings, sizesFor(settings, null), 70);
  const environment = describeEnvironment(["train", "photos"]);
  const hold = await createRun({ config, dataset: data, environment, out });
  hold.release();
  return hold.path;
}

const score = { loss: 0.5, top1: 0.75, top5: 1, count: 15 };
const epoch: EpochRecord = {
  type: "epoch",
  epoch: 1,
  step: 8,
  learningRate: 0.1,
  train: { loss: 0.6, top1: 0.7 },
  validation: score,
  best: true,
  imagesPerSecond: 100,
  seconds: 1,
};
const tested: TestRecord = { type: "test", epoch: 1, crops: "center", test: score };

describe("a new run folder", () => {
  test("has its config, environment and data, and is opened as it was made", async () => {
    const path = await create();
    expect(readdirSync(path).sort()).toEqual(["config.json", "dataset.json", "environment.json"]);
    const run = openRun(path);
    expect(run.dataset).toEqual(dataset);
    expect(run.config).toMatchObject({ data: "photos", runsDir, imageSize: 64 });
    expect(run.test).toBeNull();
    const environment = JSON.parse(readFileSync(join(path, "environment.json"), "utf8"));
    expect(environment.command).toEqual(["train", "photos"]);
    for (const name of ["cutout", "node", "onnxruntime-node", "sharp"]) {
      expect(environment.versions[name], name).toMatch(/^\d+\./);
    }
  });

  test("never is one of before: numbers go on", async () => {
    // At midnight they would begin again.
    vi.useFakeTimers({ toFake: ["Date"], now: new Date(2026, 0, 2, 12) });
    const names = [await create(), await create(), await create()].map((path) => basename(path));
    expect(new Set(names).size).toBe(3);
    expect(names.map((name) => name.replace(/^\d{4}-\d\d-\d\d-/, ""))).toEqual([
      "my_photos_2-resnet9-1",
      "my_photos_2-resnet9-2",
      "my_photos_2-resnet9-3",
    ]);
  });

  test("is named after the data, in any script, without spaces and signs", async () => {
    const named = async (name: string) =>
      basename(await create(null, { ...dataset, name })).slice("2000-01-01-".length);
    expect(await named("Meine Fotos 2025 (Ma\u0308rz)")).toBe("Meine_Fotos_2025_März-resnet9-1");
    expect(await named("写真 / 犬")).toBe("写真_犬-resnet9-1");
    expect(await named("(?)")).toBe("_-resnet9-1");
    expect(await named("𠮷".repeat(100))).toBe(`${"𠮷".repeat(40)}-resnet9-1`);
  });

  test("of a given name is refused when something is there, and nothing of it changes", async () => {
    const path = await create(join(runsDir, "deep", "mine"));
    const before = readFileSync(join(path, "config.json"), "utf8");
    await expect(create(path)).rejects.toThrow(`--out: ${path} exists already and is not overwritten`);
    await expect(create(path)).rejects.toThrow(`cutout train --resume ${shellWord(path)}`);
    const spaced = await create(join(runsDir, "one more"));
    await expect(create(spaced)).rejects.toThrow(`cutout train --resume '${spaced}'`);
    expect(() => openFinishedRun(spaced)).toThrow(`cutout train --resume '${spaced}'`);
    expect(readFileSync(join(path, "config.json"), "utf8")).toBe(before);
    writeFileSync(join(runsDir, "file"), "");
    await expect(create(join(runsDir, "file"))).rejects.toThrow("exists already");
    mkdirSync(join(runsDir, "empty"));
    expect(await create(join(runsDir, "empty"))).toBe(join(runsDir, "empty"));
  });

  test("that cannot be made is named", async () => {
    mkdirSync(runsDir);
    writeFileSync(join(runsDir, "file"), "");
    await expect(create(join(runsDir, "file", "run"))).rejects.toThrow(
      `${join(runsDir, "file", "run")}: the folder cannot be made, a part of the path is no folder: choose another one (ENOTDIR); choose another with --out`,
    );
  });
});

describe("an existing run folder", () => {
  test("that is missing, a file, or no run folder", async () => {
    mkdirSync(runsDir);
    writeFileSync(join(runsDir, "file"), "");
    expect(() => openRun(join(runsDir, "nowhere"))).toThrow("nowhere: no such run folder");
    expect(() => openRun(join(runsDir, "file"))).toThrow("file: must be a run folder, got a file");
    expect(() => openRun(runsDir)).toThrow("got a folder without config.json");
  });

  test.each(["config.json", "dataset.json"])(
    "whose %s is of another version, damaged or missing",
    async (file) => {
      const path = await create();
      const where = join(path, file);
      const content = JSON.parse(readFileSync(where, "utf8"));
      write(where, { ...content, formatVersion: 99 });
      expect(() => openRun(path)).toThrow(
        `${where}: must have format version 2 to ${formatVersion}, got 99; use the version`,
      );
      write(where, { ...content, formatVersion: undefined });
      expect(() => openRun(path)).toThrow(
        `${where}: must have format version 2 to ${formatVersion}, got none`,
      );
      writeFileSync(where, "{");
      expect(() => openRun(path)).toThrow(`${where}: is not valid JSON`);
      rmSync(where);
      expect(() => openRun(path)).toThrow(
        file === "config.json" ? "without config.json" : `${where}: is missing`,
      );
    },
  );

  test("that is not finished says how to go on; a finished one has its test", async () => {
    const path = await create();
    expect(() => openFinishedRun(path)).toThrow("the run is not finished (0 of");
    const metrics = join(path, "metrics.jsonl");
    appendFileSync(metrics, `${JSON.stringify(epoch)}\n`);
    expect(() => openFinishedRun(path)).toThrow(
      `(1 of 60 epochs); go on with it: cutout train --resume ${shellWord(path)}`,
    );
    // A kill in the middle of a write: half a line is no record.
    appendFileSync(metrics, JSON.stringify(tested).slice(0, 30));
    expect(() => openFinishedRun(path)).toThrow("not finished");
    writeFileSync(metrics, `${JSON.stringify(epoch)}\n${JSON.stringify(tested)}\n`);
    const run = openFinishedRun(path);
    expect(run.epochs).toEqual([epoch]);
    expect(run.test).toEqual(tested);
    writeFileSync(metrics, `{"type"\n${JSON.stringify(tested)}\n`);
    expect(() => openRun(path)).toThrow("line 1 is not valid JSON");
    writeFileSync(metrics, `${JSON.stringify(epoch)}\nnull\n`);
    expect(() => openRun(path)).toThrow("line 2 is no record of an epoch or of the test");
  });

  test("whose dataset.json lacks something, or has another type, is named with the field", async () => {
    const path = await create();
    const where = join(path, "dataset.json");
    for (const field of Object.keys(dataset)) {
      write(where, { formatVersion, ...dataset, [field]: undefined });
      expect(() => openRun(path), field).toThrow(`${where}: ${field}: `);
    }
    write(where, { formatVersion, ...dataset, classes: ["cat", 5] });
    expect(() => openRun(path)).toThrow(`${where}: classes.1: `);
  });
});

test("a run of an earlier version is gone on with only where training still means the same", async () => {
  const path = await create();
  const where = join(path, "config.json");
  const { checksum: _, ...config } = JSON.parse(readFileSync(where, "utf8"));
  const told = (formatVersion: number, augmentations: readonly object[]) => {
    const model = formatVersion === 2 ? config.model.name : config.model;
    write(where, { ...config, formatVersion, model, augment: { ...config.augment, augmentations } });
    return () => checkSameMeaning(openRun(path));
  };
  const [mask, noise] = [{ name: "grid-mask" }, { name: "gaussian-noise" }];
  const changed = [
    [{ name: "greyscale" }],
    [mask, { name: "rotation", options: { degrees: 5 } }],
    [noise, mask],
  ];
  for (const augmentations of changed) {
    for (const version of [2, 3]) {
      expect(told(version, augmentations)).toThrow(
        `${path}: was begun by an earlier version of cutout, and now --augment is applied by its kind: geometry and colours before normalization and Cutout, masks before noise; use the version that began it, or train anew: cutout train --config ${where}`,
      );
    }
    expect(told(formatVersion, augmentations)).not.toThrow();
  }
  for (const augmentations of [[], [mask], [mask, noise]]) expect(told(3, augmentations)).not.toThrow();
});
