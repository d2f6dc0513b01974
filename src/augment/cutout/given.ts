// What a person gives, our own options or another library's, as complete options of our own.
import { object, readValue } from "../options.ts";
import { type CutoutGiven, type CutoutOptions, readCutout } from "./options.ts";
import { type CutoutPreset, forTraining, writePreset } from "./presets.ts";

/**
 * Complete options from some, or from a preset, checked. They know nothing of an image: that is `checkFits`.
 * @throws CutoutError when an option is wrong or unknown
 */
export function cutoutOptions(given: CutoutGiven | CutoutPreset): CutoutOptions {
  readValue("cutout", "options", object, given);
  if (given.like === undefined) return readCutout("cutout", given);
  return readCutout(`cutout like ${given.like}`, writePreset(given).options);
}

/**
 * The same for the training pipeline, which normalizes images before their holes are painted: what a library paints on
 * bytes before that becomes a colour, or noise, on the scale 0 to 1, which the pipeline normalizes.
 * @throws CutoutError when an option is wrong or unknown, or `keras` has a value range of one value
 */
export function trainingCutout(given: CutoutGiven | CutoutPreset): CutoutOptions {
  readValue("cutout", "options", object, given);
  if (given.like === undefined) return readCutout("cutout", given);
  const { options, units } = writePreset(given);
  return forTraining(given.like, { options: readCutout(`cutout like ${given.like}`, options), units });
}

/** The same of what has been checked: complete options as they are, and a preset written out. */
export function checkedTrainingCutout(checked: CutoutOptions | CutoutPreset): CutoutOptions {
  return "like" in checked ? forTraining(checked.like, writePreset(checked)) : checked;
}
