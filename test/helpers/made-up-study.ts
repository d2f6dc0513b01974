// Studies without trainings: a made-up response gives the accuracy of each trial, so that a search can be held against a
// known optimum.
import type { Settings, SettingsInput } from "../../src/config/config.ts";
import { readSettings } from "../../src/config/settings.ts";
import type { Question, Result, Step } from "../../src/study/questions/question.ts";
import type { Arm, NewTrial, Trial } from "../../src/study-folder/index.ts";

/** Of a training of an arm with a seed on a part; the test of a trained run has the epochs of its training. */
export type Response = (
  arm: number,
  seed: number,
  epochs: number | null,
  part: "validation" | "test",
) => number;

export const settingsWith = (length: number | null, told: Partial<SettingsInput> = {}): Settings =>
  readSettings({ data: "/photos", ...told, augment: { cutout: length === null ? null : { length } } });

export const madeUpArm = (length: number): Arm => ({
  name: length === 0 ? "--no-cutout" : `--cutout ${length}`,
  settings: settingsWith(length === 0 ? null : length),
});

/** What the trials give, all of them finished. */
export function madeUpResults(trials: readonly NewTrial[], response: Response): readonly Result[] {
  return trials.map((trial, index): Result => {
    const trained = trial.task === "test" ? trials[trial.of]! : trial;
    const epochs = trained.task === "train" ? trained.epochs : null;
    const tested = trial.task === "test" || trial.test;
    return {
      trial: { index, ...trial } as Trial,
      outcome: {
        state: "finished",
        epoch: epochs ?? 1,
        validation: response(trial.arm, trial.seed, epochs, "validation"),
        test: tested ? response(trial.arm, trial.seed, epochs, "test") : null,
        seconds: epochs ?? 1,
        fingerprint: "f",
        splitDigest: `split of seed ${trial.seed}`,
      },
    };
  });
}

/** As a study goes: rounds of trials, until there is an answer. */
export function conductMadeUp<Plan, Answer>(
  question: Question<Plan, Answer>,
  plan: Plan,
  arms: readonly Arm[],
  response: Response,
): { readonly trials: readonly NewTrial[]; readonly answer: Answer; readonly results: readonly Result[] } {
  let step: Step<Answer> = question.next(plan, arms, []);
  for (let round = 0; round < 100; round++) {
    const results = madeUpResults(step.trials, response);
    const before = step.trials.length;
    step = question.next(plan, arms, results);
    if (step.answer !== null) return { trials: step.trials, answer: step.answer, results };
    if (step.trials.length === before) throw new Error("a question without an answer wants no more trials");
  }
  throw new Error("a question that never ends");
}
