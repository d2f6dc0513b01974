// Two branches mixed with random shares, whose gradients have other shares (Gastaldi 2017, "Shake-Shake regularization").
import { CutoutError } from "../../error.ts";
import { sameShape } from "../../tensor.ts";
import {
  broadcastShapes,
  broadcastStrides,
  expectOperands,
  forEachPosition,
  offsetOf,
  show,
  sumTo,
} from "../shape.ts";
import type { CompositeRules, Value, ValueType } from "../types.ts";

export const shakeRules: Pick<CompositeRules, "shake"> = {
  shake: {
    infer(inputs) {
      expectOperands("shake", inputs, 4);
      const [x, y, ...shares] = inputs as [ValueType, ValueType, ValueType, ValueType];
      const fits = ({ shape }: ValueType) => sameShape(broadcastShapes("shake", x.shape, shape), x.shape);
      if (!sameShape(x.shape, y.shape) || !shares.every(fits)) {
        throw new CutoutError({
          where: "shake",
          what: "needs two of one shape and two shares that broadcast to it",
          got: inputs.map(({ shape }) => show(shape)).join(", "),
        });
      }
      return { dtype: x.dtype, shape: x.shape };
    },
    // By x and y, by definition, that of backward x + (1 - backward) y: the derivative only where both shares are one.
    gradient({ g, inputs, dy }) {
      const [x, y, forward, backward] = inputs as [Value, Value, Value, Value];
      const rest = g.apply("sub", [g.scalar(1), backward]);
      const byForward = g.apply("mul", [dy, g.apply("sub", [x, y])]);
      return [
        g.apply("mul", [dy, backward]),
        g.apply("mul", [dy, rest]),
        sumTo(g, byForward, forward.shape),
        null,
      ];
    },
    expand(g, inputs) {
      const [x, y, forward] = inputs as [Value, Value, Value, Value];
      return g.apply("add", [y, g.apply("mul", [g.apply("sub", [x, y]), forward])]);
    },
    reference([x, y, forward], _, { shape }) {
      const strides = broadcastStrides(forward!.shape, shape);
      const mixed = new Float64Array(x!.data.length);
      forEachPosition(shape, (position, flat) => {
        const share = forward!.data[offsetOf(position, strides)]!;
        mixed[flat] = share * x!.data[flat]! + (1 - share) * y!.data[flat]!;
      });
      return mixed;
    },
  },
};
