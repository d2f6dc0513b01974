// What a study has found by now, whole: what pages, tables and programs are told of it.
import { CutoutError } from "../error.ts";
import {
  type OpenStudy,
  openStudy,
  type ResultRow,
  resultRows,
  type ShownTrial,
  showTrials,
} from "../study-folder/index.ts";
import { type Asked, ask } from "./questions/index.ts";
import { roundsOf, secondsOn } from "./rounds.ts";
import type { Words } from "./words.ts";

export interface StudySummary extends OpenStudy {
  readonly state: StudyState;
  readonly shown: readonly ShownTrial[];
  readonly rows: readonly ResultRow[];
  /** Null where runs cannot be set against each other: the words then say why. */
  readonly asked: Asked | null;
  readonly words: Words;
  readonly cost: Cost;
}

/** `failed`: nothing is left to run but what has failed. */
export type StudyState = "answered" | "failed" | "open";

export interface Cost {
  /** Of all trials that are planned: as long as each took whole, or its training and validation where that is not known. */
  readonly seconds: number;
  /** Trials that are not finished, and are taken to need as long an epoch as the others in the mean. */
  readonly estimated: number;
  /** How many trials each round has; empty where it is not known. */
  readonly rounds: readonly number[];
  /** What it would take with so many machines side by side; empty where the rounds are not known. */
  readonly machines: readonly { readonly machines: number; readonly seconds: number }[];
}

/**
 * @param path study folder
 * @throws CutoutError when it is none, damaged, or changed since its first run; what is wrong with runs is told in the summary
 */
export function summarize(path: string): StudySummary {
  const open = openStudy(path);
  const shown = showTrials(open);
  const { asked, words } = answerOf(open, shown);
  return {
    ...open,
    state: stateOf(asked, shown),
    shown,
    rows: resultRows(open, shown),
    asked,
    words,
    cost: costOf(open, shown),
  };
}

function answerOf(
  { study }: OpenStudy,
  shown: readonly ShownTrial[],
): { readonly asked: Asked | null; readonly words: Words } {
  try {
    const asked = ask(study, shown);
    return { asked, words: asked.words };
  } catch (error) {
    if (!(error instanceof CutoutError)) throw error;
    return {
      asked: null,
      words: { headline: "No answer.", sentences: [error.message], commands: [], cautions: [] },
    };
  }
}

function stateOf(asked: Asked | null, shown: readonly ShownTrial[]): StudyState {
  if (asked !== null && asked.answer !== null) return "answered";
  const states = shown.map(({ outcome }) => outcome.state);
  return states.includes("failed") && !states.includes("open") ? "failed" : "open";
}

/** Numbers of machines that a cost is told for. */
const machineNumbers = [1, 2, 4, 8] as const;

function costOf({ study }: OpenStudy, shown: readonly ShownTrial[]): Cost {
  const trained = shown.filter(({ trial, epochs }) => trial.task === "train" && epochs.length > 0);
  const timed = trained.flatMap(({ epochs }) => epochs);
  const perEpoch = timed.reduce((sum, { seconds }) => sum + seconds, 0) / Math.max(1, timed.length);
  // Where the settings leave the length to the number of images, the longest run tells it best.
  const longest = Math.max(0, ...trained.map(({ epochs }) => epochs.length));
  const isOpen = ({ trial, outcome }: ShownTrial) => trial.task === "train" && outcome.state !== "finished";
  const secondsOf = (one: ShownTrial): number => {
    const { trial, outcome } = one;
    if (trial.task === "test") return 0;
    if (outcome.state === "finished") return Math.max(outcome.took ?? 0, outcome.seconds);
    return perEpoch * (trial.epochs ?? study.arms[trial.arm]!.settings.epochs ?? longest);
  };
  const rounds = roundsIfKnown(study, shown).map((round) => round.map(secondsOf));
  return {
    seconds: shown.reduce((sum, one) => sum + secondsOf(one), 0),
    estimated: shown.filter(isOpen).length,
    rounds: rounds.map(({ length }) => length),
    machines:
      rounds.length === 0 || timed.length === 0
        ? []
        : machineNumbers.map((machines) => ({ machines, seconds: secondsOn(machines, rounds) })),
  };
}

function roundsIfKnown(
  study: OpenStudy["study"],
  shown: readonly ShownTrial[],
): readonly (readonly ShownTrial[])[] {
  try {
    return roundsOf(study, shown);
  } catch (error) {
    if (error instanceof CutoutError) return [];
    throw error;
  }
}
