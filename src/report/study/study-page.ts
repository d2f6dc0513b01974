// The page of a study: one file that works offline, of a finished study or one in the middle.
import { mkdirSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { replaceFile } from "../../durable-file.ts";
import { type StudySummary, summarize } from "../../study/summary.ts";
import { studyReport } from "../../study-folder/index.ts";
import { counted, whole } from "../../text.ts";
import { html } from "../markup.ts";
import { flagged, page } from "../page.ts";
import { wordsSection } from "../words-section.ts";
import { curvesSection } from "./curves.ts";
import { questionPage } from "./questions.ts";
import {
  againSection,
  costSection,
  failuresSection,
  notesSection,
  ruleSection,
  runsSection,
  settingsSection,
} from "./sections.ts";
import type { StudyView } from "./view.ts";

/**
 * Writes the page of a study from the files of its folder: the answer, figures, every run. What is missing or damaged is
 * said there.
 * @param outFile by default `report.html` in the folder
 * @returns its path
 * @throws CutoutError when the folder is no study, its question is damaged, or the page cannot be written
 */
export async function writeStudyReport(path: string, outFile = studyReport(path)): Promise<string> {
  const text = await studyPage({ ...summarize(path), pageFolder: dirname(resolve(outFile)) });
  mkdirSync(dirname(outFile), { recursive: true });
  replaceFile(outFile, [Buffer.from(text)]);
  return outFile;
}

async function studyPage(view: StudyView): Promise<string> {
  const { study, words, asked } = view;
  const { title: titleOf, figures } = questionPage(study.question);
  const title = titleOf(view);
  return page(
    title,
    html`<header>
<h1>${flagged(title)}</h1>
<p>${factsOf(view)}</p>
</header>
<main>
${wordsSection("answer", "The answer", words, html`<p class="dim">${progressText(view)}</p>`)}${failuresSection(view)}${notesSection(view)}${asked && (await figures(asked, view))}${await curvesSection(view)}${runsSection(view)}${costSection(view)}${ruleSection(view)}${settingsSection(view)}${againSection(view)}</main>
`,
  );
}

function factsOf({ study, path, shown }: StudyView): string {
  const images = shown.find((one) => one.images !== null)?.images ?? null;
  return [
    study.question,
    `data ${basename(study.data)}`,
    images &&
      `${counted(images.train, "training image")}, ${whole(images.validation)} for validation, ${whole(images.test)} for the test`,
    `study folder ${basename(resolve(path))}`,
  ]
    .filter((text) => text !== null)
    .join(" · ");
}

/** `12 of 12 planned runs are finished.` */
function progressText({ shown, state }: StudySummary): string {
  const count = (wanted: string) => shown.filter(({ outcome }) => outcome.state === wanted).length;
  const failed = count("failed");
  const said = `${count("finished")} of ${counted(shown.length, "planned trial")} finished${failed > 0 ? `, ${failed} failed` : ""}.`;
  return state === "answered" ? said : `${said} This page is of a study that goes on.`;
}
