// Pictures of test images that a network has rebuilt: the image, what the network saw, and what it made of it, in one.
import type { ImageShape, Normalization } from "../augment/index.ts";
import { denormalize } from "../augment/index.ts";
import { encodeWebp } from "../data/index.ts";
import { writeImage } from "../run-folder/index.ts";
import type { ReconstructionScores, ShownReconstruction } from "../train/evaluation.ts";
import type { RunStorage } from "../train/storage.ts";

/** Pixels between two of the three, white. */
const gap = 2;

/** A storage that keeps such pictures, and names them in the evaluation: they are there before it is. */
export function withReconstructions(
  storage: RunStorage<ReconstructionScores>,
  of: {
    readonly runDir: string;
    /** Of what the network gives. */
    readonly shape: ImageShape;
    readonly normalization: Normalization;
    /** The test images in the dataset. */
    readonly test: Int32Array;
  },
): RunStorage<ReconstructionScores> {
  return {
    ...storage,
    async writeEvaluation(evaluation) {
      const reconstructions = [];
      for (const [position, { shown, ...rest }] of evaluation.reconstructions.entries()) {
        const picture =
          shown === null ? null : writeImage(of.runDir, of.test[position]!, await threeInOne(shown, of));
        reconstructions.push({ ...rest, picture, shown: null });
      }
      await storage.writeEvaluation({ ...evaluation, reconstructions });
    },
  };
}

function threeInOne(
  { clean, seen, rebuilt }: ShownReconstruction,
  { shape, normalization }: { readonly shape: ImageShape; readonly normalization: Normalization },
): Promise<Uint8Array> {
  const { height, width, channels } = shape;
  const whole = 3 * width + 2 * gap;
  const pixels = new Uint8Array(height * whole * channels).fill(255);
  [clean, seen, rebuilt].forEach((image, column) => {
    const bytes = denormalize(image, shape, normalization);
    for (let y = 0; y < height; y++) {
      const row = bytes.subarray(y * width * channels, (y + 1) * width * channels);
      pixels.set(row, (y * whole + column * (width + gap)) * channels);
    }
  });
  return encodeWebp(pixels, { height, width: whole, channels: channels as 1 | 3 });
}
