import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type Config, configSchema, formatVersion, type Settings } from "./config.ts";
import { leaves } from "./leaves.ts";
import { resolveConfig, resolveSizes } from "./resolve.ts";
import { ConfigError, readCompleteConfig, readSettings } from "./settings.ts";

const folder = mkdtempSync(join(tmpdir(), "cutout-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: unknown): string {
  const path = join(folder, "config.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const plain = (path: string) => path;

function complete(flags: Record<string, unknown> = {}): Config {
  const settings = readSettings({ flags: { data: "photos", ...flags } });
  return resolveConfig(settings, resolveSizes(settings, null, plain), 10_000, plain);
}

describe("defaults", () => {
  test("the data alone are enough, and Cutout is off", () => {
    const settings = readSettings({ flags: { data: "photos" } });
    expect(settings).toMatchObject({
      model: "resnet9",
      seed: 0,
      dropout: 0,
      labelSmoothing: 0,
      augment: { cutout: null },
    });
    expect(settings.optimizer).toEqual({
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
      aspect: 3,
      nHoles: 1,
      placement: "anywhere",
      fill: "zero",
      probability: 1,
      per: "image",
    });
  });

  test("the data are needed", () => {
    expect(() => readSettings({})).toThrow("data: must be a folder of images, or fashion-mnist, got nothing");
  });
});

describe("a stored config", () => {
  test("comes back as it was", () => {
    const config = complete({
      augment: { cutout: { length: 8 } },
      schedule: { kind: "steps", milestones: [2, 4] },
    });
    expect(readCompleteConfig(JSON.parse(JSON.stringify({ formatVersion, ...config })), "c")).toEqual(config);
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
      expect(() => readCompleteConfig(copy, "run/config.json"), path).toThrow(ConfigError);
      expect(() => readCompleteConfig(copy, "run/config.json"), path).toThrow(/^run\/config\.json: /);
    }
  });

  test("is a config file too, and another version of it is refused", () => {
    const config = complete();
    const { runsDir, ...settings } = readSettings({ file: file({ formatVersion, ...config }) });
    expect({ runsDir, ...settings }).toEqual(config);
    expect(() => readSettings({ file: file({ ...config, formatVersion: 99 }) })).toThrow(
      `has format version 99 and this version of cutout reads ${formatVersion}`,
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
      expect(() => readSettings({ file: file(raw) }), path).toThrow(
        `${folder}/config.json: ${full}: unknown key`,
      );
    }
    expect(() => readSettings({ flags: { data: "x", epoch: 3 } })).toThrow(
      "epoch: unknown key (did you mean epochs?)",
    );
  });

  test("a value of another type is an error that names the field, for every field", () => {
    for (const { path, type, kinds } of leaves()) {
      if (path === "schedule.kind") continue;
      const wrong = type === "string" ? 5 : "five";
      const raw: Record<string, unknown> = { data: "photos", schedule: { kind: kinds?.[0] ?? "constant" } };
      if (kinds?.[0] === "steps") raw.schedule = { kind: "steps", milestones: [1] };
      setPath(raw, path, wrong);
      expect(() => readSettings({ file: file(raw) }), path).toThrow(
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
    const origins = new Map([["augment.cutout.length", "--length"]]);
    expect(() => readSettings({ flags: { data: "x", augment: { cutout } }, origins })).toThrow(
      `--length: ${text}`,
    );
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
    [{ dropout: 0.3 }, "dropout: must be 0 for this network; only wrn-16-4 takes another"],
    [{ labelSmoothing: 1 }, "labelSmoothing: must be a number >= 0 and < 1, got 1"],
  ])("what the engine could not use is refused before any image is read: %j", (wrong, text) => {
    expect(() => readSettings({ flags: { data: "x", ...wrong } })).toThrow(text);
  });

  test("plain momentum may be off", () => {
    const { optimizer } = readSettings({ flags: { data: "x", optimizer: { momentum: 0, nesterov: false } } });
    expect(optimizer).toMatchObject({ momentum: 0, nesterov: false });
  });

  test("a key that would change the prototype is an unknown key", () => {
    const config = () => readSettings({ file: file('{"data": "x", "__proto__": {"epochs": 3}}') });
    expect(config).toThrow("__proto__: unknown key");
  });

  test("a byte order mark is no mistake", () => {
    expect(readSettings({ file: file('\uFEFF{"data": "photos"}') }).data).toBe("photos");
  });

  test("files that are missing or no JSON are named", () => {
    expect(() => readSettings({ file: join(folder, "nowhere.json") })).toThrow("--config: no such file:");
    expect(() => readSettings({ file: file("{epochs: 3") })).toThrow("config.json: must be a JSON file");
    expect(() => readSettings({ file: file([1]) })).toThrow("must hold one JSON object, got [1]");
    expect(() => readSettings({ file: file({ data: "x", augment: 3 }) })).toThrow(
      "augment: must be an object with the fields of augment",
    );
  });

  test("a preset of Cutout has its own options, and no others", () => {
    const cutout = (value: object) => readSettings({ flags: { data: "x", augment: { cutout: value } } });
    expect(cutout({ like: "torchvision:p=1" }).augment.cutout).toEqual({ like: "torchvision:p=1" });
    expect(() => cutout({ like: "pytorch" })).toThrow(
      "config: augment.cutout.like: cutout: like must be authors-pytorch, authors-lua",
    );
    expect(() => cutout({ like: "torchvision:q=1" })).toThrow(
      'cutout like torchvision: options must be among p, scale, ratio, value, got "q"',
    );
    expect(() => cutout({ like: "ffcv" })).toThrow("cutout like ffcv: cropSize must be");
    expect(() => cutout({ like: "timm", length: 8 })).toThrow(
      "augment.cutout.length: must be left out where Cutout is like another implementation",
    );
  });

  test("a field of another schedule says which one it belongs to", () => {
    expect(() => readSettings({ flags: { data: "x", schedule: { milestones: [3] } } })).toThrow(
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
  const same = readSettings({ file: path, flags: { seed: 5, schedule: { gamma: 0.25 } } });
  expect(same).toMatchObject({ data: "a", epochs: 3, seed: 5 });
  expect(same.schedule).toMatchObject({ kind: "steps", milestones: [1, 2], gamma: 0.25 });
  const other = readSettings({ file: path, flags: { schedule: { kind: "cosine" } } });
  expect(other.schedule).toEqual({
    kind: "cosine",
    floor: 0,
    warmupEpochs: 0,
  } satisfies Settings["schedule"]);
});

test("a preset replaces the file's holes, and another preset", () => {
  const cutout = (before: object, over: object) =>
    readSettings({
      file: file({ data: "a", augment: { cutout: before } }),
      flags: { augment: { cutout: over } },
    }).augment.cutout;
  expect(cutout({ length: 8, nHoles: 2 }, { like: "timm" })).toEqual({ like: "timm" });
  expect(cutout({ like: "keras" }, { like: "timm" })).toEqual({ like: "timm" });
  expect(cutout({ like: "keras" }, {})).toEqual({ like: "keras" });
  expect(() => cutout({ like: "keras" }, { nHoles: 2 })).toThrow("augment.cutout.nHoles: must be left out");
});

test("every field says what it is, and every field of a complete config is one", () => {
  for (const leaf of leaves()) expect(leaf.description, leaf.path).not.toBe("");
  const known = new Set(leaves().map(({ path }) => path));
  const config = complete({ augment: { cutout: {} }, earlyStopping: { patience: 3 } });
  for (const path of pathsOf(config))
    if (typeof valueAt(config, path) !== "object") expect(known).toContain(path);
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
