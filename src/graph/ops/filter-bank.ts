// The same few filters on every channel by itself: the transforms of Winograd's algorithm in one pass.
import { CutoutError } from "../../error.ts";
import { sizeOf } from "../../tensor.ts";
import { expectOperands, expectRank, reshape, show } from "../shape.ts";
import type { FilterBankAttrs, PrimitiveRules, Value, ValueType } from "../types.ts";
import { outputSize, type Window, windowIndices } from "../window.ts";
import { scatterSum } from "./gather.ts";

const windowOf = ({ stride, padding }: FilterBankAttrs, filters: readonly number[]): Window => ({
  kernel: [filters[1]!, filters[2]!],
  stride,
  padding,
  dilation: [1, 1],
});

export const filterBankRules: Pick<PrimitiveRules, "filterBank"> = {
  filterBank: {
    infer(inputs, attrs) {
      expectOperands("filterBank", inputs, 2);
      const [x, filters] = inputs as [ValueType, ValueType];
      expectRank("filterBank", x.shape, 4);
      expectRank("filterBank", filters.shape, 3);
      const [channels, height, width, batch] = x.shape as [number, number, number, number];
      const output = outputSize(windowOf(attrs, filters.shape), [height, width]);
      if (output.some((extent) => extent < 1)) {
        throw new CutoutError({
          where: "filterBank",
          what: `filters ${show(filters.shape)} must fit the padded image`,
          got: show(x.shape),
        });
      }
      return { dtype: x.dtype, shape: [channels, filters.shape[0]!, ...output, batch] };
    },
    // Each output's gradient goes back to its window, weighted by the filter; windows that overlap are added up.
    gradient({ g, inputs, attrs, dy }) {
      const [x, filters] = inputs as [Value, Value];
      const [channels, height, width, batch] = x.shape as [number, number, number, number];
      const [count, ...kernel] = filters.shape as [number, number, number];
      const output = [dy.shape[2]!, dy.shape[3]!] as const;
      const pixels = output[0] * output[1] * batch;
      const shares = g.apply(
        "matmul",
        [reshape(g, filters, [count, sizeOf(kernel)]), reshape(g, dy, [channels, count, pixels])],
        { transposeA: true, transposeB: false },
      );
      const positions = reshape(g, shares, [channels, sizeOf(kernel) * output[0] * output[1], batch]);
      const targets = windowIndices(windowOf(attrs, filters.shape), [height, width], output);
      return [reshape(g, scatterSum(g, positions, 1, targets, height * width), x.shape), null];
    },
    reference([x, filters], attrs, output) {
      const [channels, height, width, batch] = x!.shape as [number, number, number, number];
      const [count, kernelHeight, kernelWidth] = filters!.shape as [number, number, number];
      const [, , outHeight, outWidth] = output.shape as [number, number, number, number, number];
      const result = new Float64Array(sizeOf(output.shape));
      let at = 0;
      for (let c = 0; c < channels; c++) {
        for (let f = 0; f < count; f++) {
          for (let oy = 0; oy < outHeight; oy++) {
            for (let ox = 0; ox < outWidth; ox++) {
              for (let n = 0; n < batch; n++, at++) {
                for (let i = 0; i < kernelHeight; i++) {
                  for (let j = 0; j < kernelWidth; j++) {
                    const row = oy * attrs.stride[0] + i - attrs.padding[0];
                    const column = ox * attrs.stride[1] + j - attrs.padding[1];
                    if (row < 0 || row >= height || column < 0 || column >= width) continue;
                    const weight = filters!.data[(f * kernelHeight + i) * kernelWidth + j]!;
                    result[at]! += weight * x!.data[((c * height + row) * width + column) * batch + n]!;
                  }
                }
              }
            }
          }
        }
      }
      return result;
    },
  },
};
