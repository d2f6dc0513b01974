// Adapters with the real libraries: the same pixels arrive as from a plain array. Canvas: test/browser.
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import fc from "fast-check";
import * as ort from "onnxruntime-node";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { arbitraryImage, toLayout } from "../../../test/helpers/images.ts";
import { stream } from "../../rng.ts";
import type { Image, ImageBatch } from "../augmentation.ts";
import { colorJitter } from "../colour/color-jitter.ts";
import { compose } from "../compose.ts";
import { horizontalFlip } from "../geometry/flips.ts";
import { resizedCrop } from "../geometry/resized-crop.ts";
import { applyEach, augmentEach, inLayout } from "./arrays.ts";
import { augmentImageData, fromImageData, type ImageDataLike } from "./canvas.ts";
import { batchFromOnnx, toOnnx } from "./onnxruntime.ts";
import { fromSharp, toSharp } from "./sharp.ts";
import { batchFromTfjs, imageFromTfjs, toTfjs } from "./tfjs.ts";

const augment = compose([resizedCrop({ size: { height: 6, width: 5 } }), horizontalFlip({ probability: 1 })]);

const photo: Image<Uint8Array> = {
  height: 8,
  width: 7,
  channels: 3,
  layout: "HWC",
  pixels: Uint8Array.from({ length: 168 }, (_, i) => (i * 53) % 256),
};
const drawn = augment.sample(stream(1, "photo"), photo, 0);
const changed = augment.apply(photo, drawn);

describe("plain arrays", () => {
  const batches = arbitraryImage({ channels: [3] })
    .filter(({ height, width }) => height >= 2 && width >= 2)
    .chain((image) =>
      fc.integer({ min: 1, max: 4 }).map((count): ImageBatch => {
        const pixels =
          image.pixels.constructor === Float32Array
            ? new Float32Array(count * image.pixels.length)
            : new Uint8Array(count * image.pixels.length);
        for (let i = 0; i < count; i++)
          pixels.set(
            image.pixels.map((value, at) => (at % (i + 1) === 0 ? value : 0)),
            i * image.pixels.length,
          );
        return {
          ...image,
          pixels,
          count,
          labels: Float32Array.from({ length: count * 2 }, (_, at) => at % 2),
        };
      }),
    );

  test("a batch is its images one by one, each with its own stream", () => {
    fc.assert(
      fc.property(batches, fc.integer(), (images, seed) => {
        const before = structuredClone(images);
        const { batch, parameters } = augmentEach(augment, images, (index) => stream(seed, "t", index));
        expect(images).toEqual(before);
        const size = images.pixels.length / images.count;
        for (let index = 0; index < images.count; index++) {
          const { count: _, labels: __, ...shape } = images;
          const image = { ...shape, pixels: images.pixels.slice(index * size, (index + 1) * size) };
          expect(parameters[index]).toEqual(augment.sample(stream(seed, "t", index), image, 0));
          const alone = augment.apply(image, parameters[index]!);
          expect(batch.pixels.slice(index * 90, (index + 1) * 90)).toEqual(alone.pixels);
        }
        expect(batch).toMatchObject({
          height: 6,
          width: 5,
          channels: 3,
          layout: images.layout,
          labels: images.labels,
        });
        expect(applyEach(augment, images, JSON.parse(JSON.stringify(parameters)))).toEqual(batch);
      }),
    );
  });

  test("the other order of the axes, and back", () => {
    fc.assert(
      fc.property(batches, (images) => {
        const other = images.layout === "HWC" ? "CHW" : "HWC";
        const turned = inLayout(images, other);
        expect(inLayout(turned, images.layout)).toEqual(images);
        const { count: _, labels: __, ...shape } = images;
        const size = images.pixels.length / images.count;
        const first = { ...shape, pixels: images.pixels.slice(0, size) };
        expect(turned.pixels.slice(0, size)).toEqual(toLayout(first, other).pixels);
      }),
    );
    expect(inLayout(photo, "HWC")).toBe(photo);
  });

  test("bad input: arrays and lists of another length", () => {
    const batch: ImageBatch = { ...photo, count: 2, labels: null };
    expect(() => augmentEach(augment, batch, () => stream(1, "t"))).toThrow(
      "2 x 8 x 7 x 3 pixels hold 336 numbers, got 168",
    );
    expect(() => applyEach(augment, { ...batch, count: 1 }, [])).toThrow(
      "applyEach: parameters must be 1, one for each image, got 0",
    );
    expect(() => inLayout({ ...photo, height: 9 }, "CHW")).toThrow(
      "inLayout: 1 x 9 x 7 x 3 pixels hold 189 numbers, got 168",
    );
  });
});

