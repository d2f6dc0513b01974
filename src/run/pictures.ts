// Pictures of test images that are worth a look: which, and where a run folder keeps them.
import { type Dataset, encodeWebp } from "../data/index.ts";
import { writeImage } from "../run-folder/index.ts";
import type { ClassScores, Evaluation } from "../train/evaluation.ts";
import type { RunStorage } from "../train/storage.ts";

/** A storage that keeps such pictures too, and names them in the evaluation: they are there before it is. */
export function withPictures(
  storage: RunStorage<ClassScores>,
  of: { readonly runDir: string; readonly dataset: Dataset; readonly test: Int32Array },
): RunStorage<ClassScores> {
  return {
    ...storage,
    writeEvaluation: async (evaluation) => storage.writeEvaluation(await writePictures(of, evaluation)),
  };
}

/** One WebP for each image worth a look, as decoded; returns the evaluation that names them. */
async function writePictures(
  { runDir, dataset, test }: Parameters<typeof withPictures>[1],
  evaluation: Evaluation,
): Promise<Evaluation> {
  const { height, width, channels } = dataset;
  const pixels = new Uint8Array(height * width * channels);
  const pictures = new Map<number, string>();
  for (const position of imagesWorthLooking(evaluation)) {
    const index = test[position]!;
    dataset.read([index], pixels);
    const webp = await encodeWebp(pixels, { height, width, channels });
    pictures.set(position, writeImage(runDir, index, webp));
  }
  const predictions = evaluation.predictions.map((prediction, position) => ({
    ...prediction,
    picture: pictures.get(position) ?? null,
  }));
  return { ...evaluation, predictions };
}

/**
 * Chooses the images that are worth a picture: the most wrong ones (misclassified, by falling loss), then for each cell
 * of the confusion matrix its images of the highest loss, cells taking turns, errors before hits, then all other
 * errors by falling loss: a comparison of two runs looks for just those.
 * @returns positions in `evaluation.predictions`, in the order of choice, each once, at most `total`
 */
export function imagesWorthLooking(
  evaluation: Pick<Evaluation, "predictions">,
  limits: { readonly mostWrong: number; readonly perCell: number; readonly total: number } = {
    mostWrong: 24,
    perCell: 12,
    total: 600,
  },
): number[] {
  const { predictions } = evaluation;
  const isWrong = (image: number) => predictions[image]!.label !== predictions[image]!.predicted;
  const byLoss = Array.from(predictions.keys()).sort(
    (a, b) => predictions[b]!.loss - predictions[a]!.loss || a - b,
  );
  const cells = new Map<string, number[]>();
  for (const image of byLoss) {
    const key = `${predictions[image]!.label} ${predictions[image]!.predicted}`;
    const cell = cells.get(key);
    if (cell === undefined) cells.set(key, [image]);
    else if (cell.length < limits.perCell) cell.push(image);
  }
  const ordered = [...cells.values()].sort((a, b) => Number(isWrong(b[0]!)) - Number(isWrong(a[0]!)));
  const chosen = new Set(byLoss.filter(isWrong).slice(0, limits.mostWrong));
  for (let turn = 0; turn < limits.perCell; turn++) {
    for (const cell of ordered) if (turn < cell.length) chosen.add(cell[turn]!);
  }
  for (const image of byLoss) if (isWrong(image)) chosen.add(image);
  return [...chosen].slice(0, limits.total);
}
