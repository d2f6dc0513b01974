// Where the files of a study lie. Nobody else knows their names.
import { join } from "node:path";
import type { Trial } from "./trials-jsonl.ts";

/** Four digits keep the folders of a study in their order. */
const nameOf = (index: number) => String(index).padStart(4, "0");

/** The trial in whose folder the run is: of one that only tests, the one that has trained. */
export const runOf = (trial: Trial): number => (trial.task === "test" ? trial.of : trial.index);

/** The run folder of a trial. */
export const runFolder = (study: string, trial: Trial): string => trialFolder(study, runOf(trial));

/** The run folder of the trial that trains it. */
export const trialFolder = (study: string, index: number): string => join(study, "trials", nameOf(index));

/** What the process of a trial has said. */
export const trialLog = (study: string, index: number): string =>
  join(study, "trials", `${nameOf(index)}.log`);

/** Why a trial has failed. */
export const failureFile = (study: string, index: number): string =>
  join(study, "trials", `${nameOf(index)}.failure.json`);

/** How long a trial has taken. */
export const tookFile = (study: string, index: number): string =>
  join(study, "trials", `${nameOf(index)}.took.json`);

export const resultsFile = (study: string): string => join(study, "results.csv");

/** The page of a study. */
export const studyReport = (study: string): string => join(study, "report.html");

/** What Slurm is told: the script of a study's tasks, and its pattern of their logs. */
export const slurmFiles = (study: string) => ({
  script: join(study, "slurm.sh"),
  log: join(study, "trials", "%4a.log"),
});
