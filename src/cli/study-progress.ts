// The progress of a study: a line for each trial that ends, and below them, on a terminal, a line for each that runs,
// a bar, and the time left.
import { wide } from "../report/text-width.ts";
import type { RunEvent } from "../run/events.ts";
import type { Round, StudyEvent } from "../study/conduct.ts";
import { secondsAfter } from "../study/rounds.ts";
import type { Outcome, Trial } from "../study-folder/index.ts";
import { counted, printable } from "../text.ts";
import { formatDuration, formatPercent, formatProgress, type Screen } from "./progress.ts";

/** The lines at the bottom of a terminal. */
const redrawMilliseconds = 200;
/** Without a terminal it says that it is alive this often. */
const plainMilliseconds = 30_000;
const barWidth = 24;

interface Running {
  readonly begun: number;
  /** Share of its epochs that is done. */
  share: number;
  /** When its training ends, as it told by itself; null before its first step. */
  endsAt: number | null;
  /** What it does. */
  text: string;
}

export interface StudyScreen extends Screen {
  readonly rows?: number;
}

export interface StudyProgress {
  onEvent(event: StudyEvent): void;
  /** To be called every second or so: a sign of life when no trial tells anything. */
  tick(): void;
  /** Takes the moving lines away. */
  clear(): void;
}

/** @param now clock in milliseconds */
export function createStudyProgress(
  screen: StudyScreen,
  now: () => number = () => performance.now(),
): StudyProgress {
  const moving = screen.isTTY === true;
  const running = new Map<number, Running>();
  /** Of this round. */
  const ended = new Set<number>();
  const told = new Set<string>();
  const pace = createPace();
  let round: Round | null = null;
  let finished = 0;
  /** Most that have run at a time in this round. */
  let most = 1;
  let shown = 0;
  let drawnAt = now();

  const clear = () => {
    if (shown > 0) screen.write(`\r\x1b[2K${"\x1b[1A\x1b[2K".repeat(shown - 1)}`);
    shown = 0;
  };
  const line = (text: string) => {
    clear();
    screen.write(`${text}\n`);
  };
  const trialOf = (index: number): Trial => round!.study.trials[index]!;
  const nameOf = (index: number) => {
    const { arm, seed } = trialOf(index);
    return `${printable(round!.study.study.arms[arm]!.name)}  seed ${seed}`;
  };
  const numbered = (index: number) => {
    const total = String(round!.study.trials.length);
    return `${String(index + 1).padStart(total.length)}/${total}  ${nameOf(index)}`;
  };
  const lengthOf = (trial: Trial) =>
    trial.task === "test" ? 0 : (trial.epochs ?? round!.study.study.arms[trial.arm]!.settings.epochs ?? 1);

  const secondsTo = (time: number) => Math.max(0, (time - now()) / 1000);
  /** Seconds that a running trial still takes, as far as can be told. */
  const leftOf = ([index, { begun, endsAt }]: readonly [number, Running]): number | null => {
    if (endsAt !== null) return secondsTo(endsAt);
    const expected = expectedOf(trialOf(index));
    return expected === null ? null : Math.max(0, expected - (now() - begun) / 1000);
  };
  /** Seconds to the end of the round; null before anything is known. */
  const roundLeft = (): number | null => {
    const runs = [...running].map(leftOf);
    const waiting = round!.conducted
      .filter(
        ({ trial, outcome }) =>
          outcome.state !== "finished" && !ended.has(trial.index) && !running.has(trial.index),
      )
      .map(({ trial }) => expectedOf(trial));
    if ([...runs, ...waiting].includes(null)) return null;
    return secondsAfter(runs as readonly number[], waiting as readonly number[], most);
  };
  /** By those that have ended, or before one has by those that run now. */
  const expectedOf = (trial: Trial): number | null => {
    const known = pace.expected(lengthOf(trial));
    if (known !== null) return known;
    const sure = [...running].flatMap(([index, { begun, endsAt }]) =>
      endsAt === null ? [] : [(endsAt - begun) / 1000 / Math.max(1, lengthOf(trialOf(index)))],
    );
    return sure.length === 0 ? null : (sure.reduce((a, b) => a + b, 0) / sure.length) * lengthOf(trial);
  };

  const summary = () => {
    const left = roundLeft();
    const time = left === null ? "" : `  about ${formatDuration(left)} left of this round`;
    return `${finished} of ${round!.study.trials.length} done, ${running.size} running${time}`;
  };
  const later = (): string | null => {
    const { asked, study } = round!;
    if (asked.later.length === 0) return null;
    const trials = study.trials.filter(({ task }) => task === "train");
    const mean = trials.reduce((sum, trial) => sum + lengthOf(trial), 0) / Math.max(1, trials.length);
    const each = pace.expected(mean);
    const rounds = asked.later.map(({ stage, trials: more }) => {
      const time =
        each === null ? "" : ` (about ${formatDuration(secondsAfter([], Array(more).fill(each), most))})`;
      return `${stage} with ${counted(more, "more trial")}${time}`;
    });
    return `if that gives no answer: ${rounds.join(", ")}`;
  };
  const runLine = ([index, one]: readonly [number, Running]): string => {
    const seconds = one.endsAt === null ? 0 : Math.round(secondsTo(one.endsAt));
    const left = seconds < 1 ? "" : `  ${formatDuration(seconds)} left`;
    return `  ${nameOf(index)}  ${one.text}${left}`;
  };

  const draw = () => {
    const width = Math.max(20, (screen.columns ?? 80) - 1);
    const room = Math.max(1, (screen.rows ?? 24) - 4);
    const all = [...running].sort(([a], [b]) => a - b);
    // One line more than there is room for would scroll away, and could not be redrawn.
    const kept = all.length > room ? all.slice(0, room - 1) : all;
    const lines = [
      ...kept.map(runLine),
      ...(kept.length < all.length ? [`  and ${all.length - kept.length} more`] : []),
      `${barOf(finished + [...running.values()].reduce((sum, { share }) => sum + share, 0), round!.study.trials.length)} ${summary()}`,
      ...[later()].filter((text) => text !== null),
    ];
    clear();
    screen.write(lines.map((text) => fitted(text, width)).join("\n"));
    shown = lines.length;
  };
  const redraw = () => {
    if (round === null || running.size === 0) return;
    if (now() - drawnAt < (moving ? redrawMilliseconds : plainMilliseconds)) return;
    drawnAt = now();
    if (moving) return draw();
    const runs = [...running].map((one) => runLine(one).trim());
    screen.write(`${summary()}: ${runs.join("; ")}\n`);
  };

  const onRound = (next: Round) => {
    const before = round;
    round = next;
    running.clear();
    ended.clear();
    most = 1;
    finished = next.conducted.filter(({ outcome }) => outcome.state === "finished").length;
    for (const { trial, outcome } of next.conducted) {
      // Runs of an earlier process tell how long one takes, before the first of this one has ended.
      if (before === null && outcome.state === "finished") pace.add(lengthOf(trial), outcome.seconds);
    }
    if (finished > 0) line(next.asked.words.headline.replaceAll("\u00A0", " "));
    const total = next.study.trials.length;
    line(`${total - finished} of ${counted(total, "trial")} to run`);
    const more = later();
    if (!moving && more !== null) line(more);
  };
  /** What all runs tell alike, as what was not read, is told once; their seeds make no difference. */
  const onMessage = (index: number, text: string) => {
    const alike = text.replaceAll(`seed ${trialOf(index).seed}`, "seed");
    if (told.has(alike)) return;
    told.add(alike);
    line(printable(text));
  };
  const onRun = (index: number, event: RunEvent) => {
    const one = running.get(index);
    if (one === undefined) return;
    if (event.type === "message") onMessage(index, event.text);
    onRunEvent(one, event, now());
    redraw();
  };
  const onEnd = (index: number, outcome: Outcome) => {
    const seconds = (now() - (running.get(index)?.begun ?? now())) / 1000;
    running.delete(index);
    ended.add(index);
    if (outcome.state === "finished") {
      finished++;
      pace.add(lengthOf(trialOf(index)), seconds);
    }
    line(`${numbered(index)}  ${endText(outcome, seconds)}`);
    if (moving && running.size > 0) draw();
  };

  return {
    clear,
    tick: redraw,
    onEvent(event) {
      if (event.type === "round") return onRound(event);
      const { trial } = event;
      if (event.type === "run") return onRun(trial, event.event);
      if (event.type === "end") return onEnd(trial, event.outcome);
      running.set(trial, {
        begun: now(),
        share: 0,
        endsAt: null,
        text: `begins on ${printable(event.where)}`,
      });
      most = Math.max(most, running.size);
      redraw();
    },
  };
}

