// Max and average pooling over [C, H, W, N]; windows may overlap.
import { CutoutError } from "../../error.ts";
import { sizeOf } from "../../tensor.ts";
import { expectOperands, expectRank, reshape, show } from "../shape.ts";
import type {
  CompositeRules,
  Pool2dAttrs,
  PrimitiveRules,
  ReferenceArray,
  Value,
  ValueType,
} from "../types.ts";
import { outputSize, padSides, type Window, windowIndices, windowParts } from "../window.ts";
import { scatterSum } from "./gather.ts";
import { dealToFirstMaximum, maxPoolGradient } from "./max-pool-gradient.ts";

interface Pools {
  readonly primitive: Pick<PrimitiveRules, "maxPool2d">;
  readonly composite: Pick<CompositeRules, "maxPool2dGrad" | "avgPool2d" | "avgPool2dGrad">;
}

export const windowOf = ({ kernel, stride, padding }: Pool2dAttrs): Window => ({
  kernel,
  stride,
  padding,
  dilation: [1, 1],
});
export const heightWidth = ({ shape }: { shape: readonly number[] }) => [shape[1]!, shape[2]!] as const;

function inferPool(where: string, x: ValueType, attrs: Pool2dAttrs): ValueType {
  expectRank(where, x.shape, 4);
  const output = outputSize(windowOf(attrs), heightWidth(x));
  const [top, left, bottom, right] = attrs.padding;
  if (Math.max(top, bottom) >= attrs.kernel[0] || Math.max(left, right) >= attrs.kernel[1]) {
    throw new CutoutError({
      where,
      option: "padding",
      what: `must be smaller than the window ${show(attrs.kernel)}`,
      got: show(attrs.padding),
    });
  }
  if (output.some((extent) => extent < 1)) {
    throw new CutoutError({
      where,
      what: `a window of ${show(attrs.kernel)} must fit the image`,
      got: show(x.shape),
    });
  }
  return { dtype: x.dtype, shape: [x.shape[0]!, ...output, x.shape[3]!] };
}

/** Calls `visit` with the flat index of each output and of each pixel in its window (-1 outside), in row order. */
function forEachWindow(
  x: { shape: readonly number[] },
  output: { shape: readonly number[] },
  attrs: Pool2dAttrs,
  visit: (out: number, pixel: number, first: boolean) => void,
): void {
  const [channels, height, width, count] = x.shape as [number, number, number, number];
  const [, outHeight, outWidth] = output.shape as [number, number, number, number];
  for (let c = 0; c < channels; c++) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        for (let n = 0; n < count; n++) {
          const out = ((c * outHeight + oy) * outWidth + ox) * count + n;
          for (let i = 0; i < attrs.kernel[0]; i++) {
            for (let j = 0; j < attrs.kernel[1]; j++) {
              const row = oy * attrs.stride[0] + i - attrs.padding[0];
              const column = ox * attrs.stride[1] + j - attrs.padding[1];
              const inside = row >= 0 && row < height && column >= 0 && column < width;
              visit(out, inside ? ((c * height + row) * width + column) * count + n : -1, i === 0 && j === 0);
            }
          }
        }
      }
    }
  }
}

const firstMaxima = (x: ReferenceArray, output: { shape: readonly number[] }, attrs: Pool2dAttrs) => {
  const winners = new Int32Array(sizeOf(output.shape)).fill(-1);
  forEachWindow(x, output, attrs, (out, pixel) => {
    if (pixel >= 0 && (winners[out] === -1 || x.data[pixel]! > x.data[winners[out]!]!)) winners[out] = pixel;
  });
  return winners;
};

