// Every operator's gradient against central differences, in double precision, over random shapes.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gradients } from "../../src/graph/grad.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { ruleOf } from "../../src/graph/rules.ts";
import type { OpName, ReferenceArray, Value } from "../../src/graph/types.ts";
import { stream } from "../../src/rng.ts";
import { evaluateReference } from "../../src/runtime/reference.ts";
import { sizeOf } from "../../src/tensor.ts";
import { type OperatorCase, operatorCases } from "../helpers/operator-cases.ts";
import { namedOperands, operatorGraph } from "../helpers/operator-graph.ts";

const step = 1e-5;

/** sum(output * fixed random weights): its gradient meets every element of the output. */
function weightedSum(g: Graph, output: Value): Value {
  const rng = stream(1, "weights");
  const weights = Float32Array.from({ length: sizeOf(output.shape) }, () => rng.uniform() + 0.5);
  const product = g.apply("mul", [output, g.constant("float32", output.shape, weights)]);
  const sum = g.apply("reduceSum", [product], { axes: output.shape.map((_, axis) => axis) });
  return g.apply("reshape", [sum], { shape: [1] });
}

function outputAt(g: Graph, name: string, inputs: ReadonlyMap<string, ReferenceArray>): Float64Array {
  return evaluateReference(g, inputs).get(name)!.data;
}

function checkGradient<Op extends OpName>(op: Op, example: OperatorCase<Op>): void {
  const { g, operands, output } = operatorGraph(op, example);
  const loss = weightedSum(g, output);
  const rule = ruleOf(op);
  const flowing =
    rule.gradient === "zero"
      ? []
      : rule
          .gradient({ g, inputs: operands, attrs: example.attrs, output, dy: output })
          .map((gradient, index) => (gradient ? index : -1))
          .filter((index) => index >= 0);
  g.output("loss", loss);
  if (flowing.length > 0) {
    gradients(
      g,
      loss,
      flowing.map((index) => operands[index]!),
    ).forEach((gradient, position) => {
      expect(gradient.shape).toEqual(operands[flowing[position]!]!.shape);
      g.output(`d${flowing[position]}`, gradient);
    });
  }
  const inputs = namedOperands(example.operands);
  const results = evaluateReference(g, inputs);
  example.operands.forEach((operand, index) => {
    if (operand.dtype !== "float32" || operand.constant) return;
    const exact = results.get(`d${index}`)?.data ?? new Float64Array(operand.data.length);
    // Elements to try: at most a dozen, spread over the operand.
    const stride = Math.max(1, Math.floor(operand.data.length / 12));
    for (let at = 0; at < operand.data.length; at += stride) {
      const moved = (by: number) => {
        const data = operand.data.slice();
        data[at]! += by;
        return outputAt(g, "loss", new Map(inputs).set(`x${index}`, { shape: operand.shape, data }))[0]!;
      };
      const difference = (moved(step) - moved(-step)) / (2 * step);
      const scale = Math.max(1, Math.abs(difference), Math.abs(exact[at]!));
      expect(Math.abs(difference - exact[at]!) / scale, `${op} operand ${index} element ${at}`).toBeLessThan(
        1e-6,
      );
    }
  });
}

// Their result is not a float, so no gradient passes through them.
const notDifferentiated = new Set<OpName>(["greater", "equal", "uniform"]);
// maxPool2dGrad is constant in its mask operands, which a difference would find to be 0 too.

describe("gradients", () => {
  for (const op of Object.keys(operatorCases) as OpName[]) {
    if (notDifferentiated.has(op)) {
      it(`${op} is constant almost everywhere`, () => expect(ruleOf(op).gradient).toBe("zero"));
      continue;
    }
    it(op, () => {
      const cases = (operatorCases[op] as fc.Arbitrary<OperatorCase>).filter(
        (example) => op !== "cast" || (example.attrs as { to: string }).to === "float32",
      );
      fc.assert(
        fc.property(cases, (example) => checkGradient(op, example)),
        { numRuns: 25, seed: 42 },
      );
    });
  }
});
