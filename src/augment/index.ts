// Augmentation: what the package exports as `cutout/augment`.
export type { Rng } from "../rng.ts";
export { permutation, stream } from "../rng.ts";
export type { CropOptions, CropPosition } from "./crop.ts";
export { centerCrop, cropImage, fiveCrops, sampleCrop } from "./crop.ts";
export type { CutoutOptions, Hole, ImageArea } from "./cutout.ts";
export { applyHoles, checkCutout, cutout, expectedArea, holeAround, sampleHoles } from "./cutout.ts";
export { flipImage, sampleFlip } from "./flip.ts";
export type { ImageLayout, ImageShape, PixelArray, PixelsOf } from "./layout.ts";
export type { Normalization } from "./normalize.ts";
export { denormalize, normalizeImage } from "./normalize.ts";
export type { ImageParameters, Pipeline, TrainingPipeline, TrainingPipelineOptions } from "./pipeline.ts";
export { evaluationViews, trainingPipeline } from "./pipeline.ts";
