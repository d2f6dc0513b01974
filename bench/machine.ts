// What the machine could do at best: a large matrix product, and copying memory.
import { spawnSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { Worker } from "node:worker_threads";
import { Graph } from "../src/graph/graph.ts";
import { nodeRuntime } from "../src/runtime/node.ts";
import { tensor } from "../src/tensor.ts";
import { peerFile, python } from "./peer-programs.ts";

export interface Machine {
  readonly processor: string;
  readonly memoryGB: number;
  readonly node: string;
  readonly threads: number;
  /** Billions of operations per second of a product of 2048 x 2048 matrices in float32, through ONNX Runtime. */
  readonly matmulGflops: number;
  /** The same through PyTorch; null without it. */
  readonly torchMatmulGflops: number | null;
  /** Gigabytes read and written per second by copying 64 MB blocks, on one core and on `threads`. */
  readonly copyGBs: { readonly oneCore: number; readonly allThreads: number };
}

export async function describeMachine(threads: number): Promise<Machine> {
  return {
    processor: cpus()[0]?.model ?? "unknown",
    memoryGB: totalmem() / 1e9,
    node: process.version,
    threads,
    matmulGflops: await matmulGflops(threads),
    torchMatmulGflops: torchMatmulGflops(threads),
    copyGBs: { oneCore: (await copyBandwidth(1)) / 1e9, allThreads: (await copyBandwidth(threads)) / 1e9 },
  };
}

export function printMachine({
  processor,
  threads,
  matmulGflops,
  torchMatmulGflops,
  copyGBs,
}: Machine): void {
  const torch = torchMatmulGflops === null ? "" : ` (PyTorch ${torchMatmulGflops.toFixed(0)})`;
  console.log(
    `${processor}, ${threads} threads: matrix product ${matmulGflops.toFixed(0)} GFLOP/s${torch}, ` +
      `copy ${copyGBs.oneCore.toFixed(1)} GB/s on one core, ${copyGBs.allThreads.toFixed(1)} on ${threads}`,
  );
}

async function matmulGflops(threads: number): Promise<number> {
  const side = 2048;
  const g = new Graph();
  const a = g.input("a", "float32", [side, side]);
  const b = g.input("b", "float32", [side, side]);
  // A small output: what is timed is the product, not handing it over.
  const c = g.apply("matmul", [a, b], { transposeA: false, transposeB: false });
  g.output("greatest", g.apply("reduceMax", [c], { axes: [0] }));
  const executable = await nodeRuntime({ threads }).compile(g);
  const matrix = tensor("float32", [side, side], new Float32Array(side * side).fill(0.5));
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 8; run++) {
    const start = performance.now();
    await executable.run({ a: matrix, b: matrix });
    best = Math.min(best, (performance.now() - start) / 1000);
  }
  await executable.close();
  return (2 * side ** 3) / best / 1e9;
}

function torchMatmulGflops(threads: number): number | null {
  const { status, stdout } = spawnSync(python, ["-P", peerFile("torch_matmul.py"), `${threads}`], {
    encoding: "utf8",
  });
  return status === 0 ? JSON.parse(stdout).gflops : null;
}

const copier = `
  const { parentPort } = require("node:worker_threads");
  const [from, to] = [new Float32Array(1 << 24).fill(1), new Float32Array(1 << 24)];
  to.set(from);
  parentPort.once("message", () => {
    const start = performance.now();
    let copies = 0;
    while (performance.now() - start < 300) { to.set(from); copies++; }
    parentPort.postMessage((2 * copies * to.byteLength) / ((performance.now() - start) / 1000));
  });
  parentPort.postMessage("ready");
`;

const measured = new Map<number, number>();

/** Bytes read and written per second when so many threads copy large blocks at once. Measured once. */
export async function copyBandwidth(threads: number): Promise<number> {
  const known = measured.get(threads);
  if (known !== undefined) return known;
  const workers = Array.from({ length: threads }, () => new Worker(copier, { eval: true }));
  const message = (worker: Worker) =>
    new Promise<unknown>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
  await Promise.all(workers.map(message));
  const answers = workers.map(message);
  for (const worker of workers) worker.postMessage("go");
  const rates = (await Promise.all(answers)) as number[];
  await Promise.all(workers.map((worker) => worker.terminate()));
  const total = rates.reduce((sum, rate) => sum + rate, 0);
  measured.set(threads, total);
  return total;
}
