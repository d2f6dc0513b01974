// Draws the pictures of docs/augmentation.md, section "Relatives": node --import tsx docs/pictures/relatives.ts
import { writeFileSync } from "node:fs";
import type { BatchAugmentation, ImageBatch } from "../../src/augment/augmentation.ts";
import { batchAugmentation } from "../../src/augment/batch/batch-augmentation.ts";
import { cutmix } from "../../src/augment/batch/cutmix.ts";
import { mixup } from "../../src/augment/batch/mixup.ts";
import { randomErasing } from "../../src/augment/masking/random-erasing.ts";
import { type AugmentationSpec, createAugmentation } from "../../src/augment/registry.ts";
import { drawSheet, type SheetImage } from "../../src/report/sheet.ts";
import { stream } from "../../src/rng.ts";
import { scenes } from "./scenes.ts";

const [house, boat] = scenes;
const size = house.pixels.length;
const mean = [128, 128, 128];

/** File name -> what each column shows. */
const ofImages: { readonly [file: string]: readonly (readonly [caption: string, AugmentationSpec])[] } = {
  "random-erasing": [
    ["random pixels", { name: "random-erasing", options: { probability: 1 } }],
    ["another draw", { name: "random-erasing", options: { probability: 1 } }],
    ["random colour", { name: "random-erasing", options: { probability: 1, fill: "randomColour" } }],
    ["mean", { name: "random-erasing", options: { probability: 1, fill: mean } }],
  ],
  "hide-and-seek": [8, 16, 22, 28].map((cell) => [
    `cells of ${cell}`,
    { name: "hide-and-seek", options: { gridSizes: [cell], fill: mean } },
  ]),
  "grid-mask": [1, 1, 360, 360].map((rotation) => [
    rotation === 1 ? "straight" : "turned",
    { name: "grid-mask", options: { probability: 1, ramp: 0, rotation, period: [20, 60], fill: mean } },
  ]),
  occlusion: [
    [
      "scratches",
      { name: "occlusion", options: { kind: "scratches", probability: 1, counts: [3], fill: 255 } },
    ],
    ["dots", { name: "occlusion", options: { kind: "dots", probability: 1 } }],
    ["scribbles", { name: "occlusion", options: { kind: "scribbles", probability: 1 } }],
    ["random pixels", { name: "occlusion", options: { kind: "scribbles", probability: 1, fill: "random" } }],
  ],
  noise: [
    ["masking", { name: "masking-noise", options: {} }],
    ["masking, pixels", { name: "masking-noise", options: { per: "pixel", value: mean } }],
    ["salt and pepper", { name: "salt-and-pepper", options: { per: "pixel" } }],
    ["Gaussian, std 40", { name: "gaussian-noise", options: { std: 40 } }],
  ],
};

for (const [file, columns] of Object.entries(ofImages)) {
  const tiles: SheetImage[] = [{ ...house, caption: "as it is" }];
  columns.forEach(([caption, spec], draw) => {
    const augment = createAugmentation(spec);
    const parameters = augment.sample(stream(11, file, draw), house, 1);
    tiles.push({ ...augment.apply(house, parameters), caption });
  });
  await write(file, tiles);
}

const batch: ImageBatch<Uint8Array> = {
  ...house,
  count: 2,
  pixels: Uint8Array.from([...house.pixels, ...boat.pixels]),
  labels: Float32Array.of(1, 0, 0, 1),
};

/** Each draw of a batch of two shows its first image, with the share of its own label. */
async function drawMixed<P>(file: string, augment: BatchAugmentation<P>, parametersOf: (draw: number) => P) {
  const tiles: SheetImage[] = [
    { ...house, caption: "house" },
    { ...boat, caption: "boat" },
  ];
  for (let draw = 0; draw < 3; draw++) {
    const { pixels, labels } = augment.apply(batch, parametersOf(draw));
    const share = (at: number) => `${Math.round(100 * labels![at]!)} %`;
    tiles.push({
      ...house,
      pixels: pixels.subarray(0, size),
      caption: `${share(0)} house`,
    });
  }
  await write(file, tiles);
}

/** As drawn, but each image with the other. */
const partners = [1, 0];
await drawMixed("cutmix", cutmix(), (draw) => {
  const { mix } = cutmix().sample(stream(5, "cutmix", draw), batch, 1);
  return { mix: mix && { ...mix, partners } };
});
await drawMixed("mixup", mixup(), (draw) => {
  const { mix } = mixup().sample(stream(3, "mixup", draw), batch, 1);
  return { mix: mix && { ...mix, partners } };
});

const copied = batchAugmentation({ copies: 3, augmentation: randomErasing({ probability: 1 }) });
const copies = copied.apply(batch, copied.sample(stream(2, "copies"), batch, 1));
await write(
  "batch-augmentation",
  Array.from({ length: copies.count }, (_, at) => ({
    ...house,
    pixels: copies.pixels.subarray(at * size, (at + 1) * size),
    caption: `image ${Math.floor(at / 3)}, copy ${at % 3}`,
  })),
);

async function write(file: string, tiles: readonly SheetImage[]): Promise<void> {
  const picture = await drawSheet(tiles, { columns: tiles.length, title: file });
  writeFileSync(new URL(`${file}.png`, import.meta.url), picture);
}
