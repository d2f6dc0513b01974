// A convolution in groups as one for each group by itself, side by side.
import type { Graph } from "../graph.ts";
import type { Value } from "../types.ts";
import type { ConvAlgorithm, ConvSpec } from "./spec.ts";

/** Each group has operators of its own: with more groups than this, im2col's one product for all has less to do. */
const mostGroups = 8;

const ofOneGroup = (spec: ConvSpec): ConvSpec => ({
  ...spec,
  groups: 1,
  inChannels: spec.inChannels / spec.groups,
  outChannels: spec.outChannels / spec.groups,
});

/** One of `count` equal parts along the first axis. */
function part(g: Graph, x: Value, index: number, count: number): Value {
  const size = x.shape[0]! / count;
  const rest = x.shape.slice(1);
  return g.apply("slice", [x], {
    starts: [index * size, ...rest.map(() => 0)],
    ends: [(index + 1) * size, ...rest],
    steps: x.shape.map(() => 1),
  });
}

/** Image, weights and output all have the groups one after the other along their first axis. */
function eachGroup(
  g: Graph,
  [a, b]: readonly [Value, Value],
  spec: ConvSpec,
  compute: (g: Graph, a: Value, b: Value, one: ConvSpec) => Value,
): Value {
  const { groups } = spec;
  if (groups === 1) return compute(g, a, b, spec);
  const one = ofOneGroup(spec);
  const parts = Array.from({ length: groups }, (_, index) =>
    compute(g, part(g, a, index, groups), part(g, b, index, groups), one),
  );
  return g.apply("concat", parts, { axis: 0 });
}

/** An algorithm for convolutions without groups, for those with a few as well. */
export const byGroup = (algorithm: ConvAlgorithm): ConvAlgorithm => ({
  applies: (spec) => spec.groups <= mostGroups && algorithm.applies(ofOneGroup(spec)),
  forward: (g, x, w, spec) => eachGroup(g, [x, w], spec, algorithm.forward),
  inputGrad: (g, dy, w, spec) => eachGroup(g, [dy, w], spec, algorithm.inputGrad),
  weightGrad: (g, x, dy, spec) => eachGroup(g, [x, dy], spec, algorithm.weightGrad),
});
