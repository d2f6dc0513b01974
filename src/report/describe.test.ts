// What a run's config says in words: two runs that were augmented differently never read the same.
import { expect, test } from "vitest";
import type { RunFolder } from "../run-folder/read.ts";
import { augmentationText, runTitle } from "./describe.ts";

const config = (augment: object) => ({ model: "resnet9", data: "pets", imageSize: 32, augment });
const own = { length: 16, nHoles: 1, placement: "anywhere", fill: "zero", probability: 1 };

test.each([
  [{ cutout: null, augmentations: [], mix: null }, "without Cutout"],
  [
    { cutout: null, augmentations: ["grid-mask"], mix: "mixup:alpha=0.2" },
    "without Cutout, with grid-mask, mixup:alpha=0.2",
  ],
  [
    { cutout: own, augmentations: ["blur", "grid-mask"], mix: null },
    /^with Cutout \(length 16, [\d.]+ % masked on average\), blur, grid-mask$/,
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
  [{ augmentations: ["blur"] }, "with blur"],
  [{ cutout: { like: "nobody" } }, "with Cutout like nobody"],
  [{}, ""],
])("%j", (augment, text) => {
  if (typeof text === "string") expect(augmentationText(config(augment))).toBe(text);
  else expect(augmentationText(config(augment))).toMatch(text);
});

test.each([
  [{ cutout: null, augmentations: [], mix: null }, "resnet9 on pets"],
  [{ cutout: own, augmentations: [], mix: null }, "resnet9 on pets with Cutout"],
  [
    { cutout: { like: "timm:probability=1" }, augmentations: ["blur"], mix: "mixup:alpha=0.2" },
    "resnet9 on pets with Cutout like timm, blur and mixup",
  ],
])("the title names what augments: %j", (augment, title) => {
  const run = { config: config(augment), dataset: null, name: "run-1" } as unknown as RunFolder;
  expect(runTitle(run)).toBe(title);
});
