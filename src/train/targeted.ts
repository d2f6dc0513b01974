// Targeted Cutout while training: each image's most activated map is kept, and masks the image in the next epoch.
import { type FeatureMap, type Pipeline, paintTargeted, targetedMask, type View } from "../augment/index.ts";
import type { Batch } from "../data/index.ts";
import { CutoutError } from "../error.ts";
import type { MapLayer } from "../nn/most-activated.ts";
import { stream } from "../rng.ts";
import { type Tensor, tensor } from "../tensor.ts";
import type { TrainingState } from "./network-session.ts";

/** Names in the optimizer's part of a checkpoint: what training remembers beside the weights. */
const names = { maps: "targeted.maps", epochs: "targeted.epochs" } as const;

/** What is kept of each training image: its map, and the epoch whose view it belongs to; 0 for none yet. */
export class TargetedMaps {
  readonly #size: number;
  readonly #maps: Float32Array;
  readonly #epochs: Float32Array;
  readonly #slots: ReadonlyMap<number, number>;
  readonly #options: MapLayer;
  readonly #pipeline: Pipeline;
  readonly #seed: number;

  /**
   * @param options the layer whose maps are kept
   * @param training the training images, of which each has a place
   */
  constructor(options: MapLayer, training: Int32Array, pipeline: Pipeline, seed: number) {
    this.#options = options;
    this.#size = options.height * options.width;
    this.#maps = new Float32Array(training.length * this.#size);
    this.#epochs = new Float32Array(training.length);
    this.#slots = new Map([...training].map((index, slot) => [index, slot]));
    this.#pipeline = pipeline;
    this.#seed = seed;
  }

  /** Masks a batch in place. @param epoch whose views the batch shows */
  mask({ images, indices }: Pick<Batch, "images" | "indices">, epoch: number): void {
    const { output } = this.#pipeline;
    const each = output.channels * output.height * output.width;
    for (const [at, index] of indices.entries()) {
      const kept = this.of(index);
      if (kept === null) continue;
      const { mask, view } = kept;
      paintTargeted(images, at * each, output, { mask, of: view, now: this.#view(index, epoch) });
    }
  }

  /** The map of an image, the view that it is of, and the mask that it makes; null where none is kept yet. */
  of(index: number): { readonly map: FeatureMap; readonly view: View; readonly mask: Uint8Array } | null {
    const slot = this.#slots.get(index)!;
    const epoch = this.#epochs[slot]!;
    if (epoch === 0) return null;
    const { height, width } = this.#options;
    const map = { height, width, values: this.#maps.subarray(slot * this.#size, (slot + 1) * this.#size) };
    return { map, view: this.#view(index, epoch), mask: targetedMask(map, this.#pipeline.output) };
  }

  /** Keeps the maps of a batch. @param maps [count, height * width] */
  keep({ indices }: Pick<Batch, "indices">, maps: Float32Array, epoch: number): void {
    for (const [at, index] of indices.entries()) {
      const slot = this.#slots.get(index)!;
      this.#maps.set(maps.subarray(at * this.#size, (at + 1) * this.#size), slot * this.#size);
      this.#epochs[slot] = epoch;
    }
  }

  /** What of an image was seen in an epoch: it follows from the seed, as the loader drew it. */
  #view(index: number, epoch: number): View {
    // Crop and flip come first; holes, also those of a batch, are drawn after them.
    const ofBatch = () => stream(this.#seed, "augment batch", epoch);
    const turn = { epoch, ofImage: () => stream(this.#seed, "augment image", index) };
    const rng = stream(this.#seed, "augment", epoch, index);
    const { top, left, flip, border } = this.#pipeline.sample(rng, { ofBatch, turn });
    return { top, left, flip, ...(border && { border }) };
  }

  /** The state with what is kept, for a checkpoint. */
  added(state: TrainingState): TrainingState {
    const { height, width } = this.#options;
    const count = this.#epochs.length;
    const kept: [string, Tensor][] = [
      [names.maps, tensor("float32", [count, height, width], this.#maps)],
      [names.epochs, tensor("float32", [count], this.#epochs)],
    ];
    return { ...state, optimizer: new Map([...state.optimizer, ...kept]) };
  }

  /** Takes what a checkpoint holds. @returns the state without it @throws CutoutError where it is not there */
  taken(state: TrainingState): TrainingState {
    const optimizer = new Map(state.optimizer);
    for (const [name, here] of [
      [names.maps, this.#maps],
      [names.epochs, this.#epochs],
    ] as const) {
      const found = optimizer.get(name);
      if (found?.data.length !== here.length) {
        throw new CutoutError({
          where: "checkpoint",
          option: name,
          what: `must hold ${here.length} numbers`,
          got: found === undefined ? "nothing" : String(found.data.length),
        });
      }
      here.set(found.data);
      optimizer.delete(name);
    }
    return { ...state, optimizer };
  }
}
