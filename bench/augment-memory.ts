// `augment-memory`: whether memory stays flat over a generated stream of a million images.
import { execFileSync } from "node:child_process";
import { nodeCommand } from "./peer-programs.ts";
import type { Work } from "./work.ts";

const images = 1_000_000;

interface Sample {
  readonly images: number;
  readonly residentMB: number;
}

export const augmentMemory: Work = {
  about: "resident memory over 1,000,000 images of crop, flip, normalization and Cutout, 32x32",
  async run({ batch }) {
    const rows = [];
    for (const size of batch) {
      const [program, ...words] = nodeCommand("cutout_memory.ts", images, size) as [string, ...string[]];
      const { version, samples, seconds }: { version: string; samples: readonly Sample[]; seconds: number } =
        JSON.parse(execFileSync(program, words, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }));
      const text = samples.map((sample) => `${sample.images}: ${sample.residentMB.toFixed(0)} MB`).join(", ");
      console.log(`augment-memory, batch ${size}, resident after images ${text}`);
      rows.push({
        work: "augment-memory",
        model: null,
        engine: "cutout, trainingBatches",
        version,
        batch: size,
        threads: 1,
        imagesPerSecond: images / seconds,
        spread: null,
        peakMemoryMB: Math.max(...samples.map(({ residentMB }) => residentMB)),
        ratioToBestPeer: null,
        oursToThis: null,
        copyShare: null,
        timeToFirstStep: null,
        rounds: [],
        note: `resident after ${text}`,
      });
    }
    return rows;
  },
};
