// Lookahead (Zhang et al. 2019): slow weights that follow the fast ones, k steps forward, one back.
import type { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/types.ts";
import { checkOption, type Scalars } from "./rule.ts";

export interface LookaheadOptions {
  /** Steps of the fast weights for one of the slow ones. */
  readonly every: number;
  /** How far the slow weights go towards the fast ones, above 0 and at most 1. */
  readonly alpha: number;
}

/** @throws CutoutError when an option is outside its range */
export function checkLookahead({ every, alpha }: LookaheadOptions): void {
  const whole = (value: number) => Number.isInteger(value) && value >= 1;
  checkOption("lookahead", "every", every, whole, "an integer >= 1");
  checkOption("lookahead", "alpha", alpha, (value) => value > 0 && value <= 1, "above 0 and at most 1");
}

export const lookaheadScalars =
  ({ every }: LookaheadOptions): Scalars =>
  (step) => ({ lookahead: step % every === 0 ? 1 : 0 });

/** In every k-th step slow' = slow + alpha (fast - slow) and fast' = slow'; else both stay as they are. */
export function lookedAhead(
  g: Graph,
  { fast, slow }: { readonly fast: Value; readonly slow: Value },
  due: Value,
  { alpha }: LookaheadOptions,
): { readonly fast: Value; readonly slow: Value } {
  const isDue = g.apply("greater", [due, g.scalar(0.5)]);
  const difference = g.apply("sub", [fast, slow]);
  const followed = g.apply("add", [slow, g.apply("mul", [difference, g.scalar(alpha)])]);
  const next = g.apply("where", [isDue, followed, slow]);
  return { slow: next, fast: g.apply("where", [isDue, next, fast]) };
}
