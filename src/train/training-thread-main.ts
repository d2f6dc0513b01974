// The thread of a training session: makes it, answers one call after the other, and ends when it is closed.
import { parentPort, workerData } from "node:worker_threads";
import { nodeRuntime } from "../runtime/node.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Tensor } from "../tensor.ts";
import { packError } from "../thread.ts";
import type { DirectSession, TrainingState } from "./network-session.ts";
import { lossOf } from "./objectives/index.ts";
import { createTrainingSession } from "./step.ts";
import { type Answer, type Call, type Calls, exitFlags, type ThreadData } from "./training-thread.ts";

const port = parentPort!;
const data = workerData as ThreadData;
const flags = new Int32Array(data.flags);

const answer = (message: Answer, moved: readonly ArrayBuffer[] = []) => port.postMessage(message, moved);

/** Does what must not be interrupted; never begins, and never returns, once the process is about to end. */
async function atWork<T>(work: () => Promise<T> | T): Promise<T> {
  Atomics.store(flags, exitFlags.working, 1);
  if (Atomics.load(flags, exitFlags.stop) === 1) rest();
  try {
    return await work();
  } finally {
    Atomics.store(flags, exitFlags.working, 0);
    Atomics.notify(flags, exitFlags.working);
    if (Atomics.load(flags, exitFlags.stop) === 1) rest();
  }
}

/** Waits for the end of the process. */
function rest(): void {
  Atomics.store(flags, exitFlags.working, 0);
  Atomics.notify(flags, exitFlags.working);
  Atomics.wait(flags, exitFlags.stop, 1);
}

/** The runtime, which also tells what the device leaves to the CPU. */
function telling(runtime: Runtime): Runtime {
  return {
    ...runtime,
    async compile(graph) {
      const executable = await runtime.compile(graph);
      if (executable.fallbacks.length > 0) answer({ kind: "fallbacks", operators: executable.fallbacks });
      return executable;
    },
  };
}

type Handlers = {
  readonly [Name in keyof Calls]: (
    session: DirectSession,
    words: Calls[Name]["arguments"],
  ) => Promise<Calls[Name]["result"]> | Calls[Name]["result"];
};

const handlers: Handlers = {
  step: (session, [images, targets, hyper]) => session.step(images, targets, hyper),
  predict: (session, [images, count]) => session.predict(images, count),
  renew: (session, [images, hyper]) => session.renew(images, hyper),
  state: (session) => session.state(),
  load: (session, [state]) => session.load(state),
  close: (session) => session.close(),
};

/** A state is a copy of the network's already: it moves. */
function memoryOf(state: TrainingState): ArrayBuffer[] {
  const tensors = [state.parameters, state.buffers, state.optimizer].flatMap((group) => [...group.values()]);
  return tensors.map(({ data }: Tensor) => data.buffer as ArrayBuffer);
}

async function handle(session: DirectSession, call: Call): Promise<void> {
  const { id, name, moved } = call;
  const images = moved ? (call.arguments[0] as Float32Array) : null;
  const back = images === null ? [] : [images.buffer as ArrayBuffer];
  try {
    const result = await atWork(() => handlers[name](session, call.arguments as never));
    const state = name === "state" ? memoryOf(result as TrainingState) : [];
    answer({ kind: "result", id, result, images }, [...back, ...state]);
  } catch (error) {
    answer({ kind: "error", id, error: packError(error), images }, back);
  } finally {
    // Nothing else keeps the thread alive, and with it the process.
    if (name === "close") port.close();
  }
}

try {
  const runtime = nodeRuntime({
    ...data.runtime,
    onTiming(done, total) {
      // Timing many convolutions takes longer than a process that ends wants to wait.
      if (Atomics.load(flags, exitFlags.stop) === 1) rest();
      answer({ kind: "timing", done, total });
    },
  });
  const objective = lossOf(data.session.objective);
  const options = { ...data.session, objective, runtime: telling(runtime) };
  const session = await atWork(() => createTrainingSession(options));
  answer({
    kind: "ready",
    timedConvolutions: runtime.timedConvolutions(),
    outputSize: session.outputSize,
  });
  let last = Promise.resolve();
  port.on("message", (call: Call) => {
    last = last.then(() => handle(session, call));
  });
} catch (error) {
  answer({ kind: "error", id: null, error: packError(error), images: null });
}
