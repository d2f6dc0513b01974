// The optimizers that there are, by name.
import { type AdamOptions, type AdamWOptions, adam, adamw } from "./adam.ts";
import { type MuonOptions, muon } from "./muon.ts";
import type { OptimizerRule } from "./rule.ts";
import { type SgdOptions, sgd } from "./sgd.ts";

export type OptimizerOptions = SgdOptions | AdamOptions | AdamWOptions | MuonOptions;

export const optimizers = { sgd, adam, adamw, muon } as const;

export type OptimizerName = keyof typeof optimizers;

/** An optimizer with its options. */
export type Optimizer = {
  readonly [Part in "slots" | "update"]: (
    ...args: DropLast<Parameters<OptimizerRule<OptimizerOptions>[Part]>>
  ) => ReturnType<OptimizerRule<OptimizerOptions>[Part]>;
} & { readonly scalars: ReturnType<OptimizerRule<OptimizerOptions>["scalars"]> };

type DropLast<T extends readonly unknown[]> = T extends readonly [...infer Rest, unknown] ? Rest : never;

/** @throws CutoutError when an option is outside its range */
export function optimizerOf(options: OptimizerOptions): Optimizer {
  const rule = optimizers[options.name ?? "sgd"] as OptimizerRule<OptimizerOptions>;
  rule.check(options);
  return {
    slots: (of) => rule.slots(of, options),
    update: (g, given) => rule.update(g, given, options),
    scalars: rule.scalars(options),
  };
}
