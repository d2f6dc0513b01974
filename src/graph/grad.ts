// Reverse-mode differentiation: from a loss to its gradients, as further values of the same graph.
import { CutoutError } from "../error.ts";
import { type Graph, operandsOf, reachable } from "./graph.ts";
import { ruleOf } from "./rules.ts";
import { show } from "./shape.ts";
import type { Value } from "./types.ts";

/**
 * Gradients of a scalar by each of `parameters`, which may be any values the loss is made from.
 * @throws when the loss has more than one element, or does not depend on a parameter
 */
export function gradients(g: Graph, loss: Value, parameters: readonly Value[]): Value[] {
  if (loss.shape.some((extent) => extent !== 1)) {
    throw new CutoutError({
      where: "gradients",
      what: "the loss must have one element",
      got: show(loss.shape),
    });
  }
  const path = reachable([loss]);
  const needed = new Set(parameters.map((value) => value.id));
  for (const value of path)
    if (operandsOf(value).some((operand) => needed.has(operand.id))) needed.add(value.id);

  const gradientOf = new Map<number, Value>();
  gradientOf.set(loss.id, g.constant("float32", loss.shape, Float32Array.of(1)));
  for (const output of path.reverse()) {
    const dy = gradientOf.get(output.id);
    if (!dy || !needed.has(output.id) || output.source.kind !== "operation") continue;
    const { op, inputs, attrs } = output.source;
    const { gradient } = ruleOf(op);
    if (gradient === "zero") continue;
    gradient({ g, inputs, attrs: attrs as never, output, dy }).forEach((part, index) => {
      const operand = inputs[index]!;
      if (!part || !needed.has(operand.id)) return;
      const sum = gradientOf.get(operand.id);
      gradientOf.set(operand.id, sum ? g.apply("add", [sum, part]) : part);
    });
  }
  return parameters.map((parameter, index) => {
    const found = gradientOf.get(parameter.id);
    if (found) return found;
    const name = parameter.source.kind === "input" ? parameter.source.name : `number ${index}`;
    throw new CutoutError({
      where: "gradients",
      what: `the loss must depend on every parameter, but not on ${name}`,
    });
  });
}
