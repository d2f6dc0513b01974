// A run of a minute at most on painted photos: its settings, with its folders below one that the test removes.
import { join } from "node:path";
import type { Settings, SettingsInput } from "../../src/config/config.ts";
import { readSettings } from "../../src/config/settings.ts";

/** @param root holds the photos in `photos` */
export const smallTrial = (root: string, more: Partial<SettingsInput> = {}): Settings =>
  readSettings({
    data: join(root, "photos"),
    imageSize: 28,
    cacheSize: 32,
    epochs: 2,
    batchSize: 8,
    threads: 1,
    loaderWorkers: 0,
    split: { validation: 8, test: 8 },
    cacheDir: join(root, "cache"),
    runsDir: join(root, "runs"),
    ...more,
  });
