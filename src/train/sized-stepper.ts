// Steps on images of several sizes: each has graphs of its own, compiled when it is first needed.
import { resized } from "../nn/resized.ts";
import type { ImageSize } from "../optim/image-size.ts";
import type { SessionState } from "./step-graphs.ts";
import { outputSizeOf, type StepOptions, type Stepper, settled, stepGraphs, stepperOf } from "./stepper.ts";
import type { UpdateRule } from "./update.ts";

/**
 * A step of one size takes the memory, and the place, of that of the size before. All sizes are looked at now: the
 * algorithms are settled, and memory that will not do is told before the first step.
 * @param sizes other than the full one
 * @throws CutoutError when the network does not take one of them, or there is not the memory
 */
export async function sizedStepper(
  options: StepOptions,
  sizes: readonly ImageSize[],
  rule: UpdateRule,
  state: SessionState,
): Promise<Stepper> {
  const { network } = options;
  const { input: given } = network;
  const at = (size: ImageSize): StepOptions => ({ ...options, network: resized(network, size), given });
  for (const size of sizes) await settled(options, stepGraphs(at(size), rule, state));
  const graphs = stepGraphs(options, rule, state);
  await settled(options, graphs);
  let current: { readonly size: ImageSize; readonly stepper: Stepper } | null = null;
  return {
    outputSize: outputSizeOf(graphs[0]),
    async run(tensors, inputs) {
      const { size = given } = inputs;
      if (current === null || !sameSize(current.size, size)) {
        await current?.stepper.close();
        current = null;
        current = { size, stepper: await stepperOf(options)(at(size), rule, state) };
      }
      return current.stepper.run(tensors, inputs);
    },
    close: async () => current?.stepper.close(),
  };
}

export const sameSize = (a: ImageSize, b: ImageSize) => a.height === b.height && a.width === b.width;
