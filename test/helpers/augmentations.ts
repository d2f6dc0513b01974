// Every augmentation that a config can name, with options that do something to small colour images.
import type { AugmentationSpec } from "../../src/augment/registry.ts";

type Options = { readonly [S in AugmentationSpec as S["name"]]: S["options"] };

export const augmentationExamples: Options = {
  affine: { degrees: 30, translate: [0.2, 0.2], scale: [0.7, 1.3], shear: 15, interpolation: "bilinear" },
  blur: { kernelSize: 3 },
  "color-jitter": { brightness: 0.5, contrast: 0.5, saturation: 0.5, hue: 0.2 },
  cutout: { length: 4 },
  "gaussian-noise": { std: 0.2 },
  greyscale: { probability: 0.5 },
  "grid-mask": { period: [2, 4], ramp: 0 },
  "hide-and-seek": { gridSizes: [0, 2, 3] },
  "horizontal-flip": {},
  "masking-noise": { probability: 0.3 },
  occlusion: { kind: "scratches" },
  "random-crop": { height: 4, width: 3, padding: 2, fill: [0.1, 0.2, 0.3] },
  "random-erasing": {},
  "resized-crop": { size: { height: 5, width: 7 } },
  rotation: { degrees: 90 },
  "salt-and-pepper": { probability: 0.3 },
  "trivial-augment": {},
  "vertical-flip": {},
};
