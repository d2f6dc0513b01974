// From the orders in which files keep pixels to ours: [height, width, channels].
import type { Size } from "./image.ts";

type Shape = Size & { readonly channels: number };

/** From one plane a channel, [channels, height, width]: CIFAR, PyTorch. */
export function fromPlanes(stored: Uint8Array, { height, width, channels }: Shape): Uint8Array {
  const plane = height * width;
  const pixels = new Uint8Array(stored.length);
  for (let pixel = 0; pixel < plane; pixel++) {
    for (let channel = 0; channel < channels; channel++) {
      pixels[pixel * channels + channel] = stored[channel * plane + pixel]!;
    }
  }
  return pixels;
}

/** From planes of columns, [channels, width, height] in memory: Matlab, STL-10, EMNIST. */
export function fromColumns(stored: Uint8Array, { height, width, channels }: Shape): Uint8Array {
  const pixels = new Uint8Array(stored.length);
  for (let channel = 0, at = 0; channel < channels; channel++) {
    for (let x = 0; x < width; x++) {
      for (let y = 0; y < height; y++) pixels[(y * width + x) * channels + channel] = stored[at++]!;
    }
  }
  return pixels;
}
