// `layers`: every convolution of the networks, with the time of each algorithm that can compute it, and the choice.
import * as ort from "onnxruntime-node";
import { formatLayers } from "../src/cli/layer-table.ts";
import { type LayerTiming, timeLayers } from "../src/run/layer-times.ts";
import { timingOf } from "../src/run/layers.ts";
import { benchModel, benchNetworks } from "./networks.ts";
import type { LayerRow, Work } from "./work.ts";

interface Place {
  readonly model: string;
  readonly batch: number;
  readonly threads: number;
}

const rowsOf = (
  place: Place,
  { layers, geometry, passes, times, byRule, byTiming }: LayerTiming,
): LayerRow[] =>
  times.map(({ algorithm, ...taken }) => ({
    work: "layers",
    ...place,
    engine: algorithm,
    version: `onnxruntime ${ort.env.versions.node}`,
    imagesPerSecond: (1000 * place.batch) / taken.together,
    rounds: [(1000 * place.batch) / taken.together],
    peakMemoryMB: null,
    ratioToBestPeer: null,
    layers,
    geometry,
    passes,
    ...taken,
    fixed: algorithm === byRule,
    timed: algorithm === byTiming,
  }));

export const layers: Work = {
  about: "the algorithms of every convolution of a training step: times, and which is chosen",
  async run({ models, batch: batches, threads }) {
    const rows: LayerRow[] = [];
    for (const name of models) {
      const { side, build } = benchNetworks[benchModel(name)];
      const network = build();
      for (const batch of batches) {
        const model = `${name} ${side}x${side}`;
        console.log(`\nlayers, ${model}, batch ${batch}, ${threads} threads`);
        const table = await timeLayers(
          { network, batchSize: batch, ...timingOf({ threads }) },
          (done, total) => {
            if (process.stderr.isTTY)
              process.stderr.write(`\r\x1b[2K${done < total ? `${done} of ${total}` : ""}`);
          },
        );
        console.log(formatLayers(table));
        rows.push(...table.flatMap((layer) => rowsOf({ model, batch, threads }, layer)));
      }
    }
    return rows;
  },
};
