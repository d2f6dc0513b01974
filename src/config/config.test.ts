import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { configFor, sizesFor } from "../../test/helpers/config.ts";
import { CutoutError } from "../error.ts";
import { type Config, configSchema, formatVersion, type Settings, type SettingsInput } from "./config.ts";
import { leaves } from "./leaves.ts";
import { checkSettings, readCompleteConfig, readSettings } from "./settings.ts";

/** Wrong settings too: that is what files hold. */
const read = (told: object, file?: string) => readSettings(told as SettingsInput, file);

const folder = mkdtempSync(join(tmpdir(), "cutout-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: unknown): string {
  const path = join(folder, "config.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

function complete(flags: Record<string, unknown> = {}): Config {
  const settings = read({ data: "photos", ...flags });
  return configFor(settings, sizesFor(settings, null), 10_000);
}

describe("defaults", () => {
  test("the data alone are enough, and Cutout is off", () => {
    const settings = read({ data: "photos" });
    expect(settings).toMatchObject({
      model: { name: "resnet9", options: {} },
      seed: 0,
      labelSmoothing: 0,
      augment: { cutout: null },
    });
    expect(settings.optimizer).toEqual({
      name: "sgd",
      momentum: 0.9,
      weightDecay: 5e-4,
    });
    expect(complete().optimizer).toMatchObject({ nesterov: true, decayBiasAndNorm: false });
    expect(settings.schedule.kind).toBe("one-cycle");
  });

  test("Cutout with nothing said about it is the paper's", () => {
    expect(complete({ augment: { cutout: {} } }).augment.cutout).toEqual({
      length: 32,
      shape: "square",
      nHoles: 1,
      placement: "anywhere",
      fill: "zero",
      probability: 1,
      per: "image",
    });
  });

  test("the data are needed", () => {
    expect(() => read({})).toThrow("data: must be a folder of images, or fashion-mnist, got nothing");
  });
});

describe("a stored config", () => {
  test("comes back as it was", () => {
    const config = complete({
      augment: { cutout: { length: 8 } },
      schedule: { kind: "steps", milestones: [2, 4] },
    });
    expect(readCompleteConfig(JSON.parse(JSON.stringify({ formatVersion, ...config })))).toEqual(config);
  });

  test("may not lack any field, not even one with a default", () => {
    const config = complete({ augment: { cutout: {} }, earlyStopping: { patience: 3 } });
    const paths = pathsOf(config);
    expect(paths.length).toBeGreaterThan(35);
    for (const path of paths) {
      const copy = structuredClone(config) as unknown as Record<string, unknown>;
      const names = path.split(".");
      const inner = names.slice(0, -1).reduce((at, name) => at[name] as Record<string, unknown>, copy);
      delete inner[names.at(-1)!];
      expect(() => readCompleteConfig(copy), path).toThrow(CutoutError);
      const field = path.startsWith("model") ? "model" : path;
      expect(() => readCompleteConfig(copy), path).toThrow(new RegExp(`^${field.replaceAll(".", "\\.")}`));
    }
  });

  test("of version 2 tells as texts what is data now, and the options of its network beside the name", () => {
    const { model: _, ...config } = complete();
    const cutout = { shape: "rectangle", aspect: 2, nHoles: "1-3", fill: "#ff8000", placement: "anywhere" };
    const stored = {
      ...config,
      formatVersion: 2,
      columns: "image,label",
      model: "wrn-16-4",
      initialization: "he",
      dropout: 0.3,
      augment: {
        ...config.augment,
        cutout: { ...cutout, length: "8-24", probability: 1, per: "image" },
        augmentations: ["random-erasing:probability=1"],
        mix: "mixup:alpha=0.2",
      },
    };
    const now = readCompleteConfig(stored);
    expect(now).toEqual({
      ...config,
      keep: "best",
      columns: { image: "image", label: "label" },
      model: { name: "wrn-16-4", options: { dropout: 0.3 } },
      augment: {
        ...config.augment,
        cutout: {
          length: { pixels: [8, 24] },
          shape: { kind: "rectangle", aspect: [0.5, 2] },
          nHoles: [1, 3],
          placement: "anywhere",
          fill: { colour: [1, 128 / 255, 0] },
          probability: 1,
          per: "image",
        },
        augmentations: [{ name: "random-erasing", options: { probability: 1 } }],
        mix: { name: "mixup", options: { alpha: 0.2 } },
      },
    });
    expect(readCompleteConfig(now)).toEqual(now);
    expect(read({}, file(stored))).toEqual(now);
  });

  test("up to version 3 has one seed for everything", () => {
    const config = complete({ seed: 9 });
    const { seed: _, ...split } = config.split;
    const stored = { ...config, formatVersion: 3, split };
    expect(readCompleteConfig(stored)).toEqual({ ...config, keep: "best" });
    expect(read({}, file(stored)).split.seed).toBe(9);
  });

  test("up to version 4 keeps the best epoch where there is validation, else the last", () => {
    for (const [validation, keep] of [
      [0.1, "best"],
      [0, "last"],
    ] as const) {
      const { keep: _, ...stored } = { ...complete({ split: { validation } }), formatVersion: 4 };
      expect(readCompleteConfig(stored).keep).toBe(keep);
      expect(read({}, file(stored)).keep).toBe(keep);
    }
    const { keep, ...gap } = complete();
    expect(() => readCompleteConfig({ ...gap, formatVersion })).toThrow("keep: must be best or last");
  });

  test("is a config file too, and another version of it is refused", () => {
    const config = complete();
    const { runsDir, ...settings } = read({}, file({ formatVersion, ...config }));
    expect({ runsDir, ...settings }).toEqual(config);
    expect(() => read({}, file({ ...config, formatVersion: 99 }))).toThrow(
      `has format version 99 and this version of cutout reads 2 to ${formatVersion}`,
    );
  });
});

describe("optimizers", () => {
  test("a complete config up to version 5 is one of SGD, with nothing beside it", () => {
    const config = complete();
    const { clipNorm, accumulate, lookahead, average, ...stored } = config;
    const { name, ...sgd } = stored.optimizer;
    const old = JSON.parse(JSON.stringify({ ...stored, optimizer: sgd, formatVersion: 5 }));
    expect(readCompleteConfig(old)).toEqual(config);
    expect(() => readCompleteConfig({ ...old, formatVersion })).toThrow("must be there, got nothing");
  });

  test("each has its own fields; one of another is refused with those that take it", () => {
    expect(complete({ optimizer: { name: "adamw" } })).toMatchObject({
      optimizer: { name: "adamw", betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0.01 },
      schedule: { learningRate: 1e-3 },
    });
    expect(complete({ optimizer: { name: "muon" }, batchSize: 32 })).toMatchObject({
      optimizer: { momentum: 0.95, nesterov: true, companion: "adamw" },
      schedule: { learningRate: 0.01 },
    });
    expect(() => read({ data: "x", optimizer: { name: "adamw", momentum: 0.8 } })).toThrow(
      "optimizer.momentum: belongs to the optimizer sgd or muon; choose one of them with --optimizer",
    );
    expect(() => read({ data: "x", optimizer: { betas: [0.9, 0.99] } })).toThrow(
      "optimizer.betas: belongs to the optimizer adam or adamw",
    );
    expect(() => read({ data: "x", optimizer: { name: "adamx" } })).toThrow(
      'optimizer.name: must be sgd, adam, adamw or muon, got "adamx"',
    );
  });

  test("another one than the file's leaves the fields of the file's behind; the same one keeps them", () => {
    const other = file({ data: "x", optimizer: { momentum: 0.8 } });
    expect(read({ optimizer: { name: "adam" } }, other).optimizer).not.toHaveProperty("momentum");
    expect(read({ optimizer: { name: "sgd" } }, other).optimizer).toMatchObject({ momentum: 0.8 });
  });

  test.each([
    [{ average: "ema" }, { average: { name: "ema", decay: 0.999 } }],
    [{ average: "last:share=0.5" }, { average: { name: "last", share: 0.5 } }],
    [{ average: { name: "ema", decay: 0.9 } }, { average: { name: "ema", decay: 0.9 } }],
    [{ lookahead: {} }, { lookahead: { every: 5, alpha: 0.5 } }],
  ])("%j is read", (told, expected) => {
    expect(read({ data: "x", ...told })).toMatchObject(expected);
  });

  test.each([
    [{ average: "swa" }, 'average: must be ema, ema:decay=0.999, last or last:share=0.25, got "swa"'],
    [{ average: "ema:share=0.5" }, 'average ema: takes decay alone, got "share"'],
    [{ average: "ema:decay=1" }, "average ema: decay must be in [0, 1), got 1"],
    [{ average: "last:share=0" }, "average last: share must be above 0 and at most 1, got 0"],
    [{ average: "last:share=all" }, 'share must be above 0 and at most 1, got "all"'],
    [{ clipNorm: 0 }, "clipNorm: must be a number > 0, got 0"],
    [{ accumulate: 1.5 }, "accumulate: must be an integer from 1 to 65536, got 1.5"],
  ])("%j is refused", (wrong, message) => {
    expect(() => read({ data: "x", ...wrong })).toThrow(message);
  });

  test("parts divide the batch: a told one must, the usual one does", () => {
    expect(complete({ accumulate: 3 }).batchSize % 3).toBe(0);
    expect(() => complete({ accumulate: 3, batchSize: 32 })).toThrow(
      "batchSize: must be a multiple of the 3 parts of --accumulate, got 32",
    );
  });
});

describe("mistakes", () => {
  test("an unknown key is an error at every level, and names a key that looks like it", () => {
    for (const path of ["", "split", "optimizer", "augment", "augment.cutout", "schedule", "earlyStopping"]) {
      const raw: Record<string, unknown> = { data: "photos", augment: { cutout: {} } };
      let inner = raw;
      for (const name of path === "" ? [] : path.split(".")) {
        inner[name] ??=
          name === "schedule" ? { kind: "one-cycle" } : name === "earlyStopping" ? { patience: 1 } : {};
        inner = inner[name] as Record<string, unknown>;
      }
      inner.unheardOf = 1;
      const full = path === "" ? "unheardOf" : `${path}.unheardOf`;
      expect(() => read({}, file(raw)), path).toThrow(`${folder}/config.json: ${full}: unknown key`);
    }
    expect(() => read({ data: "x", epoch: 3 })).toThrow("epoch: unknown key (did you mean epochs?)");
  });

  test("a value of another type is an error that names the field, for every field", () => {
    for (const { path, type, kinds } of leaves()) {
      if (path === "schedule.kind" || path === "objective.kind") continue;
      const wrong = path === "augment.cutout.fill" ? true : type === "string" ? 5 : "five";
      const ofOptimizer = path.startsWith("optimizer.");
      const kind = (ofOptimizer ? null : kinds?.[0]) ?? "constant";
      const optimizer = { name: (ofOptimizer && kinds?.[0]) || "sgd" };
      const raw: Record<string, unknown> = { data: "photos", schedule: { kind }, optimizer };
      if (kinds?.[0] === "steps") raw.schedule = { kind: "steps", milestones: [1] };
      if (path.startsWith("objective"))
        Object.assign(raw, { schedule: undefined, objective: { kind: kinds?.[0] } });
      setPath(raw, path, wrong);
      expect(() => read({}, file(raw)), path).toThrow(
        new RegExp(
          `config\\.json: ${path.replaceAll(".", "\\.")}(\\.0)?: must be .*, got ${JSON.stringify(wrong)}$`,
        ),
      );
    }
  });

  test.each([
    [{ length: 7 }, "must be an even integer >= 2, got 7"],
    [{ length: -2 }, "must be an even integer >= 2, got -2"],
    [{ length: 0 }, "must be an even integer >= 2, got 0"],
    [{ length: 2.5 }, "must be an even integer >= 2, got 2.5"],
  ])("hole %j: %s", (cutout, text) => {
    expect(() => checkSettings({ data: "x", augment: { cutout } })).toThrow(`augment.cutout.length: ${text}`);
  });

  test.each([
    [
      { split: { validation: 1 } },
      "split.validation: must be a share between 0 and 1, or a number of images",
    ],
    [
      { split: { test: 2.5 } },
      "split.test: must be a share between 0 and 1, or a number of images from 2 on",
    ],
    [{ optimizer: { momentum: 1 } }, "optimizer.momentum: must be a number >= 0 and < 1, got 1"],
    [
      { optimizer: { momentum: 0, nesterov: true } },
      "momentum: must be above 0 with Nesterov's momentum, got 0; turn that off",
    ],
    [{ model: "resnet9:dropout=0.3" }, 'model: resnet9: takes no options, got "dropout"'],
    [{ model: "wrn-16-4:dropout=1" }, "model: wrn-16-4: dropout must be a number >= 0 and < 1, got 1"],
    [{ labelSmoothing: 1 }, "labelSmoothing: must be a number >= 0 and < 1, got 1"],
  ])("what the engine could not use is refused before any image is read: %j", (wrong, text) => {
    expect(() => read({ data: "x", ...wrong })).toThrow(text);
  });

  test("what goes by the validation part is refused without one", () => {
    const refused = (told: Partial<SettingsInput>) => () =>
      read({ data: "p", split: { validation: 0 }, ...told });
    expect(refused({})().split.validation).toBe(0);
    expect(refused({ earlyStopping: { patience: 3 } })).toThrow(
      "earlyStopping.patience: goes by the validation part, got --validation 0; leave one of the two out",
    );
    expect(refused({ keep: "last" })().keep).toBe("last");
    expect(refused({ keep: "best" })).toThrow(
      "keep: best goes by the validation part, got --validation 0; leave one of the two out",
    );
    expect(refused({ schedule: { kind: "plateau" } })).toThrow("schedule.kind: goes by the validation part");
  });

  test("plain momentum may be off", () => {
    const { optimizer } = read({ data: "x", optimizer: { momentum: 0, nesterov: false } });
    expect(optimizer).toMatchObject({ momentum: 0, nesterov: false });
  });

  test("a key that would change the prototype is an unknown key", () => {
    const config = () => read({}, file('{"data": "x", "__proto__": {"epochs": 3}}'));
    expect(config).toThrow("__proto__: unknown key");
  });

  test("a byte order mark is no mistake", () => {
    expect(read({}, file('\uFEFF{"data": "photos"}')).data).toBe("photos");
  });

  test("files that are missing or no JSON are named", () => {
    expect(() => read({}, join(folder, "nowhere.json"))).toThrow("--config: no such file:");
    expect(() => read({}, file("{epochs: 3"))).toThrow("config.json: must be a JSON file");
    expect(() => read({}, file([1]))).toThrow("must hold one JSON object, got [1]");
    expect(() => read({}, file({ data: "x", augment: 3 }))).toThrow(
      "augment: must be an object with the fields of augment",
    );
  });

  test("a preset of Cutout has its own options, and no others", () => {
    const cutout = (value: object) => read({ data: "x", augment: { cutout: value } });
    expect(cutout({ like: "torchvision:p=1" }).augment.cutout).toEqual({ like: "torchvision", p: 1 });
    expect(() => cutout({ like: "pytorch" })).toThrow(
      "config: augment.cutout.like: must be authors-pytorch, authors-lua",
    );
    expect(() => cutout({ like: "torchvision:q=1" })).toThrow(
      'cutout like torchvision: options must be among p, scale, ratio, value, got "q"',
    );
    expect(() => cutout({ like: "ffcv" })).toThrow("cutout like ffcv: cropSize must be");
    expect(() => cutout({ like: "timm", length: 8 })).toThrow(
      /augment\.cutout: cutout like timm: options must be among probability, .*, got "length"/,
    );
    expect(cutout({ like: "authors-pytorch", length: 8 }).augment.cutout).toEqual({
      like: "authors-pytorch",
      length: 8,
    });
  });

  test("a field of another schedule says which one it belongs to", () => {
    expect(() => read({ data: "x", schedule: { milestones: [3] } })).toThrow(
      "schedule.milestones: belongs to the schedule steps",
    );
  });
});

test("flags win over the file, field by field; another schedule replaces the file's", () => {
  const path = file({
    data: "a",
    epochs: 3,
    seed: 4,
    schedule: { kind: "steps", milestones: [1, 2], gamma: 0.5 },
  });
  const same = read({ seed: 5, schedule: { gamma: 0.25 } }, path);
  expect(same).toMatchObject({ data: "a", epochs: 3, seed: 5 });
  expect(same.schedule).toMatchObject({ kind: "steps", milestones: [1, 2], gamma: 0.25 });
  const other = read({ schedule: { kind: "cosine" } }, path);
  expect(other.schedule).toEqual({
    kind: "cosine",
    floor: 0,
    warmupEpochs: 0,
  } satisfies Settings["schedule"]);
});

test("a preset replaces the file's holes, and another preset", () => {
  const cutout = (before: object, over: object) =>
    read({ augment: { cutout: over } }, file({ data: "a", augment: { cutout: before } })).augment.cutout;
  expect(cutout({ length: 8, nHoles: 2 }, { like: "timm" })).toEqual({ like: "timm" });
  expect(cutout({ like: "keras" }, { like: "timm" })).toEqual({ like: "timm" });
  expect(cutout({ like: "keras" }, {})).toEqual({ like: "keras" });
  expect(() => cutout({ like: "keras" }, { nHoles: 2 })).toThrow(
    /cutout like keras: options must be among .*, got "nHoles"/,
  );
});

test("every field says what it is, and every field of a complete config is one", () => {
  for (const leaf of leaves()) expect(leaf.description, leaf.path).not.toBe("");
  const known = new Set(leaves().map(({ path }) => path));
  const config = complete({ augment: { cutout: {} }, earlyStopping: { patience: 3 } });
  for (const path of pathsOf(config))
    if (typeof valueAt(config, path) !== "object" && !path.startsWith("model."))
      expect(known).toContain(path);
  expect(configSchema.safeParse(config).success).toBe(true);
});

function pathsOf(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [path];
  const inner = Object.entries(value).flatMap(([name, child]) =>
    pathsOf(child, path === "" ? name : `${path}.${name}`),
  );
  return path === "" ? inner : [path, ...inner];
}

function valueAt(value: unknown, path: string): unknown {
  return path.split(".").reduce((inner, name) => (inner as Record<string, unknown>)[name], value);
}

function setPath(raw: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split(".");
  let inner = raw;
  for (const name of names.slice(0, -1)) {
    inner[name] ??= {};
    inner = inner[name] as Record<string, unknown>;
  }
  inner[names.at(-1)!] = value;
}

test("settings that there are not do not compile", () => {
  const all = () => [
    readSettings({ data: "photos", model: "wrn-16-4:dropout=0.3" }),
    readSettings({ data: "photos", model: "./mine.js" }),
    // @ts-expect-error a misspelt field
    readSettings({ data: "photos", epochz: 3 }),
    // @ts-expect-error a misspelt field inside
    readSettings({ data: "photos", augment: { cutoutt: null } }),
    // @ts-expect-error a network that there is not
    readSettings({ data: "photos", model: "resnet99" }),
  ];
  expect(all).toThrow();
});
