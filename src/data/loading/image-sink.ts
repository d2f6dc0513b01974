// Where decoded images go: into the file of a cache, or into memory where no file can be written.
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { type ImageStore, sumsOf } from "./image-store.ts";

export interface ImageSink {
  /** The next image; its memory may be used again afterwards. */
  add(pixels: Uint8Array): void;
  /**
   * All images are there, and safe when this returns.
   * @param greyPixels the number of pixels of all images, where one of their three channels is enough; null otherwise
   * @returns the sums of what is in the file; none in memory
   */
  finish(greyPixels: number | null): readonly string[];
  close(): void;
}

export function fileSink(imageFile: string): ImageSink {
  const descriptor = openSync(imageFile, "w+");
  return {
    add: (pixels) => writeFileSync(descriptor, pixels), // at the file's position; loops over short writes
    finish(greyPixels) {
      if (greyPixels !== null) keepOneChannel(descriptor, greyPixels);
      fsyncSync(descriptor);
      return sumsOf(imageFile, descriptor, fstatSync(descriptor).size);
    },
    close: () => closeSync(descriptor),
  };
}

export interface MemorySink extends ImageSink {
  /** The images, once they are finished. */
  store(of: {
    readonly height: number;
    readonly width: number;
    readonly channels: number;
    readonly count: number;
  }): ImageStore;
}

export function memorySink(): MemorySink {
  let images: Uint8Array[] = [];
  return {
    add: (pixels) => images.push(pixels.slice()),
    finish(greyPixels) {
      if (greyPixels !== null) images = images.map((image) => image.filter((_, at) => at % 3 === 0));
      return [];
    },
    store({ height, width, channels, count }) {
      const imageBytes = height * width * channels;
      const bytes = new SharedArrayBuffer(count * imageBytes);
      const all = new Uint8Array(bytes);
      for (const [at, image] of images.entries()) all.set(image, at * imageBytes);
      return { place: { kind: "memory", bytes }, imageBytes, count };
    },
    close: () => {},
  };
}

/** Turns [.., 3] into [.., 1] within the file; `pixels` is the number of pixels of all images. */
function keepOneChannel(descriptor: number, pixels: number): void {
  const chunk = 2 ** 20;
  const three = new Uint8Array(3 * chunk);
  const one = new Uint8Array(chunk);
  for (let start = 0; start < pixels; start += chunk) {
    const count = Math.min(chunk, pixels - start);
    for (let done = 0; done < 3 * count; ) {
      done += readSync(descriptor, three, done, 3 * count - done, 3 * start + done);
    }
    for (let pixel = 0; pixel < count; pixel++) one[pixel] = three[3 * pixel]!;
    for (let done = 0; done < count; ) done += writeSync(descriptor, one, done, count - done, start + done);
  }
  ftruncateSync(descriptor, pixels);
}
