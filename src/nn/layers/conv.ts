// A convolution (cross-correlation), with or without bias.
import { type Affine, addBias, affineFields, affineParameters, width } from "../affine.ts";
import { image, type LayerRule } from "../layer.ts";
import { square, type Windowed, windowedShape, windowFields } from "../window.ts";
import type { Layer } from "./index.ts";

export interface Conv extends Affine, Windowed {
  readonly outChannels: number;
}

export const convRule: LayerRule<Conv> = {
  fields: { ...affineFields, ...windowFields, outChannels: width },
  infer: (layer, input) => windowedShape(layer.name, input, layer, layer.outChannels),
  parameters: (layer, input) =>
    affineParameters(layer, [layer.outChannels, image(layer.name, input)[0], ...layer.kernel]),
  forward(context, layer, x) {
    const { stride, padding } = layer;
    const attrs = { stride, padding, dilation: [1, 1] as const, groups: 1 };
    const y = context.g.apply("conv2d", [x, context.parameter(`${layer.name}.weight`)], attrs);
    return addBias(context, layer, y);
  },
  export(exporter, layer, x, input, after) {
    const given = exporter.weights(`${layer.name}.weight`);
    const start = layer.bias === null ? null : exporter.weights(`${layer.name}.bias`);
    const before = exporter.before(layer);
    const area = layer.kernel[0] * layer.kernel[1];
    const filter = input[0] * area;
    const weight = given.map((value, index) => {
      const channel = Math.floor((index % filter) / area);
      return value * (before?.scale[channel] ?? 1) * (after?.scale[Math.floor(index / filter)] ?? 1);
    });
    const bias = Float32Array.from({ length: layer.outChannels }, (_, channel) => {
      let sum = start?.[channel] ?? 0;
      for (let at = 0; before && at < filter; at++) {
        sum += given[channel * filter + at]! * before.shift[Math.floor(at / area)]!;
      }
      return after ? sum * after.scale[channel]! + after.shift[channel]! : sum;
    });
    const { kernel, stride, padding } = layer;
    return exporter.convolution(x, {
      input: image(layer.name, input),
      weight,
      bias,
      kernel,
      stride,
      padding,
    });
  },
  folds: true,
  // The padding is 0 after the normalization, so only where there is none can the bias do the subtraction too.
  absorbs: ({ padding }) => (padding.some((side) => side > 0) ? "scale" : "scale and shift"),
};

/**
 * A square convolution: [C, H, W] to [outChannels, H', W'], where H' = floor((H + 2 padding - size) / stride) + 1.
 * Without bias, as batch normalization wants it, unless `bias` says where it starts; weights start as He et al. have
 * them (fan-out).
 * @param name its weights are NAME.weight and NAME.bias; no two layers share a name
 */
export function conv(
  name: string,
  outChannels: number,
  size: number,
  stride = 1,
  padding = 0,
  { weightInit = { kind: "he", fan: "out" }, bias = null }: Partial<Omit<Affine, "name">> = {},
): Layer {
  return { kind: "conv", name, outChannels, ...square(size, stride, padding), weightInit, bias };
}
