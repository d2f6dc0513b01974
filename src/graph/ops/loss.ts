// Cross-entropy against soft targets, with label smoothing (Szegedy et al. 2016, section 7).
import { CutoutError } from "../../error.ts";
import type { Graph } from "../graph.ts";
import { expectOperands, expectRank, show } from "../shape.ts";
import type { CompositeRules, Value, ValueType } from "../types.ts";

/** t' = (1 - s) t + s / K sum(t): for targets that sum to one, a mixture with the uniform distribution. */
function smoothed(g: Graph, targets: Value, labelSmoothing: number): Value {
  if (labelSmoothing === 0) return targets;
  const total = g.apply("reduceSum", [targets], { axes: [0] });
  const share = g.apply("mul", [total, g.scalar(labelSmoothing / targets.shape[0]!)]);
  return g.apply("add", [g.apply("mul", [targets, g.scalar(1 - labelSmoothing)]), share]);
}

export const lossRules: Pick<CompositeRules, "crossEntropy"> = {
  crossEntropy: {
    infer(inputs, { labelSmoothing }) {
      expectOperands("crossEntropy", inputs, 2);
      const [logits, targets] = inputs as [ValueType, ValueType];
      expectRank("crossEntropy", logits.shape, 2);
      if (show(logits.shape) !== show(targets.shape)) {
        throw new CutoutError({
          where: "crossEntropy",
          what: "logits and targets must agree",
          got: `${show(logits.shape)} and ${show(targets.shape)}`,
        });
      }
      if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
        throw new CutoutError({
          where: "crossEntropy",
          what: "label smoothing must be in [0, 1)",
          got: String(labelSmoothing),
        });
      }
      return { dtype: "float32", shape: [1] };
    },
    // L = -1/N sum t' log softmax(z):  dz = (softmax(z) sum_k t' - t') dL / N
    gradient({ g, inputs, attrs, dy }) {
      const [logits, targets] = inputs as [Value, Value];
      const share = g.apply("mul", [dy, g.scalar(1 / logits.shape[1]!)]);
      const soft = smoothed(g, targets, attrs.labelSmoothing);
      const total = g.apply("reduceSum", [soft], { axes: [0] });
      const excess = g.apply("sub", [
        g.apply("mul", [g.apply("softmax", [logits], { axis: 0 }), total]),
        soft,
      ]);
      const logProbabilities = g.apply("logSoftmax", [logits], { axis: 0 });
      const surprise = smoothed(g, g.apply("neg", [logProbabilities]), attrs.labelSmoothing);
      return [g.apply("mul", [excess, share]), g.apply("mul", [surprise, share])];
    },
    expand(g, inputs, { labelSmoothing }) {
      const [logits, targets] = inputs as [Value, Value];
      const logProbabilities = g.apply("logSoftmax", [logits], { axis: 0 });
      const products = g.apply("mul", [smoothed(g, targets, labelSmoothing), logProbabilities]);
      const sum = g.apply("reshape", [g.apply("reduceSum", [products], { axes: [0, 1] })], { shape: [1] });
      return g.apply("mul", [sum, g.scalar(-1 / logits.shape[1]!)]);
    },
    reference([logits, targets], { labelSmoothing }) {
      const [classes, count] = logits!.shape as [number, number];
      let loss = 0;
      for (let image = 0; image < count; image++) {
        const at = (data: Float64Array, k: number) => data[k * count + image]!;
        let max = Number.NEGATIVE_INFINITY;
        let total = 0;
        for (let k = 0; k < classes; k++) {
          max = Math.max(max, at(logits!.data, k));
          total += at(targets!.data, k);
        }
        let sum = 0;
        for (let k = 0; k < classes; k++) sum += Math.exp(at(logits!.data, k) - max);
        for (let k = 0; k < classes; k++) {
          const target = (1 - labelSmoothing) * at(targets!.data, k) + (labelSmoothing / classes) * total;
          loss -= (target * (at(logits!.data, k) - max - Math.log(sum))) / count;
        }
      }
      return Float64Array.of(loss);
    },
  },
};
