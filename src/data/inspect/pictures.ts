// Small pictures of chosen images of some data, for people to look at.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Source } from "../datasets/source.ts";
import { decodeImage, encodeWebp, type Size, sizeOfImage } from "../images/image.ts";
import { describeData, openSource } from "../open.ts";
import { type InspectOptions, partsOf } from "./inspect.ts";
import { photoSize } from "./scan.ts";

/** Longer side of a picture at most, pixels. */
const longestSide = 192;

/**
 * Pictures (WebP) of the images of these names, as `inspectData` gives names. Photos keep their proportions. Where
 * images are no files of their own, the data are read once more.
 */
export async function picturesOf(
  options: InspectOptions,
  names: ReadonlySet<string>,
): Promise<Map<string, Uint8Array>> {
  const pictures = new Map<string, Uint8Array>();
  for (const { part, data } of partsOf(options)) {
    const prefix = part === null ? "" : `${part}/`;
    const wanted = new Set(
      [...names].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)),
    );
    if (wanted.size === 0) continue;
    const source = await openSource({ ...options, data });
    const files = new Set(source.files.map(({ name }) => name));
    const keep = async (name: string, pixels: Uint8Array, size: Size) => {
      const channels = pixels.length === size.height * size.width ? 1 : 3;
      pictures.set(prefix + name, await encodeWebp(pixels, { ...size, channels }));
    };
    if ([...wanted].every((name) => files.has(name))) {
      for (const name of wanted) {
        const found = await pictureOfFile(source, name, options.maxPixels);
        if (found !== null) await keep(name, found.pixels, found.size);
      }
      continue;
    }
    const size = (await describeData({ ...options, data })).size ?? photoSize;
    let left = wanted.size;
    for await (const image of source.images({ size, fit: "squash", maxPixels: options.maxPixels })) {
      if ("reason" in image || !wanted.has(image.name)) continue;
      await keep(image.name, image.pixels, size);
      if (--left === 0) break;
    }
  }
  return pictures;
}

async function pictureOfFile(
  source: Source,
  name: string,
  maxPixels: number,
): Promise<{ pixels: Uint8Array; size: Size } | null> {
  const path = join(source.path, name);
  const stored = await sizeOfImage(await readFile(path));
  if (stored === null) return null;
  const scale = Math.min(1, longestSide / Math.max(stored.height, stored.width));
  const size = {
    height: Math.max(1, Math.round(scale * stored.height)),
    width: Math.max(1, Math.round(scale * stored.width)),
  };
  const decoded = await decodeImage(path, { size, fit: "squash", maxPixels });
  return decoded.ok ? { pixels: decoded.pixels, size } : null;
}
