// Draws the pictures of docs/augmentation.md, section "Cutout": node --import tsx docs/pictures/cutout.ts
import { writeFileSync } from "node:fs";
import sharp from "sharp";
import { cutout, expectedArea, type ImageLayout } from "../../src/augment/index.ts";
import { drawSheet, type SheetImage } from "../../src/report/sheet.ts";
import { scenes } from "./scenes.ts";

type Options = Parameters<typeof cutout>[0];
type Picture = {
  readonly title: string;
  readonly areas: boolean;
  readonly tiles: readonly (readonly [caption: string, Options])[];
};

const [scene, other] = scenes;
const { height, width } = scene;
const shape: ImageLayout = { height, width, channels: 3, layout: "HWC" };
const length = Math.floor(height / 4) * 2;
const grey = [128, 128, 128];
const star = Array.from({ length: 10 }, (_, corner) => {
  const angle = (Math.PI * corner) / 5;
  const radius = corner % 2 === 0 ? 0.5 : 0.2;
  return [0.5 + radius * Math.sin(angle), 0.5 - radius * Math.cos(angle)] as const;
});

/** File name -> what each tile shows. */
const pictures: { readonly [file: string]: Picture } = {
  "cutout-shapes": {
    title: "Cutout: shapes, lengths and places",
    areas: true,
    tiles: [
      ["paper", { length, fill: grey }],
      ["inside", { length, placement: "inside", fill: grey }],
      ["circle", { length, shape: "circle", fill: grey }],
      ["rectangle", { length, shape: { kind: "rectangle", aspect: [0.3, 3] }, fill: grey }],
      ["polygon", { length, shape: { kind: "polygon", points: star }, fill: grey }],
      [
        "mask",
        {
          length,
          shape: {
            kind: "mask",
            rows: [
              [1, 0, 1, 0, 1],
              [0, 1, 0, 1, 0],
              [1, 0, 1, 0, 1],
            ],
          },
          fill: grey,
        },
      ],
      ["three", { length: { share: [0.1, 0.3] }, nHoles: 3, fill: grey }],
      ["by area", { length: { area: [0.02, 0.33] }, placement: "inside", fill: grey }],
    ],
  },
  "cutout-fills": {
    title: "Cutout: fills",
    areas: false,
    tiles: [
      ["zero", { length, placement: "inside" }],
      ["imageMean", { length, placement: "inside", fill: "imageMean" }],
      ["channelMean", { length, placement: "inside", fill: "channelMean" }],
      ["a colour", { length, placement: "inside", fill: [230, 60, 120] }],
      ["random", { length, placement: "inside", fill: "random" }],
      ["grey noise", { length, placement: "inside", fill: { normal: [128, 40], per: "grey" } }],
      ["randomColour", { length, placement: "inside", fill: "randomColour" }],
      ["otherImage", { length, placement: "inside", fill: "otherImage" }],
    ],
  },
  "cutout-presets": {
    title: "Cutout like other libraries (in every image)",
    areas: false,
    tiles: [
      ["authors-pytorch", { like: "authors-pytorch", length }],
      ["authors-lua", { like: "authors-lua", length }],
      ["reviewed-numpy", { like: "reviewed-numpy", cutLength: length }],
      ["torchvision", { like: "torchvision", p: 1 }],
      ["timm, 1 to 3", { like: "timm", probability: 1, maxCount: 3, mode: "const" }],
      ["albumentations", { like: "albumentations", p: 1 }],
      ["keras", { like: "keras", factor: [1, 1] }],
      ["imgaug", { like: "imgaug" }],
      ["ffcv", { like: "ffcv", cropSize: length }],
    ],
  },
};

for (const [file, { title, areas, tiles }] of Object.entries(pictures)) {
  const sheet = tiles.map(([caption, options], index): SheetImage => {
    const augment = cutout(options);
    // Two images, so that a hole can show the other one.
    const both = new Uint8Array(2 * scene.pixels.length);
    both.set(scene.pixels);
    both.set(other.pixels, scene.pixels.length);
    const pixels = augment(both, { ...shape, count: 2 }, index + 1).subarray(0, scene.pixels.length);
    const area = `${(100 * expectedArea(augment.options, shape)).toFixed(0)} %`;
    return { pixels, height, width, channels: 3, caption: areas ? `${caption}, ${area}` : caption };
  });
  const png = await drawSheet(sheet, {
    columns: Math.ceil(tiles.length / 2),
    title,
    subtitle: areas ? "With the share that is masked on average." : "",
  });
  writeFileSync(
    new URL(`${file}.png`, import.meta.url),
    await sharp(png).png({ palette: true, effort: 10 }).toBuffer(),
  );
}
