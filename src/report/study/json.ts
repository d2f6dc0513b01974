// A study for other programs, as JSON: what is asked, the answer, a row a run, the cost. Fields are added, never changed.
import type { Cost, StudyState, StudySummary } from "../../study/summary.ts";
import type { Words } from "../../study/words.ts";
import type { ResultRow } from "../../study-folder/index.ts";

export interface StudyJson {
  /** Raised when a field changes its meaning. */
  readonly schema: 1;
  readonly question: string;
  readonly state: StudyState;
  /** SHA-256 of the question, its rule and its settings, as written before the first run. */
  readonly hash: string;
  /** ISO 8601. */
  readonly created: string;
  readonly version: string;
  readonly data: string;
  readonly arms: readonly string[];
  /** The rule and all that was decided before the first run. */
  readonly plan: unknown;
  readonly words: Words;
  /** The numbers of the answer, in the form of its question; null as long as there is none. */
  readonly answer: unknown;
  /** As the columns of results.csv, the settings that vary by name; why it failed where it did. */
  readonly runs: readonly (ResultRow & { readonly error: string | null })[];
  readonly cost: Cost;
}

export function studyJson({ study, state, words, asked, rows, shown, cost }: StudySummary): StudyJson {
  const { question, created, version, data, arms, plan } = study;
  return {
    schema: 1,
    question,
    state,
    hash: study.hash,
    created,
    version,
    data,
    arms: arms.map(({ name }) => name),
    plan,
    words: { ...words },
    answer: asked?.answer ?? null,
    runs: rows.map((row, index) => {
      const { outcome } = shown[index]!;
      return { ...row, error: outcome.state === "failed" ? outcome.message : null };
    }),
    cost,
  };
}