describe("sharp", () => {
  test("in, augmented, out", async () => {
    const png = await sharp(photo.pixels, { raw: { width: 7, height: 8, channels: 3 } })
      .png()
      .toBuffer();
    const image = fromSharp(await sharp(png).raw().toBuffer({ resolveWithObject: true }));
    expect(image).toEqual(photo);
    const { data, options } = toSharp(augment.apply(image, drawn));
    const written = await sharp(data, options).png().toBuffer();
    const read = await sharp(written).raw().toBuffer({ resolveWithObject: true });
    expect(read.info).toMatchObject({ height: 6, width: 5, channels: 3 });
    expect([...read.data]).toEqual([...changed.pixels]);
    expect([...toSharp(toLayout(photo, "CHW")).data]).toEqual([...photo.pixels]);
  });

  test("bad input: 16 bits a number, floats, too many channels", async () => {
    const raw = sharp(photo.pixels, { raw: { width: 7, height: 8, channels: 3 } }).raw({ depth: "ushort" });
    const deep = await raw.toBuffer({ resolveWithObject: true });
    expect(() => fromSharp(deep)).toThrow("fromSharp: 1 x 8 x 7 x 3 pixels hold 168 numbers, got 336");
    expect(() => fromSharp(photo.pixels as never)).toThrow(
      "fromSharp: must be given data and info, got data alone; read it with toBuffer({ resolveWithObject: true })",
    );
    const floats = { ...photo, pixels: new Float32Array(168) } as Image as Image<Uint8Array>;
    expect(() => toSharp(floats)).toThrow("toSharp: pixels must be bytes, got floats");
    const many = { height: 1, width: 1, channels: 5, layout: "HWC", pixels: new Uint8Array(5) } as const;
    expect(() => toSharp(many)).toThrow("toSharp: channels must be from 1 to 4, got 5");
  });
});

describe("TensorFlow.js", () => {
  const floats = { ...photo, pixels: Float32Array.from(photo.pixels, (value) => value / 255) };

  test.each<[string, Image]>([
    ["int32", photo],
    ["float32", floats],
  ])("%s images in, augmented, out", async (dtype, image) => {
    const tensor = toTfjs(tf, image);
    expect([tensor.shape, tensor.dtype]).toEqual([[8, 7, 3], dtype]);
    const read = await imageFromTfjs(tensor);
    expect(read).toEqual(image);
    const result = toTfjs(tf, augment.apply(read, drawn));
    expect([...(await result.data())]).toEqual([...augment.apply(image, drawn).pixels]);
    expect([...(await tensor.data())]).toEqual([...image.pixels]);
  });

  test("batches, also out of the other order", async () => {
    const batch: ImageBatch = {
      ...photo,
      count: 2,
      labels: null,
      pixels: Uint8Array.from([...photo.pixels, ...photo.pixels]),
    };
    const tensor = toTfjs(tf, inLayout(batch, "CHW"));
    expect(tensor.shape).toEqual([2, 8, 7, 3]);
    expect(await batchFromTfjs(tensor)).toEqual(batch);
  });

  test("bad input: other axes, other types, integers that are no bytes", async () => {
    await expect(imageFromTfjs(tf.zeros([2, 3]))).rejects.toThrow(
      "tfjs: the tensor must be [height, width, channels], got [2, 3]",
    );
    await expect(batchFromTfjs(tf.zeros([2, 3, 3]))).rejects.toThrow(
      "must be [count, height, width, channels], got [2, 3, 3]",
    );
    await expect(imageFromTfjs(tf.zeros([2, 3, 3], "bool"))).rejects.toThrow(
      "tfjs: the tensor must be float32 or int32, got bool",
    );
    await expect(imageFromTfjs(tf.fill([2, 3, 3], 300, "int32"))).rejects.toThrow(
      "tfjs: integers must be from 0 to 255, got 300",
    );
    await expect(imageFromTfjs(tf.zeros([0, 3, 3]))).rejects.toThrow(
      "tfjs: height must be an integer >= 1, got 0",
    );
  });
});

