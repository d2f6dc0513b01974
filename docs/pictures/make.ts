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
import { drawSheet, type SheetImage } from "../../src/report/sheet.ts";
import { paintScene } from "./scene.ts";
import { drawTargets } from "./targets.ts";

interface Picture<Parameters> {
  readonly call: string;
  readonly augmentation: Augmentation<unknown>;
  /** The parameters in about 25 signs; all of them, one after the other, when left out. */
  readonly caption?: (parameters: Parameters) => string;
  /** Draws are left out of which one with the same key has been shown. */
  readonly key?: (parameters: Parameters) => string;
}

/** Ties the captions' type to that of the parameters. */
const picture = <Parameters>(
  call: string,
  augmentation: Augmentation<Parameters>,
  caption?: (parameters: Parameters) => string,
  key?: (parameters: Parameters) => string,
): Picture<never> => ({
  call,
  augmentation,
  ...(caption === undefined ? {} : { caption }),
  ...(key === undefined ? {} : { key }),
});

const short = (value: number) => String(Number(value.toFixed(2)));

/** File name -> what is shown. One row: the photo, then one draw after the other. */
const pictures: { readonly [name: string]: Picture<never> } = {
  affine: picture(
    'affine({ degrees: 20, translate: [0.1, 0.1], scale: [0.8, 1.2], shear: 10, interpolation: "bilinear", fill: 127 })',
    affine({
      degrees: 20,
      translate: [0.1, 0.1],
      scale: [0.8, 1.2],
      shear: 10,
      interpolation: "bilinear",
      fill: 127,
    }),
    ({ angle, scale }) => `${short(angle)}°, ${short(scale)} times`,
  ),
  blur: { call: "blur({ kernelSize: 9 })", augmentation: blur({ kernelSize: 9 }) },
  "color-jitter": picture(
    "colorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.6, hue: 0.1 }), with these four amounts as drawn",
    colorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.6, hue: 0.1 }),
    ({ changes }) =>
      (["brightness", "contrast", "saturation", "hue"] as const)
        .map((property) => short(changes.find((change) => change.property === property)?.amount ?? 0))
        .join(", "),
  ),
  compose: picture(
    "resized crop of 0.4 to 1 of the area, horizontal flip, colour jitter of 0.4, rotation of 15 degrees",
    compose([
      resizedCrop({ size: { height: 120, width: 160 }, scale: [0.4, 1] }),
      horizontalFlip(),
      colorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4 }),
      rotation({ degrees: 15, interpolation: "bilinear", fill: 127 }),
    ]),
    ([crop, { flip }, , { angle }]) =>
      `${crop.width} x ${crop.height}${flip ? ", flipped" : ""}, ${short(angle)}`,
  ),
  greyscale: { call: "greyscale({ probability: 0.5 })", augmentation: greyscale({ probability: 0.5 }) },
  "horizontal-flip": { call: "horizontalFlip()", augmentation: horizontalFlip() },
  "random-crop": {
    call: "randomCrop({ height: 120, width: 160, padding: 24 })",
    augmentation: randomCrop({ height: 120, width: 160, padding: 24 }),
  },
  "resized-crop": picture(
    "resizedCrop({ size: { height: 120, width: 160 } })",
    resizedCrop({ size: { height: 120, width: 160 } }),
    ({ left, top, width, height }) => `${width} x ${height} at ${left}, ${top}`,
  ),
  rotation: {
    call: 'rotation({ degrees: 45, interpolation: "bilinear" })',
    augmentation: rotation({ degrees: 45, interpolation: "bilinear" }),
  },
  "trivial-augment": picture(
    "trivialAugment(), the first draw of each operation",
    trivialAugment(),
    ({ operation, magnitude }) => (magnitude === 0 ? operation : `${operation} ${short(magnitude)}`),
    ({ operation }) => operation,
  ),
  "vertical-flip": { call: "verticalFlip()", augmentation: verticalFlip() },
};

const draws = 11;
const columns = 6;
/** Of TrivialAugment. */
const operations = 14;
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
  const { call, augmentation, caption, key } = pictures[name]! as Picture<unknown>;
  const drawn: SheetImage[] = [];
  const shown = new Set<string>();
  const wanted = key === undefined ? draws : operations;
  for (let index = 0; drawn.length < wanted; index++) {
    const parameters = augmentation.sample(stream(seed, "pictures", index), photo, 1);
    if (key !== undefined && shown.size === shown.add(key(parameters)).size) continue;
    const image = augmentation.apply(photo, parameters) as Image<Uint8Array>;
    drawn.push({ ...image, caption: caption?.(parameters) ?? words(parameters) });
  }
  return drawSheet([{ ...photo, caption: "the photo" }, ...drawn], {
    columns: key === undefined ? columns : 5,
    title: name,
    subtitle: `${call}, seed ${seed}`,
  });
}

/** The parameters in a few words: names and numbers without JSON's signs. */
function words(parameters: unknown): string {
  return JSON.stringify(parameters, (_, value) =>
    typeof value === "number" ? Number(value.toFixed(2)) : value,
  )
    .replaceAll(/[{}[\]"]/g, "")
    .replaceAll(/[:,]/g, " ");
}
