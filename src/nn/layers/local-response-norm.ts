// Local response normalization across channels (Krizhevsky et al. 2012, section 3.3), in the form of PyTorch and ONNX.
import { image, type LayerRule } from "../layer.ts";
import { type Kind, number } from "../options.ts";
import type { Layer } from "./index.ts";

export interface LocalResponseNorm {
  /** Channels that are looked at, the own one in the middle. */
  readonly size: number;
  /** Factor on the mean of their squares; the paper's is on the sum. */
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
}

/** An even window lies to one side in ONNX and to the other in PyTorch. */
const odd: Kind<number> = {
  must: "an odd number from 1 to 999",
  read: (value) =>
    Number.isInteger(value) && Number(value) % 2 === 1 && Number(value) >= 1 && Number(value) < 1000
      ? Number(value)
      : undefined,
  examples: [1, 3, 5],
};

export const localResponseNormRule: LayerRule<LocalResponseNorm> = {
  fields: { size: odd, alpha: number({ above: 0 }), beta: number({ above: 0 }), k: number({ above: 0 }) },
  infer: (_, input) => image("local response normalization", input),
  forward: ({ g }, { size, alpha, beta, k }, x) =>
    g.apply("localResponseNorm", [x], { size, alpha, beta, k }),
  export: (exporter, { size, alpha, beta, k }, x) =>
    exporter.add("LRN", [x], { size, alpha: { float: alpha }, beta: { float: beta }, bias: { float: k } }),
};

/** x / (k + alpha m)^beta, m being the mean of the squares of `size` channels around each; [C, H, W] stays. */
export const localResponseNorm = (size: number, alpha = 1e-4, beta = 0.75, k = 1): Layer => ({
  kind: "localResponseNorm",
  size,
  alpha,
  beta,
  k,
});
