// Runs a session so that its outputs are written once, into arrays that the caller has.
import { fence } from "../onnx/lower.ts";

/** What is used of a session of ONNX Runtime. */
interface Session<Tensor> {
  run(
    inputs: Readonly<Record<string, Tensor>>,
    outputs: Readonly<Record<string, Tensor | null>>,
  ): Promise<unknown>;
}

/** What the binding of ONNX Runtime says of an output that is no tensor, after it has run the session. */
const refusal = "Non tensor type";

/**
 * Computes the outputs into the given tensors.
 *
 * The binding writes outputs into tensors that are handed to it, and then copies each of them once more into a new
 * array, whose memory must first be had from the system: 0.7 ms a megabyte, for all parameters and their momentum in
 * each step. It goes through the outputs in their order and stops at the first that is no tensor, which it cannot
 * hand out. So the model has a first output that is none (`lower` with `fenced`), and that refusal means: all done.
 * @param session of a fenced model
 * @param outputs one tensor for each output that is wanted
 */
export async function runInPlace<Tensor>(
  session: Session<Tensor>,
  inputs: Readonly<Record<string, Tensor>>,
  outputs: Readonly<Record<string, Tensor>>,
): Promise<void> {
  try {
    await session.run(inputs, { [fence]: null, ...outputs });
  } catch (error) {
    if (error instanceof Error && error.message.includes(refusal)) return;
    throw error;
  }
  throw new Error(
    "internal: ONNX Runtime was expected to refuse the fence; its version must be the one tested with",
  );
}
