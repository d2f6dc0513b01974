// A question that runs are to answer: which are needed, by what those before have given, and what they say together.
import type { z } from "zod";
import { CutoutError } from "../../error.ts";
import type { Arm, Conducted, Finished, NewTrial, Study, Trial } from "../../study-folder/index.ts";
import type { Words } from "../words.ts";

/** A trial that has ended, with what it gave. */
export interface Result {
  readonly trial: Trial;
  readonly outcome: Finished;
}

export interface Step<Answer> {
  /** All trials that are known to be needed by now, in their order; those that are planned already are the first of them. */
  readonly trials: readonly NewTrial[];
  /** Null as long as one of them is not finished. */
  readonly answer: Answer | null;
  /** What has been decided about the trials to come, where a person should hear it at once. */
  readonly note?: string;
}

export interface LaterRound {
  /** `look 8` */
  readonly stage: string;
  /** How many trials it adds. */
  readonly trials: number;
}

/**
 * A pure function of the plan and of what has been found so far: so a study goes on after any kill, wherever its runs ran,
 * and the same results give the same answer.
 */
export interface Question<Plan, Answer> {
  readonly name: Study["question"];
  readonly plan: z.ZodType<Plan>;
  /**
   * What the schema alone cannot say: whether the plan is one for these arms.
   * @throws CutoutError about the field
   */
  check(plan: Plan, arms: readonly Arm[]): void;
  /** @param results of the finished trials, in the order of planning */
  next(plan: Plan, arms: readonly Arm[], results: readonly Result[]): Step<Answer>;
  /** The rounds that may follow those that are planned, if the answer does not come before: their names, and how many trials each has. */
  readonly later?: (plan: Plan, planned: number) => readonly LaterRound[];
  /** What can be said by now, the same words in the terminal and on the page. */
  tell(plan: Plan, arms: readonly Arm[], results: readonly Result[], answer: Answer | null): Words;
}

/** @throws CutoutError about a field of a plan, or about the number of arms */
export function mustHold(holds: boolean, field: string, what: string, got: unknown): void {
  if (!holds) throw new CutoutError({ field, what, got: JSON.stringify(got), kind: "settings" });
}

/** What is finished. */
export const resultsOf = (conducted: readonly Conducted[]): readonly Result[] =>
  conducted.flatMap(({ trial, outcome }) => (outcome.state === "finished" ? [{ trial, outcome }] : []));

/** What tells one trial from another of its study. */
export const keyOf = (trial: NewTrial): string =>
  JSON.stringify(
    trial.task === "test"
      ? [trial.task, trial.of]
      : [trial.task, trial.arm, trial.seed, trial.stage, trial.epochs, trial.test],
  );
