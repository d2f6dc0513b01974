import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, describe, expect, test } from "vitest";
import type { SettingsInput } from "../config/config.ts";
import { settingFlags, settingsFrom } from "../config/flags.ts";
import { leaves } from "../config/leaves.ts";
import { readSettings } from "../config/settings.ts";
import { addSettingFlags } from "./setting-flags.ts";

/** Wrong settings too: that is what files hold. */
const read = (told: object, file?: string) => readSettings(told as SettingsInput, file);

const folder = mkdtempSync(join(tmpdir(), "cutout-flags-"));
afterAll(() => rmSync(folder, { recursive: true }));

function settingsOf(...words: readonly string[]) {
  const command = addSettingFlags(new Command().argument("[data]").exitOverride(), { pretraining: true });
  command.parse([...words], { from: "user" });
  return settingsFrom(command.args[0], command.opts()).settings;
}

function file(content: unknown): string {
  const path = join(folder, "config.json");
  writeFileSync(path, JSON.stringify(content));
  return path;
}

/** A value for each field that its own default does not have. */
const samples: Readonly<Record<string, unknown>> = {
  model: "alexnet",
  format: "folder",
  columns: "image,label",
  imageSize: 40,
  cacheSize: 50,
  fit: "cover",
  "split.validation": 0.25,
  "split.test": 500,
  "split.train": 1000,
  "split.groups": "pairs.tsv",
  "split.seed": 11,
  maxPixels: 1000,
  maxBroken: 0.5,
  seed: 7,
  epochs: 3,
  batchSize: 32,
  "schedule.kind": "cosine",
  "schedule.learningRate": 0.3,
  "optimizer.name": "adamw",
  "optimizer.momentum": 0.8,
  "optimizer.nesterov": false,
  "optimizer.weightDecay": 0.001,
  "optimizer.decayBiasAndNorm": true,
  "optimizer.betas": [0.8, 0.99],
  "optimizer.epsilon": 1e-6,
  "optimizer.steps": 3,
  "optimizer.normalizeFilters": true,
  "optimizer.companion": "sgd",
  "optimizer.companionRate": 0.5,
  "optimizer.biasRate": 0.25,
  "optimizer.companionMomentum": 0.85,
  clipNorm: 1,
  accumulate: 4,
  "lookahead.every": 6,
  "lookahead.alpha": 0.8,
  average: "ema:decay=0.99",
  "progressive.initialScale": 0.6,
  "progressive.delayFraction": 0.4,
  "progressive.finetuneFraction": 0.25,
  "progressive.sizeIncrement": 8,
  "filter.model": "wrn-10-1:dropout=0.25",
  "filter.keep": 0.75,
  labelSmoothing: 0.1,
  classWeights: "balanced",
  "earlyStopping.patience": 5,
  crops: "ten",
  "augment.padding": 6,
  "augment.paddingMode": "reflect",
  "augment.flip": "alternating",
  "augment.cutout.length": 12,
  "augment.cutout.shape": "circle",
  "augment.cutout.aspect": 2,
  "augment.cutout.nHoles": 2,
  "augment.cutout.placement": "inside",
  "augment.cutout.fill": "imageMean",
  "augment.cutout.probability": 0.5,
  "augment.cutout.per": "batch",
  "augment.cutout.like": "timm:probability=0.5",
  "augment.augmentations": ["grid-mask:ratio=0.5,rotation=1"],
  "augment.mix": "cutmix:alpha=0.5",
  "augment.targeted.layer": "layer3",
  regularize: ["spatial-dropout:0.25@layer3"],
  from: "runs/before",
  "objective.kind": "context-encoder",
  "objective.corruption": ["salt-and-pepper:share=0.2"],
  "objective.emphasis": 0.5,
  "objective.region": "random",
  "objective.overlapWeight": 3,
  "schedule.warmupEpochs": 2,
  "schedule.milestones": [4, 8],
  "schedule.gamma": 0.2,
  "schedule.floor": 0.001,
  "schedule.shape": "cosine",
  "schedule.warmupShare": 0.5,
  "schedule.initialDivision": 20,
  "schedule.finalDivision": 10,
  "schedule.factor": 0.3,
  "schedule.patience": 4,
  "schedule.threshold": 0.01,
  "schedule.epsilon": 0.0001,
  keep: "last",
  threads: 3,
  loaderWorkers: 2,
  device: "auto",
  arithmetic: "bfloat16",
  convolution: "timed",
  cacheDir: "elsewhere",
  runsDir: "results",
};

