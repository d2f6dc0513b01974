// The table of a shipped network's convolutions on this machine.
import { buildNetwork, findNetwork } from "../nn/build.ts";
import { remember } from "../runtime/choice.ts";
import { describeMachine, type NodeRuntimeOptions, timingRuntime } from "../runtime/node.ts";
import { timingFile } from "../runtime/timing-file.ts";
import { chooseDevice, type DeviceChoice } from "./device.ts";
import { type LayerTiming, type LayerTimingOptions, timeLayers } from "./layer-times.ts";
import { usualSize } from "./models.ts";

export interface ModelLayersOptions {
  /** Of a shipped network. */
  readonly model: string;
  /** Side of the images, pixels. */
  readonly size: number;
  readonly batchSize: number;
  readonly threads: number;
  readonly device: DeviceChoice;
  /** Hears where the network runs, when it is not plainly the CPU. */
  readonly tell: (text: string) => void;
  /** Called before each geometry. */
  readonly onProgress: (done: number, total: number) => void;
}

/** Side of the images where none is told. */
export const benchSize = (model: string): number => usualSize(findNetwork(model));

/** @throws CutoutError when the images are too small for the network, or the device is not there */
export async function timeModelLayers(options: ModelLayersOptions): Promise<LayerTiming[]> {
  const { model, size, batchSize, threads, device: choice, tell, onProgress } = options;
  const { device, adapter, messages } = await chooseDevice(choice);
  messages.forEach(tell);
  const network = buildNetwork(findNetwork(model), {
    input: { height: size, width: size, channels: 3 },
    numClasses: 10,
  });
  const machine = { threads, device, adapter: adapter?.name ?? null };
  return timeLayers({ network, batchSize, ...timingOf(machine) }, onProgress);
}

/** Times on this machine, and remembers what it finds. */
export function timingOf(
  machine: Pick<NodeRuntimeOptions, "threads" | "device" | "adapter">,
): Pick<LayerTimingOptions, "runtime" | "remember"> {
  const here = describeMachine(machine);
  return { runtime: timingRuntime(machine), remember: (judged) => remember(timingFile(), here, judged) };
}
