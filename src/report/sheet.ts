// Contact sheets: a grid of images with captions and outlines in one PNG, and the preview of augmentation.

import sharp from "sharp";
import { alternating } from "../augment/geometry/flip.ts";
import type { ImageShape } from "../augment/image/layout.ts";
import { denormalize } from "../augment/image/normalize.ts";
import { evaluationViews } from "../augment/pipeline/evaluation-views.ts";
import type { TrainingPipeline } from "../augment/pipeline/pipeline.ts";
import type { Batch, Dataset } from "../data/index.ts";
import { CutoutError } from "../error.ts";
import { permutation, stream } from "../rng.ts";
import { counted } from "../text.ts";
import { describeCutout } from "./describe.ts";
import { escapeHtml } from "./markup.ts";
import { shortened, type TextStyle, textLine, wrapped } from "./svg-text.ts";

export interface SheetImage {
  /** Bytes [height, width, channels], red-green-blue or grey. */
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** A few words below the image; cut off where they do not fit. */
  readonly caption?: string;
  /** CSS colour of a frame around the image. */
  readonly outline?: string;
}

export interface SheetOptions {
  readonly columns: number;
  /** Above the grid; wrapped where it is long. */
  readonly title: string;
  /** Small print below the title. */
  readonly subtitle?: string;
}

/** Small images are enlarged, by a whole factor and without smoothing, until a side has this many pixels. */
const minimumSide = 112;
/** Larger images are reduced to this. */
const maximumSide = 256;
const margin = 16;
const gap = 10;
const captionHeight = 20;
const captionStyle: TextStyle = { size: 12, colour: "#444444" };
const titleStyle: TextStyle = { size: 17, colour: "#111111", bold: true };
const subtitleStyle: TextStyle = { size: 12, colour: "#555555" };
/** A sheet of few columns is at least so wide, for the title. */
const minimumTextWidth = 460;
/** A larger picture is none to look at, and many programs cannot open it. */
const maximumSheet = 16383;

/**
 * Draws images into a grid, row by row.
 * @param images need not have one size; 1 (grey) or 3 (red, green, blue) channels
 * @returns a PNG
 * @throws Error when there is no image, an array does not fit its shape, or the sheet would be larger than 16383 pixels
 */
export async function drawSheet(images: readonly SheetImage[], options: SheetOptions): Promise<Buffer> {
  checkSheet(images, options);
  const tiles = await Promise.all(images.map(scaled));
  const columns = Math.min(options.columns, tiles.length);
  const rows = Math.ceil(tiles.length / columns);
  const cellWidth = Math.max(...tiles.map((tile) => tile.width));
  const cellHeight = Math.max(...tiles.map((tile) => tile.height));
  const pitch = {
    x: cellWidth + gap,
    y: cellHeight + gap + (images.some((image) => image.caption) ? captionHeight : 0),
  };
  const width = Math.max(minimumTextWidth, columns * pitch.x - gap) + 2 * margin;
  const header = drawHeader(options, width - 2 * margin);
  const height = header.height + rows * pitch.y - gap + margin;
  if (width > maximumSheet || height > maximumSheet) {
    throw new CutoutError({
      where: "sheet",
      what: `width and height must be at most ${maximumSheet}`,
      got: `${width} x ${height}: show fewer images`,
    });
  }

  const canvas = Buffer.alloc(width * height * 3, 255);
  const overlay = [header.svg];
  tiles.forEach((tile, index) => {
    const left = margin + (index % columns) * pitch.x;
    const top = header.height + Math.floor(index / columns) * pitch.y;
    for (let y = 0; y < tile.height; y++) {
      const row = tile.pixels.subarray(y * tile.width * 3, (y + 1) * tile.width * 3);
      canvas.set(row, ((top + y) * width + left) * 3);
    }
    const { caption, outline } = images[index]!;
    if (outline) {
      overlay.push(
        `<rect x="${left - 2}" y="${top - 2}" width="${tile.width + 4}" height="${tile.height + 4}" ` +
          `fill="none" stroke="${escapeHtml(outline)}" stroke-width="4"/>`,
      );
    }
    if (caption) {
      const { size } = captionStyle;
      const baseline = top + tile.height + size + 5;
      overlay.push(textLine(shortened(caption, cellWidth, size), left, baseline, captionStyle));
    }
  });
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `font-family="DejaVu Sans, sans-serif">${overlay.join("")}</svg>`;
  return sharp(canvas, { raw: { width, height, channels: 3 } })
    .composite([{ input: Buffer.from(svg) }])
    .png()
    .toBuffer();
}

