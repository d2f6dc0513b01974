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
export type { About, Augmentation, BatchAugmentation, Image, ImageBatch } from "./augmentation.ts";
export type { BatchAugmentationOptions, BatchAugmentationParameters } from "./batch/batch-augmentation.ts";
export { batchAugmentation } from "./batch/batch-augmentation.ts";
export type { CutMixOptions, CutMixParameters } from "./batch/cutmix.ts";
export { cutmix, expectedCutMixShare } from "./batch/cutmix.ts";
export type { MixupOptions, MixupParameters } from "./batch/mixup.ts";
export { mixup } from "./batch/mixup.ts";
export type { MixSpec } from "./batch/registry.ts";
export { createMix } from "./batch/registry.ts";
export type { BlurOptions, BlurParameters } from "./colour/blur.ts";
export { blur } from "./colour/blur.ts";
export type { ColorChange, ColorJitterOptions, ColorJitterParameters } from "./colour/color-jitter.ts";
export { colorJitter } from "./colour/color-jitter.ts";
export type { GreyscaleOptions, GreyscaleParameters } from "./colour/greyscale.ts";
export { greyscale } from "./colour/greyscale.ts";
export type {
  TrivialAugmentOptions,
  TrivialAugmentParameters,
  TrivialOperation,
} from "./colour/trivial-augment.ts";
export { trivialAugment } from "./colour/trivial-augment.ts";
export { compose } from "./compose.ts";
export { areaOf, expectedArea } from "./cutout/area.ts";
export type {
  CutoutAugmentation,
  CutoutBatchParameters,
  CutoutParameters,
} from "./cutout/augmentation.ts";
export { cutoutAugmentation, cutoutBatchAugmentation } from "./cutout/augmentation.ts";
export type { BatchShape, Cutout } from "./cutout/cutout.ts";
export { applyHoles, cutout, sampleHoles } from "./cutout/cutout.ts";
export { checkedTrainingCutout, cutoutOptions, trainingCutout } from "./cutout/given.ts";
export type { Hole, ImageArea } from "./cutout/hole.ts";
export { coverageMap, holeAround, holeCovers } from "./cutout/hole.ts";
export type { Length } from "./cutout/length.ts";
export type { CutoutGiven, CutoutOptions, SizedCutoutOptions } from "./cutout/options.ts";
export { checkFits } from "./cutout/options.ts";
export type { Placement } from "./cutout/placement.ts";
export type { CutoutPreset } from "./cutout/presets.ts";
export { presetNames } from "./cutout/presets.ts";
export type { Shape, SideLength, Sides } from "./cutout/shape.ts";
export type { ColourFill, Fill, MaskFill, NoiseFill } from "./fill/fill.ts";
export type { AffineOptions, AffineParameters } from "./geometry/affine.ts";
export { affine } from "./geometry/affine.ts";
export type { CropOptions, CropPosition, PaddingMode } from "./geometry/crop.ts";
export { centerCrop, cropImage, fiveCrops, paddingModes, sampleCrop } from "./geometry/crop.ts";
export type { Flip, Turn } from "./geometry/flip.ts";
export { alternating, flipImage, sampleFlip } from "./geometry/flip.ts";
export type { FlipOptions, FlipParameters } from "./geometry/flips.ts";
export { horizontalFlip, verticalFlip } from "./geometry/flips.ts";
export type { Matrix, Point } from "./geometry/matrix.ts";
export type { RandomCropOptions } from "./geometry/random-crop.ts";
export { randomCrop } from "./geometry/random-crop.ts";
export type { ResizedCropOptions, ResizedCropParameters } from "./geometry/resized-crop.ts";
export { resizedCrop } from "./geometry/resized-crop.ts";
export type { RotationOptions, RotationParameters } from "./geometry/rotation.ts";
export { rotation } from "./geometry/rotation.ts";
export type { Interpolation } from "./geometry/warp.ts";
export type { ImageLayout, ImageShape, PixelArray, PixelsOf } from "./image/layout.ts";
export type { Normalization } from "./image/normalize.ts";
export { denormalize, normalizeImage } from "./image/normalize.ts";
export type { GridMaskOptions, GridMaskParameters } from "./masking/grid-mask.ts";
export { gridMask, gridMaskPeriod } from "./masking/grid-mask.ts";
export type { HideAndSeekOptions, HideAndSeekParameters } from "./masking/hide-and-seek.ts";
export { hideAndSeek, hideAndSeekSizes } from "./masking/hide-and-seek.ts";
export type { Box, MaskArea, MaskingAugmentation, MeasuredMasking } from "./masking/masking.ts";
export type { OcclusionOptions, OcclusionParameters, Stroke } from "./masking/occlusion.ts";
export { occlusion } from "./masking/occlusion.ts";
export type { RandomErasingOptions, RandomErasingParameters } from "./masking/random-erasing.ts";
export { randomErasing } from "./masking/random-erasing.ts";
export type {
  GaussianNoiseOptions,
  MaskingNoiseOptions,
  NoiseParameters,
  SaltAndPepperOptions,
} from "./noise/noise.ts";
export { gaussianNoise, maskingNoise, saltAndPepper } from "./noise/noise.ts";
export type { Range } from "./options.ts";
export { checkAugmentations, cropsItself } from "./pipeline/around-pass.ts";
export type { Crops, EvaluationView } from "./pipeline/evaluation-views.ts";
export { evaluationViews } from "./pipeline/evaluation-views.ts";
export { aroundPass, inOrder } from "./pipeline/order.ts";
export type {
  ImageParameters,
  Occasion,
  Pipeline,
  TrainingPipeline,
  TrainingPipelineOptions,
} from "./pipeline/pipeline.ts";
export { makePipeline, trainingPipeline } from "./pipeline/pipeline.ts";
export type { AugmentationName, AugmentationSpec } from "./registry.ts";
export { aboutAugmentation, augmentationNames, createAugmentation } from "./registry.ts";
export type { FeatureMap, View } from "./targeted.ts";
export { paintTargeted, targetedMask } from "./targeted.ts";
export type { Effect } from "./targets/effect.ts";
export type {
  KeyPoint,
  MaskPixels,
  SegmentationMask,
  TargetBox,
  TargetOptions,
  Targets,
  TransformedTargets,
} from "./targets/targets.ts";
export { transformTargets } from "./targets/targets.ts";
