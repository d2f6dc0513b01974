// A network of this project in another engine: the same layers and starting weights, through the engine's operators.
import { initialBuffers, initialParameters } from "../../src/nn/network.ts";

/**
 * @param engine the engine's operators on images; `parameter` makes an array of its own from a name, shape and data
 * @returns {apply, parameters}: apply(values, x) gives logits, with values as `parameters` has them, by name
 */
export function buildWith(engine, network) {
  const parameters = new Map(
    [...initialParameters(network, 0)].map(([name, { shape, data }]) => [
      name,
      engine.parameter(name, shape, data),
    ]),
  );
  const buffers = initialBuffers(network);
  const weightsOf = (tensors, name) => tensors.get(name).data;

  /** Batch normalization in evaluation is a scale and a shift, made once. */
  const folded = new Map();
  const starting = initialParameters(network, 0);
  const foldedOf = ({ name, epsilon }) => {
    if (!folded.has(name)) {
      const [gamma, beta] = ["weight", "bias"].map((part) => weightsOf(starting, `${name}.${part}`));
      const [mean, variance] = ["mean", "var"].map((part) => weightsOf(buffers, `${name}.running_${part}`));
      const scale = gamma.map((value, channel) => value / Math.sqrt(variance[channel] + epsilon));
      const shift = beta.map((value, channel) => value - mean[channel] * scale[channel]);
      folded.set(name, engine.channels(scale, shift));
    }
    return folded.get(name);
  };

  const rules = {
    conv: (layer, values, x) => {
      const y = engine.conv(x, values[`${layer.name}.weight`], layer.stride, layer.padding);
      return layer.bias === null ? y : engine.addBias(y, values[`${layer.name}.bias`]);
    },
    batchNorm: (layer, _values, x) => engine.scaleAndShift(x, foldedOf(layer)),
    relu: (_layer, _values, x) => engine.relu(x),
    maxPool: ({ kernel, stride }, _values, x) => engine.maxPool(x, kernel, stride),
    globalMaxPool: (_layer, _values, x) => engine.globalMax(x),
    globalAvgPool: (_layer, _values, x) => engine.globalMean(x),
    flatten: (_layer, _values, x) => engine.flatten(x),
    linear: ({ name }, values, x) => engine.linear(x, values[`${name}.weight`], values[`${name}.bias`]),
    dropout: (_layer, _values, x) => x,
    scale: ({ factor }, _values, x) => engine.scale(x, factor),
    sequential: ({ layers }, values, x) => layers.reduce((y, layer) => apply(layer, values, y), x),
    residual: ({ body, shortcut }, values, x) => {
      const kept = engine.keep(x);
      return engine.add(apply(body, values, x), apply(shortcut, values, kept));
    },
  };
  const apply = (layer, values, x) => {
    const rule = rules[layer.kind];
    if (rule === undefined) throw new Error(`this peer has no ${layer.kind}`);
    return rule(layer, values, x);
  };
  return {
    parameters,
    apply: (values, x) => apply(network.layer, values, x),
  };
}
