// The weights of a run for its network: taken when every tensor that the network has is there, as it must be, and no other.
import { CutoutError } from "../error.ts";
import type { Network } from "../nn/network.ts";
import type { Tensor } from "../tensor.ts";
import type { TrainingState } from "../train/network-session.ts";
import type { CheckpointName } from "../train/storage.ts";
import { checkpointPath, loadCheckpoint } from "./checkpoint.ts";

type Weights = Pick<TrainingState, "parameters" | "buffers">;

/** @throws CutoutError that names the file and the tensor which does not fit, and as `loadCheckpoint` */
export function loadWeights(
  folder: string,
  name: CheckpointName,
  network: Pick<Network, "name" | "numClasses" | "parameters" | "buffers">,
): Weights {
  const where = checkpointPath(folder, name);
  const { parameters, buffers } = loadCheckpoint(where).state;
  const whole = `${network.name} with ${network.numClasses} outputs, as config.json and dataset.json have it`;
  checkTensors(where, whole, network.parameters, parameters);
  checkTensors(where, whole, network.buffers, buffers);
  return { parameters, buffers };
}

function checkTensors(
  where: string,
  whole: string,
  wanted: readonly { readonly name: string; readonly shape: readonly number[] }[],
  found: ReadonlyMap<string, Tensor>,
): void {
  const remedy = "put back the files of the run, which belong together";
  for (const { name, shape } of wanted) {
    const tensor = found.get(name);
    const must = `float32 [${shape.join(", ")}]`;
    const got = tensor === undefined ? "nothing" : `${tensor.dtype} [${tensor.shape.join(", ")}]`;
    if (got !== must) {
      throw new CutoutError({ where, option: name, what: `must be ${must} for ${whole}`, got, remedy });
    }
  }
  const known = new Set(wanted.map(({ name }) => name));
  const other = [...found.keys()].find((name) => !known.has(name));
  if (other !== undefined) {
    throw new CutoutError({ where, option: other, what: `must not be there for ${whole}`, remedy });
  }
}
