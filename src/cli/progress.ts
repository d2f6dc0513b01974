// The progress display: a line redrawn in place on a terminal, plain lines elsewhere.

import { viewsText } from "../config/views.ts";
import type { RunEvent } from "../run/events.ts";
import { printable } from "../text.ts";
import type { ReconstructionScores } from "../train/evaluation.ts";
import type { EpochRecord, TestRecord } from "../train/events.ts";

/** Where the display is drawn: `process.stderr`, or a test's stand-in. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Of a run that trains a classifier, or learns without labels. */
type AnyRunEvent = RunEvent | RunEvent<ReconstructionScores>;
type EventOf<Type extends AnyRunEvent["type"]> = Extract<AnyRunEvent, { type: Type }>;

/** What a line says beside the loss: the share of right answers, or the error where images were corrupted. */
function besideLoss(name: string, score: { readonly top1: number } | { readonly corrupted: number }): string {
  return "top1" in score
    ? `${name} ${formatPercent(score.top1)}`
    : `${name === "accuracy" ? "error" : `${name} error`} ${score.corrupted.toFixed(4)}`;
}

/** Redrawing more often only costs time. */
const redrawMilliseconds = 100;
/** Without a terminal, a long phase says that it is alive this often. */
const plainMilliseconds = 10_000;

const phases = {
  compile: "compiling the network",
  train: null,
  validate: "validating",
  test: "testing",
} as const;

/** `8 s`, `2 min 05 s`, `1 h 02 min` */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.floor(whole / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

export function formatPercent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** `0.0812`, `1.2e-5` */
function formatRate(rate: number): string {
  return rate !== 0 && rate < 1e-3 ? rate.toExponential(1) : String(Number(rate.toPrecision(3)));
}

function formatEpochNumber(epoch: number, epochs: number | null): string {
  return epochs === null ? `${epoch}` : `${String(epoch).padStart(String(epochs).length)}/${epochs}`;
}

/** The line while an epoch runs. */
export function formatStep(event: EventOf<"step">): string {
  return [
    `epoch ${formatEpochNumber(event.epoch, event.epochs)}`,
    `step ${event.stepInEpoch}/${event.stepsPerEpoch}`,
    `loss ${event.loss.toFixed(3)}`,
    besideLoss("accuracy", event),
    `rate ${formatRate(event.learningRate)}`,
    `${Math.round(event.imagesPerSecond)} images/s`,
    `${formatDuration(event.secondsLeft)} left`,
  ].join("  ");
}

/** The line that stays when an epoch has ended; `*` marks the best so far. */
export function formatEpoch(
  record: EpochRecord | EpochRecord<ReconstructionScores>,
  epochs: number | null,
  secondsLeft: number | null,
): string {
  return [
    `epoch ${formatEpochNumber(record.epoch, epochs)}`,
    `loss ${record.train.loss.toFixed(3)}`,
    besideLoss("training", record.train),
    ...(record.validation === null
      ? []
      : [`${besideLoss("validation", record.validation)}${record.best ? "*" : " "}`]),
    `rate ${formatRate(record.learningRate)}`,
    `${Math.round(record.imagesPerSecond)} images/s`,
    `${formatDuration(record.seconds)}${secondsLeft === null ? "" : `, ${formatDuration(secondsLeft)} left`}`,
  ].join("  ");
}

export function formatTest({ epoch, crops, test }: TestRecord | TestRecord<ReconstructionScores>): string {
  return `test (epoch ${epoch}${viewsText[crops].aside})  ${besideLoss("accuracy", test)}  loss ${test.loss.toFixed(3)}  ${test.count} images`;
}

/** `decoding photos  1,200 of 10,000  12 %` */
export function formatProgress(done: number, total: number, what: string): string {
  const count = (value: number) => value.toLocaleString("en-US");
  const share = total > 0 ? `  ${Math.floor((100 * done) / total)} %` : "";
  return `${what}  ${count(done)} of ${count(total)}${share}`;
}

export interface Progress {
  /** For `TrialOptions.onEvent`. */
  onEvent(event: AnyRunEvent): void;
  /** For `TrialOptions.onProgress`. */
  onProgress(done: number, total: number, what: string): void;
  /** Any other line of progress. */
  onText(text: string): void;
  /** Takes the moving line away, so that other text can follow. */
  clear(): void;
}

/**
 * A display on a screen.
 * @param now clock in milliseconds
 */
export function createProgress(screen: Screen, now: () => number = () => performance.now()): Progress {
  const moving = screen.isTTY === true;
  let shown = false;
  // Without a terminal nothing is said of what is done at once.
  const start = () => (moving ? Number.NEGATIVE_INFINITY : now());
  let drawnAt = start();
  let epochs: number | null = null;
  let secondsLeft: number | null = null;

  const clear = () => {
    if (shown) screen.write("\r\x1b[2K");
    shown = false;
  };
  const line = (text: string) => {
    clear();
    screen.write(`${text}\n`);
  };
  const redraw = (text: string, always = false) => {
    const due = now() - drawnAt >= (moving ? redrawMilliseconds : plainMilliseconds);
    if (!due && !always) return;
    drawnAt = now();
    if (moving) {
      // One column is left free: a full line would wrap and could not be redrawn in place.
      const width = Math.max(20, (screen.columns ?? 80) - 1);
      screen.write(`\r\x1b[2K${text.length > width ? text.slice(0, width) : text}`);
      shown = true;
    } else {
      screen.write(`${text}\n`);
    }
  };

  const onProgress = (done: number, total: number, what: string) => {
    if (done < total) redraw(formatProgress(done, total, what));
    else {
      clear();
      drawnAt = start();
    }
  };

  const handlers: { readonly [Type in AnyRunEvent["type"]]: (event: EventOf<Type>) => void } = {
    phase({ phase }) {
      const text = phases[phase];
      if (text !== null && moving) redraw(text, true);
      if (phase === "train") drawnAt = now();
    },
    step(event) {
      epochs = event.epochs;
      secondsLeft = event.secondsLeft;
      redraw(formatStep(event));
    },
    epoch(event) {
      line(formatEpoch(event, epochs, event.last ? null : secondsLeft));
      drawnAt = now();
    },
    test: (event) => line(formatTest(event)),
    message: ({ text }) => line(printable(text)),
    progress: ({ done, total, what }) => onProgress(done, total, what),
    folder: ({ path }) => line(`run folder ${printable(path)}`),
  };

  return {
    clear,
    onText: (text) => redraw(printable(text)),
    onProgress,
    onEvent: (event) => (handlers[event.type] as (event: AnyRunEvent) => void)(event),
  };
}
