// Windows that slide over images: their settings and the shape they leave.
import { show } from "../graph/shape.ts";
import type { Sides } from "../graph/types.ts";
import { outputSize } from "../graph/window.ts";
import { type FeatureShape, image, type LayerFields, type LayerRule, WindowTooLarge } from "./layer.ts";
import { integer, refusal, tuple } from "./options.ts";

type Pair = readonly [number, number];

export interface Windowed {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Sides;
}

/** A convolution with its weights, without dilation, as it is exported. */
export interface Convolution extends Windowed {
  /** [C, H, W] of one image. */
  readonly input: readonly [number, number, number];
  /** [outChannels, C / groups, ...kernel] */
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly groups: number;
}

export const windowFields: LayerFields<Windowed> = {
  kernel: tuple(integer({ min: 1, max: 1024 }), 2),
  stride: tuple(integer({ min: 1, max: 1024 }), 2),
  padding: tuple(integer({ min: 0, max: 1024 }), 4),
};

/** A square window with the same stride and padding on all sides. */
export const square = (size: number, stride: number, padding: number): Windowed => ({
  kernel: [size, size],
  stride: [stride, stride],
  padding: [padding, padding, padding, padding],
});

export function windowedShape(
  where: string,
  input: FeatureShape,
  layer: Windowed,
  channels: number,
): FeatureShape {
  const [, height, width] = image(where, input);
  const output = outputSize({ ...layer, dilation: [1, 1] }, [height, width]);
  if (output.some((extent) => extent < 1)) {
    throw new WindowTooLarge(
      `${where}: a window of ${show(layer.kernel)} must fit its input, got ${height}x${width}`,
    );
  }
  return [channels, ...output];
}

/** The rule of a pooling layer. `exported` makes its node. */
export const poolRule = (
  where: string,
  op: "maxPool2d" | "avgPool2d",
  exported: { readonly op: string; readonly attributes?: { readonly count_include_pad: number } },
): LayerRule<Windowed> => ({
  fields: windowFields,
  infer(layer, input) {
    const [top, left, bottom, right] = layer.padding;
    if (Math.max(top, bottom) >= layer.kernel[0] || Math.max(left, right) >= layer.kernel[1]) {
      const what = "padding must be less than the kernel";
      throw refusal({ where, what, got: `${show(layer.padding)} and ${show(layer.kernel)}` });
    }
    return windowedShape(where, input, layer, image(where, input)[0]);
  },
  forward: ({ g }, { kernel, stride, padding }, x) => g.apply(op, [x], { kernel, stride, padding }),
  export: (exporter, { kernel, stride, padding }, x) =>
    exporter.add(exported.op, [x], {
      kernel_shape: kernel,
      strides: stride,
      pads: padding,
      ...exported.attributes,
    }),
});

/** The rule of a reduction of each channel to one number. */
export const globalPoolRule = (
  where: string,
  op: "reduceMax" | "reduceMean",
  exported: string,
): LayerRule<object> => ({
  fields: {},
  infer: (_, input) => [image(where, input)[0], 1, 1],
  forward: ({ g }, _, x) => g.apply(op, [x], { axes: [1, 2] }),
  export: (exporter, _, x) => exporter.add(exported, [x]),
});
