// Rounds of trials against the clock: each is wanted when those before are finished, and their time is counted.
import type { NewTrial } from "../../study-folder/index.ts";
import { makespan } from "./doctor-design.ts";
import { keyOf, type Result } from "./question.ts";

/** The rounds of trials of a study: each is wanted when those before are finished. */
export class Rounds {
  readonly trials: NewTrial[] = [];
  readonly finished: Result[] = [];
  /** Seconds by the clock of the rounds that are finished. */
  used = 0;
  readonly #found: ReadonlyMap<string, Result>;
  readonly #parallel: number;

  constructor(results: readonly Result[], parallel: number) {
    this.#found = new Map(results.map((result) => [keyOf(result.trial), result]));
    this.#parallel = parallel;
  }

  /** Their results; null as long as one is missing. */
  run(trials: readonly NewTrial[]): readonly Result[] | null {
    this.trials.push(...trials);
    const results = trials.flatMap((trial) => this.#found.get(keyOf(trial)) ?? []);
    this.finished.push(...results);
    if (results.length < trials.length) return null;
    const [first] = results;
    if (first !== undefined) this.used += makespan(results.map(tookOf), this.#parallel, startOf(first));
    return results;
  }
}

export const tookOf = ({ outcome }: Result) => Math.max(outcome.took ?? 0, outcome.seconds);

/** Seconds beside the training. */
export const startOf = (result: Result) => tookOf(result) - result.outcome.seconds;