/**
 * Shows what training sees: a row for each image, first its centre crop, then `draws` augmented versions, drawn
 * from the streams of epochs 1, 2, ... of a run with this seed. Rows go through the classes in turn. Normalization is undone.
 * @param options.indices the images to choose from: the training part; all images when left out
 * @returns a PNG whose title tells the expected masked area
 * @throws Error when the dataset does not have the pipeline's input shape, or a count is not an integer >= 1
 */
export async function previewSheet(
  dataset: Dataset,
  pipeline: TrainingPipeline,
  options: {
    readonly images: number;
    readonly draws: number;
    readonly seed: number;
    readonly indices?: Int32Array;
    /** What augments, in words; by default what the pipeline's Cutout says. */
    readonly title?: string;
    /** What training does to the images of a batch together: the batch of an epoch to its images. */
    readonly mix?: (batch: Batch, epoch: number) => Float32Array;
  },
): Promise<Buffer> {
  const {
    images,
    draws,
    seed,
    title = describeCutout(pipeline.options.cutout, pipeline.output),
    mix = (batch) => batch.images,
    indices = Int32Array.from({ length: dataset.count }, (_, at) => at),
  } = options;
  const { input, normalization } = pipeline.options;
  checkCount("images", images);
  checkCount("draws", draws);
  if (
    dataset.height !== input.height ||
    dataset.width !== input.width ||
    dataset.channels !== input.channels
  ) {
    throw new CutoutError({
      where: "preview",
      option: "dataset",
      what: `must have the pipeline's input, ${shapeText(input)}`,
      got: shapeText(dataset),
    });
  }
  const { output } = pipeline;
  const view = evaluationViews("center", input, output)[0]!;
  // The image that is shown, and another, which holes may show.
  const pixels = new Uint8Array(2 * input.height * input.width * input.channels);
  const size = output.height * output.width * output.channels;
  const chosen = classesInTurn(dataset, indices, images, seed);
  const labels = Int32Array.from(chosen, (index) => dataset.labels[index]!);
  // A column is a batch: epoch 0 shows the images as they are.
  const columns = Array.from({ length: 1 + draws }, (_, epoch): readonly SheetImage[] => {
    const batch = {
      images: new Float32Array(chosen.length * size),
      labels,
      indices: Int32Array.from(chosen),
      count: chosen.length,
    };
    const ofBatch = () => stream(seed, "augment batch", epoch, 0);
    const captions = chosen.map((index, at) => {
      dataset.read([index, chosen[(at + 1) % chosen.length]!], pixels);
      const turn = { epoch, ofImage: () => stream(seed, "augment image", index) };
      const drawn = epoch > 0 && pipeline.sample(stream(seed, "augment", epoch, index), { ofBatch, turn });
      pipeline.apply(pixels, 0, drawn || view, batch.images, at * size);
      if (!drawn) return dataset.classes[labels[at]!]!;
      return drawn.flip ? `draw ${epoch}, flipped` : `draw ${epoch}`;
    });
    const shown = epoch === 0 ? batch.images : mix(batch, epoch);
    return captions.map((caption, at) => {
      const image = shown.subarray(at * size, (at + 1) * size);
      return { pixels: denormalize(image, output, normalization), ...output, caption };
    });
  });
  const tiles = chosen.flatMap((_, at) => columns.map((column) => column[at]!));
  return drawSheet(tiles, {
    columns: 1 + draws,
    title: title.replace(/^w/, "W"),
    subtitle: `${dataset.name}: centre crop, then ${counted(draws, "random draw")} each, seed ${seed}. ${pipelineText(pipeline)}`,
  });
}

