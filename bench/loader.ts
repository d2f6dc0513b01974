// `loader`: training from a folder of JPEGs, against the same steps on batches that are in memory already.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compete } from "./contest.ts";
import type { Entrant } from "./contestant.ts";
import { nodeCommand } from "./peer-programs.ts";
import { makePictures } from "./pictures.ts";
import type { Row, Work } from "./work.ts";

const cases = [
  { name: "32x32", side: 32 },
  { name: "64x64", side: 64 },
] as const;

/** What makes the batches: threads, or nobody. */
const makers: readonly { readonly name: string; readonly workers: number | null }[] = [
  { name: "batches in memory", workers: null },
  { name: "folder, no loader thread", workers: 0 },
  { name: "folder, 1 loader thread", workers: 1 },
  { name: "folder, 2 loader threads", workers: 2 },
];

/** Enough for a few batches; decoded once, as in a run. */
const painted = 1200;

export const loader: Work = {
  about: "resnet9 trained from a folder of JPEGs, against batches in memory",
  async run(options) {
    const { batch: batches, threads } = options;
    const pictures = makePictures();
    const cacheDir = mkdtempSync(join(tmpdir(), "cutout-bench-cache-"));
    try {
      const photos = options.photos ?? (await pictures.jpegs(painted));
      const rows: Row[] = [];
      const chosen = cases.filter(
        ({ name }) => options.cases.length === 0 || options.cases.some((word) => name.includes(word)),
      );
      for (const { name, side } of chosen) {
        for (const batch of batches) {
          const entrants = makers.map(
            ({ name: engine, workers }): Entrant => ({
              name: engine,
              // Batches in memory stand for the best there can be: the others' ratio is to it.
              ours: workers !== null,
              install: "npm ci",
              unfit: null,
              command: nodeCommand(
                "train-from-folder.ts",
                ...[side, batch, threads, workers ?? "memory", photos, cacheDir],
              ),
              processes: null,
              cores: null,
              bytesPerImage: null,
            }),
          );
          const contest = { work: `loader: resnet9, ${name}`, model: null, batch, threads, entrants };
          rows.push(...(await compete(contest, options)));
        }
      }
      return rows;
    } finally {
      rmSync(cacheDir, { recursive: true, force: true });
      pictures.remove();
    }
  },
};
