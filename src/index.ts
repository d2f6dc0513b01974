// What the package exports as `cutout`: everything a program needs to do what the command line does.
export type { ImageShape, Normalization, Pipeline } from "./augment/pipeline.ts";
export { trainingPipeline } from "./augment/pipeline.ts";
export type { Config, Settings, SettingsInput } from "./config/config.ts";
export { configSchema, settingsSchema } from "./config/config.ts";
export type { SettingsSources } from "./config/settings.ts";
export { ConfigError, readSettings } from "./config/settings.ts";
export type { ChannelStatistics, Dataset, Split } from "./data/dataset.ts";
export type { Loader, LoaderOptions, OnProgress, OpenDatasetOptions, SplitOptions } from "./data/loader.ts";
export {
  channelStatistics,
  evaluationBatches,
  openDataset,
  openLoader,
  readGroups,
  splitDataset,
  trainingBatches,
} from "./data/loader.ts";
export type {
  WebDatasetBatchOptions,
  WebDatasetOptions,
  WebDatasetSample,
} from "./data/webdataset-stream.ts";
export { readWebDataset, webDatasetBatches } from "./data/webdataset-stream.ts";
export type { Initialization, ModelName, NetworkOptions } from "./nn/models.ts";
export { buildNetwork, modelNames } from "./nn/models.ts";
export type { Network } from "./nn/network.ts";
export { countParameters } from "./nn/network.ts";
export type { ExportOptions } from "./onnx/export.ts";
export { exportModel } from "./onnx/export.ts";
export type { ScheduleOptions } from "./optim/schedule.ts";
export { learningRateAt } from "./optim/schedule.ts";
export { writeComparison, writeReport } from "./report/html.ts";
export { previewSheet } from "./report/sheet.ts";
export type { Rng } from "./rng.ts";
export { permutation, stream } from "./rng.ts";
export type { Classified, Classifier, DataEvaluation } from "./run/classifier.ts";
export { exportRun, openClassifier } from "./run/classifier.ts";
export type { NewTrialOptions, TrialOptions, TrialResult } from "./run/trial.ts";
export { resumeTrial, runTrial } from "./run/trial.ts";
export { loadCheckpoint, saveCheckpoint } from "./run-folder/checkpoint.ts";
export { dataIdentity } from "./run-folder/identity.ts";
export type { OpenRun } from "./run-folder/run-dir.ts";
export { openFinishedRun, openRun } from "./run-folder/run-dir.ts";
export { runFolderStorage } from "./run-folder/storage.ts";
export { nodeRuntime } from "./runtime/node.ts";
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
