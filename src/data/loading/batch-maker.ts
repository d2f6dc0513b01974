// Makes one batch of images. The same in every thread: what is drawn depends on the order alone.
import type { ImageParameters, Pipeline } from "../../augment/index.ts";
import { stream, streamSeries } from "../../rng.ts";
import type { StoredImages } from "./image-store.ts";

/** What a batch is to be, as plain data. */
export interface BatchOrder {
  /** Images in the dataset, in the order of the batch. */
  readonly indices: Int32Array;
  readonly draw:
    | {
        readonly kind: "training";
        readonly seed: number;
        readonly epoch: number;
        /** Number of the batch in its epoch. */
        readonly batch: number;
        /** Share of the training that is done, 0 to 1. */
        readonly progress: number;
      }
    /** The same view of every image. */
    | { readonly kind: "evaluation"; readonly view: ImageParameters };
}

/** Fills `target`, [order.indices.length, channels, height, width]. */
export type MakeBatch = (order: BatchOrder, target: Float32Array) => void;

/**
 * @param images images of the shape that the pipeline takes
 * @param imageBytes bytes of one of them
 */
export function batchMaker(
  images: Pick<StoredImages, "memory" | "read">,
  imageBytes: number,
  pipeline: Pipeline,
): MakeBatch {
  const { channels, height, width } = pipeline.output;
  const imageFloats = channels * height * width;
  // Images are cut straight from the memory where they lie, unless they depend on others of the batch.
  const whole = pipeline.needsBatch === false ? images.memory : null;
  let copies = new Uint8Array();

  return ({ indices, draw }, target) => {
    const parametersOf = drawing(pipeline, draw);
    if (whole === null) {
      if (copies.length < indices.length * imageBytes) copies = new Uint8Array(indices.length * imageBytes);
      images.read(indices, copies);
    }
    // Exactly the batch: whoever shows another image counts them by the length.
    const pixels = whole ?? copies.subarray(0, indices.length * imageBytes);
    for (let at = 0, copy = 0; at < indices.length; at++) {
      const index = indices[at]!;
      copy = at > 0 && indices[at - 1] === index ? copy + 1 : 0;
      const start = (whole === null ? at : index) * imageBytes;
      pipeline.apply(pixels, start, parametersOf(index, copy), target, at * imageFloats);
    }
  };
}

/** @returns the parameters of an image, and of its copies after the first, which have streams of their own */
function drawing(
  pipeline: Pipeline,
  draw: BatchOrder["draw"],
): (index: number, copy: number) => ImageParameters {
  if (draw.kind === "evaluation") return () => draw.view;
  const { seed, epoch, batch, progress } = draw;
  const streamOf = streamSeries(seed, "augment", epoch);
  const ofBatch = () => stream(seed, "augment batch", epoch, batch);
  const turnOf = (index: number) => ({ epoch, ofImage: () => stream(seed, "augment image", index) });
  return (index, copy) => {
    const rng = copy === 0 ? streamOf(index) : stream(seed, "augment copy", epoch, index, copy);
    return pipeline.sample(rng, { progress, ofBatch, turn: turnOf(index) });
  };
}
