// A convolution (cross-correlation), with or without bias.
import { type Affine, addBias, affineFields, affineParameters, width } from "../affine.ts";
import { image, type LayerRule } from "../layer.ts";
import { integer, refusal, since } from "../options.ts";
import { square, type Windowed, windowedShape, windowFields } from "../window.ts";
import type { Layer } from "./index.ts";

export interface Conv extends Affine, Windowed {
  readonly outChannels: number;
  /** Input and output channels in so many equal parts, each of which sees its own part alone. */
  readonly groups: number;
}

export const convRule: LayerRule<Conv> = {
  fields: {
    ...affineFields,
    ...windowFields,
    outChannels: width,
    groups: since(integer({ min: 1, max: 1_000_000 }), 1),
  },
  infer(layer, input) {
    const { name, groups, outChannels } = layer;
    const [channels] = image(name, input);
    if (channels % groups !== 0 || outChannels % groups !== 0) {
      const what = `channels must be a multiple of the ${groups} groups`;
      throw refusal({ where: name, what, got: `${channels} to ${outChannels}` });
    }
    return windowedShape(name, input, layer, outChannels);
  },
  parameters(layer, input) {
    const [channels] = image(layer.name, input);
    return affineParameters(layer, [layer.outChannels, channels / layer.groups, ...layer.kernel]);
  },
  forward(context, layer, x) {
    const { stride, padding, groups } = layer;
    const attrs = { stride, padding, dilation: [1, 1] as const, groups };
    const y = context.g.apply("conv2d", [x, context.parameter(`${layer.name}.weight`)], attrs);
    return addBias(context, layer, y);
  },
  export(exporter, layer, x, input, after) {
    const given = exporter.weights(`${layer.name}.weight`);
    const start = layer.bias === null ? null : exporter.weights(`${layer.name}.bias`);
    const before = exporter.before(layer);
    const area = layer.kernel[0] * layer.kernel[1];
    const { groups, outChannels } = layer;
    const inner = input[0] / groups;
    const filter = inner * area;
    /** Of the input, that a number of a filter meets. */
    const channelOf = (out: number, at: number) =>
      Math.floor(out / (outChannels / groups)) * inner + Math.floor(at / area);
    const weight = given.map((value, index) => {
      const out = Math.floor(index / filter);
      return value * (before?.scale[channelOf(out, index % filter)] ?? 1) * (after?.scale[out] ?? 1);
    });
    const bias = Float32Array.from({ length: outChannels }, (_, channel) => {
      let sum = start?.[channel] ?? 0;
      for (let at = 0; before && at < filter; at++) {
        sum += given[channel * filter + at]! * before.shift[channelOf(channel, at)]!;
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
      groups,
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
  {
    weightInit = { kind: "he", fan: "out" },
    bias = null,
    groups = 1,
  }: Partial<Omit<Affine, "name"> & Pick<Conv, "groups">> = {},
): Layer {
  return { kind: "conv", name, outChannels, ...square(size, stride, padding), groups, weightInit, bias };
}