/** What an event of a run changes about its line. */
function onRunEvent(one: Running, event: RunEvent, now: number): void {
  if (event.type === "progress") one.text = formatProgress(event.done, event.total, printable(event.what));
  if (event.type === "phase" && event.phase !== "train") one.text = phaseTexts[event.phase];
  if (event.type === "step") {
    const { epoch, epochs, stepInEpoch, stepsPerEpoch, top1, secondsLeft } = event;
    one.share = (epoch - 1 + stepInEpoch / stepsPerEpoch) / epochs;
    one.endsAt = now + 1000 * secondsLeft;
    one.text = `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}  accuracy ${formatPercent(top1)}`;
  }
}

const phaseTexts = { compile: "compiling", validate: "validating", test: "testing" } as const;

function endText(outcome: Outcome, seconds: number): string {
  if (outcome.state === "failed") return `failed: ${printable(outcome.message)}`;
  if (outcome.state === "open") return `saved after epoch ${outcome.epochs}`;
  const part = outcome.test === null ? "validation" : "test";
  const accuracy = outcome.test ?? outcome.validation;
  return `${part} ${accuracy === null ? "-" : formatPercent(accuracy)}  ${formatDuration(seconds)}`;
}

/** `[=====>    ]` */
function barOf(done: number, total: number): string {
  const filled = Math.floor((barWidth * done) / Math.max(1, total));
  return `[${"=".repeat(filled)}${filled < barWidth ? ">" : ""}${" ".repeat(Math.max(0, barWidth - filled - 1))}]`;
}

/** As much of its start as fits into so many columns: a longer line would wrap, and could not be redrawn in place. */
function fitted(text: string, columns: number): string {
  let used = 0;
  let kept = "";
  for (const character of text) {
    used += wide.test(character) ? 2 : 1;
    if (used > columns) return kept;
    kept += character;
  }
  return kept;
}

/** How long a trial takes by its number of epochs, from those that have ended. */
function createPace() {
  let epochs = 0;
  let seconds = 0;
  return {
    add(length: number, took: number) {
      if (length === 0) return;
      epochs += length;
      seconds += took;
    },
    /** Null before the first has ended. */
    expected: (length: number): number | null => (epochs === 0 ? null : (seconds / epochs) * length),
  };
}
