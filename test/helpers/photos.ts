// A folder of small photos that two classes can be told apart by: red ones and blue ones, with noise.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { stream } from "../../src/rng.ts";

/** Writes `count` noisy PNGs for each class into `folder/red` and `folder/blue`. */
export async function paintPhotos(folder: string, count: number, side = 32): Promise<void> {
  const random = stream(1, "photos");
  for (const [name, bright] of [
    ["red", 0],
    ["blue", 2],
  ] as const) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let image = 0; image < count; image++) {
      const pixels = Uint8Array.from({ length: side * side * 3 }, (_, at) =>
        Math.floor((at % 3 === bright ? 80 : 0) + 176 * random.uniform()),
      );
      const raw = { width: side, height: side, channels: 3 as const };
      await sharp(pixels, { raw })
        .png()
        .toFile(join(folder, name, `${image}.png`));
    }
  }
}
