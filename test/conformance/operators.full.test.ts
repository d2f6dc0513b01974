// Every operator and every convolution algorithm on WebGPU, over as many random shapes as on the CPU.
import { afterAll, describe, it } from "vitest";
import { algorithms, checkConvolution, checkOperator, convolutions, others } from "../helpers/conformance.ts";
import { holdDevice, webgpu, webgpuTitle } from "../helpers/webgpu.ts";

const held = await holdDevice();
afterAll(() => held?.close());

const runs = 20;

describe.skipIf(!webgpu.found)(`operators on ${webgpuTitle}`, { timeout: 600_000 }, () => {
  it.each(others)("%s", (op) => checkOperator("webgpu", op, runs));
  describe.each(algorithms)("by %s", (algorithm) => {
    it.each(convolutions)("%s", (op) => checkConvolution("webgpu", op, algorithm, runs));
  });
});
