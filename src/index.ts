// What the package exports as `cutout`: everything a program needs to do what the command line does.
export type { ImageShape, Normalization, Pipeline } from "./augment/pipeline/pipeline.ts";
export { trainingPipeline } from "./augment/pipeline/pipeline.ts";
export type { Config, Settings, SettingsInput } from "./config/config.ts";
export { configSchema, settingsSchema } from "./config/config.ts";
export { readSettings } from "./config/settings.ts";
export type { ChannelStatistics, Dataset, Split } from "./data/index.ts";
export {
  channelStatistics,
  evaluationBatches,
  type Loader,
  type LoaderOptions,
  type OnProgress,
  type OpenDatasetOptions,
  openDataset,
  openLoader,
  readGroups,
  readWebDataset,
  type SplitOptions,
  splitDataset,
  trainingBatches,
  type WebDatasetBatchOptions,
  type WebDatasetOptions,
  type WebDatasetSample,
  webDatasetBatches,
} from "./data/index.ts";
export type { ErrorFields } from "./error.ts";
export { CutoutError } from "./error.ts";
export type { Executor, TrialEvent } from "./execute/executor.ts";
export type { LocalOptions } from "./execute/local.ts";
export { localProcesses } from "./execute/local.ts";
export type { PlaceOptions } from "./execute/places.ts";
export { executorOn } from "./execute/places.ts";
export type { NetworkArguments } from "./nn/build.ts";
export { buildNetwork } from "./nn/build.ts";
export type { BuildArguments, NetworkDefinition, NetworkFile } from "./nn/definition.ts";
export { defineNetwork } from "./nn/definition.ts";
export type { Layer } from "./nn/layers/index.ts";
export {
  avgPool,
  batchNorm,
  concat,
  conv,
  dropBlock,
  dropout,
  flatten,
  gelu,
  globalAvgPool,
  globalMaxPool,
  identity,
  linear,
  localResponseNorm,
  maxDrop,
  maxPool,
  maxPoolDropout,
  relu,
  residual,
  scale,
  sequential,
  shake,
  shift,
  spatialDropout,
  stochasticDepth,
  upsample,
  whiten,
} from "./nn/layers/index.ts";
export { loadNetwork } from "./nn/load.ts";
export type { Network } from "./nn/network.ts";
export { countParameters } from "./nn/network.ts";
export type { NetworkName } from "./nn/networks/index.ts";
export { networkNames } from "./nn/networks/index.ts";
export type { Kind, Option, Options } from "./nn/options.ts";
export { boolean, choice, integer, number } from "./nn/options.ts";
export type { NetworkSizes, Recipe } from "./nn/recipe.ts";
export type { ExportOptions, ImageReading } from "./onnx/export.ts";
export { exportModel } from "./onnx/export.ts";
export type { ScheduleOptions } from "./optim/schedule.ts";
export { learningRateAt } from "./optim/schedule.ts";
export { writeComparison, writeReport } from "./report/html.ts";
export { previewSheet } from "./report/sheet.ts";
export { writeStudyReport } from "./report/study/study-page.ts";
export type { Rng } from "./rng.ts";
export { permutation, stream } from "./rng.ts";
export type { ExecutionEvent } from "./run/as-events.ts";
export { eventsOf } from "./run/as-events.ts";
export type {
  Attendance,
  Classification,
  Classified,
  Classifier,
  ClassifierEvent,
  ClassifierOptions,
  ClassifyOptions as ClassifyImagesOptions,
  DataEvaluation,
  ExportRunOptions,
  ImageInput,
  NotClassified,
  OwnTestOptions,
  RankedClass,
  RawImage,
  SharpImage,
  ViewOptions,
  Weights,
} from "./run/classifier.ts";
export { exportRun, openClassifier } from "./run/classifier.ts";
export type { RunEvent } from "./run/events.ts";
export { resumePretraining, runPretraining } from "./run/pretraining.ts";
export type { NewTrialOptions, TrialOptions, TrialResult } from "./run/trial.ts";
export { resumeTrial, runTrial } from "./run/trial.ts";
export { loadCheckpoint, saveCheckpoint } from "./run-folder/checkpoint.ts";
export { dataIdentity } from "./run-folder/identity.ts";
export { type OpenRun, openFinishedRun, openRun } from "./run-folder/index.ts";
export { runFolderStorage } from "./run-folder/storage.ts";
export { nodeRuntime } from "./runtime/node.ts";
export type { SequentialResult } from "./stats/sequential.ts";
export type { SequentialRule } from "./stats/sequential-rule.ts";
export { standardRule } from "./stats/sequential-rule.ts";
export type { NewStudy } from "./study/begin.ts";
export { beginStudy } from "./study/begin.ts";
export type { Round, StudyEnd, StudyEvent } from "./study/conduct.ts";
export { conduct } from "./study/conduct.ts";
export type { Asked } from "./study/questions/index.ts";
export { ask } from "./study/questions/index.ts";
export type { StudySummary } from "./study/summary.ts";
export { summarize } from "./study/summary.ts";
export type { Words } from "./study/words.ts";
export type { Arm, Conducted, OpenStudy, Outcome, Study, Trial } from "./study-folder/index.ts";
export { conductedOf, openStudy } from "./study-folder/index.ts";
export type { DType, Shape, Tensor } from "./tensor.ts";
export { tensor } from "./tensor.ts";
export type { EvaluateOptions } from "./train/evaluate.ts";
export { evaluate } from "./train/evaluate.ts";
export type { ClassScore, Evaluation, ImagePrediction, Score } from "./train/evaluation.ts";
export type { EpochRecord, MetricsRecord, TestRecord, TrainingEvent } from "./train/events.ts";
export type { TrainingSession, TrainingState } from "./train/network-session.ts";
export type { Objective } from "./train/objective.ts";
export type { ClassifyOptions } from "./train/objectives/classify.ts";
export { classify, classScoring } from "./train/objectives/classify.ts";
export type { Predictor, SessionOptions } from "./train/step.ts";
export { createPredictor, createTrainingSession } from "./train/step.ts";
export type { RunStorage } from "./train/storage.ts";
export type { TrainArguments, TrainOptions } from "./train/train-arguments.ts";
export type { TrainResult } from "./train/trainer.ts";
export { train } from "./train/trainer.ts";
export type { TrainingThreadOptions } from "./train/training-thread.ts";
export { openTrainingThread } from "./train/training-thread.ts";
