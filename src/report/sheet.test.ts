// Contact sheets, decoded again: is every pixel there, at its place and in its colour?
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { hasFont } from "../../test/helpers/fonts.ts";
import { trainingPipeline } from "../augment/pipeline/pipeline.ts";
import type { Dataset } from "../data/index.ts";
import { drawSheet, previewSheet, type SheetImage } from "./sheet.ts";
import { shortened, shortenedInside, wrapped } from "./svg-text.ts";
import { textWidth } from "./text-width.ts";

interface Decoded {
  data: Buffer;
  width: number;
  height: number;
}

async function decode(picture: Buffer): Promise<Decoded> {
  const { data, info } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  expect(info.channels).toBe(3);
  return { data, width: info.width, height: info.height };
}

/** Bounding box and number of the pixels of exactly this colour. */
function find({ data, width }: Decoded, [r, g, b]: readonly [number, number, number]) {
  const box = { left: Infinity, top: Infinity, right: -1, bottom: -1, count: 0 };
  for (let i = 0; i < data.length; i += 3) {
    if (data[i] !== r || data[i + 1] !== g || data[i + 2] !== b) continue;
    const x = (i / 3) % width;
    const y = Math.floor(i / 3 / width);
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x + 1);
    box.top = Math.min(box.top, y);
    box.bottom = Math.max(box.bottom, y + 1);
    box.count++;
  }
  return box;
}

type Colour = readonly [number, number, number];

function flat(height: number, width: number, colour: Colour, more: Partial<SheetImage> = {}): SheetImage {
  const pixels = Uint8Array.from({ length: height * width * 3 }, (_, i) => colour[i % 3]!);
  return { pixels, height, width, channels: 3, ...more };
}

describe("sheet", () => {
  test("tiny images are enlarged by a whole factor without smoothing, side by side, row by row", async () => {
    const colours: Colour[] = [
      [200, 10, 10],
      [10, 200, 10],
      [10, 10, 200],
    ];
    const sheet = await decode(
      await drawSheet(
        colours.map((colour) => flat(10, 20, colour)),
        { columns: 2, title: "Colours" },
      ),
    );
    const boxes = colours.map((colour) => find(sheet, colour));
    for (const box of boxes) {
      expect(box.right - box.left).toBe(120); // 6 x 20
      expect(box.bottom - box.top).toBe(60);
      expect(box.count).toBe(120 * 60);
    }
    expect(boxes[1]!.top).toBe(boxes[0]!.top);
    expect(boxes[1]!.left).toBeGreaterThan(boxes[0]!.right);
    expect(boxes[2]!.left).toBe(boxes[0]!.left);
    expect(boxes[2]!.top).toBeGreaterThan(boxes[0]!.bottom);
    expect(boxes[2]!.bottom).toBeLessThan(sheet.height);
  });

  test("pixels stand as they stood: one red pixel of a grey image's neighbour", async () => {
    const image = flat(28, 28, [9, 9, 9]);
    image.pixels.set([250, 3, 5], (3 * 28 + 20) * 3); // row 3, column 20
    const sheet = await decode(await drawSheet([image], { columns: 1, title: "One" }));
    const all = find(sheet, [9, 9, 9]);
    const red = find(sheet, [250, 3, 5]);
    expect([red.top - all.top, red.left - all.left, red.count]).toEqual([3 * 4, 20 * 4, 16]);
  });

  test("grey images, and large ones reduced", async () => {
    const grey: SheetImage = { pixels: new Uint8Array(30 * 30).fill(77), height: 30, width: 30, channels: 1 };
    const largeGrey: SheetImage = {
      pixels: new Uint8Array(512 * 256).fill(99),
      height: 512,
      width: 256,
      channels: 1,
    };
    const large = flat(512, 1024, [20, 120, 220]);
    const sheet = await decode(await drawSheet([grey, largeGrey, large], { columns: 3, title: "" }));
    expect(find(sheet, [77, 77, 77]).count).toBe(120 * 120);
    expect(find(sheet, [99, 99, 99]).count).toBe(256 * 128);
    expect(find(sheet, [20, 120, 220]).count).toBe(128 * 256);
  });

  test.skipIf(!hasFont)("captions and outlines are drawn, and take no pixel of the image", async () => {
    const plain = flat(112, 112, [200, 10, 10]);
    const size = { columns: 1, title: "Same" };
    const without = await decode(await drawSheet([plain], size));
    const caption = `<b> & "quotes" \u0007 ]]> ${"long ".repeat(50)}`;
    const outline = await decode(await drawSheet([{ ...plain, caption, outline: "#0000ff" }], size));
    expect(find(outline, [200, 10, 10])).toEqual(find(without, [200, 10, 10]));
    expect(find(outline, [0, 0, 255]).count).toBe(120 ** 2 - 112 ** 2);
    expect(outline.height).toBeGreaterThan(without.height);
    const ink = outline.data
      .subarray(without.height * without.width * 3)
      .filter((value) => value < 128).length;
    expect(ink).toBeGreaterThan(50); // the caption's letters stand below the image
  });

  test("a title longer than the sheet is wide is wrapped", async () => {
    const image = flat(112, 112, [200, 10, 10]);
    const short = await decode(await drawSheet([image], { columns: 1, title: "Short" }));
    const long = await decode(await drawSheet([image], { columns: 1, title: "many words ".repeat(20) }));
    expect(long.width).toBe(short.width);
    expect(long.height).toBeGreaterThan(short.height + 40);
  });

  test("bad input", async () => {
    const image = flat(2, 2, [0, 0, 0]);
    const draw = (images: SheetImage[], columns = 1) => drawSheet(images, { columns, title: "" });
    await expect(draw([])).rejects.toThrow("sheet: images must hold at least one, got none");
    await expect(draw([image], 0)).rejects.toThrow("sheet: columns must be an integer >= 1, got 0");
    await expect(draw([image, { ...image, width: 3 }])).rejects.toThrow(
      "sheet: image 1 must be grey or red-green-blue and hold height x width x channels bytes, got 2 x 3 x 3 with 12 bytes",
    );
    await expect(draw(new Array(200).fill(image), 200)).rejects.toThrow(
      "sheet: width and height must be at most 16383",
    );
  });
});

