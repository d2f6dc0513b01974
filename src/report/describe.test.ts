// What a run's config says in words: two runs that were augmented differently never read the same.
import { expect, test } from "vitest";
import { completeConfig } from "../../test/helpers/config.ts";
import type { SettingsInput } from "../config/config.ts";
import type { ShownRun } from "../run-folder/index.ts";
import { augmentationOrderText, augmentationText, runTitle } from "./describe.ts";

type Augment = NonNullable<SettingsInput["augment"]>;
const config = (augment: Augment) => completeConfig({ data: "pets", imageSize: 32, augment });
const own = { length: 16 };

test.each<[Augment, string | RegExp]>([
  [{ cutout: null, augmentations: [], mix: null }, "without Cutout"],
  [
    { cutout: null, augmentations: ["grid-mask"], mix: "mixup:alpha=0.2" },
    "without Cutout, with grid-mask, mixup:alpha=0.2",
  ],
  [
    { cutout: own, augmentations: ["greyscale", "grid-mask"], mix: null },
    /^with greyscale, Cutout \(length 16, [\d.]+ % masked on average\), grid-mask$/,
  ],
  [
    { cutout: { like: "timm:probability=1" }, augmentations: [], mix: "cutmix" },
    /^with Cutout like timm:probability=1 \(2 % to 33\.33 % of the area, rectangles .*\), cutmix$/,
  ],
  [
    { cutout: { like: "torchvision" }, augmentations: [], mix: null },
    /^with Cutout like torchvision \((?!.*hole[^s])/,
  ],
  [{ cutout: { ...own, nHoles: "1-3" } }, /^with Cutout \(length 16, 1 to 3 holes, /],
  [{ augmentations: ["greyscale"] }, "without Cutout, with greyscale"],
  [{}, "without Cutout"],
  [{ targeted: { layer: "layer3" } }, "without random holes, with targeted Cutout by layer3"],
  [
    { cutout: own, targeted: { layer: "last" } },
    /^with Cutout \(length 16, [\d.]+ % masked on average\), targeted Cutout by last$/,
  ],
])("%j", (augment, text) => {
  if (typeof text === "string") expect(augmentationText(config(augment))).toBe(text);
  else expect(augmentationText(config(augment))).toMatch(text);
});

test("without a config nothing is said", () => expect(augmentationText(null)).toBe(""));

test.each<[Augment, string]>([
  [{ cutout: null, augmentations: [], mix: null }, "resnet9 on pets"],
  [{ cutout: own, augmentations: [], mix: null }, "resnet9 on pets with Cutout"],
  [{ targeted: { layer: "last" } }, "resnet9 on pets with targeted Cutout"],
  [
    { cutout: { like: "timm:probability=1" }, augmentations: ["greyscale"], mix: "mixup:alpha=0.2" },
    "resnet9 on pets with greyscale, Cutout like timm and mixup",
  ],
])("the title names what augments: %j", (augment, title) => {
  const run = { config: config(augment), dataset: null, name: "run-1" } as unknown as ShownRun;
  expect(runTitle(run)).toBe(title);
});

test.each<[Augment, string]>([
  [{}, "crop, flip, normalization"],
  [{ flip: 0, cutout: own }, "crop, normalization, Cutout"],
  [
    {
      cutout: own,
      augmentations: ["grid-mask", "blur:kernelSize=3", "resized-crop"],
      mix: "mixup",
      padding: 0,
    },
    "resized-crop, blur:kernelSize=3, flip, normalization, Cutout, grid-mask, mixup",
  ],
])("the order of all steps: %j", (augment, text) => {
  expect(augmentationOrderText(config(augment))).toBe(text);
});