function pipelineText({ options: { input, crop, flip } }: TrainingPipeline): string {
  const reflected = crop.paddingMode === "reflect" ? " reflected" : "";
  const padding = crop.padding > 0 ? ` padded by ${crop.padding}${reflected}` : "";
  const from = `${input.height} x ${input.width}${padding}`;
  const flips = flip === alternating ? "flips alternate from epoch to epoch" : `flip ${percent(flip)}`;
  return `Crops of ${crop.height} x ${crop.width} from ${from}, ${flips}.`;
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}

function shapeText({ height, width, channels }: ImageShape): string {
  return `${height} x ${width} x ${channels}`;
}

/** `count` of the images in random order, the classes in turn as far as they reach. */
function classesInTurn(dataset: Dataset, indices: Int32Array, count: number, seed: number): number[] {
  const ofClass = dataset.classes.map((): number[] => []);
  for (const at of permutation(stream(seed, "preview"), indices.length)) {
    const index = indices[at]!;
    ofClass[dataset.labels[index]!]!.push(index);
  }
  const chosen: number[] = [];
  for (let round = 0; chosen.length < Math.min(count, indices.length); round++) {
    for (const images of ofClass) if (round < images.length) chosen.push(images[round]!);
  }
  return chosen.slice(0, count);
}

function checkCount(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new CutoutError({
      where: "preview",
      option: name,
      what: "must be an integer >= 1",
      got: String(value),
    });
  }
}

function checkSheet(images: readonly SheetImage[], { columns }: SheetOptions): void {
  if (images.length === 0)
    throw new CutoutError({ where: "sheet", option: "images", what: "must hold at least one", got: "none" });
  if (!Number.isInteger(columns) || columns < 1) {
    throw new CutoutError({
      where: "sheet",
      option: "columns",
      what: "must be an integer >= 1",
      got: String(columns),
    });
  }
  images.forEach((image, index) => {
    const { pixels, height, width, channels } = image;
    if ((channels !== 1 && channels !== 3) || pixels.length !== height * width * channels) {
      throw new CutoutError({
        where: "sheet",
        what: `image ${index} must be grey or red-green-blue and hold height x width x channels bytes`,
        got: `${shapeText(image)} with ${pixels.length} bytes`,
      });
    }
  });
}

/** Title and small print, wrapped, from the sheet's top on; `height` is where the grid may start. */
function drawHeader(
  { title, subtitle = "" }: SheetOptions,
  width: number,
): { readonly svg: string; readonly height: number } {
  let bottom = margin;
  let svg = "";
  for (const [text, style] of [
    [title, titleStyle],
    [subtitle, subtitleStyle],
  ] as const) {
    // Bold letters are about a tenth wider.
    for (const line of wrapped(text, style.bold ? width / 1.1 : width, style.size)) {
      svg += textLine(line, margin, bottom + style.size, style);
      bottom += Math.round(1.4 * style.size);
    }
  }
  return { svg, height: bottom + gap };
}

/** Red-green-blue, in a size to look at. */
async function scaled(image: SheetImage): Promise<{ pixels: Uint8Array; height: number; width: number }> {
  const { pixels, height, width, channels } = image;
  const side = Math.max(height, width);
  if (side > maximumSide) {
    const { data, info } = await sharp(pixels, { raw: { width, height, channels: channels as 1 | 3 } })
      .resize({ width: maximumSide, height: maximumSide, fit: "inside" })
      .toColourspace("srgb")
      .raw()
      .toBuffer({ resolveWithObject: true });
    const reduced = { pixels: data, height: info.height, width: info.width, channels: info.channels };
    return { ...reduced, pixels: enlarged(reduced, 1) };
  }
  const factor = Math.max(1, Math.ceil(minimumSide / side));
  return { pixels: enlarged(image, factor), height: height * factor, width: width * factor };
}

/** Every pixel becomes factor x factor pixels of red, green and blue (nearest neighbour). */
function enlarged({ pixels, height, width, channels }: SheetImage, factor: number): Uint8Array {
  const result = new Uint8Array(height * width * 3 * factor ** 2);
  let next = 0;
  for (let y = 0; y < height * factor; y++) {
    for (let x = 0; x < width * factor; x++) {
      const source = (Math.floor(y / factor) * width + Math.floor(x / factor)) * channels;
      for (let c = 0; c < 3; c++) result[next++] = pixels[source + (c % channels)]!;
    }
  }
  return result;
}
