// Every operator on every device, and every convolution algorithm, against the plain reference over random shapes.
import { afterAll, describe, it } from "vitest";
import { algorithms, checkConvolution, checkOperator, convolutions, others } from "../helpers/conformance.ts";
import { holdDevice, webgpu, webgpuTitle } from "../helpers/webgpu.ts";

const held = await holdDevice();
afterAll(() => held?.close());

const devices = [
  { device: "cpu", title: "cpu", here: true, runs: { plain: 20, convolution: 20 } },
  // Few shapes: a software adapter takes up to a second for one. operators.full.test.ts has as many as on the CPU.
  { device: "webgpu", title: webgpuTitle, here: webgpu.found, runs: { plain: 4, convolution: 1 } },
] as const;

for (const { device, title, here, runs } of devices) {
  describe.skipIf(!here)(`operators on ${title}`, () => {
    it.each(others)("%s", (op) => checkOperator(device, op, runs.plain));
    describe.each(algorithms)("by %s", (algorithm) => {
      it.each(convolutions)("%s", (op) => checkConvolution(device, op, algorithm, runs.convolution));
    });
  });
}
