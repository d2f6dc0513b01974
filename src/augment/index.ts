// Augmentation: what the package exports as `cutout/augment`.
export type { Rng } from "../rng.ts";
export { permutation, stream, streamSeries } from "../rng.ts";
export type { CropOptions, CropPosition } from "./crop.ts";
export { centerCrop, cropImage, fiveCrops, sampleCrop } from "./crop.ts";
export type {
  CutoutAugmentation,
  CutoutBatchParameters,
  CutoutParameters,
} from "./cutout/augmentation.ts";
export { cutoutAugmentation, cutoutBatchAugmentation } from "./cutout/augmentation.ts";
export type { Fill, NoiseFill } from "./cutout/fill-options.ts";
export type { Length, SideLength } from "./cutout/length.ts";
export type { Placement, Shape, Sides } from "./cutout/options.ts";
export type { CutoutPreset } from "./cutout/presets.ts";
export type { HoleSampler } from "./cutout/sample.ts";
export { holeSampler } from "./cutout/sample.ts";
export type { BatchShape, Cutout, CutoutGiven, CutoutOptions, Hole, ImageArea } from "./cutout.ts";
export {
  applyHoles,
  checkCutout,
  coverageMap,
  cutout,
  cutoutOptions,
  expectedArea,
  holeAround,
  holeCovers,
  sampleHoles,
} from "./cutout.ts";
export { flipImage, sampleFlip } from "./flip.ts";
export type { ImageLayout, ImageShape, PixelArray, PixelsOf } from "./layout.ts";
export type { Normalization } from "./normalize.ts";
export { denormalize, normalizeImage } from "./normalize.ts";
export type { ImageParameters, Pipeline, TrainingPipeline, TrainingPipelineOptions } from "./pipeline.ts";
export { evaluationViews, trainingPipeline } from "./pipeline.ts";
