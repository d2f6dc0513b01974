// What a question adds to the page of its study: a drawer each, in a table.
import type { Asked } from "../../study/questions/index.ts";
import type { Content, Html } from "../markup.ts";
import type { StudyView } from "./view.ts";

export type AskedAs<Name extends Asked["question"]> = Extract<Asked, { readonly question: Name }>;

export interface QuestionPage<Name extends Asked["question"]> {
  /** What is asked: the title of the page. */
  title(view: StudyView): string;
  /** The rule that was written down before the first run, as names and values. */
  rule(plan: AskedAs<Name>["plan"]): readonly (readonly [string, Content])[];
  /** Null where there is nothing yet. */
  figures(asked: AskedAs<Name>, view: StudyView): Promise<Html | null>;
}
