// Convolution over [C, H, W, N] and its two gradients: three operators, each linear in both operands.
import { CutoutError } from "../../error.ts";
import { sizeOf } from "../../tensor.ts";
import { convAlgorithms } from "../conv/algorithms.ts";
import { type ConvSpec, convSpec, specOf } from "../conv/spec.ts";
import type { Graph } from "../graph.ts";
import { expectOperands, expectRank, show } from "../shape.ts";
import type { CompositeRules, Conv2dAttrs, Value, ValueType } from "../types.ts";

type Convolutions = Pick<CompositeRules, "conv2d" | "conv2dInputGrad" | "conv2dWeightGrad">;

const algorithmFor = (g: Graph, spec: ConvSpec) => convAlgorithms[g.chooseConvolution(spec)];

const plainAttrs = ({ stride, padding, dilation, groups }: Conv2dAttrs): Conv2dAttrs => ({
  stride,
  padding,
  dilation,
  groups,
});

function check(where: string, attrs: Conv2dAttrs, x: readonly number[], w: readonly number[]): ConvSpec {
  expectRank(where, x, 4);
  expectRank(where, w, 4);
  const { groups } = attrs;
  if (x[0]! % groups !== 0 || w[0]! % groups !== 0 || x[0]! / groups !== w[1]) {
    throw new CutoutError({
      where,
      what: `weights ${show(w)} must fit ${x[0]} input channels in ${groups} groups`,
    });
  }
  const spec = convSpec(attrs, x, w);
  if (spec.output.some((extent) => extent < 1)) {
    throw new CutoutError({
      where,
      what: `a kernel of ${show(spec.kernel)} must fit the padded image`,
      got: show(x),
    });
  }
  return spec;
}

/**
 * A gradient dy that is a product of d [K,Ho,Wo,N] and one factor a channel, as it comes out of normalization, apart:
 * the factors cost less on the weights than on the activations. Both gradients of a convolution are linear in dy.
 */
function withoutFactors(dy: Value): { readonly d: Value; readonly factors: Value | null } {
  if (dy.source.kind !== "operation" || dy.source.op !== "mul") return { d: dy, factors: null };
  const [d, factors] = dy.source.inputs as [Value, Value];
  const perChannel =
    show(d.shape) === show(dy.shape) && show(factors.shape) === show([dy.shape[0]!, 1, 1, 1]);
  return perChannel ? { d, factors } : { d: dy, factors: null };
}

const scaled = (g: Graph, weights: Value, factors: Value | null) =>
  factors ? g.apply("mul", [weights, factors]) : weights;

function expectShape(where: string, what: string, got: readonly number[], want: readonly number[]): void {
  if (show(got) !== show(want))
    throw new CutoutError({ where, option: what, what: `must be ${show(want)}`, got: show(got) });
}

/** Calls `visit` with flat indices (input pixel, weight, output) of every product of the sum. */
function forEachProduct(spec: ConvSpec, visit: (x: number, w: number, y: number) => void): void {
  const { inChannels, outChannels, groups, kernel, stride, dilation, padding, input, output, batch } = spec;
  const [inner, outer] = [inChannels / groups, outChannels / groups];
  for (let k = 0; k < outChannels; k++) {
    for (let c = 0; c < inner; c++) {
      const channel = Math.floor(k / outer) * inner + c;
      for (let i = 0; i < kernel[0]; i++) {
        for (let j = 0; j < kernel[1]; j++) {
          const weight = ((k * inner + c) * kernel[0] + i) * kernel[1] + j;
          for (let oy = 0; oy < output[0]; oy++) {
            const row = oy * stride[0] + i * dilation[0] - padding[0];
            if (row < 0 || row >= input[0]) continue;
            for (let ox = 0; ox < output[1]; ox++) {
              const column = ox * stride[1] + j * dilation[1] - padding[1];
              if (column < 0 || column >= input[1]) continue;
              for (let n = 0; n < batch; n++) {
                visit(
                  ((channel * input[0] + row) * input[1] + column) * batch + n,
                  weight,
                  ((k * output[0] + oy) * output[1] + ox) * batch + n,
                );
              }
            }
          }
        }
      }
    }
  }
}

