// The table of operators: a missing rule does not compile.
import { convRules } from "./ops/convolution.ts";
import { dropBlockRules } from "./ops/drop-block.ts";
import { dropoutRules } from "./ops/dropout.ts";
import { elementwiseRules } from "./ops/elementwise.ts";
import { filterBankRules } from "./ops/filter-bank.ts";
import { geluRules } from "./ops/gelu.ts";
import { localResponseNormRules } from "./ops/local-response-norm.ts";
import { lossRules } from "./ops/loss.ts";
import { matmulRules } from "./ops/matmul.ts";
import { maxDropRules } from "./ops/max-drop.ts";
import { normalizationRules } from "./ops/normalization.ts";
import { poolRules } from "./ops/pool.ts";
import { reductionRules } from "./ops/reduction.ts";
import { shakeRules } from "./ops/shake.ts";
import { shapeRules } from "./ops/shape.ts";
import { upsampleRules } from "./ops/upsample.ts";
import type { Attrs, CompositeName, CompositeRules, OpName, PrimitiveRules, Rule } from "./types.ts";

const primitiveRules: PrimitiveRules = {
  ...elementwiseRules,
  ...reductionRules,
  ...shapeRules,
  ...matmulRules,
  ...filterBankRules,
  ...normalizationRules.primitive,
  ...dropoutRules.primitive,
  ...poolRules.primitive,
  ...geluRules.primitive,
};

export const compositeRules: CompositeRules = {
  ...convRules,
  ...poolRules.composite,
  ...upsampleRules,
  ...normalizationRules.composite,
  ...dropoutRules.composite,
  ...dropBlockRules,
  ...maxDropRules,
  ...lossRules,
  ...shakeRules,
  ...geluRules.composite,
  ...localResponseNormRules,
};

const rules = { ...primitiveRules, ...compositeRules };

export function ruleOf<Op extends OpName>(op: Op): Rule<Attrs[Op]> {
  return rules[op] as Rule<Attrs[Op]>;
}

export function isComposite(op: OpName): op is CompositeName {
  return Object.hasOwn(compositeRules, op);
}
