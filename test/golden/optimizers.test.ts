// Every optimizer, clipping, Lookahead, averages and batches in parts: some steps against PyTorch in double precision.
import { afterAll, describe, expect, it } from "vitest";
import { optimizers } from "../../src/optim/optimizers.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { referenceRuntime } from "../../src/runtime/reference.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import type { Tensor } from "../../src/tensor.ts";
import {
  type OptimizerCase,
  openCase,
  optimizerCases,
  startOf,
  takeStep,
} from "../helpers/torch-optimizers.ts";
import { holdDevice, webgpu, webgpuTitle } from "../helpers/webgpu.ts";

const held = await holdDevice();
afterAll(() => held?.close());

const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.hypot(...Array.from(a, (value, index) => value - b[index]!));

/** Largest error of a loss, and of a tensor as a part of the way that it went. */
interface Tolerance {
  readonly loss: number;
  readonly tensor: number;
}

async function follow(example: OptimizerCase, runtime: Runtime, tolerance: Tolerance): Promise<void> {
  const session = await openCase(example, runtime);
  for (const [step, loss] of example.losses.entries()) {
    const got = await takeStep(example, session, step);
    expect(Math.abs(got - loss) / loss, `loss of step ${step}`).toBeLessThan(tolerance.loss);
  }
  const state = session.state();
  await session.close();
  const compare = (
    got: ReadonlyMap<string, Tensor>,
    wanted: Readonly<Record<string, readonly number[]>>,
    started: boolean,
  ) => {
    for (const [name, want] of Object.entries(wanted)) {
      const value = got.get(name);
      expect(value, name).toBeDefined();
      expect(value!.data.length, name).toBe(want.length);
      const went = started ? distance(want, startOf(name, value!.shape).data) : Math.hypot(...want);
      expect(distance(value!.data, want) / went, name).toBeLessThan(tolerance.tensor);
    }
  };
  expect(state.parameters.size).toBe(Object.keys(example.parameters).length);
  compare(state.parameters, example.parameters, true);
  compare(state.buffers, example.buffers, false);
  const kept = [...state.optimizer.keys()].filter((name) => name !== "step" && !name.endsWith(".live"));
  expect(kept.sort()).toEqual(Object.keys(example.state).sort());
  compare(state.optimizer, example.state, false);
}

const titled = optimizerCases.map((example) => [example.case, example] as const);

it("every optimizer has a case, and clipping one that cuts and one that does not", () => {
  const names = optimizerCases.map(({ optimizer }) => optimizer.name);
  expect([...new Set(names)].sort()).toEqual(Object.keys(optimizers).sort());
  const cut = optimizerCases.flatMap(({ clipNorm, norms }) => norms.map((norm) => norm > clipNorm!));
  expect(cut).toContain(true);
  expect(cut).toContain(false);
});

// What the way of a tensor leaves of 24 bits: a small way of large weights less.
describe("in double precision, the state rounded to 32 bits after each step", () => {
  it.each(titled)("%s", (_, example) => follow(example, referenceRuntime, { loss: 1e-6, tensor: 3e-5 }));
});

describe("on the processor", () => {
  it.each(titled)("%s", (_, example) =>
    follow(example, nodeRuntime({ threads: 2 }), { loss: 1e-5, tensor: 1e-4 }),
  );
});

describe.skipIf(!webgpu.found)(`on ${webgpuTitle}`, () => {
  it.each(titled)("%s", async (_, example) => {
    const runtime = nodeRuntime({ threads: 2, device: "webgpu" });
    const fallbacks: string[] = [];
    const watched: Runtime = {
      ...runtime,
      async compile(graph) {
        const executable = await runtime.compile(graph);
        fallbacks.push(...executable.fallbacks);
        return executable;
      },
    };
    await follow(example, watched, { loss: 1e-4, tensor: 1e-3 });
    expect(fallbacks).toEqual([]);
  });
});
