// Errors of the convolution algorithms in every layer of a trained network.
import { trainingBatches } from "../src/data/index.ts";
import { oneHot } from "../src/train/objectives/classify.ts";
import { type AccuracySettings, networkOf, prepareTraining, trainNetwork } from "./accuracy-training.ts";
import { errorsOf, onNormalNumbers, type PassError, recordConvolutions } from "./convolution-errors.ts";

export interface LayerRow extends PassError {
  readonly model: string;
  /** What was convolved: what the trained network has in a step, or standard normal numbers. */
  readonly operands: "trained" | "normal";
}

/** Trains a network, takes the operands of its convolutions in one more step, and measures every algorithm on them. */
export async function layerRows(
  settings: AccuracySettings & { readonly places: number },
  say: (text: string) => void,
): Promise<LayerRow[]> {
  const { model, seed, threads, places } = settings;
  const prepared = await prepareTraining(settings);
  const { dataset, split, pipeline, config } = prepared;
  try {
    const { session, trainLoss } = await trainNetwork(prepared, "fixed");
    const state = session.state();
    await session.close();
    say(`${model}: trained to a loss of ${trainLoss.toFixed(3)}`);
    const order = { indices: split.train, batchSize: config.batchSize, seed, epoch: config.epochs + 1 };
    for await (const { images, labels } of trainingBatches({ dataset, pipeline, workers: 0, ...order })) {
      const network = networkOf(prepared);
      const targets = oneHot(labels, network.numClasses);
      const recorded = await recordConvolutions({ network, state, images, targets, seed, threads });
      const rows: LayerRow[] = [];
      for (const convolution of recorded) {
        for (const operands of ["trained", "normal"] as const) {
          const measured = operands === "trained" ? convolution : onNormalNumbers(convolution, seed);
          const errors = await errorsOf(measured, { places, seed, threads });
          rows.push(...errors.map((error) => ({ model, operands, ...error })));
        }
        say(convolution.layer);
      }
      return rows;
    }
    throw new Error(
      `accuracy: ${settings.data} must have a batch of ${config.batchSize} images; lower --batch`,
    );
  } finally {
    dataset.close();
  }
}

const figure = (x: number) => x.toExponential(1);

/** For each layer and pass the algorithms beside the direct sum. */
export function layerTable(rows: readonly LayerRow[]) {
  const alike = (a: LayerRow, b: LayerRow) => a.layer === b.layer && a.pass === b.pass && a.model === b.model;
  return rows
    .filter(({ operands, algorithm }) => operands === "trained" && algorithm !== "im2col")
    .map((row) => {
      const others = rows.filter((other) => alike(row, other));
      const direct = others.find((other) => other.operands === "trained" && other.algorithm === "im2col")!;
      const normal = others.find(
        (other) => other.operands === "normal" && other.algorithm === row.algorithm,
      )!;
      return {
        layer: row.layer,
        pass: row.pass,
        form: `${row.algorithm} ${row.form}${row.chosen ? "" : " (not chosen)"}`,
        rms: figure(row.rms),
        "rms of im2col": figure(direct.rms),
        ratio: (row.rms / direct.rms).toFixed(1),
        worst: figure(row.worst),
        "worst of im2col": figure(direct.worst),
        "rms on normal numbers": figure(normal.rms),
      };
    });
}
