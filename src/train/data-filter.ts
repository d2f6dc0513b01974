// Data filtering: of each batch only those images are learnt on which a small network has the highest loss. It is trained
// alongside, on the same images (Jiang et al. 2019, Selective-Backprop, with a proxy as in Coleman et al. 2020; Jordan's
// airbench96_faster trains the proxy before). It must not learn the others too: what it gets wrong would then stay in the
// choice, the large network learn those alone, and with two classes end below chance.
import { CutoutError } from "../error.ts";
import type { Network } from "../nn/network.ts";
import type { Tensor } from "../tensor.ts";
import type { LabelledImages } from "./mix.ts";
import type { TrainingSession, TrainingState } from "./network-session.ts";

/** The small network that chooses. */
export interface FilterNetwork {
  readonly network: Network;
  /** Of batches as they are learnt; it stays open. */
  readonly session: TrainingSession;
}

const parts = ["parameters", "buffers", "optimizer"] as const;

/** Names in the optimizer's part of a checkpoint: all that the small network is. */
const prefixOf = (part: (typeof parts)[number]) => `filter.${part}.`;

/**
 * Cross-entropy of each image, natural logarithm.
 * @param logits [count, classes]
 * @param targets [count, classes]
 */
export function lossesOf(logits: Float32Array, targets: Float32Array, count: number): Float64Array {
  const classes = logits.length / count;
  return Float64Array.from({ length: count }, (_, image) => {
    const own = logits.subarray(image * classes, (image + 1) * classes);
    const highest = own.reduce((a, b) => Math.max(a, b), -Infinity);
    const sum = own.reduce((total, logit) => total + Math.exp(logit - highest), 0);
    const logSum = highest + Math.log(sum);
    return own.reduce((loss, logit, index) => loss + targets[image * classes + index]! * (logSum - logit), 0);
  });
}

/** Places of the highest losses, in their order in the batch; of equal ones the first. */
export function hardest(losses: Float64Array, kept: number): readonly number[] {
  return [...losses.keys()]
    .sort((a, b) => losses[b]! - losses[a]! || a - b)
    .slice(0, kept)
    .sort((a, b) => a - b);
}

/** The images of these places alone. */
export function picked({ images, labels, count }: LabelledImages, places: readonly number[]): LabelledImages {
  const rows = (all: Float32Array) => {
    const each = all.length / count;
    const some = new Float32Array(places.length * each);
    for (const [to, from] of places.entries())
      some.set(all.subarray(from * each, (from + 1) * each), to * each);
    return some;
  };
  return { images: rows(images), labels: labels && rows(labels), count: places.length };
}

/** The state of a run with that of its small network, for a checkpoint. */
export function withFilter(state: TrainingState, filter: TrainingState): TrainingState {
  const own = parts.flatMap((part) =>
    [...filter[part]].map(([name, value]): [string, Tensor] => [prefixOf(part) + name, value]),
  );
  return { ...state, optimizer: new Map([...state.optimizer, ...own]) };
}

/** What `withFilter` put together. @throws CutoutError where there is nothing of a small network */
export function splitFilter(state: TrainingState): {
  readonly state: TrainingState;
  readonly filter: TrainingState;
} {
  const of = (part: (typeof parts)[number]) =>
    new Map(
      [...state.optimizer].flatMap(([name, value]) =>
        name.startsWith(prefixOf(part)) ? [[name.slice(prefixOf(part).length), value] as const] : [],
      ),
    );
  const filter = { parameters: of("parameters"), buffers: of("buffers"), optimizer: of("optimizer") };
  if (filter.parameters.size === 0)
    throw new CutoutError({ where: "checkpoint", what: "must hold the small network of the filter" });
  const rest = [...state.optimizer].filter(
    ([name]) => !parts.some((part) => name.startsWith(prefixOf(part))),
  );
  return { state: { ...state, optimizer: new Map(rest) }, filter };
}
