// Learning-rate schedules: plain options and a step give a learning rate, nothing is remembered but the plateau.
import { CutoutError } from "../error.ts";

/** The same learning rate throughout. */
export interface ConstantSchedule {
  readonly kind: "constant";
  readonly learningRate: number;
  /** Linear rise over the first epochs, `learningRate * (step + 1) / warmupSteps`; 0 is off, fractions are allowed. */
  readonly warmupEpochs: number;
}

/** Times `gamma` at each milestone (PyTorch `MultiStepLR`). */
export interface StepsSchedule {
  readonly kind: "steps";
  readonly learningRate: number;
  /** Epochs that must have been finished, rising, counted from the start of the run. */
  readonly milestones: readonly number[];
  readonly gamma: number;
  readonly warmupEpochs: number;
}

/** Half a cosine from `learningRate` to `floor`, renewed at every step (PyTorch `CosineAnnealingLR`; SGDR, section 3). */
export interface CosineSchedule {
  readonly kind: "cosine";
  readonly learningRate: number;
  /** Where the cosine would arrive one step after the last. */
  readonly floor: number;
  /** The cosine takes the epochs that remain after the warm-up. */
  readonly warmupEpochs: number;
}

/** Up to the peak and down again, renewed at every step (PyTorch `OneCycleLR`, two phases). */
export interface OneCycleSchedule {
  readonly kind: "one-cycle";
  /** The peak. */
  readonly learningRate: number;
  readonly shape: "triangular" | "cosine";
  /** Share of all steps before the peak, 0 to 1. */
  readonly warmupShare: number;
  /** The first step has `learningRate / initialDivision`. */
  readonly initialDivision: number;
  /** The last step has `learningRate / initialDivision / finalDivision`. */
  readonly finalDivision: number;
}

/** Times `factor` when validation top-1 has stopped rising (PyTorch `ReduceLROnPlateau`, mode max, relative threshold). */
export interface PlateauSchedule {
  readonly kind: "plateau";
  readonly learningRate: number;
  readonly factor: number;
  /** Reduce when more than this many epochs in a row were not better. */
  readonly patience: number;
  /** Better means score > best * (1 + threshold). */
  readonly threshold: number;
  readonly floor: number;
  /** A reduction of no more than this is not made. */
  readonly epsilon: number;
  readonly warmupEpochs: number;
}

export type ScheduleOptions =
  | ConstantSchedule
  | StepsSchedule
  | CosineSchedule
  | OneCycleSchedule
  | PlateauSchedule;

/** What a plateau schedule remembers between epochs: plain JSON, so that a resumed run goes on exactly. */
export interface PlateauState {
  readonly learningRate: number;
  /** Best score so far; null before the first epoch has ended. */
  readonly best: number | null;
  readonly badEpochs: number;
}

