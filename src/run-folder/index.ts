// The face of a run folder: each of its files by what is in it; nobody else knows their names.
export { checkpointPath, hasCheckpoint, loadCheckpoint } from "./checkpoint.ts";
export { configJson } from "./config-json.ts";
export { checkNewRun, createRun, removeLeftovers } from "./create.ts";
export type { DatasetRecord } from "./dataset-json.ts";
export { type Environment, environmentJson } from "./environment-json.ts";
export { forgetEvaluation } from "./evaluation-json.ts";
export { failureJson } from "./failure-json.ts";
export { holdRun, isLockFile, type RunHold, waitUntilFree } from "./hold.ts";
export { dataIdentity, splitDigest } from "./identity.ts";
export { openPictures, type Pictures, writeImage } from "./images.ts";
export { networkJson } from "./network-json.ts";
export {
  checkRunFolder,
  checkSameData,
  checkSameMeaning,
  type OpenRun,
  openAnyRun,
  openFinishedRun,
  openPretraining,
  openRun,
} from "./open.ts";
export { hasAugmented, writeProduct } from "./products.ts";
export {
  isPretraining,
  type ShownPretraining,
  type ShownRun,
  showPretraining,
  showRun,
} from "./show.ts";
export { runFolderStorage } from "./storage.ts";
export { loadWeights } from "./weights.ts";