test("every field of the config but the data has exactly one flag", () => {
  const paths = settingFlags().map(({ path }) => path);
  expect([...paths, "data"].sort()).toEqual(
    leaves()
      .map(({ path }) => path)
      .sort(),
  );
  const names = settingFlags().map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(Object.keys(samples).sort()).toEqual([...paths].sort());
});

describe("a flag and the same value in a config file give the same settings", () => {
  test.each(settingFlags().map((flag) => [flag.name, flag] as const))("%s", (name, { path, leaf }) => {
    const value = samples[path];
    const words = ["photos"];
    const raw: Record<string, unknown> = { data: "photos" };
    if (path.startsWith("augment.cutout")) {
      words.push("--cutout");
      if (path.endsWith("aspect")) {
        words.push("--cutout-shape", "rectangle");
        raw.augment = { cutout: { shape: "rectangle" } };
      }
    } else if (leaf.kinds !== null) {
      const kind = leaf.kinds[0]!;
      const part = path.split(".")[0]!;
      words.push(`--${part}`, kind);
      raw[part] = { [part === "optimizer" ? "name" : "kind"]: kind };
      if (kind === "steps" && path !== "schedule.milestones") {
        words.push("--milestones", "1");
        (raw.schedule as Record<string, unknown>).milestones = [1];
      }
    }
    if (typeof value === "boolean") words.push(value ? name : name.replace("--", "--no-"));
    else words.push(name, String(value));
    set(raw, path, value);
    const fromFile = read({}, file(raw));
    expect(settingsOf(...words)).toEqual(fromFile);
    expect(settingsOf("--config", file(raw))).toEqual(fromFile);
    const without = { ...raw };
    set(without, path, undefined);
    const usual = ["schedule.milestones", "earlyStopping.patience", "augment.targeted.layer"].includes(path)
      ? null
      : read({}, file(JSON.parse(JSON.stringify(without))));
    expect(fromFile).not.toEqual(usual);
  });
});

describe("augmentations", () => {
  test("may be given several times, in their order; a list of options needs no escape", () => {
    const { augmentations } = settingsOf(
      "photos",
      "--augment",
      "hide-and-seek:gridSizes=[0,4]",
      "--augment",
      "random-erasing",
    ).augment;
    expect(augmentations).toMatchObject([
      { name: "hide-and-seek", options: { gridSizes: [0, 4] } },
      { name: "random-erasing" },
    ]);
  });

  test("of a config file are replaced, or turned off", () => {
    const on = file({ data: "photos", augment: { augmentations: ["grid-mask"], mix: "mixup" } });
    expect(settingsOf("--config", on).augment).toMatchObject({
      augmentations: [{ name: "grid-mask" }],
      mix: { name: "mixup" },
    });
    expect(settingsOf("--config", on, "--augment", "rotation:degrees=5").augment.augmentations).toEqual([
      { name: "rotation", options: { degrees: 5 } },
    ]);
    expect(settingsOf("--config", on, "--no-augment", "--no-mix").augment).toMatchObject({
      augmentations: [],
      mix: null,
    });
  });

  test.each([
    ["--augment", "gridmask", "--augment: augmentations: name must be one of"],
    ["--augment", "grid-mask:ratio=2", "grid-mask: ratio must be a number from 0 to 1, got 2"],
    ["--mix", "grid-mask", "--mix: mix: name must be one of cutmix, mixup"],
  ])("%s %s is refused", (flag, value, message) => {
    expect(() => settingsOf("photos", flag, value)).toThrow(message);
  });
});

