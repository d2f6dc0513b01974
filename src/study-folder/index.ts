// The face of a study's folder: each of its files is one module here.
export { forgetFailure, readFailure, writeFailure } from "./failure-json.ts";
export { holdStudy } from "./hold.ts";
export {
  resultsFile,
  runFolder,
  runOf,
  slurmFiles,
  studyReport,
  trialFolder,
  trialLog,
} from "./layout.ts";
export { type Conducted, conductedOf, type OpenStudy, openStudy } from "./open.ts";
export { type Finished, type Outcome, outcomeOf } from "./outcome.ts";
export { type ResultRow, resultRows, resultsCsv, writeResults } from "./results-csv.ts";
export { type ShownTrial, showTrials, trialLogEnd } from "./show.ts";
export {
  type Arm,
  checkGoesOn,
  createStudyFolder,
  isStudy,
  questions,
  type Study,
  type StudyContent,
  studyFrom,
} from "./study-json.ts";
export { addTook } from "./took-json.ts";
export {
  appendTrials,
  type NewTrial,
  type TestTrial,
  type TrainTrial,
  type Trial,
  trialLine,
  trialOfLine,
} from "./trials-jsonl.ts";
export { commonSettings, type VaryingSetting, varyingSettings } from "./varying-settings.ts";
