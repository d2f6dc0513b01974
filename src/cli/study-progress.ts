// The progress of a study: a line for each trial that ends, and one that moves for those that run.
import type { StudyEvent } from "../study/conduct.ts";
import type { Conducted, OpenStudy, Trial } from "../study-folder/index.ts";
import { formatDuration, formatPercent, type Screen } from "./progress.ts";

interface Running {
  readonly begun: number;
  /** Share of its epochs that is done. */
  share: number;
}

export interface StudyProgress {
  onEvent(event: StudyEvent): void;
  /** Takes the moving line away. */
  clear(): void;
}

/** @param now clock in milliseconds */
export function createStudyProgress(screen: Screen, now: () => number = Date.now): StudyProgress {
  const moving = screen.isTTY === true;
  const running = new Map<number, Running>();
  let trials: readonly Trial[] = [];
  let study: OpenStudy | null = null;
  let finished = 0;
  let durations: number[] = [];
  let shown = false;
  let drawnAt = now();
  const clear = () => {
    if (shown) screen.write("\r\x1b[2K");
    shown = false;
  };
  const line = (text: string) => {
    clear();
    screen.write(`${text}\n`);
  };
  const nameOf = (index: number) => {
    const trial = trials[index]!;
    return `${String(index + 1).padStart(String(trials.length).length)}/${trials.length}  ${study!.study.arms[trial.arm]!.name}  seed ${trial.seed}`;
  };
  const left = (): string => {
    if (durations.length === 0 || running.size === 0) return "";
    const mean = durations.reduce((sum, one) => sum + one, 0) / durations.length;
    const open = trials.length - finished - [...running.values()].reduce((sum, { share }) => sum + share, 0);
    return `  about ${formatDuration((mean * Math.max(0, open)) / running.size)} left of this round`;
  };
  const redraw = () => {
    if (now() - drawnAt < (moving ? 200 : 10_000)) return;
    drawnAt = now();
    const parts = [...running].map(([index, { share }]) => `${nameOf(index)} ${Math.floor(100 * share)} %`);
    const text = `${finished} of ${trials.length} done${left()}  ${parts.join("; ")}`;
    if (!moving) return void screen.write(`${text}\n`);
    const width = Math.max(20, (screen.columns ?? 80) - 1);
    screen.write(`\r\x1b[2K${text.slice(0, width)}`);
    shown = true;
  };
  const onRound = (open: OpenStudy, conducted: readonly Conducted[]) => {
    study = open;
    trials = open.trials;
    finished = conducted.filter(({ outcome }) => outcome.state === "finished").length;
    line(`${trials.length - finished} of ${trials.length} trials to run`);
  };
  return {
    clear,
    onEvent(event) {
      if (event.type === "round") return onRound(event.study, event.conducted);
      const { trial } = event;
      if (event.type === "begin") running.set(trial, { begun: now(), share: 0 });
      if (event.type === "run") {
        const one = running.get(trial);
        if (one !== undefined && event.event.type === "step") {
          const { epoch, epochs, stepInEpoch, stepsPerEpoch } = event.event;
          one.share = (epoch - 1 + stepInEpoch / stepsPerEpoch) / epochs;
        }
        redraw();
      }
      if (event.type !== "end") return;
      const { outcome } = event;
      const begun = running.get(trial)?.begun ?? now();
      running.delete(trial);
      const took = (now() - begun) / 1000;
      if (outcome.state === "finished") {
        finished++;
        durations = [...durations, took];
        const accuracy = outcome.test ?? outcome.validation;
        const part = outcome.test === null ? "validation" : "test";
        line(
          `${nameOf(trial)}  ${part} ${accuracy === null ? "-" : formatPercent(accuracy)}  ${formatDuration(took)}`,
        );
      } else if (outcome.state === "failed") line(`${nameOf(trial)}  failed: ${outcome.message}`);
      else line(`${nameOf(trial)}  saved after epoch ${outcome.epochs}`);
    },
  };
}
