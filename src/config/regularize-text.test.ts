// Regularizers as a flag tells them, and as a config tells them again.
import { expect, test } from "vitest";
import { checkFor, completeConfig, sizesFor } from "../../test/helpers/config.ts";
import { formatVersion } from "./config.ts";
import { toldSettings } from "./flag-text.ts";
import { regularizerFrom } from "./regularize-text.ts";
import { checkSettings, naming, readCompleteConfig, readSettings } from "./settings.ts";

test.each<[string, object]>([
  [
    "spatial-dropout:probability=0.2@layer3",
    { name: "spatial-dropout", options: { probability: 0.2 }, at: "layer3" },
  ],
  ["spatial-dropout:0.2@layer3", { name: "spatial-dropout", options: { probability: 0.2 }, at: "layer3" }],
  ["dropout@fc6.a-b", { name: "dropout", options: { probability: 0.1 }, at: "fc6.a-b" }],
  [
    "dropblock:0.15,blockSize=5@last",
    { name: "dropblock", options: { probability: 0.15, blockSize: 5 }, at: "last" },
  ],
  [
    "stochastic-depth:decay=linear,probability=0.5@all",
    { name: "stochastic-depth", options: { probability: 0.5, per: "image", decay: "linear" }, at: "all" },
  ],
])("%s", (text, spec) => {
  expect(regularizerFrom(text)).toEqual(spec);
  const config = completeConfig({ regularize: [text] }, undefined, 32);
  const told = toldSettings(config).find(({ path }) => path === "regularize")!;
  expect(told).toMatchObject({ flag: "--regularize", usual: false });
  expect((told.value as string[]).map(regularizerFrom)).toEqual([spec]);
});

test.each([
  [
    "dropout:0.5",
    "must be NAME@LAYER or NAME:PROBABILITY,key=value,...@LAYER, got dropout:0.5; say where it stands",
  ],
  ["dropout:0.5@", "dropout: must say where it stands"],
  ["dropout:much@last", 'dropout: probability must be a number >= 0 and < 1, got "much"'],
  ["dropout:0.5,0.6@last", 'options must be key=value with commas between them, got "0.6"'],
  ["cutout:0.5@last", "must be one of dropout, spatial-dropout, dropblock"],
])("%s is refused by the flag's name", (text, message) => {
  const told = () =>
    naming(
      (field) => (field === "regularize.0" ? "--regularize" : field),
      () => checkSettings({ data: "photos", regularize: [text] }),
    );
  expect(told).toThrow(message);
  expect(told).toThrow(/^--regularize: /);
});

test("a layer that the network lacks is told before any image is read", () => {
  const settings = readSettings({ data: "photos", model: "resnet18", regularize: ["dropout@layer9"] });
  const sizes = sizesFor(settings, 32);
  expect(() => checkFor(settings, sizes)).toThrow(
    "regularize: dropout@layer9: must stand at a layer of resnet18: conv1, layer1.0",
  );
});

test("configs of earlier versions have none", () => {
  const { regularize: _, ...earlier } = completeConfig({});
  expect(readCompleteConfig({ ...earlier, formatVersion: 5 }).regularize).toEqual([]);
  expect(() => readCompleteConfig({ ...earlier, formatVersion })).toThrow("regularize: must be there");
});
