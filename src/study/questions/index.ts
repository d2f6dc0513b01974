// The list of questions, and what the one of a study says to what has been found.
import { bySchema } from "../../run-folder/json-file.ts";
import type { Arm, Conducted, Study } from "../../study-folder/index.ts";
import type { Words } from "../words.ts";
import { type CompareAnswer, type ComparePlan, compareQuestion } from "./compare.ts";
import { type DoctorAnswer, doctorQuestion } from "./doctor.ts";
import type { DoctorPlan } from "./doctor-design.ts";
import { type LaterRound, type Question, resultsOf, type Step } from "./question.ts";
import { type SweepAnswer, type SweepPlan, sweepQuestion } from "./sweep.ts";
import { type TuneAnswer, type TunePlan, tuneQuestion } from "./tune.ts";

/** What each question plans, and what answers it. */
interface Kinds {
  readonly compare: { readonly plan: ComparePlan; readonly answer: CompareAnswer };
  readonly doctor: { readonly plan: DoctorPlan; readonly answer: DoctorAnswer };
  readonly sweep: { readonly plan: SweepPlan; readonly answer: SweepAnswer };
  readonly tune: { readonly plan: TunePlan; readonly answer: TuneAnswer };
}

const list: { readonly [Name in keyof Kinds]: Question<Kinds[Name]["plan"], Kinds[Name]["answer"]> } = {
  compare: compareQuestion,
  doctor: doctorQuestion,
  sweep: sweepQuestion,
  tune: tuneQuestion,
};

/** A question with its plan: what it needs to decide, its rule with it. */
export type Planned = {
  readonly [Name in keyof Kinds]: { readonly question: Name; readonly plan: Kinds[Name]["plan"] };
}[keyof Kinds];

interface AskedOf<Plan, Answer> extends Step<Answer> {
  readonly plan: Plan;
  /** The rounds that may follow those that are needed by now. */
  readonly later: readonly LaterRound[];
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

/** @throws CutoutError when it is no plan of this question for these arms */
export function checkPlan(question: Study["question"], plan: unknown, arms: readonly Arm[]): void {
  planOf(list[question] as Question<unknown, unknown>, plan, arms);
}

function planOf<Plan>(
  { plan: schema, check }: Question<Plan, unknown>,
  stored: unknown,
  arms: readonly Arm[],
): Plan {
  const plan = bySchema(schema)(stored);
  check(plan, arms);
  return plan;
}

/**
 * What the question of a study says to what has been found so far.
 * @throws CutoutError when its plan cannot be read, or runs cannot be set against each other
 */
export function ask(study: Study, conducted: readonly Conducted[]): Asked {
  return asked(list[study.question] as Question<unknown, unknown>, study, conducted);
}

function asked<Plan, Answer>(
  question: Question<Plan, Answer>,
  { plan: stored, arms }: Study,
  conducted: readonly Conducted[],
): Asked {
  const { name, next, tell, later: follow } = question;
  const plan = planOf(question, stored, arms);
  const results = resultsOf(conducted);
  const step = next(plan, arms, results);
  const words = tell(plan, arms, results, step.answer);
  const later = step.answer === null ? (follow?.(plan, step.trials.length) ?? []) : [];
  return { question: name, plan, ...step, later, words } as unknown as Asked;
}
