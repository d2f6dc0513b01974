// `profile`: what a training step spends its time on, by ONNX Runtime's own profile.
import * as ort from "onnxruntime-node";
import { type ProfiledNode, type TypedShape, withProfile } from "../src/runtime/profile.ts";
import { sizeOf } from "../src/tensor.ts";
import { benchModel, benchNetworks } from "./networks.ts";
import { openStep, type StepOptions } from "./training-step.ts";
import type { BenchOptions, CostRow, Work } from "./work.ts";

const warmUpSteps = 2;
const largest = 10;

const bytes: Readonly<Record<string, number>> = { float: 4, int32: 4, int64: 8, bool: 1, uint8: 1 };
const bytesOf = (shapes: readonly TypedShape[]) =>
  shapes.reduce((sum, { type, shape }) => sum + (bytes[type] ?? 0) * sizeOf(shape), 0);

/** Additions and multiplications; null where they are not what an operator is about. */
function operationsOf({ operator, inputs, outputs }: ProfiledNode): number | null {
  const [a, b] = inputs.map(({ shape }) => shape);
  const y = outputs[0]?.shape;
  if (!a || !b || !y) return null;
  if (operator === "MatMul" || operator === "FusedMatMul" || operator === "Gemm") {
    // Each of the products, M x K by K x N, has M K, K N and M N numbers; an operand may be the same one in all of them.
    const products = sizeOf(y.slice(0, -2));
    const [ofA, ofB, ofY] = [a, b, y].map((shape) =>
      shape.length > 2 && shape[0] !== 1 ? sizeOf(shape) / products : sizeOf(shape),
    ) as [number, number, number];
    return 2 * products * Math.sqrt(ofA * ofB * ofY);
  }
  if (operator === "Conv" || operator === "FusedConv") return 2 * sizeOf(y) * sizeOf(b.slice(1));
  return null;
}

const show = (shapes: readonly TypedShape[]) =>
  shapes
    .filter(({ type, shape }) => type === "float" && sizeOf(shape) > 1)
    .map(({ shape }) => shape.join("x"))
    .join(" · ");

/** What all nodes with one key take in a step. */
interface Cost {
  nodes: number;
  milliseconds: number;
  operations: number | null;
  bytes: number;
}

function costsBy(key: (node: ProfiledNode) => string, nodes: readonly ProfiledNode[], steps: number) {
  const costs = new Map<string, Cost>();
  for (const node of nodes) {
    const cost = costs.get(key(node)) ?? { nodes: 0, milliseconds: 0, operations: 0, bytes: 0 };
    const operations = operationsOf(node);
    cost.nodes += 1 / steps;
    cost.milliseconds += node.microseconds / 1000 / steps;
    cost.operations =
      operations === null || cost.operations === null ? null : cost.operations + operations / steps;
    cost.bytes += (bytesOf(node.inputs) + bytesOf(node.outputs)) / steps;
    costs.set(key(node), cost);
  }
  return [...costs].sort(([, a], [, b]) => b.milliseconds - a.milliseconds);
}

/** Steps for so many seconds after the first ones: their nodes, and the milliseconds of a whole step. */
function record(model: string, options: StepOptions & Pick<BenchOptions, "seconds">) {
  return withProfile(async (profile, read) => {
    const { take, close } = await openStep(benchModel(model), { ...options, profile });
    for (let step = 0; step < warmUpSteps; step++) await take();
    const start = performance.now();
    let steps = 0;
    while (steps === 0 || performance.now() - start < 1000 * options.seconds) {
      await take();
      steps++;
    }
    const milliseconds = (performance.now() - start) / steps;
    await close();
    const nodes = read();
    const ofStep = nodes.length / (warmUpSteps + steps);
    return { nodes: nodes.slice(warmUpSteps * ofStep), steps, milliseconds };
  });
}

const columns = ["ms a step", "share", "nodes", "GFLOP/s", "GB/s", ""];

function print(title: string, costs: readonly (readonly [string, Cost])[], whole: number): void {
  const lines = costs.map(([name, { nodes, milliseconds, operations, bytes }]) => [
    milliseconds.toFixed(2),
    `${((100 * milliseconds) / whole).toFixed(1)} %`,
    nodes.toFixed(0),
    operations === null ? "-" : (operations / milliseconds / 1e6).toFixed(0),
    (bytes / milliseconds / 1e6).toFixed(1),
    name,
  ]);
  console.log(`  ${title}`);
  for (const line of [columns, ...lines])
    console.log(`    ${line.map((cell, column) => (column < 5 ? cell.padStart(9) : `  ${cell}`)).join(" ")}`);
}

export const profile: Work = {
  about: "what a training step spends its time on, by operator and by the shapes it works on",
  async run({ models, batch: batches, threads, seconds }) {
    const rows: CostRow[] = [];
    for (const name of models) {
      for (const batch of batches) {
        const { nodes, steps, milliseconds } = await record(name, { batch, threads, seconds });
        const { side } = benchNetworks[benchModel(name)];
        const model = `${name} ${side}x${side}`;
        const inNodes = nodes.reduce((sum, node) => sum + node.microseconds, 0) / 1000 / steps;
        console.log(
          `\nprofile, ${model}, batch ${batch}, ${threads} threads, ${steps} steps of ${milliseconds.toFixed(1)} ms, ` +
            `${inNodes.toFixed(1)} of them in operators`,
        );
        const operators = costsBy(({ operator }) => operator, nodes, steps);
        const shaped = costsBy(
          ({ operator, inputs, outputs }) => `${operator} ${show(inputs)} -> ${show(outputs)}`,
          nodes,
          steps,
        );
        print("operators", operators.slice(0, largest), milliseconds);
        print(`the ${largest} largest by their shapes`, shaped.slice(0, largest), milliseconds);
        rows.push(
          ...shaped.map(([what, cost]): CostRow => {
            const rate = (1000 * batch) / milliseconds;
            return {
              work: "profile",
              ...{ model, batch, threads, engine: "cutout", version: `onnxruntime ${ort.env.versions.node}` },
              ...{ imagesPerSecond: rate, rounds: [rate], peakMemoryMB: null, ratioToBestPeer: null },
              what,
              nodes: Math.round(cost.nodes),
              milliseconds: cost.milliseconds,
              share: cost.milliseconds / milliseconds,
              gigaflops: cost.operations === null ? null : cost.operations / cost.milliseconds / 1e6,
              gigabytesPerSecond: cost.bytes / cost.milliseconds / 1e6,
            };
          }),
        );
      }
    }
    return rows;
  },
};
