// The picture of masks, boxes and key points that follow their image.
import sharp from "sharp";
import {
  affine,
  compose,
  cutoutAugmentation,
  type Effect,
  horizontalFlip,
  type Image,
  resizedCrop,
  stream,
  type Targets,
  transformTargets,
} from "../../src/augment/index.ts";
import { drawSheet } from "../../src/report/sheet.ts";
import { scene } from "./scene.ts";

const augmentation = compose([
  resizedCrop({ size: { height: 120, width: 160 }, scale: [0.5, 1] }),
  horizontalFlip(),
  affine({ degrees: 12, interpolation: "bilinear", fill: 127 }),
  cutoutAugmentation({ length: 48, nHoles: 2, fill: 127 }),
]);

/** Draws the photo and five augmented ones with their boxes and key points; hidden key points are dropped. */
export async function drawTargets(photo: Image<Uint8Array>): Promise<Buffer> {
  const options = { minVisibility: 0.2, hiddenKeyPoints: "drop" } as const;
  const plain = { effects: (): Effect[] => [] };
  const original = transformTargets(plain, null, photo, scene, options);
  const tiles = [{ ...photo, pixels: await marked(photo, original), caption: "the photo" }];
  for (let index = 0; index < 5; index++) {
    const parameters = augmentation.sample(stream(3, "targets", index), photo, 1);
    const image = augmentation.apply(photo, parameters);
    const targets = transformTargets(augmentation, parameters, photo, scene, options);
    const seen = targets.boxes.map(({ name, visibility }) => `${name} ${Math.round(100 * visibility)} %`);
    tiles.push({ ...image, pixels: await marked(image, targets), caption: seen.join(", ") });
  }
  return drawSheet(tiles, {
    columns: 3,
    title: "Boxes and key points follow the image",
    subtitle:
      "resized crop, flip, affine, Cutout; boxes of which less than 20 % is visible and hidden key points are dropped",
  });
}

/** The image with its boxes and key points drawn on it. */
async function marked(
  image: Image<Uint8Array>,
  targets: Required<Pick<Targets, "boxes" | "keyPoints">>,
): Promise<Uint8Array> {
  const { height, width } = image;
  const boxes = targets.boxes.map(
    ({ left, top, right, bottom }) =>
      `<rect x="${left}" y="${top}" width="${right - left}" height="${bottom - top}" fill="none" stroke="#e6007e" stroke-width="1.5"/>`,
  );
  const points = targets.keyPoints.map(
    ({ x, y }) => `<circle cx="${x}" cy="${y}" r="2.5" fill="#00e5ff" stroke="#000" stroke-width="0.7"/>`,
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${boxes.join("")}${points.join("")}</svg>`;
  return sharp(image.pixels, { raw: { width, height, channels: 3 } })
    .composite([{ input: Buffer.from(svg) }])
    .removeAlpha()
    .raw()
    .toBuffer();
}
