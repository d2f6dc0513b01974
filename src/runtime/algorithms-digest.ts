// A digest of the convolution algorithms: it changes when what they compute, or how it is written in ONNX, does.
import { createHash } from "node:crypto";
import { always, type ConvAlgorithmName, convAlgorithms } from "../graph/conv/algorithms.ts";
import { convSpec } from "../graph/conv/spec.ts";
import { expand } from "../graph/expand.ts";
import { lower } from "../onnx/lower.ts";
import { convolutionGraph } from "./timing.ts";

/** Kernel, stride, padding and groups of small convolutions that show each algorithm. */
const samples = [
  [1, 1, 0, 1],
  [1, 2, 0, 1],
  [2, 1, 1, 1],
  [3, 1, 1, 1],
  [4, 1, 1, 1],
  [5, 1, 2, 1],
  [3, 2, 1, 1],
  [7, 4, 2, 1],
  [3, 1, 1, 2],
  [3, 2, 1, 2],
] as const;

/**
 * @param how the device's way to lower a graph
 * @returns 12 hexadecimal digits
 */
export function algorithmsDigest(how: Parameters<typeof lower>[2]): string {
  const hash = createHash("sha256");
  for (const [kernel, stride, padding, groups] of samples) {
    const attrs = {
      stride: [stride, stride],
      padding: [padding, padding, padding, padding],
      dilation: [1, 1],
      groups,
    } as const;
    const spec = convSpec(attrs, [2, 9, 9, 2], [2, 2 / groups, kernel, kernel]);
    const graph = convolutionGraph(spec, ["forward", "inputGrad", "weightGrad"]);
    for (const name of Object.keys(convAlgorithms) as ConvAlgorithmName[]) {
      if (!convAlgorithms[name].applies(spec)) continue;
      hash.update(lower(expand(graph, { convolution: always(name) }), name, how));
    }
  }
  return hash.digest("hex").slice(0, 12);
}
