// Configs for tests: settings resolved as a run on a folder of photos would have them.

import { checkSizes } from "../../src/config/check-network.ts";
import type { Config, Settings, SettingsInput } from "../../src/config/config.ts";
import { resolveConfig, resolveSizes, type Sizes } from "../../src/config/resolve.ts";
import { readSettings } from "../../src/config/settings.ts";
import { findNetwork } from "../../src/nn/build.ts";

const networkOf = ({ model }: Pick<Settings, "model">) => findNetwork(model.name);

/** The same as the functions of `resolve.ts`, for the shipped network that the settings name. */
export const sizesFor = (settings: Settings, naturalSide: number | null): Sizes =>
  resolveSizes(settings, networkOf(settings), naturalSide);
export const checkFor = (settings: Settings, sizes: Sizes): void =>
  checkSizes(settings, networkOf(settings), sizes);
export const configFor = (settings: Settings, sizes: Sizes, trainingImages: number): Config =>
  resolveConfig(settings, networkOf(settings), sizes, trainingImages);

/** @param naturalSide side of a data set of one small size; null for photos */
export function completeConfig(
  told: Partial<SettingsInput>,
  trainingImages = 3456,
  naturalSide: number | null = null,
): Config {
  const settings = readSettings({ data: "photos", ...told });
  return configFor(settings, sizesFor(settings, naturalSide), trainingImages);
}
