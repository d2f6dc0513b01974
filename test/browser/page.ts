// What the page of augment.test.ts runs in the browser: applies given parameters, and augments a real canvas.
import {
  type AugmentationSpec,
  augmentImageData,
  createAugmentation,
  horizontalFlip,
  type Image,
  randomCrop,
} from "../../src/augment/index.ts";

/** One augmentation with parameters that were drawn elsewhere, and the image to apply them to. */
export interface Job {
  readonly spec: AugmentationSpec;
  readonly parameters: unknown;
  readonly image: Omit<Image, "pixels">;
  readonly floats: boolean;
  readonly pixels: readonly number[];
}

export interface Results {
  readonly images: readonly (readonly number[])[];
  readonly canvas: {
    readonly isImageData: boolean;
    readonly size: readonly [number, number];
    readonly before: readonly number[];
    readonly flipped: readonly number[];
    readonly padded: readonly number[];
  };
}

declare const jobs: readonly Job[];
declare const document: {
  body: { textContent: string };
  createElement(name: "canvas"): { width: number; height: number; getContext(kind: "2d"): Context };
};
declare const ImageData: abstract new (...args: never[]) => object;

interface Context {
  fillStyle: string;
  fillRect(x: number, y: number, width: number, height: number): void;
  getImageData(x: number, y: number, width: number, height: number): Drawn;
  putImageData(data: Drawn, x: number, y: number): void;
}
interface Drawn {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

function applied({ spec, parameters, image, floats, pixels }: Job): number[] {
  const array = floats ? Float32Array.from(pixels) : Uint8Array.from(pixels);
  return [...createAugmentation(spec).apply({ ...image, pixels: array }, parameters).pixels];
}

function onCanvas(): Results["canvas"] {
  const canvas = document.createElement("canvas");
  canvas.width = 4;
  canvas.height = 3;
  const context = canvas.getContext("2d");
  context.fillStyle = "rgb(255, 0, 0)";
  context.fillRect(0, 0, 2, 1);
  context.fillStyle = "rgba(0, 255, 0, 0.5)";
  context.fillRect(3, 1, 1, 2);
  const before = context.getImageData(0, 0, 4, 3);
  const flipped = augmentImageData(before, horizontalFlip(), { flip: true });
  context.putImageData(flipped, 0, 0);
  const crop = randomCrop({ height: 3, width: 3, padding: 1, fill: [0, 0, 255] });
  const padded = augmentImageData(before, crop, { top: -1, left: 0 });
  return {
    isImageData: flipped instanceof ImageData,
    size: [padded.height, padded.width],
    before: [...before.data],
    flipped: [...context.getImageData(0, 0, 4, 3).data],
    padded: [...padded.data],
  };
}

const results: Results = { images: jobs.map(applied), canvas: onCanvas() };
document.body.textContent = JSON.stringify(results);
