// Augmentation: what the package exports as `cutout/augment`.
export type { Rng } from "../rng.ts";
export { permutation, stream, streamSeries } from "../rng.ts";
export type { AugmentedBatch } from "./adapters/arrays.ts";
export { applyEach, augmentEach, inLayout } from "./adapters/arrays.ts";
export type { ImageAndAlpha, ImageDataLike } from "./adapters/canvas.ts";
export { augmentImageData, fromImageData } from "./adapters/canvas.ts";
export type { OnnxRuntime, OnnxTensor } from "./adapters/onnxruntime.ts";
export { batchFromOnnx, toOnnx } from "./adapters/onnxruntime.ts";
export type { SharpInput, SharpRaw } from "./adapters/sharp.ts";
export { fromSharp, toSharp } from "./adapters/sharp.ts";
export type { Tfjs, TfjsTensor } from "./adapters/tfjs.ts";
export { batchFromTfjs, imageFromTfjs, toTfjs } from "./adapters/tfjs.ts";
export type { AffineOptions, AffineParameters } from "./affine.ts";
export { affine } from "./affine.ts";
export type { Augmentation, BatchAugmentation, Image, ImageBatch } from "./augmentation.ts";
export type { BatchAugmentationOptions, BatchAugmentationParameters } from "./batch-augmentation.ts";
export { batchAugmentation } from "./batch-augmentation.ts";
export type { BlurOptions, BlurParameters } from "./blur.ts";
export { blur } from "./blur.ts";
export type { ColorChange, ColorJitterOptions, ColorJitterParameters } from "./color-jitter.ts";
export { colorJitter } from "./color-jitter.ts";
export { compose } from "./compose.ts";
export type { CropOptions, CropPosition } from "./crop.ts";
export { centerCrop, cropImage, fiveCrops, sampleCrop } from "./crop.ts";
export type { CutMixOptions, CutMixParameters } from "./cutmix.ts";
export { cutmix, expectedCutMixShare } from "./cutmix.ts";
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
export type { Effect } from "./effect.ts";
export { flipImage, sampleFlip } from "./flip.ts";
export type { FlipOptions, FlipParameters } from "./flips.ts";
export { horizontalFlip, verticalFlip } from "./flips.ts";
export type { GreyscaleOptions, GreyscaleParameters } from "./greyscale.ts";
export { greyscale } from "./greyscale.ts";
export type { GridMaskOptions, GridMaskParameters } from "./grid-mask.ts";
export { gridMask, gridMaskPeriod } from "./grid-mask.ts";
export type { HideAndSeekOptions, HideAndSeekParameters } from "./hide-and-seek.ts";
export { hideAndSeek, hideAndSeekSizes } from "./hide-and-seek.ts";
export type { ImageLayout, ImageShape, PixelArray, PixelsOf } from "./layout.ts";
export type { MaskFill } from "./mask-fill.ts";
export type { Box, MaskArea, MaskingAugmentation, MeasuredMasking } from "./masking.ts";
export type { Matrix, Point } from "./matrix.ts";
export type { MixupOptions, MixupParameters } from "./mixup.ts";
export { mixup } from "./mixup.ts";
export type {
  GaussianNoiseOptions,
  MaskingNoiseOptions,
  NoiseParameters,
  SaltAndPepperOptions,
} from "./noise.ts";
export { gaussianNoise, maskingNoise, saltAndPepper } from "./noise.ts";
export type { Normalization } from "./normalize.ts";
export { denormalize, normalizeImage } from "./normalize.ts";
export type { OcclusionOptions, OcclusionParameters, Stroke } from "./occlusion.ts";
export { occlusion } from "./occlusion.ts";
export type { ImageParameters, Pipeline, TrainingPipeline, TrainingPipelineOptions } from "./pipeline.ts";
export { evaluationViews, trainingPipeline } from "./pipeline.ts";
export type { RandomCropOptions } from "./random-crop.ts";
export { randomCrop } from "./random-crop.ts";
export type { RandomErasingOptions, RandomErasingParameters } from "./random-erasing.ts";
export { randomErasing } from "./random-erasing.ts";
export type { AugmentationName, AugmentationSpec } from "./registry.ts";
export { augmentationNames, createAugmentation } from "./registry.ts";
export type { ResizedCropOptions, ResizedCropParameters } from "./resized-crop.ts";
export { resizedCrop } from "./resized-crop.ts";
export type { RotationOptions, RotationParameters } from "./rotation.ts";
export { rotation } from "./rotation.ts";
export type {
  KeyPoint,
  MaskPixels,
  SegmentationMask,
  TargetBox,
  TargetOptions,
  Targets,
  TransformedTargets,
} from "./targets.ts";
export { transformTargets } from "./targets.ts";
export type { TrivialAugmentOptions, TrivialAugmentParameters, TrivialOperation } from "./trivial-augment.ts";
export { trivialAugment } from "./trivial-augment.ts";
export type { Fill as BorderFill, Interpolation } from "./warp.ts";
