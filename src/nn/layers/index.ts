// The list of layers: the rule of each kind, and the short names that networks are written in.
import type { LayerRule } from "../layer.ts";
import { avgPoolRule } from "./avg-pool.ts";
import { batchNormRule } from "./batch-norm.ts";
import { convRule } from "./conv.ts";
import { dropoutRule } from "./dropout.ts";
import { flattenRule } from "./flatten.ts";
import { globalAvgPoolRule } from "./global-avg-pool.ts";
import { globalMaxPoolRule } from "./global-max-pool.ts";
import { linearRule } from "./linear.ts";
import { maxPoolRule } from "./max-pool.ts";
import { reluRule } from "./relu.ts";
import { residualRule } from "./residual.ts";
import { scaleRule } from "./scale.ts";
import { sequentialRule } from "./sequential.ts";
import { upsampleRule } from "./upsample.ts";

export { avgPool } from "./avg-pool.ts";
export { batchNorm } from "./batch-norm.ts";
export { conv } from "./conv.ts";
export { dropout } from "./dropout.ts";
export { flatten } from "./flatten.ts";
export { globalAvgPool } from "./global-avg-pool.ts";
export { globalMaxPool } from "./global-max-pool.ts";
export { linear } from "./linear.ts";
export { maxPool } from "./max-pool.ts";
export { relu } from "./relu.ts";
export { residual } from "./residual.ts";
export { scale } from "./scale.ts";
export { identity, sequential } from "./sequential.ts";
export { upsample } from "./upsample.ts";

export const layerRules = {
  avgPool: avgPoolRule,
  batchNorm: batchNormRule,
  conv: convRule,
  dropout: dropoutRule,
  flatten: flattenRule,
  globalAvgPool: globalAvgPoolRule,
  globalMaxPool: globalMaxPoolRule,
  linear: linearRule,
  maxPool: maxPoolRule,
  relu: reluRule,
  residual: residualRule,
  scale: scaleRule,
  sequential: sequentialRule,
  upsample: upsampleRule,
};

export type LayerKind = keyof typeof layerRules;

type Settings<K extends LayerKind> = (typeof layerRules)[K] extends LayerRule<infer L> ? L : never;

/** A layer as plain data: its kind and settings, which may be layers again. */
export type Layer = { [K in LayerKind]: { readonly kind: K } & Settings<K> }[LayerKind];
