// Conducts a study at a terminal: progress, Ctrl-C, the answer, and how to go on.
import type { Executor } from "../execute/executor.ts";
import { conduct, type StudyEnd, type StudyEvent } from "../study/conduct.ts";
import { shellWord } from "../text.ts";
import { onInterrupt, say, tell } from "./console.ts";
import { createStudyProgress } from "./study-progress.ts";
import { sayWords } from "./words.ts";

/** Conducts the study in a folder until it is answered, stuck or interrupted; sets the exit code. */
export async function conducted(path: string, executor: Executor): Promise<void> {
  const progress = createStudyProgress(process.stderr);
  const interruption = onInterrupt(progress.clear);
  interruption.arm();
  try {
    const end = await attend(conduct(path, executor, interruption.signal), progress.onEvent);
    progress.clear();
    ends[end.state](path, end as never);
    if (end.state === "interrupted") process.exitCode = interruption.exitCode() ?? 130;
  } finally {
    progress.clear();
    interruption.release();
    await executor.close();
  }
}

async function attend(
  events: AsyncGenerator<StudyEvent, StudyEnd>,
  onEvent: (event: StudyEvent) => void,
): Promise<StudyEnd> {
  for (;;) {
    const next = await events.next();
    if (next.done) return next.value;
    onEvent(next.value);
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
      if (outcome.state === "failed") tell(`trial ${trial.index} failed: ${outcome.message}`);
    }
    tell(`no answer yet: the trials that failed are tried again by cutout study resume ${shellWord(path)}`);
    process.exitCode = 1;
  },
  interrupted(path) {
    tell(`interrupted and saved; go on with: cutout study resume ${shellWord(path)}`);
  },
};
