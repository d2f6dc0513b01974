// Settings written as flags are read as the same settings.
import { Command } from "commander";
import { expect, test } from "vitest";
import { completeConfig, configFor, sizesFor } from "../../test/helpers/config.ts";
import type { SettingsInput } from "../config/config.ts";
import { flagWords, settingName, toldSettings, valueText } from "../config/flag-text.ts";
import { settingsFrom } from "../config/flags.ts";
import { addSettingFlags } from "./setting-flags.ts";

const cases: readonly Partial<SettingsInput>[] = [
  {},
  { augment: { cutout: { length: 8 } } },
  { augment: { cutout: { length: "8-24", shape: "rectangle", aspect: 2, nHoles: "1-3", fill: "#808080" } } },
  { augment: { cutout: { length: "50%", shape: "0.5,0 1,1 0,1", fill: "uniformColour" } } },
  { augment: { cutout: { length: "25%-50%", fill: "uniform", placement: "inside", per: "batch" } } },
  { augment: { cutout: { length: "area 2%-33%", shape: "circle", probability: 0.5 } } },
  { augment: { cutout: { length: "0:4,0.5:16,1:16" } } },
  { augment: { cutout: { length: "0:10%,1:50%", fill: "imageMean" } } },
  { augment: { cutout: { like: "torchvision:p=1,scale=[0.02,0.2]" }, mix: "mixup:alpha=0.2" } },
  { augment: { augmentations: ["trivial-augment", "random-erasing:probability=1,fill=zero"], flip: 0 } },
  { schedule: { kind: "steps", learningRate: 0.05, milestones: [3, 5] }, epochs: 6 },
  { schedule: { kind: "plateau", learningRate: 0.05, factor: 0.5 }, earlyStopping: { patience: 3 } },
  { model: "wrn-16-4:dropout=0.3", optimizer: { nesterov: false, decayBiasAndNorm: true } },
  {
    columns: "file,kind",
    split: { train: 600, groups: "pairs.tsv" },
    crops: "ten",
    classWeights: "balanced",
  },
];

test.each(cases)("%j", (told) => {
  const config = completeConfig(told);
  const words = toldSettings(config).flatMap(flagWords);
  const command = addSettingFlags(new Command().argument("[data]").exitOverride());
  command.parse(words, { from: "user" });
  const { settings } = settingsFrom(command.args[0], command.opts());
  expect(configFor(settings, sizesFor(settings, null), 3456)).toEqual(config);
  for (const word of words) expect(word).not.toMatch(/^\{|^\[|undefined|null|object/);
});

test("the words of a setting, and its value and name alone", () => {
  const config = completeConfig({ augment: { cutout: { length: 8 } }, optimizer: { nesterov: true } });
  const told = new Map(toldSettings(config).map((one) => [one.path, one]));
  const words = (path: string) => flagWords(told.get(path)!).join(" ");
  expect(words("augment.cutout")).toBe("--cutout 8");
  expect(words("augment.mix")).toBe("--no-mix");
  expect(words("optimizer.nesterov")).toBe("--nesterov");
  expect(words("data")).toBe("photos");
  expect(valueText(told.get("augment.augmentations")!)).toBe("off");
  expect(settingName(told.get("schedule.learningRate")!)).toBe("learning rate");
  expect(told.get("augment.cutout.fill")!.usual).toBe(true);
  expect(told.get("augment.cutout")!.usual).toBe(false);
});

test("the same options in another order are told the same", () => {
  const erasing = (options: string) =>
    valueText(
      toldSettings(completeConfig({ augment: { augmentations: [`random-erasing:${options}`] } })).find(
        ({ path }) => path === "augment.augmentations",
      )!,
    );
  expect(erasing("fill=zero,probability=1")).toBe(erasing("probability=1,fill=zero"));
});
