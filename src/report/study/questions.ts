// The list of what each question adds to the page of its study.
import type { Asked } from "../../study/questions/index.ts";
import { comparePage } from "./compare-figures.ts";
import { doctorPage } from "./doctor-figures.ts";
import type { QuestionPage } from "./question-page.ts";
import { sweepPage } from "./sweep-figures.ts";
import { tunePage } from "./tune-figures.ts";

const pages: { readonly [Name in Asked["question"]]: QuestionPage<Name> } = {
  compare: comparePage,
  doctor: doctorPage,
  sweep: sweepPage,
  tune: tunePage,
};

/** What the question of a study adds; of any of them, as a study's own plan and answer go with it. */
export const questionPage = (question: Asked["question"]): QuestionPage<Asked["question"]> =>
  pages[question] as QuestionPage<Asked["question"]>;
