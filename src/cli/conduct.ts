// Conducts a study at a terminal: progress, Ctrl-C, the answer, and how to go on.
import { existsSync } from "node:fs";
import type { Executor } from "../execute/executor.ts";
import { type Beginning, beginStudy } from "../study/begin.ts";
import { conduct, type StudyEnd, type StudyEvent } from "../study/conduct.ts";
import type { Planned } from "../study/questions/index.ts";
import { trialLog } from "../study-folder/index.ts";
import { shellWord, withoutPassword } from "../text.ts";
import { describeFailure, oneLine, onInterrupt, say, tell } from "./console.ts";
import { replacedDefaultNote } from "./replaced-default.ts";
import { createStudyProgress } from "./study-progress.ts";
import { sayWords } from "./words.ts";

/** Begins a study and conducts it as {@link conducted} does. */
export async function conductNew(
  study: Planned & Omit<Beginning, "command">,
  executor: Executor,
): Promise<void> {
  const path = beginStudy({ ...study, command: process.argv.slice(2).map(withoutPassword) });
  tell(`study ${path}`);
  const replaced = replacedDefaultNote(study.arms);
  if (replaced !== null) tell(replaced);
  await conducted(path, executor);
}

/** Conducts the study in a folder until it is answered, stuck or interrupted; sets the exit code. */
export async function conducted(path: string, executor: Executor): Promise<void> {
  const progress = createStudyProgress(process.stderr);
  const interruption = onInterrupt(progress.clear);
  interruption.arm();
  const ticking = setInterval(progress.tick, 1000);
  try {
    let told: string | null = null;
    const end = await attend(conduct(path, executor, interruption.signal), async (event) => {
      if (event.type === "round") {
        const note = event.asked.note ?? null;
        if (note !== null && note !== told) {
          progress.clear();
          tell(note.replaceAll("\u00A0", " "));
        }
        told = note;
      }
      progress.onEvent(event);
      if (event.type === "round") await writePage(path);
    });
    progress.clear();
    const page = await writePage(path);
    ends[end.state](path, end as never);
    if (page !== null) say(`report  ${page}`);
    if (end.state === "interrupted") process.exitCode = interruption.exitCode() ?? 130;
  } finally {
    clearInterval(ticking);
    progress.clear();
    interruption.release();
    await executor.close();
  }
}

async function attend(
  events: AsyncGenerator<StudyEvent, StudyEnd>,
  onEvent: (event: StudyEvent) => Promise<void>,
): Promise<StudyEnd> {
  for (;;) {
    const next = await events.next();
    if (next.done) return next.value;
    await onEvent(next.value);
  }
}

/** The page of the study as it stands; null where it cannot be written, which is told and does not end the study. */
async function writePage(path: string): Promise<string | null> {
  const { writeStudyReport } = await import("../report/study/study-page.ts");
  try {
    return await writeStudyReport(path);
  } catch (error) {
    tell(`the report could not be written: ${describeFailure(error, false).text.replace(/^cutout: /, "")}`);
    return null;
  }
}

type Of<State extends StudyEnd["state"]> = Extract<StudyEnd, { readonly state: State }>;

const ends: { readonly [State in StudyEnd["state"]]: (path: string, end: Of<State>) => void } = {
  answered(path, { asked }) {
    sayWords(asked.words);
    say(`study   ${path}`);
  },
  stuck(path, { failed }) {
    for (const { trial, outcome } of failed) {
      if (outcome.state !== "failed") continue;
      const log = trialLog(path, trial.index);
      const where = existsSync(log) && !outcome.message.includes(log) ? `; what it said is in ${log}` : "";
      tell(`trial ${trial.index} failed: ${oneLine(outcome.message)}${where}`);
    }
    tell(`no answer yet: the trials that failed are tried again by cutout study resume ${shellWord(path)}`);
    process.exitCode = 1;
  },
  interrupted(path) {
    tell(`interrupted and saved; go on with: cutout study resume ${shellWord(path)}`);
  },
};
