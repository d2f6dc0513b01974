// What an optimizer says of itself: its numbers, what it keeps for a parameter, and its update as part of a graph.
import { CutoutError } from "../error.ts";
import type { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/types.ts";
import type { Shape } from "../tensor.ts";

/** What a rule may know of a parameter. */
export interface Optimized {
  readonly shape: Shape;
  readonly role: "weight" | "bias" | "norm";
}

/** By name; each slot has its parameter's shape. */
export type Slots = Readonly<Record<string, Value>>;

export interface Update {
  readonly parameter: Value;
  readonly slots: Slots;
}

export interface UpdateArguments extends Update {
  readonly of: Optimized;
  readonly gradient: Value;
  /** [1] */
  readonly learningRate: Value;
  /** [1] each: those that the rule has asked for. */
  readonly scalars: Readonly<Record<string, Value>>;
}

/** Numbers that are the same for all parameters, in a step: 1 for the first. */
export type Scalars = (step: number) => Readonly<Record<string, number>>;

export interface OptimizerRule<O, Name extends string = string> {
  readonly name: Name;
  /** What it is, in a few words. */
  readonly summary: string;
  /**
   * Learning rate where none is told, at its highest, for batches of 128 and more; below that it falls with the square
   * root of the batch (Malladi et al. 2022). Null: what the network's recipe says.
   */
  readonly learningRate: number | null;
  /** @throws CutoutError when an option is outside its range */
  check(options: O): void;
  /** Names of what is kept for a parameter: zeros at first. */
  slots(of: Optimized, options: O): readonly string[];
  /** Null when an update needs no numbers but the learning rate. */
  scalars(options: O): Scalars | null;
  update(g: Graph, given: UpdateArguments, options: O): Update;
}

/** @throws CutoutError unless the value is a number that fits */
export function checkOption(
  where: string,
  option: string,
  value: number,
  fits: (value: number) => boolean,
  range: string,
): void {
  if (fits(value)) return;
  throw new CutoutError({ where, option, what: `must be ${range}`, got: String(value) });
}

/** The decay of a parameter: weights are always decayed, biases and normalization only where it is asked for. */
export function decayOf(
  { role }: Optimized,
  { weightDecay, decayBiasAndNorm }: { readonly weightDecay: number; readonly decayBiasAndNorm: boolean },
): number {
  return role === "weight" || decayBiasAndNorm ? weightDecay : 0;
}
