// What a tree of layers is as a whole, by the rules of its layers.
import type { Value } from "../graph/types.ts";
import type { ChannelMap, Exporter } from "./exporter.ts";
import type { BufferSpec, FeatureShape, ForwardContext, LayerRule, ParameterSpec, Placed } from "./layer.ts";
import { type Layer, layerRules } from "./layers/index.ts";

export const ruleOf = ({ kind }: Layer) => layerRules[kind] as LayerRule<Layer>;

/** Shape of the result for one image. @throws CutoutError or WindowTooLarge when the layers do not fit each other or the image */
export function inferLayer(layer: Layer, input: FeatureShape): FeatureShape {
  return ruleOf(layer).infer(layer, input, inferLayer);
}

/** What `own` says of every layer, a layer before those inside it. */
function collect<T>(
  layer: Layer,
  input: FeatureShape,
  own: (rule: LayerRule<Layer>, layer: Layer, input: FeatureShape) => readonly T[] | undefined,
): readonly T[] {
  const rule = ruleOf(layer);
  const inner = rule.inner?.(layer, input, inferLayer) ?? [];
  return [
    ...(own(rule, layer, input) ?? []),
    ...inner.flatMap((placed) => collect(placed.layer, placed.input, own)),
  ];
}

export const parametersOf = (layer: Layer, input: FeatureShape): readonly ParameterSpec[] =>
  collect(layer, input, (rule, each, shape) => rule.parameters?.(each, shape));

export const buffersOf = (layer: Layer, input: FeatureShape): readonly BufferSpec[] =>
  collect(layer, input, (rule, each, shape) => rule.buffers?.(each, shape));

/** Every layer with the shape of what it gets, a layer before those inside it. */
export const layersOf = (layer: Layer, input: FeatureShape): readonly Placed[] =>
  collect(layer, input, (_, each, shape) => [{ layer: each, input: shape }]);

/** Adds the layers to a graph. */
export function forwardLayer(given: Omit<ForwardContext, "forward">, layer: Layer, x: Value): Value {
  const context: ForwardContext = {
    ...given,
    forward: (inner, value) => ruleOf(inner).forward(context, inner, value),
  };
  return context.forward(layer, x);
}

/** The layer that alone gets what the whole tree gets. */
export function firstLayer(layer: Layer): Layer {
  const first = ruleOf(layer).first?.(layer);
  return first === undefined ? layer : firstLayer(first);
}

/** Adds the layers to an exported model and returns the name of the result. */
export function exportLayer(
  given: Omit<Exporter, "layer" | "folded" | "infer">,
  tree: Layer,
  images: string,
  shape: FeatureShape,
): string {
  const exporter: Exporter = {
    ...given,
    infer: inferLayer,
    folded(layer, next): ChannelMap | null {
      if (next === undefined || ruleOf(layer).folds !== true) return null;
      return ruleOf(next).channelMap?.(given.weights, next) ?? null;
    },
    layer: (layer, x, input, after = null) => ruleOf(layer).export(exporter, layer, x, input, after),
  };
  return exporter.layer(tree, images, shape);
}
