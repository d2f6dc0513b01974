// The list of layers: the rule of each kind, and the short names that networks are written in.
import type { LayerRule } from "../layer.ts";
import { avgPoolRule } from "./avg-pool.ts";
import { batchNormRule } from "./batch-norm.ts";
import { concatRule } from "./concat.ts";
import { convRule } from "./conv.ts";
import { dropBlockRule } from "./drop-block.ts";
import { dropoutRule } from "./dropout.ts";
import { flattenRule } from "./flatten.ts";
import { geluRule } from "./gelu.ts";
import { globalAvgPoolRule } from "./global-avg-pool.ts";
import { globalMaxPoolRule } from "./global-max-pool.ts";
import { linearRule } from "./linear.ts";
import { localResponseNormRule } from "./local-response-norm.ts";
import { maxDropRule } from "./max-drop.ts";
import { maxPoolRule } from "./max-pool.ts";
import { maxPoolDropoutRule } from "./max-pool-dropout.ts";
import { reluRule } from "./relu.ts";
import { residualRule } from "./residual.ts";
import { scaleRule } from "./scale.ts";
import { sequentialRule } from "./sequential.ts";
import { shakeRule } from "./shake.ts";
import { shiftRule } from "./shift.ts";
import { spatialDropoutRule } from "./spatial-dropout.ts";
import { stochasticDepthRule } from "./stochastic-depth.ts";
import { upsampleRule } from "./upsample.ts";
import { whitenRule } from "./whiten.ts";

export { avgPool } from "./avg-pool.ts";
export { batchNorm } from "./batch-norm.ts";
export { concat } from "./concat.ts";
export { conv } from "./conv.ts";
export { dropBlock } from "./drop-block.ts";
export { dropout } from "./dropout.ts";
export { flatten } from "./flatten.ts";
export { gelu } from "./gelu.ts";
export { globalAvgPool } from "./global-avg-pool.ts";
export { globalMaxPool } from "./global-max-pool.ts";
export { linear } from "./linear.ts";
export { localResponseNorm } from "./local-response-norm.ts";
export { maxDrop } from "./max-drop.ts";
export { maxPool } from "./max-pool.ts";
export { maxPoolDropout } from "./max-pool-dropout.ts";
export { relu } from "./relu.ts";
export { residual } from "./residual.ts";
export { scale } from "./scale.ts";
export { identity, sequential } from "./sequential.ts";
export { shake } from "./shake.ts";
export { shift } from "./shift.ts";
export { spatialDropout } from "./spatial-dropout.ts";
export { stochasticDepth } from "./stochastic-depth.ts";
export { upsample } from "./upsample.ts";
export { whiten } from "./whiten.ts";

export const layerRules = {
  avgPool: avgPoolRule,
  batchNorm: batchNormRule,
  concat: concatRule,
  conv: convRule,
  dropBlock: dropBlockRule,
  dropout: dropoutRule,
  flatten: flattenRule,
  gelu: geluRule,
  globalAvgPool: globalAvgPoolRule,
  globalMaxPool: globalMaxPoolRule,
  linear: linearRule,
  localResponseNorm: localResponseNormRule,
  maxDrop: maxDropRule,
  maxPool: maxPoolRule,
  maxPoolDropout: maxPoolDropoutRule,
  relu: reluRule,
  residual: residualRule,
  scale: scaleRule,
  sequential: sequentialRule,
  shake: shakeRule,
  shift: shiftRule,
  spatialDropout: spatialDropoutRule,
  stochasticDepth: stochasticDepthRule,
  upsample: upsampleRule,
  whiten: whitenRule,
};

export type LayerKind = keyof typeof layerRules;

type Settings<K extends LayerKind> = (typeof layerRules)[K] extends LayerRule<infer L> ? L : never;

/** A layer as plain data: its kind and settings, which may be layers again. */
export type Layer = { [K in LayerKind]: { readonly kind: K } & Settings<K> }[LayerKind];