describe("ONNX Runtime", () => {
  const batch: ImageBatch = { ...toLayout(photo, "CHW"), count: 1, labels: null };

  test.each<["uint8" | "float32", ImageBatch]>([
    ["uint8", batch],
    ["float32", { ...batch, pixels: Float32Array.from(batch.pixels, (value) => value / 255) }],
  ])("%s batches in, augmented, out", async (type, images) => {
    const tensor = toOnnx(ort, images);
    expect([tensor.dims, tensor.type]).toEqual([[1, 3, 8, 7], type]);
    const read = await batchFromOnnx(tensor);
    expect(read).toEqual(images);
    const result = toOnnx(ort, applyEach(augment, read, [drawn]));
    expect(result.dims).toEqual([1, 3, 6, 5]);
    expect([...((await result.getData()) as Uint8Array)]).toEqual([
      ...applyEach(augment, images, [drawn]).pixels,
    ]);
  });

  test("the other order, and one image", async () => {
    const tensor = toOnnx(ort, photo);
    expect(tensor.dims).toEqual([1, 8, 7, 3]);
    expect(await batchFromOnnx(tensor, "HWC")).toEqual({ ...photo, count: 1, labels: null });
  });

  test("bad input: other axes and other types", async () => {
    const flat = new ort.Tensor("float32", new Float32Array(6), [2, 3]);
    await expect(batchFromOnnx(flat)).rejects.toThrow(
      "onnxruntime: the tensor must be [count, channels, height, width], got [2, 3]",
    );
    const ids = new ort.Tensor("int64", new BigInt64Array(3), [1, 3, 1, 1]);
    await expect(batchFromOnnx(ids)).rejects.toThrow(
      "onnxruntime: the tensor must be float32 or uint8, got int64",
    );
  });
});

describe("canvas, with an object that has the same fields", () => {
  const rgba: ImageDataLike = {
    height: 8,
    width: 7,
    data: Uint8ClampedArray.from({ length: 224 }, (_, i) => {
      const pixel = Math.floor(i / 4);
      return i % 4 === 3 ? 200 - pixel : photo.pixels[3 * pixel + (i % 4)]!;
    }),
  };

  test("colours and alpha come apart", () => {
    const { image, alpha } = fromImageData(rgba);
    expect(image).toEqual(photo);
    expect([...alpha]).toEqual(Array.from({ length: 56 }, (_, pixel) => 200 - pixel));
  });

  test("alpha stays where colours change, and goes along where pixels go", () => {
    const jitter = colorJitter({ brightness: 0.5 });
    const brighter = augmentImageData(rgba, jitter, { changes: [{ property: "brightness", amount: 1.3 }] });
    expect(fromImageData(brighter).alpha).toEqual(fromImageData(rgba).alpha);
    expect(fromImageData(brighter).image.pixels).not.toEqual(photo.pixels);
    const flipped = augmentImageData(rgba, horizontalFlip(), { flip: true });
    for (let pixel = 0; pixel < 56; pixel++) {
      const from = 7 * Math.floor(pixel / 7) + 6 - (pixel % 7);
      expect([...flipped.data.slice(4 * pixel, 4 * pixel + 4)]).toEqual([
        ...rgba.data.slice(4 * from, 4 * from + 4),
      ]);
    }
  });

  test("bad input: an empty one, floats, an array too short", () => {
    expect(() => fromImageData({ ...rgba, width: 0 })).toThrow(
      "canvas: width must be an integer >= 1, got 0",
    );
    const floats = new Float32Array(224) as unknown as Uint8ClampedArray;
    expect(() => fromImageData({ ...rgba, data: floats })).toThrow(
      "canvas: data must be a Uint8ClampedArray of 8 x 7 x 4 numbers, got Float32Array of 224",
    );
    expect(() => fromImageData({ ...rgba, data: rgba.data.slice(1) })).toThrow(
      "got Uint8ClampedArray of 223",
    );
  });
});