export const poolRules: Pools = {
  primitive: {
    maxPool2d: {
      infer(inputs, attrs) {
        expectOperands("maxPool2d", inputs, 1);
        return inferPool("maxPool2d", inputs[0]!, attrs);
      },
      gradient: ({ g, inputs, attrs, output, dy }) => [
        g.apply("maxPool2dGrad", [inputs[0]!, output, dy], attrs),
      ],
      reference: ([x], attrs, output) =>
        Float64Array.from(firstMaxima(x!, output, attrs), (winner) => x!.data[winner]!),
    },
  },

  composite: {
    maxPool2dGrad: {
      infer(inputs) {
        expectOperands("maxPool2dGrad", inputs, 3);
        return { dtype: inputs[2]!.dtype, shape: inputs[0]!.shape };
      },
      // Linear in dy; constant almost everywhere in x and y.
      gradient({ g, inputs, attrs, dy }) {
        const [x, y] = inputs as [Value, Value, Value];
        const ones = g.apply("broadcast", [g.scalar(1)], { shape: y.shape });
        const parts = windowParts(g, padSides(g, dy, attrs.padding, 0), windowOf(attrs), heightWidth(y));
        const channels = [0, y.shape[0]!] as const;
        const { positions } = dealToFirstMaximum(g, [x, y, ones], attrs, channels, false);
        const picked = positions.map((mask, index) =>
          g.apply("mul", [reshape(g, mask, y.shape), parts[index]!]),
        );
        return [null, null, picked.reduce((sum, part) => g.apply("add", [sum, part]))];
      },
      expand: (g, inputs, attrs) => maxPoolGradient(g, ...(inputs as [Value, Value, Value]), attrs),
      reference([x, y, dy], attrs) {
        const dx = new Float64Array(x!.data.length);
        firstMaxima(x!, y!, attrs).forEach((winner, out) => {
          dx[winner]! += dy!.data[out]!;
        });
        return dx;
      },
    },

    avgPool2d: {
      infer(inputs, attrs) {
        expectOperands("avgPool2d", inputs, 1);
        return inferPool("avgPool2d", inputs[0]!, attrs);
      },
      gradient: ({ g, inputs, attrs, dy }) => [
        g.apply("avgPool2dGrad", [dy], { ...attrs, inputSize: heightWidth(inputs[0]!) }),
      ],
      expand(g, inputs, attrs) {
        const x = inputs[0]!;
        const output = outputSize(windowOf(attrs), heightWidth(x));
        const sum = windowParts(g, padSides(g, x, attrs.padding, 0), windowOf(attrs), output).reduce(
          (total, part) => g.apply("add", [total, part]),
        );
        return g.apply("mul", [sum, g.scalar(1 / (attrs.kernel[0] * attrs.kernel[1]))]);
      },
      reference([x], attrs, output) {
        const sums = new Float64Array(sizeOf(output.shape));
        forEachWindow(x!, output, attrs, (out, pixel) => {
          if (pixel >= 0) sums[out]! += x!.data[pixel]!;
        });
        return sums.map((sum) => sum / (attrs.kernel[0] * attrs.kernel[1]));
      },
    },

    avgPool2dGrad: {
      infer(inputs, { inputSize }) {
        expectOperands("avgPool2dGrad", inputs, 1);
        const [dy] = inputs as [ValueType];
        expectRank("avgPool2dGrad", dy.shape, 4);
        return { dtype: dy.dtype, shape: [dy.shape[0]!, ...inputSize, dy.shape[3]!] };
      },
      gradient: ({ g, attrs: { kernel, stride, padding }, dy }) => [
        g.apply("avgPool2d", [dy], { kernel, stride, padding }),
      ],
      expand(g, inputs, attrs) {
        const dy = inputs[0]!;
        const [channels, outHeight, outWidth, count] = dy.shape as [number, number, number, number];
        const [height, width] = attrs.inputSize;
        const flat = reshape(g, dy, [channels, outHeight * outWidth, count]);
        const targets = windowIndices(windowOf(attrs), [height, width], [outHeight, outWidth]);
        const sum = scatterSum(g, flat, 1, targets, height * width);
        const mean = g.apply("mul", [sum, g.scalar(1 / (attrs.kernel[0] * attrs.kernel[1]))]);
        return reshape(g, mean, [channels, height, width, count]);
      },
      reference([dy], attrs, output) {
        const dx = new Float64Array(sizeOf(output.shape));
        forEachWindow(output, dy!, attrs, (out, pixel) => {
          if (pixel >= 0) dx[pixel]! += dy!.data[out]! / (attrs.kernel[0] * attrs.kernel[1]);
        });
        return dx;
      },
    },
  },
};
