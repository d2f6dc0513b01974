// Canvas: `ImageData`, red, green, blue and alpha in bytes.
import { CutoutError } from "../../error.ts";
import type { Augmentation, Image } from "../augmentation.ts";
import { checkShape } from "../image/layout.ts";
import { transformTargets } from "../targets/targets.ts";

/** The fields of `ImageData`, in a browser, a worker, or a canvas package for Node. */
export interface ImageDataLike {
  /** [height, width, 4]: red, green, blue, alpha. */
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  readonly colorSpace?: string;
}

/** Colours and alpha apart. */
export interface ImageAndAlpha {
  /** Three channels, order HWC. */
  readonly image: Image<Uint8Array>;
  /** [height, width] */
  readonly alpha: Uint8Array;
}

const where = "canvas";

/**
 * Colours and alpha of an `ImageData`, copied.
 * @throws Error when it is empty, its array does not fit, or it holds no bytes
 */
export function fromImageData({ data, height, width }: ImageDataLike): ImageAndAlpha {
  checkShape(where, { height, width, channels: 4 });
  if (!(data instanceof Uint8ClampedArray) || data.length !== 4 * height * width) {
    const kind = (data as object | null | undefined)?.constructor.name;
    throw new CutoutError({
      where,
      option: "data",
      what: `must be a Uint8ClampedArray of ${height} x ${width} x 4 numbers`,
      got: `${kind} of ${data?.length}`,
    });
  }
  const pixels = new Uint8Array(3 * height * width);
  const alpha = Uint8Array.from({ length: height * width }, (_, pixel) => {
    for (let c = 0; c < 3; c++) pixels[3 * pixel + c] = data[4 * pixel + c]!;
    return data[4 * pixel + 3]!;
  });
  return { image: { pixels, height, width, channels: 3, layout: "HWC" }, alpha };
}

/**
 * An `ImageData` after an augmentation, as a new one of the same class. Alpha goes where its pixels go and otherwise
 * stays as it is; what was not in the image before is opaque, in the augmentation's fill.
 *
 * @example
 * const imageData = context.getImageData(0, 0, canvas.width, canvas.height);
 * const parameters = augment.sample(rng, { ...imageShape, channels: 3 }, 0);
 * context.putImageData(augmentImageData(imageData, augment, parameters), 0, 0);
 *
 * @throws Error when the `ImageData` is empty or holds no bytes, or what the augmentation throws
 */
export function augmentImageData<I extends ImageDataLike, Parameters>(
  imageData: I,
  augmentation: Augmentation<Parameters>,
  parameters: Parameters,
): I {
  const { image, alpha } = fromImageData(imageData);
  const { pixels, height, width } = augmentation.apply(image, parameters);
  const mask = { pixels: alpha, height: image.height, width: image.width };
  const opaque = { maskOutside: 255, maskHidden: null };
  const [moved] = transformTargets(augmentation, parameters, image, { masks: [mask] }, opaque).masks;
  const data = new Uint8ClampedArray(4 * height * width);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let c = 0; c < 3; c++) data[4 * pixel + c] = pixels[3 * pixel + c]!;
    data[4 * pixel + 3] = moved!.pixels[pixel]!;
  }
  return sameClass(imageData, data, width, height);
}

type ImageDataClass<I> = new (
  data: Uint8ClampedArray,
  width: number,
  height: number,
  settings?: { readonly colorSpace: string },
) => I;

function sameClass<I extends ImageDataLike>(
  like: I,
  data: Uint8ClampedArray,
  width: number,
  height: number,
): I {
  if (like.constructor === Object) return { ...like, data, width, height };
  const ImageDataOfIt = like.constructor as ImageDataClass<I>;
  const { colorSpace } = like;
  return colorSpace === undefined
    ? new ImageDataOfIt(data, width, height)
    : new ImageDataOfIt(data, width, height, { colorSpace });
}
