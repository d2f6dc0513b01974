// Chooses the algorithm of each convolution of a graph: by the rule, by timing here, or one wherever it fits.
import { CutoutError } from "../error.ts";
import {
  always,
  type ConvAlgorithmName,
  type ConvChoice,
  candidates,
  chooseByRule,
  convAlgorithms,
} from "../graph/conv/algorithms.ts";
import { type Convolution, convolutionsOf, describeConvolution } from "../graph/conv/inventory.ts";
import type { Graph } from "../graph/graph.ts";
import { type AlgorithmTime, contenders, fastest, type TimingRuntime, timeConvolution } from "./timing.ts";
import { addTimings, type Remembered, readTimings } from "./timing-file.ts";

export const convAlgorithmNames = Object.keys(convAlgorithms) as [ConvAlgorithmName, ...ConvAlgorithmName[]];

/** `fixed`: by the rule, the same everywhere. `timed`: what is fastest here. Or one algorithm wherever it fits. */
export type ConvolutionMode = "fixed" | "timed" | ConvAlgorithmName;

export const convolutionModes = [
  "fixed",
  "timed",
  ...convAlgorithmNames,
] as const satisfies readonly ConvolutionMode[];

/** Convolutions, as `describeConvolution` tells them, and their algorithms. */
export type TimedChoices = Readonly<Record<string, ConvAlgorithmName>>;

/** Called before each convolution that is timed, and once in the end. */
export type OnTiming = (done: number, total: number) => void;

export interface Chooser {
  /** Settles the algorithms of a graph, which may mean to time them; tells whether there was anything to settle. */
  settle(graph: Graph): Promise<boolean>;
  /** What is settled for a graph; the rule's choice where nothing is. */
  choiceFor(graph: Graph): ConvChoice;
  /** What timing, or an earlier run, has settled for the graphs that there were. */
  timed(): TimedChoices;
}

export interface TimedOptions {
  /** What an earlier run has settled: not timed again. */
  readonly known: TimedChoices;
  readonly runtime: TimingRuntime;
  readonly file: string;
  /** Tells apart, in that file, what is not comparable: device, threads, versions. Asked once something is timed. */
  readonly machine: () => string;
  readonly onTiming: OnTiming;
}

const unchanging = (choice: ConvChoice): Chooser => ({
  settle: async () => false,
  choiceFor: () => choice,
  timed: () => ({}),
});

export function createChooser(mode: ConvolutionMode, options: TimedOptions): Chooser {
  if (mode === "fixed") return unchanging(chooseByRule);
  return mode === "timed" ? createTimedChooser(options) : unchanging(always(mode));
}

/** The same convolution when nothing but its result is wanted. */
const forwardOnly = ({ spec, weights }: Convolution): Convolution => ({ spec, weights, passes: ["forward"] });

function createTimedChooser({ known, runtime, file, machine, onTiming }: TimedOptions): Chooser {
  const settled = new Map<string, ConvAlgorithmName>(Object.entries(known));
  const used = new Set<string>();
  const add = (name: string, algorithm: ConvAlgorithmName) => {
    if (!settled.has(name)) settled.set(name, algorithm);
  };
  const isOpen = (convolution: Convolution) =>
    candidates(convolution.spec).length > 1 && !settled.has(describeConvolution(convolution));

  async function settle(graph: Graph): Promise<boolean> {
    const all = convolutionsOf(graph);
    for (const convolution of all) {
      checkKnown(convolution, settled);
      used.add(describeConvolution(convolution)).add(describeConvolution(forwardOnly(convolution)));
    }
    const open = all.filter(isOpen);
    if (open.length === 0) return false;
    const here = machine();
    for (const [name, algorithm] of recall(open, readTimings(file, here))) add(name, algorithm);
    const left = open.filter(isOpen).map((convolution) => ({
      convolution,
      algorithms: contenders(convolution, runtime),
    }));
    const contested = left.filter(({ algorithms }) => algorithms.length > 1);
    for (const [done, { convolution, algorithms }] of contested.entries()) {
      onTiming(done, contested.length);
      const found = judge(convolution, await timeConvolution(convolution, algorithms, runtime));
      for (const [name, { algorithm }] of found) add(name, algorithm);
      remember(file, here, found);
    }
    if (contested.length > 0) onTiming(contested.length, contested.length);
    // One contender need not be timed. Without any nothing fits in memory, which the run tells when it is checked.
    for (const { convolution, algorithms } of left) {
      for (const one of [convolution, forwardOnly(convolution)])
        add(describeConvolution(one), algorithms[0] ?? chooseByRule(one.spec));
    }
    return true;
  }

  let last: Promise<unknown> = Promise.resolve();
  return {
    // One graph after the other: two timings at once would disturb each other.
    settle(graph) {
      const next = last.then(() => settle(graph));
      last = next.catch(() => {});
      return next;
    },
    choiceFor(graph) {
      const found = new Map(
        convolutionsOf(graph).map((one) => [describeConvolution(forwardOnly(one)), describeConvolution(one)]),
      );
      return (spec) => {
        const name = found.get(describeConvolution({ spec, passes: ["forward"] })) ?? "";
        return settled.get(name) ?? chooseByRule(spec);
      };
    },
    timed: () => Object.fromEntries([...settled].filter(([name]) => used.has(name))),
  };
}

function checkKnown(convolution: Convolution, known: ReadonlyMap<string, ConvAlgorithmName>): void {
  const name = describeConvolution(convolution);
  const algorithm = known.get(name);
  if (algorithm === undefined || convAlgorithms[algorithm].applies(convolution.spec)) return;
  throw new CutoutError({
    where: "timedConvolutions",
    what: `"${name}" must be one of ${candidates(convolution.spec).join(", ")}`,
    got: algorithm,
  });
}

/** What is remembered of convolutions, and of their forward passes. */
function recall(
  open: readonly Convolution[],
  remembered: ReadonlyMap<string, Remembered>,
): (readonly [string, ConvAlgorithmName])[] {
  return open
    .flatMap((convolution) => [convolution, forwardOnly(convolution)])
    .flatMap((convolution) => {
      const name = describeConvolution(convolution);
      const algorithm = remembered.get(name)?.algorithm;
      const fits = algorithm !== undefined && convAlgorithms[algorithm].applies(convolution.spec);
      return fits ? [[name, algorithm] as const] : [];
    });
}

/** What the times say, for all passes and for the forward pass alone, in which a network is validated. */
export function judge(
  convolution: Convolution,
  times: readonly AlgorithmTime[],
): ReadonlyMap<string, Remembered> {
  const entry = (part: "forward" | "together"): Remembered => ({
    algorithm: fastest(convolution.spec, times, part),
    milliseconds: Object.fromEntries(
      times.map((time) => [time.algorithm, Number((1000 * time[part]).toPrecision(4))]),
    ),
  });
  return new Map([
    [describeConvolution(forwardOnly(convolution)), entry("forward")],
    [describeConvolution(convolution), entry("together")],
  ]);
}

/** A cache that cannot be written costs time at the next start, and no run. */
export function remember(file: string, machine: string, found: ReadonlyMap<string, Remembered>): void {
  try {
    addTimings(file, machine, found);
  } catch {
    // Timed again at the next start.
  }
}