describe("Cutout", () => {
  test("is off until it is asked for; its length may stand with it", () => {
    expect(settingsOf("photos").augment.cutout).toBeNull();
    expect(settingsOf("photos", "--cutout").augment.cutout).toMatchObject({ nHoles: 1 });
    expect(settingsOf("photos", "--cutout", "12").augment.cutout).toMatchObject({ length: 12 });
    expect(settingsOf("photos", "--cutout", "--length", "12")).toEqual(
      settingsOf("photos", "--cutout", "12"),
    );
  });

  test("is not turned on by what only describes it", () => {
    expect(() => settingsOf("photos", "--length", "8")).toThrow(
      "--length: Cutout is off; turn it on with --cutout",
    );
    const off = file({ data: "photos", augment: { cutout: null } });
    expect(() => settingsOf("--config", off, "--n-holes", "2")).toThrow("--n-holes: Cutout is off");
  });

  test("of a config file can be changed, and turned off", () => {
    const on = file({ data: "photos", augment: { cutout: { length: 8, nHoles: 2 } } });
    expect(settingsOf("--config", on, "--length", "16").augment.cutout).toMatchObject({
      length: 16,
      nHoles: 2,
    });
    expect(settingsOf("--config", on, "--no-cutout").augment.cutout).toBeNull();
    expect(() => settingsOf("--config", on, "--no-cutout", "--length", "4")).toThrow(
      "--length: must not be given",
    );
  });

  test("like another implementation needs no --cutout, and no other flag about holes", () => {
    const like = { like: "torchvision", p: 1, value: "random" };
    const told = "torchvision:p=1,value=random";
    expect(settingsOf("photos", "--cutout-like", told).augment.cutout).toEqual(like);
    expect(settingsOf("photos", "--cutout", "--cutout-like", told).augment.cutout).toEqual(like);
    expect(() => settingsOf("photos", "--cutout-like", "timm", "--length", "8")).toThrow(
      /cutout like timm: options must be among probability, .*, got "length"/,
    );
    expect(() => settingsOf("photos", "--cutout", "8", "--cutout-like", "timm")).toThrow(
      /^--cutout: cutout like timm: options must be/,
    );
    expect(() => settingsOf("photos", "--no-cutout", "--cutout-like", "timm")).toThrow(
      "--cutout-like: must not be given together with its opposite, --no-cutout",
    );
    expect(() => settingsOf("photos", "--cutout-like", "pytorch")).toThrow(
      "--cutout-like: must be authors-pytorch",
    );
  });

  test("mistakes name the flag they were made with", () => {
    expect(() => settingsOf("photos", "--cutout", "7")).toThrow(
      "--cutout: must be an even integer >= 2, got 7",
    );
    expect(() => settingsOf("photos", "--cutout", "--length", "7")).toThrow(
      "--length: must be an even integer >= 2, got 7",
    );
  });

  test("may stand before the folder", () => {
    expect(settingsOf("--cutout", "photos")).toEqual(settingsOf("photos", "--cutout"));
    expect(() => settingsOf("photos", "--cutout", "many")).toThrow(
      '--cutout: must be an even integer >= 2, or a text such as "8-24", "50%", "25%-50%", "area 2%-33%" or "0:4,1:16", got "many"',
    );
    expect(() => settingsOf("--cutout", "7")).toThrow(
      "DATA: must be a folder of images, or fashion-mnist, got nothing",
    );
  });
});

function set(raw: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split(".");
  let inner = raw;
  for (const name of names.slice(0, -1)) {
    inner[name] = { ...(inner[name] as Record<string, unknown> | undefined) };
    inner = inner[name] as Record<string, unknown>;
  }
  inner[names.at(-1)!] = value;
}
