// The face of data/: what other rooms may use of it.
export type { ChannelStatistics, Dataset, Part, ReadImages, Split } from "./dataset.ts";
export type { LeftOut } from "./datasets/left-out.ts";
export { catalog } from "./download/catalog.ts";
export { type GetProgress, getDataset } from "./download/get.ts";
export { isAddress, readAddress } from "./http/remote-file.ts";
export { toGrey } from "./images/grey.ts";
export {
  type Decoded,
  type DecodeOptions,
  decodeImage,
  encodeWebp,
  type Fit,
  resizePixels,
  type Size,
} from "./images/image.ts";
export {
  type InspectedGroup,
  type Inspection,
  type InspectOptions,
  inspectData,
  partsOf,
} from "./inspect/inspect.ts";
export { picturesOf } from "./inspect/pictures.ts";
export type { Spread } from "./inspect/scan.ts";
export type { Batch } from "./loading/batch.ts";
export type { OnProgress } from "./loading/cache.ts";
export {
  type EvaluationOrder,
  evaluationBatches,
  type Loader,
  type LoaderOptions,
  openLoader,
  type TrainingOrder,
  trainingBatches,
} from "./loading/loader.ts";
export { type OpenDatasetOptions, openDataset } from "./loading/open-dataset.ts";
export { channelStatistics } from "./loading/statistics.ts";
export { type WebDatasetBatchOptions, webDatasetBatches } from "./loading/webdataset-batches.ts";
export {
  readWebDataset,
  type WebDatasetOptions,
  type WebDatasetSample,
} from "./loading/webdataset-samples.ts";
export { isMissing } from "./missing.ts";
export type { Columns, DataFormat } from "./names.ts";
export { missingClassesNote, notesOn, readingNotes } from "./notes.ts";
export { type DataOptions, describeData, openSource } from "./open.ts";
export { readGroups, writeGroups } from "./split/groups.ts";
export { apportion, type SplitOptions, splitDataset } from "./split/split.ts";
