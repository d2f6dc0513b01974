// What the machine could do at best: a large matrix product, and copying memory.
import { Graph } from "../src/graph/graph.ts";
import { nodeRuntime } from "../src/runtime/node.ts";
import { tensor } from "../src/tensor.ts";

export interface Ceilings {
  /** Billions of operations per second of a product of 2048 x 2048 matrices in float32. */
  readonly matmulGflops: number;
  /** Gigabytes read and written per second by an elementwise operator on 256 MB. */
  readonly copyGBs: number;
}

/** Seconds of the fastest of several runs. */
async function fastest(
  g: Graph,
  threads: number,
  inputs: Readonly<Record<string, Float32Array>>,
): Promise<number> {
  const executable = await nodeRuntime({ threads }).compile(g);
  const feeds = Object.fromEntries(
    [...g.inputs].map(([name, { shape }]) => [name, tensor("float32", shape, inputs[name]!)]),
  );
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 8; run++) {
    const start = performance.now();
    await executable.run(feeds);
    best = Math.min(best, (performance.now() - start) / 1000);
  }
  await executable.close();
  return best;
}

export async function machineCeilings(threads: number): Promise<Ceilings> {
  const side = 2048;
  const product = new Graph();
  const [a, b] = ["a", "b"].map((name) => product.input(name, "float32", [side, side])) as [never, never];
  // A small output: what is timed is the product, not handing it over.
  const c = product.apply("matmul", [a, b], { transposeA: false, transposeB: false });
  product.output("sum", product.apply("reduceMax", [c], { axes: [0] }));
  const matrix = new Float32Array(side * side).fill(0.5);
  const productSeconds = await fastest(product, threads, { a: matrix, b: matrix });

  const rows = 64;
  const count = 1 << 20;
  const copies = (steps: number) => {
    const g = new Graph();
    let x = g.input("x", "float32", [rows, count]);
    for (let step = 0; step < steps; step++) x = g.apply("add", [x, g.scalar(step)]);
    g.output("last", g.apply("slice", [x], { starts: [0, 0], ends: [rows, 1], steps: [1, 1] }));
    return fastest(g, threads, { x: new Float32Array(rows * count) });
  };
  const copySeconds = ((await copies(6)) - (await copies(2))) / 4;
  return {
    matmulGflops: (2 * side ** 3) / productSeconds / 1e9,
    copyGBs: (2 * rows * count * 4) / copySeconds / 1e9,
  };
}
