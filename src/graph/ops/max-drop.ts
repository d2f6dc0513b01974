// The mask of max-drop (Park and Kwak 2016): the largest values are dropped, each with some chance.
import { CutoutError } from "../../error.ts";
import { sizeOf } from "../../tensor.ts";
import { broadcastStrides, expectOperands, forEachPosition, offsetOf, show } from "../shape.ts";
import type { CompositeRules, Value } from "../types.ts";
import { bernoulli, referenceUniform, sharedShape } from "./dropout.ts";

export const maxDropRules: Pick<CompositeRules, "maxDropMask"> = {
  maxDropMask: {
    infer(inputs, { axes, probability }) {
      expectOperands("maxDropMask", inputs, 2);
      const { shape } = inputs[0]!;
      if (axes.length === 0 || axes.some((axis) => !(axis >= 0 && axis < shape.length))) {
        throw new CutoutError({
          where: "maxDropMask",
          option: "axes",
          what: `must be among those of ${show(shape)}`,
          got: show(axes),
        });
      }
      if (!(probability >= 0 && probability <= 1)) {
        throw new CutoutError({
          where: "maxDropMask",
          option: "probability",
          what: "must be in [0, 1]",
          got: String(probability),
        });
      }
      return { dtype: "float32", shape };
    },
    gradient: "zero",
    expand(g, inputs, { axes, probability, salt }) {
      const [x, seed] = inputs as [Value, Value];
      const isLargest = g.apply("equal", [x, g.apply("reduceMax", [x], { axes })]);
      const dropped = bernoulli(g, seed, { shape: sharedShape(x.shape, axes), probability, salt });
      const kept = g.apply("where", [dropped, g.scalar(0), g.scalar(1)]);
      return g.apply("where", [isLargest, kept, g.scalar(1)]);
    },
    // Of equal maxima all are dropped.
    reference([x, seed], { axes, probability, salt }) {
      const drawn = sharedShape(x!.shape, axes);
      const draws = referenceUniform(seed!, salt, drawn);
      const strides = broadcastStrides(drawn, x!.shape);
      const largest = new Float64Array(sizeOf(drawn)).fill(Number.NEGATIVE_INFINITY);
      forEachPosition(x!.shape, (position, flat) => {
        const at = offsetOf(position, strides);
        largest[at] = Math.max(largest[at]!, x!.data[flat]!);
      });
      const mask = new Float64Array(x!.data.length).fill(1);
      forEachPosition(x!.shape, (position, flat) => {
        const at = offsetOf(position, strides);
        if (x!.data[flat] === largest[at] && draws[at]! < Math.fround(probability)) mask[flat] = 0;
      });
      return mask;
    },
  },
};
