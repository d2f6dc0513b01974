// The list of questions, and what the one of a study says to what has been found.
import { bySchema } from "../../run-folder/json-file.ts";
import type { Conducted, Study } from "../../study-folder/index.ts";
import type { Words } from "../words.ts";
import { type CompareAnswer, type ComparePlan, compareQuestion } from "./compare.ts";
import { type Question, resultsOf, type Step } from "./question.ts";
import { type SweepAnswer, type SweepPlan, sweepQuestion } from "./sweep.ts";

/** What each question plans, and what answers it. */
interface Kinds {
  readonly compare: { readonly plan: ComparePlan; readonly answer: CompareAnswer };
  readonly sweep: { readonly plan: SweepPlan; readonly answer: SweepAnswer };
}

const list: { readonly [Name in keyof Kinds]: Question<Kinds[Name]["plan"], Kinds[Name]["answer"]> } = {
  compare: compareQuestion,
  sweep: sweepQuestion,
};

interface AskedOf<Plan, Answer> extends Step<Answer> {
  readonly plan: Plan;
  /** What can be said by now. */
  readonly words: Words;
}

/** A study's question with its plan, the trials that it needs, and its answer once there is one. */
export type Asked = {
  readonly [Name in keyof Kinds]: { readonly question: Name } & AskedOf<
    Kinds[Name]["plan"],
    Kinds[Name]["answer"]
  >;
}[keyof Kinds];

/**
 * What the question of a study says to what has been found so far.
 * @throws CutoutError when its plan cannot be read, or runs cannot be set against each other
 */
export function ask(study: Study, conducted: readonly Conducted[]): Asked {
  return asked(list[study.question] as Question<unknown, unknown>, study, conducted);
}

function asked<Plan, Answer>(
  { name, plan: schema, next, tell }: Question<Plan, Answer>,
  { plan: stored, arms }: Study,
  conducted: readonly Conducted[],
): Asked {
  const plan = bySchema(schema)(stored);
  const results = resultsOf(conducted);
  const step = next(plan, arms, results);
  const words = tell(plan, arms, results, step.answer);
  return { question: name, plan, ...step, words } as unknown as Asked;
}
