// The images that all engines get: raw 8-bit ones in a file, and photos as JPEGs in a folder.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { stream } from "../src/rng.ts";

export interface Pictures {
  /** [count, side, side, 3] */
  raw(side: number, count: number): string;
  /** A folder of folders of 500 x 375 JPEGs. */
  jpegs(count: number): Promise<string>;
  remove(): void;
}

/** In a temporary folder, made when they are first asked for. */
export function makePictures(): Pictures {
  const folder = mkdtempSync(join(tmpdir(), "cutout-bench-"));
  const made = new Map<string, Promise<string> | string>();
  return {
    raw(side, count) {
      const file = join(folder, `${side}-${count}.raw`);
      if (!made.has(file)) {
        const rng = stream(0, "raw images");
        const bytes = new Uint8Array(count * side * side * 3);
        // The first few images are random, the others repeat them.
        const few = Math.min(bytes.length, 2 ** 22);
        for (let index = 0; index < few; index++) bytes[index] = rng.seed();
        for (let at = few; at < bytes.length; at += few)
          bytes.copyWithin(at, 0, Math.min(few, bytes.length - at));
        writeFileSync(file, bytes);
        made.set(file, file);
      }
      return file;
    },
    async jpegs(count) {
      const photos = join(folder, "jpegs");
      if (!made.has(photos)) made.set(photos, paint(photos, count));
      return made.get(photos)!;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Soft shapes with grain: about the detail, and bytes a pixel, of a snapshot. */
async function paint(folder: string, count: number): Promise<string> {
  const [width, height] = [500, 375];
  for (let image = 0; image < count; image++) {
    const rng = stream(0, "photo", image);
    const coarse = { width: 20, height: 15, channels: 3 as const };
    const blobs = Uint8Array.from({ length: 20 * 15 * 3 }, () => rng.integer(256));
    const soft = await sharp(blobs, { raw: coarse })
      .resize(width, height, { kernel: "cubic", fit: "fill" })
      .raw()
      .toBuffer();
    const grain = soft.map((value) => Math.max(0, Math.min(255, value + rng.integer(25) - 12)));
    const where = join(folder, image % 2 === 0 ? "even" : "odd");
    mkdirSync(where, { recursive: true });
    await sharp(grain, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 85 })
      .toFile(join(where, `${image}.jpg`));
  }
  return folder;
}