describe("text", () => {
  test("lines keep to the width and lose no word", () => {
    const text =
      "With Cutout (length 16, holes fully inside, in 50 % of the images, 8.6 % masked on average)";
    const lines = wrapped(text, 200, 12);
    expect(lines.join(" ")).toBe(text);
    for (const line of lines) expect(textWidth(line, 12)).toBeLessThanOrEqual(200);
    expect(shortened("short", 200, 12)).toBe("short");
    const cut = shortened("a".repeat(500), 200, 12);
    expect(cut.endsWith("a…")).toBe(true);
    expect(textWidth(cut, 12)).toBeLessThanOrEqual(200);
  });
  test("names that differ at their end are told apart when they are shortened", () => {
    const [autumn, spring] = ["autumn", "spring"].map((season) =>
      shortenedInside(`Branta canadensis (Canada goose), plumage of ${season}`, 130, 12),
    );
    expect(autumn).toMatch(/^Branta .*….*autumn$/);
    expect(spring).toMatch(/spring$/);
    expect(textWidth(autumn!, 12)).toBeLessThanOrEqual(130);
    expect(shortenedInside("short", 130, 12)).toBe("short");
    expect(shortenedInside("ab", 1, 12)).toBe("…");
  });
});

describe("preview", () => {
  const colours: Colour[] = [
    [200, 10, 10],
    [10, 200, 10],
    [10, 10, 200],
  ];
  const images = [0, 0, 0, 0, 1, 2].map((label) => flat(16, 16, colours[label]!));
  const dataset: Dataset = {
    name: "colours",
    classes: ["red", "green", "blue"],
    height: 16,
    width: 16,
    channels: 3,
    count: images.length,
    labels: Int32Array.of(0, 0, 0, 0, 1, 2),
    names: images.map((_, index) => `${index}.png`),
    officialParts: null,
    fingerprint: "colours",
    broken: [],
    read(indices, target) {
      for (let i = 0; i < indices.length; i++) target.set(images[indices[i]!]!.pixels, i * 16 * 16 * 3);
    },
    close() {},
  };
  const pipeline = trainingPipeline({
    input: { height: 16, width: 16, channels: 3 },
    crop: { height: 14, width: 14, padding: 0 },
    flip: 0.5,
    normalization: { mean: [0.6, 0.2, 0.4], std: [0.2, 0.3, 0.1] },
    cutout: { length: 4, nHoles: 1, placement: "inside", fill: "zero", probability: 1 },
  });

  test("a row an image, classes in turn; first column whole, holes of the mean colour in the others", async () => {
    const sheet = await decode(await previewSheet(dataset, pipeline, { images: 3, draws: 4, seed: 1 }));
    const side = 112; // 14 pixels, 8 times enlarged
    const hole = (4 * 8) ** 2;
    for (const colour of colours) expect(find(sheet, colour).count).toBe(5 * side ** 2 - 4 * hole);
    const holes = find(sheet, [153, 51, 102]); // the mean
    expect(holes.count).toBe(3 * 4 * hole);
    expect(holes.left).toBeGreaterThan(find(sheet, colours[0]!).left + side);
  });

  test("only images of the training part, when that is given", async () => {
    const options = { images: 50, draws: 1, seed: 1, indices: Int32Array.of(1, 3, 5) };
    const sheet = await decode(await previewSheet(dataset, pipeline, options));
    const row = 2 * 112 ** 2 - (4 * 8) ** 2;
    expect(colours.map((colour) => find(sheet, colour).count)).toEqual([2 * row, 0, row]);
  });

  test("same seed, same picture; another seed, another", async () => {
    const draw = (seed: number) => previewSheet(dataset, pipeline, { images: 2, draws: 2, seed });
    const first = await draw(1);
    expect((await draw(1)).equals(first)).toBe(true);
    expect((await draw(2)).equals(first)).toBe(false);
  });

  test("more images than there are shows them all", async () => {
    const sheet = await decode(await previewSheet(dataset, pipeline, { images: 50, draws: 1, seed: 1 }));
    expect(find(sheet, colours[0]!).count).toBe(4 * (2 * 112 ** 2 - (4 * 8) ** 2));
  });

  test("bad input", async () => {
    const options = { images: 1, draws: 1, seed: 0 };
    await expect(previewSheet(dataset, pipeline, { ...options, images: 0 })).rejects.toThrow(
      "preview: images must be an integer >= 1, got 0",
    );
    await expect(previewSheet(dataset, pipeline, { ...options, draws: 1.5 })).rejects.toThrow(
      "preview: draws must be an integer >= 1, got 1.5",
    );
    await expect(previewSheet({ ...dataset, width: 20 }, pipeline, options)).rejects.toThrow(
      "preview: dataset must have the pipeline's input, 16 x 16 x 3, got 16 x 20 x 3",
    );
  });
});