export interface ScheduleTime {
  /** Steps taken since the start of the run: 0 for the first. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  readonly epochs: number;
}

type Rules = {
  [Kind in ScheduleOptions["kind"]]: (
    schedule: Extract<ScheduleOptions, { kind: Kind }>,
    time: ScheduleTime,
    plateau: PlateauState | null,
  ) => number;
};

const rules: Rules = {
  constant: (schedule, time) => schedule.learningRate * warmup(schedule, time),

  steps(schedule, time) {
    const epoch = Math.floor(time.step / time.stepsPerEpoch);
    const passed = schedule.milestones.filter((milestone) => milestone <= epoch).length;
    return schedule.learningRate * schedule.gamma ** passed * warmup(schedule, time);
  },

  cosine(schedule, time) {
    const first = warmupSteps(schedule, time);
    if (time.step < first) return schedule.learningRate * warmup(schedule, time);
    const done = (time.step - first) / Math.max(1, time.epochs * time.stepsPerEpoch - first);
    return between(schedule.learningRate, schedule.floor, done, "cosine");
  },

  "one-cycle"(schedule, time) {
    const start = schedule.learningRate / schedule.initialDivision;
    const steps = time.epochs * time.stepsPerEpoch;
    // As in PyTorch: the peak's place may be a fraction of a step, and the last step is exactly at the end.
    const peak = schedule.warmupShare * steps - 1;
    const last = steps - 1;
    if (time.step <= peak) {
      return peak === 0
        ? schedule.learningRate
        : between(start, schedule.learningRate, time.step / peak, schedule.shape);
    }
    const end = start / schedule.finalDivision;
    return between(
      schedule.learningRate,
      end,
      Math.min(1, (time.step - peak) / (last - peak)),
      schedule.shape,
    );
  },

  plateau: (schedule, time, plateau) =>
    (plateau?.learningRate ?? schedule.learningRate) * warmup(schedule, time),
};

/**
 * Learning rate of one training step.
 * @param plateau the state of a plateau schedule; the others ignore it
 */
export function learningRateAt(
  schedule: ScheduleOptions,
  time: ScheduleTime,
  plateau: PlateauState | null = null,
): number {
  const rule = rules[schedule.kind] as (
    schedule: ScheduleOptions,
    time: ScheduleTime,
    plateau: PlateauState | null,
  ) => number;
  return rule(schedule, time, plateau);
}

/** The plateau's state before the first epoch; null for the schedules that remember nothing. */
export function initialPlateau(schedule: ScheduleOptions): PlateauState | null {
  return schedule.kind === "plateau"
    ? { learningRate: schedule.learningRate, best: null, badEpochs: 0 }
    : null;
}

/**
 * The state after an epoch.
 * @param score of the epoch in validation, 0 or more, of which the highest (or lowest) is the best
 */
export function updatePlateau(
  schedule: ScheduleOptions,
  state: PlateauState | null,
  score: number,
  wanted: "highest" | "lowest" = "highest",
): PlateauState | null {
  if (schedule.kind !== "plateau" || state === null) return null;
  const { threshold } = schedule;
  const isBetter = (best: number) =>
    wanted === "highest" ? score > best * (1 + threshold) : score < best * (1 - threshold);
  if (state.best === null || isBetter(state.best)) {
    return { ...state, best: score, badEpochs: 0 };
  }
  if (state.badEpochs + 1 <= schedule.patience) return { ...state, badEpochs: state.badEpochs + 1 };
  const reduced = Math.max(state.learningRate * schedule.factor, schedule.floor);
  const enough = state.learningRate - reduced > schedule.epsilon;
  return { ...state, learningRate: enough ? reduced : state.learningRate, badEpochs: 0 };
}

const positive = [(value: number) => value > 0, "a number > 0"] as const;
const notNegative = [(value: number) => value >= 0, "a number >= 0"] as const;
const share = [(value: number) => value >= 0 && value <= 1, "a number from 0 to 1"] as const;
const shrinking = [(value: number) => value > 0 && value <= 1, "a number > 0 and <= 1"] as const;
const limits: Record<string, readonly [(value: number) => boolean, string]> = {
  learningRate: positive,
  warmupEpochs: notNegative,
  gamma: shrinking,
  factor: shrinking,
  floor: notNegative,
  warmupShare: share,
  initialDivision: positive,
  finalDivision: positive,
  patience: notNegative,
  threshold: notNegative,
  epsilon: notNegative,
};

/** Throws when a number is out of its range or the schedule cannot fit into `epochs`. */
export function checkSchedule(schedule: ScheduleOptions, epochs: number): void {
  for (const [field, value] of Object.entries(schedule)) {
    const limit = limits[field];
    if (limit === undefined) continue;
    const [holds, meaning] = limit;
    if (typeof value !== "number" || !Number.isFinite(value) || !holds(value)) {
      throw new CutoutError({
        where: `schedule ${schedule.kind}`,
        option: field,
        what: `must be ${meaning}`,
        got: String(value),
      });
    }
  }
  if ("floor" in schedule && schedule.floor > schedule.learningRate) {
    throw new CutoutError({
      where: `schedule ${schedule.kind}`,
      option: "floor",
      what: `must be at most learningRate ${schedule.learningRate}`,
      got: String(schedule.floor),
    });
  }
  if ("warmupEpochs" in schedule && schedule.warmupEpochs > 0 && schedule.warmupEpochs >= epochs) {
    throw new CutoutError({
      where: `schedule ${schedule.kind}`,
      option: "warmupEpochs",
      what: `must be less than the ${epochs} epochs`,
      got: String(schedule.warmupEpochs),
    });
  }
  if (schedule.kind === "steps") {
    schedule.milestones.forEach((milestone, index) => {
      if (
        !Number.isInteger(milestone) ||
        milestone < 1 ||
        milestone <= (schedule.milestones[index - 1] ?? 0)
      ) {
        throw new CutoutError({
          where: "schedule steps",
          option: "milestones",
          what: "must be rising whole epochs >= 1",
          got: `[${schedule.milestones.join(", ")}]`,
        });
      }
    });
  }
}

function between(from: number, to: number, share: number, shape: "triangular" | "cosine"): number {
  return shape === "triangular"
    ? from + (to - from) * share
    : to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;
}

function warmupSteps(schedule: { readonly warmupEpochs: number }, time: ScheduleTime): number {
  return Math.round(schedule.warmupEpochs * time.stepsPerEpoch);
}

/** Factor of the warm-up, 1 once it is over. */
function warmup(schedule: { readonly warmupEpochs: number }, time: ScheduleTime): number {
  const steps = warmupSteps(schedule, time);
  return time.step < steps ? (time.step + 1) / steps : 1;
}