export const convRules: Convolutions = {
  conv2d: {
    infer(inputs, attrs) {
      expectOperands("conv2d", inputs, 2);
      const [x, w] = inputs as [ValueType, ValueType];
      const spec = check("conv2d", attrs, x.shape, w.shape);
      return { dtype: x.dtype, shape: [spec.outChannels, ...spec.output, spec.batch] };
    },
    gradient({ g, inputs, attrs, dy }) {
      const [x, w] = inputs as [Value, Value];
      return [
        g.apply("conv2dInputGrad", [dy, w], { ...attrs, inputSize: [x.shape[1]!, x.shape[2]!] }),
        g.apply("conv2dWeightGrad", [x, dy], { ...attrs, kernel: [w.shape[2]!, w.shape[3]!] }),
      ];
    },
    expand(g, inputs, attrs) {
      const [x, w] = inputs as [Value, Value];
      const spec = specOf.conv2d(inputs, attrs);
      return algorithmFor(g, spec).forward(g, x, w, spec);
    },
    reference([x, w], attrs, output) {
      const y = new Float64Array(sizeOf(output.shape));
      forEachProduct(convSpec(attrs, x!.shape, w!.shape), (xi, wi, yi) => {
        y[yi]! += x!.data[xi]! * w!.data[wi]!;
      });
      return y;
    },
  },

  conv2dInputGrad: {
    infer(inputs, attrs) {
      expectOperands("conv2dInputGrad", inputs, 2);
      const [dy, w] = inputs as [ValueType, ValueType];
      const shape = [w.shape[1]! * attrs.groups, ...attrs.inputSize, dy.shape[3]!];
      const spec = check("conv2dInputGrad", attrs, shape, w.shape);
      expectShape("conv2dInputGrad", "dy", dy.shape, [spec.outChannels, ...spec.output, spec.batch]);
      return { dtype: dy.dtype, shape };
    },
    gradient({ g, inputs, attrs, dy: u }) {
      const [dy, w] = inputs as [Value, Value];
      const plain = plainAttrs(attrs);
      return [
        g.apply("conv2d", [u, w], plain),
        g.apply("conv2dWeightGrad", [u, dy], { ...plain, kernel: [w.shape[2]!, w.shape[3]!] }),
      ];
    },
    expand(g, inputs, attrs) {
      const [dy, w] = inputs as [Value, Value];
      const spec = specOf.conv2dInputGrad(inputs, attrs);
      const { d, factors } = withoutFactors(dy);
      return algorithmFor(g, spec).inputGrad(g, d, scaled(g, w, factors), spec);
    },
    reference([dy, w], attrs, output) {
      const dx = new Float64Array(sizeOf(output.shape));
      forEachProduct(convSpec(attrs, output.shape, w!.shape), (xi, wi, yi) => {
        dx[xi]! += dy!.data[yi]! * w!.data[wi]!;
      });
      return dx;
    },
  },

  conv2dWeightGrad: {
    infer(inputs, attrs) {
      expectOperands("conv2dWeightGrad", inputs, 2);
      const [x, dy] = inputs as [ValueType, ValueType];
      const shape = [dy.shape[0]!, x.shape[0]! / attrs.groups, ...attrs.kernel];
      const spec = check("conv2dWeightGrad", attrs, x.shape, shape);
      expectShape("conv2dWeightGrad", "dy", dy.shape, [spec.outChannels, ...spec.output, spec.batch]);
      return { dtype: x.dtype, shape };
    },
    gradient({ g, inputs, attrs, dy: u }) {
      const [x, dy] = inputs as [Value, Value];
      const plain = plainAttrs(attrs);
      return [
        g.apply("conv2dInputGrad", [dy, u], { ...plain, inputSize: [x.shape[1]!, x.shape[2]!] }),
        g.apply("conv2d", [x, u], plain),
      ];
    },
    expand(g, inputs, attrs) {
      const [x, dy] = inputs as [Value, Value];
      const spec = specOf.conv2dWeightGrad(inputs, attrs);
      const { d, factors } = withoutFactors(dy);
      return scaled(g, algorithmFor(g, spec).weightGrad(g, x, d, spec), factors);
    },
    reference([x, dy], attrs, output) {
      const dw = new Float64Array(sizeOf(output.shape));
      forEachProduct(convSpec(attrs, x!.shape, output.shape), (xi, wi, yi) => {
        dw[wi]! += x!.data[xi]! * dy!.data[yi]!;
      });
      return dw;
    },
  },
};
