// The weights that a run begins with: those of another run of the same network, but for what is its own.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { From } from "../config/objective-fields.ts";
import { settingsError } from "../config/settings.ts";
import { CutoutError, telling } from "../error.ts";
import type { NetworkDefinition } from "../nn/definition.ts";
import type { Network } from "../nn/network.ts";
import { checkpointPath, loadCheckpoint, openAnyRun } from "../run-folder/index.ts";
import { sameShape, type Tensor, tensor } from "../tensor.ts";
import { counted, listed } from "../text.ts";
import type { TrainingState } from "../train/network-session.ts";
import type { Scores } from "../train/objective.ts";
import type { ThreadedSession } from "../train/training-thread.ts";
import { networkOfRun } from "./network.ts";
import type { Prepared } from "./prepare.ts";
import type { RunKind } from "./run-kind.ts";
import { classifierOf } from "./session.ts";
import { ownWeights, stateOf } from "./trained-model.ts";

export interface StartingWeights {
  /** Complete: config.json tells by it which weights they were. */
  readonly from: From;
  /** Whether the other run learnt without labels: it has an encoder and nothing of a head. */
  readonly pretrained: boolean;
  /** Of the other run. */
  readonly channels: number;
  readonly imageSize: number;
  readonly epoch: number;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/**
 * Reads them.
 * @param definition of the network that is to begin with them
 * @throws CutoutError when there is no such run, it is one of another network, has no such weights yet, they are damaged,
 *   or have changed since the config was written
 */
export function readStart(from: From, definition: NetworkDefinition): StartingWeights {
  const run = telling(from.run, () => openAnyRun(from.run));
  const { config, dataset } = run;
  const source = networkOfRun(from.run, config);
  if (source.name !== definition.name) {
    throw settingsError({
      field: "from",
      what: `must be a run of the network ${definition.name}`,
      got: `${from.run}, a run of ${source.name}`,
      remedy: `take the same network: --model ${config.model.name}; or begin with another run`,
    });
  }
  const weights = from.weights ?? ownWeights(run);
  const { epoch } = stateOf(run, weights);
  const path = checkpointPath(from.run, weights);
  const { parameters, buffers } = loadCheckpoint(path).state;
  const sha256 = createHash("sha256")
    .update(telling(path, () => readFileSync(path)))
    .digest("hex");
  if (from.sha256 !== null && from.sha256 !== sha256) {
    throw new CutoutError({
      where: path,
      what: `must be the weights that the config tells, of SHA-256 ${from.sha256.slice(0, 12)}...`,
      got: `${sha256.slice(0, 12)}..., so the run has been gone on with since`,
      remedy: `put them back, or begin with those of now: --from ${from.run}`,
    });
  }
  return {
    from: { run: resolve(from.run), weights, sha256 },
    pretrained: config.objective.kind !== "classify",
    channels: dataset.channels,
    imageSize: config.imageSize,
    epoch,
    tensors: new Map([...parameters, ...buffers]),
  };
}

/**
 * A first state with these weights in place of its own.
 * @param names of the tensors that are taken
 * @returns also one line that says what was taken
 * @throws CutoutError when one of them is missing or has another shape
 */
function startState(
  start: StartingWeights,
  network: Network,
  names: ReadonlySet<string>,
  state: TrainingState,
): { readonly state: TrainingState; readonly line: string } {
  const { from, channels, imageSize, tensors } = start;
  if (channels !== network.input.channels) {
    throw settingsError({
      field: "from",
      what: `must be a run on images of ${counted(network.input.channels, "channel")}`,
      got: `${from.run}, on images of ${counted(channels, "channel")}`,
      remedy: "begin with another run",
    });
  }
  const taken = (own: ReadonlyMap<string, Tensor>) =>
    new Map(
      [...own].map(([name, value]): [string, Tensor] => {
        if (!names.has(name)) return [name, value];
        const found = tensors.get(name);
        if (found !== undefined && sameShape(found.shape, value.shape)) {
          return [name, tensor("float32", value.shape, (found.data as Float32Array).slice())];
        }
        throw settingsError({
          field: "from",
          what: `${name} must be [${value.shape.join(", ")}] for ${network.name} on ${network.input.width} x ${network.input.height} pixels`,
          got:
            found === undefined
              ? `nothing in ${from.run}`
              : `[${found.shape.join(", ")}] in ${from.run}, of images of ${imageSize} x ${imageSize}`,
          remedy: `use the same size and options of the network: --size ${imageSize}`,
        });
      }),
    );
  // What an optimizer or an average remembers of weights begins anew from these.
  const next = { parameters: taken(state.parameters), buffers: taken(state.buffers), optimizer: new Map() };
  const all = [...state.parameters.keys(), ...state.buffers.keys()];
  const fresh = all.filter((name) => !names.has(name));
  const line =
    `begins with the weights of ${from.run} (${start.pretrained ? "a pretraining" : "a classifier"}, epoch ${start.epoch}): ` +
    `${all.length - fresh.length} of ${counted(all.length, "tensor")}; fresh: ${freshText(fresh)}`;
  return { state: next, line };
}

/** Gives a session that has taken no step the weights of another run. */
export async function beginWith<S extends Scores>(
  start: StartingWeights,
  kind: RunKind<S>,
  prepared: Prepared,
  session: ThreadedSession,
  tell: (text: string) => void,
): Promise<void> {
  const classifier = classifierOf(kind, prepared);
  const names = kind.taken(classifier, start.pretrained);
  const { state, line } = startState(start, kind.network(classifier), names, await session.state());
  await session.load(state);
  tell(line);
}

/** A few by their names, more by their number. */
function freshText(names: readonly string[]): string {
  const shown = names.slice(0, 4);
  const more = names.length - shown.length;
  return listed([...shown, ...(more > 0 ? [`${more} more`] : [])]);
}
