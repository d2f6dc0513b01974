// From a name, folder, file or address to a dataset: found, decoded, and cached.
import { CutoutError } from "../../error.ts";
import type { Dataset } from "../dataset.ts";
import { type DataOptions, openSource } from "../open.ts";
import { type CacheOptions, type OnProgress, openCached } from "./cache.ts";

export interface OpenDatasetOptions extends CacheOptions, DataOptions {}

/**
 * Opens data of any known format, decoded to 8 bits and to `size`: from the cache, or into it the first time.
 *
 * @throws Error, one line for people, when an option is out of range or the data cannot be used; see docs/data.md
 */
export async function openDataset(
  options: OpenDatasetOptions,
  onProgress: OnProgress = () => {},
): Promise<Dataset> {
  const { size, maxPixels, maxBroken } = options;
  for (const [option, value] of Object.entries({ height: size.height, width: size.width, maxPixels })) {
    if (!Number.isInteger(value) || value < 1) {
      const what = "must be a whole number of pixels from 1 on";
      throw new CutoutError({ where: "data", option, what, got: String(value) });
    }
  }
  if (!(maxBroken >= 0 && maxBroken <= 1)) {
    const what = "must be a share from 0 to 1";
    throw new CutoutError({ where: "data", option: "maxBroken", what, got: String(maxBroken) });
  }
  const since = performance.timeOrigin + performance.now();
  return openCached(await openSource(options), options, onProgress, since);
}
