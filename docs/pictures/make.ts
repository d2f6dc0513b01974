// Makes the pictures of the documentation: `npm run pictures`, or `npm run pictures -- NAME ...` for some of them.
import { writeFileSync } from "node:fs";
import sharp from "sharp";
import {
  type Augmentation,
  affine,
  blur,
  colorJitter,
  compose,
  greyscale,
  horizontalFlip,
  type Image,
  randomCrop,
  resizedCrop,
  rotation,
  stream,
  trivialAugment,
  verticalFlip,
} from "../../src/augment/index.ts";
import { drawSheet } from "../../src/report/sheet.ts";
import { paintScene } from "./scene.ts";
import { drawTargets } from "./targets.ts";

/** File name -> what is shown. One row: the photo, then one draw after the other. */
const pictures: {
  readonly [name: string]: { readonly call: string; readonly augmentation: Augmentation<unknown> };
} = {
  affine: {
    call: 'affine({ degrees: 20, translate: [0.1, 0.1], scale: [0.8, 1.2], shear: 10, interpolation: "bilinear", fill: 127 })',
    augmentation: affine({
      degrees: 20,
      translate: [0.1, 0.1],
      scale: [0.8, 1.2],
      shear: 10,
      interpolation: "bilinear",
      fill: 127,
    }),
  },
  blur: { call: "blur({ kernelSize: 9 })", augmentation: blur({ kernelSize: 9 }) },
  "color-jitter": {
    call: "colorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.6, hue: 0.1 })",
    augmentation: colorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.6, hue: 0.1 }),
  },
  compose: {
    call: "resized crop of 0.4 to 1 of the area, horizontal flip, colour jitter of 0.4, rotation of 15 degrees",
    augmentation: compose([
      resizedCrop({ size: { height: 120, width: 160 }, scale: [0.4, 1] }),
      horizontalFlip(),
      colorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4 }),
      rotation({ degrees: 15, interpolation: "bilinear", fill: 127 }),
    ]),
  },
  greyscale: { call: "greyscale({ probability: 0.5 })", augmentation: greyscale({ probability: 0.5 }) },
  "horizontal-flip": { call: "horizontalFlip()", augmentation: horizontalFlip() },
  "random-crop": {
    call: "randomCrop({ height: 120, width: 160, padding: 24 })",
    augmentation: randomCrop({ height: 120, width: 160, padding: 24 }),
  },
  "resized-crop": {
    call: "resizedCrop({ size: { height: 120, width: 160 } })",
    augmentation: resizedCrop({ size: { height: 120, width: 160 } }),
  },
  rotation: {
    call: 'rotation({ degrees: 45, interpolation: "bilinear" })',
    augmentation: rotation({ degrees: 45, interpolation: "bilinear" }),
  },
  "trivial-augment": { call: "trivialAugment()", augmentation: trivialAugment() },
  "vertical-flip": { call: "verticalFlip()", augmentation: verticalFlip() },
};

const draws = 11;
const columns = 6;
const seed = 1;

const photo = await paintScene();
const asked = process.argv.slice(2);
const known = [...Object.keys(pictures), "targets"];
for (const name of asked.length > 0 ? asked : known) {
  if (!known.includes(name)) throw new Error(`pictures: names are ${known.join(", ")}, got ${name}`);
  const png = name === "targets" ? await drawTargets(photo) : await drawAugmentation(name);
  const small = await sharp(png).png({ palette: true, effort: 10 }).toBuffer();
  writeFileSync(new URL(`${name}.png`, import.meta.url), small);
  console.log(`docs/pictures/${name}.png`);
}

async function drawAugmentation(name: string): Promise<Buffer> {
  const { call, augmentation } = pictures[name]!;
  const drawn = Array.from({ length: draws }, (_, index) => {
    const parameters = augmentation.sample(stream(seed, "pictures", index), photo, 1);
    return { ...(augmentation.apply(photo, parameters) as Image<Uint8Array>), caption: words(parameters) };
  });
  return drawSheet([{ ...photo, caption: "the photo" }, ...drawn], {
    columns,
    title: name,
    subtitle: `${call}, seed ${seed}`,
  });
}

/** The parameters in a few words: names and numbers without JSON's signs. */
function words(parameters: unknown): string {
  return JSON.stringify(parameters, (_, value) =>
    typeof value === "number" ? Number(value.toFixed(2)) : value,
  )
    .replaceAll(/"(property|amount|changes|operation)":/g, "")
    .replaceAll(/[{}[\]"]/g, "")
    .replaceAll(/[:,]/g, " ");
}
